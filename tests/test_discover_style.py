"""How a project writes, how it runs its tests, and what it carries, as its settings tell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from improver.discover import FolderTree, discover
from improver.judges import is_judge
from improver.settings import ProjectSettings
from improver.values import Missing, Style, Target, TestCommand

NO_SETTINGS = ProjectSettings()
PROJECT = "[project]\nname = 'thing'\n"


def look(top: Path, files: Mapping[str, str], settings: ProjectSettings = NO_SETTINGS, project: str = "") -> Target:
    for name, content in files.items():
        place = top / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    return discover(top / project, settings, FolderTree(top), judges=is_judge)


def style(top: Path, files: Mapping[str, str]) -> Style:
    return look(top, files).style


LENGTHS = [
    pytest.param({}, 79, id="nothing configured"),
    pytest.param({"pyproject.toml": "[tool.black]\n"}, 88, id="black's default"),
    pytest.param({"pyproject.toml": "[tool.black]\nline-length = 100\n"}, 100, id="black"),
    pytest.param({"pyproject.toml": "[tool.ruff]\nline-length = 120\n"}, 120, id="ruff in pyproject.toml"),
    pytest.param(
        {"ruff.toml": "line-length = 90\n", "pyproject.toml": "[tool.ruff]\nline-length = 99\n"}, 90, id="ruff.toml"
    ),
    pytest.param({"ruff.toml": "extend = 'base.toml'\n", "base.toml": "line-length = 77\n"}, 77, id="ruff extends"),
    pytest.param({"setup.cfg": "[flake8]\nmax-line-length = 100\n"}, 100, id="flake8 in setup.cfg"),
    pytest.param({".flake8": "[flake8]\nmax_line_length = 101 # long\n"}, 101, id=".flake8"),
    pytest.param({"tox.ini": "[pycodestyle]\nmax-line-length = 110\n"}, 110, id="pycodestyle in tox.ini"),
    pytest.param(
        {".editorconfig": "root = true\n[*]\nmax_line_length = 70\n[*.py]\nmax_line_length = 95\n"}, 95, id="editor"
    ),
    pytest.param({".editorconfig": "[*.{js,ts}]\nmax_line_length = 95\n"}, 79, id="an editor's setting for others"),
    pytest.param({".pylintrc": "[FORMAT]\nmax-line-length=102\n"}, 102, id="pylint"),
    pytest.param(
        {"pyproject.toml": "[tool.black]\n", ".flake8": "[flake8]\nmax-line-length = 80\n"}, 80, id="the strictest"
    ),
    pytest.param({"pyproject.toml": "[tool.ruff.lint.pycodestyle]\nmax-doc-length = 72\n"}, 72, id="for documentation"),
    pytest.param({"pyproject.toml": "[tool.black]\nline-length = 'many'\n"}, 88, id="no number"),
    pytest.param({"pyproject.toml": "[tool.black]\nline-length = 100000\n"}, 79, id="no sane number"),
    pytest.param({"setup.cfg": "[flake8\nbroken"}, 79, id="broken"),
]


@pytest.mark.parametrize(("files", "length"), LENGTHS)
def test_line_length(tmp_path: Path, files: dict[str, str], length: int) -> None:
    assert style(tmp_path, files).line_length == length


def test_settings_above_the_project_count_where_tools_look_upwards(tmp_path: Path) -> None:
    files = {"pyproject.toml": "[tool.black]\nline-length = 99\n", "sub/pyproject.toml": PROJECT, "sub/a.py": ""}
    assert look(tmp_path, files, project="sub").style.line_length == 99


def test_broken_settings_are_absent_and_said(tmp_path: Path) -> None:
    target = look(tmp_path, {"setup.cfg": "no section\n", "pyproject.toml": "[tool.black]\nline-length = 90\n"})
    assert target.style.line_length == 90
    assert any(item.what == "setup.cfg" and "absent" in item.reason for item in target.left_out)


FORMATTERS = [
    pytest.param({"pyproject.toml": "[tool.black]\n"}, "black", (), id="black"),
    pytest.param(
        {"pyproject.toml": "[tool.ruff.format]\nquote-style = 'single'\n"}, "ruff", ("ruff",), id="ruff format"
    ),
    pytest.param({"pyproject.toml": "[tool.ruff]\n"}, "", ("ruff",), id="ruff as a linter"),
    pytest.param({".pre-commit-config.yaml": "repos:\n- hooks:\n  - id: ruff-format\n"}, "ruff", (), id="hook"),
    pytest.param({"tox.ini": "[flake8]\nignore = E1\n[pydocstyle]\n"}, "", ("flake8", "pydocstyle"), id="tox.ini"),
    pytest.param({}, "", (), id="none"),
]


@pytest.mark.parametrize(("files", "formatter", "linters"), FORMATTERS)
def test_formatter_and_linters(tmp_path: Path, files: dict[str, str], formatter: str, linters: tuple[str, ...]) -> None:
    found = style(tmp_path, files)
    assert (found.formatter, found.linters) == (formatter, linters)


GOOGLE = 'def f(a):\n    """Do.\n\n    Args:\n        a: one.\n\n    Returns:\n        two.\n    """\n'
NUMPY = (
    'def f(a):\n    """Do.\n\n    Parameters\n    ----------\n    a : int\n\n'
    '    Returns\n    -------\n    int\n    """\n'
)
SPHINX = 'def f(a):\n    """Do.\n\n    :param a: one\n    :returns: two\n    """\n'

