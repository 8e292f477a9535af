"""Whether the code is the same once docstrings and annotations are masked, and nobody reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from improver.judge.compiled import compile_inside
from improver.judge.context import context_of
from improver.judge.python_file import touches_only_text
from improver.judge.risk import read_risk
from improver.ports import Hearing
from improver.values import Category, Change, Evidence, NotApplicable, Risk, Verdict


@dataclass(frozen=True, slots=True)
class Equivalence:
    """The program is the same: code objects are equal once docstrings and annotations are masked.

    Both versions are compiled by the target's own interpreter and compared in depth: instructions, names, and
    constants by type, sign and bits. Besides, nobody in the repository may read what changed at run time. Changes
    that mean to alter behaviour are not for this gate.
    """

    runs_target: ClassVar[bool] = False

    def examine(self, hearing: Hearing) -> Evidence | NotApplicable:  # noqa: PLR0911 - one line a finding
        """Compare what both versions compile to."""
        if not hearing.change.files:
            return NotApplicable("equivalence", "nothing is changed")
        risk = read_risk(hearing.change, context_of(hearing))
        if not risk.certified and not _touches_only_text(hearing.change, risk):
            return NotApplicable("equivalence", "the change means to alter behaviour")
        files = [file for file in hearing.change.files if file.path.endswith(".py") and file.before is not None]
        answers = compile_inside(hearing.changed, files, compare=True)
        if isinstance(answers, str):
            return Evidence("equivalence", Verdict.INCONCLUSIVE, f"Nothing was compared: {answers}.")
        measures = {"files": len(files)}
        for answer in answers:
            if answer.error:
                return Evidence("equivalence", Verdict.INCONCLUSIVE, f"{answer.path} {answer.error}.", measures)
            if answer.differences:
                summary = f"The code differs: {answer.path}, {answer.differences[0]}."
                return Evidence("equivalence", Verdict.FAILED, summary, measures)
        if not risk.certified:
            summary = f"The code is the same, but the change may act: {_because(risk)}"
            return Evidence("equivalence", Verdict.INCONCLUSIVE, summary, measures)
        summary = "The code is the same once docstrings and annotations are masked, and nobody reads them."
        return Evidence("equivalence", Verdict.PASSED, summary, measures)


def _touches_only_text(change: Change, risk: Risk) -> bool:
    """Whether the diff is one of text and annotations, though something reads them or they may act."""
    if max(risk.categories) > Category.BEHAVIOUR or Category.CACHING in risk.categories:
        return False
    return all(touches_only_text(file.before or b"", file.after or b"") for file in change.files)


def _because(risk: Risk) -> str:
    return risk.because[0] if risk.because else "it was not certified"
