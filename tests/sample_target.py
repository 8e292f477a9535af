"""Small targets on disk, for tests that really run them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from local_trial import LocalTrial

from improver.observe.suite import Shelf, Suites, empty_shelf
from improver.values import Environment, Missing, Source, Target, TestCommand

TOOLS = ("pytest", "coverage", "pytest-cov", "pytest-xdist", "pytest-benchmark", "hypothesis")


def installed_tools() -> dict[str, str]:
    """What of our tools the running interpreter has."""
    found = {}
    for tool in TOOLS:
        try:
            found[tool] = version(tool)
        except PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True)
class Sample:
    """A target, a trial of it and what runs its tests."""

    target: Target
    trial: LocalTrial
    suites: Suites


def lay_out(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the files below the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def sample(
    tmp_path: Path,
    files: Mapping[str, str],
    *,
    tests: TestCommand | Missing = TestCommand("pytest"),  # noqa: B008 - it is frozen
    roots: tuple[str, ...] = ("",),
    python: Path = Path(sys.executable),
    tools: Mapping[str, str] | None = None,
    shelf: Shelf = empty_shelf,
    seconds: float = 60.0,
    plugins: bool = False,
) -> Sample:
    """A target of these files; those that are no tests and no settings are its sources.

    Parameters:
        plugins: let pytest load every plug-in that is installed, which takes a second.
    """
    tree = lay_out(tmp_path / "tree", files)
    sources = tuple(Source(name, text.encode()) for name, text in files.items() if _is_source(name))
    environment = Environment(
        python, sys.version_info[:2], python.parent.parent, tools=installed_tools() if tools is None else tools
    )
    environ = {} if plugins else {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    trial = LocalTrial(tree, python, seconds=seconds, environ=environ)
    target = Target(trial.at, "", "", sources, roots, environment=environment, tests=tests)
    return Sample(target, trial, Suites(target, shelf))


def _is_source(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last.endswith(".py") and not last.startswith("test_") and last != "conftest.py"
