"""Runs, dossiers and errors as text for a terminal.

Everything here takes values and a console and prints; nothing is computed, decided or asked.
Text of the target reaches the console only through ``clean``, and never as markup.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from improver.errors import ImproverError
from improver.summary import RunSummary
from improver.values import Dossier, Proposal, Route, Skipped, Source, Verdict
from improver.views.certificate import show_risk
from improver.views.diff import change_lines, proposal_lines
from improver.views.parts import (
    evidence_table,
    grid,
    heading,
    indented,
    is_narrow,
    place,
    print_judgement,
    print_next,
    print_skipped,
    prose,
)
from improver.views.words import ROUTES, clean, counted, dot, duration, route_text

__all__ = [
    "clean",
    "make_console",
    "show_dossier",
    "show_error",
    "show_risk",
    "show_run",
    "show_scan",
    "show_verify",
    "show_waiting",
]

PLAIN_WIDTH = 100
LEAST_WIDTH = 20
MOST_TITLES = 20
_STATES = {"approved": "green", "published": "green", "merged": "green", "rejected": "red", "reverted": "red"}


class _Console(Console):
    """Rich's console, but that nobody reads on is for the command line to answer."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def make_console(stream: TextIO) -> Console:
    """A console on the stream that never fails on a character its encoding lacks.

    Colours are used on a terminal and where FORCE_COLOR asks for them, unless NO_COLOR is set;
    what is not a terminal gets lines of 100 characters, or of COLUMNS.
    """
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    console = _Console(file=stream, markup=False, highlight=False, emoji=False)
    if not console.is_terminal and not os.environ.get("COLUMNS"):
        console.width = PLAIN_WIDTH
    console.width = max(console.width, LEAST_WIDTH)  # a terminal that does not know its size says 0
    return console


def show_dossier(console: Console, dossier: Dossier, state: str = "pending") -> None:
    """One dossier with its whole proof: what, why, the diff, the evidence, and what can be done.

    Parameters:
        state: the ledger's word for where it stands.
    """
    _print_titles(console, dossier)
    facts = Text(dossier.id, style="cyan").append(dot(console), "dim").append_text(route_text(dossier.decision.route))
    console.print(facts.append(dot(console), "dim").append(clean(state), _STATES.get(state, "")))
    for why in dict.fromkeys(proposal.why for proposal in dossier.proposals):
        console.print()
        console.print(prose(why))
    console.print()
    for line in change_lines(dossier.change):
        console.print(line, soft_wrap=True)
    heading(console, _evidence_heading(dossier))
    console.print(evidence_table(console, dossier.evidence, dossier.not_applicable))
    print_judgement(console, dossier)
    print_next(console, _commands(dossier, state))


def show_waiting(console: Console, waiting: Sequence[tuple[Dossier, str]]) -> None:
    """Dossiers by who decides, each with the ledger's word for where it stands."""
    if not waiting:
        console.print(Text("Nothing waits."))
        return
    states = {dossier.id: state for dossier, state in waiting}
    for number, route in enumerate(sorted({dossier.decision.route for dossier, _ in waiting})):
        if number:
            console.print()
        _print_group(console, route, [dossier for dossier, _ in waiting if dossier.decision.route is route], states)
    print_next(console, _suggestions([dossier for dossier, state in waiting if state == "pending"]))


def show_run(
    console: Console,
    run: RunSummary,
    dossiers: Sequence[Dossier],
    skipped: Sequence[Skipped] = (),
    *,
    suggest: bool = True,
) -> None:
    """What a run found, by who decides; what was left out and why; and what to type next.

    Parameters:
        skipped: more that was left out, beside what the summary itself names.
        suggest: say what to type next.
    """
    _print_run_header(console, run)
    for route in sorted({dossier.decision.route for dossier in dossiers}):
        console.print()
        _print_group(console, route, [dossier for dossier in dossiers if dossier.decision.route is route], {})
    print_skipped(console, (*run.skipped, *skipped))
    _print_closing(console, run, dossiers)
    print_next(console, _suggestions(dossiers) if suggest else [])


def show_scan(
    console: Console,
    proposals: Sequence[Proposal],
    skipped: Sequence[Skipped],
    diff: bool = False,
    sources: Iterable[Source] = (),
) -> None:
    """What analysis alone found, one proposal a line.

    Parameters:
        diff: show each edit as a diff too.
        sources: the files that were read; diffs take the lines around an edit from them.
    """
    contents = {source.path: source.content for source in sources}
    for proposal in proposals:
        where = Text(clean(f"{proposal.site.path}:{proposal.site.line}"), style="cyan").append(": ", "dim")
        console.print(where.append(clean(proposal.title), "default"), soft_wrap=True)
        if diff:
            for line in proposal_lines(proposal, contents):
                console.print(line, soft_wrap=True)
            console.print()
    print_skipped(console, skipped)
    if skipped or (proposals and not diff):
        console.print()
    files = counted(len({proposal.site.path for proposal in proposals}), "file")
    found = f"{counted(len(proposals), 'proposal')} in {files}" if proposals else "Nothing to propose"
    console.print(Text(f"{found}."))
    print_next(console, [("improver propose", "prove them in a sandbox")] if proposals else [])


def show_verify(console: Console, dossier: Dossier, head: str = "") -> None:
    """What all gates found on a diff, whoever wrote it.

    Parameters:
        head: the name of the tree that was examined, as the user gave it.
    """
    line = Text("base ", style="dim").append(clean(dossier.change.base)[:10], "not dim cyan")
    if head:
        line.append(", head ").append(clean(head), "not dim cyan")
    console.print(line.append(f", {counted(len(dossier.change.files), 'file')} changed"))
    heading(console, _evidence_heading(dossier))
    console.print(evidence_table(console, dossier.evidence, dossier.not_applicable))
    print_judgement(console, dossier)


