"""Whether every test that passed at base is still there and passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from improver.facts import Facts, Fault, Suite, TestResult
from improver.judge.plural import counted
from improver.ports import Hearing
from improver.values import Environment, Evidence, Measure, Missing, NotApplicable, Outcome, Verdict

NAMED = 3
LISTED = 50
"""How many tests that fail alone are handed on, so that whoever looks for the culprit runs them and no others."""
_WITHOUT = (
    "Formatting, comments, docstrings and annotations can still be certified; what changes behaviour cannot be proven."
)


@dataclass(slots=True)
class _Compared:
    """How the changed tree's run differs from the base's, before anything was tried again.

    Parameters:
        broken: tests that decided at base and do not hold now.
        gone: tests that decided at base and were not reported now.
        fresh: failures of tests that the base did not have.
        added: how many tests the base did not have.
    """

    broken: list[TestResult] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    fresh: list[TestResult] = field(default_factory=list)
    added: int = 0

    @property
    def suspects(self) -> list[str]:
        """Their ids; those with a message of their own come first."""
        return [*(result.id for result in (*self.broken, *self.fresh)), *self.gone]


@dataclass(frozen=True, slots=True)
class Tests:
    """The tests of the base are all collected, and none fails that passed at base.

    Tests whose results differ between runs of the base do not decide, and tests that fail at base
    prove nothing. A new failure is tried again alone, on both sides, before it convicts. A command
    that is not pytest can fail a change and can never prove one.
    """

    __test__ = False

    def examine(self, hearing: Hearing) -> Evidence | NotApplicable:
        """Run the suite on the changed tree and compare it with the base's."""
        nothing = _nothing_to_run(hearing)
        if nothing is not None:
            return nothing
        changed = hearing.run_tests(hearing.changed)
        if changed.problem:
            return _unbelievable(hearing, changed)
        if _opaque(hearing):
            return _command(hearing, changed)
        compared = _compare(hearing.facts, changed)
        measures = _measures(hearing.facts, changed, compared)
        if compared.suspects:
            return _tried_again(hearing, compared, changed, measures)
        return _evidence(Verdict.PASSED, _all_passed(hearing.facts, compared), measures)


def _evidence(verdict: Verdict, summary: str, measures: dict[str, Measure] | None = None) -> Evidence:
    return Evidence("tests", verdict, summary, measures or {})


def _nothing_to_run(hearing: Hearing) -> Evidence | NotApplicable | None:
    target, facts = hearing.target, hearing.facts
    if isinstance(target.tests, Missing):
        return NotApplicable("tests", "the project has no tests")
    if not isinstance(target.environment, Environment):
        return _evidence(Verdict.INCONCLUSIVE, f"The tests were not run: {target.environment.reason}. {_WITHOUT}")
    if isinstance(facts.plain, Missing):
        return _evidence(Verdict.INCONCLUSIVE, f"The tests of the base tell nothing: {facts.plain.reason} {_WITHOUT}")
    if not facts.plain.results:
        return NotApplicable("tests", "the project has no tests")
    if not facts.deciding:
        count = len(facts.plain.results)
        text = f"Of {counted(count, 'test')} none passes at base in the sandbox. {_WITHOUT}"
        return _evidence(Verdict.INCONCLUSIVE, text)
    return None


def _opaque(hearing: Hearing) -> bool:
    return not isinstance(hearing.target.tests, Missing) and hearing.target.tests.kind == "opaque"


def _unbelievable(hearing: Hearing, changed: Suite) -> Evidence:
    """The run as a whole went wrong. If the code crashed it, and does so again and only there, it failed."""
    seconds: dict[str, Measure] = {"seconds": round(changed.seconds, 2)}
    if changed.fault is not Fault.CRASHED:
        return _evidence(Verdict.INCONCLUSIVE, changed.problem, seconds)
    again = hearing.run_tests(hearing.changed)
    base = hearing.run_tests(hearing.base)
    if again.fault is Fault.CRASHED and not base.problem:
        return _evidence(Verdict.FAILED, f"The tests no longer run: {changed.problem}", seconds)
    return _evidence(Verdict.INCONCLUSIVE, f"The tests could not be run to their end: {changed.problem}", seconds)


