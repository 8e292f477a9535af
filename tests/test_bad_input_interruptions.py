"""Ctrl-C and kill -9 at any moment, and two runs at once: nothing is left after the next start, nothing was changed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from checkout import Checkout, Shell, Started, running, shop, snapshot, wait_until

HANGS = b"""import os
import subprocess

from shop import price


def test_price():
    assert price(2) == 4


def test_that_hangs_when_told_to():
    if os.environ.get("HANG"):
        subprocess.run(["sleep", os.environ["HANG"]])
"""


@pytest.fixture
def project(tmp_path: Path) -> Checkout:
    return shop(tmp_path / "shop", {"tests/test_shop.py": HANGS})


@pytest.fixture
def shell(tmp_path: Path, project: Checkout) -> Shell:
    """A user whose settings let HANG into the sandbox."""
    made = Shell.make(tmp_path, project.path)
    (made.home / "config.toml").write_text('environment = ["HANG"]\nseconds = 60.0\n')
    return Shell(made.home, made.at, {"IMPROVER_CONFIG": str(made.home / "config.toml")})


Moment = Callable[[Shell, Started, str], object]


def _it_works(shell: Shell, started: Started, marker: str) -> object:
    return started.family


def _walls_are_tried(shell: Shell, started: Started, marker: str) -> object:
    return any("bwrap" in words for words in started.family.values())


def _tree_is_laid_out(shell: Shell, started: Started, marker: str) -> object:
    return list(shell.state.glob("repositories/*/worktrees/run-*/tree-*/tree"))


def _tests_run(shell: Shell, started: Started, marker: str) -> object:
    return running(f"sleep {marker}")


MOMENTS: dict[str, Moment] = {
    "it starts programs": _it_works,
    "walls are tried": _walls_are_tried,
    "a tree is laid out": _tree_is_laid_out,
    "tests run": _tests_run,
}


@pytest.fixture
def marker() -> Iterator[str]:
    """A number of seconds that no other process on the machine sleeps; whatever sleeps it at the end is a leak."""
    seconds = f"86400.{os.getpid()}{os.urandom(4).hex().translate(str.maketrans('abcdef', '012345'))}"
    yield seconds
    for pid in running(f"sleep {seconds}"):
        os.kill(pid, signal.SIGKILL)


def start_until(shell: Shell, moment: str, marker: str) -> tuple[Started, list[int]]:
    """A run of `propose` that has come to this moment, and all that it had started then."""
    started = shell.start("propose", "--python", sys.executable, HANG=marker)
    reached = MOMENTS[moment]
    try:
        wait_until(lambda: reached(shell, started, marker) or started.process.poll() is not None)
        assert started.process.poll() is None, started.answer()
    except AssertionError:
        started.kill()
        raise
    return started, list(started.family)


def gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}/cwd").exists() for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_run_that_is_told_to_end_tidies_up(project: Checkout, shell: Shell, marker: str, number: int) -> None:
    """Ctrl-C, a cancelled job and a closed terminal end alike: said in a sentence, with nothing left at once."""
    before = snapshot(project.path)
    started, family = start_until(shell, "tests run", marker)
    started.process.send_signal(number)
    started.answer().expect(130, "Interrupted", "The repository is as it was")
    wait_until(lambda: gone(family) and not running(f"sleep {marker}"))
    assert not shell.left_behind()
    assert snapshot(project.path) == before


@pytest.mark.parametrize("moment", [name for name in MOMENTS if name != "tests run"])
def test_ctrl_c_at_any_moment_leaves_nothing(project: Checkout, shell: Shell, marker: str, moment: str) -> None:
    before = snapshot(project.path)
    started, family = start_until(shell, moment, marker)
    started.interrupt()
    started.answer().expect(130, "Interrupted")
    wait_until(lambda: gone(family) and not running(f"sleep {marker}"))
    assert not shell.left_behind()
    assert snapshot(project.path) == before


def test_ctrl_c_twice_is_no_worse_than_once(project: Checkout, shell: Shell, marker: str) -> None:
    before = snapshot(project.path)
    started, family = start_until(shell, "tests run", marker)
    for _ in range(5):
        started.interrupt()
    answer = started.answer()
    assert answer.code == 130, answer
    assert "Traceback" not in answer.said, answer
    wait_until(lambda: gone(family) and not running(f"sleep {marker}"))
    assert snapshot(project.path) == before
    shell("propose").expect(0, "`price`")
    assert not shell.left_behind()


def test_kill_at_any_moment_leaves_nothing_after_the_next_start(project: Checkout, shell: Shell, marker: str) -> None:
    """No process, mount, throw-away tree or lock; and the ledger is whole."""
    before, mounts = snapshot(project.path), mounted(shell.state)
    families: list[int] = []
    for moment in MOMENTS:
        started, family = start_until(shell, moment, marker)
        started.kill()
        families += family
        assert snapshot(project.path) == before, moment
    shell.propose().expect(0, "`price`", "2 of 2 pass at base")
    wait_until(lambda: gone(families) and not running(f"sleep {marker}"))
    assert not shell.left_behind()
    assert mounted(shell.state) == mounts
    assert snapshot(project.path) == before
    assert [each["decision"]["route"] for each in shell("show", "--json").document["dossiers"]] == ["auto"]


def mounted(below: Path) -> list[str]:
    return [line for line in Path("/proc/self/mounts").read_text().splitlines() if str(below) in line]


def test_a_killed_accept_can_be_repeated(project: Checkout, shell: Shell) -> None:
    """Whenever the kill comes, there is no half branch, and the next try makes it."""
    found = shell("propose", "--json").expect(0).document["dossiers"][0]["id"]
    for reached in (_it_works, _walls_are_tried, _tree_is_laid_out):
        started = shell.start("accept", found, "--branch", "mine")
        wait_until(lambda: reached(shell, started, "") or started.process.poll() is not None)  # noqa: B023
        started.kill()
    project.git("fsck", "--strict")
    if not project.git("branch", "--list", "mine"):
        shell("accept", found, "--branch", "mine").expect(0, "Branch mine: 1 commit")
    assert project.git("log", "--format=%P", "main..mine").split() == [project.git("rev-parse", "main")]
    shell("show", found).expect(0, "approved")
    shell("propose").expect(0, "they were accepted before")
    assert not shell.left_behind()


def test_two_runs_at_once_do_not_disturb_each_other(project: Checkout, shell: Shell) -> None:
    before = snapshot(project.path)
    runs = [shell.start("propose", "--python", sys.executable) for _ in range(2)]
    runs.append(shell.start("propose"))
    for run in runs:
        run.answer().expect(0, "`price`")
    assert not shell.left_behind()
    assert len(shell("show", "--json").document["dossiers"]) == 1
    assert snapshot(project.path) == before


def test_a_commit_made_during_the_run_does_not_confuse_it(project: Checkout, shell: Shell, marker: str) -> None:
    """What is proven is the commit that was read at the start, and accepting it on another is checked again."""
    base = project.git("rev-parse", "HEAD")
    (shell.home / "config.toml").write_text('environment = ["HANG"]\nseconds = 4.0\n')
    started, _ = start_until(shell, "tests run", marker)
    project.commit({"shop.py": b"x = 1\n"})
    answer = started.answer().expect(0)
    assert base[:7] in answer.out
    assert not shell.left_behind()
