"""Reduced walls for Linux without namespaces: Landlock, a filter over system calls, no capabilities, and a keeper."""

from __future__ import annotations

import ctypes
import json
import os
import select
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from improver import process
from improver.ports import Completed
from improver.sandbox import landlock_launcher, seccomp
from improver.sandbox.cell import FLOOD, HOME, NOT_SET_UP, Bind, Cell, Refusal
from improver.sandbox.landlock_scratch import scratch
from improver.sandbox.landlock_watch import TreeWatch
from improver.sandbox.remedies import landlock_advice
from improver.values import Skipped

with suppress(ImportError):  # not on Windows
    import resource

OLDEST = 6
"""The first version of Landlock that keeps signals inside; without it, the end of everything cannot be held."""
NOT_HELD = (
    "what runs has your own user id",
    "there is no process namespace: numbers of processes can be seen, not their contents",
    "paths are visible: whether a file exists, its size and times can be asked by its name",
    "there is no network at all, not even a loopback: tests with servers of their own fail",
    "modes, owners, times and attributes of files cannot be changed: the change reports success and does nothing",
    "there is no shared memory of its own (/dev/shm): locks between processes fail",
    "temporary files have no size limit but that of the disk, which is only looked at",
    "no terminal can be opened and no folder watched for changes: tests that do so fail",
    "the tree does not lie at the path of the checkout, which an editable install may name",
)

