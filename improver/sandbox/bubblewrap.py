"""Walls by bubblewrap: namespaces, a file system of its own, no network, no capabilities."""

from __future__ import annotations

import json
import os
import re
import select
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from improver import process
from improver.ports import Completed, Limits
from improver.sandbox.cell import FLOOD, HOME, NOT_SET_UP, Bind, Cell, Refusal
from improver.sandbox.orphans import mark
from improver.sandbox.programs import find
from improver.sandbox.remedies import advice
from improver.sandbox.watch import Watch

with suppress(ImportError):  # not on Windows
    import resource

OLDEST = (0, 8, 0)
_GONE_SECONDS = 5.0
_THREADS = 4
_LEAST_ADDRESSES = 16 << 30
_SYSTEM_FOLDERS = ("/usr/bin", "/bin", "/usr/local/bin", "/run/current-system/sw/bin")
_PARTS_OF_USR = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "share", "include")
_PARTS_OF_LOCAL = ("bin", "sbin", "lib", "lib64", "share", "include")
_TOP = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_STORES = ("/nix/store", "/gnu/store")
_PARTS_OF_ETC = (
    "ld.so.cache",
    "localtime",
    "alternatives",
    "mime.types",
    "services",
    "protocols",
    "os-release",
    "ssl/certs",
    "ssl/openssl.cnf",
    "pki/tls/certs",
    "fonts",
)
_MADE_UP = {
    "passwd": b"run:x:1000:1000:run:/home/run:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    "group": b"run:x:1000:\nnogroup:x:65534:\n",
    "hosts": b"127.0.0.1 localhost sandbox\n::1 localhost\n",
    "nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n",
}
_WALLS = (
    *("--unshare-all", "--unshare-user", "--disable-userns", "--assert-userns-disabled"),
    *("--uid", "1000", "--gid", "1000", "--hostname", "sandbox"),
    *("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"),
)


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """Runs programs by `program`, an absolute path outside of the target."""

    name: ClassVar[str] = "bubblewrap"
    mounts: ClassVar[bool] = True
    walls: ClassVar[bool] = True

    program: Path

    @classmethod
    def find(cls, outside_of: Path | None = None, path: str | None = None) -> Bubblewrap | Refusal:
        """The first bwrap on PATH that does not lie in the target."""
        found = find("bwrap", outside_of, () if path else _SYSTEM_FOLDERS, path) if sys.platform == "linux" else None
        if found:
            return cls(found)
        return Refusal(cls.name, "it is not installed", remedy=advice("not installed"))

    def explain(self, words: str) -> Refusal:
        """Why it cannot stand here, with the remedy for this system."""
        version = self.version()
        if version and version < OLDEST:
            text = ".".join(map(str, version))
            return Refusal(self.name, f"version {text} is too old, 0.8.0 is needed", words, advice("old"))
        return Refusal(self.name, "it could not start", words, advice(words))

    def version(self) -> tuple[int, ...]:
        """What it says of itself; empty when it says nothing."""
        said = process.run([str(self.program), "--version"], environ={}, seconds=10, output=4096)
        found = re.search(rb"(\d+)\.(\d+)(?:\.(\d+))?", said.stdout)
        return tuple(int(part or 0) for part in found.groups()) if found else ()

    def run(self, cell: Cell) -> Completed:
        """Run one program. When improver dies, it dies too, with all it has started."""
        try:
            return self._run(cell)
        except (OSError, ValueError) as error:  # too many words, a NUL among them, no descriptor left
            return Completed(127, b"", f"{error}\n".encode(errors="replace"), 0.0, NOT_SET_UP)

    def _run(self, cell: Cell) -> Completed:
        with ExitStack() as stack:
            files = {Path("/etc", name): _memory_file(stack, name, data) for name, data in _MADE_UP.items()}
            status = stack.enter_context(Status())
            walls = [str(self.program), "--unsetenv", mark(), "--json-status-fd", str(status.end), *_WALLS]
            completed = process.run(
                [*walls, *_inside(cell, files), "--", *_limited(cell.limits), *cell.argv],
                environ={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                stdin=cell.stdin,
                seconds=cell.limits.seconds,
                output=cell.limits.output,
                flood=FLOOD * cell.limits.output,
                watch=_watch(cell, status),
                keep_open=(status.end, *files.values()),
            )
            _wait_until_gone(status.child())
            return _as_inside(completed, status)


class Status:
    """What bwrap says about the run, on a pipe of its own that nothing inside can reach."""

    def __init__(self) -> None:
        self._start, self.end = os.pipe()
        os.set_blocking(self._start, False)
        self._said = b""

    def __enter__(self) -> Status:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._start)
        os.close(self.end)

    def child(self) -> int:
        """The process id of the first process inside, seen from outside; 0 while unknown."""
        return self._number("child-pid", 0)

    def exit_code(self) -> int | None:
        """The exit code of the program; ``None`` when it was never started or did not end by itself."""
        code = self._number("exit-code", -1)
        return None if code < 0 else code

    def _number(self, name: str, default: int) -> int:
        with suppress(BlockingIOError):
            while data := os.read(self._start, 4096):
                self._said += data
        for line in self._said.splitlines():
            with suppress(ValueError):
                document = json.loads(line)
                if name in document:
                    return int(document[name])
        return default


