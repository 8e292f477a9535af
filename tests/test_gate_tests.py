"""The gate `tests`: a change fails when a test that passed at base no longer does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sample_target import hearing

from improver.facts import NOTHING_OBSERVED, Facts
from improver.judge.gates.tests import Tests
from improver.values import Evidence, Missing, NotApplicable, TestCommand, Verdict

GOOD = "def add(one, other):\n    return one + other\n"
WRONG = "def add(one, other):\n    return one - other\n"
SAME = "def add(one, other):\n    total = one + other\n    return total\n"
TEST_ADD = """
from calc import add

def test_add():
    assert add(1, 2) == 3

def test_zero():
    assert add(0, 0) == 0
"""
FILES = {"calc.py": GOOD, "test_calc.py": TEST_ADD}


def examined(tmp_path: Path, after: str, files: dict[str, str] = FILES, **options: Any) -> Evidence:
    evidence = Tests().examine(hearing(tmp_path, files, {"calc.py": after}, **options))
    assert isinstance(evidence, Evidence)
    return evidence


def test_a_change_that_keeps_every_test_passes(tmp_path: Path) -> None:
    """The figures are in the measures, and one run is enough."""
    case = hearing(tmp_path, FILES, {"calc.py": SAME})
    evidence = Tests().examine(case)
    assert isinstance(evidence, Evidence)
    assert evidence.verdict is Verdict.PASSED
    assert evidence.summary == "2 tests passed at base and after the change."
    assert evidence.measures["tests"] == 2
    assert len(case.run_tests.runs) == 1  # type: ignore[attr-defined]


def test_a_change_that_breaks_a_test_fails_with_its_name(tmp_path: Path) -> None:
    """It is tried again alone, on both sides, before it convicts."""
    case = hearing(tmp_path, FILES, {"calc.py": WRONG})
    evidence = Tests().examine(case)
    assert isinstance(evidence, Evidence)
    assert evidence.verdict is Verdict.FAILED
    assert "test_calc.py::test_add (" in evidence.summary
    assert "test_zero" not in evidence.summary
    chosen = ("test_calc.py::test_add",)
    runs = [(files.name, select) for files, select, _ in case.run_tests.runs]  # type: ignore[attr-defined]
    assert runs == [("changed", ()), ("changed", chosen), ("tree", chosen)]


CRASHES = {
    "the module does not import": "import no_such_module\n",
    "the module ends the process": "import os\nos._exit(0)\n",
    "the function ends the process": "import os\ndef add(one, other):\n    os._exit(1)\n",
    "the name is gone": "def addition(one, other):\n    return one + other\n",
    "it does not compile": "def add(:\n",
}


@pytest.mark.parametrize("after", CRASHES.values(), ids=CRASHES)
def test_a_crash_without_a_failure_line_is_a_failure(tmp_path: Path, after: str) -> None:
    """Nothing was reported as failed, and still the change fails."""
    assert examined(tmp_path, after).verdict is Verdict.FAILED


def test_a_crash_of_conftest_is_a_failure(tmp_path: Path) -> None:
    """Not one test is reached then."""
    evidence = examined(tmp_path, "import no_such_module\n", FILES | {"conftest.py": "import calc\n"})
    assert evidence.verdict is Verdict.FAILED
    assert "conftest.py could not be imported" in evidence.summary


def test_a_hang_is_inconclusive(tmp_path: Path) -> None:
    """A run that a limit ended says nothing about the change."""
    evidence = examined(tmp_path, "import time\ndef add(one, other):\n    time.sleep(60)\n", seconds=2.0)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "time limit" in evidence.summary


def test_tests_that_fail_at_base_prove_nothing(tmp_path: Path) -> None:
    """They are counted and do not stand in the way."""
    files = FILES | {"test_more.py": "def test_broken():\n    assert False\n"}
    evidence = examined(tmp_path, SAME, files)
    assert evidence.verdict is Verdict.PASSED
    assert "1 test set aside" in evidence.summary


def test_a_base_without_a_passing_test_is_inconclusive(tmp_path: Path) -> None:
    """The summary says what can be proven all the same."""
    files = {"calc.py": GOOD, "test_calc.py": "def test_broken():\n    assert False\n"}
    evidence = examined(tmp_path, SAME, files)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "docstrings and annotations can still be certified" in evidence.summary


def test_a_base_that_does_not_run_is_inconclusive(tmp_path: Path) -> None:
    """The reason is the base's."""
    evidence = examined(tmp_path, SAME, FILES | {"conftest.py": "import no_such_module\n"})
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "no_such_module" in evidence.summary