_GONE_SECONDS = 5.0
_READ = 1 << 0 | 1 << 2 | 1 << 3
_ALL_FILES = (1 << 16) - 1
_NODES_AND_DEVICES = 1 << 6 | 1 << 11 | 1 << 15
_WRITE = _ALL_FILES & ~_NODES_AND_DEVICES
_DEVICE = 1 << 1 | 1 << 2 | 1 << 14
_TCP = 1 << 0 | 1 << 1
_SCOPES = 1 << 0 | 1 << 1
_LEAST_ADDRESSES = 16 << 30
_PARTS_OF_USR = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "share", "include")
_SYSTEM = (
    *(f"/usr/{name}" for name in _PARTS_OF_USR),
    *(f"/usr/local/{name}" for name in ("bin", "sbin", "lib", "lib64", "share", "include")),
    *(f"/{name}" for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32")),
    *("/nix/store", "/gnu/store", "/run/current-system/sw"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives", "/etc/mime.types", "/etc/services", "/etc/protocols"),
    *("/etc/os-release", "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/fonts"),
    *("/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/loadavg", "/proc/uptime", "/proc/version"),
    "/proc/filesystems",
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


@dataclass(frozen=True, slots=True)
class Landlock:
    """Runs programs by a launcher that confines itself first. Used only where the user names it.

    Parameters:
        version: of the kernel's Landlock.
        filter: the filter over system calls, as the kernel reads it.
    """

    name: ClassVar[str] = "landlock"
    mounts: ClassVar[bool] = False
    walls: ClassVar[bool] = True
    in_words: ClassVar[str] = "landlock (reduced: same user id, no process namespace, paths visible)"

    version: int
    filter: bytes

    @classmethod
    def find(cls) -> Landlock | Refusal:
        """What this kernel offers, or why that is not enough."""
        version, words = kernel_version()
        code = seccomp.program(os.uname().machine) if sys.platform == "linux" else b""
        if version < OLDEST:
            probe = f"version {version} of Landlock is too old, {OLDEST} is needed" if version else "it is not there"
            return Refusal(cls.name, probe, words, landlock_advice(version))
        if not code:
            return Refusal(cls.name, f"it is not written for {os.uname().machine}", remedy=landlock_advice(version))
        return cls(version, code)

    def explain(self, words: str) -> Refusal:
        """Why it cannot stand here, with what helps."""
        return Refusal(self.name, "it could not start", words, landlock_advice(self.version))

    def not_held(self) -> tuple[Skipped, ...]:
        """What these walls do not hold, for the evidence."""
        return tuple(Skipped("the reduced sandbox landlock", reason) for reason in NOT_HELD)

    def run(self, cell: Cell) -> Completed:
        """Run one program. When improver dies, it dies too, with all it has started."""
        try:
            with scratch() as folder:
                return self._run(cell, folder)
        except (OSError, ValueError) as error:
            return Completed(127, b"", f"{error}\n".encode(errors="replace"), 0.0, NOT_SET_UP)

    def _run(self, cell: Cell, scratch: Path) -> Completed:
        with ExitStack() as stack:
            told = stack.enter_context(_Told())
            orders = _memory_file(stack, json.dumps(self._orders(cell, scratch)).encode())
            binds = (Bind(scratch, scratch, writable=True), *(bind for bind in cell.binds if bind.writable))
            watch = TreeWatch(told.keeper, [bind.source for bind in binds], cell.limits, sum(b.before for b in binds))
            completed = process.run(
                [sys.executable, "-I", "-S", landlock_launcher.__file__, str(orders), str(told.end)],
                environ={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                stdin=cell.stdin,
                seconds=cell.limits.seconds,
                output=cell.limits.output,
                flood=FLOOD * cell.limits.output,
                watch=watch,
                keep_open=(orders, told.end),
            )
            told.wait_for_the_end()
            return _as_told(completed, told)

    def _orders(self, cell: Cell, scratch: Path) -> dict[str, object]:
        inside = {"/tmp": scratch, str(HOME): scratch}  # noqa: S108
        return {
            "parent": os.getpid(),
            "scratch": str(scratch),
            "argv": list(cell.argv),
            "environ": _environ(cell.environ, scratch),
            "workdir": str(inside.get(str(cell.workdir), cell.workdir)),
            "limits": list(_limits(cell)),
            "files": _ALL_FILES,
            "network": _TCP,
            "scopes": _SCOPES,
            "own": _READ,
            "rules": list(_rules(cell, scratch)),
            "filter": self.filter.hex(),
        }


def kernel_version() -> tuple[int, str]:
    """The version of Landlock that the kernel has, 0 and its words where it has none."""
    if sys.platform != "linux":
        return 0, ""
    library = ctypes.CDLL(None, use_errno=True)
    found = int(library.syscall(ctypes.c_long(444), None, ctypes.c_size_t(0), ctypes.c_uint(1)))
    return (found, "") if found > 0 else (0, os.strerror(ctypes.get_errno()))


def _rules(cell: Cell, scratch: Path) -> Iterator[tuple[str, int]]:
    """Which rights hold at and below which paths; what no rule names is out of reach."""
    for path in _SYSTEM:
        yield path, _READ
    for path in _DEVICES:
        yield path, _DEVICE
    yield str(scratch), _WRITE
    for bind in cell.binds:
        if bind.source == bind.target:  # nothing is moved here; what should lie elsewhere is not in reach
            yield str(bind.source), _WRITE if bind.writable else _READ


def _environ(environ: Mapping[str, str], scratch: Path) -> dict[str, str]:
    return {**environ, "HOME": str(scratch), "TMPDIR": str(scratch)}


def _limits(cell: Cell) -> Iterator[tuple[int, int]]:
    wanted = {
        resource.RLIMIT_NOFILE: 4096,
        resource.RLIMIT_FSIZE: cell.limits.file_size,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_AS: max(_LEAST_ADDRESSES, 4 * cell.limits.memory),
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        yield kind, value if hard == resource.RLIM_INFINITY else min(hard, value)


class _Told:
    """What the keeper says about the run, on a pipe that nothing inside holds; its end is the end of everything."""

    def __init__(self) -> None:
        self._start, self.end = os.pipe()
        os.set_blocking(self._start, False)
        self._said = b""
        self._over = False

    def __enter__(self) -> _Told:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._start)
        if self.end >= 0:
            os.close(self.end)

    def keeper(self) -> int:
        """The keeper's process id, 0 while unknown."""
        found = self._word("keeper")
        return found if isinstance(found, int) else 0

    def exit_code(self) -> int | None:
        """How the program ended; ``None`` when it did not end by itself."""
        found = self._word("exit")
        return found if isinstance(found, int) else None

    def failure(self) -> str:
        """Why the walls could not be set up; empty when they could."""
        found = self._word("failed")
        return found if isinstance(found, str) else ""

    def wait_for_the_end(self) -> None:
        """Wait until all that was started is gone."""
        os.close(self.end)
        self.end = -1
        deadline = time.monotonic() + _GONE_SECONDS
        poll = select.poll()
        poll.register(self._start, select.POLLIN)
        while not self._over and (left := deadline - time.monotonic()) > 0:
            poll.poll(left * 1000)
            self._read()

    def _read(self) -> None:
        with suppress(BlockingIOError):
            while data := os.read(self._start, 4096):
                self._said += data
            self._over = True

    def _word(self, name: str) -> object:
        if not self._over:
            self._read()
        for line in self._said.splitlines():
            with suppress(ValueError):
                document = json.loads(line)
                if name in document:
                    return document[name]
        return None


def _as_told(completed: Completed, told: _Told) -> Completed:
    if completed.stopped:
        return completed
    failure, code = told.failure(), told.exit_code()
    if failure or code is None:
        words = f"{failure or 'the keeper was ended'}\n".encode(errors="replace")
        return replace(completed, returncode=126, stderr=completed.stderr + words, stopped=NOT_SET_UP)
    return replace(completed, returncode=code)


def _memory_file(stack: ExitStack, data: bytes) -> int:
    descriptor = os.memfd_create("orders")
    stack.callback(os.close, descriptor)
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
