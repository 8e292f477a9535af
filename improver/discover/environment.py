"""Finds an interpreter that can import the project and its test tools, and everything it needs in reach."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from improver.discover.build_settings import Build, normal, read_build, words_of_requirements
from improver.discover.candidates import Candidate, Surroundings, candidates, looked_at
from improver.discover.imports import modules_of, needed_imports
from improver.discover.installation import Reach, belongings, interpreter_of, prefix_of
from improver.discover.interview import Answer, interview
from improver.discover.plain_folder import FolderTree
from improver.discover.remedy import REQUIREMENTS, environment_named, remedy
from improver.discover.settings_files import SettingsFiles
from improver.discover.tree import BaseTree, join
from improver.errors import UsageError
from improver.ports import Ask
from improver.settings import Settings
from improver.values import Environment, Missing, Target

_NAMES = (
    *("pyproject.toml", "setup.py", "setup.cfg", "uv.lock", "poetry.lock", "pdm.lock", "Pipfile", "requirements.txt"),
    *REQUIREMENTS,
)
# The modules of the tools that the shelf can hold.
_SHELVED = frozenset({"pytest", "pytest_cov", "xdist", "pytest_benchmark"})


def find_environment(
    target: Target, settings: Settings, ask: Ask, active: Mapping[str, str], tree: BaseTree | None = None
) -> Environment | Missing:
    """The first environment in which everything resolves that the project's imports and its tests need.

    Where there is none, one that lacks nothing but test tools does: improver's shelf has those.

    Parameters:
        ask: starts an interpreter behind the walls; none is started elsewhere.
        active: the environment variables that improver was started with.
        tree: the base commit, for settings files; the checkout's are read where it is not given.

    Raises:
        UsageError: `--python` names no interpreter, or the project's settings name one outside of the checkout.
    """
    project = target.repository / target.project if target.project else target.repository
    files = _files(target, tree)
    build = _build(target, files)
    around = Surroundings(target.repository, project, build.name or project.name, active)
    reach = Reach(around.home, target.repository)
    needed = _needed(target, build)
    tracked = _tracked(tree)
    distributions = modules_of(build.dependencies)
    refused: list[Refused] = []
    nearly: Environment | None = None
    for candidate in _asked(settings, around):
        if tracked(candidate.python, target.repository):
            _require_usable(settings, candidate, "is part of the repository, so it is not started")
            refused.append(Refused(candidate.origin, "is part of the repository"))
            continue
        binds = belongings(candidate.python, reach)
        answer = interview(candidate.python, binds, needed, distributions, ask)
        if answer.problem:
            _require_usable(settings, candidate, answer.problem)
        if not answer.problem and not answer.missing:
            return _environment(candidate, answer, binds)
        if not answer.problem and nearly is None and _SHELVED.issuperset(answer.missing):
            nearly = _environment(candidate, answer, binds)
        refused.append(Refused(candidate.origin, answer.problem, answer.missing))
    if nearly is not None:
        return nearly
    command = remedy(target.project, build, files, environment_named(project))
    return _missing(refused, looked_at(around), command)


@dataclass(frozen=True, slots=True)
class Refused:
    """An interpreter that does not do.

    Parameters:
        problem: why it could not be asked, empty when it could.
        missing: the modules that it does not find.
    """

    origin: str
    problem: str
    missing: tuple[str, ...] = ()


def _asked(settings: Settings, around: Surroundings) -> Iterator[Candidate]:
    """The one that somebody named, else all that are there."""
    if settings.python is not None:
        yield _named(_on_path(settings.python, around) or Path.cwd() / settings.python.expanduser(), "--python")
    elif settings.project.python:
        python = around.project / settings.project.python
        if ".." in python.parts or not python.is_relative_to(around.repository):
            raise UsageError(
                f"`python` in the project's settings names {settings.project.python}, outside of the checkout.",
                remedy="Name it on the command line: `--python FILE`.",
            )
        yield _named(python, "the project's settings")
    else:
        yield from candidates(around)


def _on_path(word: Path, around: Surroundings) -> Path | None:
    """What a bare word such as ``python3.12`` or ``3.12`` means to a shell; none where it is a path that exists."""
    if len(word.parts) != 1 or word.exists():
        return None
    places = around.environ.get("PATH", "")
    found = shutil.which(str(word), path=places) or shutil.which(f"python{word}", path=places)
    return Path(found).absolute() if found else None


def _named(path: Path, origin: str) -> Candidate:
    python = interpreter_of(path) if path.is_dir() else path
    if python is None or not python.is_file():
        raise UsageError(
            f"{path} ({origin}) is no interpreter.", remedy="Name a Python, or the folder of an environment."
        )
    return Candidate(python, origin)


def _require_usable(settings: Settings, candidate: Candidate, problem: str) -> None:
    """What was named on the command line is used, or the run ends: it does not go on with less than was asked for."""
    if settings.python is not None:
        raise UsageError(
            f"{candidate.python} (--python) {problem}.",
            left="Nothing was proposed.",
            remedy="Name a Python, or leave `--python` out to have one looked for.",
        )


def _environment(candidate: Candidate, answer: Answer, binds: Sequence[Path]) -> Environment:
    prefix = prefix_of(candidate.python) or Path(answer.prefix)
    return Environment(candidate.python, answer.version, prefix, tuple(binds), answer.tools, candidate.origin)


def _build(target: Target, files: SettingsFiles) -> Build:
    """The build settings, with ``requirements.txt`` where they name no dependency."""
    build = read_build(target.project, files)
    lines = "" if build.dependencies else files.text(join(target.project, "requirements.txt"))
    return replace(build, dependencies=tuple(map(normal, words_of_requirements(lines)))) if lines else build


def _needed(target: Target, build: Build) -> tuple[str, ...]:
    """The project's imports, then its test tools."""
    found = dict.fromkeys(needed_imports(target.sources, target.source_roots, build))
    if not isinstance(target.tests, Missing) and target.tests.kind == "pytest":
        found["pytest"] = None
        found.update(dict.fromkeys(_plugins((*target.tests.addopts, *target.tests.argv))))
    return tuple(found)


