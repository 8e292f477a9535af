"""Reads what the probe wrote. The tests could write there too, so every byte is doubted."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from improver.facts import TestResult
from improver.values import Outcome

MAX_BYTES = 512 << 20
MAX_FILES = 20_000
_WORST_LAST = (
    Outcome.PASSED,
    Outcome.XFAILED,
    Outcome.SKIPPED,
    Outcome.XPASSED,
    Outcome.ERROR,
    Outcome.FAILED,
)


@dataclass(slots=True)
class Report:
    """What one run reported, as it was written and not yet believed.

    Parameters:
        collected: the ids of the tests that were found, canaries among them; empty if none was written.
        results: what became of each test; of several lines about one test the worst counts.
        crashes: what stopped pytest, in words.
        finished: the status that pytest ended with, -1 if it did not come to its end.
        garbage: how many lines the probe cannot have written.
    """

    collected: list[str] = field(default_factory=list)
    results: dict[str, TestResult] = field(default_factory=dict)
    broken: dict[str, TestResult] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    crashes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    finished: int = -1
    garbage: int = 0


def read_report(folder: Path, token: str) -> Report:
    """What the processes of one run wrote under the names that begin with `token`."""
    report = Report()
    for suffix in ("run", "origins"):
        for record in records(folder, token, suffix):
            if not _understood(record, report):
                report.garbage += 1
    return report


def records(folder: Path, token: str, suffix: str) -> Iterator[dict[str, Any] | None]:
    """The JSON objects in the files of one kind; ``None`` for each line that is none."""
    left = MAX_BYTES
    for name in _names(folder, token, suffix):
        content = read_hostile(folder / name, left)
        if content is None:
            yield None
            continue
        left -= len(content)
        yield from map(_record, content.splitlines())


def _names(folder: Path, token: str, suffix: str) -> list[str]:
    names = sorted(path.name for path in folder.iterdir())[:MAX_FILES]
    return [name for name in names if name.startswith(token + ".") and name.endswith("." + suffix)]


def read_hostile(path: Path, limit: int) -> bytes | None:
    """The content of a regular file of at most `limit` bytes; ``None`` for anything else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode) or about.st_size > limit:
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(limit + 1)
    return content if len(content) <= limit else None


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _understood(record: dict[str, Any] | None, report: Report) -> bool:
    match record:
        case {"id": str(id), "outcome": str(word), "seconds": int() | float() as seconds, "message": str(message)}:
            return _add(report.results, id, word, float(seconds), message)
        case {"broken": str(id), "message": str(message)}:
            return _add(report.broken, id or "collection", "error", 0.0, message)
        case {"collected": list(ids)} if all(isinstance(id, str) for id in ids):
            report.collected = report.collected or [tidy(id) for id in ids]
        case {"origins": dict(origins)} if all(isinstance(file, str) for file in origins.values()):
            report.origins.update(origins)
        case {"crash": str(words)}:
            report.crashes.append(tidy(words))
        case {"note": str(words)}:
            report.notes.append(tidy(words))
        case {"finished": int(status)} if report.finished == -1:
            report.finished = status
        case _:
            return False
    return True


def _add(into: dict[str, TestResult], id: str, word: str, seconds: float, message: str) -> bool:
    try:
        outcome = Outcome(word)
    except ValueError:
        return False
    result = TestResult(tidy(id), outcome, min(max(seconds, 0.0), 1e9), tidy(message)[:400])
    before = into.get(result.id)
    if before is None or _WORST_LAST.index(before.outcome) < _WORST_LAST.index(outcome):
        into[result.id] = result
    return True


def tidy(text: str) -> str:
    """The text without lone surrogates."""
    return text.encode("utf-8", "backslashreplace").decode()
