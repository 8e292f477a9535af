"""Decides whether a run of the tests can be believed, and says in words why not."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from improver.facts import Fault, TestResult
from improver.observe.report import Report
from improver.ports import Completed
from improver.values import Missing, Outcome

CANARY_PREFIX = "improver::"
_FAILED_STATUS = 1

Problem = tuple[str, Fault | None]


@dataclass(frozen=True, slots=True)
class Canaries:
    """Two tests that every run gets: one must pass and one must fail."""

    passes: str
    fails: str
    order: tuple[str, str]

    @classmethod
    def new(cls) -> Canaries:
        """Two with names that nobody can guess, in an order that nobody can."""
        names = [f"test_{secrets.token_hex(8)}" for _ in range(2)]
        order = random.SystemRandom().sample(names, 2)
        return cls(names[0], names[1], (order[0], order[1]))

    def settings(self) -> Mapping[str, object]:
        """What the probe needs to know."""
        return {"passes": self.passes, "fails": self.fails, "order": self.order}

    @property
    def ids(self) -> frozenset[str]:
        """The ids under which they are reported."""
        return frozenset(CANARY_PREFIX + name for name in self.order)

    def without(self, report: Report) -> dict[str, TestResult]:
        """The results of the target's own tests: those collected, and whatever else did not hold."""
        known = frozenset(report.collected)
        own = {
            id: result
            for id, result in report.results.items()
            if id not in self.ids and (id in known or not result.held)
        }
        return {**own, **report.broken}

    def wrong(self, report: Report) -> str:
        """What is wrong with their results; empty when they are as they must be."""
        passed, failed = report.results.get(CANARY_PREFIX + self.passes), report.results.get(CANARY_PREFIX + self.fails)
        if passed is None or failed is None:
            return "A test that improver added was not run: something drops tests or forges results."
        if passed.outcome is not Outcome.PASSED:
            return f"A test of improver's own that must pass did not: {passed.message or passed.outcome.value}."
        if failed.outcome is not Outcome.FAILED:
            return "A test of improver's own that must fail did not: results are forged or failures hidden."
        return ""


def believe(report: Report, done: Completed, canaries: Canaries, absent: Sequence[Missing]) -> Problem:
    """Why the run as a whole cannot be believed; an empty text when it can.

    Parameters:
        absent: tools that were needed and are neither in the environment nor on the shelf.
    """
    if done.stopped:
        return f"The {done.stopped} limit ended the run{_progress(report)}.", Fault.STOPPED
    if absent and (report.finished == -1 or done.returncode == 4):
        names = " and ".join(f"{tool.what} ({tool.reason})" for tool in absent)
        return f"The tests need {names}. {absent[0].remedy}".strip(), Fault.UNPREPARED
    if report.crashes:
        return f"{report.crashes[0]}{_progress(report)}", Fault.CRASHED
    if report.finished == -1:
        return _unfinished(report, done), Fault.CRASHED
    return _finished(report, done, canaries)


def _finished(report: Report, done: Completed, canaries: Canaries) -> Problem:
    if report.finished not in (0, _FAILED_STATUS):
        return f"pytest ended with status {report.finished}: {last_words(done)}", Fault.CRASHED
    if report.garbage:
        return f"The results hold {report.garbage} lines that improver's probe did not write.", Fault.FORGED
    if wrong := canaries.wrong(report):
        return wrong, Fault.FORGED
    silent = [id for id in report.collected if id not in report.results]
    if silent:
        return f"{len(silent)} tests were collected and never reported, first {silent[0]}.", Fault.CRASHED
    if (report.finished, done.returncode) != (_FAILED_STATUS, _FAILED_STATUS):
        return f"The run ended with status {done.returncode}, though a test failed in it.", Fault.FORGED
    return "", None


def _unfinished(report: Report, done: Completed) -> str:
    how = f"signal {-done.returncode}" if done.returncode < 0 else f"status {done.returncode}"
    return f"The run ended with {how} before pytest was through{_progress(report)}: {last_words(done)}"


def _progress(report: Report) -> str:
    """How far it came, and where it stopped if the tests ran in order."""
    if not report.collected:
        return ""
    left = [id for id in report.collected if id not in report.results]
    where = f", at {left[0]}" if left and not left[0].startswith(CANARY_PREFIX) else ""
    return f" after {len(report.collected) - len(left)} of {len(report.collected)} tests{where}"


def last_words(done: Completed) -> str:
    """The line of its output that most likely says why it ended."""
    text = (done.stdout + b"\n" + done.stderr).decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("E  ", "ERROR: ")) or "Error: " in line or " error: " in line]
    line = (telling or lines or ["it printed nothing"])[-1]
    return "".join(sign for sign in line if sign.isprintable()).removeprefix("E  ").strip()[:400]