def _plugins(words: Sequence[str]) -> Iterator[str]:
    """The plug-ins without which pytest would not understand its own settings."""
    for word in words:
        if word.startswith("--cov"):
            yield "pytest_cov"
        elif word in ("-n", "--numprocesses") or word.startswith(("-n=", "-nauto", "--numprocesses=", "--dist")):
            yield "xdist"
        elif word.startswith("--benchmark-"):
            yield "pytest_benchmark"
        elif word.startswith("--timeout"):
            yield "pytest_timeout"


def _files(target: Target, tree: BaseTree | None) -> SettingsFiles:
    """The settings files; without a tree, those of the checkout that are really there."""
    names = [join(target.project, name) for name in _NAMES]
    if tree is not None:
        return SettingsFiles(
            tree, (entry.path for entry in tree.entries() if not entry.path.endswith(".py") or entry.path in names)
        )
    names += ["uv.lock"]
    return SettingsFiles(
        FolderTree(target.repository), (name for name in names if (target.repository / name).is_file())
    )


def _tracked(tree: BaseTree | None) -> Callable[[Path, Path], bool]:
    """Whether an interpreter is the repository's own content: whoever wrote that chose what it reaches."""
    paths = frozenset(entry.path for entry in tree.entries()) if tree is not None else frozenset()

    def is_tracked(python: Path, repository: Path) -> bool:
        prefix = prefix_of(python)
        places = [python, *([prefix / "pyvenv.cfg"] if prefix else [])]
        inside = (place.relative_to(repository) for place in places if place.is_relative_to(repository))
        return any(place.as_posix() in paths for place in inside)

    return is_tracked


def _missing(refused: Sequence[Refused], places: str, command: str) -> Missing:
    if not refused:
        return Missing("environment", f"none was found; looked at {places}", f"Run `{command}`.")
    lacking = [item for item in refused if item.missing]
    nearest = min(lacking, key=lambda item: len(item.missing), default=refused[0])
    said = f"looked at {', '.join(item.origin for item in refused[:6])}{' ...' if len(refused) > 6 else ''}"
    if nearest.missing:
        count = len({normal(name) for name in nearest.missing})
        rest = f" and {count - 1} more" if count > 1 else ""
        why = f"{nearest.origin} lacks `{nearest.missing[0]}`{rest}"
    else:
        why = f"{nearest.origin} {nearest.problem}"
    return Missing("environment", f"none holds all that the project needs; {said}: {why}", f"Run `{command}`.")
