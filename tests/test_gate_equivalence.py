"""The gate `equivalence`: the code is the same and nobody reads what changed, else it says which of both is not so."""

from __future__ import annotations

from pathlib import Path

import pytest
from plain_trial import hearing_on

from improver.judge.gates.equivalence import Equivalence
from improver.values import Evidence, NotApplicable, Verdict

BEFORE = "def work(x=1):\n    return x\n"
TEXT = 'def work(x=1):\n    """Work."""\n    return x\n'


def examined(tmp_path: Path, after: str, **others: str) -> Evidence | NotApplicable:
    files = {"lib.py": BEFORE, **{f"{name}.py": text for name, text in others.items()}}
    return Equivalence().examine(hearing_on(tmp_path, files, {"lib.py": after}))


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(TEXT, id="a docstring"),
        pytest.param("# Works.\n" + BEFORE, id="a comment"),
        pytest.param(BEFORE.replace("x=1", "x: int = 1"), id="a hint"),
    ],
)
def test_text_that_nobody_reads_passes(tmp_path: Path, after: str) -> None:
    evidence = examined(tmp_path, after)
    assert isinstance(evidence, Evidence)
    assert evidence.verdict is Verdict.PASSED, evidence


def test_text_that_somebody_reads_is_inconclusive_and_names_who(tmp_path: Path) -> None:
    evidence = examined(tmp_path, TEXT, main="import lib\nprint(lib.work.__doc__)\n")
    assert isinstance(evidence, Evidence)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "main.py:2" in evidence.summary


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(BEFORE.replace("return x", "return -x"), id="another value"),
        pytest.param("import functools\n\n\n@functools.cache\n" + BEFORE, id="a cache"),
        pytest.param("import os\n" + BEFORE, id="an import"),
        pytest.param("def work(x=1:\n", id="what does not parse"),
    ],
)
def test_a_change_that_means_to_alter_behaviour_is_not_for_it(tmp_path: Path, after: str) -> None:
    assert isinstance(examined(tmp_path, after), NotApplicable)


def test_a_change_of_nothing_is_not_for_it(tmp_path: Path) -> None:
    assert isinstance(examined(tmp_path, BEFORE), NotApplicable)
