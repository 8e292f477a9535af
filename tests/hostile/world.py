"""A small machine of a test's own: secrets, listeners, a process and a checkout that nobody else needs."""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from repositories import Checkout

from hostile.case import Case, Harm
from hostile.looking import alive, state_of, state_of_process, was_called

PYTHON = str(Path(sys.executable).resolve())
_VICTIM = """
import ctypes, signal, sys
ctypes.CDLL(None).prctl(0x59616d61, ctypes.c_ulong(-1 & (1 << 64) - 1), 0, 0, 0)
stream = open("secret")
print("ready", flush=True)
signal.pause()
"""
_PREAMBLE = """
import ctypes, json, os, resource, signal, socket, subprocess, sys, threading, time
from pathlib import Path

plan = json.loads(Path("plan.json").read_text())
token = sys.argv[1]
outside, home, checkout, environment, results = (Path(plan[name]) for name in plan["folders"])
victim = plan["victim"]
libc = ctypes.CDLL(None, use_errno=True)

def linger():
    for number in (0, 1, 2):
        os.close(number)
    while True:
        time.sleep(5)

"""
PLANTED = ("outside", "home", "checkout", "environment", "scratch/tree")
_START = "print('began', flush=True); import behaviour"
_SHARED_MEMORY = Path("/dev/shm")
_IPC_CREATE = 0o1000


