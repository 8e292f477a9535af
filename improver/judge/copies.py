"""A reading, and what a docstring is merely copied to."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from improver.judge.masked import FUNCTIONS, arguments
from improver.judge.names import dotted
from improver.judge.receivers import ANYTHING, File, Receivers, receivers

_NAMES = frozenset({"__name__", "__qualname__", "__code__", "__defaults__"})


@dataclass(frozen=True)
class Reading:
    """One expression that reads.

    Parameters:
        what: ``docstrings``, ``annotations``, ``source``, ``doctest`` or ``grammar``.
        of: whose.
        copied_to: what a docstring is merely copied to; ``None`` when it is looked at.
        own_file: whether the lines or the source of the file itself are read.
        mentions: whether anything that the file names may be read.
        everywhere: whether even what nobody hands over may be read, where it is not known whose it is.
        deep: whether what is in a module or a class that is handed over is read, too.
        is_callable: whether what is read is also called or asked for its name, which few instances can be.
        made: whether it reads an attribute whose name is put together, which may be another one.
        tested: whether only tests read what it is copied to.
        within: the simple names of the functions around it, or of their classes where they are special methods.
    """

    what: str
    of: Receivers
    line: int
    reason: str
    copied_to: Receivers | None = None
    own_file: bool = False
    mentions: bool = False
    everywhere: bool = False
    deep: bool = False
    is_callable: bool = False
    made: bool = False
    tested: bool = False
    within: tuple[str, ...] = ()


def copied_to(node: ast.AST, file: File) -> Receivers | None:
    """What a docstring is copied to, unchanged; ``None`` when something else is done with it."""
    parent = file.parents[node]
    while isinstance(parent, ast.BoolOp) or (isinstance(parent, ast.IfExp) and parent.test is not node):
        node, parent = parent, file.parents[parent]
    if isinstance(parent, ast.Assign) and parent.value is node:
        return _targets(parent.targets, file)
    if isinstance(parent, ast.Dict) and node in parent.values:
        key = parent.keys[parent.values.index(node)]
        return ANYTHING if isinstance(key, ast.Constant) and key.value == "__doc__" else None
    call = file.parents[parent] if isinstance(parent, ast.keyword) else parent
    if not isinstance(call, ast.Call) or dotted(call.func) not in ("property", "cached_property", "dict"):
        return None
    if isinstance(parent, ast.keyword) and parent.arg in ("doc", "__doc__"):
        return _assigned(call, file)
    return _assigned(call, file) if node in call.args[3:4] and dotted(call.func) == "property" else None


def _assigned(node: ast.AST, file: File) -> Receivers:
    """The name that a value is given; anything where it is given none."""
    parent = file.parents[node]
    if isinstance(parent, ast.Assign) and all(
        isinstance(target, ast.Name | ast.Attribute) for target in parent.targets
    ):
        return Receivers(names=frozenset(dotted(target).rpartition(".")[2] for target in parent.targets))
    return ANYTHING


def _targets(targets: list[ast.expr], file: File) -> Receivers | None:
    found = [_holder(target, file) for target in targets]
    if any(of is None for of in found):
        return None
    known = [of for of in found if of is not None]
    return known[0] if len(known) == 1 else ANYTHING


def _holder(target: ast.expr, file: File) -> Receivers | None:
    """What gets a docstring when `__doc__` is set; ``None`` when something else is set."""
    if isinstance(target, ast.Attribute) and target.attr == "__doc__":
        return receivers(target.value, file)
    if isinstance(target, ast.Name) and target.id == "__doc__":
        scope = next(file.scopes(target), None)
        if isinstance(scope, ast.ClassDef):
            return Receivers(names=frozenset({scope.name}))
        return Receivers(own_module=True) if scope is None else None
    return None


def is_callable(node: ast.expr, file: File) -> bool:
    """Whether the function that reads something says that it is to be called, calls it, or takes its `__name__`."""
    function = next((scope for scope in file.scopes(node) if isinstance(scope, FUNCTIONS)), None)
    if function is None or not isinstance(node, ast.Name):
        return False
    hints = [given.annotation for given in arguments(function) if given.arg == node.id and given.annotation is not None]
    return any("Callable" in ast.unparse(hint) for hint in hints) or any(
        (isinstance(inner, ast.Attribute) and inner.attr in _NAMES and dotted(inner.value) == node.id)
        or (isinstance(inner, ast.Call) and dotted(inner.func) == node.id)
        for inner in ast.walk(function)
    )
