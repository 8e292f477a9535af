"""Whether every changed Python file compiles, and the analyzers are done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from improver.judge.compiled import compile_inside
from improver.ports import Hearing
from improver.values import Evidence, NotApplicable, Verdict


@dataclass(frozen=True, slots=True)
class Syntax:
    """Every changed Python file compiles on the target's own interpreter, and a second pass changes nothing.

    The files are compiled, never run. Where the change is improver's own, applying the analyzers again to the
    changed tree must find nothing left to do.
    """

    runs_target: ClassVar[bool] = False

    def examine(self, hearing: Hearing) -> Evidence | NotApplicable:
        """Compile what changed."""
        files = [file for file in hearing.change.files if file.path.endswith(".py") and file.after is not None]
        if not files:
            return NotApplicable("syntax", "no Python file is changed")
        answers = compile_inside(hearing.changed, files, compare=False)
        if isinstance(answers, str):
            return Evidence("syntax", Verdict.INCONCLUSIVE, f"Nothing was compiled: {answers}.")
        measures = {"files": len(files)}
        for answer in answers:
            if answer.error:
                summary = f"{answer.path} {answer.error}."
                return Evidence("syntax", Verdict.FAILED, summary, measures)
        if hearing.second_pass:
            summary = f"Applied again, the analyzers would change {hearing.second_pass[0]}."
            return Evidence("syntax", Verdict.FAILED, summary, {**measures, "again": len(hearing.second_pass)})
        word = "file compiles" if len(files) == 1 else "files compile"
        return Evidence("syntax", Verdict.PASSED, f"{len(files)} changed {word} on the project's Python.", measures)
