"""Programs end, whatever they do, and what they printed is kept within its limit."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from improver.errors import Interrupted
from improver.process import Leash, run

PYTHON = sys.executable


def test_output_and_status_come_back() -> None:
    done = run([PYTHON, "-c", "import sys; print(sys.stdin.read().upper()); sys.exit(3)"], environ={}, stdin=b"hi")
    assert (done.stdout, done.returncode, done.stopped) == (b"HI\n", 3, "")


def test_the_environment_is_what_was_given_and_nothing_of_ours() -> None:
    done = run(["/usr/bin/env"], environ={"ONLY": "this"})
    assert done.stdout == b"ONLY=this\n"


def test_a_flood_keeps_its_head_and_its_tail() -> None:
    done = run([PYTHON, "-c", "print('a' * 10**6); print('z' * 10)"], environ={}, output=100)
    assert done.stdout.startswith(b"aaaa")
    assert done.stdout.endswith(b"zzzz\n")
    assert b"bytes dropped" in done.stdout
    assert len(done.stdout) < 200


def test_a_program_that_does_not_end_is_ended_with_its_children() -> None:
    code = "import os, time\npid = os.fork()\nif pid: print(pid, flush=True)\ntime.sleep(600)"
    done = run([PYTHON, "-c", code], environ={}, seconds=0.5)
    assert done.stopped == "time"
    assert _gone(int(done.stdout))


def test_a_watcher_ends_a_run_for_its_reason() -> None:
    done = run([PYTHON, "-c", "import time; time.sleep(600)"], environ={}, watch=lambda pid: "memory")
    assert done.stopped == "memory"


def test_another_thread_can_end_what_runs_and_nothing_is_started_after() -> None:
    leash, running = Leash(), threading.Event()

    def work() -> tuple[int, str]:
        with leash:
            ended = run(
                [PYTHON, "-c", "import signal; signal.pause()"], environ={}, watch=lambda _: running.set() or ""
            )
            with pytest.raises(Interrupted) as refused:
                run(["/usr/bin/env"], environ={})
        return ended.returncode, str(refused.value)

    with ThreadPoolExecutor(max_workers=1) as pool:
        done = pool.submit(work)
        assert running.wait(30)
        leash.pull()
        assert done.result() == (-signal.SIGKILL, "Interrupted. The repository is as it was.")
    assert run(["/usr/bin/env"], environ={}).returncode == 0


def test_a_program_that_does_not_read_its_input_is_no_error() -> None:
    assert run(["/bin/true"], environ={}, stdin=b"x" * 1_000_000).returncode == 0


def _gone(pid: int) -> bool:
    for _ in range(1000):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if _is_zombie(pid):
            return True
        time.sleep(0.005)
    return False


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True
