"""How long `improver scan` takes, held against a bare LibCST parse of the same files.

    python benchmarks/scan_speed.py --cache FOLDER django==5.2.7

Every figure is from fresh processes, one kind after the other in each round, and the median of the rounds. What is
held against the parse is processor time, user and system; the unchanged second run is held against the clock.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from measuring import Cost, fetched, interleaved, own_cpu, python_files, say, table, timed, verdict

FIND_GOAL = 0.35
PROVE_GOAL = 1.5
COVERAGES = ("provable", "all")


def main() -> None:
    arguments = _arguments()
    if arguments.stage:
        _work(arguments.stage, Path(arguments.projects[0]), arguments.coverage, Path(arguments.files))
        return
    rows = [["project", "files", "what", "CPU s", "x parse", "goal", ""]]
    for project in arguments.projects:
        folder = fetched(project, arguments.cache)
        for judges in (False, True):
            rows += _against_parse(folder, arguments.rounds, judges=judges)
    print(table(rows), end="\n\n")
    rows = [["project", "files analysed", "unchanged scan, wall s", "CPU s", "goal, wall s", ""]]
    rows += [_unchanged(fetched(project, arguments.cache), arguments.rounds) for project in arguments.projects]
    print(table(rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="+", metavar="PROJECT", help="a folder, or what pip calls it")
    parser.add_argument("--cache", type=Path, default=Path("build/fetched"), help="where fetched projects are kept")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    for hidden in ("--stage", "--files", "--coverage"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    return parser.parse_args()


def _against_parse(folder: Path, rounds: int, *, judges: bool) -> Iterator[list[str]]:
    """The rows of one project: the files that a scan looks at, or with its tests and all."""
    paths = [path.relative_to(folder).as_posix() for path in python_files(folder)] if judges else _analysed(folder)
    with tempfile.TemporaryDirectory() as place:
        listed = Path(place) / "files.json"
        listed.write_text(json.dumps(paths))
        stages = {"parse": ("parse", COVERAGES[0])} | {
            f"{stage}, coverage = {coverage}": (stage, coverage)
            for coverage in COVERAGES
            for stage in ("find", "prove")
        }
        works: dict[str, Callable[[], Cost]] = {
            name: partial(_stage, stage, folder, coverage, listed) for name, (stage, coverage) in stages.items()
        }
        costs = interleaved(works, rounds)
    parse = costs["parse"].cpu
    for name, (stage, _) in stages.items():
        times = costs[name].cpu / parse
        goal = {"find": FIND_GOAL, "prove": PROVE_GOAL}.get(stage)
        end = [f"{goal}", verdict(times, goal)] if goal else ["", ""]
        which = f"{folder.name}, tests too" if judges else folder.name
        yield [which, f"{len(paths):,}", name, f"{costs[name].cpu:.2f}", f"{times:.2f}", *end]


def _stage(stage: str, folder: Path, coverage: str, listed: Path) -> Cost:
    return timed([sys.executable, __file__, "--stage", stage, "--coverage", coverage, "--files", listed, folder])


def _analysed(folder: Path) -> list[str]:
    from improver.opening import Request, open_folder
    from improver.values import Source

    return [source.path for source in open_folder(Request(where=folder)).sources() if isinstance(source, Source)]


def _work(stage: str, folder: Path, coverage: str, listed: Path) -> None:
    """What a fresh process does: read the files, and parse, find, or find and edit and prove."""
    paths: list[str] = json.loads(listed.read_text())
    if stage == "parse":
        _parse(folder, paths)
    else:
        _scan(folder, paths, coverage, prove=stage == "prove")
    say(f"  {own_cpu():.2f} s")


def _parse(folder: Path, paths: list[str]) -> None:
    import libcst

    for path in paths:
        try:
            libcst.parse_module((folder / path).read_bytes())
        except (libcst.ParserSyntaxError, UnicodeDecodeError, LookupError):
            say(f"  LibCST cannot parse {path}")


def _scan(folder: Path, paths: list[str], coverage: str, *, prove: bool) -> None:
    from improver.facts import NOTHING_OBSERVED
    from improver.opening import Request, open_folder
    from improver.registry import load_analyzers
    from improver.scanning import scan
    from improver.values import Source

    opened = open_folder(Request(where=folder))
    analyzers = load_analyzers(["docstrings"], {"docstrings": {"coverage": coverage}})
    target = replace(opened.outline, project="")
    sources = (Source(path, (folder / path).read_bytes()) for path in paths)
    found = scan(sources, target, analyzers, NOTHING_OBSERVED)
    unequal = _proven(folder, found.proposals) if prove else 0
    say(f"  {len(found.proposals):,} proposals, {unequal} not proven")


def _proven(folder: Path, proposals: tuple[object, ...]) -> int:
    """Make all edits of each file and compare what it compiles to; how many files differ."""
    from improver.edits import change_of
    from improver.judge.masked import Unfit, differences

    change = change_of("", proposals, lambda path: ((folder / path).read_bytes(), "100644"))  # type: ignore[arg-type]
    bad = 0
    for file in change.files:
        try:
            bad += bool(differences(file.before or b"", file.after or b"", file.path))
        except Unfit as error:
            say(f"  {file.path}: {error}")
            bad += 1
    return bad


def _unchanged(folder: Path, rounds: int) -> list[str]:
    """The row of a scan of files that were all seen before."""
    with tempfile.TemporaryDirectory() as state:
        command: list[str | Path] = [sys.executable, "-m", "improver", "scan", "--json", folder]
        environ = {"IMPROVER_STATE_DIR": state}
        timed(command, environ=environ)
        cost = interleaved({"unchanged scan": lambda: timed(command, environ=environ)}, 2 * rounds + 1)[
            "unchanged scan"
        ]
    files = len(_analysed(folder))
    goal = 0.3 + 0.1 * files / 1000
    return [folder.name, f"{files:,}", f"{cost.wall:.2f}", f"{cost.cpu:.2f}", f"{goal:.2f}", verdict(cost.wall, goal)]


if __name__ == "__main__":
    main()
