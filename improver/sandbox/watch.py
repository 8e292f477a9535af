"""Holds a run to its limits by looking at it from outside, every time it is asked."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from improver.ports import Limits

_PAGE = os.sysconf("SC_PAGE_SIZE")
_BLOCK = 512
_THREADS_PER_PROCESS = 16
_SHARE_OF_TIME = 20
_FIRST_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Usage:
    """What all processes of a run use together.

    Parameters:
        resident: bytes in memory, where pages that several share are counted for each.
    """

    pids: tuple[int, ...] = ()
    threads: int = 0
    resident: int = 0


class Watch:
    """Answers with the name of the limit that a run has passed, or with nothing.

    Parameters:
        child: gives the process id of the first process inside, 0 while unknown.
        writable: the folders that the run may write to.
        before: bytes that they hold already.
    """

    def __init__(self, child: Callable[[], int], writable: Sequence[Path], limits: Limits, before: int = 0) -> None:
        self._child = child
        self._limits = limits
        self._disk = Disk(writable, limits.disk + before)
        self._namespace = ""
        self._shared = shared_now()

    def __call__(self, _pid: int) -> str:
        """The name of the limit that is passed, as `process.run` asks for it."""
        self._namespace = self._namespace or namespace_of(self._child())
        reason = self._passed() if self._namespace else ""
        if reason:
            end_at_once(self._child())
        return reason

    def _passed(self) -> str:
        usage = measure(self._namespace, self._limits.processes)
        if len(usage.pids) > self._limits.processes or usage.threads > _THREADS_PER_PROCESS * self._limits.processes:
            return "processes"
        if self._is_much_memory(usage):
            return "memory"
        return "disk" if self._disk.is_over(usage.pids) else ""

    def _is_much_memory(self, usage: Usage) -> bool:
        """Looks closer, which is dear, only where what is cheap to see could be too much."""
        most = self._limits.memory
        if usage.resident > most and shared_out(usage.pids) > most:
            return True
        return shared_now() - self._shared > most // 2 and in_memory_files(usage.pids) > most


def end_at_once(child: int) -> None:
    """Kill the first process of a namespace, and with it all others.

    It has to run to die, and among thousands that would take seconds, in which they become more; so it goes first
    where we may say so.
    """
    with suppress(OSError):
        os.sched_setscheduler(child, os.SCHED_FIFO, os.sched_param(1))
    with suppress(OSError):
        os.kill(child, signal.SIGKILL)


def namespace_of(pid: int) -> str:
    """The name of a process's pid namespace; empty where it may not be seen or is gone."""
    if pid <= 0:
        return ""
    try:
        return os.readlink(f"/proc/{pid}/ns/pid")  # noqa: PTH115
    except OSError:
        return ""


def members(namespace: str) -> Iterator[int]:
    """The processes of a pid namespace, by their id outside."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - twenty times a second, over all processes
        if name[0].isdigit() and namespace_of(int(name)) == namespace:
            yield int(name)


def measure(namespace: str, most: int) -> Usage:
    """What the processes of a namespace use; it stops counting soon after `most` of them."""
    pids: list[int] = []
    threads = resident = 0
    for pid in members(namespace):
        pids.append(pid)
        if len(pids) > most:
            break
        with suppress(OSError, ValueError, IndexError):
            fields = _bytes_of(f"/proc/{pid}/stat").rpartition(b")")[2].split()
            threads += int(fields[17])
            resident += int(fields[21]) * _PAGE
    return Usage(tuple(pids), threads, resident)


def shared_out(pids: Iterable[int]) -> int:
    """Bytes in memory where a page that several processes share is counted once in all."""
    total = 0
    for pid in pids:
        with suppress(OSError, ValueError, IndexError):
            lines = _bytes_of(f"/proc/{pid}/smaps_rollup").splitlines()
            total += sum(int(line.split()[1]) << 10 for line in lines if line.startswith((b"Pss:", b"SwapPss:")))
    return total


def shared_now() -> int:
    """Bytes of the machine's memory that files in memory and shared mappings take."""
    with suppress(OSError, ValueError, IndexError):
        return int(_bytes_of("/proc/meminfo").partition(b"\nShmem:")[2].split()[0]) << 10
    return 0


def in_memory_files(pids: Iterable[int]) -> int:
    """Bytes of files without a name that live in memory; they count for nobody's resident size."""
    return _nameless(pids, lambda device: os.major(device) == 0)


def _bytes_of(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 1 << 14)
    finally:
        os.close(descriptor)


class Disk:
    """What was written to folders; looks rarely when looking is dear.

    Parameters:
        folders: what is watched.
        limit: bytes that they may hold together.
    """

    def __init__(self, folders: Sequence[Path], limit: int) -> None:
        self._folders = tuple(folders)
        self._limit = limit
        self._one_of_each = {folder.stat().st_dev: folder for folder in folders}
        self._free = self._free_now()
        self._due = time.monotonic() + _FIRST_LOOK_SECONDS

    def is_over(self, pids: Iterable[int]) -> bool:
        """Whether more than the limit was written, files that are open but already unlinked among it."""
        if not self._folders:
            return False
        started = time.monotonic()
        much = self._free - self._free_now() > self._limit // 2
        if started < self._due and not much:
            return False
        used = sum(map(used_by, self._folders))
        if much:
            used += unlinked(pids, frozenset(self._one_of_each))
        now = time.monotonic()
        self._due = now + _SHARE_OF_TIME * (now - started)
        return used > self._limit

    def _free_now(self) -> int:
        with suppress(OSError):
            found = map(os.statvfs, self._one_of_each.values())
            return sum(status.f_bavail * status.f_frsize for status in found)
        return 0


def used_by(folder: Path) -> int:
    """Bytes that a folder takes on disk, links not followed; what vanishes meanwhile does not count."""
    total = 0
    waiting = [os.fspath(folder)]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
    return total


def unlinked(pids: Iterable[int], devices: frozenset[int]) -> int:
    """Bytes of files on `devices` that processes hold open and that have no name any more."""
    return _nameless(pids, devices.__contains__)


def _nameless(pids: Iterable[int], counts: Callable[[int], bool]) -> int:
    found: dict[tuple[int, int], int] = {}
    for pid in pids:
        with suppress(OSError):
            for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
                with suppress(OSError):
                    status = os.stat(f"/proc/{pid}/fd/{name}")  # noqa: PTH116
                    if status.st_nlink == 0 and counts(status.st_dev):
                        found[status.st_dev, status.st_ino] = status.st_blocks * _BLOCK
    return sum(found.values())
