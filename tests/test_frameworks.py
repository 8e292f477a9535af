"""What the standard library reads at run time is read: the program says so, and so does the verdict.

Each case of `cases/frameworks.md` runs a program before and after a change. Where what it prints differs, the change
must not be certified; where it does not, the change must be, so that the tool stays useful.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from improver.judge.context import read_context
from improver.judge.risk import read_risk
from improver.values import Change, FileChange

FENCE = re.compile(r"```python (\S+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """A change of `changed.py`, with the other files of its repository."""

    why: str
    differs: bool
    before: str
    after: str
    files: dict[str, str]


def read_cases() -> Iterator[Case]:
    text = (Path(__file__).parent / "cases" / "frameworks.md").read_text(encoding="utf-8")
    for section in text.split("\n## ")[1:]:
        why, word, _ = section.split("\n", 2)
        blocks: dict[str, str] = dict(FENCE.findall(section))
        assert word in ("differs", "same")
        yield Case(why, word == "differs", blocks.pop("before"), blocks.pop("after"), blocks)


CASES = list(read_cases())


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
def test_the_verdict_agrees_with_the_program(case: Case, tmp_path: Path) -> None:
    """What differs in what is printed is never certified; what does not differ is."""
    differs = _printed(tmp_path / "before", case.before, case) != _printed(tmp_path / "after", case.after, case)
    assert differs is case.differs
    files = {**case.files, "changed.py": case.before}
    context = read_context({name: text.encode() for name, text in files.items()})
    change = FileChange("changed.py", case.before.encode(), case.after.encode())
    risk = read_risk(Change("base", (change,)), context)
    assert risk.certified is not case.differs, risk.because


def _printed(folder: Path, changed: str, case: Case) -> str:
    folder.mkdir()
    for name, text in {**case.files, "changed.py": changed}.items():
        (folder / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-B", "program.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert not done.returncode, done.stderr
    return done.stdout.replace(str(folder), "")


def test_the_cases_try_both() -> None:
    """A table of readers alone would be passed by a judge that refuses everything."""
    assert sum(case.differs for case in CASES) >= 15
    assert sum(not case.differs for case in CASES) >= 15
