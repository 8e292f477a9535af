"""What running the target showed. Analyzers and gates all read these same facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from improver.values import Missing, Outcome


@dataclass(frozen=True, slots=True)
class TestResult:
    """What became of one test.

    Parameters:
        message: the last line of its failure, empty when it did not fail.
    """

    __test__ = False

    id: str
    outcome: Outcome
    seconds: float = 0.0
    message: str = ""

    @property
    def held(self) -> bool:
        """Whether the test found nothing wrong; skipping is not holding."""
        return self.outcome in (Outcome.PASSED, Outcome.XFAILED)


class Fault(Enum):
    """What kind of thing made a whole run unbelievable; the words stand in ``Suite.problem``."""

    CRASHED = "crashed"
    STOPPED = "stopped"
    FORGED = "forged"
    ELSEWHERE = "elsewhere"
    UNPREPARED = "unprepared"


class Instrument(Enum):
    """What watches a run."""

    PLAIN = "plain"
    COVERAGE = "coverage"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which test runs which line.

    Parameters:
        lines: the lines that ran, by path relative to the repository.
        by_test: the files and lines that each test ran; lines run at import are under ``""``.
    """

    lines: Mapping[str, frozenset[int]] = field(repr=False)
    by_test: Mapping[str, Mapping[str, frozenset[int]]] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Suite:
    """One run of the target's tests.

    Parameters:
        results: every test that was collected, by its id.
        seconds: wall time of the run as the parent saw it.
        origins: the file each imported module of the target came from, by module name.
        problem: why the run as a whole cannot be believed (it crashed, a canary came back wrong,
            a limit ended it); empty when it can.
        tail: the end of what it printed, for people.
        fault: which kind of problem it is, ``None`` when there is none.
        coverage: which test ran which line, where that was asked for.
    """

    results: Mapping[str, TestResult]
    seconds: float = 0.0
    origins: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    tail: str = field(default="", repr=False)
    fault: Fault | None = None
    coverage: Coverage | Missing = Missing("coverage", "not measured")

    @property
    def held(self) -> frozenset[str]:
        """The ids of the tests that passed."""
        return frozenset(id for id, result in self.results.items() if result.held)


@dataclass(frozen=True, slots=True)
class SetAside:
    """Base tests that do not hold in the sandbox, grouped by their likely cause.

    Parameters:
        remedy: the setting or command that would let them run, empty when there is none.
    """

    cause: str
    tests: tuple[str, ...]
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the base.

    Parameters:
        plain: the run of the base suite, or why there is none.
        coverage: the run under coverage, or why there is none.
        flaky: tests whose result differed between two runs of the same code; they do not decide.
        set_aside: tests that fail at base, which prove nothing.
        notes: what a reader of the run's header should know about these runs.
    """

    plain: Suite | Missing
    coverage: Coverage | Missing = Missing("coverage", "not measured")
    flaky: frozenset[str] = frozenset()
    set_aside: tuple[SetAside, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def deciding(self) -> frozenset[str]:
        """The tests that passed at base in every run: those whose word counts."""
        return frozenset() if isinstance(self.plain, Missing) else self.plain.held - self.flaky


NOTHING_OBSERVED = Facts(plain=Missing("tests", "nothing was run"))
