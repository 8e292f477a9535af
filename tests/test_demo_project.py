"""The sample project: a real little library that anybody can run."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from improver import process
from improver.demo import make_project
from improver.errors import RunFailed
from improver.judge.layout import BlackSettings, black_is_content


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("demo"))


def run(project: Path, *words: str, path: str = "src") -> tuple[int, str]:
    argv = [sys.executable, "-B", "-m", *words]
    done = process.run(argv, environ={"PYTHONPATH": path}, workdir=project, seconds=60)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_its_tests_pass_under_plain_pytest(project: Path) -> None:
    """No plug-in is needed, and there are enough of them to prove something."""
    code, printed = run(project, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:benchmark")
    assert code == 0, printed
    assert int(printed.split(" passed")[0].split()[-1]) >= 60


def test_its_benchmarks_run(project: Path) -> None:
    """Each is a test too."""
    words = ("pytest", "-q", "-p", "no:cacheprovider", "--benchmark-disable", "benchmarks")
    code, printed = run(project, *words)
    assert code == 0, printed


def test_its_benchmarks_are_skipped_without_their_plug_in(project: Path, tmp_path: Path) -> None:
    """They hurt nobody who lacks pytest-benchmark."""
    (tmp_path / "pytest_benchmark.py").write_text("raise ModuleNotFoundError\n")
    words = ("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:benchmark", "benchmarks")
    _, printed = run(project, *words, path=f"{tmp_path}:src")
    assert "1 skipped" in printed, printed


def test_what_its_readme_shows_is_so(project: Path) -> None:
    """The example is a doctest."""
    assert run(project, "doctest", "README.md") == (0, "")


def test_it_is_black_formatted(project: Path) -> None:
    """A change that is not would be seen."""
    for path in project.rglob("*.py"):
        assert black_is_content(path.read_bytes(), path.name, BlackSettings(88)), path


def test_it_has_something_to_improve(project: Path) -> None:
    """Functions that raise, and say nothing of it; one of them where docstrings are read at run time."""
    silent = [
        f"{path.stem}.{node.name}"
        for path in sorted((project / "src").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and ast.get_docstring(node) is None
        if any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    ]
    assert len(silent) >= 10
    assert "cli.track_command" in silent


def test_it_holds_nothing_but_itself(project: Path) -> None:
    """No file keeps the name under which the package carries it."""
    assert not list(project.rglob("*.txt"))
    assert {path.name for path in project.iterdir()} >= {"README.md", "pyproject.toml", ".gitignore", "src", "tests"}


def test_it_writes_over_nothing(tmp_path: Path) -> None:
    """A folder that is there is left alone."""
    (tmp_path / "waybill").mkdir()
    with pytest.raises(RunFailed, match="there already"):
        make_project(tmp_path)
    assert not list((tmp_path / "waybill").iterdir())


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """The error says what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFailed) as raised:
        make_project(tmp_path / "file")
    assert raised.value.remedy
