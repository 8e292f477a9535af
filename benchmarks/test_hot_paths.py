"""improver's own hot paths: what runs once for each file, each proposal or each test of a project.

pytest benchmarks --benchmark-only
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from improver.analyzers.docstring.insertion import insertion
from improver.discover import FolderTree, discover
from improver.edits import apply, change_of
from improver.facts import NOTHING_OBSERVED
from improver.judge.context import read_context
from improver.judge.masked import differences
from improver.judge.readers import find_readers
from improver.judge.risk import read_risk
from improver.judges import is_judge
from improver.ledger import Ledger
from improver.observe.report import read_report
from improver.registry import load_analyzers
from improver.render import patch
from improver.scanning import analyze
from improver.settings import ProjectSettings
from improver.values import (
    Category,
    Change,
    Decision,
    Dossier,
    Edit,
    Evidence,
    Proposal,
    Risk,
    Route,
    Site,
    Source,
    Target,
    Verdict,
)

Benchmark = Callable[..., Any]
FUNCTIONS = 60
FILES = 300
TESTS = 1000
PATH = "shop/orders.py"
FUNCTION = """
def price_{number}(prices, name, default=None):
    if not prices:
        raise ValueError("there are no prices of {number}")
    if name not in prices:
        return default
    logging.info("%s is there", name)
    for key in sorted(prices):
        logging.debug("%s costs %s", key, prices[key])
    return prices[name]
"""
MODULE = "import logging\n" + "".join(FUNCTION.format(number=number) for number in range(FUNCTIONS))
CONTENT = MODULE.encode()
INERT = Target(Path("/nowhere"), "", "", (), ())


def documented() -> tuple[Proposal, ...]:
    """A proposal for each function of the module, with the same plain sentence."""
    found = []
    for node in ast.parse(CONTENT).body[1:]:
        assert isinstance(node, ast.FunctionDef)
        edit = insertion(CONTENT, PATH, node, lambda indent: (f'{indent}"""Say the price of an order."""',))
        assert isinstance(edit, Edit)
        site = Site(PATH, node.lineno, node.name)
        found.append(Proposal("docstrings", "missing-docstring", site, "Say it", "It is not said.", (edit,)))
    return tuple(found)


@pytest.fixture(scope="module")
def proposals() -> tuple[Proposal, ...]:
    return documented()


@pytest.fixture(scope="module")
def change(proposals: tuple[Proposal, ...]) -> Change:
    return change_of("", proposals, lambda path: (CONTENT, "100644"))


@pytest.fixture(scope="module")
def repository() -> dict[str, bytes]:
    """Files of which every tenth reads a docstring."""
    reading = b"\nprint(price_1.__doc__)\n"
    return {f"shop/module_{number}.py": CONTENT + reading * (number % 10 == 0) for number in range(FILES)}


def dossiers(proposals: tuple[Proposal, ...]) -> list[Dossier]:
    """What a run would keep of the proposals."""
    evidence = (Evidence("scope", Verdict.PASSED, "Only what was named changed.", {"files": 1}),)
    risk = Risk((Category.DOCSTRINGS,), ("a docstring",), certified=True)
    decision = Decision(Route.AUTO, ("docstrings, certified",))
    return [
        Dossier((each,), change_of("a" * 40, (each,), lambda path: (CONTENT, "100644")), risk, evidence, (), decision)
        for each in proposals
    ]


def test_analysis_of_one_file(benchmark: Benchmark) -> None:
    analyzers = load_analyzers(["docstrings"], {})
    found = benchmark(analyze, Source(PATH, CONTENT), INERT, analyzers, NOTHING_OBSERVED)
    assert not isinstance(found, str)
    assert found


def test_insertion_of_a_docstring_into_each_function(benchmark: Benchmark) -> None:
    assert len(benchmark(documented)) == FUNCTIONS


def test_edits_of_one_file(benchmark: Benchmark, proposals: tuple[Proposal, ...]) -> None:
    edits = [edit for proposal in proposals for edit in proposal.edits]
    assert benchmark(apply, CONTENT, edits) != CONTENT


def test_comparing_what_two_versions_compile_to(benchmark: Benchmark, change: Change) -> None:
    file = change.files[0]
    assert benchmark(differences, file.before, file.after) == []


def test_risk_of_a_change(benchmark: Benchmark, change: Change, repository: dict[str, bytes]) -> None:
    context = read_context(repository)
    assert benchmark(read_risk, change, context).worst >= Category.DOCSTRINGS


def test_looking_for_readers_in_a_repository(benchmark: Benchmark, repository: dict[str, bytes]) -> None:
    assert benchmark.pedantic(find_readers, (repository,), rounds=5).named  # type: ignore[attr-defined]


def test_patch_of_one_docstring_in_a_long_file(benchmark: Benchmark, proposals: tuple[Proposal, ...]) -> None:
    one = change_of("", proposals[30:31], lambda path: (CONTENT, "100644"))
    assert benchmark(patch, one).startswith("diff --git")


def test_recording_and_finding_dossiers(benchmark: Benchmark, proposals: tuple[Proposal, ...], tmp_path: Path) -> None:
    kept = dossiers(proposals)
    with Ledger.open(tmp_path) as ledger:

        def record_and_find() -> None:
            ledger.record({"base": "a" * 40}, kept)
            for dossier in kept:
                ledger.find(dossier.id)

        benchmark.pedantic(record_and_find, rounds=5)  # type: ignore[attr-defined]


def test_reading_the_report_of_a_suite(benchmark: Benchmark, tmp_path: Path) -> None:
    ids = [f"tests/test_shop.py::test_price[{number}]" for number in range(TESTS)]
    lines: list[dict[str, object]] = [{"collected": ids}]
    lines += [{"id": id, "outcome": "passed", "seconds": 0.01, "message": ""} for id in ids]
    (tmp_path / "token.1.run").write_text("".join(json.dumps(line) + "\n" for line in (*lines, {"finished": 0})))
    assert len(benchmark(read_report, tmp_path, "token").results) == TESTS


def test_discovery_of_a_project(benchmark: Benchmark, repository: dict[str, bytes], tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "shop"\nversion = "1"\n')
    (tmp_path / "shop").mkdir()
    for path, content in repository.items():
        (tmp_path / path).write_bytes(content)

    def look() -> Target:
        return discover(tmp_path, ProjectSettings(), FolderTree(tmp_path), judges=is_judge)

    assert len(benchmark.pedantic(look, rounds=5).sources) == FILES  # type: ignore[attr-defined]
