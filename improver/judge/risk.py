"""What a change can alter, read from the diff alone and proven for what is harmless."""

from __future__ import annotations

from dataclasses import dataclass, field

from improver.judge.differences import Part
from improver.judge.judged_files import judges
from improver.judge.python_file import read_python
from improver.judge.readers import NO_READERS, Readers
from improver.judge.text_readers import NO_TEXT_READERS, TextReaders
from improver.judges import is_unusual, names_a_test, names_dependencies
from improver.values import Category, Change, FileChange, Risk

_PLAIN_MODES = ("100644", "100755")
_MOST_REASONS = 100


@dataclass(frozen=True)
class RiskContext:
    """What the rest of the repository says.

    Parameters:
        readers: who reads docstrings, annotations and source.
        judge_patterns: gitignore patterns of more files that judge.
        judges: more files that judge, by path.
        own_repository: whether it is improver's own, where more files judge.
        python: the oldest Python the project runs on, as (major, minor).
        texts: who reads files as text, or their line numbers.
    """

    readers: Readers = field(default=NO_READERS, repr=False)
    judge_patterns: tuple[str, ...] = ()
    judges: frozenset[str] = frozenset()
    own_repository: bool = False
    python: tuple[int, int] = (3, 8)
    texts: TextReaders = field(default=NO_TEXT_READERS, repr=False)

    def is_judge(self, path: str) -> bool:
        """Whether a file has a say in what passes."""
        return path in self.judges or judges(path, self.judge_patterns, own_repository=self.own_repository)


EMPTY_CONTEXT = RiskContext()


def read_risk(change: Change, context: RiskContext = EMPTY_CONTEXT) -> Risk:
    """The risk of a change: every category that some part of it has, with reasons.

    It is certified when every part is formatting, comments, docstrings or annotations, and nothing in it was found
    to act or to be read at run time.
    """
    parts = [part for file in sorted(change.files, key=lambda file: file.path) for part in file_risk(file, context)]
    categories = tuple(sorted({part.category for part in parts}))
    order = sorted(parts, key=lambda part: -part.category)
    because = list(dict.fromkeys(part.reason for part in order if part.reason))
    if len(because) > _MOST_REASONS:
        because = [*because[:_MOST_REASONS], f"... and {len(because) - _MOST_REASONS} more reasons"]
    certified = all(category <= Category.ANNOTATIONS for category in categories)
    return Risk(categories, tuple(because), certified)


def file_risk(file: FileChange, context: RiskContext = EMPTY_CONTEXT) -> tuple[Part, ...]:
    """The parts of one file's change. It depends on nothing but its arguments, so that it may be kept."""
    if file.before == file.after and file.mode_before == file.mode_after:
        return ()
    if context.is_judge(file.path):
        return _judge(file)
    unusual = _unusual(file)
    if unusual:
        return (Part(Category.OTHER, f"{file.path}: {unusual}"),)
    assert file.before is not None
    assert file.after is not None
    return read_python(file.path, file.before, file.after, context.readers, context.python, context.texts)


def _judge(file: FileChange) -> tuple[Part, ...]:
    plain = file.mode_after == "100644" and file.path.endswith(".py") and not is_unusual(file.path)
    if file.before is None and file.after is not None and plain and names_a_test(file.path):
        return (Part(Category.TESTS, f"{file.path}: a new test file"),)
    parts = [Part(Category.JUDGES, f"{file.path}: has a say in what passes")]
    if names_dependencies(file.path):
        parts.append(Part(Category.DEPENDENCIES, f"{file.path}: says what is installed"))
    return tuple(parts)


def _unusual(file: FileChange) -> str:  # noqa: PLR0911 - one line a reason
    """Why a change is no edit of a plain Python file; empty when it is one."""
    if is_unusual(file.path):
        return "a path that some systems take for another one"
    if file.before is None:
        return "a new file" if file.mode_after in _PLAIN_MODES else _mode(file.mode_after)
    if file.after is None:
        return "a file that was deleted"
    if file.mode_before != file.mode_after:
        return f"its mode became {file.mode_after or 'none'} (it was {file.mode_before or 'none'})"
    if file.mode_after not in _PLAIN_MODES:
        return _mode(file.mode_after)
    if not file.path.endswith(".py"):
        return "not Python, so what it does is not known"
    if b"\0" in file.after or b"\0" in file.before:
        return "binary"
    return ""


def _mode(mode: str) -> str:
    return {"120000": "a symbolic link", "160000": "a submodule"}.get(mode, f"of the unusual mode {mode or 'none'}")


__all__ = ["EMPTY_CONTEXT", "Part", "RiskContext", "file_risk", "read_risk"]
