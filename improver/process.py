"""The only place that starts programs: argument lists, a clean environment, limits, no shell."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from improver.errors import Interrupted
from improver.ports import Completed

POLL_SECONDS = 0.05
_CHUNK = 1 << 16


class _Tail:
    """Keeps the head and the tail of what a pipe carries, and drops the middle."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.head = bytearray()
        self.tail = bytearray()
        self.dropped = 0
        self.seen = 0

    def add(self, data: bytes) -> None:
        self.seen += len(data)
        if self.limit is None:
            self.head += data
            return
        room = max(0, self.limit // 2 - len(self.head))
        self.head += data[:room]
        self.tail += data[room:]
        surplus = len(self.tail) - self.limit // 2
        if surplus > 0:
            self.dropped += surplus
            del self.tail[:surplus]

    def value(self) -> bytes:
        middle = b"\n[... %d bytes dropped ...]\n" % self.dropped if self.dropped else b""
        return bytes(self.head + middle + self.tail)


_HELD = threading.local()


class Leash:
    """Lets one thread end the programs of another. The other enters it, and whoever waits for that thread may pull."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pulled = False

    def __enter__(self) -> Leash:
        _HELD.leash = self
        return self

    def __exit__(self, *_: object) -> None:
        _HELD.leash = None

    def pull(self) -> None:
        """End the program that the thread runs, and let it start no other."""
        with self._lock:
            self._pulled = True
            if self._process is not None:
                _kill(self._process)

    def check(self) -> None:
        """Go on unless it was pulled.

        Raises:
            Interrupted: it was.
        """
        if self._pulled:
            raise Interrupted("Interrupted.", left="The repository is as it was.")

    @contextmanager
    def on(self, process: subprocess.Popen[bytes]) -> Iterator[None]:
        """While it runs, it can be ended."""
        with self._lock:
            self.check()
            self._process = process
        try:
            yield
        finally:
            with self._lock:
                self._process = None


def run(  # noqa: PLR0913 - one keyword for each thing that may vary
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    workdir: Path | str = "/",
    stdin: bytes = b"",
    seconds: float | None = None,
    output: int | None = None,
    flood: int | None = None,
    watch: Callable[[int], str] | None = None,
    keep_open: Sequence[int] = (),
) -> Completed:
    """Run a program to its end, or to the end that a limit makes.

    Parameters:
        argv: the program (an absolute path) and its words.
        environ: its whole environment; nothing of ours is added, but on Windows where the system lies.
        seconds: wall time after which it and its session are killed.
        output: bytes kept of each stream, head and tail; all of it when ``None``.
        flood: bytes printed, kept or not, that end the run for the reason ``output``.
        watch: called with the process id every 50 ms; a non-empty answer ends the run for that reason.
        keep_open: file descriptors that the program inherits.

    Raises:
        FileNotFoundError: the program does not exist.
        PermissionError: it may not be started.
        Interrupted: the thread's `Leash` was pulled.
    """
    leash: Leash = getattr(_HELD, "leash", None) or Leash()
    leash.check()
    started = time.monotonic()
    process = subprocess.Popen(
        list(argv),
        env={**_needed_to_start(), **environ},
        cwd=workdir,
        stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        close_fds=True,
        pass_fds=tuple(keep_open),
    )
    out, err = _Tail(output), _Tail(output)
    threads = [_drain(process.stdout, out), _drain(process.stderr, err)]
    if stdin:
        threads.append(_feed(process.stdin, stdin))
    try:
        with leash.on(process):
            stopped = _wait(process, started, seconds, watch if flood is None else _or_flood(watch, flood, out, err))
    finally:
        _end(process)
    for thread in threads:
        thread.join(timeout=2.0)
    return Completed(process.returncode, out.value(), err.value(), time.monotonic() - started, stopped)


def _needed_to_start() -> dict[str, str]:
    return {"SYSTEMROOT": os.environ.get("SYSTEMROOT", "")} if sys.platform == "win32" else {}


def _or_flood(watch: Callable[[int], str] | None, most: int, *pipes: _Tail) -> Callable[[int], str]:
    def look(pid: int) -> str:
        return "output" if sum(pipe.seen for pipe in pipes) > most else watch(pid) if watch else ""

    return look


def _wait(
    process: subprocess.Popen[bytes],
    started: float,
    seconds: float | None,
    watch: Callable[[int], str] | None,
) -> str:
    while True:
        remaining = None if seconds is None else started + seconds - time.monotonic()
        if remaining is not None and remaining <= 0:
            return "time"
        pause = remaining if watch is None else min(POLL_SECONDS, remaining or POLL_SECONDS)
        if _ended_within(process, pause):
            return ""
        reason = watch(process.pid) if watch else ""
        if reason:
            return reason


def _ended_within(process: subprocess.Popen[bytes], seconds: float | None) -> bool:
    """Wait for the end; `Popen.wait` with a time limit notices it up to 50 ms late."""
    try:
        descriptor = os.pidfd_open(process.pid) if sys.platform == "linux" else -1
    except OSError:
        descriptor = -1
    if descriptor < 0:
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        return process.returncode is not None
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(None if seconds is None else seconds * 1000)
    finally:
        os.close(descriptor)
    return process.poll() is not None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole session; whoever is left in it outlived its leader."""
    _kill(process)
    process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _drain(pipe: IO[bytes] | None, into: _Tail) -> threading.Thread:
    def work() -> None:
        assert pipe is not None
        with pipe:
            while data := os.read(pipe.fileno(), _CHUNK):
                into.add(data)

    return _started(work)


def _feed(pipe: IO[bytes] | None, data: bytes) -> threading.Thread:
    def work() -> None:
        assert pipe is not None
        with suppress(BrokenPipeError), pipe:
            pipe.write(data)

    return _started(work)


def _started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
