"""Analysis alone: every file is asked about once, and remembered by its content."""

from __future__ import annotations

import gc
import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from improver.facts import Facts
from improver.ports import Analyzer, Progress
from improver.registry import Named
from improver.values import Edit, Proposal, Site, Skipped, Source, Target

_SCHEMA = "CREATE TABLE IF NOT EXISTS found (key BLOB PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
_MANY = 500_000
_FILES = "Python files"
_FORM = "second form of what is kept"
_BATCH = 250
_ALLOCATIONS = 100_000
OUT_OF_TIME = "the time budget was reached before they could be looked at"


@dataclass(frozen=True, slots=True)
class Scan:
    """What the analyzers found.

    Parameters:
        skipped: files that could not be analysed, by reason.
        files: how many files were looked at.
    """

    proposals: tuple[Proposal, ...]
    skipped: tuple[Skipped, ...]
    files: int


@dataclass(frozen=True, slots=True)
class Found:
    """What the analyzers found in one file, and what they had to pass over."""

    proposals: tuple[Proposal, ...]
    skipped: tuple[Skipped, ...] = ()


NOTHING = Found(())


class Remembered:
    """Results of analysis by content, in the user's cache folder; when it cannot be used, nothing is remembered."""

    def __init__(self, folder: Path | None) -> None:
        self._connection: sqlite3.Connection | None = None
        self._new: list[tuple[bytes, str]] = []
        if folder is not None:
            with suppress(OSError, sqlite3.Error):
                folder.mkdir(parents=True, exist_ok=True)
                self._connection = sqlite3.connect(folder / "found.sqlite", timeout=5)
                self._connection.execute(_SCHEMA)

    def __enter__(self) -> Remembered:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is None:
            return
        with suppress(sqlite3.Error), closing(self._connection) as connection, connection:
            if self._new and connection.execute("SELECT count(*) FROM found").fetchone()[0] > _MANY:
                connection.execute("DELETE FROM found")
            connection.executemany("INSERT OR REPLACE INTO found VALUES (?, ?)", self._new)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, str]:
        """What was found under some keys, if anything was kept; at most a few hundred are asked for at once."""
        with suppress(sqlite3.Error):
            if self._connection is not None:
                marks = ",".join("?" * len(keys))
                asked = f"SELECT key, value FROM found WHERE key IN ({marks})"  # noqa: S608 - question marks alone
                return dict(self._connection.execute(asked, keys))
        return {}

    def put(self, key: bytes, value: str) -> None:
        """Keep it; it is written when the scan ends."""
        self._new.append((key, value))


