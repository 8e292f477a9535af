"""What needs no run: analysis of files as they are, and the risk of a diff."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from improver.facts import NOTHING_OBSERVED
from improver.opening import Opened, Request, open_commit, open_folder
from improver.ports import Progress
from improver.scanning import Scan
from improver.scanning import scan as look
from improver.values import Change, Decision, Evidence, Risk, Route, Source, Target, Verdict

if TYPE_CHECKING:
    from improver.judge.risk import RiskContext


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan found.

    Parameters:
        sources: the files that proposals are about, for showing them.
    """

    scan: Scan
    target: Target
    sources: tuple[Source, ...] = field(repr=False)


def scan(request: Request, progress: Progress) -> Scanned:
    """Analyse a project as its files are now: nothing is run, and neither git nor a ledger is needed."""
    opened = open_folder(request)
    found = look(
        opened.sources(),
        opened.outline,
        opened.analyzers,
        NOTHING_OBSERVED,
        cache=opened.places.cache,
        progress=progress,
    )
    contents = opened.tree.read_many({proposal.site.path for proposal in found.proposals})
    left_out = tuple(skipped for survey in opened.surveys for skipped in survey.target.left_out)
    found = replace(found, skipped=(*left_out, *found.skipped))
    return Scanned(found, opened.outline, tuple(Source(path, content) for path, content in contents.items()))


def assess(request: Request, base: str, head: str, *, staged: bool = False) -> tuple[Change, Risk, Decision]:
    """What a diff can alter, read from the diff and the repository alone; nothing is run."""
    opened = open_commit(request, base)
    from improver.judge.risk import read_risk  # noqa: PLC0415 - a scan does not judge

    change = opened.git.staged_changes() if staged else opened.git.changes(base, head)
    risk = read_risk(change, risk_context(opened))
    return change, risk, assessed(opened, risk)


def assessed(opened: Opened, risk: Risk) -> Decision:
    """The softest route that the risk allows: who would decide if every gate that the policy wants passed."""
    from improver.judge.policy import decide  # noqa: PLC0415 - a scan does not judge

    gates = {gate for rule in opened.policy.rules.values() for gate in (*rule.gates, *rule.gates_where_applicable)}
    supposed = tuple(Evidence(gate, Verdict.PASSED, "supposed") for gate in sorted(gates))
    decision = decide(opened.policy, risk, supposed, ours=False)
    if decision.route is Route.AUTO:
        return Decision(Route.AUTO, ("certified from the diff; whether the gates pass is for `improver verify`",))
    return decision


def risk_context(opened: Opened) -> RiskContext:
    """What the whole repository says on who reads docstrings, and who judges."""
    from improver.judge.context import asks_for, read_context  # noqa: PLC0415 - a scan does not judge

    tree = opened.tree
    files = tree.read_many(entry.path for entry in tree.entries() if asks_for(entry.path))
    outline = opened.outline
    patterns = opened.settings.project.judges
    return read_context(files, judge_patterns=patterns, judges=outline.judges, python=outline.style.python)