def show_error(console: Console, error: ImproverError) -> None:
    """What happened, what was left as it was, and what to do next."""
    lines = [Text.assemble(("error", "bold red"), ": ", prose(error.message))]
    lines += [prose(error.left)] if error.left else []
    lines += [Text.assemble(("next", "bold cyan"), ": ", prose(error.remedy))] if error.remedy else []
    for line in lines:  # a path stays whole, so that it can be copied
        console.print(line, overflow="ignore", crop=False)


def _print_titles(console: Console, dossier: Dossier) -> None:
    for proposal in dossier.proposals[:MOST_TITLES]:
        console.print(Text(clean(proposal.title), style="bold"))
        console.print(Text(place(proposal.site), style="dim"), soft_wrap=True)
    if len(dossier.proposals) > MOST_TITLES:
        console.print(Text(f"and {counted(len(dossier.proposals) - MOST_TITLES, 'more proposal')}", "dim"))


def _commands(dossier: Dossier, state: str) -> list[tuple[str, str]]:
    if state != "pending" or dossier.decision.route is Route.REFUSE:
        return []
    return [
        (f"improver accept {dossier.id}", "make a branch with this change"),
        (f"improver accept {dossier.id} --apply", "change the working tree instead"),
        (f'improver reject {dossier.id} --because "..."', "say no, and why; it is remembered"),
    ]


def _print_run_header(console: Console, run: RunSummary) -> None:
    name = clean("/".join(part for part in (run.repository, run.project) if part))
    console.print(Text(name, style="bold"), soft_wrap=True)
    commit = Text(clean(run.base)[:10], style="cyan").append(" " + clean(run.subject), "default")
    rows = {"base": commit, "environment": prose(run.environment), "tests": prose(run.tests)}
    rows["sandbox"] = Text(clean(run.sandbox))
    table = grid(False, True)
    for word, value in rows.items():
        if value.plain.strip():
            table.add_row(Text(word, "dim"), value)
    for note in run.notes:
        table.add_row(Text("note", "yellow"), prose(note))
    console.print(indented(table))


def _print_group(console: Console, route: Route, dossiers: Sequence[Dossier], states: Mapping[str, str]) -> None:
    words, colour = ROUTES[route]
    console.print(Text(words.capitalize(), style=f"bold {colour}").append(f"  {len(dossiers):,}", "not bold default"))
    narrow = is_narrow(console)
    table = grid(False, True) if narrow else grid(False, True, True)
    for dossier in dossiers:
        title, places = _title(dossier), Text(_places(dossier), style="dim")
        if (state := states.get(dossier.id, "pending")) != "pending":
            places.append(f"{dot(console)}{clean(state)}", _STATES.get(state, ""))
        if narrow:
            table.add_row(Text(dossier.id, "cyan"), Text("\n").join([title, places]))
        else:
            table.add_row(Text(dossier.id, "cyan"), title, places)
    console.print(indented(table))


def _title(dossier: Dossier) -> Text:
    """What it proposes; below it what stands in the way, unless a rule may approve it."""
    if dossier.proposals:
        more = len(dossier.proposals) - 1
        title = Text(clean(dossier.proposals[0].title)).append(f" and {more:,} more" if more else "", "dim")
    else:
        title = Text(counted(len(dossier.change.files), "file") + " changed")
    if dossier.decision.route is not Route.AUTO and (obstacle := _obstacle(dossier)):
        title.append("\n" + clean(obstacle), "dim")
    return title


def _obstacle(dossier: Dossier) -> str:
    """The most telling reason: the gate that failed, else what makes it risky, else what the policy says."""
    for evidence in dossier.evidence:
        if evidence.verdict is Verdict.FAILED:
            return f"{evidence.gate} failed: {evidence.summary}"
    reasons = dossier.decision.because if dossier.risk.certified else (*dossier.risk.because, *dossier.decision.because)
    return reasons[0] if reasons else ""


def _places(dossier: Dossier) -> str:
    sites = [proposal.site for proposal in dossier.proposals]
    if len(sites) == 1:
        return clean(f"{sites[0].path}:{sites[0].line}")
    return ", ".join(dict.fromkeys(clean(site.path) for site in sites))


def _print_closing(console: Console, run: RunSummary, dossiers: Sequence[Dossier]) -> None:
    files, time = counted(run.analyzed_files, "file"), duration(run.seconds)
    nothing = "Nothing was proven:" if run.budget_reached else "Nothing to propose:"
    found = f"{counted(len(dossiers), 'dossier')} from" if dossiers else nothing
    console.print()
    console.print(Text(f"{found} {files} {'in' if dossiers else 'read in'} {time}."))
    if run.budget_reached:
        console.print(Text("The time budget ended the run before everything was looked at.", style="yellow"))


def _suggestions(dossiers: Sequence[Dossier]) -> list[tuple[str, str]]:
    for dossier in sorted(dossiers, key=lambda dossier: dossier.decision.route):
        if dossier.decision.route is not Route.REFUSE:
            return [
                (f"improver show {dossier.id}", "the diff and the proof"),
                (f"improver accept {dossier.id}", "make a branch with it"),
                ("improver review", "decide one by one"),
            ]
    return []


def _evidence_heading(dossier: Dossier) -> str:
    """Says when gates heard more than this dossier at once: their words are then about all of it."""
    together = max((int(each.measures.get("together") or 1) for each in dossier.evidence), default=1)
    others = counted(together - 1, "other proposal")
    return f"Evidence, from a hearing together with {others}" if together > 1 else "Evidence"
