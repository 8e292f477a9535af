"""Which names of a module surely exist when a statement is reached, and which statements bind them."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from improver.judge.masked import FUNCTIONS
from improver.judge.names import bindings, imported

_BLOCKS = ("body", "orelse", "finalbody")
_TRIES: tuple[type[ast.AST], ...] = tuple(
    kind for name in ("Try", "TryStar") if isinstance(kind := getattr(ast, name, None), type)
)


@dataclass(frozen=True)
class Bound:
    """The bindings of a module's own names.

    Parameters:
        places: the statements that bind a name plainly: definitions, imports, assignments.
        others: names that something else binds too: a loop, a `global` in a function, a bare annotation.
        removed: names that may be taken away again.
    """

    tree: ast.Module = field(repr=False)
    places: Mapping[str, tuple[ast.stmt, ...]]
    others: frozenset[str]
    removed: frozenset[str]
    _surely: dict[ast.stmt, frozenset[str] | None] = field(default_factory=dict, repr=False)
    _before: dict[ast.stmt, frozenset[str]] = field(default_factory=dict, repr=False)

    def before(self, statement: ast.stmt) -> frozenset[str]:
        """The names that surely exist when a statement of the module's own scope is reached."""
        if statement not in self._before:
            ran = _ran_before(self.tree.body, statement) or []
            names = frozenset[str]().union(*(self.surely(node) or () for node in ran))
            self._before[statement] = names - self.removed
        return self._before[statement]

    def ran_before(self, statement: ast.stmt) -> list[ast.stmt]:
        """The statements that surely ran to their end when a statement of the module's own scope is reached."""
        return _ran_before(self.tree.body, statement) or []

    def surely(self, node: ast.stmt) -> frozenset[str] | None:
        """The names a statement binds whichever way it ends; ``None`` when what follows it is never reached."""
        if node not in self._surely:
            self._surely[node] = self._binds(node)
        return self._surely[node]

    def _binds(self, node: ast.stmt) -> frozenset[str] | None:
        if isinstance(node, ast.Raise | ast.Return | ast.Continue | ast.Break):
            return None
        if isinstance(node, ast.If):
            return _both(self._all(node.body), self._all(node.orelse))
        if isinstance(node, _TRIES):
            return self._try(node)
        return frozenset(plain_names(node))

    def _all(self, body: list[ast.stmt]) -> frozenset[str] | None:
        found: frozenset[str] = frozenset()
        for node in body:
            names = self.surely(node)
            if names is None:
                return None
            found |= names
        return found

    def _try(self, node: ast.stmt) -> frozenset[str] | None:
        assert isinstance(node, ast.Try) or type(node).__name__ == "TryStar"
        ways = [self._all([*node.body, *node.orelse])]  # type: ignore[attr-defined]
        ways += [self._all(handler.body) for handler in node.handlers]  # type: ignore[attr-defined]
        found = ways[0]
        for way in ways[1:]:
            found = _both(found, way)
        last = self._all(node.finalbody)  # type: ignore[attr-defined]
        return None if found is None or last is None else found | last


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def bound_in(tree: ast.Module) -> Bound:
    """The bindings of a module."""
    places: dict[str, list[ast.stmt]] = {}
    for node in _own_statements(tree):
        for name in plain_names(node):
            places.setdefault(name, []).append(node)
    count = Counter(bindings(tree))
    others = frozenset(name for name in count if count[name] != len(places.get(name, ())))
    removed = frozenset(_removed(tree))
    return Bound(tree, {name: tuple(found) for name, found in places.items()}, others, removed)


def plain_names(node: ast.stmt) -> Iterator[str]:
    """The names that a simple statement or a definition binds."""
    if isinstance(node, (ast.ClassDef, *FUNCTIONS)):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (local for local, _ in imported(node))
    elif isinstance(node, ast.Assign):
        yield from (name for target in node.targets for name in _stored(target))
    elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
        yield node.target.id
    elif type(node).__name__ == "TypeAlias":
        yield node.name.id  # type: ignore[attr-defined]


def _stored(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _own_statements(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements of the module's own scope, those in blocks included."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, (ast.ClassDef, *FUNCTIONS)):
            pending.extend(inner for block in _blocks(node) for inner in block)


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in _BLOCKS:
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block
    for name in ("handlers", "cases"):
        for inner in getattr(node, name, None) or ():
            yield inner.body


def _ran_before(body: list[ast.stmt], statement: ast.stmt) -> list[ast.stmt] | None:
    """The statements that ran before one, from the outside in; ``None`` where it is not inside."""
    for index, node in enumerate(body):
        if node is statement:
            return body[:index]
        if isinstance(node, (ast.ClassDef, *FUNCTIONS)):
            continue
        for block in _blocks(node):
            inner = _ran_before(block, statement)
            if inner is not None:
                after_all = isinstance(node, _TRIES) and block is node.orelse  # type: ignore[attr-defined]
                return [*body[:index], *(node.body if after_all else []), *inner]  # type: ignore[attr-defined]
    return None


def _removed(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
            yield node.id
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name


def word_of(path: str) -> str:
    """The last word of the dotted name by which a file is imported."""
    words = path.removesuffix(".py").removesuffix("/__init__").split("/")
    return words[-1]


def offered(tree: ast.Module) -> frozenset[str] | None:
    """What a module offers to `from x import *`; ``None`` when that is made at run time."""
    given = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "__all__"]
    if not given:
        return frozenset(name for name in bindings(tree) if not name.startswith("_"))
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and node.targets[0] is given[0]
            and isinstance(node.value, ast.List | ast.Tuple)
        ):
            words = [one.value for one in node.value.elts if isinstance(one, ast.Constant)]
            plain = len(given) == 1 and len(words) == len(node.value.elts)
            return frozenset(str(word) for word in words) if plain else None
    return None
