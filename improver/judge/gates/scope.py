"""Whether a change does what was announced and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from improver.edits import apply
from improver.errors import StaleProposal
from improver.judge.characters import alike, hidden
from improver.judge.judged_files import judges
from improver.ports import Hearing
from improver.values import Edit, Evidence, FileChange, NotApplicable, Verdict


@dataclass(frozen=True, slots=True)
class Scope:
    """Only what the proposals name is changed, within limits, and nothing in it deceives the reader.

    No file that judges is touched; no binary, symbolic link or change of mode; no bidirectional, invisible or
    look-alike characters. In a diff that is somebody else's nothing was announced, and the rest is examined.

    Parameters:
        max_files: how many files may change.
        max_lines: how many lines may be added or removed in all.
        max_bytes: the size of the largest file.
    """

    max_files: int = 100
    max_lines: int = 5000
    max_bytes: int = 4 << 20
    runs_target: ClassVar[bool] = False

    def examine(self, hearing: Hearing) -> Evidence | NotApplicable:
        """Hold the change against the announcement."""
        files = hearing.change.files
        if not files:
            return NotApplicable("scope", "nothing is changed")
        lines = sum(changed_lines(file) for file in files)
        measures = {"files": len(files), "lines": lines}
        wrong = next(self._faults(hearing, lines), "")
        if wrong:
            return Evidence("scope", Verdict.FAILED, wrong, measures)
        judge = next((file.path for file in files if _is_judge(file.path, hearing)), "")
        if judge:
            verdict = Verdict.FAILED if hearing.proposals else Verdict.INCONCLUSIVE
            return Evidence("scope", verdict, f"{judge} has a say in what passes.", measures)
        kept = "Only what was announced is changed" if hearing.proposals else "The change is within limits"
        return Evidence("scope", Verdict.PASSED, f"{kept}: {lines} lines in {len(files)} files.", measures)

    def _faults(self, hearing: Hearing, lines: int) -> Iterator[str]:
        files = hearing.change.files
        if len(files) > self.max_files:
            yield f"{len(files)} files are changed; the limit is {self.max_files}."
        if lines > self.max_lines:
            yield f"{lines} lines are changed; the limit is {self.max_lines}."
        for file in files:
            yield from (f"{file.path}: {fault}." for fault in self._of_file(file))
        if hearing.proposals:
            yield from _unannounced(hearing)

    def _of_file(self, file: FileChange) -> Iterator[str]:
        modes = {mode for mode in (file.mode_before, file.mode_after) if mode}
        if "120000" in modes or "160000" in modes:
            yield "a symbolic link or a submodule"
        if file.before is not None and file.after is not None and file.mode_before != file.mode_after:
            yield f"its mode became {file.mode_after}"
        content = file.after or b""
        if len(content) > self.max_bytes:
            yield f"larger than {self.max_bytes:,} bytes"
        elif b"\0" in content:
            yield "binary"
        else:
            yield from _deceptions(file)


def _deceptions(file: FileChange) -> Iterator[str]:
    before, after = ((content or b"").decode("utf-8", "replace") for content in (file.before, file.after))
    sign = hidden(before, after)
    if sign is not None:
        yield f"line {sign[0]} holds {sign[1]}"
    word = alike(before, after)
    if word is not None:
        yield f"line {word[0]} holds `{word[1]}`, whose letters look like others"


def _unannounced(hearing: Hearing) -> Iterator[str]:
    """What differs from the base with the announced edits made, and nothing else."""
    announced: defaultdict[str, list[Edit]] = defaultdict(list)
    for proposal in hearing.proposals:
        for edit in proposal.edits:
            announced[edit.path].append(edit)
    changed = {file.path: file for file in hearing.change.files}
    for path in sorted(set(changed) - set(announced)):
        yield f"{path} is changed, and no proposal names it."
    for path, edits in sorted(announced.items()):
        yield from _held_against(path, changed.get(path), edits)


def _held_against(path: str, file: FileChange | None, edits: list[Edit]) -> Iterator[str]:
    if file is None:
        if any(edit.before != edit.after for edit in edits):
            yield f"{path} should be changed and is not."
        return
    if file.after is None:
        yield f"{path} was deleted."
        return
    try:
        meant = apply(file.before or b"", edits)
    except StaleProposal:
        yield f"{path} is not what the proposals were made for."
        return
    if meant != file.after:
        yield f"{path} differs from what the proposals announce."


def changed_lines(file: FileChange) -> int:
    """How many lines were removed and added, as a multiset; moved lines do not count."""
    counts: defaultdict[bytes, int] = defaultdict(int)
    for line in (file.before or b"").splitlines():
        counts[line] -= 1
    for line in (file.after or b"").splitlines():
        counts[line] += 1
    return sum(abs(count) for count in counts.values())


def _is_judge(path: str, hearing: Hearing) -> bool:
    return path in hearing.target.judges or judges(path)
