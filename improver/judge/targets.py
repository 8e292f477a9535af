"""The values that a statement gives to one of its targets."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from improver.judge.places import Place


def bound_values(place: Place, node: ast.AST) -> Iterator[ast.expr]:
    """Every expression whose value, or a part of whose value, a target may get.

    Raises:
        Lost: the target gets something that no expression of the repository gives.
    """
    child, parent = node, place.parent(node)
    path: list[int] = []
    while isinstance(parent, ast.Tuple | ast.List | ast.Starred):
        if isinstance(parent, ast.Starred):
            path.append(-1)
        else:
            path.append(parent.elts.index(child))  # type: ignore[arg-type]
        child, parent = parent, place.parent(parent)
    match parent:
        case ast.Assign():
            yield _part(parent.value, path)
        case ast.AnnAssign() | ast.AugAssign() | ast.NamedExpr():
            if parent.value is not None:
                yield parent.value
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            yield parent.iter
        case ast.Delete():
            return
        case ast.withitem():
            if not _is_plain(parent.context_expr):
                raise place.lost(node, "what a `with` statement binds is not followed")
        case _:
            raise place.lost(node, f"what {type(parent).__name__} binds is not followed")


def _part(value: ast.expr, path: list[int]) -> ast.expr:
    """The part of a value that stands at the same place as the target, where both are written out."""
    for index in reversed(path):
        if index < 0 or not isinstance(value, ast.Tuple | ast.List) or index >= len(value.elts):
            return value
        if any(isinstance(part, ast.Starred) for part in value.elts):
            return value
        value = value.elts[index]
    return value


def _is_plain(node: ast.expr) -> bool:
    """Whether a context is an open file, which is nobody's function."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
