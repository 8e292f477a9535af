"""Compares what two versions of a file compile to, with docstrings and function annotations masked.

This runs inside the target's interpreter as well as in ours: the standard library alone, Python 3.8 and later.
As a script it reads a JSON list of ``{"path", "before", "after"}`` (contents in base64; without ``before`` the file
is only compiled) and prints a list of ``{"path", "differences", "error"}``. Nothing of the file is ever run.
"""

from __future__ import annotations

import ast
import base64
import json
import struct
import sys
import types
import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
OWNERS = (ast.Module, ast.ClassDef, *FUNCTIONS)
PLACEHOLDER = "docstring"
_LISTS = ("body", "orelse", "finalbody")
_SAME = (
    "co_name",
    "co_qualname",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_nlocals",
    "co_stacksize",
    "co_flags",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_code",
    "co_exceptiontable",
)
_MOST = 20


class Unfit(Exception):
    """A file that does not parse or compile; the message says why."""


def differences(before: bytes, after: bytes, filename: str = "<file>") -> list[str]:
    """What differs between the code of two versions, apart from docstrings, annotations without effect and layout.

    Raises:
        Unfit: one of them cannot be compiled, or only with more recursion than this interpreter allows.
    """
    old, old_warnings = _parsed(before, filename)
    new, new_warnings = _parsed(after, filename)
    new_warnings = new_warnings + _whole(new, filename)
    old_warnings = old_warnings + _whole(old, filename)
    more = Counter(new_warnings) - Counter(old_warnings)
    found = [f"compiles with a new warning: {text}" for text in sorted(more)]
    mask(old)
    mask(new)
    code = _unequal(_compiled(old, filename), _compiled(new, filename))
    if code:  # the compiler keeps instructions for the sake of line numbers; without any they are gone
        flatten(old)
        flatten(new)
        code = _unequal(_compiled(old, filename), _compiled(new, filename))
    return found + code


def compiles(content: bytes, filename: str = "<file>") -> None:
    """Nothing, if the file compiles.

    Raises:
        Unfit: it does not.
    """
    tree, _ = _parsed(content, filename)
    _whole(tree, filename)


