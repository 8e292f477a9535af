"""Runs, dossiers and errors as text for a terminal.

Everything here takes values and a console and prints; nothing is computed, decided or asked.
Text of the target never reaches the console but through ``clean``, and never as markup.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from improver.errors import ImproverError
from improver.summary import RunSummary
from improver.values import Decision, Dossier, Proposal, Risk, Route, Site, Skipped, Source
from improver.views.diff import change_lines, proposal_lines
from improver.views.progress import Progress, Silent, progress
from improver.views.words import (
    ROUTES,
    category_text,
    clean,
    counted,
    dot,
    duration,
    route_text,
    sign,
)

__all__ = [
    "Progress",
    "Silent",
    "clean",
    "make_console",
    "progress",
    "show_dossier",
    "show_error",
    "show_risk",
    "show_run",
    "show_scan",
    "show_verify",
]

PLAIN_WIDTH = 100
NARROW = 80
_STATES = {"pending": "", "approved": "green", "published": "green", "merged": "green", "rejected": "red"}


def make_console(stream: TextIO) -> Console:
    """A console on the stream that never fails on a character its encoding lacks.

    Colours are used on a terminal and where FORCE_COLOR asks for them, unless NO_COLOR is set;
    what is not a terminal gets lines of 100 characters.
    """
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
    console = Console(file=stream, markup=False, highlight=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = PLAIN_WIDTH
    return console


def show_dossier(console: Console, dossier: Dossier, state: str = "pending") -> None:
    """One dossier with its whole proof: what, why, the diff, the evidence, and what can be done.

    Parameters:
        state: the ledger's word for where it stands.
    """
    _title(console, dossier, state)
    for line in change_lines(dossier.change):
        console.print(line, soft_wrap=True)
    _heading(console, "Evidence")
    console.print(_evidence(console, dossier))
    _heading(console, "Risk")
    _print_risk(console, dossier.risk)
    _print_decision(console, dossier.decision)
    _next(console, _commands(dossier, state))


def show_run(console: Console, run: RunSummary, dossiers: Sequence[Dossier], skipped: Sequence[Skipped] = ()) -> None:
    """What a run found, by who decides; what was not looked at and why; and what to type next.

    Parameters:
        skipped: more that was left out, beside what the summary itself names.
    """
    _run_header(console, run)
    for route in Route:
        _print_group(console, route, [dossier for dossier in dossiers if dossier.decision.route is route])
    _print_skipped(console, (*run.skipped, *skipped))
    _closing(console, run, dossiers)


def show_scan(
    console: Console,
    proposals: Sequence[Proposal],
    skipped: Sequence[Skipped],
    diff: bool = False,
    sources: Iterable[Source] = (),
) -> None:
    """What analysis alone found, file by file.

    Parameters:
        diff: show each edit as a diff too.
        sources: the files that were read; diffs take the lines around an edit from them.
    """
    contents = {source.path: source.content for source in sources}
    for proposal in proposals:
        _print_proposal(console, proposal)
        if diff:
            for line in proposal_lines(proposal, contents):
                console.print(line, soft_wrap=True)
            console.print()
    _print_skipped(console, skipped)
    console.print()
    files = len({proposal.site.path for proposal in proposals})
    found = f"{counted(len(proposals), 'proposal')} in {counted(files, 'file')}" if proposals else "Nothing to propose"
    console.print(Text(f"{found}."))
    if proposals:
        _next(console, [("improver propose", "prove them in a sandbox")])


def show_risk(console: Console, risk: Risk, decision: Decision) -> None:
    """What a diff can alter, why that is thought, and who decides."""
    _print_risk(console, risk)
    _print_decision(console, decision)


def show_verify(console: Console, dossier: Dossier, head: str = "") -> None:
    """What all gates found on a diff, whoever wrote it.

    Parameters:
        head: the name of the tree that was examined, as the user gave it.
    """
    line = Text.assemble(("base ", "dim"), clean(dossier.change.base)[:12])
    if head:
        line.append_text(Text.assemble((", head ", "dim"), clean(head)))
    line.append(f", {counted(len(dossier.change.files), 'file')} changed")
    console.print(line)
    console.print()
    console.print(_evidence(console, dossier))
    _heading(console, "Risk")
    _print_risk(console, dossier.risk)
    _print_decision(console, dossier.decision)


def show_error(console: Console, error: ImproverError) -> None:
    """What happened, what was left as it was, and what to do next."""
    console.print(Text.assemble(("error", "bold red"), ": ", _lines(error.message)))
    if error.left:
        console.print(_lines(error.left))
    if error.remedy:
        console.print(Text.assemble(("next", "bold cyan"), ": ", _lines(error.remedy)))


def _lines(text: str) -> Text:
    """Our own prose, which may hold line breaks and quote the target."""
    return Text("\n".join(clean(line) for line in text.splitlines()))


def _title(console: Console, dossier: Dossier, state: str) -> None:
    separator = dot(console)
    for proposal in dossier.proposals:
        console.print(Text(clean(proposal.title), style="bold"))
        console.print(Text(_place(proposal.site), style="dim"), soft_wrap=True)
    facts = Text(dossier.id, style="cyan").append(separator, "dim").append_text(route_text(dossier.decision.route))
    console.print(facts.append(separator, "dim").append(clean(state), _STATES.get(state, "")))
    for why in dict.fromkeys(proposal.why for proposal in dossier.proposals):
        console.print()
        console.print(_lines(why))
    console.print()


def _place(site: Site) -> str:
    name = f" in {site.qualified_name}" if site.qualified_name else ""
    return clean(f"{site.path}:{site.line}{name}")


def _heading(console: Console, words: str) -> None:
    console.print()
    console.print(Text(words, style="bold"))


def _grid(*columns: bool) -> Table:
    """A table without lines; a column that may wrap is given as true."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for wraps in columns:
        table.add_column(no_wrap=not wraps, overflow="fold")
    return table


