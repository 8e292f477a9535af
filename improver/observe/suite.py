"""Runs the target's tests on a tree, and says how far the result can be believed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from improver.facts import Coverage, Fault, Instrument, Suite, TestResult
from improver.observe import origins, probe_folder
from improver.observe.believe import Canaries, believe
from improver.observe.coverage import patterns, read_coverage
from improver.observe.report import Report, read_report
from improver.ports import Completed, Trial
from improver.values import Missing, Outcome, Target, TestCommand

COMMAND = "command"
_TAIL = 4000
_PLUGINS = {
    "pytest-cov": ("pytest_cov",),
    "pytest-xdist": ("xdist", "xdist.looponfail"),
    "pytest-benchmark": ("benchmark",),
}

Shelf = Callable[[str], Path | Missing]


def empty_shelf(tool: str) -> Missing:
    """The shelf of somebody who has none."""
    return Missing(tool, "it is not in the environment, and there is no shelf of tools")


@dataclass(frozen=True, slots=True)
class Suites:
    """Runs the suite of one target.

    Parameters:
        shelf: the folder that holds a tool for the target's Python version, by the tool's name.
        seed: what random order, hashes and Hypothesis start from, the same for every run.
    """

    target: Target
    shelf: Shelf = empty_shelf
    seed: int = 1

    def __call__(self, trial: Trial, select: Sequence[str] = (), *, instrument: Instrument = Instrument.PLAIN) -> Suite:
        """One run of all tests, or of those with the given ids.

        A run that cannot be believed comes back with its `problem` said and its `fault` named.
        """
        if isinstance(self.target.tests, Missing):
            return _unprepared(f"There are no tests to run: {self.target.tests.reason}.")
        if isinstance(self.target.environment, Missing):
            return _unprepared(f"There is no environment to run the tests in: {self.target.environment.reason}.")
        if self.target.tests.kind == "opaque":
            return _Opaque(self, trial, self.target.tests).run()
        return _Pytest(self, trial, self.target.tests, tuple(select), instrument).run()


def _unprepared(problem: str) -> Suite:
    return Suite({}, problem=problem, fault=Fault.UNPREPARED)


@dataclass(frozen=True, slots=True)
class _Opaque:
    suites: Suites
    trial: Trial
    tests: TestCommand

    def run(self) -> Suite:
        with tempfile.TemporaryDirectory(prefix="improver-", ignore_cleanup_errors=True) as name:
            folder = probe_folder.lay(Path(name), self.suites.target, self.trial.at, seed=self.suites.seed)
            done = _started(self.trial, self.tests.argv, folder)
            report = read_report(folder.results, folder.token)
        return _checked(self.suites.target, self.trial, self._suite(done, report))

    def _suite(self, done: Completed, report: Report) -> Suite:
        problem, fault = "", None
        if done.stopped:
            problem, fault = f"The {done.stopped} limit ended the command.", Fault.STOPPED
        outcome = Outcome.FAILED if done.returncode else Outcome.PASSED
        message = f"it ended with status {done.returncode}" if done.returncode else ""
        results = {COMMAND: TestResult(COMMAND, outcome, done.seconds, message)}
        return Suite(results, done.seconds, report.origins, problem, tail(done), fault)


@dataclass(frozen=True, slots=True)
class _Pytest:
    suites: Suites
    trial: Trial
    tests: TestCommand
    select: tuple[str, ...]
    instrument: Instrument

    def run(self) -> Suite:
        canaries = Canaries.new()
        with tempfile.TemporaryDirectory(prefix="improver-", ignore_cleanup_errors=True) as name:
            folder = probe_folder.lay(
                Path(name),
                self.suites.target,
                self.trial.at,
                seed=self.suites.seed,
                shelf=tuple(path for path in self.shelves.values() if isinstance(path, Path)),
                select=self.select,
                canaries=canaries,
                coverage=patterns(self.suites.target, self.trial.at) if self.measured else (),
            )
            done = _started(self.trial, [str(self.trial.python), "-m", "pytest", *self.words(folder)], folder)
            report = read_report(folder.results, folder.token)
            coverage = self._coverage(folder, report) if self.measured else Missing("coverage", "not measured")
        problem, fault = believe(report, done, canaries, self.absent)
        suite = Suite(canaries.without(report), done.seconds, report.origins, problem, tail(done), fault, coverage)
        return _checked(self.suites.target, self.trial, suite)

    @property
    def measured(self) -> bool:
        return self.instrument is Instrument.COVERAGE

    def words(self, folder: probe_folder.ProbeFolder) -> Iterator[str]:
        """What pytest is told: the project's words first, ours later, so that they win."""
        yield from ("-p", probe_folder.PLUGIN)
        yield from self.tests.argv
        if self.tests.kind == "unittest":
            yield from ("-o", "python_files=test*.py", "-o", "python_functions=", "-o", "python_classes=")
        if "no:cacheprovider" not in self.asked_words:
            yield from ("-o", f"cache_dir={folder.scratch / 'cache'}")
        if self.shelves:
            for tool in _PLUGINS.keys() - self.asked - self.present:
                yield from (word for plugin in _PLUGINS[tool] for word in ("-p", f"no:{plugin}"))

    @property
    def asked_words(self) -> tuple[str, ...]:
        return (*self.tests.addopts, *self.tests.argv)

    @property
    def asked(self) -> frozenset[str]:
        """The plug-ins whose options the project uses."""
        return frozenset(tool for word in self.asked_words if (tool := plugin_of(word)))

    @property
    def present(self) -> frozenset[str]:
        environment = self.suites.target.environment
        return frozenset() if isinstance(environment, Missing) else frozenset(environment.tools)

    @property
    def shelves(self) -> Mapping[str, Path | Missing]:
        """Where each needed tool comes from that the environment lacks."""
        needed = ["pytest", *(["coverage"] if self.measured else []), *sorted(self.asked)]
        return {tool: self.suites.shelf(tool) for tool in needed if tool not in self.present}

    @property
    def absent(self) -> tuple[Missing, ...]:
        return tuple(place for place in self.shelves.values() if isinstance(place, Missing))

    def _coverage(self, folder: probe_folder.ProbeFolder, report: Report) -> Coverage | Missing:
        found = read_coverage(folder.results, folder.token, self.trial.at)
        reasons = [note for note in report.notes if note.startswith("coverage")]
        return replace(found, reason=reasons[0]) if isinstance(found, Missing) and reasons else found


