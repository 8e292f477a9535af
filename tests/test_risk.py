"""What a change can alter: whole files, and laws."""

from __future__ import annotations

import random
from pathlib import Path

import black
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from improver.judge.context import read_context
from improver.judge.judged_files import imported_by_judges, judges
from improver.judge.risk import RiskContext, read_risk
from improver.judges import is_judge
from improver.values import Category, Change, FileChange, Risk

ROOT = Path(__file__).resolve().parent.parent
HARMLESS = Category.ANNOTATIONS


def changed(before: str | bytes, after: str | bytes, path: str = "code.py") -> FileChange:
    old, new = (text.encode() if isinstance(text, str) else text for text in (before, after))
    return FileChange(path, old, new)


def risk_of(*files: FileChange, context: RiskContext | None = None) -> Risk:
    return read_risk(Change("base", files), context or RiskContext())


# --- whole files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "category"),
    [
        pytest.param(FileChange("README.md", b"a", b"b"), Category.OTHER, id="any other file"),
        pytest.param(FileChange("new.py", None, b"x = 1\n"), Category.OTHER, id="a new module"),
        pytest.param(FileChange("old.py", b"x = 1\n", None), Category.OTHER, id="a deleted module"),
        pytest.param(FileChange("a.py", b"", b"", "100644", "100755"), Category.OTHER, id="a mode"),
        pytest.param(FileChange("a.py", b"b.py", b"c.py", "120000", "120000"), Category.OTHER, id="a symbolic link"),
        pytest.param(
            FileChange("sub", None, None, "160000", "160000"), Category.FORMATTING, id="an unchanged submodule"
        ),
        pytest.param(FileChange("a.py", b"x = 1\n", b"x = 1\n\0"), Category.OTHER, id="binary"),
        pytest.param(FileChange("a.py", b"x = 1\n", b"x = '\xff'\n"), Category.OTHER, id="not UTF-8"),
        pytest.param(FileChange("a.pyi", b"x: int\n", b"x: str\n"), Category.OTHER, id="a stub"),
        pytest.param(FileChange("tests/test_a.py", None, b"def test(): ...\n"), Category.TESTS, id="a new test"),
        pytest.param(FileChange("tests/conftest.py", None, b"x = 1\n"), Category.JUDGES, id="a new conftest"),
        pytest.param(FileChange("tests/test_a.py", b"x = 1\n", b"# a\nx = 1\n"), Category.JUDGES, id="a test"),
        pytest.param(FileChange("pyproject.toml", b"", b"\n"), Category.JUDGES, id="settings"),
        pytest.param(FileChange("uv.lock", b"", b"\n"), Category.JUDGES, id="a lock file"),
        pytest.param(FileChange("Setup.PY", b"", b"\n"), Category.JUDGES, id="upper case"),
        pytest.param(FileChange(".github/workflows/a.yml", b"", b"\n"), Category.JUDGES, id="CI"),
        pytest.param(FileChange("a.py", b"(" * 2000 + b")" * 2000, b"1"), Category.OTHER, id="deep"),
        pytest.param(FileChange("a.pyx", b"x = 1\n", b"# a\nx = 1\n"), Category.OTHER, id="Cython"),
        pytest.param(FileChange("a.pyw", b"x = 1\n", b"# a\nx = 1\n"), Category.OTHER, id="without a window"),
        pytest.param(FileChange("a.ipynb", b"{}", b"{ }"), Category.OTHER, id="a notebook"),
        pytest.param(FileChange("a.pth", b"import a\n", b"import b\n"), Category.JUDGES, id="a path file"),
        pytest.param(FileChange("run", b"#!/bin/python\n", b"#!/bin/python\n#\n"), Category.OTHER, id="a script"),
        pytest.param(FileChange("a.py", b"x", b"y", "100644", "120000"), Category.OTHER, id="a file becomes a link"),
        pytest.param(FileChange("a.py", b"", b"", "120000", "100644"), Category.OTHER, id="a link becomes a file"),
        pytest.param(FileChange("lib", b"a", b"b", "160000", "160000"), Category.OTHER, id="a submodule moves on"),
        pytest.param(FileChange("a.py", b"", b"#", "100755", "100755"), Category.COMMENTS, id="a program"),
        pytest.param(FileChange("tests/json.py", None, b"x = 1\n"), Category.JUDGES, id="a new helper of tests"),
        pytest.param(FileChange("tests/CONFTEST.PY", None, b"x = 1\n"), Category.JUDGES, id="a conftest in capitals"),
        pytest.param(FileChange("tests/__init__.py", None, b""), Category.JUDGES, id="a new package of tests"),
        pytest.param(
            FileChange("tests/test_a.py", None, b"a.py", "", "120000"), Category.JUDGES, id="a test as a link"
        ),
        pytest.param(FileChange("tests/test_a.py", b"x = 1\n", None), Category.JUDGES, id="a test that is gone"),
        pytest.param(FileChange("a.py", b"x = 1\r\n", b"x = 1\n"), Category.FORMATTING, id="other line ends"),
        pytest.param(FileChange("a.py", b"x = 1\n", b"x = 1 \r# one\n"), Category.OTHER, id="a carriage return alone"),
        pytest.param(
            FileChange("a.py", b"x = 1\n", b"\xef\xbb\xbfx = 1\n"), Category.DIRECTIVES, id="a byte order mark"
        ),
        pytest.param(
            FileChange("a.py", b"#!/usr/bin/python3\nx = 1\n", b"#!/usr/bin/python3\r\nx = 1\r\n"),
            Category.DIRECTIVES,
            id="a line end that belongs to the name of the interpreter",
        ),
        pytest.param(
            FileChange("a.py", b"#!/usr/bin/python3\r\nx = 1\r\n", b"#!/usr/bin/python3\r\nx  = 1\r\n"),
            Category.FORMATTING,
            id="such a line end that stays",
        ),
        pytest.param(
            FileChange("a.py", b"x = 1", b"x = 1\n# \xff\n"), Category.OTHER, id="a comment that is not UTF-8"
        ),
        pytest.param(
            FileChange("a.py", b"if x:\n\ty()\n\tz()\n", b"if x:\n\ty()\n        z()\n"),
            Category.OTHER,
            id="tabs among blanks",
        ),
    ],
)
def test_a_whole_file(file: FileChange, category: Category) -> None:
    risk = risk_of(file)
    assert risk.worst is category
    assert risk.certified == (category <= HARMLESS)


