"""A folder as it lies on the disk: the tree of a scan without git."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from improver.discover.tree import EXECUTABLE, PLAIN, SYMLINK, Entry, inside, join

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

PRUNED = frozenset(
    {".git", ".hg", ".svn", ".bzr", ".jj", "__pycache__", "node_modules", ".tox", ".nox", ".venv", ".eggs"}
    | {".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".direnv", ".pixi", "__pypackages__"}
)
MAX_IGNORE_BYTES = 1 << 20
_AS_IT_IS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_Spec = tuple[str, "GitIgnoreSpec"]


class FolderTree:
    """The files below a folder; what is always noise (``.git``, environments, caches) is not entered.

    Links to folders are not followed. The ``.gitignore`` files of the folder are honoured.

    Parameters:
        top: the folder. Its own name does not matter: ``site-packages`` named here is entered.
    """

    base = ""

    def __init__(self, top: Path) -> None:
        self.top = top
        self._entries: tuple[Entry, ...] | None = None
        self._ignored: list[str] = []
        self._named: tuple[str, ...] = ()

    def enter(self, path: str) -> None:
        """Look into a folder that was named, or at a file, whatever leaves it or the folders above it out."""
        if path and path not in self._named:
            self._named = (*self._named, path)
            self._entries = None
            self._ignored = []

    def entries(self) -> tuple[Entry, ...]:
        """Every file, ordered by path."""
        if self._entries is None:
            self._entries = tuple(sorted(self._walk()))
        return self._entries

    def ignored(self) -> tuple[str, ...]:
        """What the ``.gitignore`` files leave out and what is always noise."""
        self.entries()
        return tuple(sorted(self._ignored))

    def read(self, path: str) -> bytes:
        """The content of one file; it does not leave the folder through a link.

        Raises:
            FileNotFoundError: there is no such file, or it is none that can be read.
        """
        found = self.read_many([path]) if _is_inside(self.top / path, self.top) else {}
        if path not in found:
            raise FileNotFoundError(path)
        return found[path]

    def read_many(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of several files; what cannot be read is not in the answer."""
        found = {}
        top = os.fspath(self.top)
        for path in paths:
            try:
                with open(os.open(f"{top}/{path}", _AS_IT_IS), "rb") as file:  # noqa: PTH123
                    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                        found[path] = file.read()
            except (OSError, ValueError):
                continue
        return found

    def attributes(self, names: Sequence[str], paths: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """Nothing: attributes are git's."""
        return {}

    def _walk(self) -> Iterator[Entry]:
        waiting: list[tuple[str, tuple[_Spec, ...]]] = [("", ())]
        while waiting:
            folder, specs = waiting.pop()
            listed = self._list(folder)
            if any(item.name == ".gitignore" for item in listed):
                specs = (*specs, *self._spec(folder))
            for item in listed:
                path = f"{folder}/{item.name}" if folder else item.name
                is_folder = item.is_dir(follow_symlinks=False)
                on_the_way = bool(self._named) and any(inside(named, path) for named in self._named)
                if not on_the_way and self._left_out(item, path, is_folder, specs):
                    self._ignored.append(path + "/" * is_folder)
                elif is_folder:
                    waiting.append((path, () if path in self._named else specs))
                else:
                    yield from _entry(item, path)

    def _list(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.top / folder) as items:
                return list(items)
        except OSError:
            return []

    def _left_out(self, item: os.DirEntry[str], path: str, is_folder: bool, specs: tuple[_Spec, ...]) -> bool:
        if is_folder and (item.name in PRUNED or _is_environment(item)):
            return True
        return bool(specs) and _matches(path + "/" * is_folder, specs)

    def _spec(self, folder: str) -> tuple[_Spec, ...]:
        from pathspec import GitIgnoreSpec  # noqa: PLC0415 - 16 ms that most scans need not wait for

        content = self.read_many([join(folder, ".gitignore")]).get(join(folder, ".gitignore"), b"")
        lines = content[:MAX_IGNORE_BYTES].decode(errors="replace").splitlines()
        try:
            return ((folder, GitIgnoreSpec.from_lines(lines)),)
        except ValueError:
            return ()


def _matches(path: str, specs: tuple[_Spec, ...]) -> bool:
    for folder, spec in reversed(specs):
        verdict = spec.check_file(path[len(folder) + 1 :] if folder else path).include
        if verdict is not None:
            return verdict
    return False


def _is_environment(item: os.DirEntry[str]) -> bool:
    return item.name.endswith("env") and os.path.lexists(f"{item.path}/pyvenv.cfg")


def _entry(item: os.DirEntry[str], path: str) -> Iterator[Entry]:
    if not path.endswith(".py"):
        yield Entry(path, SYMLINK if item.is_symlink() else PLAIN)
        return
    try:
        status = item.stat(follow_symlinks=False)
    except OSError:
        return
    if stat.S_ISLNK(status.st_mode):
        yield Entry(path, SYMLINK, "", status.st_size)
    elif stat.S_ISREG(status.st_mode):
        yield Entry(path, EXECUTABLE if status.st_mode & 0o100 else PLAIN, "", status.st_size)


def _is_inside(place: Path, top: Path) -> bool:
    try:
        return place.resolve().is_relative_to(top.resolve())
    except (OSError, RuntimeError, ValueError):
        return False
