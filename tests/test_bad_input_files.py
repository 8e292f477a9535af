"""Odd and hostile files: named, counted and left alone; whatever they hold, nothing breaks and nothing is changed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from checkout import SHOP, SOURCE, Checkout, Shell, shop, snapshot


@pytest.fixture
def project(tmp_path: Path) -> Checkout:
    return shop(tmp_path / "shop")


@pytest.fixture
def shell(tmp_path: Path, project: Checkout) -> Shell:
    return Shell.make(tmp_path, project.path)


BROKEN = {
    "broken.py": b"def price(:\n",
    "nulls.py": b"x = 1\0\n",
    "latin.py": b"# caf\xe9\nx = '\xe9'\n",
    "cookie.py": b"# -*- coding: no-such-coding -*-\nx = 1\n",
    "lies.py": b"# -*- coding: ascii -*-\nx = '\xc3\xa9'\n",
    "utf16.py": "x = 1\n".encode("utf-16"),
    "deep.py": b"x = " + b"(" * 5000 + b")" * 5000 + b"\n",
    "chain.py": b"x = " + b"-" * 20000 + b"1\n",
    "sum.py": b"def f(a):\n    return " + b"+".join([b"a"] * 20000) + b"\n",
    "tabs.py": b"if 1:\n\tx = 1\n        y = 2\n    \tz = 3\n",
    "bom.py": b"\xef\xbb\xbf# -*- coding: latin-1 -*-\nx = 1\n",
    "lone.py": b"x = '\\ud800'\ndef f(a):\n    if a:\n        raise ValueError('\\ud800')\n    return a\n",
    "empty.py": b"",
    "blank.py": b"\n\n\f\n",
    "nothing.py": b"\0" * 4096,
    "returns.py": b"def f(a):\r    if a < 0:\r        raise ValueError\r    return a\r",
    "number.py": b"x = " + b"9" * 10000 + b"\n",
    "newer.py": b"def f[T](x: T) -> T:\n    return x\ntype A = int\nx = t'{y}'\n",
    "older.py": b"print 'hello'\nexec 'x'\n",
}


def test_files_that_cannot_be_read_as_python_are_counted_with_reasons(tmp_path: Path) -> None:
    project = shop(tmp_path / "shop", BROKEN)
    shell = Shell.make(tmp_path, project.path)
    before = snapshot(project.path)
    scanned = shell("scan").expect(0, "`price`", "Left out")
    shell("propose").expect(0, "`price`", "Left out")
    document = shell("scan", "--json").expect(0).document
    left_out = sum(each["count"] for each in document["skipped"])
    assert left_out >= 10, scanned
    assert snapshot(project.path) == before


def test_files_that_were_named_and_cannot_be_read_are_no_failure(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, content in BROKEN.items():
        (folder / name).write_bytes(content)
    before = snapshot(folder)
    Shell.make(tmp_path, folder)("scan", "--diff", *BROKEN).expect(0, "Left out")
    assert snapshot(folder) == before


NAMES = [
    b"with space.py",
    b"new\nline.py",
    b"-dash.py",
    b"--json.py",
    "ünï-цод.py".encode(),
    b"non-\xff-utf8.py",
    b"quote'\".py",
    b"back\\slash.py",
    b"tab\t.py",
    b"esc\x1b[31m.py",
    b"[red]markup[bold].py",
    b"$(touch marker).py",
    b"*.py",
    b":(top)magic.py",
    b"a.py.py",
    b"con.py",
    "right\u202eleft.py".encode(),
    b"x" * 250 + b".py",
]


def named_oddly(folder: Path) -> Checkout:
    project = shop(folder / "odd")
    for number, name in enumerate(NAMES):
        source = SOURCE.replace(b"price", b"price_%d" % number)
        project.write({name.decode("utf-8", "surrogateescape"): source})
    project.commit()
    return project


def test_odd_file_names_are_proposed_for_like_others(tmp_path: Path) -> None:
    project = named_oddly(tmp_path)
    shell = Shell.make(tmp_path, project.path)
    before = snapshot(project.path)
    answer = shell("propose").expect(0)
    document = shell("show", "--json").expect(0).document
    assert len(document["dossiers"]) == len(NAMES) + 1
    assert "\x1b" not in answer.out
    assert "\u202e" not in answer.out
    for name in ("with space.py", "ünï-цод.py", "[red]markup[bold].py"):
        assert name in answer.out
    assert snapshot(project.path) == before


def test_odd_file_names_are_scanned_without_git(tmp_path: Path) -> None:
    project = named_oddly(tmp_path)
    shell = Shell.make(tmp_path, project.path)
    plain = shell("scan", "--diff").expect(0, *(f"price_{number}" for number in range(len(NAMES))))
    assert "\x1b" not in plain.out
    assert len(shell("scan", "--json").expect(0).document["dossiers"]) == len(NAMES) + 1


def test_oddly_named_files_can_be_named(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(SOURCE.replace(b"price", b"price_%d" % number))
    names = [os.fsdecode(name) for name in NAMES]
    Shell.make(tmp_path, folder)("scan", "--", *names).expect(0, *(f"price_{number}" for number in range(len(NAMES))))


def test_odd_file_names_are_accepted(tmp_path: Path) -> None:
    project = named_oddly(tmp_path)
    shell = Shell.make(tmp_path, project.path)
    shell("propose").expect(0)
    ids = [each["id"] for each in shell("show", "--json").expect(0).document["dossiers"]]
    before = snapshot(project.path, ask_git=False)
    shell("accept", "--branch", "odd", *ids).expect(0, f"{len(NAMES) + 1} commits")
    changed = project.raw("diff", "--name-only", "-z", "main", "odd").split(b"\0")
    assert {name for name in changed if name} == {*NAMES, b"shop.py"}
    after = snapshot(project.path, ask_git=False)
    assert {name: seen for name, seen in after.items() if not name.startswith(b".git")} == {
        name: seen for name, seen in before.items() if not name.startswith(b".git")
    }


def test_links_that_lead_out_of_the_tree_are_not_followed(tmp_path: Path, project: Checkout, shell: Shell) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_bytes(SOURCE.replace(b"price", b"secret"))
    for name, to in (
        ("link.py", outside / "secret.py"),
        ("folder", outside),
        ("up", Path("..")),
        ("loop", Path("loop")),
        ("self.py", Path("self.py")),
        ("gone.py", Path("/nowhere/gone.py")),
        ("inside.py", Path("shop.py")),
    ):
        (project.path / name).symlink_to(to)
    project.commit()
    before = snapshot(tmp_path / "shop"), snapshot(outside)
    for words in (("scan",), ("propose",), ("scan", "--diff", "."), ("propose", ".")):
        answer = shell(*words).expect(0, "`price`")
        assert "secret" not in answer.said.replace(str(tmp_path), "")
    assert (snapshot(tmp_path / "shop"), snapshot(outside)) == before


@pytest.mark.parametrize("command", ["scan", "propose"])
@pytest.mark.parametrize("name", ["pipe.py", "folder.py"])
def test_what_is_no_file_is_not_opened(project: Checkout, shell: Shell, command: str, name: str) -> None:
    """A named pipe would block whoever opens it; a folder may end in `.py`."""
    if name == "pipe.py":
        os.mkfifo(project.path / name)
    else:
        (project.path / name).mkdir()
    shell(command).expect(0, "`price`")


def test_settings_that_are_pipes_are_not_opened(project: Checkout, shell: Shell) -> None:
    (project.path / "pyproject.toml").unlink()
    os.mkfifo(project.path / "pyproject.toml")
    shell("propose").expect(0, "`price`")
    os.mkfifo(project.path / ".gitignore")  # git itself would wait for it, and only scan does without git
    shell("scan").expect(0, "`price`")


HOSTILE_SETTINGS = {
    "huge": b"# " + b"x" * 3_000_000 + b"\n[tool.improver]\n",
    "deep lists": b"[tool.improver]\nexclude = " + b"[" * 5000 + b"]" * 5000 + b"\n",
    "deep tables": b"[tool.improver" + b".a" * 3000 + b"]\nx = 1\n",
    "no TOML": b"[tool.improver\n",
    "no UTF-8": b"[tool.improver]\npython = '\xff'\n",
    "null bytes": b"[tool.improver]\npython = 'a\0b'\n",
    "twice": b"[tool.improver]\n[tool.improver]\n",
    "no table": b"tool = 3 # improver\n",
    "a list": b"[[tool.improver]]\n",
}


@pytest.mark.parametrize("name", HOSTILE_SETTINGS)
def test_hostile_project_settings_are_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    project = shop(tmp_path / "shop", {"pyproject.toml": HOSTILE_SETTINGS[name]})
    shell = Shell.make(tmp_path, project.path)
    before = snapshot(project.path)
    for words in (("scan",), ("risk",)):
        shell(*words).expect(2, "pyproject.toml")
    assert snapshot(project.path) == before


OTHER_SETTINGS = {
    "pytest is a number": {"pyproject.toml": b"[tool.pytest]\nini_options = 3\n"},
    "options of pytest are a number": {"pyproject.toml": b"[tool.pytest.ini_options]\naddopts = 3\ntestpaths = 4\n"},
    "project is a list": {"pyproject.toml": b"project = []\ntool = []\n"},
    "ruff is a string": {"pyproject.toml": b"[tool]\nruff = 'x'\nblack = 3\nsetuptools = []\n"},
    "odd tables": {
        "pyproject.toml": b"[project]\nname = 3\nrequires-python = ['>=9']\ndependencies = 'x'\n"
        b"[tool.ruff]\nline-length = 'long'\n[tool.ruff.lint]\nselect = 4\npydocstyle = 2\n"
        b"[tool.black]\nline-length = -4\n[tool.setuptools.packages]\nfind = 3\n"
        b"[build-system]\nrequires = 4\nbuild-backend = []\n"
    },
    "broken ini files": {"setup.cfg": b"[tool:pytest\n\0=", "tox.ini": b"\xff\xfe[pytest]", "pytest.ini": b"]["},
    "interpolation": {"setup.cfg": b"[tool:pytest]\naddopts = %(nothing)s %\n[flake8]\nmax-line-length = x\n"},
    "broken ignores": {".gitignore": b"[\n\\\n!\n\xff\n/\n", ".gitattributes": b"[attr]\n* \xff\n"},
    "broken pyproject": {"pyproject.toml": b"[project\n"},
    "addopts of a shell": {"pytest.ini": b"[pytest]\naddopts = 'unbalanced\n"},
    "huge minimum": {
        "pyproject.toml": b"[project]\nname='x'\nversion='1'\nrequires-python = '>=99999999999999999999'\n"
    },
}


@pytest.mark.parametrize("name", OTHER_SETTINGS)
def test_broken_settings_of_other_tools_stop_nothing(tmp_path: Path, name: str) -> None:
    project = shop(tmp_path / "shop", OTHER_SETTINGS[name])
    shell = Shell.make(tmp_path, project.path)
    before = snapshot(project.path)
    shell("scan").expect(0, "`price`")
    shell("propose").expect(0, "`price`")
    assert snapshot(project.path) == before


@pytest.mark.parametrize("environ", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}], ids=["C", "POSIX"])
def test_words_beyond_ascii_are_shown_in_any_locale(tmp_path: Path, environ: dict[str, str]) -> None:
    source = SOURCE.replace(b"price", "größe".encode()).replace(b"no negative", "キー \U0001f600".encode())
    project = shop(tmp_path / "shop", {"shop.py": source, "тест.py": SOURCE})
    shell = Shell.make(tmp_path, project.path, **environ)
    for words in (("scan", "--diff"), ("propose", "--verbose"), ("show",), ("scan", "--json")):
        shell(*words).expect(0)


SUITES = {
    "fails": (b"def test_it():\n    assert 0\n", "0 of 1 pass at base"),
    "crashes on import": (b"import nothing_of_that_name\n", "0 of 1 pass at base"),
    "does not parse": (b"def test_it(:\n", "0 of 1 pass at base"),
    "is empty": (b"", "collected no tests"),
    "kills its process": (b"import os\n\ndef test_it():\n    os.kill(os.getpid(), 9)\n", "not run"),
    "exits": (b"import os\n\ndef test_it():\n    os._exit(0)\n", "not run"),
}


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_that_proves_nothing_is_said_and_nothing_is_claimed(tmp_path: Path, name: str) -> None:
    tests, words = SUITES[name]
    project = shop(tmp_path / "shop", {"tests/test_shop.py": tests})
    shell = Shell.make(tmp_path, project.path)
    before = snapshot(project.path)
    document = shell.propose("--json").expect(0).document
    assert words in document["run"]["tests"], document["run"]
    for dossier in document["dossiers"]:
        judged = {each["gate"]: each["verdict"] for each in dossier["evidence"]}
        assert judged.get("tests") != "passed", dossier
    assert snapshot(project.path) == before


def test_a_conftest_that_crashes_is_said(tmp_path: Path) -> None:
    project = shop(tmp_path / "shop", {"tests/conftest.py": b"raise SystemExit('no \x1b[31mway')\n"})
    shell = Shell.make(tmp_path, project.path)
    answer = shell.propose().expect(0, "not run")
    assert "\x1b" not in answer.out


def test_a_suite_that_hangs_is_stopped_by_the_limit(tmp_path: Path) -> None:
    hanging = b"def test_it():\n    while True:\n        pass\n"
    project = shop(tmp_path / "shop", {"tests/test_shop.py": hanging})
    shell = Shell.make(tmp_path, project.path)
    config = tmp_path / "config.toml"
    config.write_text("seconds = 2.0\n")
    before = snapshot(project.path)
    shell.propose("--config", str(config)).expect(0, "`price`", "time limit")
    assert snapshot(project.path) == before
    assert not shell.left_behind()


def test_without_any_tests_docstrings_are_still_certified(tmp_path: Path) -> None:
    project = shop(tmp_path / "shop", without=("tests/test_shop.py",))
    shell = Shell.make(tmp_path, project.path)
    shell.propose().expect(0, "`price`", "no test files")


def test_json_holds_nothing_that_a_terminal_obeys(tmp_path: Path) -> None:
    source = SOURCE.replace(b"no negative", b"no \\x1b[31m \x1b[31m \xe2\x80\xae negative")
    project = shop(tmp_path / "shop", {"shop.py": source})
    shell = Shell.make(tmp_path, project.path)
    answer = shell("scan", "--json", "--diff").expect(0)
    assert json.loads(answer.out)
    assert answer.out.isascii()
    assert "\x1b" not in shell("scan", "--diff").expect(0).out


def test_an_interpreter_of_the_checkout_is_not_started_outside(tmp_path: Path) -> None:
    """A `.venv` that the repository brings along is code of the repository."""
    project = shop(tmp_path / "shop")
    marker = tmp_path / "marker"
    fake = project.path / ".venv/bin/python"
    fake.parent.mkdir(parents=True)
    fake.write_text(f'#!/bin/sh\ntouch {marker}\nexec {sys.executable} "$@"\n')
    fake.chmod(0o755)
    (project.path / ".venv/pyvenv.cfg").write_text(f"home = {Path(sys.executable).parent}\nversion = 3.11\n")
    shell = Shell.make(tmp_path, project.path)
    shell("propose").expect(0)
    shell("propose", "--python", ".venv/bin/python").expect(0)
    assert not marker.exists()
    assert SHOP["shop.py"] == (project.path / "shop.py").read_bytes()
