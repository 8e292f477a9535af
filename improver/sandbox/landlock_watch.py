"""Holds a run without a process namespace to its limits: its processes are those below its keeper."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from improver.ports import Limits
from improver.sandbox.watch import Disk, in_memory_files, shared_now, shared_out

_PAGE = os.sysconf("SC_PAGE_SIZE")
_THREADS_PER_PROCESS = 16
_PARENT, _THREADS, _RESIDENT = 1, 17, 21


class TreeWatch:
    """Answers with the name of the limit that a run has passed, or with nothing.

    Parameters:
        keeper: gives the id of the process above all others of the run, 0 while unknown.
        writable: the folders that the run may write to.
        before: bytes that they hold already.
    """

    def __init__(self, keeper: Callable[[], int], writable: Sequence[Path], limits: Limits, before: int = 0) -> None:
        self._keeper = keeper
        self._limits = limits
        self._disk = Disk(writable, limits.disk + before)
        self._shared = shared_now()

    def __call__(self, _pid: int) -> str:
        """The name of the limit that is passed, as `process.run` asks for it."""
        keeper = self._keeper()
        reason = self._passed(below(keeper)) if keeper else ""
        if reason:
            _hurry(keeper)
        return reason

    def _passed(self, found: dict[int, tuple[int, int]]) -> str:
        threads = sum(count for count, _ in found.values())
        if len(found) > self._limits.processes or threads > _THREADS_PER_PROCESS * self._limits.processes:
            return "processes"
        if self._is_much_memory(found):
            return "memory"
        return "disk" if self._disk.is_over(found) else ""

    def _is_much_memory(self, found: dict[int, tuple[int, int]]) -> bool:
        most = self._limits.memory
        if sum(resident for _, resident in found.values()) > most and shared_out(found) > most:
            return True
        return shared_now() - self._shared > most // 2 and in_memory_files(found) > most


def below(keeper: int) -> dict[int, tuple[int, int]]:
    """The processes below one, whatever session they made for themselves: threads and resident bytes of each.

    Nobody leaves it: an orphan becomes the keeper's own child.
    """
    children: dict[int, list[tuple[int, int, int]]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - twenty times a second, over all processes
        if name[0].isdigit():
            with suppress(OSError, ValueError, IndexError):
                fields = Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()
                entry = (int(name), int(fields[_THREADS]), int(fields[_RESIDENT]) * _PAGE)
                children.setdefault(int(fields[_PARENT]), []).append(entry)
    found: dict[int, tuple[int, int]] = {}
    waiting = [keeper]
    while waiting:
        for pid, threads, resident in children.get(waiting.pop(), ()):
            if pid not in found:
                found[pid] = (threads, resident)
                waiting.append(pid)
    return found


def _hurry(keeper: int) -> None:
    """Let the keeper run before all that it has to end, where we may say so."""
    with suppress(OSError):
        os.sched_setscheduler(keeper, os.SCHED_FIFO, os.sched_param(1))
