"""A folder for what a run leaves for a moment, where no file system of its own can be mounted."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from improver.sandbox.copying import remove_tree

with suppress(ImportError):  # not on Windows
    import fcntl

_PREFIX = "improver-cell-"
_YOUNG_SECONDS = 60.0


@contextmanager
def scratch() -> Iterator[Path]:
    """A new folder, gone afterwards whatever was done to it; the first call takes away what killed runs left.

    Raises:
        OSError: the disk is full, or the folder for temporary files may not be written.
    """
    parent = Path(tempfile.gettempdir()).resolve()
    sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_SH)
        yield folder
    finally:
        remove_tree(folder)
        os.close(held)


@cache
def sweep(parent: Path) -> int:
    """Take away folders that no run holds, unless they are so young that one may be about to; how many they were."""
    swept = 0
    for folder in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            found = folder.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and _is_left(folder, found.st_mtime):
                remove_tree(folder)
                swept += 1
    return swept


def _is_left(folder: Path, changed: float) -> bool:
    if time.time() - changed < _YOUNG_SECONDS:
        return False
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)
    return True
