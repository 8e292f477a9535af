"""Small targets on disk, for tests that really run them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from local_trial import LocalTrial

from improver.facts import Facts, Instrument, Suite
from improver.observe.base import observe_base
from improver.observe.suite import Shelf, Suites, empty_shelf
from improver.ports import Hearing, Keep, Trial
from improver.values import Change, Environment, FileChange, Missing, Source, Target, TestCommand

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
    environment: Missing | None = None,
) -> Sample:
    """A target of these files; those that are no tests and no settings are its sources.

    Parameters:
        plugins: let pytest load every plug-in that is installed, which takes a second.
    """
    tree = lay_out(tmp_path / "tree", files)
    sources = tuple(Source(name, text.encode()) for name, text in files.items() if _is_source(name))
    there = Environment(
        python, sys.version_info[:2], python.parent.parent, tools=installed_tools() if tools is None else tools
    )
    environ = {"PYTHON": str(python)} | ({} if plugins else {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    trial = LocalTrial(tree, python, seconds=seconds, environ=environ)
    target = Target(trial.at, "", "", sources, roots, environment=environment or there, tests=tests)
    return Sample(target, trial, Suites(target, shelf))


def _is_source(name: str) -> bool:
    last = name.rpartition("/")[2]
    return last.endswith(".py") and not last.startswith("test_") and last != "conftest.py"


@dataclass
class Counted:
    """Runs suites and remembers which."""

    suites: Suites
    runs: list[tuple[Path, tuple[str, ...], Instrument]] = field(default_factory=list)

    def __call__(self, trial: Trial, select: Sequence[str] = (), *, instrument: Instrument = Instrument.PLAIN) -> Suite:
        self.runs.append((trial.files, tuple(select), instrument))
        return self.suites(trial, select, instrument=instrument)


def hearing(
    tmp_path: Path,
    files: Mapping[str, str],
    after: Mapping[str, str | None],
    *,
    facts: Facts | None = None,
    base: str = "",
    keep: Keep = lambda _, compute: compute(),
    **options: Any,
) -> Hearing:
    """A hearing of a change that gives files other contents; a `None` takes one away."""
    it = sample(tmp_path, files, **options)
    tree = lay_out(tmp_path / "changed", {**files, **{name: text for name, text in after.items() if text is not None}})
    for name in (name for name, text in after.items() if text is None):
        (tree / name).unlink()
    change = Change(
        base, tuple(FileChange(name, _bytes(files.get(name)), _bytes(text)) for name, text in after.items())
    )
    observed = _observed(it, repr((sorted(files.items()), sorted(options.items())))) if facts is None else facts
    return Hearing(it.target, (), change, observed, it.trial, replace(it.trial, files=tree), Counted(it.suites), keep)


_OBSERVED: dict[str, Facts] = {}


def _observed(it: Sample, key: str) -> Facts:
    """The same base is observed once for all tests of a run."""
    if key not in _OBSERVED:
        _OBSERVED[key] = observe_base(it.trial, it.suites)
    return _OBSERVED[key]


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