def scan(
    sources: Iterable[Source | Skipped],
    target: Target,
    analyzers: Sequence[Named[Analyzer]],
    facts: Facts,
    *,
    cache: Path | None = None,
    progress: Progress | None = None,
    late: Callable[[], bool] = lambda: False,
) -> Scan:
    """What the analyzers find in files of the target.

    Parameters:
        sources: the files, one after the other; they need not all be held at once.
        cache: the folder that remembers results by content; nothing is remembered without it.
        late: whether the time is up; files that come later are counted and not looked at.
    """
    proposals: list[Proposal] = []
    counts: Counter[tuple[str, str]] = Counter()
    files = 0
    stamp = _stamp(target, analyzers)
    with Remembered(cache) as remembered, _collecting_seldom():
        for source, key, kept in _with_kept(sources, remembered, stamp, counts):
            if late():
                counts[_FILES, OUT_OF_TIME] += 1
                continue
            if progress is not None:
                progress.advance(source.path)
            files += 1
            found = analyze(source, target, analyzers, facts) if kept is None else _read(kept, source)
            if kept is None:
                remembered.put(key, _written(found))
            proposals += found.proposals
            for item in found.skipped:
                counts[item.what, item.reason] += item.count
    skipped = tuple(Skipped(what, reason, count) for (what, reason), count in sorted(counts.items()))
    return Scan(tuple(proposals), skipped, files)


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Look for unreachable cycles seldom: trees have none, and looking took an eighth of the time."""
    usual = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _with_kept(
    items: Iterable[Source | Skipped], remembered: Remembered, stamp: bytes, counts: Counter[tuple[str, str]]
) -> Iterator[tuple[Source, bytes, str | None]]:
    """The files with their keys and what is kept under these; whatever was skipped is counted by reason."""
    coming = iter(items)
    while batch := tuple(islice(coming, _BATCH)):
        keyed = [(_key(item, stamp), item) for item in batch if isinstance(item, Source)]
        kept = remembered.get([key for key, _ in keyed])
        for item in batch:
            if isinstance(item, Skipped):
                counts[_FILES, item.reason] += item.count
        for key, source in keyed:
            yield source, key, kept.get(key)


def analyze(source: Source, target: Target, analyzers: Iterable[Named[Analyzer]], facts: Facts) -> Found:
    """What the analyzers find in one file; a file that cannot be analysed is skipped for a reason."""
    try:
        items = [item for named in analyzers for item in named.plugin.analyze(source, target, facts)]
    except (SyntaxError, ValueError):
        from improver.discover import why_unparsable  # noqa: PLC0415 - loads LibCST, which most scans never need

        return Found((), (Skipped(_FILES, why_unparsable(source.content)),))
    except (RecursionError, MemoryError):  # the second is what Python 3.11's parser says of its own stack
        return Found((), (Skipped(_FILES, "nested too deeply to be analysed"),))
    proposals = _told_apart(item for item in items if isinstance(item, Proposal))
    return Found(proposals, tuple(item for item in items if isinstance(item, Skipped)))


def _told_apart(proposals: Iterable[Proposal]) -> tuple[Proposal, ...]:
    """The proposals, with different fingerprints even where a name is defined twice in the same words."""
    seen: Counter[str] = Counter()
    found = []
    for proposal in proposals:
        seen[proposal.fingerprint] += 1
        again = seen[proposal.fingerprint]
        found.append(proposal if again == 1 else replace(proposal, context=f"{proposal.context}\0{again}"))
    return tuple(found)


def _key(source: Source, stamp: bytes) -> bytes:
    return hashlib.blake2b(source.content, key=stamp, person=b"scan", salt=_salt(source.path)).digest()


def _written(found: Found) -> str:
    skipped = [[item.what, item.reason, item.count] for item in found.skipped]
    return json.dumps([[_plain(proposal) for proposal in found.proposals], skipped]) if found != NOTHING else ""


def _salt(path: str) -> bytes:
    return hashlib.blake2b(path.encode(errors="surrogateescape"), digest_size=16).digest()


def _stamp(target: Target, analyzers: Sequence[Named[Analyzer]]) -> bytes:
    parts = [_FORM, *(named.version for named in analyzers), repr(target.style), repr(target.project)]
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=32).digest()


def _plain(proposal: Proposal) -> dict[str, Any]:
    return {
        "names": [proposal.analyzer, proposal.rule, proposal.title, proposal.why, proposal.context],
        "site": [proposal.site.line, proposal.site.qualified_name],
        "edits": [[edit.start, edit.before.hex(), edit.after.hex()] for edit in proposal.edits],
    }


def _read(kept: str, source: Source) -> Found:
    if not kept:
        return NOTHING
    proposals, skipped = json.loads(kept)
    return Found(tuple(_proposal(plain, source.path) for plain in proposals), tuple(Skipped(*item) for item in skipped))


def _proposal(plain: Mapping[str, Any], path: str) -> Proposal:
    analyzer, rule, title, why, context = plain["names"]
    edits = tuple(Edit(path, start, bytes.fromhex(old), bytes.fromhex(new)) for start, old, new in plain["edits"])
    return Proposal(analyzer, rule, Site(path, *plain["site"]), title, why, edits, context)


def again(proposals: Iterable[Proposal], found: Iterable[Proposal]) -> Iterator[str]:
    """Sites that an analyzer would change again although it just did."""
    done = {(proposal.rule, proposal.site.path, proposal.site.qualified_name) for proposal in proposals}
    for proposal in found:
        if (proposal.rule, proposal.site.path, proposal.site.qualified_name) in done:
            yield f"{proposal.site.path}:{proposal.site.line} {proposal.site.qualified_name}"
