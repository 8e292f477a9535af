"""The pieces that every screen is put together from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from improver.values import Decision, Dossier, Evidence, NotApplicable, Risk, Site, Skipped
from improver.views.words import category_text, clean, route_text, sign, sign_alone

NARROW = 80
MOST_REASONS = 15
MOST_EXAMPLES = 2


def is_narrow(console: Console) -> bool:
    """Whether there is too little room for three columns."""
    return console.width < NARROW


def prose(text: str, style: str = "") -> Text:
    """Our own sentences, which may hold line breaks and quote the target."""
    return Text("\n".join(clean(line) for line in text.splitlines()), style=style)


def heading(console: Console, words: str) -> None:
    """A bold line after an empty one."""
    console.print()
    console.print(Text(words, style="bold"))


def grid(*columns: bool) -> Table:
    """A table without lines; a column that may wrap is given as true."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for wraps in columns:
        table.add_column(no_wrap=not wraps, overflow="fold")
    return table


@dataclass(frozen=True, slots=True)
class _Indented:
    """What it holds, moved to the right, and without the blanks that tables put behind their cells."""

    inner: RenderableType
    by: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        narrower = options.update_width(max(1, options.max_width - self.by))
        for line in console.render_lines(self.inner, narrower, pad=False):
            yield Segment(" " * self.by)
            yield from _without_end(line)
            yield Segment.line()


def _without_end(line: Sequence[Segment]) -> list[Segment]:
    kept = list(line)
    while kept and not kept[-1].text.strip():
        kept.pop()
    if kept:
        last = kept[-1]
        kept[-1] = Segment(last.text.rstrip(), last.style)
    return kept


def indented(renderable: RenderableType, by: int = 2) -> RenderableType:
    """Moved to the right, by that many columns."""
    return _Indented(renderable, by)


def place(site: Site) -> str:
    """File, line and name, as one line."""
    name = f" in {site.qualified_name}" if site.qualified_name else ""
    return clean(f"{site.path}:{site.line}{name}")


def evidence_table(console: Console, evidence: Iterable[Evidence], absent: Iterable[NotApplicable]) -> RenderableType:
    """What each gate found; narrow consoles get the sign without its word."""
    narrow = is_narrow(console)
    table = grid(False, True) if narrow else grid(False, False, True)
    for item in evidence:
        gate, summary = Text(clean(item.gate)), prose(item.summary)
        if narrow:
            table.add_row(sign_alone(console, item.verdict).append(" ").append_text(gate), summary)
        else:
            table.add_row(sign(console, item.verdict), gate, summary)
    for other in absent:
        gate, reason = Text(clean(other.gate), "dim"), prose(other.reason, "dim")
        if narrow:
            table.add_row(Text("- ", "dim").append_text(gate), reason)
        else:
            table.add_row(Text("- not applicable", "dim"), gate, reason)
    return indented(table)


def print_judgement(console: Console, dossier: Dossier) -> None:
    """Risk and decision of a dossier, under their headings."""
    heading(console, "Risk")
    print_risk(console, dossier.risk)
    heading(console, "Decision")
    print_decision(console, dossier.decision)


def print_risk(console: Console, risk: Risk) -> None:
    """Every category, whether it is certified, and why that is thought."""
    words = Text(", ").join(category_text(category) for category in risk.categories) or Text("no difference")
    words.append(", shown to leave the program as it is" if risk.certified else "", "dim")
    console.print(indented(words))
    print_reasons(console, risk.because)


def print_decision(console: Console, decision: Decision) -> None:
    """Who decides, and why."""
    console.print(indented(route_text(decision.route)))
    print_reasons(console, decision.because)


def print_reasons(console: Console, because: Iterable[str]) -> None:
    """Each reason on lines of its own."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for reason in because:
        table.add_row(Text("-", "dim"), prose(reason))
    if table.row_count:
        console.print(indented(table))


def print_next(console: Console, commands: Sequence[tuple[str, str]]) -> None:
    """Commands to type, each with what it does; never broken within a command."""
    if not commands:
        return
    heading(console, "Next")
    if is_narrow(console):
        for command, purpose in commands:
            console.print(Text("  " + command, "cyan"), soft_wrap=True)
            console.print(indented(Text(purpose, "dim"), 4))
        return
    table = grid(False, True)
    for command, purpose in commands:
        table.add_row(Text(command, "cyan"), Text(purpose, "dim"))
    console.print(indented(table))


_SINGULAR = {
    "Python files": "Python file",
    "other files": "other file",
    "ignored files": "ignored file",
    "files and folders": "file or folder",
    "proposals": "proposal",
    "docstrings": "docstring",
}


def print_skipped(console: Console, skipped: Iterable[Skipped]) -> None:
    """What was not looked at, counted by reason, with examples."""
    reasons: dict[str, list[Skipped]] = {}
    for item in skipped:
        reasons.setdefault(item.reason, []).append(item)
    if not reasons:
        return
    heading(console, "Left out")
    table = grid(False, True, True)
    table.columns[0].justify = "right"
    ordered = sorted(reasons.items(), key=lambda pair: -_count(pair[1]))
    for reason, items in ordered[:MOST_REASONS]:
        table.add_row(Text(f"{_count(items):,}"), Text(_named(items)), prose(reason.removeprefix("is "), "dim"))
    if hidden := [item for _, items in ordered[MOST_REASONS:] for item in items]:
        table.add_row(Text(f"{_count(hidden):,}"), Text("more"), Text("for other reasons", "dim"))
    console.print(indented(table))


def _count(items: Iterable[Skipped]) -> int:
    return sum(item.count for item in items)


def _named(items: Sequence[Skipped]) -> str:
    one = _count(items) == 1
    names = list(dict.fromkeys(clean(_SINGULAR.get(item.what, item.what) if one else item.what) for item in items))
    more = ", ..." if len(names) > MOST_EXAMPLES else ""
    return ", ".join(names[:MOST_EXAMPLES]) + more
