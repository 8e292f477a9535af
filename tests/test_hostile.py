"""Hostile projects stay inside: each is seen to do harm without walls, and none behind them.

Everything is judged from outside. Without walls the projects attack what was planted for them alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hostile.case import LIMITS, Case, Harm
from hostile.forging import FORGERS, TRUTH
from hostile.lasting import LASTING
from hostile.reading import READING
from hostile.world import World, make_template, world_for
from hostile.writing import WRITING
from sample_target import installed_tools, lay_out
from walls import standing

from improver.observe.suite import Suites
from improver.ports import Completed
from improver.sandbox.trial import SandboxTrial
from improver.values import Environment, Target, TestCommand

CASES = (*READING, *WRITING, *LASTING)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "_"))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with one commit, to be copied."""
    return make_template(tmp_path_factory.mktemp("template") / "made")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that is taken away whatever was done to it."""
    with tempfile.TemporaryDirectory(prefix="hostile-", ignore_cleanup_errors=True) as name:
        yield Path(name, "world")


@pytest.mark.sandbox
@each_case
def test_behind_walls_nothing_happens(
    case: Case, folder: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing(case.limits)
    with world_for(case, folder, template) as world:
        done = _behind_walls(case, world, monkeypatch)
        printed = done.stdout + done.stderr
        assert done.stdout.startswith(b"began"), printed
        assert world.harms(printed) == set(), printed[-2000:]
        assert done.stopped == case.stopped or (case.refused and not done.stopped), printed[-2000:]
        assert max(len(done.stdout), len(done.stderr)) < 2 * case.limits.output


@each_case
def test_without_walls_it_does_harm(case: Case, folder: Path, template: Path) -> None:
    """The case is real: the same project, started as a user would."""
    if case.root and os.geteuid() != 0:
        pytest.skip("nobody but root could do that anyway")
    with world_for(case, folder, template) as world:
        printed = _without_walls(case, world)
        harms = world.harms(printed)
        if len(printed) > 2 * case.limits.output:
            harms.add(Harm.FLOODED)
        assert case.harm in harms, printed[-2000:]


each_forger = pytest.mark.parametrize("name", FORGERS, ids=lambda name: name.replace(" ", "_"))
NOT_NOTICED = frozenset({"calls no test", "puts an empty test in place of every test", "expects every failure"})
NO_PLUGINS = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


@pytest.mark.sandbox
@each_forger
def test_a_forger_is_not_believed(name: str, folder: Path, request: pytest.FixtureRequest) -> None:
    """Neither is the failing test taken for one that holds, nor does what it printed steer a terminal."""
    if name in NOT_NOTICED:
        request.applymarker(pytest.mark.xfail(reason="it spares the tests that improver adds", strict=False))
    tree = lay_out(folder / "scratch/tree", FORGERS[name])
    version = (sys.version_info.major, sys.version_info.minor)
    environment = Environment(Path(sys.executable), version, Path(sys.prefix), tools=installed_tools())
    tests = TestCommand("pytest")
    target = Target(folder / "checkout", "", "", (), ("",), environment=environment, tests=tests)
    jail = replace(standing(replace(LIMITS, seconds=60.0)), environ=NO_PLUGINS)
    with SandboxTrial(jail, tree, target) as trial:
        suite = Suites(target)(trial)
    assert suite.problem or TRUTH not in suite.held
    assert "\x1b" not in suite.problem + suite.tail


@each_forger
def test_a_forger_deceives_whoever_looks_at_the_status(name: str, folder: Path) -> None:
    """The forgery is real: pytest alone ends as if every test had passed."""
    tree = lay_out(folder, FORGERS[name])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tree, env={**os.environ, **NO_PLUGINS}, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


def _behind_walls(case: Case, world: World, monkeypatch: pytest.MonkeyPatch) -> Completed:
    for name, value in world.environ.items():
        monkeypatch.setenv(name, value)
    jail = replace(standing(case.limits), binds=(world.environment,))
    target = Target(world.checkout, "", "", (), ("",))
    with _planted_descriptors(world), SandboxTrial(jail, world.tree, target) as trial:
        return trial.run(world.command, results=world.results, writable=True)


def _without_walls(case: Case, world: World) -> bytes:
    """Like a naive runner: all that is ours is inherited, and after the time it is asked to end."""
    environ = {**os.environ, **world.environ}
    with _planted_descriptors(world), tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            world.command, cwd=world.checkout, env=environ, stdout=printed, stderr=printed, close_fds=False
        )
        with suppress(subprocess.TimeoutExpired):
            process.wait(case.limits.seconds)
        world.started.append(process)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.2)
        printed.seek(0)
        return printed.read()


@contextmanager
def _planted_descriptors(world: World) -> Iterator[None]:
    """While it lasts, our standard input is a secret, and another is open for whoever inherits it."""
    before = os.dup(0)
    with open(world.outside / "secret") as stream, open(world.outside / "secret") as other:
        os.dup2(stream.fileno(), 0)
        os.set_inheritable(other.fileno(), True)
        try:
            yield
        finally:
            os.dup2(before, 0)
            os.close(before)
