"""The definitions of a file that have no docstring and might get one. Cheap: no body is looked into."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass

from improver.analyzers.docstring.knowledge import Knowledge
from improver.analyzers.docstring.purity import dotted, words

Documentable = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_SKIP = re.compile(r"#\s*improver:\s*skip(\[([\w\s,-]*)\])?\s*(#|$)")
_FILE_LINES = 10
_SPECIAL = words("__init__ __call__ __getitem__ __setitem__ __delitem__ __enter__ __aenter__ __post_init__")
_HARMLESS = words(
    "property cached_property staticmethod classmethod abstractmethod contextmanager asynccontextmanager "
    "lru_cache cache wraps final pass_context pass_eval_context pass_environment getter "
    "abstractproperty abstractclassmethod abstractstaticmethod coroutine no_type_check"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A definition without a docstring.

    Parameters:
        owner: the class whose member it is, if it is one.
    """

    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    qualified_name: str
    owner: ast.ClassDef | None
    nested: bool


def candidates(tree: ast.Module, lines: list[str], *, public_only: bool) -> Iterator[Candidate]:
    """Every class and function without a docstring, in the order of the file."""
    if skips(lines, range(min(_FILE_LINES, _first_line(tree, lines)))):
        return
    for one in _inside(tree.body, "", None, nested=False):
        if public_only and (one.nested or not _public(one)):
            continue
        if not has_docstring(one.node.body) and not _set_aside(one, lines):
            yield one


def _first_line(tree: ast.Module, lines: list[str]) -> int:
    return tree.body[0].lineno - 1 if tree.body else len(lines)


def _inside(body: list[ast.stmt], prefix: str, owner: ast.ClassDef | None, *, nested: bool) -> Iterator[Candidate]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            name = prefix + node.name
            yield Candidate(node, name, owner, nested)
            yield from _inside(node.body, f"{name}.", None, nested=True)
        elif isinstance(node, ast.ClassDef):
            name = prefix + node.name
            yield Candidate(node, name, owner, nested)
            yield from _inside(node.body, f"{name}.", node, nested=nested)
        else:
            for inner in _blocks(node):
                yield from _inside(inner, prefix, owner, nested=nested)


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    match node:
        case ast.If() | ast.For() | ast.AsyncFor() | ast.While():
            yield from (node.body, node.orelse)
        case ast.With() | ast.AsyncWith():
            yield node.body
        case ast.Try() | ast.TryStar():
            yield from (node.body, *(handler.body for handler in node.handlers), node.orelse, node.finalbody)
        case ast.Match():
            yield from (case.body for case in node.cases)
        case _:
            pass


def _public(one: Candidate) -> bool:
    parts = one.qualified_name.split(".")
    special = one.owner is not None and parts[-1] in _SPECIAL
    return not any(part.startswith("_") for part in (parts[:-1] if special else parts))


def has_docstring(body: list[ast.stmt]) -> bool:
    """Whether a body begins with a docstring, or with bytes or an f-string that look like one."""
    match body[:1]:
        case [ast.Expr(value=ast.Constant(value=str() | bytes()) | ast.JoinedStr())]:
            return True
        case _:
            return False


def _set_aside(one: Candidate, lines: list[str]) -> bool:
    node = one.node
    start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    if skips(lines, {start - 2, start - 1, node.lineno - 2, node.lineno - 1}):
        return True
    if isinstance(node, ast.ClassDef):
        return False
    if node.name.startswith("__") and (one.owner is None or node.name not in _SPECIAL):
        return True
    return node.name.startswith(("test", "setUp", "tearDown")) or not all(map(_harmless, node.decorator_list))


def _harmless(decorator: ast.expr) -> bool:
    name = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
    return name.rpartition(".")[2] in _HARMLESS


def skips(lines: list[str], numbers: range | set[int]) -> bool:
    """Whether one of the lines, counted from 0, asks to be left alone."""
    for number in numbers:
        if 0 <= number < len(lines) and "improver" in lines[number]:
            found = _SKIP.search(lines[number])
            if found and (found[1] is None or "docstrings" in re.split(r"[\s,]+", found[2])):
                return True
    return False


def inherits_docstring(one: Candidate, knowledge: Knowledge) -> bool:
    """Whether the method overrides one whose docstring it shows as its own."""
    if one.owner is None:
        return False
    return any(_documents(base, one.node.name, knowledge, ()) for base in one.owner.bases)


def _documents(base: ast.expr, name: str, knowledge: Knowledge, seen: tuple[str, ...]) -> bool:
    text = dotted(base)
    known = knowledge.classes.get(text)
    if known is None or text in seen:
        builtin = getattr(builtins, text, None)
        return isinstance(builtin, type) and hasattr(builtin, name) and text not in knowledge.bound
    for statement in known.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.name == name:
            return has_docstring(statement.body)
    return any(_documents(outer, name, knowledge, (*seen, text)) for outer in known.bases)