def _indented(renderable: RenderableType, by: int = 2) -> Padding:
    return Padding(renderable, (0, 0, 0, by), expand=False)


def _evidence(console: Console, dossier: Dossier) -> RenderableType:
    table = _grid(False, False, True)
    for evidence in dossier.evidence:
        table.add_row(sign(console, evidence.verdict), Text(clean(evidence.gate)), _lines(evidence.summary))
    for absent in dossier.not_applicable:
        table.add_row(Text("- not applicable", "dim"), Text(clean(absent.gate), "dim"), _lines(absent.reason))
    return _indented(table)


def _print_risk(console: Console, risk: Risk) -> None:
    words = Text(", ").join(category_text(category) for category in risk.categories) or Text("no difference")
    words.append(", shown to leave the program as it is" if risk.certified else "", "dim")
    console.print(_indented(words))
    _print_reasons(console, risk.because)


def _print_decision(console: Console, decision: Decision) -> None:
    _heading(console, "Decision")
    console.print(_indented(route_text(decision.route)))
    _print_reasons(console, decision.because)


def _print_reasons(console: Console, because: Iterable[str]) -> None:
    table = _grid(False, True)
    for reason in because:
        table.add_row(Text("-", "dim"), _lines(reason))
    if table.row_count:
        console.print(_indented(table))


def _commands(dossier: Dossier, state: str) -> list[tuple[str, str]]:
    if state != "pending" or dossier.decision.route is Route.REFUSE:
        return []
    return [
        (f"improver accept {dossier.id}", "make a branch with this change"),
        (f"improver accept {dossier.id} --apply", "change the working tree"),
        (f'improver reject {dossier.id} --because "..."', "say no, and why; it is remembered"),
    ]


def _next(console: Console, commands: Sequence[tuple[str, str]]) -> None:
    if not commands:
        return
    _heading(console, "Next")
    if console.width < NARROW:
        for command, purpose in commands:
            console.print(_indented(Text(command, "cyan")), soft_wrap=True)
            console.print(_indented(Text(purpose, "dim"), 4))
        return
    table = _grid(False, True)
    for command, purpose in commands:
        table.add_row(Text(command, "cyan"), Text(purpose, "dim"))
    console.print(_indented(table))


