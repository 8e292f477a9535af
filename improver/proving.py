"""Proves many proposals for the price of one run, and finds those that fail by halving.

All that do not overlap are heard together. When a gate fails, the proposals that make it fail are
found by asking that one gate about halves of the group (for tests: only the tests that failed), and
the rest is heard again without them. Bisection over a batch is how merge queues find a culprit.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from improver.facts import Fault
from improver.judge.plural import counted
from improver.judge.policy import Policy, decide
from improver.ports import Gate, Hearing, Progress
from improver.registry import Named
from improver.values import (
    Change,
    Dossier,
    Evidence,
    NotApplicable,
    Proposal,
    Risk,
    Skipped,
    Verdict,
)

Group = tuple[Proposal, ...]
Finding = Evidence | NotApplicable
Hold = Callable[[Group], AbstractContextManager[Hearing]]
Ask = Callable[[Hearing], Evidence | None]
OUT_OF_TIME = "the time budget was reached before they could be proven"


@dataclass(frozen=True)
class Court:
    """What it takes to hold hearings.

    Parameters:
        read, run: open a hearing of proposals for gates that only read, and for those that run the target;
            the changed tree stands while it lasts.
        change: the diff that proposals make together.
        risk: what such a diff can alter.
        deadline: when to stop beginning new hearings, on the monotonic clock in seconds.
    """

    gates: tuple[Named[Gate], ...]
    policy: Policy
    read: Hold
    run: Hold
    change: Callable[[Group], Change]
    risk: Callable[[Change], Risk]
    progress: Progress
    deadline: float | None = None

    @property
    def out_of_time(self) -> bool:
        """Whether no new hearing may begin."""
        return self.deadline is not None and time.monotonic() >= self.deadline


@dataclass(frozen=True)
class Heard:
    """A group of proposals with what the gates found on all of them together."""

    group: Group
    findings: tuple[Finding, ...]

    @property
    def shared(self) -> tuple[Finding, ...]:
        """The findings, with the number of proposals that each was made on together."""
        together = len(self.group)
        return tuple(
            replace(each, measures={**each.measures, "together": together})
            if isinstance(each, Evidence) and together > 1
            else each
            for each in self.findings
        )

    @property
    def failed(self) -> Evidence | None:
        """The finding that ended the hearing, if one did."""
        return next((finding for finding in self.findings if _is_failure(finding)), None)  # type: ignore[return-value]


def prove(proposals: Sequence[Proposal], court: Court) -> tuple[tuple[Dossier, ...], tuple[Skipped, ...]]:
    """A dossier for each proposal that could be heard, and what the time did not suffice for.

    The proposals must not overlap. Gates that only read hear the proposals of one kind of risk
    together; gates that run the target hear all that came through together.
    """
    risks = {proposal: court.risk(court.change((proposal,))) for proposal in proposals}
    running = tuple(named for named in court.gates if runs_target(named.plugin))
    reading = tuple(named for named in court.gates if named not in running)
    read = [heard for group in _by_kind(risks) for heard in hear(group, reading, court, court.read)]
    findings = {proposal: heard.shared for heard in read for proposal in heard.group}
    standing = tuple(proposal for heard in read if not heard.failed for proposal in heard.group)
    ran = hear(standing, running, court, court.run)
    for heard in ran:
        for proposal in heard.group:
            findings[proposal] += heard.shared
    done = {proposal for heard in read if heard.failed for proposal in heard.group}
    done |= {proposal for heard in ran for proposal in heard.group}
    dossiers = tuple(_dossier(p, risks[p], findings[p], court) for p in proposals if p in done)
    missed = len(proposals) - len(dossiers)
    return dossiers, (Skipped("proposals", OUT_OF_TIME, missed),) if missed else ()


def hear(group: Group, gates: Sequence[Named[Gate]], court: Court, hold: Hold) -> list[Heard]:
    """The group through the gates, without those that fail; a group that time left unheard is not there."""
    if court.out_of_time or not group:
        return []
    with hold(group) as hearing:
        if court.out_of_time:  # it may have waited for the base runs
            return []
        heard = Heard(group, examine(hearing, gates, court.progress))
    failure = heard.failed
    if failure is None or len(group) == 1:
        return [heard]
    before = heard.findings[: heard.findings.index(failure)]
    court.progress.step(f"Looking for what fails {failure.gate}", len(group))
    suspects = _culprits(group, _narrowed(gates, failure), court, hold)
    rest = tuple(proposal for proposal in group if proposal not in suspects)
    alone = []
    for proposal, evidence in suspects.items():
        convicted = [Heard((proposal,), (*before, evidence))] if evidence else hear((proposal,), gates, court, hold)
        alone += convicted
    return hear(rest, gates, court, hold) + alone


def examine(hearing: Hearing, gates: Sequence[Named[Gate]], progress: Progress) -> tuple[Finding, ...]:
    """What the gates find, in their order; the first failure ends the hearing.

    A gate that raises is a fault of ours: what it would have found is inconclusive, and said.
    """
    findings: list[Finding] = []
    for named in gates:
        progress.step(f"Gate {named.name}")
        findings.append(_ask(named, hearing))
        if _is_failure(findings[-1]):
            break
    return tuple(findings)


def runs_target(gate: Gate) -> bool:
    """Whether a gate starts the target's own code; one that does not say is taken to."""
    return getattr(gate, "runs_target", True)


