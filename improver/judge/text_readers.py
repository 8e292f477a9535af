"""Who reads Python files of the repository as text, and who reads their line numbers.

Whoever reads a file as text sees comments and layout: build scripts, tests of the style, commands of a Makefile.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial

from improver.judge.commands import ANY
from improver.judge.line_readers import LineReader, line_reader, moves
from improver.judge.source_readers import reads_sources
from improver.judge.versions import version_files
from improver.judges import is_test

_WHOLE = re.compile(
    rb"\bget_docstring\s*\(|(?:__loader__|\bspec\w*\.loader|find_loader\([^)]*\))\.get_(?:source|data|code)\b"
)
# What is ordered or told apart by its line.
_ORDERED = re.compile(
    rb"(?:\bsort|\bkey\b|\blambda\b|[<>=]=)[^\n]*\.co_(?:firstlineno|lines|linetable|lnotab|positions)\b"
    rb"|\.co_(?:firstlineno|lines|linetable|lnotab|positions)\b[^\n]*(?:[<>]|[=!]=)"
)
_VERSIONED = re.compile(r"(?i)version|release")


@dataclass(frozen=True)
class TextReaders:
    """Who reads which files, as a reason that names a file and a line.

    Parameters:
        anything: by whom any file of the repository may be read; empty when by nobody.
        named: names of files, ends of paths and, with a slash, folders, with by whom they are read.
        versions: files in which tools look for a version, with the tool's settings.
        lines: who reads line numbers.
        files: all that was looked at, by path.
    """

    anything: str = ""
    named: tuple[tuple[str, str], ...] = ()
    versions: tuple[tuple[str, str], ...] = ()
    lines: tuple[LineReader, ...] = field(default=(), repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def of(self, path: str, lines: set[str]) -> str:
        """Who reads a file as text so that a change of these lines is seen; empty when nobody does."""
        if self.anything:
            return self.anything
        for name, reason in self.named:
            if name.endswith("/") and f"/{name}" in f"/{path}":
                return reason
            if _ends_with(path, name):
                return reason
        if any(_VERSIONED.search(line) for line in lines):
            return next((reason for name, reason in self.versions if _ends_with(path, name)), "")
        return ""

    def of_lines(self, path: str, content: bytes, old: str, new: str) -> str:
        """Who learns that the code of a file moved to other lines; empty when it did not, or nobody does.

        Parameters:
            old: the text before.
            new: the text after.
        """
        moved = bool(self.lines) and moves(old, new)
        for reader in self.lines:
            if (moved or reader.columns) and reader.reads(path, content):
                return reader.reason
        return ""


NO_TEXT_READERS = TextReaders()


def _ends_with(path: str, name: str) -> bool:
    return f"/{path}".endswith(f"/{name.lstrip('./')}")


def text_readers(files: Mapping[str, bytes], given: Iterable[tuple[str, str]] = ()) -> TextReaders:
    """Everybody who reads Python files as text or by their lines.

    Parameters:
        files: the files of the repository, by path.
        given: what files that are no Python modules read, each with the reason.
    """
    parse = cache(partial(_parsed, files))
    found = list(given)
    folders = frozenset(path.rpartition("/")[0] for path in files if path.endswith(".py"))
    folders |= {folder.rpartition("/")[0] for folder in folders} - {""}
    lines = []
    for path, content in files.items():
        if path.endswith(".py"):
            found += _whole(path, content)
            found += reads_sources(path, content, parse, folders)
            reader = line_reader(path, content, parse)
            lines += [reader] if reader is not None else []
    anything = next((reason for name, reason in found if name == ANY or "*" in name), "")
    named = [(name, reason) for name, reason in found if "*" not in name]
    versions = [pair for path, content in files.items() for pair in version_files(path, content)]
    return TextReaders(anything, tuple(dict.fromkeys(named)), tuple(versions), tuple(lines), files)


def _parsed(files: Mapping[str, bytes], path: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(files[path], path)
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return None


def _whole(path: str, content: bytes) -> list[tuple[str, str]]:
    if is_test(path):
        return []
    found = []
    if b".co_" in content and (match := _ORDERED.search(content)):
        found.append((ANY, f"{path}:{_line(content, match)}: code is told apart by its lines"))
    if b"get_" in content and (match := _WHOLE.search(content)):
        found.append((ANY, f"{path}:{_line(content, match)}: the source of something is read"))
    return found


def _line(content: bytes, match: re.Match[bytes]) -> int:
    return content.count(b"\n", 0, match.start()) + 1
