"""Which statements of a file can run, and which of them a change touches."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass

_BODIES = ("body", "orelse", "finalbody", "handlers", "cases")
_SILENT = (ast.Global, ast.Nonlocal, ast.Pass)
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Statement:
    """The lines of one statement; of a compound one those of its header alone."""

    first: int
    last: int

    def ran(self, lines: frozenset[int]) -> bool:
        """Whether any of its lines is among those that ran."""
        return any(line in lines for line in range(self.first, self.last + 1))


def statements(content: bytes) -> tuple[Statement, ...]:
    """The statements that do something when they are reached, without docstrings.

    Raises:
        SyntaxError: the file is not Python that this interpreter understands.
    """
    return tuple(sorted(_statements(_parsed(content)), key=lambda one: (one.first, one.last)))


def changed_statements(before: bytes | None, after: bytes) -> tuple[Statement, ...]:
    """The statements of `after` with a line that `before` does not have there.

    Raises:
        SyntaxError: `after` is not Python that this interpreter understands.
    """
    fresh = _fresh_lines(before or b"", after)
    return tuple(one for one in statements(after) if one.ran(fresh))


def same_once_undocumented(before: bytes | None, after: bytes) -> bool:
    """Whether both sides are the same program once docstrings, comments and layout are gone.

    Raises:
        SyntaxError: one side is not Python that this interpreter understands.
    """
    if before is None:
        return False
    return ast.dump(_undocumented(_parsed(before))) == ast.dump(_undocumented(_parsed(after)))


def _parsed(content: bytes) -> ast.Module:
    try:
        return ast.parse(content)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error)) from error


def _undocumented(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and _is_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None


def _statements(node: ast.AST) -> Iterator[Statement]:
    for name in _BODIES:
        body = getattr(node, name, None)
        if not isinstance(body, list) or (name == "body" and _never_true(node)):
            continue
        for index, child in enumerate(body):
            if index or name != "body" or not _is_docstring(node):
                yield from _one(child)


def _one(node: ast.AST) -> Iterator[Statement]:
    if isinstance(node, ast.stmt) and not _does_nothing(node):
        yield _header(node)
    yield from _statements(node)


def _does_nothing(node: ast.stmt) -> bool:
    """Whether no line of it shows up in a trace: `pass`, a bare constant, an annotation without a value."""
    if isinstance(node, ast.AnnAssign):
        return node.value is None
    return isinstance(node, _SILENT) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _never_true(node: ast.AST) -> bool:
    """Whether its body is for type checkers alone, or for nobody."""
    if not isinstance(node, ast.If):
        return False
    match node.test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case ast.Constant(value=value):
            return not value
        case _:
            return False


def _header(node: ast.stmt) -> Statement:
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not isinstance(body, list) or not body:
        return Statement(first, node.end_lineno or node.lineno)
    start = body[0].pattern.lineno if isinstance(body[0], ast.match_case) else body[0].lineno
    if isinstance(body[0], (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and body[0].decorator_list:
        start = min(start, body[0].decorator_list[0].lineno)
    return Statement(first, max(node.lineno, start - 1))


def _fresh_lines(before: bytes, after: bytes) -> frozenset[int]:
    old, new = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    fresh: set[int] = set()
    for tag, _, _, first, last in matcher.get_opcodes():
        if tag != "equal":
            fresh.update(range(first + 1, last + 1))
    return frozenset(fresh)
