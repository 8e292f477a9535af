"""The story of improver, readable aloud: discover, observe, analyze, prove, decide, remember."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from improver.edits import conflicting
from improver.errors import NotProven
from improver.facts import NOTHING_OBSERVED, Facts
from improver.judge.policy import Policy
from improver.ledger import Entry, Ledger, State
from improver.opening import Request, open_commit
from improver.ports import Progress
from improver.proving import dossier_of, examine, prove, within
from improver.publish import Accepted, apply_to_worktree
from improver.publish import accept as publish
from improver.scanning import scan as look
from improver.summary import RunSummary
from improver.values import (
    Change,
    Dossier,
    Environment,
    Missing,
    Outcome,
    Proposal,
    Route,
    Skipped,
)
from improver.workshop import Workshop, in_background, set_up

_REJECTED = "a person rejected them before"
_TAKEN = "they were accepted before"
_OVERLAP = "they overlap with another proposal and are made after it"
_LIMIT = "they are over the limit of this run (--limit)"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a run of `propose` came to."""

    summary: RunSummary
    dossiers: tuple[Dossier, ...]


def propose(request: Request, progress: Progress) -> Proposed:
    """Find improvements in a project and prove each; nothing of the checkout changes.

    Raises:
        UsageError, SettingsError: the request or the settings do not make sense.
        SandboxMissing: no walls stand, so nothing was run.
        RunFailed: as its message says.
    """
    started = time.monotonic()
    progress.step("Reading the project")
    opened = open_commit(request)
    with set_up(opened, progress, started) as shop, in_background(shop.observe) as facts:
        found = look(
            opened.sources(),
            shop.target,
            opened.analyzers,
            NOTHING_OBSERVED,
            cache=opened.places.cache,
            late=lambda: shop.late,
        )
        chosen, passed_over = choose(found.proposals, shop.ledger, opened.pipeline.limit)
        dossiers, missed = prove(chosen, shop.court(facts))
        skipped = (*opened.target.left_out, *found.skipped, *shop.base.left_out, *shop.trial.left_out)
        summary = summarise(shop, facts.result(), (*skipped, *passed_over, *missed), found.files)
        summary = replace(summary, seconds=time.monotonic() - started)
        if not request.settings_from_worktree:
            shop.ledger.record({"base": shop.target.base, "seconds": summary.seconds}, dossiers)
    return Proposed(summary, dossiers)


def choose(proposals: Sequence[Proposal], ledger: Ledger, limit: int) -> tuple[list[Proposal], tuple[Skipped, ...]]:
    """The proposals that are worth proving now, and why the others are not.

    Parameters:
        limit: at most so many; 0 for all.
    """
    refused = ledger.refused()
    taken = _fingerprints(ledger, State.APPROVED, State.PUBLISHED, State.MERGED)
    wanted = [each for each in proposals if each.fingerprint not in refused | taken]
    late = {later.fingerprint for later, _ in conflicting(wanted)}
    apart = [each for each in wanted if each.fingerprint not in late]
    kept = apart[:limit] if limit else apart
    counts = (
        (_REJECTED, sum(each.fingerprint in refused for each in proposals)),
        (_TAKEN, sum(each.fingerprint in taken - refused for each in proposals)),
        (_OVERLAP, len(late)),
        (_LIMIT, len(apart) - len(kept)),
    )
    return kept, tuple(Skipped("proposals", reason, count) for reason, count in counts if count)


def _fingerprints(ledger: Ledger, *states: State) -> frozenset[str]:
    entries = (entry for state in states for entry in ledger.entries(state))
    return frozenset(proposal.fingerprint for entry in entries for proposal in entry.dossier.proposals)


def verify(request: Request, base: str, head: str, progress: Progress) -> tuple[Dossier, Policy]:
    """All that the gates find on any diff, whoever wrote it, and the policy of its base."""
    opened = open_commit(request, base)
    change = opened.git.changes(base, head)
    with set_up(opened, progress) as shop:
        return examine_change(shop, change), opened.policy


def examine_change(shop: Workshop, change: Change, proposals: tuple[Proposal, ...] = ()) -> Dossier:
    """All that the gates find on one change as it stands."""
    facts = shop.observe()
    with shop.hearing(change, proposals, facts) as hearing:
        findings = examine(hearing, shop.gates, shop.progress)
    told = within(findings, shop.gates, shop.walls)
    return dossier_of(proposals, change, shop.risk(change), told, shop.gates, shop.opened.policy)


