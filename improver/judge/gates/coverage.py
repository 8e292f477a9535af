"""Whether the changed lines that can run are run by some test, and no line lost its test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from improver.facts import Coverage as Lines
from improver.facts import Instrument, Suite
from improver.judge.plural import counted
from improver.judge.runnable import Statement, changed_statements, same_once_undocumented, statements
from improver.ports import Hearing
from improver.values import Environment, Evidence, FileChange, Measure, Missing, NotApplicable, Verdict

NAMED = 5


@dataclass(slots=True)
class _Tally:
    """What was counted over all changed files."""

    unrun: list[str] = field(default_factory=list)
    changed: int = 0
    total: int = 0
    covered_before: int = 0
    covered_after: int = 0
    uncovered_before: int = 0
    uncovered_after: int = 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """Changed lines that can run are run by some test that passed at base; no other line lost its tests.

    A statement counts as run when any of its lines ran, in a test that passes on both sides or at
    import. A change of docstrings, comments or layout alone has nothing to run.
    """

    def examine(self, hearing: Hearing) -> Evidence | NotApplicable:
        """Run the tests that reach the changed files, under coverage, on the changed tree."""
        try:
            files = [file for file in hearing.change.files if _runs(file)]
        except SyntaxError as error:
            return _evidence(Verdict.INCONCLUSIVE, f"A changed file cannot be read by this Python: {error.msg}.")
        if not files:
            return NotApplicable("coverage", "no line that can run is changed")
        if isinstance(hearing.target.tests, Missing):
            return NotApplicable("coverage", "the project has no tests")
        base = _base_lines(hearing)
        if isinstance(base, Evidence):
            return base
        suite = hearing.run_tests(hearing.changed, _reaching(hearing, files, base), instrument=Instrument.COVERAGE)
        if suite.problem or isinstance(suite.coverage, Missing):
            reason = suite.problem or (suite.coverage.reason if isinstance(suite.coverage, Missing) else "")
            return _evidence(Verdict.INCONCLUSIVE, f"The changed tree's coverage is not known: {reason}")
        return _judged(_counted(hearing, files, base, suite, suite.coverage))


def _evidence(verdict: Verdict, summary: str, measures: Mapping[str, Measure] | None = None) -> Evidence:
    return Evidence("coverage", verdict, summary, measures or {})


def _runs(file: FileChange) -> bool:
    """Whether a change of this file changes anything that can run.

    Raises:
        SyntaxError: one of its sides is not Python that this interpreter understands.
    """
    if not file.path.endswith(".py") or file.after is None:
        return False
    return not same_once_undocumented(file.before, file.after)


def _base_lines(hearing: Hearing) -> Lines | Evidence:
    if not isinstance(hearing.target.environment, Environment):
        return _evidence(Verdict.INCONCLUSIVE, f"The tests were not run: {hearing.target.environment.reason}.")
    if isinstance(hearing.facts.plain, Missing):
        return _evidence(Verdict.INCONCLUSIVE, f"The tests of the base tell nothing: {hearing.facts.plain.reason}")
    if isinstance(hearing.facts.coverage, Missing):
        return _evidence(Verdict.INCONCLUSIVE, f"The base's coverage is not known: {hearing.facts.coverage.reason}.")
    return hearing.facts.coverage


def _reaching(hearing: Hearing, files: Iterable[FileChange], base: Lines) -> tuple[str, ...]:
    """The deciding tests that ran a line of the changed files at base; all of them when none did."""
    paths = {file.path for file in files}
    known = {path for path in paths if path in base.lines}
    deciding = sorted(hearing.facts.deciding)
    if known != paths:
        return ()
    return tuple(id for id in deciding if id in base.by_test and paths & base.by_test[id].keys())


def _lines(coverage: Lines, path: str, tests: frozenset[str]) -> frozenset[int]:
    """The lines that tests whose word counts ran, and those that ran at import."""
    if not coverage.by_test:
        return coverage.lines.get(path, frozenset())
    found = [files.get(path, frozenset()) for id, files in coverage.by_test.items() if not id or id in tests]
    return frozenset().union(*found)


def _counted(hearing: Hearing, files: Iterable[FileChange], base: Lines, suite: Suite, now: Lines) -> _Tally:
    tally = _Tally()
    deciding = hearing.facts.deciding
    for file in files:
        assert file.after is not None
        before = statements(file.before or b"")
        ran_before = _lines(base, file.path, deciding)
        ran_after = _lines(now, file.path, deciding & suite.held)
        _add(tally, before, ran_before, statements(file.after), ran_after)
        changed = changed_statements(file.before, file.after)
        tally.changed += len(changed)
        tally.unrun += [f"{file.path}:{one.first}" for one in changed if not one.ran(ran_after)]
    return tally


def _add(
    tally: _Tally,
    before: Iterable[Statement],
    ran_before: frozenset[int],
    after: Iterable[Statement],
    ran_after: frozenset[int],
) -> None:
    for one in before:
        if one.ran(ran_before):
            tally.covered_before += 1
        else:
            tally.uncovered_before += 1
    for one in after:
        if one.ran(ran_after):
            tally.covered_after += 1
        else:
            tally.uncovered_after += 1


def _judged(tally: _Tally) -> Evidence:
    measures: dict[str, Measure] = {
        "changed": tally.changed,
        "unrun": len(tally.unrun),
        "percent_before": _percent(tally.covered_before, tally.uncovered_before),
        "percent_after": _percent(tally.covered_after, tally.uncovered_after),
    }
    if tally.unrun:
        told = ", ".join(tally.unrun[:NAMED]) + (" ..." if len(tally.unrun) > NAMED else "")
        text = f"{len(tally.unrun)} of {counted(tally.changed, 'changed statement')} run by no test: {told}."
        return _evidence(Verdict.FAILED, text, measures)
    if tally.uncovered_after > tally.uncovered_before:
        lost = tally.uncovered_after - tally.uncovered_before
        text = f"{counted(lost, 'statement')} of the changed files lost every test."
        return _evidence(Verdict.FAILED, text, measures)
    return _evidence(
        Verdict.PASSED, f"{counted(tally.changed, 'changed statement')} run by tests; no other lost them.", measures
    )


def _percent(covered: int, uncovered: int) -> float:
    return round(100.0 * covered / max(1, covered + uncovered), 1)