HIDDEN_NAMES = [
    "setup.py.", "conftest.py ", "conftest.py::$DATA", "SETUP~1.CFG", "tests\\a.py", "\uff53etup.py",
    "confte\u017ft.py", "a/./conftest.py", "conf\u200dtest.py", ".GIT/x.py", "a/.g\u200cit/x.py", "GIT~1/x.py",
    "Tests./a.py",
    ".GitHub/a.py", "benchmarks/a.py", "a/CODEOWNERS", "a/b/.Gitattributes", "a/PyProject.toml", "flake.lock", "a.PTH",
    "a/sitecustomize.PY", "a.egg-info/x.py", "noxfile.py", "a_tests.py", "a_test.py", "tests.py", "x/__tests__/a.py",
    "requirements/dev.txt",
]  # fmt: skip
OPEN_NAMES = [
    "a.py",
    "testing/a.py",
    "contest.py",
    "a/benchmarks/b.py",
    "attest.py",
    "setup/a.py",
    "e\u0301.py",
    "a b.py",
]


@pytest.mark.parametrize("path", HIDDEN_NAMES)
def test_a_judge_is_one_however_it_is_spelled(path: str) -> None:
    assert is_judge(path)
    assert Category.JUDGES in risk_of(changed("x = 1\n", "# a\nx = 1\n", path)).categories


