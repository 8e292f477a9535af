"""Finds the proposals that make a gate fail, for as little as can be: one culprit after the other, by halving.

Of a group that fails, the first half is asked about; the culprit is there if it fails, else in the other half. For
tests the question is one test, the cheapest that fails. When a culprit is found, what failed at first is asked about
the rest, until nothing fails any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from improver.facts import Fault, Suite
from improver.judge.plural import counted
from improver.ports import Gate, Hearing, Progress
from improver.registry import Named
from improver.values import Evidence, NotApplicable, Proposal, Verdict

Group = tuple[Proposal, ...]
Finding = Evidence | NotApplicable
Hold = Callable[[Group], AbstractContextManager[Hearing]]
_NAMED = 3


@dataclass(frozen=True)
class Search:
    """What a search needs.

    Parameters:
        gate: the gate that failed.
        hold: opens a hearing of proposals.
        out_of_time: whether no new hearing may begin.
    """

    gate: Named[Gate]
    hold: Hold
    progress: Progress
    out_of_time: Callable[[], bool]


def find_culprits(group: Group, failure: Evidence, search: Search) -> dict[Proposal, Evidence | None]:
    """The proposals without which the gate does not fail, each with the evidence that it fails alone.

    Proposals that may fail only in company come without evidence; they are to be heard one by one.
    """
    tests = _failing(failure)
    found: dict[Proposal, Evidence | None] = {}
    rest, now = group, failure
    while rest and not search.out_of_time():
        suspect = _halved(rest, _failing(now), search)
        evidence = _asked((suspect,), _failing(now)[:1] or tests, search)
        if evidence is None:
            return found | dict.fromkeys(rest[len(rest) // 2 :])
        found[suspect] = evidence
        search.progress.advance(suspect.title)
        rest = tuple(proposal for proposal in rest if proposal is not suspect)
        still = _asked(rest, tests, search) if rest else None
        if still is None:
            return found
        now = still
    return found | dict.fromkeys(rest)


def _halved(group: Group, failing: Sequence[str], search: Search) -> Proposal:
    """The proposal that is left when halves are asked about again and again."""
    while len(group) > 1 and not search.out_of_time():
        middle = len(group) // 2
        group = group[:middle] if _asked(group[:middle], failing[:1], search) is not None else group[middle:]
    return group[0]


def _asked(group: Group, tests: Sequence[str], search: Search) -> Evidence | None:
    """How the gate fails on a group, if it does: for tests, on those alone."""
    with search.hold(group) as hearing:
        if search.gate.name == "tests" and tests:
            return _fail_again(hearing, tests)
        finding = ask(search.gate, hearing)
        return finding if isinstance(finding, Evidence) and is_failure(finding) else None


def ask(named: Named[Gate], hearing: Hearing) -> Finding:
    """What a gate finds. One that breaks must not pass, nor take the other gates' findings along."""
    try:
        return named.plugin.examine(hearing)
    except Exception as error:
        summary = f"The gate itself broke: {type(error).__name__}: {error}"
        return Evidence(named.name, Verdict.INCONCLUSIVE, summary)


def is_failure(finding: Finding) -> bool:
    """Whether a finding ends a hearing."""
    return isinstance(finding, Evidence) and finding.verdict is Verdict.FAILED


def _failing(failure: Evidence) -> list[str]:
    return [test for test in str(failure.measures.get("failing", "")).split("\n") if test]


def _fail_again(hearing: Hearing, tests: Sequence[str]) -> Evidence | None:
    suite = hearing.run_tests(hearing.changed, tests)
    failing = [test for test in tests if test not in suite.held]
    if not failing or suite.fault not in (None, Fault.CRASHED):
        return None
    plain = hearing.facts.plain
    known = plain.results if isinstance(plain, Suite) else {}
    failing.sort(key=lambda test: known[test].seconds if test in known else 0.0)
    said = {test: suite.results[test].message for test in failing if test in suite.results}
    words = ", ".join(f"{test} ({said[test]})" if said.get(test) else test for test in failing[:_NAMED])
    more = f" and {len(failing) - _NAMED} more" if len(failing) > _NAMED else ""
    verb = "fails" if len(failing) == 1 else "fail"
    summary = f"With this change alone, {counted(len(failing), 'test')} {verb} that passed at base: {words}{more}."
    return Evidence("tests", Verdict.FAILED, summary, {"failed": len(failing), "failing": "\n".join(failing)})
