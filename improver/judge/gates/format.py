"""Whether the change leaves the project's layout as clean as it found it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from improver.judge.layout import BlackSettings, black_is_content, black_settings
from improver.judge.linters import FORMATTERS, LINTERS, Findings, Tool, ToolFailed, ask
from improver.ports import Hearing
from improver.values import Environment, Evidence, FileChange, Measure, NotApplicable, Verdict

LARGEST_SETTINGS = 1 << 20
NAMED = 3


@dataclass(slots=True)
class _Tally:
    """What the tools said so far."""

    worse: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    clean: set[str] = field(default_factory=set)
    dirty_before: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Format:
    """What was clean under the project's own formatter and linters is clean after.

    The formatter and the linters are those that the project configures and its environment holds;
    they run behind the walls with the project's own settings. Without such a formatter, black
    speaks, as a library in our own process. Only what became worse counts: a file that was not
    clean before is not judged, and a finding that was there before is nobody's fault.
    """

    runs_target: ClassVar[bool] = False

    def examine(self, hearing: Hearing) -> Evidence | NotApplicable:
        """Ask about the changed files as they are now, and about those with complaints as they were."""
        files = [file for file in hearing.change.files if _is_python(file)]
        if not files:
            return NotApplicable("format", "no Python file is changed")
        tally = _Tally()
        _judge_layout(hearing, files, tally)
        for name in hearing.target.style.linters:
            if name in LINTERS and name in _installed(hearing):
                _judge_findings(hearing, LINTERS[name], files, tally)
            else:
                tally.absent.append(name)
        return _evidence(tally, len(files))


def _is_python(file: FileChange) -> bool:
    return file.after is not None and file.path.endswith((".py", ".pyi"))


def _installed(hearing: Hearing) -> Mapping[str, str]:
    environment = hearing.target.environment
    return environment.tools if isinstance(environment, Environment) else {}


def _judge_layout(hearing: Hearing, files: Sequence[FileChange], tally: _Tally) -> None:
    name = hearing.target.style.formatter
    if name in FORMATTERS and name in _installed(hearing):
        _judge_own_formatter(hearing, FORMATTERS[name], files, tally)
    else:
        _judge_black(hearing, files, tally, strict=name == "black")


def _judge_own_formatter(hearing: Hearing, tool: Tool, files: Sequence[FileChange], tally: _Tally) -> None:
    tally.asked.append(_versioned(hearing, tool.name))
    try:
        after = {
            path for path, _, _ in ask(tool, hearing.changed, [file.path for file in files], hearing.target.project)
        }
        before = {path for path, _, _ in _at_base(hearing, tool, [file for file in files if file.path in after])}
    except ToolFailed as failure:
        tally.problems.append(str(failure))
        return
    for file in files:
        _count(file.path, file.path in after, file.path in before, tally)


def _count(path: str, dirty_after: bool, dirty_before: bool, tally: _Tally) -> None:
    if not dirty_after:
        tally.clean.add(path)
    elif dirty_before:
        tally.dirty_before.add(path)
    else:
        tally.worse.append(f"{path} would be reformatted")


def _judge_black(hearing: Hearing, files: Sequence[FileChange], tally: _Tally, *, strict: bool) -> None:
    """Ask black as a library; a new file counts as clean before only where the project uses black."""
    settings = black_settings(_pyproject(hearing), hearing.target.style)
    tally.asked.append("black")
    for file in files:
        try:
            after = _complaint(hearing, file.path, file.after, settings)
            before = after and _complaint(hearing, file.path, file.before, settings, absent=not strict)
        except ValueError as error:
            tally.problems.append(f"black cannot read {file.path}: {error}")
        else:
            _count(file.path, after, before, tally)


def _complaint(
    hearing: Hearing, path: str, content: bytes | None, settings: BlackSettings, *, absent: bool = False
) -> bool:
    """Whether black would change the content; `absent` is the answer where there is none.

    Raises:
        ValueError: black cannot read it.
    """
    if content is None:
        return absent
    key = hashlib.sha256(f"{settings.key}:{path[-4:]}:".encode() + content).hexdigest()
    answer = hearing.keep(f"format:black:{key}", partial(_answer, content, path, settings))
    if "problem" in answer:
        raise ValueError(answer["problem"])
    return bool(answer["dirty"])


def _answer(content: bytes, path: str, settings: BlackSettings) -> dict[str, object]:
    try:
        return {"dirty": not black_is_content(content, path, settings)}
    except ValueError as error:
        return {"problem": str(error)}


def _pyproject(hearing: Hearing) -> bytes:
    path = hearing.base.files / hearing.target.project / "pyproject.toml"
    try:
        inside = path.resolve().is_relative_to(hearing.base.files.resolve())
        return path.read_bytes() if inside and path.stat().st_size <= LARGEST_SETTINGS else b""
    except OSError:
        return b""


def _judge_findings(hearing: Hearing, tool: Tool, files: Sequence[FileChange], tally: _Tally) -> None:
    tally.asked.append(_versioned(hearing, tool.name))
    try:
        after = ask(tool, hearing.changed, [file.path for file in files], hearing.target.project)
        suspects = {path for path, _, _ in after}
        before = _at_base(hearing, tool, [file for file in files if file.path in suspects])
    except ToolFailed as failure:
        tally.problems.append(str(failure))
        return
    for (path, code, message), times in sorted((after - before).items()):
        tally.worse.append(f"{path}: {code} {message}" + (f" ({times} times)" if times > 1 else ""))


def _at_base(hearing: Hearing, tool: Tool, files: Sequence[FileChange]) -> Findings:
    """What the tool found at base in those of the files that were there; kept for the next hearing.

    Raises:
        ToolFailed: it could not be run.
    """
    paths = sorted(file.path for file in files if file.before is not None)
    if not paths:
        return Counter()
    parts = (hearing.target.base, hearing.target.project, " ".join(tool.argv), _versioned(hearing, tool.name), *paths)
    key = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
    rows = hearing.keep(f"format:{tool.name}:{key}", _rows(hearing, tool, paths))
    return Counter({(path, code, message): times for path, code, message, times in rows})


def _rows(hearing: Hearing, tool: Tool, paths: Sequence[str]) -> Callable[[], list[list[object]]]:
    def compute() -> list[list[object]]:
        found = ask(tool, hearing.base, paths, hearing.target.project)
        return [[*finding, times] for finding, times in found.items()]

    return compute


def _versioned(hearing: Hearing, name: str) -> str:
    return f"{name} {_installed(hearing).get(name, '')}".strip()


def _evidence(tally: _Tally, files: int) -> Evidence:
    measures: dict[str, Measure] = {
        "files": files,
        "clean": len(tally.clean),
        "not_judged": len(tally.dirty_before),
        "worse": len(tally.worse),
        "tools": ", ".join(tally.asked),
        "not_installed": ", ".join(tally.absent),
    }
    if tally.worse:
        named = "; ".join(tally.worse[:NAMED])
        more = f"; and {len(tally.worse) - NAMED} more" if len(tally.worse) > NAMED else ""
        return Evidence("format", Verdict.FAILED, f"Not as clean as before: {named}{more}.", measures)
    if tally.problems:
        return Evidence("format", Verdict.INCONCLUSIVE, "; ".join(tally.problems[:NAMED]) + ".", measures)
    return Evidence("format", Verdict.PASSED, _clean_words(tally), measures)


def _clean_words(tally: _Tally) -> str:
    words = f"As clean as before under {' and '.join(dict.fromkeys(tally.asked))}"
    count = len(tally.dirty_before)
    if count:
        files = "1 file was" if count == 1 else f"{count} files were"
        words += f"; {files} not clean before and not judged by the formatter"
    if tally.absent:
        words += f"; {', '.join(tally.absent)} is configured and not installed"
    return words + "."
