"""How the project's own formatters and linters are asked, and how their answers are read.

They run behind the walls, on the target's interpreter, from the project's folder, so that the
project's own settings apply. What they print is hostile input: it is matched, never evaluated.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from improver.ports import Completed, Trial

Findings = Counter[tuple[str, str, str]]
"""How often each (file, code, message) was found; lines are left out because edits move them."""

SECONDS = 120.0
_MARK = "improver-finding"
_LINE_NUMBER = re.compile(r"\bline \d+")
_PYDOCSTYLE_PLACE = re.compile(r"^(?P<path>\S.*):\d+ .*:$")
_PYDOCSTYLE_FINDING = re.compile(r"^\s+(?P<code>D\d{3}): (?P<message>.*)$")
_REFORMATTED = (
    re.compile(r"^would reformat:? (?P<path>.+)$", re.MULTILINE | re.IGNORECASE),
    re.compile(r"^(?P<path>.+?):\d+:\d+: unformatted: ", re.MULTILINE),  # newer ruff
)
# The concise format names each file on a line of its own; versions that lack it say "would reformat" anyway.
_ENVIRON = {"BLACK_NUM_WORKERS": "1", "NO_COLOR": "1", "RUFF_OUTPUT_FORMAT": "concise"}


class ToolFailed(Exception):
    """A tool did not run to its end; the message says how."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One program that judges layout.

    Parameters:
        name: the distribution, which is also the module that is run.
        argv: its words, before the files.
        fine: the exit codes of a run that came to its end.
        read: the findings in what it printed, as path, code and message.
    """

    name: str
    argv: tuple[str, ...]
    fine: frozenset[int]
    read: Callable[[Completed], Iterator[tuple[str, str, str]]]


def ask(tool: Tool, trial: Trial, paths: Sequence[str], project: str) -> Findings:
    """What the tool finds in these files of the tree, by paths relative to the repository.

    Parameters:
        project: the folder it starts in, relative to the repository.

    Raises:
        ToolFailed: it could not be run, was stopped, or printed what is not understood.
    """
    files = [str(trial.at / path) for path in paths]
    argv = [str(trial.python), "-m", *tool.argv, *files]
    try:
        done = trial.run(argv, environ=_ENVIRON, seconds=SECONDS)
    except OSError as error:
        raise ToolFailed(f"{tool.name} could not be started: {error.strerror or error}") from error
    if done.stopped:
        raise ToolFailed(f"{tool.name} was stopped ({done.stopped})")
    if done.returncode not in tool.fine:
        raise ToolFailed(f"{tool.name} ended with status {done.returncode}{_last_words(done)}")
    found: Findings = Counter()
    for path, code, message in tool.read(done):
        found[_relative(path, trial, project), code, _LINE_NUMBER.sub("line N", message)] += 1
    if done.returncode and not found:
        raise ToolFailed(f"{tool.name} complains, and of what is not understood{_last_words(done)}")
    if strange := {path for path, _, _ in found}.difference(paths):
        raise ToolFailed(f"{tool.name} names a file that it was not asked about: {min(strange)[:200]}")
    return found


def _last_words(done: Completed) -> str:
    lines = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    errors = [line for line in lines if line.lower().startswith("error")]
    return f": {(errors or lines)[-1][:200].rstrip('.')}" if lines else ""


def _relative(path: str, trial: Trial, project: str) -> str:
    """A path as a tool prints it, absolute or from where it started, as git would name it."""
    full = PurePosixPath(posixpath.normpath(trial.at / project / path))
    return str(full.relative_to(trial.at)) if full.is_relative_to(trial.at) else path


def _text(stream: bytes) -> str:
    return stream.decode("utf-8", "surrogateescape")


def _reformatted(done: Completed) -> Iterator[tuple[str, str, str]]:
    printed = _text(done.stderr + b"\n" + done.stdout)
    for pattern in _REFORMATTED:
        for match in pattern.finditer(printed):
            yield match["path"], "format", "would be reformatted"


def _ruff_findings(done: Completed) -> Iterator[tuple[str, str, str]]:
    try:
        for found in json.loads(_text(done.stdout)):
            yield str(found["filename"]), str(found["code"]), str(found["message"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ToolFailed("ruff printed what is not its JSON") from error


def _flake8_findings(done: Completed) -> Iterator[tuple[str, str, str]]:
    for line in _text(done.stdout).splitlines():
        parts = line.split("\t", 3)
        if len(parts) == 4 and parts[0] == _MARK:
            yield parts[1], parts[2], parts[3]


def _pydocstyle_findings(done: Completed) -> Iterator[tuple[str, str, str]]:
    path = ""
    for line in _text(done.stdout).splitlines():
        if place := _PYDOCSTYLE_PLACE.match(line):
            path = place["path"]
        elif path and (found := _PYDOCSTYLE_FINDING.match(line)):
            yield path, found["code"], found["message"]


FORMATTERS = {
    "black": Tool("black", ("black", "--check"), frozenset({0, 1}), _reformatted),
    "ruff": Tool(
        "ruff", ("ruff", "format", "--check", "--no-cache", "--force-exclude"), frozenset({0, 1}), _reformatted
    ),
}
LINTERS = {
    "ruff": Tool(
        "ruff",
        ("ruff", "check", "--no-cache", "--no-fix", "--force-exclude", "--exit-zero", "--output-format=json"),
        frozenset({0}),
        _ruff_findings,
    ),
    "flake8": Tool(
        "flake8",
        ("flake8", "-j1", "--exit-zero", f"--format={_MARK}\t%(path)s\t%(code)s\t%(text)s"),
        frozenset({0}),
        _flake8_findings,
    ),
    "pydocstyle": Tool("pydocstyle", ("pydocstyle",), frozenset({0, 1}), _pydocstyle_findings),
}
