"""What the change of one Python file can alter."""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from improver.judge import masked
from improver.judge.characters import alike, hidden
from improver.judge.comments import changed_comments
from improver.judge.differences import Differences, Part
from improver.judge.docstrings import changed_docstrings
from improver.judge.erase import compare
from improver.judge.exposure import Exposure
from improver.judge.hints import Scene, changed_annotations
from improver.judge.names import names_of
from improver.judge.newer_syntax import needs, same_tokens
from improver.judge.readers import Readers
from improver.judge.seen import seen
from improver.judge.text_readers import NO_TEXT_READERS, TextReaders
from improver.values import Category

MAX_BYTES = 4 << 20
# Encodings in which a byte below 128 is always the ASCII letter.
_PLAIN_ENCODING = re.compile(r"(utf-8(-sig)?|ascii|iso8859-\d+|cp12\d\d|cp437|cp850|cp866|koi8-[rtu]|mac-\w+)\Z")
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


@dataclass(frozen=True)
class _Version:
    text: str
    tree: ast.Module


class _Unreadable(Exception):
    """A version that cannot be judged."""


def read_python(
    path: str,
    before: bytes,
    after: bytes,
    readers: Readers,
    python: tuple[int, int] = (3, 8),
    texts: TextReaders = NO_TEXT_READERS,
) -> tuple[Part, ...]:
    """The parts of a change of one Python file.

    Parameters:
        python: the oldest Python that runs it.
        texts: who reads files as text, or their line numbers.
    """
    try:
        return tuple(_parts(path, before, after, readers, python, texts))
    except _Unreadable as error:
        return (Part(Category.OTHER, f"{path}: {error}"),)
    except (RecursionError, MemoryError):
        return (Part(Category.OTHER, f"{path}: nested too deeply to be compared"),)


def touches_only_text(before: bytes, after: bytes) -> bool:
    """Whether a change leaves all but text, annotations and layout as it was, whoever may read those."""
    try:
        found = compare(_version(before, "before").tree, _version(after, "after").tree)
    except (_Unreadable, RecursionError, MemoryError):
        return False
    return not (found.other or found.caching or found.imports)


def _parts(
    path: str, before: bytes, after: bytes, readers: Readers, python: tuple[int, int], texts: TextReaders
) -> list[Part]:
    old, new = _version(before, "before"), _version(after, "after")
    parts = [*_header(path, before, after), *_characters(path, old, new), *_line_ends(path, after)]
    found = compare(old.tree, new.tree)
    names = names_of(_run(new.tree))
    exposure = Exposure(path, names, readers)
    parts += _behaviour(path, found)
    parts += _types_checked(path, found, readers)
    parts += changed_docstrings(path, found.texts, exposure)
    parts += changed_annotations(path, found, Scene(path, new.tree, names, exposure, python))
    parts += _comments(path, old, new)
    parts += _newer(path, old, new, python)
    parts += seen(path, old.text, new.text, found, exposure, texts)
    if not parts or max(part.category for part in parts) <= Category.ANNOTATIONS:
        parts += _unproven(path, before, after)
    return parts or [Part(Category.FORMATTING)]


def _run(tree: ast.Module) -> ast.Module:
    """The statements that are run; an import for types alone gives no name to anything that is."""
    unneeded = masked.imports_for_types(tree)
    return ast.Module([node for node in tree.body if node not in unneeded], []) if unneeded else tree


def _version(content: bytes, which: str) -> _Version:
    if len(content) > MAX_BYTES:
        raise _Unreadable(f"larger than {MAX_BYTES >> 20} MiB")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        if not _PLAIN_ENCODING.match(codecs.lookup(encoding).name):
            raise _Unreadable(f"the encoding `{encoding}` may hide code in text")
        text = io.TextIOWrapper(io.BytesIO(content), encoding, newline=None).read()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(content)
    except (SyntaxError, ValueError, LookupError) as error:
        raise _Unreadable(f"the version {which} the change does not parse with this Python: {error}") from error
    except (RecursionError, MemoryError) as error:
        raise _Unreadable(f"the version {which} the change is nested too deeply") from error
    return _Version(text, tree)