def _parsed(content: bytes, filename: str) -> tuple[ast.Module, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            tree = ast.parse(content, filename)
        except (SyntaxError, ValueError, LookupError) as error:
            raise Unfit(f"does not parse: {_spoken(error)}") from error
        except (RecursionError, MemoryError) as error:
            raise Unfit("is nested too deeply to be parsed") from error
    return tree, [str(warning.message) for warning in caught]


def _whole(tree: ast.Module, filename: str) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        _compiled(tree, filename)
    return [str(warning.message) for warning in caught]


def _compiled(tree: ast.Module, filename: str) -> types.CodeType:
    with warnings.catch_warnings(record=True):
        try:
            code = compile(tree, filename, "exec", dont_inherit=True, optimize=0)
        except (SyntaxError, ValueError, TypeError) as error:
            raise Unfit(f"does not compile: {_spoken(error)}") from error
        except (RecursionError, MemoryError) as error:
            raise Unfit("is nested too deeply to be compiled") from error
    assert isinstance(code, types.CodeType)
    return code


def _spoken(error: Exception) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    return str(error)


def docstring(node: ast.AST) -> ast.Expr | None:
    """The statement that is the docstring of a module, class or function; ``None`` where it has none."""
    body = getattr(node, "body", None)
    if isinstance(body, list) and body and is_text(body[0]):
        first = body[0]
        assert isinstance(first, ast.Expr)
        return first
    return None


def is_text(node: ast.AST) -> bool:
    """Whether a statement is nothing but a string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_blank(body: list[ast.stmt]) -> bool:
    """Whether a body does nothing: empty, `pass` or `...`."""
    if len(body) != 1:
        return not body
    only = body[0]
    if isinstance(only, ast.Expr) and isinstance(only.value, ast.Constant):
        return only.value.value is Ellipsis
    return isinstance(only, ast.Pass)


def without_text(node: ast.AST) -> list[ast.stmt]:
    """The body of a module, class or function without its docstring and the strings that describe attributes."""
    body = node.body[1:] if docstring(node) is not None else node.body  # type: ignore[attr-defined]
    return [
        statement
        for index, statement in enumerate(body)
        if not (index and is_text(statement) and isinstance(body[index - 1], (ast.Assign, ast.AnnAssign)))
    ]


def is_import_for_types(statement: ast.stmt) -> bool:
    """Whether a statement is `if TYPE_CHECKING:` with nothing but imports in it."""
    return (
        isinstance(statement, ast.If)
        and not statement.orelse
        and _flag(statement.test) != ""
        and all(isinstance(inner, (ast.Import, ast.ImportFrom)) for inner in statement.body)
    )


def _flag(test: ast.expr) -> str:
    """The name by which `TYPE_CHECKING` is reached; empty where a test is something else."""
    if isinstance(test, ast.Attribute) and isinstance(test.value, ast.Name) and test.attr == "TYPE_CHECKING":
        return test.value.id if test.value.id in _ORIGINS else ""
    return test.id if isinstance(test, ast.Name) and test.id == "TYPE_CHECKING" else ""


_ORIGINS = {"typing": "typing", "TYPE_CHECKING": "typing.TYPE_CHECKING"}


def imports_for_types(tree: ast.Module) -> list[ast.stmt]:
    """The statements `if TYPE_CHECKING:` with nothing but imports in them, where that is surely false when it runs.

    That is: the name comes from `typing`, further up, and nothing in the module could make it anything else.
    """
    found: list[ast.stmt] = []
    bound: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            bound.update(local for local, _ in _bound_by(statement))
        elif is_import_for_types(statement) and _flag(statement.test) in bound:  # type: ignore[attr-defined]
            found.append(statement)
    return [] if found and any(_unsettles(node) for node in ast.walk(tree)) else found


def _bound_by(node: Any) -> Iterator[tuple[str, str]]:
    """Each name that an import binds, with what it stands for."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield alias.asname or alias.name, f"{'.' * node.level}{node.module}.{alias.name}"
        else:
            local = alias.asname or alias.name.partition(".")[0]
            yield local, alias.name if alias.asname else local


def _unsettles(node: ast.AST) -> bool:
    """Whether a part of a module makes `typing` or `TYPE_CHECKING` something else, or might."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return any(local == "*" or _ORIGINS.get(local, full) != full for local, full in _bound_by(node))
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        return any(name in _ORIGINS for name in node.names)
    if isinstance(node, ast.Constant):
        return node.value == "TYPE_CHECKING"
    if isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
        return getattr(node, "id", "") in _ORIGINS or getattr(node, "attr", "") == "TYPE_CHECKING"
    names = () if isinstance(node, ast.alias) else (getattr(node, "name", None), getattr(node, "rest", None))
    return any(name in _ORIGINS for name in names if isinstance(name, str))


def mask(tree: ast.Module) -> None:
    """Replace, in place, every docstring by the same one, and drop the annotations that do not act by themselves."""
    unneeded = imports_for_types(tree)
    tree.body = [statement for statement in tree.body if statement not in unneeded]
    pending: list[tuple[ast.AST, bool]] = [(tree, True)]
    while pending:
        node, at_module = pending.pop()
        if isinstance(node, FUNCTIONS):
            _drop_annotations(node)
        at_module = at_module and not isinstance(node, (ast.ClassDef, *FUNCTIONS))
        if isinstance(node, OWNERS):
            rest = without_text(node)
            if at_module:
                rest = _plain(rest)
            node.body = [_placeholder()] + ([] if is_blank(rest) else rest)
        elif at_module:
            for name in _LISTS:
                statements = getattr(node, name, None)
                if isinstance(statements, list) and statements:
                    setattr(node, name, _plain(statements) or [ast.copy_location(ast.Pass(), statements[0])])
        pending.extend((child, at_module) for child in statements_of(node))


def statements_of(node: ast.AST) -> Iterator[ast.AST]:
    """The statements, handlers and cases directly inside a node."""
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        inner = getattr(node, name, None)
        if isinstance(inner, list):
            yield from inner


def _placeholder() -> ast.stmt:
    text = ast.Constant(value=PLACEHOLDER, kind=None)
    where = {"lineno": 1, "col_offset": 0, "end_lineno": 1, "end_col_offset": 0}
    for name, value in where.items():
        setattr(text, name, value)
    return ast.copy_location(ast.Expr(value=text), text)


def _drop_annotations(node: Any) -> None:
    node.returns = None
    for argument in arguments(node):
        argument.annotation = None


def arguments(node: Any) -> list[ast.arg]:
    """All parameters of a function, whatever their kind."""
    given = node.args
    extra = [argument for argument in (given.vararg, given.kwarg) if argument is not None]
    return list(given.posonlyargs) + list(given.args) + list(given.kwonlyargs) + extra


def _plain(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Statements of a module, annotated assignments made plain and bare annotations dropped."""
    kept: list[ast.stmt] = []
    for statement in statements:
        if not isinstance(statement, ast.AnnAssign):
            kept.append(statement)
        elif statement.value is not None:
            plain = ast.Assign(targets=[statement.target], value=statement.value, type_comment=None)
            kept.append(ast.copy_location(plain, statement))
        elif not isinstance(statement.target, ast.Name):
            kept.append(statement)
    return kept


def flatten(tree: ast.Module) -> None:
    """Put every node of a tree, in place, on the same line."""
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):
            node.lineno = node.end_lineno = 1  # type: ignore[attr-defined]
            node.col_offset = node.end_col_offset = 0  # type: ignore[attr-defined]


