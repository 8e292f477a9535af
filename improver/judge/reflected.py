"""Where a file hands over what is known at run time only: the members of a module, what a loop or a call gives."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeGuard

from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted
from improver.judge.origins import STANDARD
from improver.judge.repository import Module, Repository
from improver.judge.scopes import Place
from improver.judge.strangers import Strangers
from improver.judges import is_test

_MAY_REFLECT = re.compile(rb"\bvars\(|getmembers|import_module|__dict__|\bglobals\(\)|\bdir\(|load_module|\.load\(\)")
_TOOLS = frozenset({"tools", "toolsets", "functions", "handlers", "routes", "commands", "subcommands", "actions"})
_CURRIED = re.compile(rb"\)\([A-Za-z_(*]|\b(?:add_\w+|register\w*|run|tools)\b\s*[=(]")
_GIVING = frozenset({"getattr", "next", "list", "tuple", "set", "dict", "sorted", "reversed", "filter", "map", "vars"})
_IMPORT = re.compile(rb"(?m)^[ \t]*(?:from|import)[ \t]+([A-Za-z_]\w*)")
# What these read of what they are given is found where the readings of a file are.
_PLAIN = STANDARD - {"functools"}
_REFLECTING = frozenset(
    {"vars", "dir", "globals", "getmembers", "getmembers_static", "import_module", "__import__", "find_modules", "load"}
)


@dataclass(frozen=True)
class Reflected:
    """Finds out whether anything at all may be handed to a reader; a test only reaches what it names.

    Parameters:
        strangers: says who reads what it is given.
    """

    repository: Repository
    strangers: Strangers
    _found: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def reader(self, what: str) -> str:
        """Who may be handed anything of the repository; empty when nobody is."""
        if what not in self._found:
            self._found[what] = next(self._readers(what), "")
        return self._found[what]

    def _readers(self, what: str) -> Iterator[str]:
        for path, content in self.repository.files.items():
            if not path.endswith(".py") or is_test(path):
                continue
            roots = {name.decode("utf-8", "replace") for name in _IMPORT.findall(content)}
            looks = not roots <= _PLAIN and bool(_MAY_REFLECT.search(content))
            module = self.repository.module(path) if looks or self._may_read(content, roots) else None
            if module is not None:
                yield from self._in_file(module, what, looks=looks)

    def _may_read(self, content: bytes, roots: set[str]) -> bool:
        """Whether a file imports what is known to read, or has a loop or a call next to something of its own."""
        return bool(roots & self._roots) or (not roots <= _PLAIN and bool(_CURRIED.search(content)))

    @cached_property
    def _roots(self) -> frozenset[str]:
        """The first words of all that is known to read functions that it is given."""
        entries = self.strangers.known.entries
        kinds = ("call", "taker", "decorator", "import")
        names = (name for kind in kinds for entry in entries.get(kind, ()) for name in entry.names)
        return frozenset(name.partition(".")[0] for name in names) - _PLAIN

    def _in_file(self, module: Module, what: str, *, looks: bool) -> Iterator[str]:
        given = _reflected(module.tree) if looks else frozenset()
        pending: list[tuple[ast.AST, Place]] = [(child, Place(module)) for child in module.tree.body]
        while pending:
            node, place = pending.pop()
            if isinstance(node, ast.Call) and module.names.resolve(node.func).partition(".")[0] not in _PLAIN:
                reason = self._reason(node, place, what, given)
                if reason:
                    yield f"{module.path}:{node.lineno}: {reason}"
            inner = place.inside(node) if isinstance(node, (ast.ClassDef, *FUNCTIONS)) else place
            pending += [(child, inner) for child in ast.iter_child_nodes(node)]

    def _reason(self, call: ast.Call, place: Place, what: str, given: frozenset[str]) -> str:
        looked_up = [part for part in _arguments(call) if _holds(part, given)]
        reason = self.strangers.taker(call, place, what) if given and looked_up else ""
        if reason:
            return f"looks things up by name and {reason}"
        if not self._may_keep(call):
            return ""
        tools = [keyword.value for keyword in call.keywords if keyword.arg in _TOOLS]
        reason = self.strangers.keeper(call, place, what, tools=bool(tools))
        if not reason or not any(self._is_open(part, place) for part in _arguments(call)):
            return ""
        return f"takes what is known at run time only and {reason}"

    def _may_keep(self, call: ast.Call) -> bool:
        """Whether the text of a call is one of something that may be known to read what it is given."""
        if isinstance(call.func, ast.Call) or any(keyword.arg in _TOOLS for keyword in call.keywords):
            return True
        return dotted(call.func).rpartition(".")[2] in self._last_words

    @cached_property
    def _last_words(self) -> frozenset[str]:
        entries = self.strangers.known.entries
        found = (name for kind in ("call", "taker") for entry in entries.get(kind, ()) for name in entry.names)
        return frozenset(name.rpartition(".")[2] for name in found) - {"*"}

    def _is_open(self, node: ast.expr, place: Place) -> bool:
        """Whether nobody knows from the text what an argument is: an element of something, what a call returns."""
        match node:
            case ast.ListComp(generators=parts) | ast.GeneratorExp(generators=parts) | ast.SetComp(generators=parts):
                return not all(_is_written(part.iter, place) for part in parts)
            case ast.Call(func=ast.Name(id=name)) if name in _GIVING:
                return not all(_is_written(part, place) for part in node.args)
            case ast.Call():
                return all(origin.unsure and not origin.parameter for origin in self.strangers.origins.of(node, place))
            case ast.Name(id=name):
                sources = _loops(place).get(name, [])
                return any(not _is_written(source, place) for source in sources)
            case ast.Subscript() | ast.Starred():
                return True
            case _:
                return False


def _loops(place: Place) -> dict[str, list[ast.expr]]:
    """What the names of loops around a place run through."""
    found: dict[str, list[ast.expr]] = {}
    scope: ast.AST = place.around[-1] if place.around else place.module.tree
    for inner in ast.walk(scope):
        if isinstance(inner, ast.For | ast.AsyncFor | ast.comprehension):
            for part in ast.walk(inner.target):
                if isinstance(part, ast.Name):
                    found.setdefault(part.id, []).append(inner.iter)
    return found


def _is_written(node: ast.expr, place: Place) -> bool:
    """Whether a list stands in the text, so that whoever is in it is found by name."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("items", "values"):
        node = node.func.value
    if isinstance(node, ast.Call):
        return False
    if not isinstance(node, ast.Name):
        return isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict | ast.Constant)
    imported = node.id in place.module.names.imports
    values = (one.value for one in ast.walk(place.module.tree) if _assigns(one, node.id))
    return imported or any(isinstance(one, ast.List | ast.Tuple | ast.Set | ast.Dict) for one in values)


