"""What the names of one file stand for, as far as its text tells: imports, definitions, other bindings."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from improver.judge.masked import FUNCTIONS, arguments

Scope = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class Names:
    """The names of a module.

    Parameters:
        imports: the local name of everything imported anywhere in the file, to its dotted name; relative
            imports keep their dots.
        defined: names of functions and classes at the top of the module.
        bound: the line at which a name is bound by a plain statement at the top of the module, for names bound
            exactly once in the whole module.
        touched: every name the module's own scope binds in any way, and every name declared global.
        stars: whether names come in by ``from x import *``.
    """

    imports: dict[str, str]
    defined: Mapping[str, ast.stmt]
    bound: dict[str, int]
    touched: frozenset[str]
    stars: bool
    assigned: dict[str, ast.expr] = field(default_factory=dict)

    def resolve(self, node: ast.AST) -> str:
        """The dotted name an expression stands for, imports followed; empty when it is no dotted name."""
        name = dotted(node)
        root, dot, rest = name.partition(".")
        return f"{self.imports[root]}{dot}{rest}" if root in self.imports else name


def in_bytes(name: str) -> bytes:
    """A name as it stands in source, also where it is that of a file that is no text."""
    return name.encode("utf-8", "surrogateescape")


def dotted(node: ast.AST) -> str:
    """``a.b.c`` for such an expression, else the empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def names_of(tree: ast.Module) -> Names:
    """The names of a module. One walk over its statements."""
    imports: dict[str, str] = {}
    stars = False
    for node in all_statements(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for local, full in imported(node):
                imports[local] = full
                stars = stars or local == "*"
    count: Counter[str] = Counter(bindings(tree))
    once = {name: line for name, line in _plainly_bound(tree) if count[name] == 1}
    defined = {node.name: node for node in tree.body if isinstance(node, (ast.ClassDef, *FUNCTIONS))}
    assigned = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return Names(imports, defined, once, frozenset(count), stars, assigned)


def imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Each local name an import binds, with the dotted name of what it stands for."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield alias.asname or alias.name, f"{'.' * node.level}{node.module or ''}.{alias.name}"
        elif alias.asname:
            yield alias.asname, alias.name
        else:
            root = alias.name.partition(".")[0]
            yield root, root


def all_statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Every statement, however deep; expressions are not entered."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, name, None)
            if isinstance(inner, list):
                pending.extend(inner)
                yield from inner


def bindings(scope: Scope) -> Iterator[str]:
    """Every binding of a name in one scope, once for each; nested scopes are entered for `global` alone."""
    if isinstance(scope, (*FUNCTIONS, ast.Lambda)):
        yield from (argument.arg for argument in arguments(scope))
    if isinstance(scope, (ast.ClassDef, *FUNCTIONS)):
        yield from (parameter.name for parameter in getattr(scope, "type_params", ()))
    body = scope.body
    pending: list[tuple[ast.AST, bool]] = [(node, True) for node in (body if isinstance(body, list) else [body])]
    while pending:
        node, own = pending.pop()
        if own:
            yield from _binds(node)
        elif isinstance(node, ast.Global):
            yield from node.names
        if own and isinstance(node, (ast.ClassDef, ast.Lambda, *FUNCTIONS)):
            pending.extend((child, False) for child in (node.body if isinstance(node.body, list) else [node.body]))
            pending.extend((child, True) for child in _header(node))
        else:
            pending.extend((child, own) for child in ast.iter_child_nodes(node))


def _header(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[ast.AST]:
    """What of a definition is evaluated in the scope around it: decorators, bases, defaults, annotations."""
    if isinstance(node, ast.ClassDef):
        yield from (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords))
        return
    yield from (*node.args.defaults, *(one for one in node.args.kw_defaults if one is not None))
    if not isinstance(node, ast.Lambda):
        yield from node.decorator_list
        hints = [*(argument.annotation for argument in arguments(node)), node.returns]
        yield from (one for one in hints if one is not None)


def _binds(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
        yield node.id
    elif isinstance(node, (ast.ClassDef, *FUNCTIONS)):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (local for local, _ in imported(node))
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
    elif isinstance(node, ast.Global | ast.Nonlocal):
        yield from node.names


def _plainly_bound(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in tree.body:
        line = node.end_lineno or node.lineno
        if isinstance(node, (ast.ClassDef, *FUNCTIONS)):
            yield node.name, line
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((local, line) for local, _ in imported(node))
        elif isinstance(node, ast.Assign):
            yield from ((target.id, line) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
            yield node.target.id, line
