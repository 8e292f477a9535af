"""Where functions and classes are handed to a call by name, and under what other names they go."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted, in_bytes
from improver.judge.repository import Module, Repository
from improver.judge.scopes import Place

_MOST_ALIASES = 20


@dataclass(frozen=True)
class Handing:
    """A call that is given something.

    Parameters:
        call: the call.
        argument: the argument that is, or holds, what it is given.
        part: the name in the argument.
        place: where the call stands.
        nested: whether it is given the result of another call that was given it.
    """

    call: ast.Call
    argument: ast.expr
    part: ast.Name | ast.Attribute
    place: Place
    nested: bool = False


@dataclass
class _Index:
    """The calls and the names of one file by the simple name of what they are given."""

    calls: defaultdict[str, list[Handing]] = field(default_factory=lambda: defaultdict(list))
    aliases: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    local: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True)
class Handed:
    """Finds out to whom something is handed, in a whole repository."""

    repository: Repository
    _indexes: dict[str, _Index] = field(default_factory=dict, repr=False, compare=False)
    _kept: dict[tuple[str, str], tuple[_Index, ...]] = field(default_factory=dict, repr=False, compare=False)

    def calls(self, name: str, *, only: str = "") -> Iterator[Handing]:
        """Every call that is given something of this simple name.

        Parameters:
            only: the one file to look in; every file when empty.
        """
        for index in self._files(name, only):
            yield from index.calls.get(name, ())
            for alias in _closure(name, index.local):
                yield from index.calls.get(alias, ())

    def aliases(self, name: str, *, only: str = "") -> frozenset[str]:
        """The names of variables and lists that something of this name is put into."""
        found: set[str] = set()
        pending = [name]
        while pending and len(found) < _MOST_ALIASES:
            one = pending.pop()
            for index in self._files(one, only):
                fresh = index.aliases.get(one, set()) - found - {name}
                found |= fresh
                pending += sorted(fresh)
        return frozenset(found)

    def _files(self, name: str, only: str) -> tuple[_Index, ...]:
        if (name, only) not in self._kept:
            self._kept[name, only] = tuple(self._naming(name, only))
        return self._kept[name, only]

    def _naming(self, name: str, only: str) -> Iterator[_Index]:
        """The files that may hand on something of this name."""
        token = in_bytes(name)
        pattern = re.compile(
            rb"(?:[(,=\[{:*.]|\bin\b|\breturn\b)(?:\s|#[^\n]*\n)*"
            + re.escape(token)
            + rb"\s*(?:[,)\]}:#;\\\r\n]|if\b|or\b|else\b|and\b|for\b|\.(?:items|values)\b)"
        )
        for path, content in self.repository.files.items():
            if path.endswith(".py") and (not only or path == only) and token in content and pattern.search(content):
                module = self.repository.module(path)
                if module is not None:
                    yield self._index(module)

    def _index(self, module: Module) -> _Index:
        if module.path not in self._indexes:
            self._indexes[module.path] = _indexed(module)
        return self._indexes[module.path]


def _closure(name: str, links: dict[str, set[str]]) -> list[str]:
    found = set(links.get(name, ()))
    for _ in range(3):
        found |= {more for one in found for more in links.get(one, ())}
    return sorted(found - {name})


def _indexed(module: Module) -> _Index:
    found = _Index()
    pending: list[tuple[ast.AST, Place]] = [(child, Place(module)) for child in module.tree.body]
    while pending:
        node, place = pending.pop()
        _note(node, place, found)
        inner = place.inside(node) if isinstance(node, (ast.ClassDef, *FUNCTIONS)) else place
        pending += [(child, inner) for child in ast.iter_child_nodes(node)]
    return found


def _note(node: ast.AST, place: Place, found: _Index) -> None:
    for name, copy in _copied(node):
        found.aliases[name].add(copy)
    if isinstance(node, ast.Call):
        for part in (*node.args, *(keyword.value for keyword in node.keywords)):
            for inner in _named(part):
                found.calls[_simple(inner)].append(Handing(node, part, inner, place))
            for inner in _within(part):
                found.calls[_simple(inner)].append(Handing(node, part, inner, place, nested=True))
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for name in map(_simple, _named(node.value)):
            found.aliases[name].update(alias for target in targets for alias in _targets(target) if alias != name)
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        through = (
            node.iter.func.value
            if isinstance(node.iter, ast.Call) and isinstance(node.iter.func, ast.Attribute)
            else node.iter
        )
        for name in map(_simple, _named(through)):
            found.local[name].update(alias for alias in _targets(node.target) if alias != name)
    else:
        _note_returned(node, place, found)


def _note_returned(node: ast.AST, place: Place, found: _Index) -> None:
    if isinstance(node, ast.Return) and isinstance(node.value, ast.List | ast.Tuple | ast.Dict | ast.Set):
        owner = next((scope.name for scope in reversed(place.around)), "")
        for name in map(_simple, _named(node.value)):
            found.aliases[name].add(owner)


def _copied(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Functions that `wraps` gives the docstring and the annotations of others, after the names of the others."""
    if isinstance(node, FUNCTIONS):
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and dotted(decorator.func).rpartition(".")[2] == "wraps":
                yield from ((_simple(part), node.name) for given in decorator.args for part in _named(given))
    elif isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == "update_wrapper":
        wrappers, wrapped = (
            [[*_named(given)] for given in node.args[:1]],
            [[*_named(given)] for given in node.args[1:2]],
        )
        for old in (part for found in wrapped for part in found):
            yield from ((_simple(old), _simple(new)) for found in wrappers for new in found)


def _targets(node: ast.expr) -> Iterator[str]:
    """The names under which an assignment keeps its value: a variable, an attribute, a list it is put into."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Subscript):
        yield from _targets(node.value)
    elif isinstance(node, ast.Tuple | ast.List):
        for inner in node.elts:
            yield from _targets(inner)


def _simple(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def _within(node: ast.expr) -> Iterator[ast.Name | ast.Attribute]:
    """The names that calls inside of an argument are given."""
    if isinstance(node, ast.Call):
        for part in (*node.args, *(keyword.value for keyword in node.keywords)):
            yield from _named(part)
            yield from _within(part)


def _named(node: ast.expr) -> Iterator[ast.Name | ast.Attribute]:
    """The names of what an expression is or holds; not of what it merely calls or looks into."""
    match node:
        case ast.Name() | ast.Attribute():
            yield node
        case ast.List(elts=inner) | ast.Tuple(elts=inner) | ast.Set(elts=inner):
            for one in inner:
                yield from _named(one)
        case ast.Dict(values=inner):
            for one in inner:
                yield from _named(one)
        case ast.Starred(value=one) | ast.NamedExpr(value=one):
            yield from _named(one)
        case ast.IfExp(body=first, orelse=second) | ast.BinOp(left=first, right=second):
            yield from _named(first)
            yield from _named(second)
        case ast.BoolOp(values=inner):
            for one in inner:
                yield from _named(one)
        case _:
            pass
