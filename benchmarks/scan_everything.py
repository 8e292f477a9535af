"""Analyse, edit and prove everything in large folders: no crash, every edit compiles, nothing but docstrings differs.

    python benchmarks/scan_everything.py /usr/lib/python3 some/site-packages

Each folder is done in a fresh process, so that its memory can be told; `--stdlib` adds this interpreter's own library.
Every Python file counts, tests and vendored ones too. The exit code is 1 when anything failed.
"""

from __future__ import annotations

import argparse
import json
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from measuring import own_cpu, own_peak, python_files, say, table, timed

from improver.edits import apply
from improver.errors import ImproverError
from improver.facts import NOTHING_OBSERVED
from improver.judge.masked import Unfit, differences
from improver.ports import Analyzer
from improver.registry import Named, load_analyzers
from improver.scanning import again, analyze
from improver.values import Edit, Proposal, Source, Target

COVERAGES = ("provable", "all")
_FOREIGN = "site-packages/"  # it lies inside of the standard library, and is none


@dataclass
class Tally:
    """What became of the files of one folder."""

    files: int = 0
    lines: int = 0
    proposals: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    wall: float = 0.0
    cpu: float = 0.0
    peak: int = 0


def main() -> None:
    arguments = _arguments()
    if arguments.into:
        _work(arguments.folders[0], arguments.coverage, arguments.into)
        return
    folders = [*arguments.folders, *([Path(sysconfig.get_path("stdlib"))] if arguments.stdlib else [])]
    rows = [["folder", "coverage", "files", "lines", "proposals", "failures", "wall s", "CPU s", "peak MB"]]
    failed = False
    for folder in folders:
        for coverage in arguments.coverages:
            tally = _apart(folder, coverage)
            failed |= bool(tally.failures)
            rows.append(_row(folder, coverage, tally))
            _tell(folder, coverage, tally)
    print(table(rows))
    sys.exit(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--stdlib", action="store_true", help="this interpreter's standard library too")
    parser.add_argument("--coverages", nargs="+", choices=COVERAGES, default=COVERAGES, help="both by default")
    parser.add_argument("--coverage", help=argparse.SUPPRESS)
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _apart(folder: Path, coverage: str) -> Tally:
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        into = Path(place) / "tally.json"
        timed([sys.executable, __file__, "--coverage", coverage, "--into", into, folder])
        found = json.loads(into.read_text())
    return Tally(**{**found, "skipped": Counter(found["skipped"])})


def _work(folder: Path, coverage: str, into: Path) -> None:
    started = time.monotonic()
    tally = Tally()
    analyzers = load_analyzers(["docstrings"], {"docstrings": {"coverage": coverage}})
    target = Target(folder, "", "", (), ())
    inside = [path.relative_to(folder).as_posix() for path in python_files(folder)]
    own_library = folder == Path(sysconfig.get_path("stdlib"))
    for number, path in enumerate(path for path in inside if not own_library or _FOREIGN not in path):
        if number % 1000 == 0:
            say(f"{folder.name}, {coverage}: {number:,} files, {tally.proposals:,} proposals")
        source = Source(path, (folder / path).read_bytes())
        tally.files += 1
        tally.lines += source.content.count(b"\n")
        tally.failures += _failures(source, target, analyzers, tally)
    tally.wall, tally.cpu, tally.peak = time.monotonic() - started, own_cpu(), own_peak()
    into.write_text(json.dumps({**asdict(replace(tally, skipped=Counter())), "skipped": tally.skipped}))


def _failures(source: Source, target: Target, analyzers: tuple[Named[Analyzer], ...], tally: Tally) -> Iterator[str]:
    """Whatever is wrong with what is proposed for one file."""
    try:
        found = analyze(source, target, analyzers, NOTHING_OBSERVED)
        for item in found.skipped:
            tally.skipped[item.reason] += item.count
        tally.proposals += len(found.proposals)
        if found.proposals:
            examined = _examined(source, target, analyzers, found.proposals)
            yield from (f"{source.path}: {problem}" for problem in examined)
    except Exception as error:  # a crash is what this looks for
        yield f"{source.path}: {type(error).__name__}: {error}"


def _examined(
    source: Source, target: Target, analyzers: tuple[Named[Analyzer], ...], found: tuple[Proposal, ...]
) -> Iterator[str]:
    """Make all edits of a file, compare what it compiles to, and look again."""
    edits: list[Edit] = [edit for proposal in found for edit in proposal.edits]
    try:
        after = apply(source.content, edits)
        yield from differences(source.content, after, source.path)
    except (Unfit, ImproverError) as error:
        yield f"{error}"
        return
    second = analyze(Source(source.path, after), target, analyzers, NOTHING_OBSERVED)
    yield from (f"would be changed again: {place}" for place in again(found, second.proposals))
    new = {proposal.site.qualified_name for proposal in second.proposals} - {
        proposal.site.qualified_name for proposal in found
    }
    yield from (f"only the second pass proposes {name}" for name in sorted(new))


def _row(folder: Path, coverage: str, tally: Tally) -> list[str]:
    figures = [f"{tally.files:,}", f"{tally.lines:,}", f"{tally.proposals:,}", f"{len(tally.failures):,}"]
    return [folder.name, coverage, *figures, f"{tally.wall:.0f}", f"{tally.cpu:.0f}", f"{tally.peak / 1e6:.0f}"]


def _tell(folder: Path, coverage: str, tally: Tally) -> None:
    for reason, count in tally.skipped.most_common():
        print(f"{folder.name}, {coverage}: {count:,} skipped: {reason}", flush=True)
    for failure in tally.failures[:50]:
        print(f"{folder.name}, {coverage}: FAILED {failure}", flush=True)


if __name__ == "__main__":
    main()