@pytest.mark.parametrize("path", OPEN_NAMES)
def test_what_only_resembles_a_judge_is_none(path: str) -> None:
    assert not is_judge(path)
    assert risk_of(changed("x = 1\n", "# a\nx = 1\n", path)).certified


@pytest.mark.parametrize("path", ["/a.py", "a\nb.py", "a/../b.py", "a//b.py", "a:b.py", "stra\u00dfe.py", "\uff41.py"])
def test_a_path_that_may_be_taken_for_another_is_not_understood(path: str) -> None:
    assert not risk_of(changed("x = 1\n", "# a\nx = 1\n", path)).certified


def test_a_renamed_module_is_gone_and_new() -> None:
    risk = risk_of(FileChange("a.py", b"x = 1\n", None), FileChange("A.py", None, b"x = 1\n"))
    assert risk.worst is Category.OTHER
    assert len(risk.because) == 2


@pytest.mark.parametrize(
    ("python", "before", "after"),
    [
        pytest.param((2, 7), "x = u'a'\n", "x = 'a'\n", id="text without its mark"),
        pytest.param((2, 7), "x = 10000\n", "x = 10_000\n", id="a number with underscores"),
        pytest.param((2, 7), "x = 1\n", "# \u00e9\nx = 1\n", id="a comment that is not ASCII"),
        pytest.param((3, 5), "f(*a)\n", "f(\n    *a,\n)\n", id="a comma after a star"),
        pytest.param(
            (3, 7), "def f(x):\n    return (*x, 1)\n", "def f(x):\n    return *x, 1\n", id="a star that is returned"
        ),
        pytest.param((3, 10), "x = a[(*b,)]\n", "x = a[*b,]\n", id="a star in brackets"),
    ],
)
def test_what_an_older_python_reads_otherwise_is_not_certified(
    python: tuple[int, int], before: str, after: str
) -> None:
    assert not risk_of(changed(before, after), context=RiskContext(python=python)).certified
    assert risk_of(changed(before, after), context=RiskContext(python=(3, 11))).certified


def test_text_is_text_on_any_python() -> None:
    before, after = "def f(a):\n    return a\n", "# one\ndef f(a):\n    'Give it back.'\n    return a\n"
    assert risk_of(changed(before, after), context=RiskContext(python=(2, 7))).certified


def test_what_is_too_deep_for_one_python_and_not_for_another_goes_to_a_person() -> None:
    risk = read_risk(Change("0" * 40, (FileChange("a.py", b"x = 1", b"x = " + b"-" * 5000 + b"1"),)))
    assert risk.worst in (Category.BEHAVIOUR, Category.OTHER)
    assert not risk.certified


def test_nothing_is_formatting_and_certified() -> None:
    assert risk_of() == Risk((), (), certified=True)


def test_a_project_may_name_more_judges() -> None:
    file = changed("x = 1\n", "# a\nx = 1\n", "golden/a.py")
    assert risk_of(file).worst is Category.COMMENTS
    assert risk_of(file, context=RiskContext(judge_patterns=("golden/",))).worst is Category.JUDGES
    assert risk_of(file, context=RiskContext(judges=frozenset({"golden/a.py"}))).worst is Category.JUDGES


def test_more_files_judge_in_improvers_own_repository() -> None:
    assert judges("improver/judge/risk.py", own_repository=True)
    assert judges("review/policy.toml", own_repository=True)
    assert not judges("improver/judge/risk.py")


def test_what_the_judges_import_judges_too() -> None:
    files = {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in (ROOT / "improver").rglob("*.py")}
    assert [path for path in imported_by_judges(files) if not judges(path, own_repository=True)] == []


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_line_ends_do_not_matter(ending: bytes) -> None:
    before = b"def f():\n    return 1\n".replace(b"\n", ending)
    after = b'def f():\n    """One."""\n    return 1\n'.replace(b"\n", ending)
    assert risk_of(changed(before, after)).categories == (Category.DOCSTRINGS,)


