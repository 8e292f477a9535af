"""What is known at one point of a function, in terms of what its caller knows."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from improver.analyzers.docstring.formulas import Formula
from improver.analyzers.docstring.purity import dumped

FOREVER = 1 << 30


@dataclass(frozen=True, slots=True)
class Value:
    """What a name stands for.

    Parameters:
        expression: in terms of parameters, globals and calls; ``None`` when that is not known.
        since: the epoch in which its contents were as said.
        event: the call that made it, where that call may act.
        at: the epoch in which it was made.
        filling: whether it is a new container that nothing else holds yet.
    """

    expression: ast.expr | None
    since: int = 0
    event: str = ""
    at: int = 0
    filling: bool = False


UNKNOWN_VALUE = Value(None)
FILLED = Value(None, filling=True)
_FILLING = frozenset({"append", "add", "appendleft"})


@dataclass(frozen=True, slots=True)
class Step:
    """One condition on the way to a statement.

    Parameters:
        strong: whether it must be said; not where its opposite only ever raises.
        entered: whether a branch was entered by it, and not just passed.
        loop: set where the step enters a loop; its items are drawn from `loop.iter`.
    """

    formula: Formula
    strong: bool = True
    entered: bool = False
    loop: ast.For | ast.AsyncFor | None = None
    iterable: ast.expr | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Names, the way that led here, and how often something may have changed.

    Parameters:
        epoch: grows whenever something ran that may have changed contents.
        called: how often each acting call ran.
        touched: names of the objects whose methods acted.
        stored: attribute names that were assigned.
    """

    names: Mapping[str, Value]
    local: frozenset[str]
    fixed: frozenset[str]
    path: tuple[Step, ...] = ()
    epoch: int = 0
    called: Mapping[str, int] | None = None
    touched: frozenset[str] = frozenset()
    stored: frozenset[str] = frozenset()

    def under(self, formula: Formula, *, strong: bool = True, entered: bool = False) -> State:
        """The state with one more condition met."""
        return replace(self, path=(*self.path, Step(formula, strong, entered)))

    def bind(self, name: str, value: Value) -> State:
        """The state with a name bound."""
        return replace(self, names={**self.names, name: value})

    def forget(self, names: set[str]) -> State:
        """The state with nothing known of some names."""
        return replace(self, names={**self.names, **dict.fromkeys(names, UNKNOWN_VALUE)})

    def acted(self, nodes: Iterable[ast.AST]) -> State:
        """The state after calls that may have changed anything."""
        kept: list[ast.AST] = []
        changed: set[str] = set()
        for node in nodes:
            own = self._filled(node)
            kept += [node] if own is None else []
            changed |= {own} if own is not None else set()
        state = replace(self, names={**self.names, **dict.fromkeys(changed, FILLED)}) if changed else self
        return state._acted(kept) if kept else state

    def _filled(self, node: ast.AST) -> str | None:
        """The local container that a call such as ``found.append(x)`` fills, which concerns nothing else."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in _FILLING:
                value = self.names.get(name)
                return name if value is not None and value.filling else None
            case _:
                return None

    def _acted(self, nodes: list[ast.AST]) -> State:
        called = dict(self.called or {})
        touched = set(self.touched)
        for node in nodes:
            text = dumped(node)
            called[text] = called.get(text, 0) + 1
            touched.update(_receivers(node))
        return replace(self, epoch=self.epoch + 1, called=called, touched=frozenset(touched))


def is_private(name: str, function: ast.AST) -> bool:
    """Whether a container is only ever filled and returned, so that nobody else holds it on the way."""
    uses, allowed = _uses(function)
    return uses[name] == allowed[name]


@lru_cache(maxsize=4)
def _uses(function: ast.AST) -> tuple[Counter[str], Counter[str]]:
    """How often each name is read, and how often only to fill it or to return it."""
    uses: Counter[str] = Counter()
    allowed: Counter[str] = Counter()
    for part in ast.walk(function):
        match part:
            case ast.Name(id=found, ctx=ast.Load()):
                uses[found] += 1
            case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr=attr)) if attr in _FILLING:
                allowed[found] += 1
            case ast.Return(value=ast.Name(id=found)):
                allowed[found] += 1
            case _:
                pass
    return uses, allowed


def _receivers(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Attribute | ast.Subscript):
        return {root_name(node)}
    if not isinstance(node, ast.Call):
        return set()
    found = {argument.id for argument in node.args if isinstance(argument, ast.Name)}
    return found | receivers(node)


def root_name(node: ast.expr) -> str:
    """The name that a chain of attributes, subscripts and calls begins with; empty when there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def receivers(node: ast.Call) -> set[str]:
    """The name of the object whose method is called."""
    return set() if isinstance(node.func, ast.Name) else {root_name(node.func)} - {""}
