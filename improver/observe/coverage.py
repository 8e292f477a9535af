"""Reads which test ran which line, from what the probe wrote."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from improver.facts import Coverage
from improver.observe.believe import CANARY_PREFIX
from improver.observe.origins import module_names
from improver.observe.report import records, tidy
from improver.values import Missing, Target

MAX_LINE = 1 << 20
_SHARED = "\t"


def patterns(target: Target, at: Path) -> tuple[str, ...]:
    """Which files to measure, as patterns for coverage: the packages and modules of the target."""
    tops = {_top(path, name) for name, path in module_names(target).items()}
    scripts = {source.path for source in target.sources} - set(module_names(target).values())
    return tuple(_plain(f"{at}/{path}") for path in sorted(tops)) + tuple(
        _plain(f"{at}/{path}") for path in sorted(scripts)[:200]
    )


def _top(path: str, name: str) -> str:
    """The package folder (with all below) or the single file that holds a module."""
    depth = name.count(".") + (1 if path.endswith("/__init__.py") else 0)
    return path if depth == 0 else "/".join(path.split("/")[:-depth]) + "/*"


def _plain(pattern: str) -> str:
    """A pattern without signs that would be read as more than themselves."""
    star = pattern.endswith("/*")
    return re.sub(r"[\[\]*?{}]", "?", pattern.removesuffix("/*")) + ("/*" if star else "")


def read_coverage(folder: Path, token: str, at: Path) -> Coverage | Missing:
    """Which test ran which line, as the run's processes wrote it.

    Parameters:
        at: where the tree was seen from inside; paths become relative to it.
    """
    gathered = _Gathered(str(at))
    for record in records(folder, token, "lines"):
        gathered.add(record)
    if gathered.garbage:
        return Missing("coverage", f"{gathered.garbage} records of it were not written by improver's probe")
    if not gathered.bits:
        return Missing("coverage", "nothing was measured: no code of the target ran, or coverage did not start")
    return gathered.coverage()


@dataclass(slots=True)
class _Gathered:
    """Bit sets of lines by context and path, joined over processes."""

    at: str
    bits: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    names: dict[int, str] = field(default_factory=dict)
    garbage: int = 0

    def add(self, record: dict[str, Any] | None) -> None:
        match record:
            case {"files": list(files)}:
                self.names = dict(filter(None, map(self._file, files)))
            case {"context": str(context), "bits": list(bits)}:
                context = "" if context.startswith(CANARY_PREFIX) else context
                for entry in bits:
                    self._join(tidy(context), entry)
            case _:
                self.garbage += 1

    def _file(self, entry: object) -> tuple[int, str] | None:
        match entry:
            case [int(identity), str(path)]:
                relative = os.path.relpath(tidy(path), self.at)
                return None if relative.startswith("..") else (identity, relative)
            case _:
                self.garbage += 1
                return None

    def _join(self, context: str, entry: object) -> None:
        match entry:
            case [int(identity), str(digits)] if len(digits) <= MAX_LINE // 4:
                path = self.names.get(identity)
                number = _number(digits)
                if path is not None and number is not None:
                    self.bits[context][path] = self.bits[context].get(path, 0) | number
            case _:
                self.garbage += 1

    def coverage(self) -> Coverage:
        lines: dict[str, int] = defaultdict(int)
        for files in self.bits.values():
            for path, number in files.items():
                lines[path] |= number
        return Coverage({path: unpacked(number) for path, number in lines.items()}, ByTest(self._spread()))

    def _spread(self) -> dict[str, dict[str, int]]:
        """Give what a shared fixture ran to every test in its scope."""
        tests: dict[str, dict[str, int]] = {id: dict(files) for id, files in self.bits.items() if id[:1] != _SHARED}
        shared = {id[1:]: files for id, files in self.bits.items() if id[:1] == _SHARED}
        for scope, files in shared.items():
            ids = [id for id in tests if id and _within(id, scope)] if scope not in ("", ".") else [""]
            for id in ids:
                mine = tests.setdefault(id, {})
                for path, number in files.items():
                    mine[path] = mine.get(path, 0) | number
        return tests


def _within(id: str, scope: str) -> bool:
    return id == scope or id.startswith((scope + "::", scope + "/"))


def _number(digits: str) -> int | None:
    try:
        return int.from_bytes(bytes.fromhex(digits), "little")
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def unpacked(number: int) -> frozenset[int]:
    """The lines whose bits are set."""
    digits = bin(number)[:1:-1]
    return frozenset(match.start() for match in re.finditer("1", digits))


@dataclass(frozen=True, slots=True)
class ByTest(Mapping[str, Mapping[str, frozenset[int]]]):
    """The lines of each test, unpacked when asked for: all at once they would fill the memory."""

    bits: Mapping[str, Mapping[str, int]] = field(repr=False)

    def __getitem__(self, id: str) -> Mapping[str, frozenset[int]]:
        return {path: unpacked(number) for path, number in self.bits[id].items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self.bits)

    def __len__(self) -> int:
        return len(self.bits)
