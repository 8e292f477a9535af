"""What runs inside reaches nothing of the user's, and a machine without walls runs nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from walls import MINUTE, standing

from improver import process
from improver.errors import UsageError
from improver.ports import Completed, Limits
from improver.sandbox import environ as variables
from improver.sandbox import orphans
from improver.sandbox.bubblewrap import Bubblewrap
from improver.sandbox.cell import Cell, Refusal
from improver.sandbox.interpreter import needs_of
from improver.sandbox.jail import Jail, Unsandboxed, prove, refused, stand
from improver.sandbox.remedies import advice
from improver.settings import Settings, UserSettings

PYTHON = str(Path(sys.executable).resolve())
sandbox = pytest.mark.sandbox


def ask(code: str, *, limits: Limits = MINUTE, binds: tuple[Path, ...] = ()) -> Completed:
    return standing(limits).ask([PYTHON, "-I", "-S", "-c", code], binds)


@sandbox
def test_a_program_runs_and_its_status_comes_back() -> None:
    done = ask("import sys; print('hello'); sys.exit(3)")
    assert (done.stdout, done.returncode, done.stopped) == (b"hello\n", 3, "")


@sandbox
def test_a_signal_is_reported_as_a_negative_number() -> None:
    assert ask("import os; os.kill(os.getpid(), 11)").returncode == -signal.SIGSEGV


@sandbox
def test_a_program_that_does_not_exist_is_said_and_not_a_broken_sandbox() -> None:
    done = standing().ask(["/nowhere/program"], [])
    assert (done.returncode, done.stopped) == (127, "")


@sandbox
def test_standard_input_reaches_the_program() -> None:
    done = standing().ask(["/bin/cat"], [], stdin=b"in\0put")
    assert done.stdout == b"in\0put"


@sandbox
def test_the_network_is_out_of_reach_and_the_loopback_is_private() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ear:
        ear.setblocking(False)
        port = ear.getsockname()[1]
        done = ask(
            f"import socket\ntry: socket.create_connection(('127.0.0.1', {port}), 1)\nexcept OSError: print('no')"
        )
        assert done.stdout == b"no\n"
        with pytest.raises(BlockingIOError):
            ear.accept()


@sandbox
def test_a_server_of_its_own_can_be_reached_by_name() -> None:
    code = (
        "import socket\nwith socket.create_server(('localhost', 0)) as s:\n"
        "  with socket.create_connection(s.getsockname()): print('reached')"
    )
    assert ask(code).stdout == b"reached\n"


@sandbox
def test_the_environment_is_ours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GH_TOKEN", "secret")
    monkeypatch.setenv("PYTHONPATH", "/evil")
    done = ask("import os; print(sorted(os.environ))")
    names = {*variables.standard(), "PWD", "LC_CTYPE"}
    assert set(eval(done.stdout)) <= names


@sandbox
def test_home_other_folders_and_settings_of_the_system_are_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "planted").write_text("secret")
    in_home = [str(path) for path in Path.home().iterdir() if not Path(PYTHON).is_relative_to(path)]
    places = [*in_home, str(tmp_path), "/etc/shadow", "/etc/machine-id", "/var/log", "/run", "/sys"]
    done = ask(f"import os; print([p for p in {places!r} if os.path.exists(p)])")
    assert done.stdout == b"[]\n"


@sandbox
def test_nothing_outside_of_its_own_folders_can_be_written() -> None:
    code = """
import os
for place in ("/", "/usr/bin", "/etc", "/dev", "/home", "/proc/sys/kernel", "/tmp", "/dev/shm", "/home/run"):
    try:
        open(place + "/mark", "w").close(); print(place)
    except OSError: pass
"""
    assert ask(code).stdout.split() == [b"/tmp", b"/dev/shm", b"/home/run"]


@sandbox
def test_other_processes_and_inherited_files_are_out_of_sight(tmp_path: Path) -> None:
    (tmp_path / "open").write_text("secret")
    with (tmp_path / "open").open() as stream:
        os.set_inheritable(stream.fileno(), True)
        done = ask(
            "import os; print(len([p for p in os.listdir('/proc') if p.isdigit()]), len(os.listdir('/proc/self/fd')))"
        )
    processes, files = map(int, done.stdout.split())
    assert processes <= 3
    assert files == 4, "standard streams, and the one that lists them"


@sandbox
def test_no_capability_no_terminal_and_no_way_to_gain_more() -> None:
    code = """