CONVENTIONS = [
    pytest.param({"a.py": GOOGLE}, "google", id="google docstrings"),
    pytest.param({"a.py": NUMPY}, "numpy", id="numpy docstrings"),
    pytest.param({"a.py": SPHINX, "b.py": SPHINX}, "sphinx", id="sphinx docstrings"),
    pytest.param({"a.py": NUMPY, "b.py": NUMPY, "c.py": GOOGLE}, "numpy", id="most of them"),
    pytest.param({"a.py": "x = 1\n"}, "google", id="none"),
    pytest.param({"a.py": GOOGLE, "ruff.toml": "[lint.pydocstyle]\nconvention = 'numpy'\n"}, "numpy", id="ruff says"),
    pytest.param({"a.py": GOOGLE, "setup.cfg": "[pydocstyle]\nconvention = numpy\n"}, "numpy", id="pydocstyle says"),
    pytest.param(
        {"a.py": NUMPY, "ruff.toml": "[lint.pydocstyle]\nconvention = 'pep257'\n"}, "numpy", id="pep257 is open"
    ),
    pytest.param({"docs/conf.py": "extensions = ['sphinx.ext.autodoc']\n"}, "sphinx", id="sphinx without napoleon"),
    pytest.param({"docs/conf.py": "extensions = ['sphinx.ext.napoleon']\n"}, "google", id="napoleon"),
    pytest.param({"docs/conf.py": "extensions = ['numpydoc']\n"}, "numpy", id="numpydoc"),
    pytest.param({"mkdocs.yml": "options:\n  docstring_style: numpy\n"}, "numpy", id="mkdocstrings"),
]


@pytest.mark.parametrize(("files", "convention"), CONVENTIONS)
def test_convention(tmp_path: Path, files: dict[str, str], convention: str) -> None:
    assert style(tmp_path, files).convention == convention


def test_settings_for_improver_win(tmp_path: Path) -> None:
    settings = ProjectSettings(convention="sphinx", line_length=60)
    found = look(tmp_path, {"a.py": GOOGLE, "pyproject.toml": "[tool.black]\n"}, settings).style
    assert (found.convention, found.line_length) == ("sphinx", 60)


FLOORS = [
    pytest.param("requires-python = '>=3.9'", (3, 9), id="at least"),
    pytest.param("requires-python = '>=3.9.2,<4'", (3, 9), id="with a patch version"),
    pytest.param("requires-python = '~=3.10'", (3, 10), id="compatible"),
    pytest.param("requires-python = '>3.8'", (3, 9), id="newer than"),
    pytest.param("requires-python = '<4,!=3.9.*,>=3.7'", (3, 7), id="in any order"),
    pytest.param(
        "classifiers = ['Programming Language :: Python :: 3.12', 'x :: Python :: 3.9']", (3, 9), id="classifiers"
    ),
    pytest.param("[tool.poetry.dependencies]\npython = '^3.11'", (3, 11), id="poetry"),
    pytest.param("[tool.ruff]\ntarget-version = 'py310'", (3, 10), id="ruff"),
    pytest.param("[tool.black]\ntarget-version = ['py312', 'py39']", (3, 9), id="black"),
    pytest.param("requires-python = 'whatever'", (3, 8), id="nonsense"),
]


