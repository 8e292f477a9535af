"""Every case of `cases/risk*.md` has the category that its heading claims, and only soft ones are certified."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from improver.judge.context import read_context
from improver.judge.risk import read_risk
from improver.values import Category, Change, FileChange

FENCE = re.compile(r"```python (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Case:
    why: str
    category: Category
    before: bytes
    after: bytes
    files: dict[str, bytes] = field(default_factory=dict)


def read_cases() -> Iterator[Case]:
    for file in sorted((Path(__file__).parent / "cases").glob("risk*.md")):
        for section in file.read_text(encoding="utf-8").split("\n## ")[1:]:
            why, word, _ = section.split("\n", 2)
            blocks = {name: content.encode() for name, content in FENCE.findall(section)}
            before, after = blocks.pop("before"), blocks.pop("after")
            yield Case(why, Category[word.upper()], before, after, blocks)


CASES = list(read_cases())


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
def test_category(case: Case) -> None:
    context = read_context({**case.files, "changed.py": case.before})
    change = Change("base", (FileChange("changed.py", case.before, case.after),))
    risk = read_risk(change, context)
    assert risk.worst is case.category, risk
    assert risk.certified == (case.category <= Category.ANNOTATIONS), risk
    assert risk.certified or risk.because


def test_there_are_cases_of_every_category_a_python_file_can_have() -> None:
    found = {case.category for case in CASES}
    assert found >= set(Category) - {Category.TESTS, Category.JUDGES, Category.DEPENDENCIES}
