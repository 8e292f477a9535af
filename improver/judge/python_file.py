"""What the change of one Python file can alter."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from inspect import cleandoc

from improver.judge import masked
from improver.judge.annotations import Evaluation, acts
from improver.judge.characters import alike, hidden
from improver.judge.comments import changed_comments
from improver.judge.differences import AnnotationChange, Differences, TextChange
from improver.judge.erase import compare
from improver.judge.exposure import Exposure
from improver.judge.masked import FUNCTIONS
from improver.judge.names import Names, names_of
from improver.judge.readers import Readers
from improver.values import Category

MAX_BYTES = 4 << 20
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


@dataclass(frozen=True)
class Part:
    """One thing that a change does, and why it has the category it has."""

    category: Category
    reason: str = ""


@dataclass(frozen=True)
class _Version:
    text: str
    tree: ast.Module


class _Unreadable(Exception):
    """A version that cannot be judged."""


def read_python(
    path: str, before: bytes, after: bytes, readers: Readers, python: tuple[int, int] = (3, 8)
) -> tuple[Part, ...]:
    """The parts of a change of one Python file.

    Parameters:
        python: the oldest Python that runs it.
    """
    try:
        return tuple(_parts(path, before, after, readers, python))
    except _Unreadable as error:
        return (Part(Category.OTHER, f"{path}: {error}"),)
    except (RecursionError, MemoryError):
        return (Part(Category.OTHER, f"{path}: nested too deeply to be compared"),)


def _parts(path: str, before: bytes, after: bytes, readers: Readers, python: tuple[int, int]) -> list[Part]:
    old, new = _version(before, "before"), _version(after, "after")
    parts = list(_header(path, before, after)) + list(_characters(path, old, new))
    found = compare(old.tree, new.tree)
    names = names_of(new.tree)
    exposure = Exposure(path, names, readers)
    parts += _behaviour(path, found)
    parts += _docstrings(path, found.texts, exposure)
    parts += _annotations(path, found, _Scene(path, new.tree, names, exposure, python))
    parts += _comments(path, old, new)
    parts += _source(path, found, exposure)
    if not parts or max(part.category for part in parts) <= Category.ANNOTATIONS:
        parts += _unproven(path, before, after)
    return parts or [Part(Category.FORMATTING)]


def _version(content: bytes, which: str) -> _Version:
    if len(content) > MAX_BYTES:
        raise _Unreadable(f"larger than {MAX_BYTES >> 20} MiB")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
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
    if _shebang(old) != _shebang(new):
        yield Part(Category.DIRECTIVES, f"{path}:1: the line that names the interpreter changed")
    if _cookie(old) != _cookie(new) or before.startswith(b"\xef\xbb\xbf") != after.startswith(b"\xef\xbb\xbf"):
        yield Part(Category.DIRECTIVES, f"{path}:1: the encoding of the file changed")


def _shebang(lines: list[bytes]) -> bytes:
    return lines[0] if lines and lines[0].startswith(b"#!") else b""


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


def _docstrings(path: str, texts: Iterable[TextChange], exposure: Exposure) -> Iterator[Part]:
    for change in texts:
        reason = exposure.docstring(change.owner) if not change.of_attribute else ""
        if reason:
            owner = change.owner.qualified_name
            yield Part(Category.BEHAVIOUR, f"{path}:{change.line}: the docstring of `{owner}` is read: {reason}")
        else:
            yield from _text(path, change, exposure)


def _text(path: str, change: TextChange, exposure: Exposure) -> Iterator[Part]:
    old, new = change.before or "", change.after or ""
    readers = exposure.readers
    examples = ">>>" in old + new and _examples(old) != _examples(new)
    if change.of_attribute and (reason := readers.reads("docstrings", ("use_attribute_docstrings",))):
        yield Part(Category.BEHAVIOUR, f"{path}:{change.line}: the docstring of an attribute is read: {reason}")
    if examples and readers.doctest:
        yield Part(Category.BEHAVIOUR, f"{path}:{change.line}: examples in a docstring are run: {readers.doctest}")
    orders = _orders(new) ^ _orders(old)
    if orders:
        yield Part(Category.DIRECTIVES, f"{path}:{change.line}: `{min(orders)[:60]}` in a docstring gives orders")
    if change.before is not None and change.after is not None and _laid_out(old) == _laid_out(new):
        yield Part(Category.FORMATTING)
    else:
        yield Part(Category.DOCSTRINGS)


def _laid_out(text: str) -> list[str]:
    return [line.rstrip() for line in cleandoc(text).strip().splitlines()]


def _examples(text: str) -> list[str]:
    """The lines of a docstring from each prompt to the next empty line."""
    kept: list[str] = []
    inside = False
    for line in text.splitlines():
        inside = line.lstrip().startswith(">>>") or (inside and bool(line.strip()))
        if inside:
            kept.append(line.strip())
    return kept


_QUOTED_ORDER = re.compile(
    r"(?i)\bnoqa\b|\bnosec\b|\bpragma\s*[:=]|\btype:\s*ignore|\bfmt:\s*\w|\bisort:\s*\w|\bpylint:\s*\w|\bmypy:\s*\w"
    r"|\bimprover:\s*\w|PYTEST_DONT_REWRITE|@generated|\bruff:\s*\w|\bpyright:\s*\w|-\*-|\bcoding[:=]|^\s*#!"
)


def _orders(text: str) -> frozenset[str]:
    return frozenset(line.strip() for line in text.splitlines() if _QUOTED_ORDER.search(line))


@dataclass(frozen=True)
class _Scene:
    path: str
    tree: ast.Module
    names: Names
    exposure: Exposure
    python: tuple[int, int]

    def evaluation(self, change: AnnotationChange) -> Evaluation:
        owner = change.owner
        around = owner.around
        local = False
        if change.kind in ("variable", "bare"):
            around = owner.around if isinstance(owner.node, ast.Module) else (*owner.around, owner.node)
            local = isinstance(owner.node, FUNCTIONS)
        top = around[0] if around else (owner.node if change.kind in ("parameter", "return") else None)
        line = _begin(top) if top is not None else change.line
        return Evaluation(self.names, line, around, local or _is_deferred(self.tree), self.python)


def _begin(node: ast.AST) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min(int(getattr(inner, "lineno", 1)) for inner in (node, *decorators))


def _is_deferred(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )


def _annotations(path: str, found: Differences, scene: _Scene) -> Iterator[Part]:
    for change in found.annotations:
        reason = _acting(change, scene)
        if reason:
            name = f"`{change.name}`" if change.kind != "return" else f"what `{change.name}` returns"
            yield Part(Category.BEHAVIOUR, f"{path}:{change.line}: the annotation of {name} acts: {reason}")
        else:
            yield Part(Category.ANNOTATIONS)
    for _line in found.type_imports:
        yield Part(Category.ANNOTATIONS)


def _acting(change: AnnotationChange, scene: _Scene) -> str:
    """Why a changed annotation is more than a hint; empty when it is not."""
    owner = change.owner
    if change.kind in ("variable", "bare") and isinstance(owner.node, ast.ClassDef):
        return "it stands in the body of a class, where bases and decorators read it"
    if change.kind == "bare":
        return "it has no value, and makes the name local or declares it"
    if change.before is not None and _is_public(change):
        return "it was there before, and others may rely on it"
    if change.after is None:
        return ""
    reason = acts(change.after, scene.evaluation(change))
    if reason or (change.kind == "variable" and isinstance(owner.node, FUNCTIONS)):
        return reason
    reader = scene.exposure.annotations(owner)
    return f"it is read: {reader}" if reader else ""


def _is_public(change: AnnotationChange) -> bool:
    owner = change.owner
    if change.kind == "variable":
        return not isinstance(owner.node, FUNCTIONS) and not change.name.startswith("_")
    words = [*(outer.name for outer in owner.around), owner.name]
    inside = any(isinstance(outer, FUNCTIONS) for outer in owner.around)
    hidden_word = any(word.startswith("_") and not word.endswith("__") for word in words)
    return not inside and not hidden_word


def _comments(path: str, old: _Version, new: _Version) -> Iterator[Part]:
    try:
        found = changed_comments(old.text, old.tree, new.text, new.tree)
    except tokenize.TokenError as error:
        raise _Unreadable(f"it cannot be cut into tokens: {error}") from error
    if found.order:
        yield Part(Category.DIRECTIVES, f"{path}:{found.line}: `{found.order}` gives orders")
    if found.text:
        yield Part(Category.COMMENTS)


def _source(path: str, found: Differences, exposure: Exposure) -> Iterator[Part]:
    """Any change of a file, even of its layout, is seen by who reads its source or its line numbers."""
    reason = exposure.source() or next(
        (reason for change in found.texts if (reason := exposure.source_of(change.owner))), ""
    )
    reason = reason or exposure.readers.reads("source", _defined(exposure))
    if reason:
        yield Part(Category.BEHAVIOUR, f"{path}: its lines or its source are read: {reason}")


def _defined(exposure: Exposure) -> list[str]:
    return [*exposure.names.defined, *exposure.module_names()]


def _unproven(path: str, before: bytes, after: bytes) -> Iterator[Part]:
    """The same question asked of the compiler, so that one mistake here is not enough."""
    try:
        differences = masked.differences(before, after, path)
    except masked.Unfit as error:
        yield Part(Category.OTHER, f"{path}: {error}")
        return
    for difference in differences[:3]:
        yield Part(Category.BEHAVIOUR, f"{path}: {difference}")
