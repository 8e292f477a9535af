"""What the reduced sandbox holds, and that what it does not hold is said; judged from outside."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest

from improver import process
from improver.errors import SandboxMissing
from improver.ports import Completed, Limits
from improver.sandbox import jail as jails
from improver.sandbox import landlock, seccomp
from improver.sandbox.cell import Backend, Bind, Cell, Refusal
from improver.sandbox.jail import Jail, prove, stand
from improver.sandbox.landlock import Landlock
from improver.sandbox.landlock_scratch import sweep
from improver.sandbox.remedies import landlock_advice
from improver.sandbox.trial import SandboxTrial
from improver.settings import Settings, UserSettings
from improver.values import Missing, Target

PYTHON = str(Path(sys.executable).resolve())
MINUTE = Limits(seconds=60.0)


@cache
def proven() -> Backend | Refusal:
    return prove(Landlock.find())


def standing(limits: Limits = MINUTE) -> Jail:
    backend = proven()
    if isinstance(backend, Refusal):
        pytest.skip(f"no Landlock: {backend.probe} {backend.words}")
    return Jail(backend, limits)


def ask(code: str, *, limits: Limits = MINUTE, binds: tuple[Path, ...] = ()) -> Completed:
    return standing(limits).ask([PYTHON, "-I", "-S", "-c", code], binds)


def test_a_program_runs_and_its_status_and_signal_come_back() -> None:
    done = ask("import sys; print('hello'); sys.exit(3)")
    assert (done.stdout, done.returncode, done.stopped) == (b"hello\n", 3, "")
    assert ask("import os; os.kill(os.getpid(), 11)").returncode == -signal.SIGSEGV
    assert standing().ask(["/bin/cat"], [], stdin=b"in\0put").stdout == b"in\0put"


def test_a_program_that_does_not_exist_is_said_and_not_a_broken_sandbox() -> None:
    done = standing().ask(["/nowhere/program"], [])
    assert (done.returncode, done.stopped) == (127, "")


def test_walls_that_cannot_be_set_up_are_not_taken_for_a_failed_program() -> None:
    walls = standing()
    assert walls.run(Cell(("/bin/true",), (), {}, Path("/no such folder"), walls.limits)).stopped == "sandbox"
    assert walls.run(Cell(("/bin/tr\0ue",), (), {}, Path("/tmp"), walls.limits)).stopped == "sandbox"


REFUSED = {
    "a socket": "import socket; socket.socket()",
    "a socket for datagrams": "import socket; socket.socket(type=socket.SOCK_DGRAM)",
    "a local socket": "import socket; socket.socket(socket.AF_UNIX)",
    "a pair that could be turned elsewhere": "import socket; socket.socketpair(type=socket.SOCK_DGRAM)",
    "a signal to whoever started it": "import os; os.kill({outer}, 0)",
    "the environment of another process": "open('/proc/{outer}/environ').read()",
    "the words of another process": "open('/proc/{outer}/cmdline').read()",
    "limits of another process": "import resource as r; r.prlimit({outer}, r.RLIMIT_CORE, (0, 0))",
    "the priority of another process": "import os; os.setpriority(os.PRIO_PROCESS, {outer}, 19)",
    "the list of processes": "import os; os.listdir('/proc')",
    "shared memory": "open('/dev/shm/mark', 'w')",
    "the system's temporary folder": "import os; os.listdir('/tmp')",
    "users": "open('/etc/passwd')",
    "a planted file": "open({secret!r})",
    "a planted folder": "import os; os.listdir({folder!r})",
    "writing a planted file": "open({secret!r}, 'a')",
    "truncating a planted file": "import os; os.truncate({secret!r}, 0)",
    "removing a planted file": "import os; os.unlink({secret!r})",
    "moving a planted file": "import os; os.rename({secret!r}, {secret!r} + '2')",
    "linking a planted file": "import os; os.link({secret!r}, os.environ['HOME'] + '/x')",
    "a link that leads out": "import os; h = os.environ['HOME'] + '/x'; os.symlink({secret!r}, h); open(h)",
    "writing to the system": "open('/usr/bin/mark', 'w')",
    "a device": "import os; os.mknod(os.environ['HOME'] + '/x', 0o20666, os.makedev(1, 1))",
    "a terminal": "open('/dev/tty')",
}


@pytest.mark.parametrize("code", [pytest.param(code, id=name) for name, code in REFUSED.items()])
def test_what_lies_outside_is_out_of_reach(code: str, tmp_path: Path) -> None:
    """Neither read, nor written, nor called; the planted file stays as it was."""
    secret = tmp_path / "secret"
    secret.write_text("planted")
    words = code.format(outer=os.getpid(), secret=str(secret), folder=str(tmp_path))
    done = ask(f"try:\n    {words}\nexcept OSError: print('refused')\nelse: print('done')")
    assert done.stdout == b"refused\n", done
    assert secret.read_text() == "planted"


CALLS = {
    "unshare": (272, 0x10000000),
    "a namespace by clone": (56, 0x10000000 | 17),
    "ptrace": (101, 16, os.getpid()),
    "bpf": (321, 0, 0, 0),
    "io_uring_setup": (425, 1, 0),
    "keyctl": (250, 0, -4, 1),
    "mount": (165, 0, 0, 0, 0, 0),
    "perf_event_open": (298, 0, 0, -1, -1, 0),
    "shmget": (29, 0, 4096, 0o1600),
    "memfd_secret": (447, 0),
    "typing into a terminal": (16, 0, 0x5412, 0),
    "a call younger than the list": (463, 0),
    "a call of the other table": (0x40000000 + 39,),
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86_64")
@pytest.mark.parametrize("words", [pytest.param(words, id=name) for name, words in CALLS.items()])
def test_the_kernel_refuses_what_no_test_needs(words: tuple[int, ...]) -> None:
    code = f"""