def _command(hearing: Hearing, changed: Suite) -> Evidence:
    measures: dict[str, Measure] = {"seconds": round(changed.seconds, 2)}
    if changed.held:
        summary = "The project's test command succeeds as at base; as a whole command it cannot prove more."
        return _evidence(Verdict.INCONCLUSIVE, summary, measures)
    if hearing.run_tests(hearing.changed).held or not hearing.run_tests(hearing.base).held:
        return _evidence(Verdict.INCONCLUSIVE, "The project's test command fails now and then.", measures)
    result = next(iter(changed.results.values()))
    return _evidence(Verdict.FAILED, f"The project's test command no longer succeeds: {result.message}.", measures)


def _compare(facts: Facts, changed: Suite) -> _Compared:
    compared = _Compared()
    known = facts.plain.results if isinstance(facts.plain, Suite) else {}
    for id in sorted(facts.deciding):
        result = changed.results.get(id)
        if result is None:
            compared.gone.append(id)
        elif not result.held:
            compared.broken.append(result)
    for id, result in sorted(changed.results.items()):
        if id not in known and id not in facts.flaky:
            compared.added += 1
            if result.outcome in (Outcome.FAILED, Outcome.ERROR):
                compared.fresh.append(result)
    return compared


def _tried_again(hearing: Hearing, compared: _Compared, changed: Suite, measures: dict[str, Measure]) -> Evidence:
    """Run the suspects alone on both sides: what fails there, and there only, is convicted."""
    suspects = compared.suspects
    again, base = hearing.run_tests(hearing.changed, suspects), hearing.run_tests(hearing.base, suspects)
    alone = [id for id in suspects if _convicts(id, again, base, compared)]
    guilty = alone or ([] if again.problem else _in_company(hearing, compared, again, base))
    if guilty:
        found: dict[str, Measure] = {**measures, "failed": len(guilty)}
        if alone and not again.problem:
            found["failing"] = "\n".join(alone[:LISTED])
        return _evidence(Verdict.FAILED, _failures(guilty, compared, again), found)
    first = suspects[0]
    why = again.problem or base.problem or "it passed when it was tried again"
    text = f"{first} did not pass in the run of all tests, which could not be confirmed: {why}."
    return _evidence(Verdict.INCONCLUSIVE, text.replace("..", "."), {**measures, "unconfirmed": len(suspects)})


def _convicts(id: str, again: Suite, base: Suite, compared: _Compared) -> bool:
    if again.fault is Fault.CRASHED and not base.problem:
        return True
    if again.problem or base.problem or id in again.held:
        return False
    if any(result.id == id for result in compared.fresh):
        return id in again.results and id not in base.results
    return id in base.held


def _in_company(hearing: Hearing, compared: _Compared, again: Suite, base: Suite) -> list[str]:
    """Tests that need the others to pass: they fail alone on both sides, so all tests are run once more."""
    lonely = [id for id in compared.suspects if id not in again.held and id not in base.held]
    old = [id for id in lonely if id in hearing.facts.deciding]
    if not old:
        return []
    whole = hearing.run_tests(hearing.changed)
    return [] if whole.problem else [id for id in old if id not in whole.held]


def _failures(guilty: Sequence[str], compared: _Compared, again: Suite) -> str:
    if again.problem:
        return f"The tests no longer run: {again.problem}"
    messages = {result.id: result.message for result in (*compared.broken, *compared.fresh)}
    told = [
        f"{id} ({messages.get(id) or 'no longer passes' if id in messages else 'is gone'})" for id in guilty[:NAMED]
    ]
    more = f" and {len(guilty) - NAMED} more" if len(guilty) > NAMED else ""
    return f"{counted(len(guilty), 'test')} no longer as at base: {', '.join(told)}{more}."


def _all_passed(facts: Facts, compared: _Compared) -> str:
    parts = [f"{counted(len(facts.deciding), 'test')} passed at base and after the change"]
    aside = sum(len(group.tests) for group in facts.set_aside)
    parts += [f"{counted(aside, 'test')} set aside (failing at base)"] if aside else []
    parts += [f"{counted(len(facts.flaky), 'flaky test')} not counted"] if facts.flaky else []
    parts += [f"{counted(compared.added, 'new test')}"] if compared.added else []
    return "; ".join(parts) + "."


def _measures(facts: Facts, changed: Suite, compared: _Compared) -> dict[str, Measure]:
    return {
        "tests": len(facts.deciding),
        "seconds": round(changed.seconds, 2),
        "set_aside": sum(len(group.tests) for group in facts.set_aside),
        "flaky": len(facts.flaky),
        "new": compared.added,
    }
