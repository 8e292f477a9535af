"""Finds the project that a path belongs to; it need not be the top of the repository."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from improver.discover.plain_folder import FolderTree
from improver.discover.settings_files import SettingsFiles, table
from improver.discover.tree import BaseTree, Entry, ancestors, folder_of, inside, join
from improver.errors import UsageError

NAMES = ("pyproject.toml", "setup.py", "setup.cfg")
_STRONG_TOOLS = ("poetry", "flit", "pdm", "hatch", "improver")
_NOT_PROJECTS = frozenset(
    {"test", "tests", "testing", "testdata", "test_data", "fixtures", "samples", "templates", "template"}
    | {"docs", "doc", "vendor", "_vendor", "third_party", "node_modules", "site-packages", "examples", "example"}
)
_SCRIPTS = frozenset({"setup.py", "conftest.py", "noxfile.py", "tasks.py", "fabfile.py", "dodo.py", "toxfile.py"})
_SETUP = re.compile(rb"\bsetup\s*\(")


def find_project(path: Path, repository_top: Path, tree: BaseTree) -> Path:
    """The folder of the project that a path belongs to.

    It is the nearest folder at or above `path` whose settings make it a project; else the only project below;
    else the top.

    Parameters:
        path: what the user named; it need not exist at the base commit.

    Raises:
        UsageError: the path lies outside, or it is a top with several projects below.
    """
    return repository_top / project_at(relative(path, repository_top), tree)


def relative(path: Path, top: Path) -> str:
    """The path relative to the top, ``""`` for the top itself.

    Raises:
        UsageError: it lies outside.
    """
    absolute = path if path.is_absolute() else Path.cwd() / path
    for place, root in ((absolute, top), (absolute.resolve(), top.resolve())):
        if ".." not in place.parts and place.is_relative_to(root):
            found = place.relative_to(root).as_posix()
            return "" if found == "." else found
    raise UsageError(f"{path} lies outside of {top}.", remedy="Name a path inside the repository.")


def top_of(start: Path) -> Path:
    """The nearest folder with project settings at or above a place; the place itself where there is none."""
    return next((folder for folder in (start, *start.parents) if _has_settings(folder)), start)


def _has_settings(folder: Path) -> bool:
    return any((folder / name).is_file() for name in NAMES)


def common_folder(paths: Sequence[Path]) -> Path:
    """The folder that holds all paths, which exist.

    Raises:
        UsageError: neither a project nor the current folder holds them all; else a search could begin at ``/``.
    """
    folders = [(path if path.is_dir() else path.parent).absolute() for path in paths]
    common = Path(os.path.commonpath(folders))
    if len(folders) > 1 and not _has_settings(top_of(common)) and not common.is_relative_to(Path.cwd()):
        raise UsageError(f"{folders[0]} and {folders[-1]} have no project in common.", remedy="Name one at a time.")
    return common


def require_part_of(tree: BaseTree, paths: Sequence[Path], revision: str) -> None:
    """Nothing is looked at in silence that is not there.

    Raises:
        UsageError: a path lies outside of the tree, or is no part of it.
    """
    for path in paths:
        place = relative(path.absolute(), tree.top)
        if not place or any(inside(entry.path, place) for entry in tree.entries()):
            continue
        if not os.path.lexists(path):
            raise UsageError(f"{path} does not exist.")
        raise UsageError(
            f"{path} is not part of {revision}.",
            remedy=f"Commit it first, or look at it as it is with `improver scan {shlex.quote(str(path))}`.",
        )


def project_at(path: str, tree: BaseTree) -> str:
    """The project's folder for a path, both relative to the top.

    Raises:
        UsageError: the path is a top with several projects below.
    """
    if isinstance(tree, FolderTree):
        tree.enter(path)
    entries = tree.entries()
    files = SettingsFiles(tree, (entry.path for entry in entries if _is_settings(entry.path)))
    packages = {folder_of(entry.path) for entry in entries if entry.path.endswith("__init__.py")}
    folders = [folder for folder in ancestors(path) if _settings_in(folder, files)]
    strong = [folder for folder in ancestors(path) if _is_strong(folder, files, tree, packages)]
    nearest = (strong or folders or [""])[0]
    settled = bool(strong) and not _is_workspace(nearest, files)
    if settled or path != nearest or _has_code(nearest, entries):
        return nearest
    return _only(nearest, entries, tree)


def projects(tree: BaseTree) -> tuple[str, ...]:
    """The folders of all projects, relative to the top; fixtures, examples and vendored ones are not listed."""
    return tuple(folder for folder in own_folders(tree.entries(), tree) if not _NOT_PROJECTS & set(folder.split("/")))


def own_folders(entries: Iterable[Entry], tree: BaseTree) -> tuple[str, ...]:
    """Every folder that is a project of its own, fixtures and examples too."""
    entries = tuple(entries)
    found = [entry.path for entry in entries if _is_settings(entry.path)]
    if not found:
        return ()
    files = SettingsFiles(tree, found)
    packages = {folder_of(entry.path) for entry in entries if entry.path.endswith("__init__.py")}
    folders = sorted({folder_of(path) for path in found})
    return tuple(folder for folder in folders if _is_strong(folder, files, tree, packages))


def _only(folder: str, entries: Iterable[Entry], tree: BaseTree) -> str:
    below = [found for found in projects(tree) if inside(found, folder) and found != folder]
    if len(below) > 1:
        raise UsageError(
            f"There are several projects here: {', '.join(below[:20])}{' ...' if len(below) > 20 else ''}.",
            left="Nothing was looked at.",
            remedy=f"Name one, for example `{below[0]}`.",
        )
    return below[0] if below else folder


def _is_settings(path: str) -> bool:
    return path.endswith(NAMES) and path.rpartition("/")[2] in NAMES


def _settings_in(folder: str, files: SettingsFiles) -> bool:
    if join(folder, "setup.py") in files or "tool" in files.toml(join(folder, "pyproject.toml")):
        return True
    return bool(files.ini(join(folder, "setup.cfg"))) or "project" in files.toml(join(folder, "pyproject.toml"))


def _is_strong(folder: str, files: SettingsFiles, tree: BaseTree, packages: set[str]) -> bool:
    if folder in packages and folder:
        return False
    pyproject = files.toml(join(folder, "pyproject.toml"))
    if {"project", "build-system"} & pyproject.keys() or any(
        name in table(pyproject, "tool") for name in _STRONG_TOOLS
    ):
        return True
    if {"metadata", "options"} & files.ini(join(folder, "setup.cfg")).keys():
        return True
    setup = join(folder, "setup.py")
    return setup in files and _SETUP.search(tree.read_many([setup]).get(setup, b"")) is not None


def _is_workspace(folder: str, files: SettingsFiles) -> bool:
    return bool(table(files.toml(join(folder, "pyproject.toml")), "tool", "uv", "workspace"))


def _has_code(folder: str, entries: Iterable[Entry]) -> bool:
    """Whether packages or modules stand right in a folder or its ``src``, as where it is itself on the path."""
    start = len(folder) + 1 if folder else 0
    for entry in entries:
        if not entry.path.endswith(".py") or not inside(entry.path, folder):
            continue
        head, slash, tail = entry.path[start:].partition("/")
        if slash and head not in _NOT_PROJECTS and (tail == "__init__.py" or head == "src"):
            return True
        if not slash and head not in _SCRIPTS:
            return True
    return False