def _watch(cell: Cell, status: Status) -> Watch:
    writable = [bind for bind in cell.binds if bind.writable]
    before = sum(bind.before for bind in writable)
    return Watch(status.child, [bind.source for bind in writable], cell.limits, before)


def _as_inside(completed: Completed, status: Status) -> Completed:
    if completed.stopped:
        return completed
    code = status.exit_code()
    if code is None:
        died = completed.returncode < 0 or not completed.stderr.startswith(b"bwrap:")
        return replace(completed, stopped="" if died else NOT_SET_UP)
    # bwrap reports a signal the way a shell does
    return replace(completed, returncode=128 - code if 128 < code <= 128 + 64 else code)


def _limited(limits: Limits) -> list[str]:
    """Limits that the kernel holds; set inside, where the number of processes is counted for the namespace alone."""
    program = find("prlimit", first=_SYSTEM_FOLDERS, path="")
    if program is None:
        return []
    wanted = {
        "nofile": (resource.RLIMIT_NOFILE, 4096),
        "fsize": (resource.RLIMIT_FSIZE, limits.file_size),
        "core": (resource.RLIMIT_CORE, 0),
        "as": (resource.RLIMIT_AS, max(_LEAST_ADDRESSES, 4 * limits.memory)),
    }
    if _counts_by_namespace(os.uname().release):
        wanted["nproc"] = (resource.RLIMIT_NPROC, _THREADS * limits.processes)
    return [str(program.resolve()), *(f"--{name}={_at_most(*each)}" for name, each in wanted.items()), "--"]


def _counts_by_namespace(release: str) -> bool:
    """Whether the kernel counts processes for a user namespace; older ones count all that the user runs."""
    found = re.match(r"(\d+)\.(\d+)", release)
    return found is not None and (int(found[1]), int(found[2])) >= (5, 14)


def _at_most(kind: int, value: int) -> int:
    hard = resource.getrlimit(kind)[1]
    return value if hard == resource.RLIM_INFINITY else min(hard, value)


def _inside(cell: Cell, files: Mapping[Path, int]) -> Iterator[str]:
    """The words that describe the file system and the environment inside; what comes later lies on top."""
    for name, value in cell.environ.items():
        yield from ("--setenv", name, value)
    yield from _system(cell.binds)
    for path, descriptor in files.items():
        yield from ("--perms", "0444", "--file", str(descriptor), str(path))
    yield from ("--proc", "/proc", "--dev", "/dev")
    yield from ("--size", str(cell.limits.disk // 4), "--perms", "1777", "--tmpfs", "/tmp")  # noqa: S108
    yield from ("--size", str(cell.limits.disk // 8), "--perms", "1777", "--tmpfs", "/dev/shm")  # noqa: S108
    yield from ("--size", str(cell.limits.disk // 8), "--tmpfs", str(HOME))
    for bind in sorted(cell.binds, key=lambda bind: len(bind.target.parts)):
        yield from ("--bind" if bind.writable else "--ro-bind", str(bind.source), str(bind.target))
    for path, target in cell.links.items():
        yield from ("--symlink", target, str(path))
    # As root, the kernel's own settings under /proc/sys ask for no capability to be written.
    yield from ("--remount-ro", "/proc", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(cell.workdir))


def _system(binds: Iterable[Bind]) -> Iterator[str]:
    """The system's programs and libraries, and of its settings what holds nothing private."""
    for part in (*(f"/usr/{name}" for name in _PARTS_OF_USR), *(f"/usr/local/{name}" for name in _PARTS_OF_LOCAL)):
        yield from _seen(Path(part))
    for name in _TOP:
        yield from _seen(Path("/", name))
    for part in (*_STORES, *(f"/etc/{name}" for name in _PARTS_OF_ETC)):
        yield from ("--ro-bind-try", part, part)


def _seen(path: Path) -> Iterator[str]:
    if path.is_symlink():
        yield from ("--symlink", str(path.readlink()), str(path))
    elif path.exists():
        yield from ("--ro-bind", str(path), str(path))


def _memory_file(stack: ExitStack, name: str, data: bytes) -> int:
    descriptor = os.memfd_create(name)
    stack.callback(os.close, descriptor)
    os.write(descriptor, data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _wait_until_gone(child: int) -> None:
    """The kernel clears a process namespace after its creator is gone, a moment later."""
    if not child:
        return
    try:
        descriptor = os.pidfd_open(child)
    except OSError:
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(_GONE_SECONDS * 1000)
    finally:
        os.close(descriptor)
