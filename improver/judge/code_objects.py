"""What is done with a code object, among whose constants the docstring is."""

from __future__ import annotations

import ast

from improver.judge.names import dotted
from improver.judge.receivers import File

# They make a function of it, or keep it to be found again; nothing of what is in it counts.
_MAKES_FUNCTIONS = frozenset(
    {
        "FunctionType",
        "LambdaType",
        "isinstance",
        "id",
        "getattr",
        "hasattr",
        "len",
        "add",
        "append",
        "discard",
        "remove",
    }
)


def seeks_code(node: ast.Attribute, file: File) -> bool:
    """Whether the constants of a code object are only searched for the code of inner functions."""
    loop = file.parents[node]
    return (
        node.attr == "co_consts"
        and isinstance(loop, ast.For | ast.comprehension)
        and any(
            isinstance(call, ast.Call)
            and dotted(call.func) == "isinstance"
            and "CodeType" in ast.unparse(call.args[1])
            and ast.unparse(call.args[0]) == ast.unparse(loop.target)
            for call in ast.walk(loop)
        )
    )


def is_code_of(node: ast.expr) -> bool:
    """Whether an expression is the code of a function that is named."""
    return isinstance(node, ast.Attribute) and node.attr == "__code__"


def is_taken_whole(node: ast.Attribute, file: File) -> bool:
    """Whether a code object is compared, printed or handed on with all that is in it."""
    parent = file.parents[node]
    if isinstance(parent, ast.Compare):
        return any(isinstance(operator, ast.Eq | ast.NotEq) for operator in parent.ops)
    if isinstance(parent, ast.Call) and node in parent.args:
        return (dotted(parent.func).rpartition(".")[2] or getattr(parent.func, "attr", "")) not in _MAKES_FUNCTIONS
    return isinstance(parent, ast.FormattedValue | ast.Return | ast.Tuple | ast.List | ast.Dict | ast.keyword)
