"""What it costs to prove many proposals of which a few break tests, and whether the right ones are found.

    python benchmarks/batch_proof.py --cache FOLDER --with pytest itsdangerous==2.2.0

Each proposal changes one function that the tests run: a harmless one adds `pass`, a harmful one raises. They are heard
by the `tests` gate alone, in the real sandbox. Costs are told in full test runs: the wall time of proving, divided by
that of the base's own plain run in the same sandbox.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from measuring import say, table, verdict
from projects import ready

from improver.facts import Coverage, Facts
from improver.opening import Request, open_commit
from improver.ports import Hearing
from improver.proving import Group, Hold, prove
from improver.registry import load_gates
from improver.values import Edit, Evidence, Missing, Proposal, Site, Source, Verdict
from improver.views.silent import Silent
from improver.workshop import Workshop, set_up

GOALS = {0: 1.1, 2: 3.5}


@dataclass
class Place:
    """Where a statement can be put first in a function that tests run."""

    source: Source
    name: str
    line: int
    start: int
    indent: str


@dataclass
class Round:
    """What one batch came to."""

    cost: float
    runs: int
    missed: list[str] = field(default_factory=list)
    blamed: list[str] = field(default_factory=list)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("projects", nargs="+", metavar="PROJECT", help="a folder, or what pip calls it")
    parser.add_argument("--cache", type=Path, default=Path("build/fetched"), help="where projects are kept")
    parser.add_argument("--with", dest="tools", action="append", default=[], help="what the tests need")
    parser.add_argument("--proposals", type=int, default=40)
    parser.add_argument("--harmful", type=int, nargs="+", default=[0, 1, 2, 5])
    parser.add_argument("--seeds", type=int, default=3, help="how many batches of each kind")
    arguments = parser.parse_args()
    rows = [
        ["project", "proposals", "harmful", "full runs, median", "worst", "hearings", "missed", "blamed", "goal", ""]
    ]
    for project in arguments.projects:
        place = ready(project, arguments.cache, arguments.tools or ["pytest"])
        rows += _rows(place, arguments.proposals, arguments.harmful, arguments.seeds)
    print(table(rows))


def _rows(place: Path, proposals: int, harmful: list[int], seeds: int) -> Iterator[list[str]]:
    with tempfile.TemporaryDirectory() as state:
        os.environ["IMPROVER_STATE_DIR"] = state
        with set_up(open_commit(Request(where=place)), Silent()) as shop:
            facts = shop.observe()
            places = _places(shop, facts)
            number = min(proposals, len(places))
            say(f"{place.name}: {len(places)} functions are run by tests, {len(facts.deciding)} tests decide")
            for count in harmful:
                rounds = [_round(shop, facts, places, number, count, seed) for seed in range(seeds)]
                yield [place.name, str(number), *_told(count, rounds)]


def _told(count: int, rounds: list[Round]) -> list[str]:
    cost = median(one.cost for one in rounds)
    goal = GOALS.get(count)
    missed = sum(len(one.missed) for one in rounds)
    blamed = sum(len(one.blamed) for one in rounds)
    return [
        *(str(count), f"{cost:.1f}", f"{max(one.cost for one in rounds):.1f}"),
        *(f"{median(one.runs for one in rounds):.0f}", str(missed), str(blamed)),
        *([f"{goal}", verdict(cost, goal)] if goal else ["", ""]),
    ]


def _round(shop: Workshop, facts: Facts, places: list[Place], number: int, count: int, seed: int) -> Round:
    """Prove one batch; a seed says which functions it changes and which of these it breaks."""
    chosen = random.Random(seed).sample(places, number)
    broken = set(range(count))
    batch = [_proposal(place, index in broken) for index, place in enumerate(chosen)]
    random.Random(seed + 1).shuffle(batch)
    known: Future[Facts] = Future()
    known.set_result(facts)
    court = shop.court(known)
    hold = _Counted(court.run)
    started = time.monotonic()
    dossiers, _ = prove(batch, replace(court, gates=load_gates(("tests",)), run=hold))
    seconds = time.monotonic() - started
    failed = {dossier.proposals[0] for dossier in dossiers if _fails(dossier.evidence)}
    harmful = {proposal for proposal in batch if proposal.rule == "harmful"}
    assert not isinstance(facts.plain, Missing)
    found = Round(seconds / facts.plain.seconds, hold.hearings)
    found.missed = [proposal.site.qualified_name for proposal in harmful - failed]
    found.blamed = [proposal.site.qualified_name for proposal in failed - harmful]
    say(f"  seed {seed}, {count} of {number}: {found.cost:.1f} runs, missed {found.missed}, blamed {found.blamed}")
    return found


class _Counted:
    """Opens hearings and counts them."""

    def __init__(self, hold: Hold) -> None:
        self.hearings = 0
        self._hold = hold

    def __call__(self, group: Group) -> AbstractContextManager[Hearing]:
        return self._held(group)

    @contextmanager
    def _held(self, group: Group) -> Iterator[Hearing]:
        self.hearings += 1
        with self._hold(group) as hearing:
            yield hearing


def _fails(evidence: tuple[Evidence, ...]) -> bool:
    return any(each.gate == "tests" and each.verdict is Verdict.FAILED for each in evidence)


def _proposal(place: Place, harmful: bool) -> Proposal:
    statement = 'raise RuntimeError("broken on purpose")' if harmful else "pass"
    edit = Edit(place.source.path, place.start, b"", f"{place.indent}{statement}\n".encode())
    site = Site(place.source.path, place.line, place.name)
    rule = "harmful" if harmful else "harmless"
    return Proposal("batch", rule, site, f"Try {place.name}", "To see whether it is found.", (edit,), place.name)


def _places(shop: Workshop, facts: Facts) -> list[Place]:
    coverage = facts.coverage
    if isinstance(coverage, Missing):
        raise SystemExit(f"The base could not be measured: {coverage.reason}")
    return [place for source in shop.target.sources for place in _in_file(source, coverage)]


def _in_file(source: Source, coverage: Coverage) -> Iterator[Place]:
    """The functions of a file whose first statement some test runs."""
    own = (lines[source.path] for test, lines in coverage.by_test.items() if test and source.path in lines)
    ran: frozenset[int] = frozenset().union(*own)
    lines = source.content.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source.content)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        body = [part for part in node.body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]
        if not body or body[0].lineno not in ran:
            continue
        first = min([body[0].lineno, *(one.lineno for one in getattr(body[0], "decorator_list", ()))])
        indent = lines[first - 1][: body[0].col_offset]
        if not indent.strip() and first > node.lineno:
            yield Place(source, f"{node.name}:{node.lineno}", first, sum(map(len, lines[: first - 1])), indent.decode())


if __name__ == "__main__":
    main()
