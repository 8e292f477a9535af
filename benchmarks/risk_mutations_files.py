"""Mutations of a whole change: modes, other files, files that came or went; the code itself is as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from risk_yardstick import same_code

from improver.values import FileChange


@dataclass(frozen=True, slots=True)
class ChangeMutation:
    """One kind of addition to a harmless change of a single file."""

    name: str
    acts: str
    make: Callable[[FileChange, Random], tuple[FileChange, ...]]


def _with(*others: FileChange) -> Callable[[FileChange, Random], tuple[FileChange, ...]]:
    def make(file: FileChange, chance: Random) -> tuple[FileChange, ...]:
        both = [file, chance.choice(others)]
        chance.shuffle(both)
        return tuple(both)

    return make


def _mode(mode: str) -> Callable[[FileChange, Random], tuple[FileChange, ...]]:
    def make(file: FileChange, _: Random) -> tuple[FileChange, ...]:
        other = {"100644": "100755", "100755": "100644"}.get(file.mode_before, mode)
        return (replace(file, mode_after=other if mode == "100755" else mode),)

    return make


def _moved(file: FileChange, chance: Random) -> tuple[FileChange, ...]:
    path = f"moved/{file.path}"
    gone = replace(file, after=None, mode_after="")
    come = FileChange(path, None, file.after, "", file.mode_after)
    return (gone, come) if chance.random() < 0.5 else (come, gone)


def _emptied(file: FileChange, chance: Random) -> tuple[FileChange, ...]:
    hollow = same_code(file.before or b"", b"")
    gone = hollow or chance.random() < 0.5
    return (replace(file, after=None, mode_after="") if gone else replace(file, after=b""),)


def _suffixed(file: FileChange, chance: Random) -> tuple[FileChange, ...]:
    return (replace(file, path=file.path + chance.choice(("i", "w", "x", ".in", "c", ".txt"))),)


def _edit(path: str, before: bytes, after: bytes) -> FileChange:
    return FileChange(path, before, after)


def _new(path: str, content: bytes) -> FileChange:
    return FileChange(path, None, content, "", "100644")


_TEST = b"def test():\n    assert 1\n"
_OTHER_FILES = (
    _edit("README.md", b"a\n", b"b\n"),
    _edit("data.json", b"{}\n", b"[]\n"),
    _edit("code.pyx", b"a\n", b"# b\na\n"),
    _edit("templates/page.html", b"<p>\n", b"<b>\n"),
    _edit("run.sh", b"true\n", b"false\n"),
    _edit("stub.pyi", b"x: int\n", b"x: str\n"),
    _edit("lib.so", b"\x7fELF\0", b"\x7fELF\1"),
)
_TESTS = (
    _edit("tests/test_it.py", _TEST, b"# A comment.\n" + _TEST),
    _edit("pkg/test_it.py", _TEST, b'"""It."""\n' + _TEST),
    _edit("pkg/tests.py", _TEST, _TEST + b"\n"),
    _edit("tests/conftest.py", b"x = 1\n", b"x = 1  # one\n"),
    _edit("conftest.py", b"x = 1\n", b"x: int = 1\n"),
    _edit("tests/helper.py", b"x = 1\n", b"x  = 1\n"),
)
_SETTINGS = (
    _edit("pyproject.toml", b"[a]\n", b"[a]\n\n"),
    _edit("tox.ini", b"[tox]\n", b"[tox]\n\n"),
    _edit("setup.py", b"x = 1\n", b"# One.\nx = 1\n"),
    _edit("setup.cfg", b"[a]\n", b"# a\n[a]\n"),
    _edit(".github/workflows/ci.yml", b"a: 1\n", b"a: 1 # one\n"),
    _edit("noxfile.py", b"x = 1\n", b"x = 1 # one\n"),
    _edit("requirements.txt", b"a\n", b"a # one\n"),
    _edit(".gitattributes", b"", b"*.py binary\n"),
)
_NEW = (
    _new("new.py", b"x = 1\n"),
    _new("new.py", b'"""Nothing but a docstring."""\n'),
    _new("pkg/__init__.py", b""),
    _new("new.pth", b"import os\n"),
    _new("sitecustomize.py", b""),
    _new("py.typed", b""),
    _new("json.py", b"# a\n"),
    _new("tests/test_new.py", _TEST),
    _new("tests/conftest.py", b""),
    _new(".coveragerc", b""),
)
_GONE = (
    FileChange("old.py", b"x = 1\n", None, "100644", ""),
    FileChange("old.py", b"", None, "100644", ""),
    FileChange("tests/test_old.py", _TEST, None, "100644", ""),
)
_CODE = (
    _edit("aaa.py", b"x = 1\n", b"x = 2\n"),
    _edit("zzz.py", b"x = 1\n", b"x = True\n"),
    _edit("zzz.py", b"def f(): pass\n", b"def f(): yield\n"),
    _edit("zzz.py", b"import os\n", b"import sys as os\n"),
)
_READERS = (
    _edit("aaa.py", b"import a\n", b"import a\nprint(a.__doc__)\n"),
    _edit("zzz.py", b"import a\n", b"import a\nprint(a.f.__annotations__)\n"),
    _edit("zzz.py", b"import a\n", b"import a\nhelp(a)\n"),
)
CHANGE_MUTATIONS = (
    ChangeMutation("mode", "the system may run it, or may not any more", _mode("100755")),
    ChangeMutation("a link instead of a file", "it stands for another file", _mode("120000")),
    ChangeMutation("a submodule instead of a file", "it stands for another repository", _mode("160000")),
    ChangeMutation("file moved", "it is imported by another name", _moved),
    ChangeMutation("file deleted or emptied", "it is gone", _emptied),
    ChangeMutation("file that is not Python", "what it does is not known", _suffixed),
    ChangeMutation("another file, not Python", "what it does is not known", _with(*_OTHER_FILES)),
    ChangeMutation("a test changed", "it judges", _with(*_TESTS)),
    ChangeMutation("settings changed", "they say what passes", _with(*_SETTINGS)),
    ChangeMutation("a new file", "it may be imported, collected or read", _with(*_NEW)),
    ChangeMutation("a second file deleted", "it is gone", _with(*_GONE)),
    ChangeMutation("code of a second file", "it does something else", _with(*_CODE)),
    ChangeMutation("a reader in a second file", "docstrings or annotations are read from now on", _with(*_READERS)),
)
