"""Unified diffs for people: coloured, capped, and harmless to the terminal."""

from __future__ import annotations

import difflib
import io
import tokenize
from collections.abc import Iterable, Iterator, Mapping

from rich.text import Text

from improver.values import Change, Edit, FileChange, Proposal
from improver.views.words import clean, counted

CONTEXT = 3
MOST_LINES = 400
MOST_COMPARED = 100_000
_STYLES = {"+": "green", "-": "red", "@": "cyan", "\\": "dim"}


def change_lines(change: Change, *, most: int = MOST_LINES) -> Iterator[Text]:
    """The whole change as lines of a unified diff, headed by the name of each file.

    Parameters:
        most: lines after which the rest is counted and left out.
    """
    shown = 0
    for file in change.files:
        lines = list(file_lines(file))
        yield from lines[: max(0, most - shown)]
        shown += len(lines)
    if shown > most:
        yield Text(f"... {counted(shown - most, 'more line')} not shown", style="dim")


def file_lines(file: FileChange) -> Iterator[Text]:
    """One file of a change: its name, what became of it, and its hunks."""
    yield Text(clean(file.path) + _fate(file), style="bold")
    before, after = _decoded(file.before), _decoded(file.after)
    if before is None or after is None:
        yield Text("  binary content", style="dim")
        return
    if len(before) + len(after) > MOST_COMPARED:
        yield Text(f"  too large to compare here ({counted(len(after), 'line')})", style="dim")
        return
    yield from (_line(line) for line in _hunks(before, after))


def edited(content: bytes, edits: Iterable[Edit]) -> bytes:
    """The content with the edits laid over it; edits that do not fit are left out."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        end = edit.start + len(edit.before)
        if content[edit.start : end] == edit.before:
            content = content[: edit.start] + edit.after + content[end:]
    return content


def _fate(file: FileChange) -> str:
    if file.before is None:
        return " (new file)"
    if file.after is None:
        return " (deleted)"
    if file.mode_before != file.mode_after:
        return f" (mode {file.mode_before} to {file.mode_after})"
    return ""


def _decoded(content: bytes | None) -> list[str] | None:
    """Lines without their ends; ``None`` when the content is not text."""
    if content is None:
        return []
    if b"\0" in content:
        return None
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding, "backslashreplace")
    except (SyntaxError, LookupError, UnicodeError):
        text = content.decode("utf-8", "backslashreplace")
    return _split(text)


def _split(text: str) -> list[str]:
    """Lines as git counts them; a missing last newline is told apart, as is a carriage return."""
    lines = text.split("\n")
    if lines[-1] == "":
        return lines[:-1]
    return [*lines[:-1], lines[-1] + "\0"]


def _hunks(before: list[str], after: list[str]) -> Iterator[str]:
    if all(line.endswith(("\r", "\0")) for line in (*before, *after)):
        before, after = [line.removesuffix("\r") for line in before], [line.removesuffix("\r") for line in after]
    lines = difflib.unified_diff(before, after, n=CONTEXT, lineterm="")
    for number, line in enumerate(lines):
        if number < 2:
            continue
        yield line.removesuffix("\0")
        if line.endswith("\0"):
            yield "\\ no newline at the end"


def _line(line: str) -> Text:
    return Text(clean(line), style=_STYLES.get(line[:1], ""), no_wrap=False)


def proposal_lines(proposal: Proposal, contents: Mapping[str, bytes]) -> Iterator[Text]:
    """The edits of one proposal as a diff of each file; bare edits where a file's content is not at hand."""
    for path in dict.fromkeys(edit.path for edit in proposal.edits):
        edits = [edit for edit in proposal.edits if edit.path == path]
        before = contents.get(path)
        if before is None:
            yield from _bare(edits)
        else:
            yield from change_lines(Change("", (FileChange(path, before, edited(before, edits)),)))


def _bare(edits: Iterable[Edit]) -> Iterator[Text]:
    for edit in edits:
        for mark, content in (("-", edit.before), ("+", edit.after)):
            for line in content.decode("utf-8", "backslashreplace").splitlines():
                yield _line(mark + line)