@pytest.mark.parametrize(("line", "floor"), FLOORS)
def test_oldest_python(tmp_path: Path, line: str, floor: tuple[int, int]) -> None:
    assert style(tmp_path, {"pyproject.toml": f"[project]\n{line}\n"}).python == floor


def command_of(top: Path, files: Mapping[str, str], settings: ProjectSettings = NO_SETTINGS) -> TestCommand | Missing:
    return look(top, files, settings).tests


INI = "[pytest]\naddopts = -x --cov 'a b'\n"
HOMES = [
    pytest.param({"pytest.ini": INI}, "pytest.ini", id="pytest.ini"),
    pytest.param({".pytest.ini": INI}, ".pytest.ini", id=".pytest.ini"),
    pytest.param({"tox.ini": INI}, "tox.ini", id="tox.ini"),
    pytest.param({"setup.cfg": INI.replace("pytest", "tool:pytest")}, "setup.cfg", id="setup.cfg"),
    pytest.param(
        {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = \"-x --cov 'a b'\"\n"}, "pyproject.toml", id="toml"
    ),
    pytest.param(
        {"pyproject.toml": "[tool.pytest]\naddopts = ['-x', '--cov', 'a b']\n"}, "pyproject.toml", id="native toml"
    ),
    pytest.param(
        {"pytest.ini": INI, "pyproject.toml": "[tool.pytest.ini_options]\n"}, "pytest.ini", id="pytest.ini first"
    ),
    pytest.param({"tox.ini": INI, "setup.cfg": "[tool:pytest]\n"}, "tox.ini", id="tox.ini before setup.cfg"),
]


@pytest.mark.parametrize(("files", "home"), HOMES)
def test_homes_of_pytest_settings(tmp_path: Path, files: dict[str, str], home: str) -> None:
    found = command_of(tmp_path, {**files, "test_a.py": "def test(): pass\n"})
    assert found == TestCommand("pytest", (), ("-x", "--cov", "a b"), home)


def test_an_empty_pytest_ini_counts(tmp_path: Path) -> None:
    files = {"pytest.ini": "", "setup.cfg": "[tool:pytest]\naddopts = -x\n", "test_a.py": ""}
    assert command_of(tmp_path, files) == TestCommand("pytest", (), (), "pytest.ini")


def test_settings_above_the_project_count_for_pytest(tmp_path: Path) -> None:
    files = {"tox.ini": INI, "sub/pyproject.toml": PROJECT, "sub/tests/test_a.py": ""}
    found = look(tmp_path, files, project="sub").tests
    assert found == TestCommand("pytest", (), ("-x", "--cov", "a b"), "../tox.ini")


UNITTEST = "import unittest\nclass A(unittest.TestCase):\n    def test(self): pass\n"


def test_a_unittest_project_is_known_by_its_tests(tmp_path: Path) -> None:
    assert command_of(tmp_path, {"tests/test_a.py": UNITTEST}) == TestCommand("unittest")


def test_unittest_files_that_pytest_would_not_collect_are_named(tmp_path: Path) -> None:
    found = command_of(tmp_path, {"tests/testing_a.py": UNITTEST})
    assert isinstance(found, TestCommand)
    assert found.argv == ("-o", "python_files=test*.py *_test.py *_tests.py")


def test_unittest_classes_run_by_pytest_are_pytest(tmp_path: Path) -> None:
    files = {"tests/test_a.py": UNITTEST, "tests/test_b.py": "import pytest\n"}
    assert command_of(tmp_path, files) == TestCommand("pytest")


def test_a_django_project_is_asked_for_its_command(tmp_path: Path) -> None:
    found = command_of(
        tmp_path, {"manage.py": "", "app/tests.py": "from django.test import TestCase\n", "app/test_b.py": ""}
    )
    assert isinstance(found, Missing)
    assert "manage.py" in found.reason


