"""Who reads Python files of the repository as text: build scripts, tests of the style, commands of a Makefile.

Whoever does sees comments and layout. Nothing is parsed here: a name of a file, or a pattern of names, that stands
near to a word for reading is enough to be careful.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from improver.judges import is_test

_FILE = re.compile(rb"""["']([^"'\n]*?[\w*\]]\.py|\.py)["']""")
_WHOLE = re.compile(rb"\bget_docstring\s*\(|__loader__\.get_(?:source|data)\b")
_LISTS = re.compile(rb"glob\b|\bwalk\b|\blistdir\b|\biterdir\b|\bscandir\b|ls-files")
_READS = re.compile(
    rb"""\bopen\s*\(|\bread_(?:text|bytes)\b|\bopen_text\b|\bget_data\b|\bast\.parse\b|\bget_docstring\b|\btokenize\b
    |\bget(?:lines?|source)\b|\breadlines?\b|\bcopy(?:tree|file|2)?\s*\(|\bsha\d+\b|\bmd5\b|\bstat\s*\(|\bgrep\b|\bexec\s*\(""",
    re.VERBOSE,
)
_NEAR = 8
_BUILD = frozenset({"setup.py", "noxfile.py", "conf.py", "hatch_build.py", "pdm_build.py", "build.py", "tasks.py"})
_COMMANDS = frozenset({"Makefile", "justfile", "tox.ini"})
_COMMAND = re.compile(rb"\b(?:e?grep|rg|sed|awk|cat|wc|sha\d+sum|md5sum|cksum|head|tail|cut|diff|perl|xgettext)\b")
_IN_COMMAND = re.compile(rb"[\w./*-]*[\w*]\.py\b|\$\$?\(?\w*(?:SRC|SOURCES|FILES)\b")
# What is ordered or told apart by its line.
_ORDERED = re.compile(
    rb"(?:\bsort|\bkey\b|\blambda\b|[<>=]=)[^\n]*\.co_(?:firstlineno|lines|linetable|lnotab|positions)\b"
    rb"|\.co_(?:firstlineno|lines|linetable|lnotab|positions)\b[^\n]*(?:[<>]|[=!]=)"
)
_VERSIONED = re.compile(r"(?i)version|release")
_TOOLS = re.compile(r"(?i)version|commitizen|tbump|semantic.release")


@dataclass(frozen=True)
class TextReaders:
    """Who reads which files, as a reason that names a file and a line.

    Parameters:
        anything: by whom any file of the repository may be read; empty when by nobody.
        named: names of files and ends of paths, with by whom they are read.
        versions: files in which tools look for a version, with the tool's settings.
    """

    anything: str = ""
    named: tuple[tuple[str, str], ...] = ()
    versions: tuple[tuple[str, str], ...] = ()

    def of(self, path: str, lines: set[str]) -> str:
        """Who reads a file as text so that a change of these lines is seen; empty when nobody does."""
        if self.anything:
            return self.anything
        for name, reason in self.named:
            if _ends_with(path, name):
                return reason
        if any(_VERSIONED.search(line) for line in lines):
            return next((reason for name, reason in self.versions if _ends_with(path, name)), "")
        return ""


def _ends_with(path: str, name: str) -> bool:
    return f"/{path}".endswith(f"/{name.lstrip('./')}")


_KEPT: list[tuple[Mapping[str, bytes], TextReaders]] = []


def text_readers(files: Mapping[str, bytes]) -> TextReaders:
    """Everybody who reads Python files as text.

    Parameters:
        files: the files of the repository, by path: Python, settings, and what runs commands.
    """
    for known, readers in _KEPT:
        if known is files:
            return readers
    anything = ""
    named: list[tuple[str, str]] = []
    versions: list[tuple[str, str]] = []
    for path, content in files.items():
        for name, reason in _of_file(path, content):
            if "*" in name:
                anything = anything or reason
            else:
                named.append((name, reason))
        versions += _version_files(path, content)
    readers = TextReaders(anything, tuple(dict.fromkeys(named)), tuple(versions))
    _KEPT[:] = [(files, readers)]
    return readers


def _of_file(path: str, content: bytes) -> Iterator[tuple[str, str]]:
    name = path.rpartition("/")[2]
    if name.endswith(".py"):
        if b".co_" in content and (match := _ORDERED.search(content)) and not is_test(path):
            yield "*", f"{path}:{_line(content, match)}: code is told apart by its lines"
        if b"get_" in content and (match := _WHOLE.search(content)) and not is_test(path):
            yield "*", f"{path}:{_line(content, match)}: the source of something is read"
        if b".py" in content and _READS.search(content):
            yield from _of_python(path, name, content)
    elif name in _COMMANDS or name.endswith((".yml", ".yaml")):
        for number, line in enumerate(content.splitlines(), 1):
            if _COMMAND.search(line):
                for found in _IN_COMMAND.findall(line):
                    word = found.decode("utf-8", "replace")
                    yield ("*" if "$" in word or "*" in word else word), f"{path}:{number}: a command reads `{word}`"


def _of_python(path: str, name: str, content: bytes) -> Iterator[tuple[str, str]]:
    lines = content.split(b"\n")
    tests = is_test(path)
    for match in _FILE.finditer(content):
        word = match.group(1).decode("utf-8", "replace")
        word = "*.py" if word == ".py" else word
        number = _line(content, match)
        around = b"\n".join(lines[max(0, number - 1 - _NEAR) : number + _NEAR])
        if not _READS.search(around) and not (name in _BUILD and "*" not in word):
            continue
        if "*" in word and not _LISTS.search(around):
            continue
        if tests and (("/" not in word.strip("./*") and "*" not in word) or b"tmp" in around):
            continue
        yield word, f"{path}:{number}: reads `{word}` as text"


def _line(content: bytes, match: re.Match[bytes]) -> int:
    return content.count(b"\n", 0, match.start()) + 1


def _version_files(path: str, content: bytes) -> list[tuple[str, str]]:
    """The Python files in which a tool looks for a version, or writes one."""
    name = path.rpartition("/")[2]
    if b".py" not in content or b"version" not in content:
        return []
    if name == "pyproject.toml":
        return [(word, f"{path}: {where} looks for a version there") for where, word in _of_toml(content)]
    if name in ("setup.cfg", "tox.ini", ".bumpversion.cfg"):
        found = re.findall(rb"\[bumpversion:file[^:\]]*:([^\]]+\.py)\]|(?m:^files\s*=\s*(\S+\.py))", content)
        return [(b"".join(pair).decode("utf-8", "replace"), f"{path}: bumpversion writes there") for pair in found]
    return []


@lru_cache(maxsize=16)
def _of_toml(content: bytes) -> tuple[tuple[str, str], ...]:
    try:
        pending: list[tuple[str, object]] = [("", tomllib.loads(content.decode("utf-8", "replace")))]
    except (tomllib.TOMLDecodeError, RecursionError):
        return ()
    found: list[tuple[str, str]] = []
    while pending:
        where, value = pending.pop()
        if isinstance(value, Mapping):
            pending += [(f"{where}.{key}".lstrip("."), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            pending += [(where, inner) for inner in value]
        elif isinstance(value, str) and _TOOLS.search(where) and (match := re.match(r"([^:\s]+\.py)(?::|$)", value)):
            found.append((where, match.group(1)))
    return tuple(found)
