"""Headers as LibCST trees: the only place where the shape of code around a docstring is altered.

Importing LibCST takes long, so this module is imported when the first docstring is put in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import libcst

PLACEHOLDER = "pass"

_TYPE_COMMENT = re.compile(r"#\s*type:\s*\(")
_WHOLE_FILE = re.compile(
    r"#!|#.*coding[:=]|#\s*type:\s*ignore|#\s*pyre-|#\s*pylint:\s*(skip-file|disable=)"
    r"|#\s*(flake8|ruff|mypy|pyright|isort|yapf|pytype|codespell)\s*:",
)
_LICENCE = re.compile(r"copyright|licen[sc]e|SPDX-|\(c\)|©", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Docstring:
    """A literal, and what belongs around it.

    Parameters:
        value: what Python must read.
        blank: how many blank lines follow it at least.
    """

    literal: str
    value: str
    newline: str
    blank: int


def parsed(header: str) -> libcst.Module:
    """The tree of a header with a placeholder for the body.

    Raises:
        ValueError: LibCST does not understand it.
    """
    try:
        return libcst.parse_module(header + PLACEHOLDER)
    except BaseException as problem:
        # LibCST's native part panics with an exception that is no Exception.
        if isinstance(problem, Exception) or type(problem).__name__ == "PanicException":
            raise ValueError("its header is not understood") from None
        raise


def block_newline(tree: libcst.Module) -> str:
    """What ends the header's line; empty where the body stands on that line too."""
    block = _definition(tree).body
    if isinstance(block, libcst.IndentedBlock):
        return block.header.newline.value or tree.default_newline
    return ""


def in_block(tree: libcst.Module, docstring: Docstring, indent: str) -> str:
    """The header with the docstring directly below; only a comment with the function's type stays above it.

    Parameters:
        indent: how a body is indented that was on the header's line and goes to lines of its own.
    """
    definition = _definition(tree)
    block = definition.body
    if not isinstance(block, libcst.IndentedBlock):
        block = libcst.IndentedBlock(
            [libcst.SimpleStatementLine([libcst.Pass()])], header=_end(docstring.newline), indent=indent
        )
    placeholder = libcst.ensure_type(block.body[0], libcst.SimpleStatementLine)
    comments = _comments(placeholder.leading_lines)
    place = next((number + 1 for number, comment in enumerate(comments) if comment), 0)
    if not place or not _TYPE_COMMENT.match(comments[place - 1]):
        place = 0
    block = block.with_changes(body=_statements(placeholder.leading_lines, place, placeholder, docstring))
    return _code(tree.with_changes(body=[definition.with_changes(body=block)]))


def in_module(tree: libcst.Module, docstring: Docstring, following: str) -> str:
    """The top of a module with the docstring below what speaks of the file as a whole.

    Parameters:
        following: what the first statement begins with: ``definition``, ``decorator`` or anything else.
    """
    placeholder = libcst.ensure_type(tree.body[0], libcst.SimpleStatementLine)
    leading = [*tree.header, *placeholder.leading_lines]
    comments = _comments(leading)
    place = _place_in_module(comments)
    docstring = replace(docstring, blank=_blank_in_module(comments[place:], following))
    if place and comments[place - 1] and not _WHOLE_FILE.match(comments[place - 1]):
        leading.insert(place, _blank_line(docstring))
        place += 1
    return _code(tree.with_changes(header=[], body=_statements(leading, place, placeholder, docstring)))


def _place_in_module(comments: Sequence[str]) -> int:
    """After how many leading lines the docstring comes, blank ones being ``""``.

    Comments directly above the first statement belong to it, unless they speak of the file.
    """
    if not any(comments):
        return 0
    block = max((number + 1 for number, comment in enumerate(comments) if not comment), default=0)
    if any(_LICENCE.search(comment) for comment in comments[block:]):
        return len(comments)
    orders = max((number + 1 for number, comment in enumerate(comments) if _WHOLE_FILE.match(comment)), default=0)
    place = max(block, orders)
    return len(comments) if block == 0 and len(comments) - place > 1 else place


def _blank_in_module(comments: Sequence[str], following: str) -> int:
    """How many blank lines black wants below a module's docstring."""
    above = list(comments).index("") if "" in comments else len(comments)
    close = following == "definition" if not above else following in ("definition", "decorator")
    return 2 if close and (not above or above == len(comments)) else 1


def _definition(tree: libcst.Module) -> libcst.FunctionDef | libcst.ClassDef:
    definition = tree.body[0]
    if len(tree.body) != 1 or not isinstance(definition, libcst.FunctionDef | libcst.ClassDef):
        raise ValueError("its header is not understood")
    return definition


def _statements(
    leading: Sequence[libcst.EmptyLine], place: int, placeholder: libcst.SimpleStatementLine, docstring: Docstring
) -> list[libcst.SimpleStatementLine]:
    """The docstring after the first `place` leading lines, then the rest with the blank lines that it needs."""
    literal = libcst.Expr(libcst.SimpleString(docstring.literal))
    statement = libcst.SimpleStatementLine([literal], leading[:place], _end(docstring.newline))
    rest = leading[place:]
    there = next((number for number, line in enumerate(rest) if line.comment), len(rest))
    missing = [_blank_line(docstring) for _ in range(docstring.blank - there)]
    return [statement, placeholder.with_changes(leading_lines=[*missing, *rest])]


def _comments(lines: Sequence[libcst.EmptyLine]) -> list[str]:
    return [line.comment.value if line.comment else "" for line in lines]


def _blank_line(docstring: Docstring) -> libcst.EmptyLine:
    return libcst.EmptyLine(indent=False, newline=libcst.Newline(docstring.newline))


def _end(newline: str) -> libcst.TrailingWhitespace:
    return libcst.TrailingWhitespace(newline=libcst.Newline(newline))


def _code(tree: libcst.Module) -> str:
    try:
        return tree.code.removesuffix(PLACEHOLDER)
    except RecursionError:
        raise ValueError("its header is nested too deeply") from None
