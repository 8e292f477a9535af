"""What any change of a file can alter, even of its layout: who reads its source, its text or its line numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from improver.judge.differences import Differences, Part
from improver.judge.exposure import Exposure
from improver.judge.left_out_lines import left_out
from improver.judge.line_readers import moves
from improver.judge.names import in_bytes
from improver.judge.text_readers import TextReaders
from improver.judges import is_test
from improver.values import Category

# A frame or code that tells its own lines, which only a move of lines alters.
_OWN_LINES = "a line of source"


def seen(path: str, old: str, new: str, found: Differences, exposure: Exposure, texts: TextReaders) -> Iterator[Part]:
    """The parts of a change that are there because somebody looks at the file as such.

    Parameters:
        old: the text before.
        new: the text after.
        texts: who reads files as text, or their line numbers.
    """
    files = texts.files or exposure.readers.repository.files
    yield from _left_out(path, old, new, files)
    reason = _source(found, exposure, old, new) or texts.of_lines(path, new.encode("utf-8", "surrogatepass"), old, new)
    reason = reason or _numbered(path, old, new, files)
    if reason:
        yield Part(Category.BEHAVIOUR, f"{path}: its lines or its source are read: {reason}")
    reason = texts.of(path, set(old.split("\n")) ^ set(new.split("\n")))
    if reason:
        yield Part(Category.BEHAVIOUR, f"{path}: it is read as text: {reason}")


def _left_out(path: str, old: str, new: str, files: Mapping[str, bytes]) -> Iterator[Part]:
    patterns = left_out(files)
    before, after = patterns.lines(old), patterns.lines(new)
    for line in [*(after - before), *(before - after)][:1]:
        yield Part(Category.DIRECTIVES, f"{path}:1: the coverage settings leave out lines such as `{line[:60]}`")


def _source(found: Differences, exposure: Exposure, old: str, new: str) -> str:
    reason = exposure.source()
    if _OWN_LINES in reason and not moves(old, new):
        reason = ""
    owned = (reason for change in found.texts if (reason := exposure.source_of(change.owner)))
    return reason or next(owned, "") or exposure.readers.reads("source", _defined(exposure))


def _numbered(path: str, old: str, new: str, files: Mapping[str, bytes]) -> str:
    """Who names a line of a file by its number, or compares one; a line that is only shown is none."""
    if not moves(old, new):
        return ""
    name = in_bytes(path.rpartition("/")[2])
    stem = name.removesuffix(b".py")
    by_file = re.compile(rb"(?<![\w.-])" + re.escape(name) + rb"""(?::|["']?,? line )\d""")
    by_module = re.compile(rb"(?:ignore|error|always|default|once|module):[^\n\"']*\b" + re.escape(stem) + rb":\d")
    for other, content in files.items():
        if stem not in content or (other.endswith(".py") and not is_test(other)) or _is_prose(other):
            continue
        match = by_file.search(content) or by_module.search(content) or _COMPARED.search(content)
        if match:
            return f"{other}:{content.count(10, 0, match.start()) + 1}: names a line of it"
    return ""


_COMPARED = re.compile(rb"lineno\b[^\n]{0,20}(?:==|,)\s*\d|\d\s*==[^\n]{0,60}lineno\b")


def _is_prose(path: str) -> bool:
    return path.endswith((".md", ".rst", ".txt", ".ipynb", ".html", ".js"))


def _defined(exposure: Exposure) -> list[str]:
    return [*exposure.names.defined, *exposure.module_names()]
