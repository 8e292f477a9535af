"""What the whole repository says, read from a folder or from a mapping of files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from improver.judge.readers import find_readers
from improver.judge.risk import RiskContext
from improver.ports import Hearing
from improver.values import Target

_SETTINGS = frozenset(
    {"pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", ".pytest.ini", "noxfile.py", "Makefile", "justfile"}
)
_LEFT_OUT = frozenset({".git", ".hg", ".venv", "venv", ".tox", ".nox", "__pycache__", "node_modules", ".mypy_cache"})
_MOST_BYTES = 4 << 20


def asks_for(path: str) -> bool:
    """Whether the content of a file matters to who reads what: Python, and what settles how tests are run.

    Parameters:
        path: POSIX, relative to the repository.
    """
    folders, _, name = path.rpartition("/")
    if any(folder in _LEFT_OUT for folder in folders.split("/")):
        return False
    ci = name.endswith((".yml", ".yaml")) and (name.startswith(".") or ".github" in folders)
    return name.endswith(".py") or name in _SETTINGS or ci


def read_context(
    files: Mapping[str, bytes],
    *,
    judge_patterns: tuple[str, ...] = (),
    judges: frozenset[str] = frozenset(),
    python: tuple[int, int] = (3, 8),
) -> RiskContext:
    """The context of changes to a repository.

    Parameters:
        files: the files of the whole repository that `asks_for` wants, by path.
        judge_patterns: gitignore patterns of more files that judge.
        judges: more files that judge, by path.
        python: the oldest Python the project runs on.
    """
    own = "improver/judge/risk.py" in files and "improver/values.py" in files
    return RiskContext(find_readers(files), judge_patterns, judges, own, python)


def context_of(hearing: Hearing) -> RiskContext:
    """The context of a hearing, read from the tree of the base."""
    return context_in(hearing.base.files, hearing.target)


def context_in(folder: Path, target: Target) -> RiskContext:
    """The context of a target, read from the tree of its base once."""
    return _of_folder(str(folder), target.base, target.judges, target.style.python)


@lru_cache(maxsize=4)
def _of_folder(folder: str, base: str, judges: frozenset[str], python: tuple[int, int]) -> RiskContext:
    """The context of one commit, whose tree no program ever writes to."""
    return read_context(dict(_files(Path(folder))), judges=judges, python=python)


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted(names):
            file = Path(place) / name
            path = file.relative_to(folder).as_posix()
            if asks_for(path) and file.is_file() and not file.is_symlink() and file.stat().st_size <= _MOST_BYTES:
                yield path, file.read_bytes()