def _assigns(node: ast.AST, name: str) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and any(dotted(target) == name for target in node.targets)


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _reflected(tree: ast.Module) -> frozenset[str]:
    """The names of a file that may stand for something that was looked up."""
    bound = [pair for node in ast.walk(tree) for pair in _bound(node)]
    names: set[str] = set()
    for _ in range(3):
        known = frozenset(names)
        names.update(name for found, value in bound if _holds(value, known) for name in found)
    return frozenset(names)


def _bound(node: ast.AST) -> Iterator[tuple[list[str], ast.expr]]:
    """The names that a statement binds, with what it binds them to."""
    match node:
        case ast.Assign(targets=targets, value=value):
            parts = targets
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            parts = [target]
        case _:
            return
    yield [part.id for target in parts for part in ast.walk(target) if isinstance(part, ast.Name)], value


def _holds(node: ast.AST, names: frozenset[str]) -> bool:
    """Whether an expression may hold something that was looked up."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and inner.id in names:
            return True
        if isinstance(inner, ast.Attribute) and inner.attr == "__dict__":
            return True
        if isinstance(inner, ast.Call):
            word = dotted(inner.func).rpartition(".")[2]
            computed = len(inner.args) > 1 and not isinstance(inner.args[1], ast.Constant)
            if word in _REFLECTING or (word == "getattr" and computed):
                return True
    return False
