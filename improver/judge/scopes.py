"""What binds the names of a module, a class or a function, and where one stands in them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from improver.judge.masked import FUNCTIONS, arguments
from improver.judge.names import imported
from improver.judge.repository import Module

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Place:
    """Where an expression stands.

    Parameters:
        around: the classes and functions around it, outermost first.
    """

    module: Module
    around: tuple[Definition, ...] = ()

    def inside(self, node: Definition) -> Place:
        """The body of a class or function that stands here."""
        return Place(self.module, (*self.around, node))


@dataclass(frozen=True)
class Binding:
    """One statement that binds a name.

    Parameters:
        full: the dotted name of an import.
        node: the definition or the value; ``None`` when it is an import or not known.
    """

    full: str = ""
    node: ast.AST | None = None
    parameter: bool = False


UNKNOWN = Binding()


def module_bindings(module: Module) -> dict[str, list[Binding]]:
    """What binds each name of a module: what stands at its top, and what functions declare global."""
    found: defaultdict[str, list[Binding]] = defaultdict(list)
    if not module.tree.body:
        for name, full in module.names.imports.items():
            found[name].append(Binding(full=full))
        for name, node in (*module.names.defined.items(), *module.names.assigned.items()):
            found[name].append(Binding(node=node))
    for name, binding in _bindings(module.tree.body):
        found[name].append(binding)
    for inner in ast.walk(module.tree):
        if isinstance(inner, ast.Global):
            for name in inner.names:
                found[name].append(UNKNOWN)
    return dict(found)


@lru_cache(maxsize=512)
def scope_bindings(scope: Definition) -> dict[str, list[Binding]]:
    """What binds each name of one class or function."""
    found: defaultdict[str, list[Binding]] = defaultdict(list)
    if isinstance(scope, FUNCTIONS):
        for argument in arguments(scope):
            found[argument.arg].append(Binding(parameter=True))
    for name, binding in _bindings(scope.body):
        found[name].append(binding)
    return dict(found)


def results_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.expr]:
    """What a function returns, statement by statement."""
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value
        elif not isinstance(node, (ast.ClassDef, ast.Lambda, *FUNCTIONS)):
            pending.extend(ast.iter_child_nodes(node))


def _bindings(body: Iterable[ast.AST]) -> Iterator[tuple[str, Binding]]:
    pending = list(body)
    while pending:
        node = pending.pop()
        yield from _binding(node)
        if not isinstance(node, (ast.ClassDef, ast.Lambda, *FUNCTIONS)):
            pending.extend(ast.iter_child_nodes(node))


def _binding(node: ast.AST) -> Iterator[tuple[str, Binding]]:
    match node:
        case ast.Import() | ast.ImportFrom():
            yield from ((local, Binding(full=full)) for local, full in imported(node))
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            yield node.name, Binding(node=node)
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _assigned(target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target=target, value=value):
            yield from _assigned(target, value)
        case ast.For(target=target) | ast.AsyncFor(target=target) | ast.AugAssign(target=target):
            yield from _assigned(target, None)
        case ast.withitem(optional_vars=ast.expr() as target, context_expr=value):
            yield from _assigned(target, value)
        case ast.ExceptHandler(name=str() as name):
            yield name, UNKNOWN
        case _:
            pass


def _assigned(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, Binding]]:
    if isinstance(target, ast.Name):
        yield target.id, Binding(node=value)
    elif isinstance(target, ast.Tuple | ast.List):
        values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        for index, inner in enumerate(target.elts):
            if isinstance(inner, ast.Name):
                yield inner.id, Binding(node=values[index] if len(values) == len(target.elts) else None)