import ctypes
library = ctypes.CDLL(None, use_errno=True)
print(library.syscall(*map(ctypes.c_long, {words!r})), ctypes.get_errno())
"""
    result, number = ask(code).stdout.split()
    assert result == b"-1"
    assert number in (b"1", b"38")


def test_no_capability_even_for_root_and_no_way_to_gain_more() -> None:
    code = """
lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(*(lines[name].strip() for name in ("CapEff", "CapPrm", "CapInh", "CapAmb", "NoNewPrivs", "Seccomp")))
"""
    assert ask(code).stdout.split() == [*[b"0" * 16] * 4, b"1", b"2"]


def test_a_change_of_mode_does_nothing_outside(tmp_path: Path) -> None:
    """Landlock does not see such calls; they report success, as copying a file makes them."""
    secret = tmp_path / "secret"
    secret.write_text("planted")
    before = secret.stat()
    code = f"import os; p = {str(secret)!r}; os.chmod(p, 0o777); os.utime(p, (1, 1)); os.setxattr(p, 'user.x', b'')"
    assert ask(code).returncode == 0
    assert (secret.stat().st_mode, secret.stat().st_mtime) == (before.st_mode, before.st_mtime)
    assert os.listxattr(secret) == []


def test_a_test_with_a_server_of_its_own_fails_for_want_of_a_network() -> None:
    """In words by which it is set aside for that reason."""
    assert b"Network is unreachable" in ask("import socket; socket.create_server(('127.0.0.1', 0))").stderr


def test_a_local_service_is_not_called() -> None:
    """Neither by a path, nor by a name without one."""
    with socket.socket(socket.AF_UNIX) as ear:
        ear.bind("\0" + uuid4().hex)
        ear.listen()
        ear.setblocking(False)
        done = ask(f"import socket\ntry: socket.socket(1).connect({ear.getsockname()!r})\nexcept OSError: print('no')")
        assert done.stdout == b"no\n"
        with pytest.raises(BlockingIOError):
            ear.accept()


def test_what_tests_need_works() -> None:
    """Threads, programs of the system's, pairs of sockets, temporary files, files without a name."""
    code = """
import os, socket, subprocess, tempfile, threading
one, two = socket.socketpair(); one.send(b"x"); assert two.recv(1) == b"x"
thread = threading.Thread(target=len, args=("",)); thread.start(); thread.join()
with tempfile.TemporaryDirectory() as name:
    open(name + "/file", "w").close(); os.rename(name + "/file", name + "/other")
assert subprocess.run(["cat"], input=b"y", capture_output=True).stdout == b"y"
child = subprocess.Popen(["sleep", "600"]); child.terminate(); assert child.wait() == -15
os.memfd_create("x")
print(sorted(os.environ), os.getcwd() == os.environ["HOME"])
"""
    done = ask(code)
    assert done.stderr == b""
    assert b"'HOME'" in done.stdout
    assert done.stdout.endswith(b"True\n")