def test_another_encoding_is_read_as_such() -> None:
    before = b"# -*- coding: latin-1 -*-\nx = '\xe9'\n"
    after = b"# -*- coding: latin-1 -*-\n'''\xe9'''\nx = '\xe9'\n"
    assert risk_of(changed(before, after)).certified


# --- laws ---------------------------------------------------------------------------------------------------

SNIPPETS = [
    changed("x = 1\n", "x  =  1\n", "a.py"),
    changed("x = 1\n", "x = 1  # one\n", "b.py"),
    changed("def f(): return 1\n", 'def f():\n    "One."\n    return 1\n', "c.py"),
    changed("def f(a): return 1\n", "def f(a: int): return 1\n", "d.py"),
    changed("x = 1\n", "x = 2\n", "e.py"),
    changed("x = 1\n", "x = 1  # noqa\n", "f.py"),
    changed("x\n", "y\n", "g.txt"),
    changed("x\n", "y\n", "tox.ini"),
    changed("# \u200b\nx = 1\n", "# \u200bb\nx = 1\n", "h.py"),
    changed("x = (", "x = 1", "i.py"),
    changed("import functools\ndef f(): pass\n", "import functools\n@functools.cache\ndef f(): pass\n", "j.py"),
    changed("def f(): return 1\n", "def f():\n    'A \\d.'\n    return 1\n", "k.py"),
    FileChange("l.py", b"x = 1\n", b"x = 1\n", "100644", "100755"),
    FileChange("m.py", b"x = 1\n", None),
    FileChange("tests/test_new.py", None, b""),
]
subsets = st.lists(st.sampled_from(SNIPPETS), unique=True)


@given(subsets, subsets)
def test_adding_a_change_never_lowers_the_risk(some: list[FileChange], more: list[FileChange]) -> None:
    few, all_ = risk_of(*some), risk_of(*some, *(file for file in more if file not in some))
    assert set(few.categories) <= set(all_.categories)
    assert few.certified or not all_.certified


@given(subsets, st.randoms())
def test_the_order_of_files_does_not_matter(files: list[FileChange], chance: random.Random) -> None:
    shuffled = list(files)
    chance.shuffle(shuffled)
    assert risk_of(*files) == risk_of(*shuffled)


OWN_FILES = sorted(path for path in (ROOT / "improver").glob("*.py"))


@settings(deadline=None, max_examples=15)
@given(st.sampled_from(OWN_FILES), st.integers(20, 100), st.booleans())
def test_black_alone_is_formatting(path: Path, length: int, magic: bool) -> None:
    before = path.read_text(encoding="utf-8")
    after = black.format_str(before, mode=black.Mode(line_length=length, magic_trailing_comma=magic))
    risk = risk_of(changed(before, after))
    moved = [reason for reason in risk.because if reason.endswith("gives orders, and moved")]
    assert set(risk.categories) <= {Category.FORMATTING, *([Category.DIRECTIVES] if moved else [])}, risk
    assert risk.certified or moved


@pytest.mark.parametrize("path", OWN_FILES[::3], ids=[path.name for path in OWN_FILES[::3]])
def test_black_as_most_use_it_is_formatting(path: Path) -> None:
    before = path.read_text(encoding="utf-8")
    risk = risk_of(changed(before, black.format_str(before, mode=black.Mode())))
    assert set(risk.categories) <= {Category.FORMATTING}, risk


def test_a_file_name_that_is_no_text_is_judged_like_any_other() -> None:
    path = "bad\udcff.py"
    lines = b"import sys\nprint(sys._getframe(1).f_lineno)\n"
    context = read_context({path: b"x = 1\n", "lines.py": lines})
    assert risk_of(changed("x = 1\n", "x = 1  # one\n", path), context=context).certified
