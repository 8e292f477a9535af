"""Test tools are fetched once for each Python, and what is not to be had is said with the command that fetches it."""

from __future__ import annotations

import base64
import hashlib
import shlex
import sys
import zipfile
from pathlib import Path

import pytest

from improver.sandbox import shelf as module
from improver.sandbox.shelf import TOOLS, Shelf, commands
from improver.values import Missing


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels instead of an index, for uv and pip alike."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for tool in TOOLS:
        _wheel(folder, tool, "2.0", ">=3.10")
        _wheel(folder, tool, "1.0", ">=3.8")
    for name, value in {
        "UV_FIND_LINKS": str(folder),
        "UV_NO_INDEX": "1",
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "PIP_FIND_LINKS": str(folder),
        "PIP_NO_INDEX": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return folder


def _wheel(folder: Path, tool: str, version: str, python: str) -> None:
    name = tool.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {tool}\nVersion: {version}\nRequires-Python: {python}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(text)}")
    files[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,"]) + "\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)


def test_each_python_gets_the_newest_version_that_supports_it(index: Path, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    for version, expected in (((3, 8), "1.0"), ((3, 12), "2.0")):
        folder = shelf.folder(version, "pytest-cov")
        assert folder == tmp_path / f"shelf/3.{version[1]}/pytest-cov"
        assert expected in (folder / "pytest_cov.py").read_text()
    assert sorted(path.name for path in (tmp_path / "shelf/3.8").iterdir()) == ["pytest-cov"], "nothing half made"


def test_a_folder_that_is_there_is_not_fetched_again(index: Path, tmp_path: Path) -> None:
    first = Shelf(tmp_path / "shelf").folder((3, 11), "pytest")
    for wheel in index.iterdir():
        wheel.unlink()
    assert Shelf(tmp_path / "shelf", offline=True).folder((3, 11), "pytest") == first


def test_pip_serves_where_uv_cannot(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pip", reason="this environment has no pip")
    monkeypatch.setattr(module, "find", lambda *_, **__: None)
    folder = Shelf(tmp_path / "shelf").folder((3, 9), "pytest")
    assert isinstance(folder, Path), folder
    assert "1.0" in (folder / "pytest.py").read_text()


def test_what_cannot_be_fetched_is_missing_with_the_one_command(index: Path, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "a shelf")
    missing = shelf.folder((3, 7), "pytest")
    assert isinstance(missing, Missing)
    words = shlex.split(missing.remedy.split("`")[1])
    assert words[-1] == "pytest"
    assert str(tmp_path / "a shelf/3.7/pytest") in words
    assert list((tmp_path / "a shelf/3.7").iterdir()) == []
    assert shelf.folder((3, 7), "pytest") is missing, "it is not tried twice in a run"
    assert shelf.folders((3, 11), ("pytest", "pytest-cov")) != missing
    assert shelf.folders((3, 7), ("pytest",)) == missing


def test_offline_nothing_is_started(tmp_path: Path) -> None:
    missing = Shelf(tmp_path, offline=True).folder((3, 11), "coverage")
    assert isinstance(missing, Missing)
    assert missing.reason == "it is not on the shelf"
    assert list(tmp_path.iterdir()) == []


def test_a_tool_that_nobody_knows_is_missing(tmp_path: Path) -> None:
    assert "is not one of" in str(Shelf(tmp_path).folder((3, 11), "evil; rm -rf"))


def test_a_shelf_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    missing = Shelf(tmp_path / "file").folder((3, 11), "pytest")
    assert isinstance(missing, Missing)
    assert "cannot be written" in missing.reason


def test_only_wheels_are_taken_and_no_program_of_the_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Building a source distribution would run its code outside of the walls."""
    (tmp_path / "uv").write_text("#!/bin/sh\n")
    (tmp_path / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "elsewhere/python"))
    assert commands(tmp_path, (3, 11), ["pytest"])[0][0] == str(tmp_path / "uv")
    for command in commands(tmp_path, (3, 11), ["pytest"], outside_of=tmp_path):
        assert command[0] != str(tmp_path / "uv")
        assert ":all:" in " ".join(command)
