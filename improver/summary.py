"""What is said of a run as a whole, apart from its dossiers."""

from __future__ import annotations

from dataclasses import dataclass

from improver.values import Skipped


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run of ``propose``: what it looked at, with what, and for how long.

    Parameters:
        repository: the top of the checkout, as a path to show.
        project: the project's folder relative to the repository, ``""`` for the top.
        base: the commit that was examined.
        subject: the first line of that commit's message.
        environment: one line on the interpreter and how it was found, or why there is none.
        tests: one line on the base suite, or why nothing was run.
        sandbox: the name of the sandbox, empty when nothing was run.
        notes: what the reader should know first (a dirty checkout, settings that are not committed).
        seconds: wall time of the whole run.
        budget_reached: whether the time budget ended the run before everything was looked at.
        analyzed_files: how many files the analyzers read.
        skipped: what was not looked at, or not carried further, with reasons.
    """

    repository: str
    project: str
    base: str
    subject: str = ""
    environment: str = ""
    tests: str = ""
    sandbox: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    budget_reached: bool = False
    analyzed_files: int = 0
    skipped: tuple[Skipped, ...] = ()