import os
lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(lines["CapEff"].strip("\\t0\\n"), lines["CapBnd"].strip("\\t0\\n"), lines["NoNewPrivs"].strip(), os.getuid())
try: open("/dev/tty"); print("terminal")
except OSError: print("none")
"""
    assert ask(code).stdout.split() == [b"1", b"1000", b"none"]


@sandbox
def test_no_further_user_namespace_can_be_made() -> None:
    code = "import ctypes; print(ctypes.CDLL(None, use_errno=True).unshare(0x10000000))"
    assert ask(code).stdout == b"-1\n"


@sandbox
@pytest.mark.parametrize(
    ("limit", "code"),
    [
        pytest.param("memory", "x = []\nwhile True: x.append(bytearray(1 << 20))", id="one process"),
        pytest.param(
            "memory",
            "import os, time\nfor _ in range(6):\n  if not os.fork(): break\nx = b'x' * (60 << 20)\ntime.sleep(600)",
            id="many processes with a little each",
        ),
        pytest.param(
            "memory",
            "import mmap, time\nx = mmap.mmap(-1, 400 << 20)\nwhile True: x.write(bytes(1 << 20))\ntime.sleep(600)",
            id="shared memory",
        ),
        pytest.param(
            "memory",
            "import os, time\nf = [os.memfd_create('x') for _ in range(9)]\n"
            "for n in f: os.posix_fallocate(n, 0, 50 << 20)\ntime.sleep(600)",
            id="memory that is never mapped",
        ),
        pytest.param("processes", "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", id="fork bomb"),
        pytest.param(
            "processes",
            "import os, time\nfor _ in range(100):\n  if not os.fork(): os.setsid(); time.sleep(600)\ntime.sleep(600)",
            id="daemons",
        ),
        pytest.param("output", "import os\nwhile True: os.write(1, b'x' * 65536)", id="flood"),
        pytest.param("time", "import signal, time\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(600)", id="sleeper"),
    ],
)
def test_a_limit_ends_the_run_and_is_named(limit: str, code: str) -> None:
    seconds = 1.0 if limit == "time" else 60.0
    limits = Limits(seconds=seconds, memory=200 << 20, processes=40, disk=256 << 20, output=1 << 16)
    done = ask(code, limits=limits)
    assert done.stopped == limit
    assert len(done.stdout) < 2 << 16


@sandbox
def test_a_file_larger_than_the_limit_cannot_be_written() -> None:
    code = """
stream = open("/tmp/x", "wb", buffering=0)
try:
    while True: stream.write(bytes(1 << 20))
except OSError: print(stream.tell() >> 20)
"""
    done = ask(code, limits=Limits(seconds=60, file_size=8 << 20))
    assert int(done.stdout) <= 8


@sandbox
def test_everything_that_was_started_is_gone_when_the_run_ends() -> None:
    """A daemon that holds no pipe does not outlive the program that started it."""
    mark = uuid4().hex
    code = f"""
import os, time
if os.fork() == 0:
    os.setsid()
    for number in (0, 1, 2): os.close(number)
    while True: time.sleep(0.01)
print("{mark}")
"""
    assert ask(code).stdout.decode().strip() == mark
    assert _alive(mark) == []


@sandbox
def test_everything_is_gone_when_improver_is_killed(tmp_path: Path) -> None:
    mark = f"600.{uuid4().int}"
    script = tmp_path / "improver.py"
    script.write_text(f"""
