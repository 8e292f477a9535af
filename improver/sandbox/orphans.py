"""Finds and ends what a killed run left running.

bwrap ties itself to us only some milliseconds after its start, so a run that is killed in that moment leaves it behind.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path

_MARK = re.compile(rb"\0improver-run-(\d+)-(\d+)\0")


def mark() -> str:
    """A word that names this process for as long as the machine runs."""
    return f"improver-run-{os.getpid()}-{_started(os.getpid())}"


def sweep() -> int:
    """End all programs behind walls whose improver is not alive any more; how many they were."""
    ended = 0
    if sys.platform != "linux":
        return ended
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found = _MARK.search((folder / "cmdline").read_bytes())
            if found and _is_ours(folder) and _started(int(found[1])) != int(found[2]):
                os.kill(int(folder.name), signal.SIGKILL)
                ended += 1
    return ended


def _is_ours(folder: Path) -> bool:
    return (folder / "exe").readlink().name == "bwrap" and folder.stat().st_uid == os.getuid()


def _started(pid: int) -> int:
    """When a process started, in the kernel's ticks; 0 where there is none."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
    return 0
