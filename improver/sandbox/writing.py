"""Writes files below a folder, without ever following a link on the way."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from improver.sandbox.copying import unwritable
from improver.sandbox.paths import link_leaves, objection

LINK = "120000"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
if sys.platform != "win32":  # where no tree is written, for want of walls
    _FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    _NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_OPEN = 100


class Writer:
    """Puts files of a tree into a folder; each call answers why it did not, or with nothing.

    Raises:
        RunFailed: the disk is full or may not be written.
    """

    def __init__(self, folder: Path) -> None:
        self._where = folder
        self._root = os.open(folder, _FOLDER)
        self._open: dict[tuple[bytes, ...], int] = {}

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()
        os.close(self._root)

    def write(self, path: str, content: bytes, mode: str) -> str:
        """Write a new file or link, with the folders on the way.

        Parameters:
            mode: git's mode; of permissions only "may be executed" is kept.
        """
        target = content.decode("utf-8", "surrogateescape")
        reason = objection(path)
        if not reason and mode == LINK and link_leaves(path, target):
            reason = "it is a link that may leave the tree"
        if reason:
            return reason
        try:
            return self._write(_parts(path), content, mode)
        except OSError as error:
            if error.errno in _FULL:
                raise unwritable(self._where, error) from error
            return f"it cannot be written: {error.strerror}"

    def remove(self, path: str) -> str:
        """Remove a file, and the folders that it leaves empty."""
        reason = objection(path)
        if reason:
            return reason
        *folders, name = _parts(path)
        try:
            os.unlink(name, dir_fd=self._folder(folders, make=False))
        except OSError as error:
            return f"it cannot be removed: {error.strerror}"
        self._forget()
        with suppress(OSError):
            while folders:
                *folders, name = folders
                os.rmdir(name, dir_fd=self._folder(folders, make=False))
                self._forget()
        return ""

    def _write(self, parts: Sequence[bytes], content: bytes, mode: str) -> str:
        *folders, name = parts
        folder = self._folder(folders, make=True)
        if mode == LINK:
            os.symlink(content, name, dir_fd=folder)
            return ""
        descriptor = os.open(name, _NEW, 0o755 if int(mode, 8) & 0o100 else 0o644, dir_fd=folder)
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)
        return ""

    def _folder(self, parts: Sequence[bytes], *, make: bool) -> int:
        """A descriptor of a folder below ours; every one on the way is a real folder."""
        if not parts:
            return self._root
        key = tuple(parts)
        if key not in self._open:
            above = self._folder(parts[:-1], make=make)
            if make:
                with suppress(FileExistsError):
                    os.mkdir(parts[-1], 0o755, dir_fd=above)
            descriptor = os.open(parts[-1], _FOLDER, dir_fd=above)
            if len(self._open) >= _MOST_OPEN:
                self._forget()
            self._open[key] = descriptor
        return self._open[key]

    def _forget(self) -> None:
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()


def _parts(path: str) -> list[bytes]:
    return path.encode("utf-8", "surrogateescape").split(b"/")
