"""What needs no sandbox works where Python lacks the modules that only Unix has.

A stand-in, not the systems themselves: modules, names of `os` and `signal`, and `sys.platform` are taken away or
changed before improver is imported, in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from checkout import Answer, Shell, shop

PRETEND = r"""
import os, signal, sys, types
import asyncio, ctypes, logging.handlers, multiprocessing, pathlib, platform, shutil, sqlite3, subprocess, tempfile
import concurrent.futures.thread, uuid, webbrowser, getpass, zipfile
import git, libcst, platformdirs, rich.console, rich.progress, rich.prompt, rich.table, typer, pathspec

import sysconfig

sysconfig.get_config_vars()
platform.uname()
system, *words = sys.argv[1:]
GONE = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog", "crypt", "readline"}


class Gone:
    def find_spec(self, name, path=None, target=None):
        if name in GONE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, Gone())
for name in GONE:
    sys.modules.pop(name, None)
assert not any(name.partition(".")[0] == "improver" for name in sys.modules)
LINUX = ["memfd_create", "pidfd_open", "sched_setscheduler", "SCHED_FIFO", "sched_param", "setns", "unshare"]
UNIX = ["getuid", "geteuid", "getgid", "getegid", "killpg", "getpgid", "setsid", "fork", "uname", "chown", "mkfifo"]
UNIX += ["fchmod", "sendfile", "O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY", "O_CLOEXEC"]
for name in LINUX + (UNIX if system == "win32" else []):
    vars(os).pop(name, None)
if system == "win32":
    import select
    subprocess.signal = types.SimpleNamespace(**vars(signal))  # the library of Linux ends programs with it
    for name in ("SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGCHLD", "SIGSTOP"):
        vars(signal).pop(name, None)
    vars(select).pop("poll", None)
    vars(select).pop("epoll", None)
    sys.modules["msvcrt"] = types.ModuleType("msvcrt")
    shutil._winapi = types.SimpleNamespace(NeedCurrentDirectoryForExePath=lambda *_: False)
    of_a_file = ctypes.CDLL.__init__

    def none_of_its_own(self, name, *rest, **more):
        if name is None:
            raise TypeError("argument of type 'NoneType' is not iterable")
        of_a_file(self, name, *rest, **more)

    ctypes.CDLL.__init__ = none_of_its_own
sys.platform = system
from improver.cli import main
main(words)
"""


class Elsewhere:
    """The command line on a system that is not Linux."""

    def __init__(self, shell: Shell, folder: Path, system: str) -> None:
        self.shell, self.system = shell, system
        (shell.home / "bin/git.EXE").symlink_to((shell.home / "bin/git").resolve())
        self.script = folder / "pretend.py"
        self.script.write_text(PRETEND)
        (shell.home / "config.toml").write_text("")

    def __call__(self, *words: str) -> Answer:
        shell = self.shell
        environ = {
            "PATH": str(shell.home / "bin"),
            "HOME": str(shell.home),
            "IMPROVER_STATE_DIR": str(shell.state),
            "IMPROVER_CONFIG": str(shell.home / "config.toml"),
            "LC_ALL": "C.UTF-8",
            "TERM": "dumb",
            "PATHEXT": ".EXE",
        }
        done = subprocess.run(
            [sys.executable, str(self.script), self.system, *words],
            cwd=shell.at,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture(params=["win32", "darwin"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Elsewhere:
    checkout = shop(tmp_path / "shop")
    checkout.commit({"shop.py": checkout.path.joinpath("shop.py").read_bytes() + b"# a remark\n"})
    return Elsewhere(Shell.make(tmp_path, checkout.path), tmp_path, request.param)


def test_scan_finds_what_it_finds_on_linux(elsewhere: Elsewhere) -> None:
    there = elsewhere("scan", "--json").expect(0).document
    here = elsewhere.shell("scan", "--json").document
    assert there["dossiers"]
    assert there == here


def test_scan_needs_no_git(elsewhere: Elsewhere, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "shop.py").write_bytes((elsewhere.shell.at / "shop.py").read_bytes())
    elsewhere("scan", "--diff", str(plain)).expect(0, "`price`")


def test_risk_says_what_it_says_on_linux(elsewhere: Elsewhere) -> None:
    there: Any = elsewhere("risk", "HEAD~1", "--json").expect(0).document
    assert there == elsewhere.shell("risk", "HEAD~1", "--json").document
    assert there["categories"] == ["comments"]


@pytest.mark.parametrize("words", [("propose",), ("verify", "HEAD", "HEAD")], ids=lambda words: words[0])
def test_what_runs_code_names_the_ways(elsewhere: Elsewhere, words: tuple[str, ...]) -> None:
    ways = ("WSL2", "Linux virtual machine", "dev container", "nightly job")
    elsewhere(*words).expect(1, "Nothing of the project was run", *ways)


def test_doctor_names_the_ways(elsewhere: Elsewhere) -> None:
    answer = elsewhere("doctor")
    assert "Traceback" not in answer.said
    assert "fault of improver" not in answer.said
    assert "WSL2" in answer.said


@pytest.mark.sandbox
def test_a_person_decides_on_what_was_proven_elsewhere(elsewhere: Elsewhere) -> None:
    document = elsewhere.shell.propose("--json").document
    first = document["dossiers"][0]["id"]
    elsewhere("show").expect(0, first)
    elsewhere("show", first).expect(0, "Evidence")
    elsewhere("accept", first).expect(1, "WSL2")
    elsewhere("reject", first, "--because", "not here").expect(0, f"Rejected {first}")
    elsewhere("review").expect(0)
