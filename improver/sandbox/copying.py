"""Throw-away copies of a tree, and taking them away again whatever was done to them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from improver import process
from improver.errors import RunFailed

with suppress(ImportError):  # not on Windows
    import fcntl

_FICLONE = 0x40049409
_CHUNK = 1 << 30
_REMOVE_SECONDS = 120.0


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder that nobody writes to; the new one shares no file with it.

    Raises:
        OSError: the disk is full, or something in it may not be read.
    """
    _Copier(_copy_content).tree(os.fspath(source), os.fspath(target))


def link_tree(source: Path, target: Path) -> None:
    """The same files under a second folder, for mounting read-only; new names can be added there alone.

    Raises:
        OSError: the folders lie on different file systems, or the disk is full.
    """
    _Copier(_link).tree(os.fspath(source), os.fspath(target))


def double(source: Path, target: Path, *, share: bool = False) -> None:
    """The same files once more.

    Parameters:
        share: nobody writes to either, so both may hold the same files where the file system allows it.

    Raises:
        RunFailed: the disk is full, or may not be written.
    """
    try:
        if share:
            with suppress(OSError):
                link_tree(source, target)
                return
            remove_tree(target)
        copy_tree(source, target)
    except OSError as error:
        raise unwritable(target, error) from error


def unwritable(folder: Path, error: OSError) -> RunFailed:
    """The error for a folder of improver's own that cannot be written."""
    return RunFailed(
        f"{folder} cannot be written: {error.strerror}.",
        left="The repository is as it was.",
        remedy="Free the disk, or set IMPROVER_STATE_DIR to a folder that you may write.",
    )


class _Copier:
    def __init__(self, each: Callable[[str, str, int], None]) -> None:
        self._each = each

    def tree(self, source: str, target: str) -> None:
        os.mkdir(target, 0o755)  # noqa: PTH102 - two and a half thousand files in a moment
        with os.scandir(source) as entries:
            for entry in entries:
                self._entry(entry, f"{target}/{entry.name}")

    def _entry(self, entry: os.DirEntry[str], target: str) -> None:
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), target)  # noqa: PTH115, PTH211
        elif entry.is_dir():
            self.tree(entry.path, target)
        else:
            self._each(entry.path, target, entry.stat().st_mode & 0o777)


def _link(source: str, target: str, _mode: int) -> None:
    os.link(source, target)


class _Clones:
    """Whether the file system shares blocks of files; it is asked until it says no."""

    work = True


def _copy_content(source: str, target: str, mode: int) -> None:
    start = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        end = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode | 0o200)
        try:
            if not (_Clones.work and _cloned(start, end)):
                while os.sendfile(end, start, None, _CHUNK):
                    pass
        finally:
            os.close(end)
    finally:
        os.close(start)


def _cloned(start: int, end: int) -> bool:
    try:
        fcntl.ioctl(end, _FICLONE, start)
    except OSError:
        _Clones.work = False
        return False
    return True


def remove_tree(folder: Path) -> None:
    """Take a folder away, however deep it is and whatever permissions were left in it."""
    if not os.path.lexists(folder):
        return
    with suppress(OSError, RecursionError):
        shutil.rmtree(folder)
        return
    for words in (("chmod", "-R", "u+rwX", "--"), ("rm", "-rf", "--one-file-system", "--")):
        program = shutil.which(words[0], path="/usr/bin:/bin")
        if program:
            process.run([program, *words[1:], str(folder)], environ={}, seconds=_REMOVE_SECONDS, output=4096)