def _run_header(console: Console, run: RunSummary) -> None:
    name = clean("/".join(part for part in (run.repository, run.project) if part))
    console.print(Text(name, style="bold"), soft_wrap=True)
    table = _grid(False, True)
    commit = Text(clean(run.base)[:10], style="cyan").append(" " + clean(run.subject), "default")
    rows = {"base": commit, "environment": _lines(run.environment), "tests": _lines(run.tests)}
    rows["sandbox"] = Text(clean(run.sandbox))
    for word, value in rows.items():
        if value.plain.strip():
            table.add_row(Text(word, "dim"), value)
    console.print(_indented(table))
    for note in run.notes:
        console.print(_indented(Text.assemble(("note", "yellow"), ": ", _lines(note))))


def _print_group(console: Console, route: Route, dossiers: Sequence[Dossier]) -> None:
    if not dossiers:
        return
    words, colour = ROUTES[route]
    console.print()
    heading = Text(words.capitalize(), style=f"bold {colour}").append(f"  {len(dossiers):,}", "not bold default")
    console.print(heading)
    table = _grid(False, True, True) if console.width >= NARROW else _grid(False, True)
    for dossier in dossiers:
        _add_row(console, table, dossier)
    console.print(_indented(table))


def _add_row(console: Console, table: Table, dossier: Dossier) -> None:
    title = _dossier_title(dossier)
    if dossier.decision.route is not Route.AUTO and dossier.decision.because:
        title.append("\n" + clean(dossier.decision.because[0]), "dim")
    places = Text(_places(dossier), style="dim")
    if console.width < NARROW:
        table.add_row(Text(dossier.id, "cyan"), Text("\n").join([title, places]))
        return
    table.add_row(Text(dossier.id, "cyan"), title, places)


def _dossier_title(dossier: Dossier) -> Text:
    if not dossier.proposals:
        return Text(counted(len(dossier.change.files), "file") + " changed")
    more = len(dossier.proposals) - 1
    return Text(clean(dossier.proposals[0].title)).append(f" and {more:,} more" if more else "", "dim")


def _places(dossier: Dossier) -> str:
    sites = [proposal.site for proposal in dossier.proposals]
    if len(sites) == 1:
        return clean(f"{sites[0].path}:{sites[0].line}")
    return ", ".join(dict.fromkeys(clean(site.path) for site in sites))


def _print_proposal(console: Console, proposal: Proposal) -> None:
    line = Text(clean(f"{proposal.site.path}:{proposal.site.line}"), style="cyan").append(": ", "dim")
    console.print(line.append(clean(proposal.title), "default"), soft_wrap=True)


def _print_skipped(console: Console, skipped: Iterable[Skipped]) -> None:
    counts: dict[tuple[str, str], int] = {}
    for item in skipped:
        counts[item.what, item.reason] = counts.get((item.what, item.reason), 0) + item.count
    if not counts:
        return
    _heading(console, "Not looked at")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="dim")
    table.add_column(overflow="fold")
    for (what, reason), count in counts.items():
        table.add_row(f"{count:,}", Text(clean(what)).append(": " + clean(reason), "dim"))
    console.print(_indented(table))


def _closing(console: Console, run: RunSummary, dossiers: Sequence[Dossier]) -> None:
    found = counted(len(dossiers), "proposal") if dossiers else "Nothing to propose"
    end = f"{found} from {counted(run.analyzed_files, 'file')} in {duration(run.seconds)}."
    console.print()
    console.print(Text(end))
    if run.budget_reached:
        console.print(Text("The time budget ended the run before everything was looked at.", style="yellow"))
    open_ones = [dossier.id for dossier in dossiers if dossier.decision.route is not Route.REFUSE]
    if open_ones:
        _next(
            console,
            [
                (f"improver show {open_ones[0]}", "the diff and the proof"),
                (f"improver accept {open_ones[0]}", "make a branch with it"),
                ("improver review", "decide one by one"),
            ],
        )
