"""What `improver demo` says around the run itself."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from improver.values import Dossier, Route
from improver.views.diff import change_lines


def show_intro(console: Console, project: Path) -> None:
    """Where the sample lies, and what was done."""
    console.print(Text("A sample project was made, and `improver propose` was run on it, for real.", "bold"))
    console.print(Text(f"It lies in {project}; nothing else of yours was touched."))
    console.print()


def show_next(console: Console, project: Path, dossiers: Sequence[Dossier], program: str) -> None:
    """One diff to look at, and what to try next there.

    Parameters:
        program: how improver is started on this machine.
    """
    taken = next((dossier for dossier in dossiers if dossier.decision.route is Route.AUTO), None)
    if taken is None:
        return
    console.print()
    console.print(Text("One of them:", "bold"))
    for line in change_lines(taken.change):
        console.print(line, soft_wrap=True)
    console.print()
    console.print(Text("Try next:", "bold"))
    steps = (
        (f"cd {shlex.quote(str(project))}", ""),
        (f"{program} show {taken.id}", "the diff with its proof"),
        (f"{program} accept {taken.id}", "a branch with one commit; the checkout stays as it is"),
        (f"{program} review", "decide on the rest, one by one"),
    )
    for command, meaning in steps:
        console.print(Text.assemble("  ", (command, "cyan"), f"   # {meaning}" if meaning else ""), soft_wrap=True)
