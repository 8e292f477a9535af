"""Many proposals are proven for the price of one run, and exactly the bad ones are found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improver.culprits import Group
from improver.facts import NOTHING_OBSERVED, Instrument, Suite, TestResult
from improver.judge.policy import load_policy
from improver.pipeline import built_in
from improver.ports import Hearing
from improver.proving import OUT_OF_TIME, Court, prove
from improver.registry import Named
from improver.values import (
    Category,
    Change,
    Edit,
    Evidence,
    FileChange,
    NotApplicable,
    Outcome,
    Proposal,
    Risk,
    Route,
    Site,
    Target,
    Verdict,
)

TARGET = Target(Path("/project"), "", "c0ffee", (), ("",))


def proposals(count: int) -> tuple[Proposal, ...]:
    edits = [Edit("a.py", number, b"", b"#") for number in range(count)]
    return tuple(
        Proposal("docstrings", "missing", Site("a.py", number, f"f{number}"), f"Document f{number}", "why", (edit,))
        for number, edit in enumerate(edits)
    )


def names(group: Sequence[Proposal]) -> set[str]:
    return {proposal.site.qualified_name for proposal in group}


@dataclass
class Suites:
    """A suite with one test for each bad proposal; it counts how many tests each run had."""

    bad: set[str]
    apart: tuple[str, str] | None = None
    runs: list[int] = field(default_factory=list)
    heard: set[str] = field(default_factory=set)

    def __call__(self, trial: Any, select: Sequence[str] = (), *, instrument: Instrument = Instrument.PLAIN) -> Suite:
        wanted = list(select) or ["t-all", *(f"t-{name}" for name in sorted(self.bad)), "t-pair"]
        self.runs.append(len(wanted))
        return Suite({test: TestResult(test, self._outcome(test)) for test in wanted})

    def _outcome(self, test: str) -> Outcome:
        failing = test.removeprefix("t-") in self.heard & self.bad
        together = test == "t-pair" and self.apart is not None and set(self.apart) <= self.heard
        return Outcome.FAILED if failing or together else Outcome.PASSED


@dataclass(frozen=True)
class Tests:
    __test__: ClassVar[bool] = False
    runs_target: ClassVar[bool] = True

    def examine(self, hearing: Hearing) -> Evidence | NotApplicable:
        suite = hearing.run_tests(hearing.changed)
        failing = sorted(set(suite.results) - suite.held)
        if failing:
            return Evidence("tests", Verdict.FAILED, f"{failing} fail", {"failing": "\n".join(failing)})
        return Evidence("tests", Verdict.PASSED, "all pass")


@dataclass(frozen=True)
class Scope:
    refuses: frozenset[str] = frozenset()
    raises: bool = False
    runs_target: ClassVar[bool] = False

    def examine(self, hearing: Hearing) -> Evidence | NotApplicable:
        if self.raises:
            raise RuntimeError("no such thing")
        wrong = names(hearing.proposals) & self.refuses
        return Evidence("scope", Verdict.FAILED if wrong else Verdict.PASSED, str(wrong))


class Silent:
    def step(self, what: str, total: int | None = None) -> None: ...
    def advance(self, detail: str = "") -> None: ...


def court(suites: Suites, scope: Scope = Scope(), deadline: float | None = None) -> Court:
    @contextmanager
    def hold(group: Group) -> Iterator[Hearing]:
        suites.heard = names(group)
        change = change_of(group)
        nothing = cast(Any, None)
        yield Hearing(TARGET, group, change, NOTHING_OBSERVED, nothing, nothing, suites, nothing)

    return Court(
        gates=(Named("scope", scope, ""), Named("tests", Tests(), "")),
        policy=load_policy(built_in("review/policy.toml").decode(), "review/policy.toml"),
        read=hold,
        run=hold,
        change=change_of,
        risk=lambda change: Risk((Category.DOCSTRINGS,), (), certified=True),
        progress=Silent(),
        deadline=deadline,
    )


def change_of(group: Group) -> Change:
    return Change("c0ffee", (FileChange("a.py", b"", b"#" * len(group)),))


def test_forty_good_proposals_cost_one_full_run() -> None:
    suites = Suites(set())
    dossiers, skipped = prove(proposals(40), court(suites))
    assert len(dossiers) == 40
    assert skipped == ()
    assert len(suites.runs) == 1


@given(st.sets(st.integers(0, 19), max_size=6))
def test_exactly_the_bad_ones_are_refused_whoever_they_are(bad: set[int]) -> None:
    suites = Suites({f"f{number}" for number in bad})
    dossiers, _ = prove(proposals(20), court(suites))
    refused = {d.proposals[0].site.qualified_name for d in dossiers if d.decision.route is Route.REFUSE}
    assert refused == suites.bad
    assert len(dossiers) == 20


def test_a_culprit_is_looked_for_with_the_failing_tests_alone() -> None:
    suites = Suites({"f7"})
    prove(proposals(32), court(suites))
    assert [count for count in suites.runs if count > 1] == [3, 3]


def test_two_that_fail_only_in_company_are_proven_apart() -> None:
    suites = Suites(set(), apart=("f1", "f6"))
    dossiers, _ = prove(proposals(8), court(suites))
    assert {d.decision.route for d in dossiers} != {Route.REFUSE}
    assert len(dossiers) == 8


def test_a_gate_that_only_reads_takes_its_culprit_out_before_anything_runs() -> None:
    suites = Suites(set())
    dossiers, _ = prove(proposals(8), court(suites, Scope(refuses=frozenset({"f3"}))))
    refused = [d for d in dossiers if d.decision.route is Route.REFUSE]
    assert [d.proposals[0].site.qualified_name for d in refused] == ["f3"]
    assert [absent.reason for absent in refused[0].not_applicable] == ["an earlier gate failed"]
    assert len(suites.runs) == 1


def test_a_gate_that_breaks_is_inconclusive_and_nobody_is_approved_by_rule() -> None:
    dossiers, _ = prove(proposals(2), court(Suites(set()), Scope(raises=True)))
    assert {d.evidence[0].verdict for d in dossiers} == {Verdict.INCONCLUSIVE}
    assert {d.decision.route for d in dossiers} == {Route.HUMAN}


def test_what_the_time_did_not_suffice_for_is_counted() -> None:
    dossiers, skipped = prove(proposals(5), court(Suites(set()), deadline=0.0))
    assert dossiers == ()
    assert [(each.reason, each.count) for each in skipped] == [(OUT_OF_TIME, 5)]


@pytest.mark.parametrize("count", [0, 1])
def test_none_and_one_are_no_special_cases(count: int) -> None:
    assert len(prove(proposals(count), court(Suites(set())))[0]) == count
