"""Locks on open files, which the system takes from us when we die, however we die."""

from __future__ import annotations

import sys
from contextlib import suppress

if sys.platform == "win32":
    import msvcrt
else:
    with suppress(ImportError):
        import fcntl


def lock(descriptor: int, *, wait: bool) -> None:
    """Lock an open file until it is closed.

    Parameters:
        wait: until whoever holds it lets go, instead of giving up.

    Raises:
        OSError: somebody else holds it.
    """
    if sys.platform == "win32":
        _lock_on_windows(descriptor, wait=wait)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


if sys.platform == "win32":

    def _lock_on_windows(descriptor: int, *, wait: bool) -> None:
        """The first byte; Windows itself waits for ten seconds and no longer."""
        while True:
            try:
                msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError:
                if not wait:
                    raise
            else:
                return