def _header(path: str, before: bytes, after: bytes) -> Iterator[Part]:
    """The shebang, the byte order mark and the coding cookie."""
    old, new = before.splitlines()[:2], after.splitlines()[:2]
    if _shebang(before) != _shebang(after):
        yield Part(Category.DIRECTIVES, f"{path}:1: the line that names the interpreter changed")
    if _cookie(old) != _cookie(new) or before.startswith(b"\xef\xbb\xbf") != after.startswith(b"\xef\xbb\xbf"):
        yield Part(Category.DIRECTIVES, f"{path}:1: the encoding of the file changed")


def _line_ends(path: str, after: bytes) -> Iterator[Part]:
    lone = re.search(rb"\r(?!\n)", after)
    if lone:
        line = after.count(b"\n", 0, lone.start()) + 1
        yield Part(
            Category.OTHER, f"{path}:{line}: a carriage return alone, which not every reader takes for a line end"
        )


def _shebang(content: bytes) -> bytes:
    """The first line if it names an interpreter, its end included: a carriage return would belong to the name."""
    return content.partition(b"\n")[0] if content.startswith(b"#!") else b""


def _cookie(lines: list[bytes]) -> bytes:
    for line in lines:
        match = _COOKIE.match(line)
        if match:
            return match.group(1)
    return b""


def _characters(path: str, old: _Version, new: _Version) -> Iterator[Part]:
    sign = hidden(old.text, new.text)
    if sign is not None:
        yield Part(Category.OTHER, f"{path}:{sign[0]}: holds {sign[1]}, which shows something else than what is there")
    word = alike(old.text, new.text)
    if word is not None:
        yield Part(Category.OTHER, f"{path}:{word[0]}: `{word[1]}` has letters that look like others")


def _behaviour(path: str, found: Differences) -> Iterator[Part]:
    for line, what in found.other:
        yield Part(Category.BEHAVIOUR, f"{path}:{line}: {what}")
    for line, what in found.caching:
        yield Part(Category.CACHING, f"{path}:{line}: `@{what}` was added")
    if found.imports and not found.caching:
        yield Part(Category.BEHAVIOUR, f"{path}:{found.imports[0]}: an import was added")


_FLAG_SET = re.compile(rb"\bTYPE_CHECKING[\"']?[ \t]*[,=](?!=)[ \t]*True|set_type_checking_flag")


def _types_checked(path: str, found: Differences, readers: Readers) -> Iterator[Part]:
    """Imports for types are run where somebody sets `TYPE_CHECKING`."""
    for line in found.type_imports:
        for other, content in readers.repository.files.items():
            if b"YPE_CHECKING" in content.upper() and _FLAG_SET.search(content):
                yield Part(Category.BEHAVIOUR, f"{path}:{line}: the imports for types are run: {other} sets the flag")
                break


def _comments(path: str, old: _Version, new: _Version) -> Iterator[Part]:
    try:
        found = changed_comments(old.text, old.tree, new.text, new.tree)
    except (tokenize.TokenError, SyntaxError) as error:
        raise _Unreadable(f"it cannot be cut into tokens: {error}") from error
    if found.order:
        what = "gives orders, and moved" if found.moved else "gives orders"
        yield Part(Category.DIRECTIVES, f"{path}:{found.line}: `{found.order}` {what}")
    if found.text:
        yield Part(Category.COMMENTS)


def _newer(path: str, old: _Version, new: _Version, python: tuple[int, int]) -> Iterator[Part]:
    """What parses here and not, or otherwise, on the oldest Python that the project runs on."""
    fresh = [(line, need) for line, need in needs(new.text, new.tree) if python < need.python]
    before = Counter(need for _, need in needs(old.text, old.tree)) if fresh else Counter()
    for line, need in fresh:
        before[need] -= 1
        if before[need] < 0:
            version = ".".join(map(str, need.python))
            yield Part(Category.OTHER, f"{path}:{line}: {need.what} needs Python {version}")
            return
    old_python = python < (3, 0)
    if python < (3, 6) and not same_tokens(old.text, old.tree, new.text, new.tree, ascii_alone=old_python):
        yield Part(Category.OTHER, f"{path}:1: Python {python[0]}.{python[1]} may read the new form otherwise")


def _unproven(path: str, before: bytes, after: bytes) -> Iterator[Part]:
    """The same question asked of the compiler, so that one mistake here is not enough."""
    try:
        differences = masked.differences(before, after, path)
    except masked.Unfit as error:
        yield Part(Category.OTHER, f"{path}: {error}")
        return
    for difference in differences[:3]:
        yield Part(Category.BEHAVIOUR, f"{path}: {difference}")