def _unequal(old: types.CodeType, new: types.CodeType) -> list[str]:
    found: list[str] = []
    pending = [(old, new, "<module>")]
    while pending and len(found) < _MOST:
        one, other, name = pending.pop()
        for attribute in _SAME:
            if getattr(one, attribute, None) != getattr(other, attribute, None):
                found.append(f"{name}: {attribute[3:]} differs")
        if len(one.co_consts) != len(other.co_consts):
            found.append(f"{name}: it has other constants")
            continue
        for first, second in zip(one.co_consts, other.co_consts):  # noqa: B905 - Python 3.8
            if isinstance(first, types.CodeType) and isinstance(second, types.CodeType):
                inner = first.co_name if name == "<module>" else f"{name}.{first.co_name}"
                pending.append((first, second, inner))
            elif constant_key(first) != constant_key(second):
                found.append(f"{name}: the constant {repr(first)[:60]} became {repr(second)[:60]}")
    return found


def constant_key(value: Any) -> Any:  # noqa: PLR0911 - one line a kind of constant
    """What tells a constant from all others: its type, its sign and its bits."""
    kind = type(value).__name__
    if isinstance(value, float):
        return (kind, struct.pack("<d", value))
    if isinstance(value, complex):
        return (kind, struct.pack("<dd", value.real, value.imag))
    if isinstance(value, tuple):
        return (kind, tuple(constant_key(item) for item in value))
    if isinstance(value, frozenset):
        return (kind, frozenset(constant_key(item) for item in value))
    if isinstance(value, slice):
        return (kind, constant_key(value.start), constant_key(value.stop), constant_key(value.step))
    if isinstance(value, types.CodeType):
        return (kind, value.co_name)
    return (kind, value)


def _answer(item: dict[str, str]) -> dict[str, object]:
    answer: dict[str, object] = {"path": item["path"], "differences": [], "error": ""}
    after = base64.b64decode(item["after"])
    try:
        if "before" in item:
            answer["differences"] = differences(base64.b64decode(item["before"]), after, item["path"])
        else:
            compiles(after, item["path"])
    except Unfit as error:
        answer["error"] = str(error)
    except (RecursionError, MemoryError):
        answer["error"] = "is nested too deeply to be compared"
    return answer


def main() -> None:
    """Answer the questions on standard input."""
    questions = json.loads(sys.stdin.buffer.read().decode("ascii"))
    sys.stdout.write(json.dumps([_answer(item) for item in questions]))


if __name__ == "__main__":
    main()
