"""What becomes of a value that was got at by a name made at run time: whether it is only called or taken apart."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted

_READ = frozenset({"__doc__", "__annotations__", "__annotate__", "__code__", "__dict__"})
TAME_CALLS = frozenset(
    {
        "callable",
        "isinstance",
        "issubclass",
        "bool",
        "hasattr",
        "len",
        "int",
        "float",
        "iscoroutinefunction",
        "raises",
        "warns",
        "assertRaises",
        "assertRaisesRegex",
        "assertWarns",
    }
)
_FORMS = {"get", "pop", "setdefault"}
Parents = Mapping[ast.AST, ast.AST]


def is_text(node: ast.AST) -> bool:
    """Whether an expression is a string that is written out."""
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def is_tame(node: ast.AST, parents: Parents, depth: int = 0) -> bool:  # noqa: PLR0911 - one line a use
    """Whether what an expression gives is only called, compared or taken apart."""
    parent = parents[node]
    match parent:
        case ast.Call() if parent.func is node or dotted(parent.func).rpartition(".")[2] in TAME_CALLS:
            return True
        case ast.Compare() | ast.UnaryOp() | ast.Assert() | ast.Expr() | ast.BinOp() | ast.AugAssign():
            return True
        case ast.If() | ast.While():
            return True
        case ast.Attribute():
            return parent.attr not in _READ and not parent.attr.startswith("__")
        case ast.Subscript():
            return parent.value is node
        case ast.BoolOp() | ast.IfExp():
            return (isinstance(parent, ast.IfExp) and parent.test is node) or is_tame(parent, parents, depth)
        case ast.NamedExpr(target=ast.Name() as target):
            return is_tame(parent, parents, depth) and _name_is_tame(target, parents, depth)
        case ast.Assign(targets=[ast.Name() as target]) | ast.AnnAssign(target=ast.Name() as target):
            return _name_is_tame(target, parents, depth)
        case _:
            return False


def _name_is_tame(target: ast.Name, parents: Parents, depth: int) -> bool:
    function = function_around(target, parents)
    if function is None or depth > 2:
        return False
    if any(isinstance(node, ast.Global | ast.Nonlocal) and target.id in node.names for node in ast.walk(function)):
        return False
    return all(is_tame(node, parents, depth + 1) for node in _loads(target, function))


def is_used_plainly(node: ast.AST, parents: Parents) -> bool:  # noqa: PLR0911 - one line a use
    """Whether a namespace is only asked for a name that is written out, or written to."""
    parent = parents[node]
    match parent:
        case ast.Compare():
            return True
        case ast.IfExp() | ast.BoolOp():
            return (isinstance(parent, ast.IfExp) and parent.test is node) or is_used_plainly(parent, parents)
        case ast.Subscript() if parent.value is node:
            return not isinstance(parent.ctx, ast.Load) or is_text(parent.slice) or is_tame(parent, parents)
        case ast.Attribute() if isinstance(call := parents[parent], ast.Call) and call.func is parent:
            if parent.attr == "update" or (parent.attr == "setdefault" and len(call.args) > 1):
                return parent.attr == "setdefault" or isinstance(parents[call], ast.Expr)
            return parent.attr in _FORMS and bool(call.args) and (is_text(call.args[0]) or is_tame(call, parents))
        case ast.Assign(targets=[ast.Name() as target]):
            return _name_is_plain(target, parents)
        case _:
            return False


def _name_is_plain(target: ast.Name, parents: Parents) -> bool:
    function = function_around(target, parents)
    return function is not None and all(is_used_plainly(load, parents) for load in _loads(target, function))


def _loads(target: ast.Name, function: ast.AST) -> Iterator[ast.Name]:
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id == target.id and isinstance(node.ctx, ast.Load):
            yield node


def function_around(node: ast.AST, parents: Parents) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    """The innermost function in which a node stands."""
    around = parents.get(node)
    while around is not None and not isinstance(around, FUNCTIONS):
        around = parents.get(around)
    return around if isinstance(around, FUNCTIONS) else None