@dataclass
class World:
    """Everything that a project may attack.

    Parameters:
        folder: holds it all; `tree` is what is run behind walls, `checkout` what a user has.
        token: stands in the command line of every process of the run, and in the names of what must vanish.
        secret: stands in no file of the project.
    """

    folder: Path
    secret: str
    token: str = field(default_factory=lambda: secrets.token_hex(12))
    listeners: list[socket.socket] = field(default_factory=list)
    victim: subprocess.Popen[bytes] | None = None
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    before: dict[str, object] = field(default_factory=dict)
    before_victim: object = None

    def __getattr__(self, name: str) -> Path:
        if name in ("outside", "home", "checkout", "environment", "results", "scratch"):
            return self.folder / name
        raise AttributeError(name)

    @property
    def tree(self) -> Path:
        """The files of the commit, as a worktree has them."""
        return self.folder / "scratch/tree"

    @property
    def abstract(self) -> str:
        """The name of the bus, which lies in no folder."""
        return f"\0bus-{self.token}"

    @property
    def command(self) -> list[str]:
        """What imports the project's module, as its tests would."""
        return [PYTHON, "-S", "-c", _START, self.token]

    @property
    def environ(self) -> dict[str, str]:
        """Variables that a user has set."""
        return {
            "HOME": str(self.home),
            "GH_TOKEN": self.secret,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "EDITOR_OF_" + self.token.upper(): self.secret,
            "SSH_AUTH_SOCK": str(self.outside / "agent"),
            "DOCKER_HOST": f"unix://{self.outside}/docker.sock",
            "TMPDIR": str(self.outside),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def survivors(self) -> list[int]:
        """The processes of the run that are still there."""
        return alive(self.token)

    def harms(self, printed: bytes) -> set[Harm]:
        """What was done to this world, all of it seen from outside."""
        found = {
            Harm.LEAKED: self.secret.encode() in printed,
            Harm.GAINED: b"GAINED" in printed,
            Harm.CHANGED: state_of(self.folder, PLANTED) != self.before,
            Harm.CALLED: any(map(was_called, self.listeners)),
            Harm.TOUCHED: self._victim_state() != self.before_victim,
            Harm.OUTLIVED: any(self.survivors() for _ in range(4)),
            Harm.LEFT: bool(self._left()),
        }
        return {harm for harm, seen in found.items() if seen}

    def _left(self) -> list[str]:
        places = (_SHARED_MEMORY, Path("/tmp"), self.scratch)
        left = [str(path) for place in places for path in place.iterdir() if self.token in path.name]
        left += [str(path) for path in self.scratch.iterdir() if path.name != "tree"]
        return [path for path in left if path != str(_SHARED_MEMORY / f"planted-{self.token}")]

    def _victim_state(self) -> object:
        assert self.victim is not None
        return "dead" if self.victim.poll() is not None else state_of_process(self.victim.pid)

    def begin(self) -> None:
        """Remember how everything is."""
        self.before = state_of(self.folder, PLANTED)
        self.before_victim = self._victim_state()


@contextmanager
def world_for(case: Case, folder: Path, template: Path) -> Iterator[World]:
    """A world with the project in it; everything that it started is ended."""
    made = World(folder, Checkout(template).git("log", "-1", "--format=%s"))
    with ExitStack() as stack:
        stack.callback(_end_all, made)
        _plant(made, stack)
        shutil.copytree(template, made.checkout)
        _add_secrets(made)
        for place in (made.checkout, made.tree):
            _project(case, made, place)
        made.begin()
        yield made


def _plant(made: World, stack: ExitStack) -> None:
    for place in (made.outside, made.home / ".ssh", made.environment / "lib", made.results, made.tree):
        place.mkdir(parents=True)
    for place in (made.outside / "secret", made.home / ".ssh/id", made.home / ".netrc"):
        place.write_text(made.secret)
    (made.environment / "lib/module.py").write_text("")
    (made.outside / "tool").write_text("#!/bin/sh\n")
    made.listeners += [stack.enter_context(ear) for ear in _ears(made)]
    shared = _SHARED_MEMORY / f"planted-{made.token}"
    shared.write_text(made.secret)
    stack.callback(shared.unlink, missing_ok=True)
    stack.callback(_drop_segment, _segment(made))
    command = [PYTHON, "-I", "-S", "-c", _VICTIM, made.secret]
    made.victim = subprocess.Popen(
        command, cwd=made.outside, env={"PASSWORD": made.secret}, stdout=subprocess.PIPE, start_new_session=True
    )
    assert made.victim.stdout is not None
    stack.callback(made.victim.stdout.close)
    stack.callback(made.victim.wait)
    stack.callback(made.victim.kill)
    assert made.victim.stdout.readline() == b"ready\n"


def _ears(made: World) -> Iterator[socket.socket]:
    yield _bound(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
    yield _bound(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
    yield _bound(socket.AF_UNIX, socket.SOCK_STREAM, made.abstract)
    # the name of a socket may have a hundred bytes, and a test's folder has more
    with _in_folder(made.outside):
        yield _bound(socket.AF_UNIX, socket.SOCK_STREAM, "agent")
        yield _bound(socket.AF_UNIX, socket.SOCK_STREAM, "docker.sock")
        yield _bound(socket.AF_UNIX, socket.SOCK_DGRAM, "log")


@contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _bound(family: int, kind: int, address: object) -> socket.socket:
    ear = socket.socket(family, kind)
    ear.bind(address)  # type: ignore[arg-type]
    if kind == socket.SOCK_STREAM:
        ear.listen()
    ear.setblocking(False)
    return ear


def _key(token: str) -> int:
    return int(token[:7], 16) | 1


def make_template(folder: Path) -> Path:
    """A repository to be copied, whose only commit says the secret."""
    made = Checkout.make(folder)
    made.commit({"README": b"hello\n"}, secrets.token_hex(24))
    return folder


def _segment(made: World) -> int:
    """A segment of System V's shared memory that holds the secret."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.shmat.restype = ctypes.c_void_p
    segment = int(libc.shmget(_key(made.token), 4096, _IPC_CREATE | 0o666))
    assert segment >= 0
    address = libc.shmat(segment, None, 0)
    ctypes.memmove(address, made.secret.encode(), len(made.secret))
    libc.shmdt(ctypes.c_void_p(address))
    return segment


def _drop_segment(segment: int) -> None:
    ctypes.CDLL(None).shmctl(segment, 0, None)


def _add_secrets(made: World) -> None:
    with (made.checkout / ".git/config").open("a") as stream:
        stream.write(f"[http]\n\textraHeader = Authorization: {made.secret}\n")
    (made.checkout / ".git/info/exclude").write_text(".env\n")
    (made.checkout / ".env").write_text(f"PASSWORD={made.secret}\n")


def _project(case: Case, made: World, place: Path) -> None:
    """A module with the behaviour, and the test that imports it."""
    place.mkdir(exist_ok=True)
    body = "".join(f"    {line}\n" for line in case.code.strip("\n").splitlines())
    code = f"try:\n{body}except Exception as error:\n    print('refused:', error)\n"
    (place / "behaviour.py").write_text(f'"""{case.name}."""\n{_PREAMBLE}{code}')
    (place / "test_behaviour.py").write_text("def test_behaviour():\n    import behaviour\n")
    (place / "plan.json").write_text(json.dumps(_plan(made)))
    for name, target in case.links.items():
        (place / name).symlink_to(made.folder / target)


def _plan(made: World) -> dict[str, object]:
    assert made.victim is not None
    names = ["outside", "home", "checkout", "environment", "results"]
    ports = [ear.getsockname()[1] for ear in made.listeners[:2]]
    everything = {name: str(made.folder / name) for name in names}
    return {
        **everything,
        "folders": names,
        "tcp": ports[0],
        "udp": ports[1],
        "bus": made.abstract,
        "key": _key(made.token),
        "victim": made.victim.pid,
    }


def _end_all(made: World) -> None:
    """End what a run without walls left, each by its id, and take away what it put where all may write."""
    for _ in range(50):
        for pid in made.survivors():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not made.survivors():
            break
    for process in made.started:
        process.kill()
        process.wait()
    for place in (_SHARED_MEMORY, Path("/tmp")):
        for path in place.glob(f"*{made.token}*"):
            path.unlink()
