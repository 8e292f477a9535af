"""Runs the base suite twice and says what is known of it: what decides, what is covered, what proves nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from improver.facts import Coverage, Facts, Fault, Instrument, SetAside, Suite
from improver.observe.causes import set_aside
from improver.ports import RunTests, Trial
from improver.values import Missing

_LIMIT_REMEDY = "If the suite needs more, raise `seconds`, `memory_mb`, `processes` or `disk_mb` in your config.toml."


def observe_base(trial: Trial, suites: RunTests, say: Callable[[str], None] = lambda _: None) -> Facts:
    """What two runs of the base suite, one of them under coverage, show.

    Tests whose results differ are run a third time, plainly: what differs between plain runs is
    flaky and does not decide; what differs only under coverage is held against coverage.

    Parameters:
        say: told what is being done now.
    """
    say("running the tests of the base")
    plain = suites(trial)
    if plain.problem:
        return Facts(plain=_cannot_be_believed(plain))
    if not plain.results:
        return Facts(plain=plain)
    say("running them again under coverage")
    second = suites(trial, instrument=Instrument.COVERAGE)
    if second.problem or isinstance(second.coverage, Missing):
        return _without_coverage(trial, suites, plain, second)
    return _compared(trial, suites, plain, second, second.coverage)


def _cannot_be_believed(suite: Suite) -> Missing:
    return Missing("tests", suite.problem, _LIMIT_REMEDY if "limit ended" in suite.problem else "")


def _without_coverage(trial: Trial, suites: RunTests, plain: Suite, second: Suite) -> Facts:
    """Coverage could not be had: a second plain run shows the flakes.

    Where a limit cuts that short too, the first run decides: whatever fails later is tried again on both sides.
    """
    reason = second.problem or (second.coverage.reason if isinstance(second.coverage, Missing) else "")
    missing = Missing("coverage", reason)
    note = f"Coverage could not be measured: {reason}"
    flaky: frozenset[str] = frozenset()
    if second.problem:
        second = suites(trial)
    if second.fault is Fault.STOPPED:
        note = f"{note} Which tests are flaky is not known: in a second plain run, too, a limit was reached."
    elif second.problem:
        note = f"{note} A second plain run could not be believed either: {second.problem}"
        flaky = frozenset(plain.results)
    else:
        flaky = _differing(plain, second)
    return Facts(plain, missing, flaky, _aside(plain, flaky), (note,))


def _compared(trial: Trial, suites: RunTests, plain: Suite, second: Suite, coverage: Coverage) -> Facts:
    differing = _differing(plain, second)
    shared = sorted(differing & plain.results.keys() & second.results.keys())
    third = suites(trial, shared) if shared else Suite({})
    judged = _Judged.of(shared, plain, third)
    flaky = (differing - frozenset(shared)) | judged.flaky
    return Facts(plain, coverage, flaky, _aside(plain, flaky), _notes(judged, flaky))


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the third run said of tests that differed under coverage."""

    flaky: frozenset[str]
    instrument: frozenset[str]

    @classmethod
    def of(cls, shared: Iterable[str], plain: Suite, third: Suite) -> _Judged:
        same = (
            frozenset() if third.problem else frozenset(id for id in shared if _state(plain, id) == _state(third, id))
        )
        return cls(frozenset(shared) - same, same)


def _differing(one: Suite, other: Suite) -> frozenset[str]:
    ids = one.results.keys() | other.results.keys()
    return frozenset(id for id in ids if _state(one, id) != _state(other, id))


def _state(suite: Suite, id: str) -> str:
    """How a test ended, as far as it matters: a failure is one whether in the test or around it."""
    result = suite.results.get(id)
    if result is None:
        return "absent"
    return "failed" if result.outcome.value in ("failed", "error") else result.outcome.value


def _aside(plain: Suite, flaky: frozenset[str]) -> tuple[SetAside, ...]:
    return set_aside(result for id, result in plain.results.items() if id not in flaky)


def _notes(judged: _Judged, flaky: frozenset[str]) -> tuple[str, ...]:
    notes = []
    if judged.instrument:
        count, first = len(judged.instrument), min(judged.instrument)
        notes.append(f"{count} tests end differently under coverage alone (first {first}); their plain result counts.")
    if flaky:
        notes.append(
            f"{len(flaky)} tests differ between runs of the same code (first {min(flaky)}); they do not decide."
        )
    return tuple(notes)