import sys
sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]!r}
from walls import standing
standing().ask(["/bin/sleep", "{mark}"], [])
""")

    def kill_when_inside(pid: int) -> str:
        if any(words.startswith(b"/bin/sleep") for words in _alive(mark)):
            os.kill(pid, signal.SIGKILL)
        return ""

    done = process.run([sys.executable, str(script)], environ=dict(os.environ), seconds=30, watch=kill_when_inside)
    assert done.returncode == -signal.SIGKILL, done.stderr
    deadline = time.monotonic() + 10
    while _alive(mark) and time.monotonic() < deadline:
        pass
    assert _alive(mark) == []


@sandbox
def test_what_a_killed_run_left_is_ended_by_the_next_start(tmp_path: Path) -> None:
    """A bwrap whose improver died before they were tied together, as kill -9 can leave it."""
    standing()
    bwrap = str(Bubblewrap.find().program)  # type: ignore[union-attr]
    walls = ["--unshare-user", "--ro-bind", "/", "/"]
    with subprocess.Popen([bwrap, "--unsetenv", orphans.mark(), *walls, "/bin/cat"], stdin=subprocess.PIPE) as alive:
        orphan = [bwrap, "--unsetenv", f"improver-run-{os.getpid()}-1", *walls, "/bin/cat"]
        with subprocess.Popen(orphan, stdin=subprocess.PIPE) as left:
            assert orphans.sweep() >= 1
            assert left.wait(10) == -signal.SIGKILL
        assert alive.poll() is None


def _alive(mark: str) -> list[bytes]:
    """The command lines of all processes of the machine that hold a word."""
    found = []
    for pid in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (pid / "cmdline").read_bytes()
            if mark.encode() in words:
                found.append(words)
    return found


@sandbox
def test_a_program_in_a_folder_of_any_name_is_reached(tmp_path: Path) -> None:
    folder = tmp_path / "-a b\n" / os.fsdecode(b"\xff--")
    folder.mkdir(parents=True)
    (folder / "file").write_text("here")
    done = standing().ask(["/bin/cat", str(folder / "file")], [folder])
    assert done.stdout == b"here"


@sandbox
def test_walls_that_cannot_be_set_up_are_not_taken_for_a_failed_program() -> None:
    walls = standing()
    cell = Cell(("/bin/true",), (), {}, Path("/no such folder"), walls.limits)
    assert walls.run(cell).stopped == "sandbox"


@sandbox
def test_the_probe_accepts_walls_and_leaves_nothing() -> None:
    assert stand(Settings()).name == "bubblewrap"


def test_walls_that_let_a_program_out_are_refused_by_the_probe() -> None:
    """The probe is real: a backend without walls fails it."""
    refusal = prove(Unsandboxed())
    assert isinstance(refusal, Refusal)
    for what in ("reach the network", "read a file outside", "write a file outside"):
        assert what in refusal.probe


def test_a_missing_bwrap_is_refused_and_never_taken_from_the_target(tmp_path: Path) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    assert isinstance(Bubblewrap.find(outside_of=tmp_path, path=str(tmp_path)), Refusal)
    assert Bubblewrap.find(path=str(tmp_path)) == Bubblewrap(fake)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param("echo 'bubblewrap 0.5.0'; exit 1", "version 0.5.0 is too old", id="too old"),
        pytest.param(
            "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1",
            "uid map: Permission denied",
            id="apparmor",
        ),
        pytest.param("exit 0", "said nothing", id="silent"),
    ],
)
def test_a_bwrap_that_does_not_work_is_refused_in_the_systems_own_words(
    tmp_path: Path, script: str, expected: str
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    refusal = prove(Bubblewrap(fake))
    assert isinstance(refusal, Refusal)
    message = str(refused([refusal]))
    assert expected in message
    assert "--allow-unsandboxed" in message


def test_a_backend_that_the_user_names_and_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageError, match="There is no sandbox `moat`"):
        stand(Settings(user=UserSettings(sandbox="moat")))


def test_without_walls_the_name_says_so() -> None:
    jail = stand(Settings(allow_unsandboxed=True))
    assert jail.name == "none"
    assert jail.ask([PYTHON, "-c", "print(1)"], []).stdout == b"1\n"


@pytest.mark.parametrize(
    ("files", "words", "expected"),
    [
        pytest.param({"/etc/os-release": "ID=debian\n"}, "not installed", "apt install bubblewrap", id="debian"),
        pytest.param({"/etc/os-release": 'ID_LIKE="rhel fedora"\n'}, "not installed", "dnf install", id="like fedora"),
        pytest.param({}, "not installed", "of that name on PyPI is something else", id="unknown system"),
        pytest.param(
            {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1"}, "uid map", "apparmor_parser", id="apparmor"
        ),
        pytest.param({"/proc/sys/user/max_user_namespaces": "0"}, "clone", "max_user_namespaces", id="switched off"),
        pytest.param({"/proc/1/cgroup": "0::/docker/abc"}, "clone", "seccomp=unconfined", id="container"),
    ],
)
def test_the_remedy_fits_the_system(files: dict[str, str], words: str, expected: str) -> None:
    assert expected in advice(words, lambda path: files.get(path, ""), "linux")


def test_another_system_is_told_where_it_works() -> None:
    assert "WSL2" in advice("not installed", platform="darwin")


@pytest.mark.parametrize(
    "name", ["GH_TOKEN", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "PYTHONPATH", "LD_PRELOAD", "PATH", "a b"]
)
def test_a_named_variable_that_may_harm_is_held_back_with_a_reason(name: str) -> None:
    passed, held_back = variables.allowed([name, "DATABASE_NAME"], {name: "x", "DATABASE_NAME": "test"})
    assert passed == {"DATABASE_NAME": "test"}
    assert [name in skipped.what for skipped in held_back] == [True]


@sandbox
def test_a_named_variable_is_seen_inside() -> None:
    jail = replace(standing(), environ={"DATABASE_NAME": "test"})
    assert isinstance(jail, Jail)
    assert jail.ask(["/bin/sh", "-c", "echo $DATABASE_NAME"], []).stdout == b"test\n"


def test_an_interpreter_brings_its_environment_and_its_base(tmp_path: Path) -> None:
    base = tmp_path / "base 3"
    (base / "lib/python3.11").mkdir(parents=True)
    (base / "bin").mkdir()
    (base / "bin/python3.11").write_text("")
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text(f"home = {base}/bin\n")
    (tmp_path / "link").symlink_to(base / "bin/python3.11")
    (venv / "bin/python").symlink_to("../../link")
    needs = needs_of(venv / "bin/python")
    assert set(needs.folders) == {venv, base}
    assert needs.links == {tmp_path / "link": str(base / "bin/python3.11")}


def test_a_circle_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert needs_of(tmp_path / "a").folders == ()
