"""The gate `coverage`: what is changed is run by a test, and nothing else lost its tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_target import hearing

from improver.facts import NOTHING_OBSERVED, Facts, Instrument
from improver.judge.gates.coverage import Coverage
from improver.judge.runnable import changed_statements, same_once_undocumented, statements
from improver.values import Evidence, Missing, NotApplicable, Verdict

BASE = """\
def add(one, other):
    return one + other


def size(value):
    if value:
        return len(value)
    return 0


def unused():
    return 1
"""
TESTS = "import calc\ndef test_add(): assert calc.add(1, 2) == 3\ndef test_size(): assert calc.size('ab') == 2\n"
FILES = {"calc.py": BASE, "other.py": "X = 1\n", "test_calc.py": TESTS, "test_other.py": "def test_o(): pass\n"}


def examined(tmp_path: Path, after: str, files: dict[str, str] = FILES, **options: Any) -> Any:
    return Coverage().examine(hearing(tmp_path, files, {"calc.py": after}, **options))


PASSES = {
    "a changed line that runs": BASE.replace("one + other", "other + one"),
    "a new function that is called": BASE.replace("return one + other", "return plus(one, other)")
    + "\n\ndef plus(one, other):\n    return one + other\n",
    "an annotation": BASE.replace("def unused():", "def unused() -> int:"),
    "a statement over several lines": BASE.replace("one + other", "(\n        other\n        + one\n    )"),
    "a branch for type checkers": BASE.replace(
        "def add", "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import decimal\n\ndef add", 1
    ),
    "an untested function less": BASE[: BASE.index("\n\ndef unused")],
}


@pytest.mark.parametrize("after", PASSES.values(), ids=PASSES)
def test_changed_lines_that_a_test_runs_pass(tmp_path: Path, after: str) -> None:
    """Run by a test that passes, or at import where they run then."""
    evidence = examined(tmp_path, after)
    assert evidence.verdict is Verdict.PASSED, evidence
    assert evidence.measures["unrun"] == 0


FAILS = {
    "a changed line that nothing runs": (BASE.replace("return 1", "return 2"), "calc.py:12"),
    "a changed line in a branch that nothing takes": (BASE.replace("return 0", "return -0"), "calc.py:8"),
    "a new function that nothing calls": (BASE + "\n\ndef new():\n    return 2\n", "calc.py:16"),
    "a new branch": (BASE.replace("    return one", "    if one > 9:\n        other = 0\n    return one"), "calc.py:3"),
}


@pytest.mark.parametrize(("after", "where"), FAILS.values(), ids=FAILS)
def test_changed_lines_that_no_test_runs_fail(tmp_path: Path, after: str, where: str) -> None:
    """The summary says where."""
    evidence = examined(tmp_path, after)
    assert evidence.verdict is Verdict.FAILED
    assert where in evidence.summary


def test_lines_that_lose_their_tests_fail(tmp_path: Path) -> None:
    """Every changed line runs, and an old one no longer does."""
    after = BASE.replace("    if value:\n        return len", "    if not value and value:\n        return len")
    text = "import calc\ndef test_add(): calc.add(1, 2)\ndef test_size(): calc.size('ab'), calc.size('')\n"
    evidence = examined(tmp_path, after, {**FILES, "test_calc.py": text})
    assert evidence.verdict is Verdict.FAILED
    assert evidence.summary == "1 statement of the changed files lost every test."
    assert evidence.measures["percent_after"] < evidence.measures["percent_before"]


NOTHING = {
    "a docstring": BASE.replace("    return one", '    """Add."""\n    return one'),
    "a comment": BASE.replace("    return one", "    # Both are numbers.\n    return one"),
    "layout": BASE.replace("one + other", "(one  +  other)"),
    "nothing": BASE,
}


@pytest.mark.parametrize("after", NOTHING.values(), ids=NOTHING)
def test_what_cannot_run_is_not_judged(tmp_path: Path, after: str) -> None:
    """Docstrings, comments and layout have nothing to cover; no test is run for them."""
    case = hearing(tmp_path, FILES, {"calc.py": after})
    assert isinstance(Coverage().examine(case), NotApplicable)
    assert case.run_tests.runs == []  # type: ignore[attr-defined]


def test_only_tests_that_reach_the_changed_file_are_run(tmp_path: Path) -> None:
    """The base's coverage says which; they run once, under coverage."""
    case = hearing(tmp_path, FILES, {"calc.py": PASSES["a changed line that runs"]})
    Coverage().examine(case)
    (run,) = case.run_tests.runs  # type: ignore[attr-defined]
    assert run[1:] == (("test_calc.py::test_add", "test_calc.py::test_size"), Instrument.COVERAGE)


