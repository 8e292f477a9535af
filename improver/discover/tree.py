"""The files that are examined: those of a commit, or those of a plain folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

SYMLINK = "120000"
SUBMODULE = "160000"
PLAIN = "100644"
EXECUTABLE = "100755"


class Entry(NamedTuple):
    """One file of a tree.

    Parameters:
        path: POSIX, relative to the top; bytes that are not UTF-8 are surrogates, as ``os.fsdecode`` makes them.
        mode: git's mode (``100644``).
        oid: git's name of the content; empty where there is no git.
        size: bytes; -1 where it was not asked for.
    """

    path: str
    mode: str = PLAIN
    oid: str = ""
    size: int = -1


class BaseTree(Protocol):
    """What discovery reads from: one state of the files, which does not change while it is read."""

    @property
    def top(self) -> Path:
        """The folder that paths are relative to."""
        ...

    @property
    def base(self) -> str:
        """The commit; empty where there is no git."""
        ...

    def entries(self) -> tuple[Entry, ...]:
        """Every file, ordered by path."""
        ...

    def read(self, path: str) -> bytes:
        """The content of one file.

        Raises:
            FileNotFoundError: the tree has no such file.
        """
        ...

    def read_many(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of several files at once; what cannot be read is not in the answer."""
        ...

    def ignored(self) -> tuple[str, ...]:
        """What git ignores and is there, folders collapsed and with a slash at the end."""
        ...

    def attributes(self, names: Sequence[str], paths: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """The git attributes of each path, as the tree itself sets them; unset ones are left out."""
        ...


def inside(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it; everything lies in ``""``."""
    return not folder or path == folder or path.startswith(folder + "/")


def join(folder: str, name: str) -> str:
    """A path in a folder, both relative to the top."""
    if name in ("", "."):
        return folder
    return f"{folder}/{name}" if folder else name


def folder_of(path: str) -> str:
    """The folder of a file, ``""`` for the top."""
    return path.rpartition("/")[0]


def ancestors(folder: str) -> tuple[str, ...]:
    """A folder and all above it, nearest first, down to ``""``."""
    found = [folder]
    while folder:
        folder = folder_of(folder)
        found.append(folder)
    return tuple(found)
