"""How many of the commits that touch only docstrings, comments, layout or hints are recognised, in real histories.

    python benchmarks/risk_histories.py REPOSITORY...

Each repository is a checkout, a bare repository or a git directory with its history. What a commit really touches is
told by a yardstick that shares nothing with improver's judging (`risk_yardstick.py`). Whole commits are judged, and
each Python file of any commit alone, in the context of the whole repository as the parent commit has it. The exit
code is 1 when anything was certified although the code differs.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from measuring import own_cpu, say, table
from risk_history import Commit, History
from risk_reasons import CAUTIOUS, LOSS, RIGHT, Refusals
from risk_yardstick import DIFFERS, KINDS, UNREADABLE, kind_of

from improver.judge.risk import EMPTY_CONTEXT, read_risk
from improver.values import Change, FileChange, Risk

COMMITS, FILES = "commits", "files"


@dataclass
class Tally:
    """What became of one repository's history."""

    name: str
    looked_at: int = 0
    cpu: float = 0.0
    kinds: dict[str, Counter[str]] = field(default_factory=lambda: {COMMITS: Counter(), FILES: Counter()})
    certified: dict[str, Counter[str]] = field(default_factory=lambda: {COMMITS: Counter(), FILES: Counter()})
    refusals: dict[str, Refusals] = field(default_factory=lambda: {COMMITS: Refusals(), FILES: Refusals()})
    unsafe: list[str] = field(default_factory=list)

    def note(self, reading: str, kind: str, where: str, risk: Risk) -> None:
        """Count one judgement of something that the yardstick knows to be harmless code."""
        self.kinds[reading][kind] += 1
        if risk.certified:
            self.certified[reading][kind] += 1
        else:
            self.refusals[reading].add(where, risk)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPOSITORY")
    parser.add_argument("--limit", type=int, default=1000, help="commits that touch Python files, newest first")
    parser.add_argument("--jobs", type=int, default=2, help="repositories read at once")
    parser.add_argument("--examples", action="store_true", help="more examples of each rule")
    arguments = parser.parse_args()
    limits = [arguments.limit] * len(arguments.repositories)
    with ProcessPoolExecutor(arguments.jobs) as pool:
        tallies = list(pool.map(walked, arguments.repositories, limits))
    for reading in (COMMITS, FILES):
        print(f"\n## {'Whole commits' if reading == COMMITS else 'Single Python files'}\n")
        _tell(reading, tallies, examples=arguments.examples)
    sys.exit(_tell_unsafe(tallies))


def walked(place: Path, limit: int) -> Tally:
    """Judge the history of one repository."""
    history = History(place)
    tally = Tally(history.name)
    started = own_cpu()
    try:
        for commit in history.commits(limit):
            tally.looked_at += 1
            _judge(history, commit, tally)
    finally:
        history.close()
    tally.cpu = own_cpu() - started
    say(
        f"{tally.name}: {tally.looked_at} commits, {sum(tally.kinds[FILES].values())} file diffs, {tally.cpu:.0f} s CPU"
    )
    return tally


def _judge(history: History, commit: Commit, tally: Tally) -> None:
    plain = [blob for blob in commit.blobs if blob.path.endswith(".py") and blob.mode_before == blob.mode_after]
    changes = [history.change(blob) for blob in plain if blob.mode_after.startswith("100")]
    kinds = {file.path: kind_of(file.before or b"", file.after or b"") for file in changes}
    for file in changes:
        where = f"{tally.name} {commit.oid[:10]} {file.path}"
        _judge_file(history, commit, file, kinds[file.path], where, tally)
    if len(changes) == len(commit.blobs) and all(kind in KINDS for kind in kinds.values()):
        risk = read_risk(Change(commit.parent, tuple(changes)), history.context(commit.parent))
        kind = max(kinds.values(), key=KINDS.index)
        tally.note(COMMITS, kind, f"{tally.name} {commit.oid[:10]}", risk)


