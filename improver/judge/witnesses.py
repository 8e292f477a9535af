"""What a module evaluates anyway before a place is reached: that it exists is known without looking further."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from improver.judge.bound import Bound
from improver.judge.masked import FUNCTIONS, arguments
from improver.judge.names import dotted

_PERHAPS = (ast.Lambda, ast.IfExp, ast.BoolOp, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Compare)
_LOOKS = frozenset(
    {"Optional", "Union", "List", "Dict", "Tuple", "Set", "FrozenSet", "Type", "Sequence", "Iterable", "Iterator",
     "Mapping", "Awaitable", "AsyncIterator", "Generator", "Collection", "MutableMapping"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What is evaluated before, in any case.

    Parameters:
        attributes: dotted names that were looked up.
        types: dotted names that `typing` took as types, or that stood in a union with `None`.
    """

    attributes: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()


_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def witnesses(
    bound: Bound, statement: ast.stmt, path: tuple[_Definition, ...], changed: frozenset[ast.expr], *, deferred: bool
) -> Witnesses:
    """What is evaluated when a definition is reached.

    Parameters:
        statement: the statement of the module's own scope that holds it.
        path: the definitions from that statement to the one in question, which comes last; empty for a variable.
        changed: annotations that the change brings, which prove nothing.
        deferred: whether annotations are never evaluated.
    """
    looked = _Looked(bound, changed, deferred)
    for node in bound.ran_before(statement):
        looked.statement(node)
    for index, outer in enumerate(path):
        if not isinstance(outer, ast.ClassDef):
            if index == len(path) - 1:
                looked.statement(outer)
            break
        looked.header(outer)
        if index + 1 < len(path) and path[index + 1] in outer.body:
            for node in outer.body[: outer.body.index(path[index + 1])]:
                looked.statement(node)
        else:
            break
    return Witnesses(frozenset(looked.attributes), frozenset(looked.types))


class _Looked:
    def __init__(self, bound: Bound, changed: frozenset[ast.expr], deferred: bool) -> None:
        self.bound = bound
        self.changed = changed
        self.deferred = deferred
        self.attributes: set[str] = set()
        self.types: set[str] = set()

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, FUNCTIONS):
            given = node.args
            self.values([*node.decorator_list, *given.defaults, *given.kw_defaults])
            self.hints([*(one.annotation for one in arguments(node)), node.returns])
        elif isinstance(node, ast.ClassDef):
            self.header(node)
            for inner in node.body:
                self.statement(inner)
        elif isinstance(node, ast.Assign | ast.Expr):
            self.values([node.value])
        elif isinstance(node, ast.AnnAssign):
            self.values([node.value])
            self.hints([node.annotation])

    def header(self, node: ast.ClassDef) -> None:
        self.values([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)])

    def hints(self, nodes: Iterable[ast.expr | None]) -> None:
        if not self.deferred:
            kept = [node for node in nodes if node is not None and node not in self.changed]
            self.values(kept)
            for node in kept:
                for inner in _evaluated(node):
                    if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.BitOr):
                        self.union(inner)

    def union(self, node: ast.BinOp) -> None:
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, ast.Constant) and other.value is None and dotted(one):
                self.types.add(dotted(one))

    def values(self, nodes: Iterable[ast.expr | None]) -> None:
        for node in nodes:
            for inner in _evaluated(node) if node is not None else ():
                if isinstance(inner, ast.Attribute) and dotted(inner):
                    self.attributes.add(dotted(inner))
                elif isinstance(inner, ast.Subscript) and self.looks(inner.value):
                    given = inner.slice.elts if isinstance(inner.slice, ast.Tuple) else [inner.slice]
                    self.types.update(name for one in given if (name := dotted(one)))

    def looks(self, node: ast.expr) -> bool:
        """Whether brackets are those of `typing`, which looks at what stands in them."""
        root, _, last = dotted(node).partition(".")
        places = self.bound.places.get(root, ())
        if not places or root in self.bound.others:
            return False
        name = last or root
        return name in _LOOKS and all(_brings(place, "typing" if last else f"typing.{root}", root) for place in places)


def _brings(node: ast.stmt, full: str, local: str) -> bool:
    """Whether a statement imports something of `typing` under its own name, or `typing` under any."""
    if isinstance(node, ast.ImportFrom):
        named = any(alias.name == local and alias.asname is None for alias in node.names)
        return named and not node.level and full == f"{node.module}.{local}"
    return isinstance(node, ast.Import) and any(
        alias.name == full and (alias.asname or alias.name) == local for alias in node.names
    )


def _evaluated(node: ast.expr) -> Iterator[ast.expr]:
    """The parts of an expression that are evaluated whenever it is."""
    pending: list[ast.AST] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.expr):
            yield part
        if not isinstance(part, _PERHAPS):
            pending.extend(ast.iter_child_nodes(part))
