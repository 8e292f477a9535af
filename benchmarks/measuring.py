"""What the measuring scripts share: programs timed from outside, projects fetched with pip, tables."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Cost:
    """What a program took.

    Parameters:
        wall: seconds on the clock.
        cpu: seconds of processor time, user and system, of it and of every child that it waited for.
        peak: bytes of memory of the largest of these processes.
    """

    wall: float
    cpu: float
    peak: int


def timed(
    argv: Sequence[str | Path],
    *,
    environ: Mapping[str, str] | None = None,
    workdir: Path | None = None,
    output: Path | None = None,
    accept: Iterable[int] = (0,),
) -> Cost:
    """Run a program to its end and say what it took.

    Parameters:
        environ: names added to our environment.
        output: the file that gets what it prints; nowhere by default.
        accept: the exit codes that are no failure.

    Raises:
        SystemExit: it failed.
    """
    words = [os.fspath(word) for word in argv]
    with Path(output or os.devnull).open("wb") as out:
        started = time.monotonic()
        process = subprocess.Popen(words, env={**os.environ, **(environ or {})}, cwd=workdir, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in accept:
        raise SystemExit(f"{' '.join(words)} ended with {process.returncode}.")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def interleaved(works: Mapping[str, Callable[[], Cost]], rounds: int) -> dict[str, Cost]:
    """Do each work once a round, and say the median of its rounds: what slows the machine slows all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name in works}
    for number in range(rounds):
        for name, work in works.items():
            say(f"round {number + 1} of {rounds}: {name}")
            costs[name].append(work())
    return {name: middle(found) for name, found in costs.items()}


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(
        median(cost.wall for cost in costs), median(cost.cpu for cost in costs), max(cost.peak for cost in costs)
    )


def fetched(project: str, cache: Path) -> Path:
    """The folder of a project: the one that is named, else its source distribution, fetched with pip and unpacked.

    Parameters:
        project: a folder, or what pip calls it: ``django==5.2.7``.
        cache: where archives are kept.
    """
    if Path(project).is_dir():
        return Path(project).resolve()
    cache.mkdir(parents=True, exist_ok=True)
    name = project.partition("==")[0]
    place = cache / "unpacked" / project
    if not place.is_dir():
        say(f"fetching {project}")
        words = ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", name, "--dest", str(cache), project]
        subprocess.run([sys.executable, *words], check=True)
        newest = max(cache.glob(f"{name.replace('-', '[-_]')}*.tar.gz"), key=lambda file: file.stat().st_mtime)
        with tarfile.open(newest) as archive:
            archive.extractall(place, filter="data")
    return next(folder for folder in sorted(place.iterdir()) if folder.is_dir())


def python_files(folder: Path) -> list[Path]:
    """Every Python file below a folder, links to folders not followed."""
    return sorted(path for path in folder.rglob("*.py") if path.is_file() and not path.is_symlink())


def own_peak() -> int:
    """The most memory that this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def own_cpu() -> float:
    """The processor time of this process so far, in seconds."""
    return time.process_time()


def say(text: str) -> None:
    """A line of progress on standard error."""
    print(text, file=sys.stderr, flush=True)


def table(rows: Iterable[Sequence[str]]) -> str:
    """Rows as a Markdown table; the first is its head."""
    head, *rest = rows
    lines = [head, ["---"] * len(head), *rest]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def verdict(value: float, goal: float) -> str:
    """Whether a figure is within its goal."""
    return "within" if value <= goal else "**over**"
