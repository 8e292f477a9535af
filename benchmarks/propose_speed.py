"""How long `improver propose` takes, held against a plain run of the project's own suite.

    python benchmarks/propose_speed.py --cache FOLDER --with pytest --with trio jinja2==3.1.6

A round is a plain run outside of any sandbox, a scan and a `propose` with nothing known, and a `propose` again now that
the base is known; what is told is the median of the rounds. The tools that improver keeps for projects that lack
them (its shelf) are fetched before, as when it is set up.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from measuring import Cost, middle, say, table, timed, verdict
from projects import python_of, ready

COLD_GOAL = 5.0
WARM_GOAL = 2.0
STEPS = ("plain", "scan", "cold", "warm")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="+", metavar="PROJECT", help="a folder, or what pip calls it")
    parser.add_argument("--cache", type=Path, default=Path("build/fetched"), help="where projects are kept")
    parser.add_argument("--with", dest="tools", action="append", default=[], help="what the tests need")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    tools = arguments.tools or ["pytest"]
    rows = [["project", "proposals", "plain s", "scan s", "cold s", "x", "goal", "", "warm s", "x", "goal", ""]]
    rows += [_row(ready(project, arguments.cache, tools), arguments.rounds) for project in arguments.projects]
    print(table(rows))


def _row(place: Path, rounds: int) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "first"
        say(f"{place.name}: filling the shelf")
        proposals = _proposals(place, first)
        costs: dict[str, list[Cost]] = {step: [] for step in STEPS}
        for number in range(rounds):
            state = Path(folder) / str(number)
            _share_shelf(first, state)
            for step in STEPS:
                costs[step].append(_cost(step, place, state))
                say(f"{place.name}, round {number + 1} of {rounds}: {step} {costs[step][-1].wall:.1f} s")
    plain, scan, cold, warm = (middle(costs[step]).wall for step in STEPS)
    beyond_scan, again = (cold - scan) / plain, warm / plain
    return [
        *(place.name, str(proposals), f"{plain:.1f}", f"{scan:.1f}", f"{cold:.1f}", f"{beyond_scan:.1f} and the scan"),
        *(f"{COLD_GOAL:.0f}", verdict(beyond_scan, COLD_GOAL)),
        *(f"{warm:.1f}", f"{again:.1f}", f"{WARM_GOAL:.0f}", verdict(again, WARM_GOAL)),
    ]


def _cost(step: str, place: Path, state: Path) -> Cost:
    environ = {"IMPROVER_STATE_DIR": str(state)}
    if step == "plain":
        return timed([python_of(place), "-m", "pytest", "-q"], workdir=place, accept=(0, 1))
    if step == "scan":  # in a state of its own: it would leave what `propose` then need not find
        environ = {"IMPROVER_STATE_DIR": str(state / "scan")}
    command = "scan" if step == "scan" else "propose"
    return timed([sys.executable, "-m", "improver", command, "--json"], workdir=place, environ=environ)


def _proposals(place: Path, state: Path) -> int:
    answer = state.with_suffix(".json")
    words = [sys.executable, "-m", "improver", "propose", "--json"]
    timed(words, workdir=place, environ={"IMPROVER_STATE_DIR": str(state)}, output=answer)
    return len(json.loads(answer.read_text())["dossiers"])


def _share_shelf(first: Path, state: Path) -> None:
    shelf = first / "cache/shelf"
    if shelf.is_dir():
        shutil.copytree(shelf, state / "cache/shelf", symlinks=True)


if __name__ == "__main__":
    main()
