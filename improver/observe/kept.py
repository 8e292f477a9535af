"""Facts as plain JSON data, so that a base that was observed once need not be run again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from improver.facts import Coverage, Facts, SetAside, Suite, TestResult
from improver.values import Missing, Outcome


def facts_to_json(facts: Facts) -> dict[str, Any]:
    """Facts as JSON data that `facts_from_json` turns back into equal ones; what was printed is left out."""
    return {
        "plain": _missing(facts.plain) if isinstance(facts.plain, Missing) else _suite(facts.plain),
        "coverage": _missing(facts.coverage) if isinstance(facts.coverage, Missing) else _coverage(facts.coverage),
        "flaky": sorted(facts.flaky),
        "set_aside": [[group.cause, list(group.tests), group.remedy] for group in facts.set_aside],
        "notes": list(facts.notes),
    }


def facts_from_json(data: Mapping[str, Any]) -> Facts:
    """The facts that were written as JSON data."""
    plain, coverage = data["plain"], data["coverage"]
    return Facts(
        plain=Missing(*plain["missing"]) if "missing" in plain else _read_suite(plain),
        coverage=Missing(*coverage["missing"]) if "missing" in coverage else _read_coverage(coverage),
        flaky=frozenset(data["flaky"]),
        set_aside=tuple(SetAside(cause, tuple(tests), remedy) for cause, tests, remedy in data["set_aside"]),
        notes=tuple(data["notes"]),
    )


def _missing(missing: Missing) -> dict[str, Any]:
    return {"missing": [missing.what, missing.reason, missing.remedy]}


def _suite(suite: Suite) -> dict[str, Any]:
    results = [[one.id, one.outcome.value, one.seconds, one.message] for one in suite.results.values()]
    return {"results": results, "seconds": suite.seconds, "origins": dict(suite.origins)}


def _read_suite(data: Mapping[str, Any]) -> Suite:
    results = {
        id: TestResult(id, Outcome(outcome), seconds, message) for id, outcome, seconds, message in data["results"]
    }
    return Suite(results, data["seconds"], data["origins"])


def _coverage(coverage: Coverage) -> dict[str, Any]:
    return {
        "lines": {path: _bits(lines) for path, lines in coverage.lines.items()},
        "by_test": {
            test: {path: _bits(lines) for path, lines in files.items()} for test, files in coverage.by_test.items()
        },
    }


def _read_coverage(data: Mapping[str, Any]) -> Coverage:
    known: dict[str, frozenset[int]] = {}

    def lines(bits: str) -> frozenset[int]:
        if bits not in known:
            known[bits] = _lines(bits)
        return known[bits]

    by_test = {test: {path: lines(bits) for path, bits in files.items()} for test, files in data["by_test"].items()}
    return Coverage({path: lines(bits) for path, bits in data["lines"].items()}, by_test)


def _bits(lines: Iterable[int]) -> str:
    """Line numbers as the set bits of one hexadecimal number: a tenth of a list's size."""
    number = 0
    for line in lines:
        number |= 1 << line
    return f"{number:x}"


def _lines(bits: str) -> frozenset[int]:
    digits = f"{int(bits, 16):b}"[::-1]
    return frozenset(line for line, digit in enumerate(digits) if digit == "1")