def test_a_flaky_test_does_not_decide(tmp_path: Path) -> None:
    """What differs between runs of the base cannot convict a change."""
    case = hearing(tmp_path, FILES, {"calc.py": WRONG})
    facts = Facts(case.facts.plain, flaky=frozenset({"test_calc.py::test_add"}))
    evidence = examined(tmp_path, WRONG, facts=facts)
    assert evidence.verdict is Verdict.PASSED
    assert "1 flaky test not counted" in evidence.summary


def test_a_failure_that_does_not_come_again_is_inconclusive(tmp_path: Path) -> None:
    """It neither convicts nor passes."""
    mark = tmp_path / "mark"
    after = f"""
import os
def add(one, other):
    if not os.path.exists({str(mark)!r}):
        open({str(mark)!r}, 'w').close()
        return 0
    return one + other
"""
    evidence = examined(tmp_path, after)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "could not be confirmed" in evidence.summary


def test_a_test_that_needs_the_others_is_tried_in_their_company(tmp_path: Path) -> None:
    """Alone it fails on both sides, so all tests are run once more."""
    text = "import calc\nseen = []\ndef test_a(): seen.append(1)\ndef test_b(): assert seen and calc.add(1, 2) == 3\n"
    evidence = examined(tmp_path, WRONG, {"calc.py": GOOD, "test_calc.py": text})
    assert evidence.verdict is Verdict.FAILED
    assert "test_b" in evidence.summary


def test_a_test_that_is_gone_fails(tmp_path: Path) -> None:
    """A missing result is a failure."""
    text = "import calc, pytest\n@pytest.mark.parametrize('n', range(calc.COUNT))\ndef test_n(n): pass\n"
    evidence = examined(tmp_path, "COUNT = 2\n", {"calc.py": "COUNT = 3\n", "test_calc.py": text})
    assert evidence.verdict is Verdict.FAILED
    assert "test_calc.py::test_n[2] (is gone)" in evidence.summary


def test_a_new_test_that_passes_is_counted_and_one_that_fails_fails(tmp_path: Path) -> None:
    """Examples in a docstring are collected where the project collects them."""
    ini = {"pytest.ini": "[pytest]\naddopts = --doctest-modules\n"}
    good = 'def add(one, other):\n    """Add.\n\n    >>> add(1, 2)\n    3\n    """\n    return one + other\n'
    evidence = examined(tmp_path / "good", good, FILES | ini)
    assert evidence.verdict is Verdict.PASSED
    assert "1 new test" in evidence.summary
    evidence = examined(tmp_path / "bad", good.replace("    3\n", "    4\n"), FILES | ini)
    assert evidence.verdict is Verdict.FAILED
    assert "calc.add" in evidence.summary


def test_a_project_without_tests_has_nothing_to_judge(tmp_path: Path) -> None:
    """Neither when no command was found nor when nothing is collected."""
    for number, tests in enumerate((TestCommand("pytest"), Missing("tests", "none found"))):
        case = hearing(tmp_path / str(number), {"calc.py": GOOD}, {"calc.py": SAME}, tests=tests)
        assert Tests().examine(case) == NotApplicable("tests", "the project has no tests")


def test_without_an_environment_it_is_inconclusive(tmp_path: Path) -> None:
    """The reason says why nothing was run."""
    case = hearing(
        tmp_path, FILES, {"calc.py": SAME}, facts=NOTHING_OBSERVED, environment=Missing("environment", "none")
    )
    evidence = Tests().examine(case)
    assert isinstance(evidence, Evidence)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "The tests were not run: none." in evidence.summary


@pytest.mark.parametrize(
    ("after", "verdict"), [(SAME, Verdict.INCONCLUSIVE), (WRONG, Verdict.FAILED)], ids=["as before", "broken"]
)
def test_a_foreign_command_can_fail_and_never_prove(tmp_path: Path, after: str, verdict: Verdict) -> None:
    """A whole command says too little for a pass."""
    command = TestCommand("opaque", ("/bin/sh", "-c", "exec $PYTHON -c 'import calc; assert calc.add(1, 2) == 3'"))
    evidence = examined(tmp_path, after, {"calc.py": GOOD}, tests=command)
    assert evidence.verdict is verdict


def test_a_forged_pass_is_not_a_pass(tmp_path: Path) -> None:
    """Code that makes every report say passed is found out by the test that must fail."""
    after = WRONG + "\nimport _pytest.reports\n_pytest.reports.TestReport.failed = property(lambda self: False)\n"
    after += "_pytest.reports.TestReport.outcome = property(lambda self: 'passed', lambda self, value: None)\n"
    assert examined(tmp_path, after).verdict is not Verdict.PASSED
