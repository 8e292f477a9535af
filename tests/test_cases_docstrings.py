"""Every case of `cases/docstrings*.md`: a heading, why, the code before, and the code after or the word Untouched."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from improver.analyzers.docstrings import Docstrings
from improver.testing import improved, proposals
from improver.values import Source, Style

FENCE = re.compile(r"```(\w+) (\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
AFTER = re.compile(r"(^```python after\n.*?^```$|^Untouched$)", re.DOTALL | re.MULTILINE)
FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One section of a file; `options` are the analyzer's and `style` the project's."""

    file: Path
    heading: str
    text: str

    def block(self, name: str) -> str:
        return {found[1]: found[2] for found in FENCE.findall(self.text)}.get(name, "")

    @property
    def after(self) -> str:
        return self.block("after") or self.block("before")


def read_cases() -> list[Case]:
    cases = []
    for file in sorted(FOLDER.glob("docstrings*.md")):
        for section in file.read_text(encoding="utf-8").split("\n## ")[1:]:
            heading, _, text = section.partition("\n")
            cases.append(Case(file, heading, text))
    return cases


CASES = read_cases()


@pytest.mark.parametrize("case", CASES, ids=[case.heading for case in CASES])
def test_case(case: Case, request: pytest.FixtureRequest) -> None:
    settings = tomllib.loads(case.block("settings"))
    style = Style(**settings.pop("style", {}))
    source = Source("case.py", case.block("before").encode())
    found = proposals(Docstrings(**settings), source, style=style)
    after = improved(source, found).content.decode()
    if request.config.getoption("--update-cases"):
        _update(case, after)
    else:
        assert AFTER.search(case.text), "neither an after block nor the word Untouched"
        assert after == case.after


def _update(case: Case, after: str) -> None:
    written = "Untouched" if after == case.block("before") else f"```python after\n{after}```"
    new = AFTER.sub(lambda _: written, case.text, count=1)
    content = case.file.read_text(encoding="utf-8")
    case.file.write_text(
        content.replace(f"## {case.heading}\n{case.text}", f"## {case.heading}\n{new}"), encoding="utf-8"
    )


def test_every_case_says_why() -> None:
    for case in CASES:
        why = case.text.strip().splitlines()[0]
        assert why.endswith("."), case.heading
        assert not why.startswith("```"), case.heading
