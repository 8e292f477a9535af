"""What the commands of a Makefile, a shell script or a workflow read of Python files, and what they run of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

ANY = "*"
_READS = re.compile(
    rb"(?<![\w.-])(?:[ef]?grep|ag|ack|rg|sed|awk|cat|wc|sloc|cloc|sha\d+sum|md5sum|cksum|head|tail|cut|diff|cmp|sort|perl|xgettext"
    rb"|pygettext3?|tar|zip|source-highlight|pygmentize|enscript|cp|install)(?![\w.-])"
)
_LISTED = re.compile(rb"git (?:ls-files|grep)|\$\(?(?:git )?ls-files")
_DEEP = re.compile(rb"(?<![\w.-])(?:e?grep|ag|ack|rg)(?![\w.-]).*\s(?:-\w*[rR]\w*|--recursive)(?![\w-])")
_COPIES = re.compile(rb"(?<![\w.-])(?:tar|zip|cp|install|sort)(?![\w.-])")
_PYTHON = re.compile(rb"(?<![\w./*-])[\w./*{},-]*[\w*}]\.py(?![\w.])")
_VARIABLE = re.compile(rb"\$\$?[({]?(\w+)")
_SOURCES = re.compile(rb"(?i)src|sources?$|files$|^pkg$|package|modules?$")
_RUNS = re.compile(rb"(?:-m fire|(?<![\w.-])typer)\s+([\w./-]+)|-m typer\s+([\w./-]+)")
_SHOWN = re.compile(rb"(?:-m pydoc|(?<![\w./-])pydoc3?)\s+(?!-)[\w.$({]")
# Looks for nothing but texts to be translated.
_TEXTS = re.compile(rb"\b(?:xgettext|pygettext3?)\b(?!.*(?:\s-c|--add-comments|--docstrings|\s-D))")
_OTHER = re.compile(rb"--include[= ]\S*\*\.(?!py\b)\w+|--type|-g ")


def holds(content: bytes, words: tuple[bytes, ...]) -> bool:
    """Whether one of some words stands in a file: many times as fast as to look for a pattern of them."""
    return any(word in content for word in words)


def read_by(content: bytes) -> Iterator[tuple[int, str]]:
    """The names of Python files, or the pattern of any, that commands read as text, each with its line.

    Parameters:
        content: shell commands, one a line; lines may be joined by a backslash.
    """
    for number, line in _lines(content):
        if _LISTED.search(line) and _READS.search(line):
            yield from ((number, ANY) for _ in _matches_any(line))
        if not _READS.search(_TEXTS.sub(b"", line)) or line.lstrip().startswith((b"#", b"- name:")):
            continue
        yield from ((number, name) for name in _named(line, content))


def _named(line: bytes, content: bytes) -> Iterator[str]:
    found = [word.decode("utf-8", "replace") for word in _PYTHON.findall(line)]
    if found and _COPIES.search(line) and not _READS.search(_COPIES.sub(b"", line)):
        found = [word for word in found if "*" not in word]
    yield from (ANY if set(word) & set("*{") else word for word in found)
    for variable in _VARIABLE.findall(line):
        values = re.findall(rb"(?m)^[ \t]*(?:export )?" + re.escape(variable) + rb"[ \t]*[:?+]?=(.*)$", content)
        words = [word.decode("utf-8", "replace") for value in values for word in _PYTHON.findall(value)]
        yield from (ANY if "*" in word else word for word in words)
        if not values and _SOURCES.search(variable):
            yield ANY
    if _DEEP.search(line) and not found and not _OTHER.search(line):
        yield ANY


def _matches_any(line: bytes) -> Iterator[str]:
    suffixes = re.findall(rb"\*\.(\w+)", line)
    if not suffixes or b"py" in suffixes:
        yield ANY


def _lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Each line with what is joined to it by a backslash."""
    number, held = 0, b""
    for here, line in enumerate(content.splitlines(), 1):
        number = number or here
        if line.endswith(b"\\"):
            held += line[:-1] + b" "
            continue
        yield number, held + line
        number, held = 0, b""
    if held:
        yield number, held


def run_by(content: bytes) -> Iterator[tuple[int, str]]:
    """The Python files that a command makes a command line of, from docstrings and annotations."""
    for match in _RUNS.finditer(content):
        word = (match.group(1) or match.group(2)).decode("utf-8", "replace")
        name = word if word.endswith(".py") else word.replace(".", "/") + ".py"
        yield content.count(b"\n", 0, match.start()) + 1, name


def shows(content: bytes) -> int:
    """The line of a command that prints the documentation of something; 0 where there is none."""
    match = _SHOWN.search(content)
    return content.count(b"\n", 0, match.start()) + 1 if match else 0