def _ask(named: Named[Gate], hearing: Hearing) -> Finding:
    try:
        return named.plugin.examine(hearing)
    except Exception as error:  # a broken gate must not pass, nor take the other gates' findings along
        summary = f"The gate itself broke: {type(error).__name__}: {error}"
        return Evidence(named.name, Verdict.INCONCLUSIVE, summary)


def _is_failure(finding: Finding) -> bool:
    return isinstance(finding, Evidence) and finding.verdict is Verdict.FAILED


def _by_kind(risks: dict[Proposal, Risk]) -> list[Group]:
    groups: defaultdict[object, list[Proposal]] = defaultdict(list)
    for proposal, risk in risks.items():
        groups[risk.categories, risk.certified].append(proposal)
    return [tuple(group) for group in groups.values()]


def _culprits(group: Group, ask: Ask, court: Court, hold: Hold) -> dict[Proposal, Evidence | None]:
    """The proposals that fail, each with the evidence that it fails alone.

    Where neither half fails, they fail only in company: the second half is taken out, to be heard one by one.
    """
    found: dict[Proposal, Evidence | None] = {}
    middle = len(group) // 2
    for half in (group[:middle], group[middle:]):
        if court.out_of_time:
            return dict.fromkeys(group)
        with hold(half) as hearing:
            failure = ask(hearing)
        court.progress.advance()
        if failure is not None:
            found |= {half[0]: failure} if len(half) == 1 else _culprits(half, ask, court, hold)
    return found or dict.fromkeys(group[middle:])


def _narrowed(gates: Sequence[Named[Gate]], failure: Evidence) -> Ask:
    """Asks again as cheaply as possible: the one gate, and of the tests only those that failed."""
    failing = [test for test in str(failure.measures.get("failing", "")).split("\n") if test]
    if failure.gate == "tests" and failing:
        return lambda hearing: _fail_again(hearing, failing)
    gate = next(named for named in gates if named.name == failure.gate)

    def ask(hearing: Hearing) -> Evidence | None:
        finding = _ask(gate, hearing)
        return finding if isinstance(finding, Evidence) and _is_failure(finding) else None

    return ask


def _fail_again(hearing: Hearing, tests: Sequence[str]) -> Evidence | None:
    suite = hearing.run_tests(hearing.changed, tests)
    failing = [test for test in tests if test not in suite.held]
    if not failing or suite.fault not in (None, Fault.CRASHED):
        return None
    said = {test: suite.results[test].message for test in failing if test in suite.results}
    words = ", ".join(f"{test} ({said[test]})" if said.get(test) else test for test in failing[:3])
    more = f" and {len(failing) - 3} more" if len(failing) > 3 else ""
    verb = "fails" if len(failing) == 1 else "fail"
    summary = f"With this change alone, {counted(len(failing), 'test')} {verb} that passed at base: {words}{more}."
    return Evidence("tests", Verdict.FAILED, summary, {"failed": len(failing), "failing": "\n".join(failing)})


def _dossier(proposal: Proposal, risk: Risk, findings: Iterable[Finding], court: Court) -> Dossier:
    with_order = {named.name: place for place, named in enumerate(court.gates)}
    ordered = sorted(findings, key=lambda finding: with_order[finding.gate])
    evidence = tuple(finding for finding in ordered if isinstance(finding, Evidence))
    absent = tuple(finding for finding in ordered if isinstance(finding, NotApplicable))
    absent += _not_reached(court, ordered)
    change = court.change((proposal,))
    return Dossier((proposal,), change, risk, evidence, absent, decide(court.policy, risk, evidence, absent))


def _not_reached(court: Court, findings: Sequence[Finding]) -> tuple[NotApplicable, ...]:
    heard = {finding.gate for finding in findings}
    return tuple(
        NotApplicable(named.name, "an earlier gate failed") for named in court.gates if named.name not in heard
    )