def accept(
    request: Request, ids: Sequence[str], branch: str, apply: bool, progress: Progress
) -> Accepted | tuple[str, ...]:
    """Take proposals into a branch, or into the working tree; what is taken is proven as it stands.

    Returns:
        The branch that was made, or the paths that were written.

    Raises:
        UsageError: an id is unknown, a branch exists, the author is not known, a file was changed.
        StaleProposal: the code moved on.
        NotProven: together they do not hold.
    """
    opened = open_commit(request)
    with set_up(opened, progress) as shop:
        entries = tuple(shop.ledger.find(id) for id in dict.fromkeys(ids))
        _require_acceptable(entries)
        proposals = tuple(proposal for entry in entries for proposal in entry.dossier.proposals)

        def objection(change: Change) -> str:
            dossier = examine_change(shop, change, proposals)
            trees = (shop.store.repository.tree_of(change.base), shop.store.tree_of(change))
            shop.ledger.record_proof(*trees, dossier.evidence)
            if dossier.decision.route is Route.REFUSE:
                return "; ".join(dossier.decision.because)
            return ""

        repository = opened.git
        if apply:
            return apply_to_worktree(repository, shop.store, shop.ledger, entries, prove=objection)
        return publish(repository, shop.store, shop.ledger, entries, prove=objection, branch=branch)


def _require_acceptable(entries: Sequence[Entry]) -> None:
    for entry in entries:
        if entry.dossier.decision.route is Route.REFUSE:
            raise NotProven(
                f"{entry.id} was refused: {'; '.join(entry.dossier.decision.because)}.",
                left="Nothing was written.",
                remedy=f"`improver show {entry.id}` has the evidence.",
            )


def summarise(shop: Workshop, facts: Facts, skipped: tuple[Skipped, ...], files: int) -> RunSummary:
    """What is to be said of a run as a whole."""
    return RunSummary(
        repository=str(shop.opened.git.top),
        project=shop.target.project,
        base=shop.target.base,
        environment=_environment_in_words(shop.target.environment),
        tests=_tests_in_words(facts, shop.target.environment),
        sandbox=shop.jail.name,
        notes=(*shop.opened.notes, *_carried_in_words(shop.target.carried), *facts.notes, *_aside_in_words(facts)),
        budget_reached=shop.late,
        analyzed_files=files,
        skipped=skipped,
    )


def _environment_in_words(environment: Environment | Missing) -> str:
    if isinstance(environment, Missing):
        return " ".join(part for part in (f"none: {environment.reason.rstrip('.')}.", environment.remedy) if part)
    major, minor = environment.version
    return f"Python {major}.{minor} ({environment.origin})"


def _carried_in_words(carried: Sequence[str]) -> Iterator[str]:
    if carried:
        more = f" and {len(carried) - 3} more" if len(carried) > 3 else ""
        yield f"git ignores and the tests can read: {', '.join(carried[:3])}{more}"


def _aside_in_words(facts: Facts) -> Iterator[str]:
    for group in facts.set_aside:
        count = f"{len(group.tests)} tests are" if len(group.tests) > 1 else "1 test is"
        yield f"{count} set aside: {group.cause} (first {group.tests[0]}). {group.remedy}".strip()


def _tests_in_words(facts: Facts, environment: Environment | Missing) -> str:
    if isinstance(environment, Missing):
        return "not run, for want of an environment"
    if isinstance(facts.plain, Missing):
        return f"not run: {facts.plain.reason.rstrip('.')}. {facts.plain.remedy}".strip().removesuffix(".")
    if not facts.plain.results:
        return "none: pytest collected no tests"
    aside = sum(len(group.tests) for group in facts.set_aside)
    parts = [f"{len(facts.deciding)} of {len(facts.plain.results)} pass at base in {facts.plain.seconds:.1f} s"]
    parts += [f"{aside} set aside"] if aside else []
    parts += [f"{len(facts.flaky)} flaky"] if facts.flaky else []
    passed_over = sum(result.outcome is Outcome.SKIPPED for result in facts.plain.results.values())
    parts += [f"{passed_over} skipped"] if passed_over else []
    return ", ".join(parts)
