"""How the project runs its tests."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch

from improver.discover.settings_files import SettingsFiles, Table, table, words
from improver.discover.tree import BaseTree, ancestors, inside, join
from improver.settings import ProjectSettings
from improver.values import Missing, TestCommand

PYTEST_FILES = ("test_*.py", "*_test.py")
_TEST_NAMES = ("test*.py", "*_test.py", "*_tests.py")
_USES_PYTEST = re.compile(rb"^[ \t]*(?:import pytest|from pytest)\b", re.MULTILINE)
_USES_UNITTEST = re.compile(rb"^[ \t]*(?:import unittest|from unittest)\b|\bTestCase\b", re.MULTILINE)
_SAMPLE = 80
_NO_TESTS = Missing(
    "tests",
    "the project has no test files at the base commit",
    "Changes that need no run can still be proven. `test-command` in the settings names a command that checks them.",
)


def find_tests(
    project: str, settings: ProjectSettings, files: SettingsFiles, judges: Iterable[str], tree: BaseTree
) -> TestCommand | Missing:
    """The command, or why there is none.

    Parameters:
        judges: the paths of the project that judge, tests among them.
    """
    settings_file, found = pytest_settings(project, files)
    if settings.test_command:
        return _settled(settings.test_command, settings_file, _addopts(found))
    patterns = words(found.get("python_files")) or PYTEST_FILES
    tests = sorted(path for path in judges if inside(path, project) and is_test_file(path, project, patterns))
    doctests = any(word.startswith(("--doctest", "--nbval")) for word in _addopts(found))
    if settings_file and (tests or doctests):
        return TestCommand("pytest", (), _addopts(found), settings_file)
    return _without_settings(project, tests, files, tree) if tests else _NO_TESTS


def is_test_file(path: str, project: str, patterns: Sequence[str] = PYTEST_FILES) -> bool:
    """Whether a file holds tests, by its name."""
    if not path.endswith(".py"):
        return False
    relative = path[len(project) + 1 :] if project else path
    name = relative.rpartition("/")[2]
    return any(fnmatch(name, pattern.rpartition("/")[2]) for pattern in (*patterns, *_TEST_NAMES))


def pytest_settings(project: str, files: SettingsFiles) -> tuple[str, Table]:
    """The file that pytest would read from the project's folder, relative to the project, and what it says.

    Files above the project count as they do for pytest; their path starts with ``..``.
    """
    for depth, folder in enumerate(ancestors(project)):
        for name, found in _homes(folder, files):
            if found is not None:
                return "../" * depth + name, found
    return "", {}


def _homes(folder: str, files: SettingsFiles) -> Iterator[tuple[str, Table | None]]:
    """In pytest's own order; ``pytest.ini`` counts even when it is empty."""
    for name in ("pytest.toml", ".pytest.toml"):
        yield name, table(files.toml(join(folder, name)), "pytest") if join(folder, name) in files else None
    for name in ("pytest.ini", ".pytest.ini"):
        yield name, files.ini(join(folder, name)).get("pytest", {}) if join(folder, name) in files else None
    tool = table(files.toml(join(folder, "pyproject.toml")), "tool")
    pytest = table(tool, "pytest")
    own = {key: value for key, value in pytest.items() if key != "ini_options"}
    yield "pyproject.toml", table(pytest, "ini_options") if "ini_options" in pytest else own or None
    yield "tox.ini", files.ini(join(folder, "tox.ini")).get("pytest")
    yield "setup.cfg", files.ini(join(folder, "setup.cfg")).get("tool:pytest")


def _addopts(found: Table) -> tuple[str, ...]:
    value = found.get("addopts", "")
    return _split(value) if isinstance(value, str) else words(value)


def _split(line: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(line))
    except ValueError:
        return tuple(line.split())


def _settled(command: Sequence[str], settings_file: str, addopts: tuple[str, ...]) -> TestCommand:
    """What the project's settings for improver say; a bare pytest is understood, the rest is only started."""
    bare = list(command)
    if len(bare) > 1 and re.fullmatch(r"python[\d.]*", bare[0]) and bare[1] == "-m":
        bare = bare[2:]
    if bare and bare[0] in ("pytest", "py.test"):
        return TestCommand("pytest", tuple(bare[1:]), addopts, settings_file)
    if bare in (["unittest"], ["unittest", "discover"]):
        return TestCommand("unittest", (), addopts, settings_file)
    return TestCommand("opaque", tuple(command))


def _without_settings(
    project: str, tests: Sequence[str], files: SettingsFiles, tree: BaseTree
) -> TestCommand | Missing:
    contents = _sample(tests, tree)
    uses_pytest = join(project, "conftest.py") in files or any(map(_USES_PYTEST.search, contents))
    if not uses_pytest and join(project, "manage.py") in files:
        return Missing(
            "tests",
            "the tests are run by manage.py, and nothing tells pytest how",
            'Say `test-command = ["python", "manage.py", "test"]` in the settings, or add pytest-django.',
        )
    if not uses_pytest and any(map(_USES_UNITTEST.search, contents)):
        return TestCommand("unittest", _patterns(tests))
    if not any(fnmatch(path.rpartition("/")[2], pattern) for path in tests for pattern in PYTEST_FILES):
        return TestCommand("pytest", _patterns(tests))
    return TestCommand("pytest")


def _patterns(tests: Iterable[str]) -> tuple[str, ...]:
    """Words that let pytest collect what unittest would, where their patterns differ."""
    names = {path.rpartition("/")[2] for path in tests}
    if all(any(fnmatch(name, pattern) for pattern in PYTEST_FILES) for name in names):
        return ()
    return ("-o", f"python_files={' '.join(_TEST_NAMES)}")


def _sample(paths: Sequence[str], tree: BaseTree) -> list[bytes]:
    step = max(1, len(paths) // _SAMPLE)
    return list(tree.read_many(paths[::step]).values())
