"""The installed command on small real checkouts: what it says, how it ends, and that nothing of them changed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from repositories import ENVIRON, Checkout

__all__ = ["SHOP", "Answer", "Checkout", "Shell", "Started", "shop", "snapshot", "wait_until"]

SECONDS = 120.0
SOURCE = b'''"""Prices."""


def price(count, each=2):
    if count < 0:
        raise ValueError("no negative counts")
    return count * each
'''
SHOP: Mapping[str, bytes] = {
    "shop.py": SOURCE,
    "tests/test_shop.py": b"from shop import price\n\n\ndef test_price():\n    assert price(2) == 4\n",
    "pyproject.toml": b'[project]\nname = "shop"\nversion = "1"\n[tool.pytest.ini_options]\npythonpath = ["."]\n',
}


def shop(path: Path, more: Mapping[str, bytes] | None = None, *, without: tuple[str, ...] = ()) -> Checkout:
    """A committed project with one function that raises and no docstring for it."""
    files = {name: content for name, content in {**SHOP, **(more or {})}.items() if name not in without}
    return Checkout.make(path, files)


@dataclass(frozen=True)
class Answer:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both streams on one line, so that phrases are found however wide the terminal is."""
        return " ".join(f"{self.out} {self.err}".split())

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    def expect(self, code: int, *phrases: str) -> Answer:
        """The answer, if it ended so, said each of these and showed no trace of our own code."""
        assert "Traceback" not in self.said, self
        assert "fault of improver" not in self.said, self
        assert self.code == code, self
        for phrase in phrases:
            assert phrase in self.said, (phrase, self)
        if code in (1, 2, 130):
            assert " ".join(self.err.split()), self
            assert not self.out, self
        return self


def command() -> list[str]:
    """How the installed improver is started."""
    beside = Path(sys.executable).with_name("improver")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "improver"]


@dataclass(frozen=True)
class Started:
    """A command that is running."""

    process: subprocess.Popen[bytes]

    @property
    def family(self) -> dict[int, str]:
        """All that it started and what they started, with their command lines."""
        found: dict[int, str] = {}
        parents = _parents()
        waiting = [self.process.pid]
        while waiting:
            parent = waiting.pop()
            for child in (child for child, its in parents.items() if its == parent and child not in found):
                found[child] = _words(child)
                waiting.append(child)
        return found

    def interrupt(self) -> None:
        """What a terminal does on Ctrl-C to its foreground program."""
        self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it as `kill -9` does, and let go of it."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def answer(self) -> Answer:
        """Wait for its end."""
        try:
            out, err = self.process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return Answer(self.process.returncode, (out or b"").decode(errors="replace"), err.decode(errors="replace"))


@dataclass(frozen=True)
class Shell:
    """A user with a home, a state folder and a checkout to stand in."""

    home: Path
    at: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, at: Path, **environ: str) -> Shell:
        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        (home / ".gitconfig").write_text("[user]\n\tname = Ada\n\temail = ada@example.org\n")
        put_on_path(home / "bin", "git", "bwrap")
        return cls(home, at, environ)

    @property
    def state(self) -> Path:
        """Where improver keeps its own files for this user."""
        return Path(self.environ.get("IMPROVER_STATE_DIR", self.home / "state"))

    def start(
        self,
        *words: str,
        at: Path | None = None,
        under: tuple[str, ...] = (),
        out: Any = subprocess.PIPE,
        **environ: str,
    ) -> Started:
        """Start `improver` with these words; `under` names a program that starts it, `out` what it writes to."""
        full = {
            "PATH": str(self.home / "bin"),
            "HOME": str(self.home),
            "IMPROVER_STATE_DIR": str(self.state),
            "LC_ALL": "C.UTF-8",
            **self.environ,
            **environ,
        }
        process = subprocess.Popen(
            [*under, *command(), *words],
            cwd=at or self.at,
            env=full,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        return Started(process)

    def __call__(self, *words: str, at: Path | None = None, under: tuple[str, ...] = (), **environ: str) -> Answer:
        """Run `improver` with these words to its end."""
        return self.start(*words, at=at, under=under, **environ).answer()

    def propose(self, *words: str, at: Path | None = None, **environ: str) -> Answer:
        """`improver propose` with the interpreter that runs these tests, which has pytest."""
        return self("propose", "--python", sys.executable, *words, at=at, **environ)

    def left_behind(self) -> list[str]:
        """Throw-away trees that outlived their run, and worktrees that the store still knows."""
        trees = (*self.state.glob("repositories/*/worktrees/run-*"), *self.state.glob("repositories/*/*/worktrees/*"))
        return sorted(str(path) for path in trees)


def put_on_path(folder: Path, *programs: str) -> Path:
    """A folder for PATH with these programs of the machine and no others: no Python is found by chance."""
    folder.mkdir(exist_ok=True)
    for program in programs:
        found = shutil.which(program)
        if found and not (folder / program).is_symlink():
            (folder / program).symlink_to(Path(found).resolve())
    return folder


def snapshot(folder: Path, *, ask_git: bool = True) -> dict[bytes, object]:
    """All files, folders and links below a folder (`.git` too: refs, index, settings, hooks), and what git says."""
    seen: dict[bytes, object] = {}
    for where, folders, files in os.walk(os.fsencode(folder)):
        for name in (*folders, *files):
            path = os.path.join(where, name)
            status = os.lstat(path)
            kind = os.readlink(path) if os.path.islink(path) else _content(path)
            seen[os.path.relpath(path, os.fsencode(folder))] = (status.st_mode, status.st_mtime_ns, kind)
    if ask_git and (folder / ".git").exists():
        for words in (
            ("for-each-ref",),
            ("status", "--porcelain=v2", "--branch"),
            ("worktree", "list"),
            ("stash", "list"),
        ):
            seen[b"git " + words[0].encode()] = _git(folder, *words)
    return seen


def _content(path: bytes) -> bytes:
    if not os.path.isfile(path):
        return b"folder or device"
    with open(path, "rb") as stream:
        return stream.read()


def _git(folder: Path, *words: str) -> bytes:
    argv = ["git", "-c", "safe.directory=*", *words]
    return subprocess.run(argv, cwd=folder, env=ENVIRON, capture_output=True, check=False).stdout


def wait_until(reached: Callable[[], object], seconds: float = 60.0) -> None:
    """Return as soon as it is so; fail when it does not come about in time."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "it did not come about"
        os.sched_yield()


def running(words: str) -> list[int]:
    """The processes of this machine whose command line holds these words."""
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and words in _words(int(entry.name))
    ]


def _words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _parents() -> dict[int, int]:
    """Every process of this machine with its parent."""
    found = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit():
                found[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    return found