def plugin_of(word: str) -> str:
    """The plug-in that one of pytest's words asks for; empty when it needs none that we know."""
    if word.startswith(("--cov", "--no-cov")):
        return "pytest-cov"
    if word.startswith("--benchmark"):
        return "pytest-benchmark"
    xdist = ("--numprocesses", "--dist", "--tx", "--maxprocesses", "--max-worker-restart")
    return "pytest-xdist" if word.startswith(("-n", *xdist)) else ""


def _started(trial: Trial, argv: Sequence[str], folder: probe_folder.ProbeFolder) -> Completed:
    return trial.run(
        argv,
        environ=folder.environ,
        results=folder.results,
        helpers=[folder.probe, *folder.shelf],
        writable=True,
    )


def _checked(target: Target, trial: Trial, suite: Suite) -> Suite:
    """The run, doubted where a module of the target did not come from the tree."""
    wrong = origins.wrong_origin(suite, target, trial.at)
    if suite.problem or wrong is None:
        return suite
    return replace(suite, problem=f"{wrong.reason} {wrong.remedy}", fault=Fault.ELSEWHERE)


def tail(done: Completed) -> str:
    """The end of what a run printed, without what could steer a terminal."""
    text = (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace").strip()
    return "".join(sign for sign in text[-_TAIL:] if sign in "\n\t" or sign.isprintable())


__all__ = ["COMMAND", "Suites", "empty_shelf", "plugin_of", "tail"]
