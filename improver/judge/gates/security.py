"""Whether the change makes the program more dangerous."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from improver.judge.dangers import read_reach
from improver.judge.scanner import parsed, scan, scanner_version
from improver.ports import Hearing
from improver.values import Evidence, FileChange, Measure, NotApplicable, Verdict

LARGEST = 2 << 20
NAMED = 3
_SUFFIXES = (".py", ".pyi", ".pyw")
_TEST_NAME = re.compile(r"^(test_.*|.*_test|tests|conftest)\.py$")
_ASSERT_USED = "B101"


@dataclass(frozen=True, slots=True)
class _Look:
    """What one content holds: bandit's findings, dangerous names and packages."""

    findings: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    dangers: Counter[tuple[str, str]] = field(default_factory=Counter)
    packages: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Tally:
    """What was found so far; `packages` maps each newly imported one to the file that imports it."""

    worse: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    packages: dict[str, str] = field(default_factory=dict)
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class Security:
    """Bandit finds nothing new, no new dependency is imported, no new dangerous call is written.

    Bandit's findings are compared by rule, file and code, never by line; ``nosec`` comments and the
    target's settings of bandit are ignored. A plain ``assert`` in a test file is no finding.
    """

    runs_target: ClassVar[bool] = False

    def examine(self, hearing: Hearing) -> Evidence | NotApplicable:
        """Look at each changed Python file as it was and as it is."""
        files = [file for file in hearing.change.files if file.path.endswith(_SUFFIXES)]
        if not files:
            return NotApplicable("security", "no Python file is changed")
        tally = _Tally()
        for file in files:
            try:
                _judge_file(hearing, file, tally)
            except ValueError as error:
                tally.problems.append(f"{file.path} could not be examined: {error}")
        for package, path in sorted(_unknown_packages(hearing, tally.packages).items()):
            tally.worse.append(f"{path}: imports {package}, which nothing imported before")
        return _evidence(tally, len(files))


def _judge_file(hearing: Hearing, file: FileChange, tally: _Tally) -> None:
    """Compare one file with itself.

    Raises:
        ValueError: a side could not be read.
    """
    after, before = _look(hearing, file.path, file.after), _look(hearing, file.path, file.before)
    tally.after += after.findings.total()
    tally.before += before.findings.total()
    for rule, text, code in sorted(after.findings - before.findings):
        tally.worse.append(f"{file.path}: {rule} {text} ({_short(code)})")
    for name, code in sorted(after.dangers - before.dangers):
        tally.worse.append(f"{file.path}: new use of {name} ({_short(code)})")
    for package in after.packages - before.packages:
        tally.packages.setdefault(package, file.path)


def _short(code: str) -> str:
    line = " ".join(code.split())
    return line if len(line) <= 80 else line[:77] + "..."


def _look(hearing: Hearing, path: str, content: bytes | None) -> _Look:
    """What a content holds, read once and kept.

    Raises:
        ValueError: it could not be read, or not by bandit.
    """
    if content is None:
        return _Look()
    if len(content) > LARGEST:
        raise ValueError(f"larger than {LARGEST >> 20} MiB")
    digest = hashlib.sha256(content).hexdigest()
    key = f"security:{scanner_version()}:{sys.version_info[0]}.{sys.version_info[1]}:{digest}"
    kept = hearing.keep(key, partial(_read, content))
    if "problem" in kept:
        raise ValueError(kept["problem"])
    ignored = _ASSERT_USED if _is_test(path) else ""
    return _Look(
        Counter({(rule, text, code): times for rule, text, code, times in kept["findings"] if rule != ignored}),
        Counter({(name, code): times for name, code, times in kept["dangers"]}),
        frozenset(kept["packages"]),
    )


def _read(content: bytes) -> dict[str, Any]:
    try:
        tree = parsed(content)
        reach = read_reach(tree)
        findings = Counter((finding.rule, finding.text, finding.code) for finding in scan(content, tree))
    except ValueError as error:
        return {"problem": str(error)}
    return {
        "findings": [[*finding, times] for finding, times in findings.items()],
        "dangers": [[*danger, times] for danger, times in reach.dangers.items()],
        "packages": sorted(reach.packages),
    }


def _is_test(path: str) -> bool:
    place = PurePosixPath(path)
    return bool(_TEST_NAME.match(place.name)) or "tests" in place.parts


def _unknown_packages(hearing: Hearing, packages: Mapping[str, str]) -> dict[str, str]:
    """Those that are neither Python's own, nor the project's, nor imported anywhere at base."""
    strange = {name: path for name, path in packages.items() if name not in sys.stdlib_module_names}
    if not strange:
        return {}
    own = _own_modules(hearing, strange.values())
    strange = {name: path for name, path in strange.items() if name not in own}
    for content in _base_files(hearing):
        if not strange:
            break
        for name in [name for name in strange if _imports(content, name)]:
            del strange[name]
    return strange


def _own_modules(hearing: Hearing, paths: Iterable[str]) -> set[str]:
    folders = {"", hearing.target.project, *hearing.target.source_roots}
    folders |= {str(PurePosixPath(path).parent) for path in paths}
    found: set[str] = set()
    for files in (hearing.base.files, hearing.changed.files):
        for folder in folders:
            with suppress(OSError):
                found |= {_module_name(entry) for entry in os.scandir(files / folder)}
    return found


def _module_name(entry: os.DirEntry[str]) -> str:
    return entry.name.partition(".")[0] if entry.name.endswith(_SUFFIXES) else entry.name


def _base_files(hearing: Hearing) -> Iterator[bytes]:
    """Every Python file of the base: first what analyzers read, then the rest of the tree."""
    yield from (source.content for source in hearing.target.sources)
    for folder, folders, names in os.walk(hearing.base.files):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if name.endswith(_SUFFIXES) and not path.is_symlink():
                with suppress(OSError):
                    yield path.read_bytes()[:LARGEST]


def _imports(content: bytes, package: str) -> bool:
    name = re.escape(package.encode())
    if not re.search(rb"^[ \t]*(?:from\s+%s\b|import\b[^#\n]*\b%s\b)" % (name, name), content, re.MULTILINE):
        return False
    try:
        return package in read_reach(parsed(content)).packages
    except ValueError:
        return False


def _evidence(tally: _Tally, files: int) -> Evidence:
    measures: dict[str, Measure] = {
        "files": files,
        "findings_before": tally.before,
        "findings_after": tally.after,
        "new": len(tally.worse),
        "bandit": scanner_version(),
    }
    if tally.worse:
        more = f"; and {len(tally.worse) - NAMED} more" if len(tally.worse) > NAMED else ""
        return Evidence("security", Verdict.FAILED, "; ".join(tally.worse[:NAMED]) + more, measures)
    if tally.problems:
        return Evidence("security", Verdict.INCONCLUSIVE, "; ".join(tally.problems[:NAMED]), measures)
    summary = f"bandit {scanner_version()} finds nothing new; no new dependency, no new dangerous call."
    return Evidence("security", Verdict.PASSED, summary, measures)
