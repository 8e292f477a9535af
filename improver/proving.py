"""Proves many proposals for the price of one run, and finds those that fail by halving.

All that do not overlap are heard together. When a gate fails, the proposals that make it fail are
found by asking that one gate about halves of the group, and the rest is heard again without them.
Bisection over a batch is how merge queues find a culprit.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from improver.culprits import Finding, Group, Hold, Search, ask, find_culprits, is_failure
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
)

NO_WALLS = "none"
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
        walls: the sandbox in which the target was run, in words, for the evidence.
    """

    gates: tuple[Named[Gate], ...]
    policy: Policy
    read: Hold
    run: Hold
    change: Callable[[Group], Change]
    risk: Callable[[Change], Risk]
    progress: Progress
    deadline: float | None = None
    walls: str = ""

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
        return next((finding for finding in self.findings if is_failure(finding)), None)  # type: ignore[return-value]


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
    dossiers = tuple(
        dossier_of(
            (each,),
            court.change((each,)),
            risks[each],
            within(findings[each], court.gates, court.walls),
            court.gates,
            court.policy,
        )
        for each in proposals
        if each in done
    )
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
    gate = next(named for named in gates if named.name == failure.gate)
    suspects = find_culprits(group, failure, Search(gate, hold, court.progress, lambda: court.out_of_time))
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
        findings.append(ask(named, hearing))
        if is_failure(findings[-1]):
            break
    return tuple(findings)


def runs_target(gate: Gate) -> bool:
    """Whether a gate starts the target's own code; one that does not say is taken to."""
    return getattr(gate, "runs_target", True)


def within(findings: Iterable[Finding], gates: Sequence[Named[Gate]], walls: str) -> tuple[Finding, ...]:
    """The findings; evidence that came of running the target says within which walls.

    Parameters:
        walls: the sandbox, in words; empty to say nothing.
    """
    running = {named.name for named in gates if runs_target(named.plugin)} if walls else set()
    freely = f" It ran without a sandbox ({walls})." if walls.startswith(NO_WALLS) else ""
    return tuple(
        replace(each, summary=each.summary + freely, measures={**each.measures, "sandbox": walls})
        if isinstance(each, Evidence) and each.gate in running
        else each
        for each in findings
    )


def _by_kind(risks: dict[Proposal, Risk]) -> list[Group]:
    groups: defaultdict[object, list[Proposal]] = defaultdict(list)
    for proposal, risk in risks.items():
        groups[risk.categories, risk.certified].append(proposal)
    return [tuple(group) for group in groups.values()]


def dossier_of(
    group: Group,
    change: Change,
    risk: Risk,
    findings: Iterable[Finding],
    gates: Sequence[Named[Gate]],
    policy: Policy,
) -> Dossier:
    """Proposals (or none, for somebody else's diff) with what was found, in the gates' order, and the decision."""
    with_order = {named.name: place for place, named in enumerate(gates)}
    ordered = sorted(findings, key=lambda finding: with_order[finding.gate])
    evidence = tuple(finding for finding in ordered if isinstance(finding, Evidence))
    absent = tuple(finding for finding in ordered if isinstance(finding, NotApplicable))
    heard = {finding.gate for finding in ordered}
    absent += tuple(NotApplicable(name, "an earlier gate failed") for name in with_order if name not in heard)
    decision = decide(policy, risk, evidence, absent, ours=bool(group))
    return Dossier(group, change, risk, evidence, absent, decision)
