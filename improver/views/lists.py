"""What a check-up found."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from improver.views.words import clean


def show_checks(console: Console, checks: Sequence[tuple[str, bool, bool, str, str]]) -> None:
    """What a check-up found: name, whether it is well, whether it is needed, what was found, and what helps.

    Each is one line; a remedy stands below the one that needs it.
    """
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, ok, needed, found, remedy in checks:
        absent = Text("missing", "bold red") if needed else Text("-", "dim")
        table.add_row(Text("ok", "green") if ok else absent, Text(name), Text(clean(found)))
        if not ok and remedy:
            table.add_row("", "", Text(clean(remedy), "cyan"))
    console.print(table)