def test_only_folders_that_are_given_can_be_written(tmp_path: Path) -> None:
    walls = standing()
    folders = [tmp_path / name for name in ("read only", "-write\n")]
    for folder in folders:
        folder.mkdir()
    script = 'for place; do touch "$place/mark" || ls -- "$place" && echo seen; done'
    cell = Cell(
        ("/bin/sh", "-c", script, "sh", *map(str, folders)),
        (Bind(folders[0], folders[0]), Bind(folders[1], folders[1], writable=True)),
        {"PATH": "/usr/bin:/bin"},
        Path("/"),
        walls.limits,
    )
    assert walls.run(cell).stdout == b"seen\n" * 2
    assert [(folder / "mark").exists() for folder in folders] == [False, True]


DAEMON = """
import os, signal, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for number in (0, 1, 2): os.close(number)
        while True: time.sleep(0.01)
print("{mark}", flush=True)
{then}
"""


@pytest.mark.parametrize(
    ("then", "seconds", "stopped"),
    [
        pytest.param("", 60.0, "", id="the program ends"),
        pytest.param("os.abort()", 60.0, "", id="the program crashes"),
        pytest.param("time.sleep(600)", 1.0, "time", id="its time is over"),
    ],
)
def test_daemons_are_gone_when_the_run_ends(then: str, seconds: float, stopped: str) -> None:
    mark = uuid4().hex
    done = ask(DAEMON.format(mark=mark, then=then), limits=Limits(seconds=seconds))
    assert done.stopped == stopped
    assert done.stdout.decode().strip() == mark
    assert _alive(mark) == []


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        pytest.param("memory", "x = []\nwhile True: x.append(bytearray(1 << 20))", id="one process"),
        pytest.param("processes", "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", id="fork bomb"),
        pytest.param(
            "processes",
            "import os, time\nfor _ in range(100):\n  if not os.fork(): os.setsid(); time.sleep(600)\ntime.sleep(600)",
            id="daemons",
        ),
        pytest.param(
            "disk",
            "import os, time\nfor n in range(9):\n"
            "  with open(f'{n}', 'w') as f: os.posix_fallocate(f.fileno(), 0, 8 << 20)\n"
            "time.sleep(600)",
            id="disk",
        ),
        pytest.param("output", "import os\nwhile True: os.write(1, b'x' * 65536)", id="flood"),
    ],
)
def test_a_limit_ends_the_run_and_is_named(limit: str, code: str) -> None:
    mark = uuid4().hex
    limits = Limits(seconds=60, memory=200 << 20, processes=40, disk=32 << 20, output=1 << 16)
    assert ask(f"mark = '{mark}'\n{code}", limits=limits).stopped == limit
    assert _alive(mark) == []


def test_everything_is_gone_when_improver_is_killed(tmp_path: Path) -> None:
    standing()
    mark = uuid4().hex
    script = tmp_path / "improver.py"
    script.write_text(f"""
import sys
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]!r}
from test_landlock import DAEMON, ask
ask(DAEMON.format(mark="{mark}", then="time.sleep(600)"))
""")

    def kill_when_inside(pid: int) -> str:
        if len(_alive(mark)) >= 4:
            os.kill(pid, signal.SIGKILL)
        return ""

    done = process.run([sys.executable, str(script)], environ=dict(os.environ), seconds=30, watch=kill_when_inside)
    assert done.returncode == -signal.SIGKILL, done.stderr
    deadline = time.monotonic() + 10
    while _alive(mark) and time.monotonic() < deadline:
        pass
    assert _alive(mark) == []


def test_daemons_are_gone_when_the_system_ends_the_keeper() -> None:
    """As it may for want of memory; the guard then does what is the keeper's."""
    standing()
    mark = uuid4().hex
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(ask, DAEMON.format(mark=mark, then="time.sleep(600)"))
        deadline = time.monotonic() + 20
        while not (keeper := _keeper(mark)) and time.monotonic() < deadline:
            pass
        os.kill(keeper, signal.SIGKILL)
        assert run.result().stopped == "sandbox"
    assert _alive(mark) == []


def test_folders_of_killed_runs_are_taken_away_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    left, young, alive, link = (tmp_path / f"improver-cell-{number}" for number in range(4))
    for folder in (left, young, alive):
        folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    link.symlink_to(tmp_path / "elsewhere")
    for folder in (left, alive):
        os.utime(folder, (1, 1))
    held = os.open(alive, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_SH)
        assert sweep(tmp_path) == 1
    finally:
        os.close(held)
    assert [folder.exists() for folder in (left, young, alive, link)] == [False, True, True, True]


