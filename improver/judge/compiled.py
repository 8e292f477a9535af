"""Asks the target's own interpreter to compile files, behind the walls; its answer is read as hostile input."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from improver.judge import masked
from improver.ports import Completed, Trial
from improver.values import FileChange

_MOST_BYTES = 64 << 20
_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the interpreter said of one file.

    Parameters:
        differences: what differs between the code of both versions; empty when only one was asked about.
        error: why it does not compile, empty when it does.
    """

    path: str
    differences: tuple[str, ...] = ()
    error: str = ""


def compile_inside(trial: Trial, files: Iterable[FileChange], *, compare: bool) -> tuple[Compiled, ...] | str:
    """What the trial's interpreter says of each file that is there after the change, or why it said nothing.

    Parameters:
        compare: whether both versions are compared once masked; else the later one is only compiled.
    """
    questions = [_question(file, compare=compare) for file in files if file.after is not None]
    if not questions:
        return ()
    document = json.dumps(questions).encode()
    if len(document) > _MOST_BYTES:
        return f"the changed files are larger than {_MOST_BYTES >> 20} MiB together"
    script = Path(masked.__file__).resolve()
    argv = [str(trial.python), "-I", "-S", str(script)]
    completed = trial.run(argv, stdin=document, helpers=[script], seconds=_SECONDS)
    if completed.returncode or completed.stopped:
        return _why(completed)
    return read_answers(completed.stdout, [question["path"] for question in questions])


def _question(file: FileChange, *, compare: bool) -> dict[str, str]:
    question = {"path": file.path, "after": base64.b64encode(file.after or b"").decode()}
    if compare and file.before is not None:
        question["before"] = base64.b64encode(file.before).decode()
    return question


def _why(completed: Completed) -> str:
    if completed.stopped:
        return f"the interpreter was ended by its {completed.stopped} limit"
    lines = completed.stderr.decode("utf-8", "replace").strip().splitlines()
    return f"the interpreter ended with status {completed.returncode}{': ' + lines[-1][:200] if lines else ''}"


def read_answers(output: bytes, paths: list[str]) -> tuple[Compiled, ...] | str:
    """The answers in what an interpreter printed, or why there are none.

    Parameters:
        paths: the files that were asked about; there must be one answer for each, in this order.
    """
    try:
        answers = json.loads(output)
        found = tuple(_answer(answer) for answer in answers)
    except (ValueError, TypeError, KeyError, RecursionError):
        return "the interpreter gave an answer that is not understood"
    if [answer.path for answer in found] != paths:
        return "the interpreter did not answer for every file"
    return found


def _answer(answer: object) -> Compiled:
    if not isinstance(answer, dict) or not isinstance(answer["differences"], list):
        raise TypeError
    path, error = answer["path"], answer["error"]
    if not isinstance(path, str) or not isinstance(error, str):
        raise TypeError
    return Compiled(path, tuple(str(difference)[:200] for difference in answer["differences"][:20]), error[:500])
