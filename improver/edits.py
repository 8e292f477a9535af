"""Edits of single spans become changes of whole files; what does not fit is refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from improver.errors import StaleProposal
from improver.values import Change, Edit, FileChange, Proposal


def apply(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The content with all edits made.

    Raises:
        StaleProposal: an edit does not find its bytes, or two edits overlap.
    """
    pieces: list[bytes] = []
    position = 0
    for edit in sorted(edits, key=_span):
        end = edit.start + len(edit.before)
        if edit.start < position or content[edit.start : end] != edit.before:
            raise StaleProposal(
                f"{edit.path} is not what the proposal was made for.",
                left="Nothing was written.",
                remedy="Run `improver propose` again.",
            )
        pieces += content[position : edit.start], edit.after
        position = end
    return b"".join((*pieces, content[position:]))


def change_of(base: str, proposals: Iterable[Proposal], read: Callable[[str], tuple[bytes, str]]) -> Change:
    """The change that the proposals make together.

    Parameters:
        base: the commit that the change starts from.
        read: content and git mode of a file at that commit.

    Raises:
        StaleProposal: the edits do not fit the base or each other.
    """
    by_path: defaultdict[str, list[Edit]] = defaultdict(list)
    for proposal in proposals:
        for edit in proposal.edits:
            by_path[edit.path].append(edit)
    files = []
    for path, edits in sorted(by_path.items()):
        before, mode = read(path)
        files.append(FileChange(path, before, apply(before, edits), mode, mode))
    return Change(base, tuple(files))


def conflicting(proposals: Sequence[Proposal]) -> tuple[tuple[Proposal, Proposal], ...]:
    """Pairs whose edits touch the same bytes: a later proposal with the earlier one it collides with."""
    taken: defaultdict[str, list[tuple[int, int, Proposal]]] = defaultdict(list)
    pairs = []
    for proposal in proposals:
        earlier = next((found for edit in proposal.edits if (found := _holder(taken[edit.path], edit))), None)
        if earlier is not None:
            pairs.append((proposal, earlier))
            continue
        for edit in proposal.edits:
            taken[edit.path].append((*_span(edit), proposal))
    return tuple(pairs)


def _span(edit: Edit) -> tuple[int, int]:
    return edit.start, edit.start + len(edit.before)


def _holder(taken: Sequence[tuple[int, int, Proposal]], edit: Edit) -> Proposal | None:
    start, end = _span(edit)
    for other_start, other_end, proposal in taken:
        if start == other_start or (start < other_end and other_start < end):
            return proposal
    return None