def _keeper(mark: str) -> int:
    """The process that started three daemons and what starts them."""
    parents = []
    for pid in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark.encode() in (pid / "cmdline").read_bytes():
                parents.append(int((pid / "stat").read_bytes().rpartition(b")")[2].split()[1]))
    return next((parent for parent in parents if parents.count(parent) == 4), 0)


def _alive(mark: str) -> list[bytes]:
    """The command lines of all processes of the machine that hold a word."""
    found = []
    for pid in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (pid / "cmdline").read_bytes()
            if mark.encode() in words:
                found.append(words)
    return found


def test_an_ordinary_user_gets_the_same_walls(tmp_path: Path) -> None:
    """Whose bounding set cannot be emptied; without new privileges it is of no use."""
    standing()
    if os.getuid() != 0 or not Path("/usr/bin/python3").exists():
        pytest.skip("only root can become another user")
    code = f"""
import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
try:
    from improver.sandbox.landlock import Landlock
    from improver.sandbox.jail import prove
except (ImportError, SyntaxError, OSError): print("unreadable")
else: print(prove(Landlock.find()))
"""
    environ = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    done = process.run(["/usr/bin/python3", "-c", code], environ=environ, seconds=60)
    if done.stdout == b"unreadable\n":
        pytest.skip("this user may not read improver, or the system's Python is too old for it")
    assert done.stdout.startswith(b"Landlock("), done.stdout + done.stderr


def test_it_stands_only_where_it_is_named_and_says_what_it_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    standing()
    jail = stand(Settings(user=UserSettings(sandbox="landlock")))
    assert jail.name.startswith("landlock (reduced:")
    assert [skipped.reason for skipped in jail.left_out] == list(landlock.NOT_HELD)
    alone = (Refusal("bubblewrap", "it is not installed"), Landlock.find())
    monkeypatch.setattr(jails, "candidates", lambda _outside_of=None: alone)
    with pytest.raises(SandboxMissing, match="used only where it is named") as refused:
        stand(Settings())
    assert "--sandbox landlock" in refused.value.remedy


@pytest.mark.parametrize(
    ("version", "expected"),
    [pytest.param(0, "it is not there", id="none"), pytest.param(5, "version 5 of Landlock is too old", id="too old")],
)
def test_a_kernel_without_it_is_refused_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch, version: int, expected: str
) -> None:
    monkeypatch.setattr(landlock, "kernel_version", lambda: (version, "Function not implemented"))
    refusal = Landlock.find()
    assert isinstance(refusal, Refusal)
    assert expected in refusal.probe
    assert refusal.words == "Function not implemented"
    assert "Linux 6.12" in refusal.remedy


def test_a_filter_that_the_kernel_does_not_take_is_a_refusal() -> None:
    standing()
    refusal = prove(Landlock(7, b"\0" * 8))
    assert isinstance(refusal, Refusal)
    assert "Invalid argument" in refusal.words


def test_no_filter_is_made_for_a_machine_whose_numbers_are_not_known() -> None:
    assert seccomp.program("riscv64") == b""
    assert len(seccomp.program("x86_64")) != len(seccomp.program("aarch64")) > 0


def test_another_system_is_told_where_it_works() -> None:
    assert "WSL2" in landlock_advice(0, platform="darwin")


def test_a_tree_is_seen_at_a_place_of_its_own_and_made_anew_for_each_run(tmp_path: Path) -> None:
    jail = standing()
    files = tmp_path / "files"
    files.mkdir()
    (files / "module.py").write_text("value = 1\n")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (checkout / "secret").write_text("planted")
    none = Missing("environment", "there is none")
    target = Target(checkout, "", "0" * 40, (), ("",), environment=none)
    code = f"""
import module
print(module.value)
open("module.py", "w").write("value = 2")
try: print(open({str(checkout / "secret")!r}).read())
except OSError: print("out of reach")
"""
    with SandboxTrial(jail, files, target) as trial:
        for _ in range(2):
            done = trial.run([str(trial.python), "-c", code], writable=True)
            assert done.stdout == b"1\nout of reach\n", done.stderr
        done = trial.run([str(trial.python), "-c", code])
        assert b"PermissionError" in done.stderr
    assert (files / "module.py").read_text() == "value = 1\n"
