"""What must be known of the projects in a tree before a diff of it is judged; their code is not looked at."""

from __future__ import annotations

from dataclasses import dataclass

from improver.discover.build_settings import read_build
from improver.discover.projects import projects
from improver.discover.python_floor import python_floor
from improver.discover.settings_files import SettingsFiles
from improver.discover.style import ruff_settings
from improver.discover.tree import SUBMODULE, SYMLINK, BaseTree, join
from improver.settings import read_project

POLICY = ".improver/review/policy.toml"


@dataclass(frozen=True, slots=True)
class Grounds:
    """The settings of all projects of a repository, the strictest of each.

    Parameters:
        judges: gitignore patterns of more files that judge.
        policies: the policies of its projects, by path.
        python: the oldest Python that any of them runs on.
    """

    judges: tuple[str, ...]
    policies: dict[str, str]
    python: tuple[int, int]


def read_grounds(tree: BaseTree, known_analyzers: frozenset[str]) -> Grounds:
    """What the projects of a tree have settled, those in folders below the top too.

    Raises:
        SettingsError: the settings of one of them say something that is not understood.
    """
    folders = tuple(dict.fromkeys(("", *projects(tree))))
    paths = [entry.path for entry in tree.entries() if entry.mode not in (SYMLINK, SUBMODULE)]
    files = SettingsFiles(tree, paths)
    judges: list[str] = []
    for folder in folders:
        judges += _patterns(folder, tree, frozenset(paths), known_analyzers)
    named = {join(folder, POLICY) for folder in folders} & set(paths)
    policies = {path: content.decode(errors="replace") for path, content in tree.read_many(sorted(named)).items()}
    real = folders[1:] or folders
    floors = [python_floor(each, read_build(each, files), files, ruff_settings(each, files)) for each in real]
    return Grounds(tuple(dict.fromkeys(judges)), policies, min(floors))


def _patterns(folder: str, tree: BaseTree, paths: frozenset[str], known_analyzers: frozenset[str]) -> list[str]:
    """The patterns of one project; those of a folder below the top hold from there as well."""

    def read(name: str) -> bytes | None:
        path = join(folder, name)
        return tree.read_many([path]).get(path) if path in paths else None

    own = list(read_project(read, known_analyzers).judges)
    below = [f"/{folder}/{pattern.lstrip('/')}" for pattern in own if folder and not pattern.startswith(("!", "#"))]
    return own + below