def _judge_file(history: History, commit: Commit, file: FileChange, kind: str, where: str, tally: Tally) -> None:
    change = Change(commit.parent, (file,))
    if kind in KINDS:
        tally.note(FILES, kind, where, read_risk(change, history.context(commit.parent)))
        return
    tally.kinds[FILES][kind] += 1
    if kind == DIFFERS and _may_be_certified(change) and read_risk(change, history.context(commit.parent)).certified:
        tally.unsafe.append(where)


def _may_be_certified(change: Change) -> bool:
    """Whether some context could certify it: no reason stands that the rest of the repository has no say in."""
    risk = read_risk(change, EMPTY_CONTEXT)
    firm = (" became ", "parts became", "an import was added", " differs", "was added", "other constants", "has a say")
    return risk.certified or not any(word in reason for reason in risk.because for word in firm)


def _tell(reading: str, tallies: list[Tally], *, examples: bool) -> None:
    print(table(_by_repository(reading, tallies)), "\n")
    print(table(_by_kind(reading, tallies)), "\n")
    refusals = Refusals()
    for tally in tallies:
        refusals.merge(tally.refusals[reading])
    print(table(refusals.rows()))
    if examples:
        print("", *refusals.more(), sep="\n")


def _by_repository(reading: str, tallies: list[Tally]) -> Iterator[list[str]]:
    extra = ["other code", "not readable"] if reading == FILES else []
    yield [
        "repository",
        "walked",
        *extra,
        "harmless",
        "certified",
        "share",
        RIGHT,
        CAUTIOUS,
        LOSS,
        "but for right",
        "CPU s",
    ]
    total = Counter[str]()
    for tally in tallies:
        figures = _figures(reading, tally)
        total.update(figures)
        yield _row(tally.name, figures, reading)
    if len(tallies) > 1:
        yield _row("**all**", total, reading)


def _figures(reading: str, tally: Tally) -> Counter[str]:
    refusals = tally.refusals[reading]
    return Counter({
        "walked": tally.looked_at, "cpu": round(tally.cpu), DIFFERS: tally.kinds[reading][DIFFERS],
        UNREADABLE: tally.kinds[reading][UNREADABLE],
        "harmless": sum(tally.kinds[reading][kind] for kind in KINDS),
        "certified": sum(tally.certified[reading].values()),
        **{opinion: refusals.of(opinion) for opinion in (RIGHT, CAUTIOUS, LOSS)},
    })  # fmt: skip


def _row(name: str, figures: Counter[str], reading: str) -> list[str]:
    extra = [DIFFERS, UNREADABLE] if reading == FILES else []
    counts = [f"{figures[word]:,}" for word in ("walked", *extra, "harmless", "certified")]
    return [
        *(name, *counts, share(figures["certified"], figures["harmless"])),
        *(f"{figures[word]:,}" for word in (RIGHT, CAUTIOUS, LOSS)),
        *(share(figures["certified"], figures["harmless"] - figures[RIGHT]), str(figures["cpu"])),
    ]


def _by_kind(reading: str, tallies: list[Tally]) -> Iterator[list[str]]:
    yield ["only", "harmless", "certified", "share"]
    for kind in KINDS:
        total = sum(tally.kinds[reading][kind] for tally in tallies)
        certified = sum(tally.certified[reading][kind] for tally in tallies)
        yield [kind, f"{total:,}", f"{certified:,}", share(certified, total)]


def share(part: int, whole: int) -> str:
    """A share in per cent; a dash of nothing."""
    return f"{100 * part / whole:.0f} %" if whole else "-"


def _tell_unsafe(tallies: Iterable[Tally]) -> int:
    unsafe = [where for tally in tallies for where in tally.unsafe]
    print(f"\nCertified although the code differs: {len(unsafe)}")
    for where in unsafe:
        print(f"UNSAFE {where}")
    return 1 if unsafe else 0


if __name__ == "__main__":
    main()
