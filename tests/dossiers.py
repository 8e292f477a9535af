"""Dossiers for tests that keep, show or publish them."""

from __future__ import annotations

from collections.abc import Sequence

from improver.edits import apply
from improver.values import (
    Category,
    Change,
    Decision,
    Dossier,
    Edit,
    Evidence,
    FileChange,
    NotApplicable,
    Proposal,
    Risk,
    Route,
    Site,
    Verdict,
)


def proposal(
    path: str = "a.py",
    start: int = 0,
    before: bytes = b"",
    after: bytes = b'"""Say it."""\n',
    *,
    name: str = "a",
    context: str = "",
    title: str = "Say what a is for",
    why: str = "Readers ask.",
) -> Proposal:
    """A proposal with one edit."""
    edit = Edit(path, start, before, after)
    return Proposal("docstrings", "missing-docstring", Site(path, 1, name), title, why, (edit,), context)


def dossier(base: str, contents: dict[str, bytes], proposals: Sequence[Proposal]) -> Dossier:
    """A dossier of proposals on files with the given contents."""
    edits: dict[str, list[Edit]] = {}
    for each in proposals:
        for edit in each.edits:
            edits.setdefault(edit.path, []).append(edit)
    files = tuple(FileChange(path, contents[path], apply(contents[path], edits[path])) for path in sorted(edits))
    return Dossier(
        tuple(proposals),
        Change(base, files),
        Risk((Category.DOCSTRINGS,), ("a.py:1 adds a docstring",), certified=True),
        (Evidence("scope", Verdict.PASSED, "Only a.py changed.", {"files": 1, "share": 0.5, "who": None}),),
        (NotApplicable("types", "no annotation changed"),),
        Decision(Route.HUMAN, ("the suite did not run",)),
    )
