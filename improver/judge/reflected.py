"""Where a file hands over what it looked up by a name that is known at run time only: the members of a module."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted
from improver.judge.origins import STANDARD
from improver.judge.repository import Module, Repository
from improver.judge.scopes import Place
from improver.judge.strangers import Strangers
from improver.judges import is_test

_MAY_REFLECT = re.compile(rb"\bvars\(|getmembers|import_module|__dict__|\bglobals\(\)|\bdir\(|load_module|\.load\(\)")
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
            if not path.endswith(".py") or is_test(path) or not _MAY_REFLECT.search(content):
                continue
            if not _imports_strangers(content):
                continue
            module = self.repository.module(path)
            if module is not None:
                yield from self._in_file(module, what)

    def _in_file(self, module: Module, what: str) -> Iterator[str]:
        given = _reflected(module.tree)
        if not given and b"getattr(" not in self.repository.files[module.path]:
            return
        pending: list[tuple[ast.AST, Place]] = [(child, Place(module)) for child in module.tree.body]
        while pending:
            node, place = pending.pop()
            if isinstance(node, ast.Call) and module.names.resolve(node.func).partition(".")[0] not in _PLAIN:
                held = [part for part in _arguments(node) if _holds(part, given)]
                reason = self.strangers.taker(node, place, what) if held else ""
                if reason:
                    yield f"{module.path}:{node.lineno}: looks things up by name and {reason}"
            inner = place.inside(node) if isinstance(node, (ast.ClassDef, *FUNCTIONS)) else place
            pending += [(child, inner) for child in ast.iter_child_nodes(node)]


def _imports_strangers(content: bytes) -> bool:
    roots = {name.decode("utf-8", "replace") for name in _IMPORT.findall(content)}
    return not roots <= _PLAIN


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
