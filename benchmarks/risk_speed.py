"""How long `improver risk` takes on diffs of ten files, and how much of it is the start of the program.

    python benchmarks/risk_speed.py PATH/TO/REPOSITORY django==5.2.7

A repository gives its ten newest commits that change about ten files, one of them Python at least. What has no history
is put into a fresh repository, with ten commits of a comment in each of ten files. Every figure is the median of fresh
processes; the first run of each diff finds an empty state folder, the second one what the first left.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from measuring import Cost, fetched, middle, python_files, say, table, timed, verdict

GOAL = 1.0
COMMITS = 10
FILES = 10
IMPROVER = (sys.executable, "-P", "-m", "improver")


@dataclass(frozen=True, slots=True)
class Diffs:
    """A repository and the commits that are measured in it.

    Parameters:
        kind: ``real`` or ``made``.
    """

    name: str
    repository: Path
    commits: tuple[str, ...]
    kind: str


def main() -> None:
    arguments = _arguments()
    rows = [["project", "Python files", "diffs", "start, CPU s", "first, CPU s", "second, CPU s", "second, wall s", ""]]
    for project in arguments.projects:
        with tempfile.TemporaryDirectory() as scratch:
            rows.append(_row(_diffs(project, arguments.cache, Path(scratch)), Path(scratch)))
    print(table(rows))
    print(f"\nThe goal is {GOAL:.0f} s of processor time for the second run, after the start.")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "projects", nargs="+", metavar="PROJECT", help="a git repository, a folder, or what pip calls it"
    )
    parser.add_argument("--cache", type=Path, default=Path("build/fetched"), help="where fetched projects are kept")
    return parser.parse_args()


def _diffs(project: str, cache: Path, scratch: Path) -> Diffs:
    folder = fetched(project, cache)
    if (folder / ".git").exists() or (folder / "objects").is_dir():
        name = folder.name if folder.name != "repo" else folder.parent.name.rpartition("+")[2]
        return Diffs(name, folder, tuple(_of_ten_files(folder)), "real")
    return Diffs(folder.name, scratch / "made", tuple(_made(folder, scratch / "made")), "made")


def _of_ten_files(repository: Path) -> Iterator[str]:
    """The newest commits of one parent that change eight to twelve files."""
    found = 0
    for commit in _git(repository, "log", "--no-merges", "--min-parents=1", "--format=%H", "-4000").split():
        paths = _git(repository, "diff-tree", "-r", "--no-commit-id", "--name-only", commit).splitlines()
        if FILES - 2 <= len(paths) <= FILES + 2 and any(path.endswith(".py") for path in paths):
            yield commit
            found += 1
            if found == COMMITS:
                return


def _made(folder: Path, repository: Path) -> Iterator[str]:
    """Commits of a comment at the end of ten files each, on top of all that was released."""
    subprocess.run(["cp", "-R", str(folder), str(repository)], check=True)
    _git(repository, "init", "-q")
    _git(repository, "add", "-A")
    _git(repository, "commit", "-q", "-m", "Release")
    files = python_files(repository)
    for number in range(COMMITS):
        for file in files[number :: len(files) // FILES][:FILES]:
            file.write_bytes(file.read_bytes() + b"\n# The end.\n")
        _git(repository, "commit", "-q", "-a", "-m", "Comment")
        yield _git(repository, "rev-parse", "HEAD").strip()


def _row(diffs: Diffs, scratch: Path) -> list[str]:
    start, first, second = [], [], []
    for commit in diffs.commits:
        say(f"{diffs.name} {commit[:10]}")
        start.append(timed([*IMPROVER, "--version"]))
        state = {"IMPROVER_STATE_DIR": str(scratch / commit)}
        words = [*IMPROVER, "risk", "--repo", diffs.repository, f"{commit}~1", commit, "--json"]
        first.append(timed(words, environ=state))
        second.append(timed(words, environ=state))
    tree = _git(diffs.repository, "ls-tree", "-r", "--name-only", diffs.commits[0]).splitlines()
    files = sum(path.endswith(".py") for path in tree)
    return [diffs.name, f"{files:,}", f"{len(diffs.commits)} {diffs.kind}", *_figures(start, first, second)]


def _figures(start: Sequence[Cost], first: Sequence[Cost], second: Sequence[Cost]) -> list[str]:
    began, fresh, again = middle(start), middle(first), middle(second)
    figures = (began.cpu, fresh.cpu, again.cpu, again.wall)
    return [*(f"{value:.2f}" for value in figures), verdict(again.cpu - began.cpu, GOAL)]


def _git(repository: Path, *words: str) -> str:
    settings = ("safe.directory=*", "user.name=A", "user.email=a@example.org", "core.quotePath=false")
    options = [word for setting in settings for word in ("-c", setting)]
    done = subprocess.run(["git", *options, *words], cwd=repository, env=os.environ, capture_output=True, check=True)
    return done.stdout.decode(errors="replace")


if __name__ == "__main__":
    main()
