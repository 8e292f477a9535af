"""The values that a statement gives to one of its targets."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from improver.judge.effects import ELEMENT, Ops
from improver.judge.places import Place


def bound_values(place: Place, node: ast.AST) -> Iterator[tuple[ast.expr, Ops]]:
    """Every expression whose value a target may get, with what is done to it before.

    Raises:
        Lost: the target gets something that no expression of the repository gives.
    """
    child, parent = node, place.parent(node)
    path: list[int] = []
    while isinstance(parent, ast.Tuple | ast.List | ast.Starred):
        if isinstance(parent, ast.Tuple | ast.List):
            path.append(-1 if isinstance(child, ast.Starred) else parent.elts.index(child))  # type: ignore[arg-type]
        child, parent = parent, place.parent(parent)
    match parent:
        case ast.Assign():
            yield _part(parent.value, path)
        case ast.AnnAssign() | ast.AugAssign() | ast.NamedExpr():
            if parent.value is not None:
                yield parent.value, ()
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            yield parent.iter, (ELEMENT, *(ELEMENT for index in path if index >= 0))
        case ast.Delete():
            return
        case ast.withitem():
            if not _is_plain(parent.context_expr):
                raise place.lost(node, "what a `with` statement binds is not followed")
        case _:
            raise place.lost(node, f"what {type(parent).__name__} binds is not followed")


def _part(value: ast.expr, path: list[int]) -> tuple[ast.expr, Ops]:
    """The part of a value that stands at the same place as the target, where both are written out."""
    left = list(path)
    while left and isinstance(value, ast.Tuple | ast.List) and 0 <= left[-1] < len(value.elts):
        if any(isinstance(part, ast.Starred) for part in value.elts):
            break
        value = value.elts[left.pop()]
    return value, tuple(ELEMENT for index in left if index >= 0)


def _is_plain(node: ast.expr) -> bool:
    """Whether a context is an open file, which is nobody's function."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