def test_no_tests_is_said(tmp_path: Path) -> None:
    for files in ({"a.py": ""}, {"pytest.ini": "", "tests/data.txt": ""}, {"tests/__init__.py": "", "conftest.py": ""}):
        assert isinstance(command_of(tmp_path, files), Missing)


COMMANDS = [
    pytest.param(("pytest", "-k", "fast"), TestCommand("pytest", ("-k", "fast")), id="pytest"),
    pytest.param(("python", "-m", "pytest", "tests"), TestCommand("pytest", ("tests",)), id="python -m pytest"),
    pytest.param(("python", "-m", "unittest"), TestCommand("unittest"), id="unittest"),
    pytest.param(("make", "test"), TestCommand("opaque", ("make", "test")), id="make"),
    pytest.param(
        ("python", "manage.py", "test"), TestCommand("opaque", ("python", "manage.py", "test")), id="manage.py"
    ),
]


@pytest.mark.parametrize(("command", "expected"), COMMANDS)
def test_the_command_of_the_settings(tmp_path: Path, command: tuple[str, ...], expected: TestCommand) -> None:
    assert command_of(tmp_path, {"a.py": ""}, ProjectSettings(test_command=command)) == expected


IGNORE = "*.so\n*_version.py\nversion.txt\n*.egg-info/\n*_pb2.py\nbuild/\n.venv/\nvenv/\ndata/\n.env\n*.pem\ngen/\n"


def carried(top: Path, files: Mapping[str, str], settings: ProjectSettings = NO_SETTINGS) -> tuple[str, ...]:
    (top / "empty").mkdir()
    return look(top, {".gitignore": IGNORE, "src/a/__init__.py": "", **files}, settings).carried


CARRIED = [
    pytest.param("src/a/fast.cpython-311-x86_64-linux-gnu.so", "", id="extension module"),
    pytest.param("src/a/_version.py", "", id="version file"),
    pytest.param("src/a/x_pb2.py", "", id="protobuf"),
    pytest.param("src/a/gen/y_pb2.py", "", id="protobuf in an ignored folder"),
    pytest.param("version.txt", "[tool.setuptools_scm]\nwrite_to = 'version.txt'\n", id="setuptools_scm"),
    pytest.param("version.txt", "[tool.hatch.build.hooks.vcs]\nversion-file = 'version.txt'\n", id="hatch-vcs"),
    pytest.param("version.txt", "[tool.pdm.version]\nwrite_to = 'version.txt'\n", id="pdm"),
]


@pytest.mark.parametrize(("path", "settings"), CARRIED)
def test_what_is_carried(tmp_path: Path, path: str, settings: str) -> None:
    assert carried(tmp_path, {"pyproject.toml": PROJECT + settings, path: ""}) == (path,)


def test_metadata_of_an_install_is_carried_whole(tmp_path: Path) -> None:
    assert carried(tmp_path, {"src/a.egg-info/PKG-INFO": "", "src/a.egg-info/x.txt": ""}) == ("src/a.egg-info",)


NOT_CARRIED = [
    pytest.param("build/lib/a/fast.so", id="in a build folder"),
    pytest.param("docs/fast.so", id="not among the sources"),
    pytest.param("version.txt", id="named by nobody"),
    pytest.param("data/big.bin", id="data"),
]


@pytest.mark.parametrize("path", NOT_CARRIED)
def test_what_is_not_carried(tmp_path: Path, path: str) -> None:
    assert carried(tmp_path, {path: ""}) == ()


def test_settings_carry_more_but_never_secrets_nor_environments(tmp_path: Path) -> None:
    files = {".env": "", "data/a.bin": "", "data/.hidden": "", "key.pem": "", "data/x.pem": "", "venv/pyvenv.cfg": ""}
    files |= {"venv/lib/x.bin": "", "src/.env": ""}
    settings = ProjectSettings(carry=("*.bin", ".env", "*.pem", ".hidden", "venv/"))
    assert carried(tmp_path, files, settings) == ("data/a.bin",)


def test_links_are_not_carried(tmp_path: Path) -> None:
    (tmp_path / "src/a").mkdir(parents=True)
    os.symlink("/etc/passwd", tmp_path / "src/a/x.so")
    assert carried(tmp_path, {}) == ()