def test_lines_run_by_tests_that_do_not_decide_are_not_covered(tmp_path: Path) -> None:
    """A test that fails at base, or now and then, proves nothing of what it runs."""
    after = PASSES["a changed line that runs"]
    broken = TESTS.replace("== 3", "== 4")
    assert examined(tmp_path / "broken", after, {**FILES, "test_calc.py": broken}).verdict is Verdict.FAILED
    facts = hearing(tmp_path / "base", FILES, {}).facts
    flaky = Facts(facts.plain, facts.coverage, flaky=frozenset({"test_calc.py::test_add"}))
    assert examined(tmp_path / "flaky", after, facts=flaky).verdict is Verdict.FAILED


def test_what_is_not_known_is_inconclusive(tmp_path: Path) -> None:
    """No environment, no base run, no coverage: each says so."""
    after = PASSES["a changed line that runs"]
    missing = Missing("environment", "none was found")
    for number, options in enumerate(
        (
            {"facts": NOTHING_OBSERVED, "environment": missing},
            {"facts": NOTHING_OBSERVED},
            {"facts": Facts(hearing(tmp_path / "base", FILES, {}).facts.plain)},
        )
    ):
        evidence = examined(tmp_path / str(number), after, **options)
        assert isinstance(evidence, Evidence)
        assert evidence.verdict is Verdict.INCONCLUSIVE


def test_a_file_that_our_python_cannot_read_is_inconclusive(tmp_path: Path) -> None:
    """The target's Python may be newer than ours; a guess would prove nothing."""
    assert examined(tmp_path, "def add(:\n").verdict is Verdict.INCONCLUSIVE


def test_a_project_without_tests_has_nothing_to_judge(tmp_path: Path) -> None:
    """There is no coverage to lose."""
    case = hearing(
        tmp_path, FILES, {"calc.py": BASE + "X = 2\n"}, tests=Missing("tests", "none"), facts=NOTHING_OBSERVED
    )
    assert Coverage().examine(case) == NotApplicable("coverage", "the project has no tests")


SPANS = [
    ("x = 1\n", [(1, 1)]),
    ('"""Doc."""\nx = 1\n', [(2, 2)]),
    ("def f(\n    a,\n):\n    '''Doc.'''\n    return a\n", [(1, 3), (5, 5)]),
    ("@first\n@second\ndef f():\n    pass\n", [(1, 3)]),
    ("if a:\n    b\nelif c:\n    d\nelse:\n    e\n", [(1, 1), (2, 2), (3, 3), (4, 4), (6, 6)]),
    ("try:\n    a\nexcept B:\n    c\nfinally:\n    d\n", [(1, 1), (2, 2), (4, 4), (6, 6)]),
    ("match a:\n    case 1:\n        b\n    case _:\n        c\n", [(1, 1), (3, 3), (5, 5)]),
    ("if TYPE_CHECKING:\n    import a\nelse:\n    import b\n", [(1, 1), (4, 4)]),
    ("class A:\n    x: int\n    y: int = 1\n", [(1, 1), (3, 3)]),
    ("if a: b; c\n", [(1, 1), (1, 1), (1, 1)]),
]


@pytest.mark.parametrize(("code", "spans"), SPANS)
def test_statements_are_found_with_their_own_lines(code: str, spans: list[tuple[int, int]]) -> None:
    """A compound statement stands for its header; docstrings and what never runs are left out."""
    found = [(one.first, one.last) for one in statements(code.encode())]
    assert sorted(set(found)) == sorted({(first, max(first, last)) for first, last in spans})


@given(st.lists(st.sampled_from(["x = 1", "def f(): return 1", "y = [\n  1,\n]", "# note", "", "'text'"]), max_size=8))
def test_a_file_differs_from_itself_in_nothing(lines: list[str]) -> None:
    """The same content has no changed statement and is the same program."""
    content = "\n".join(lines).encode()
    assert changed_statements(content, content) == ()
    assert same_once_undocumented(content, content)
