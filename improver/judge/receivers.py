"""Whose docstring or annotations an expression reads: the receiver of ``x.__doc__`` and the like."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from improver.judge.masked import FUNCTIONS
from improver.judge.names import Names, bindings, dotted

_COMPREHENSIONS = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)
_SCOPES = (ast.ClassDef, ast.Lambda, *_COMPREHENSIONS, *FUNCTIONS)


@dataclass(frozen=True)
class Receivers:
    """What one expression may stand for.

    Parameters:
        names: simple names of functions, classes and modules.
        families: simple names of classes whose instances or subclasses it may be.
        own_module: whether it is the module itself.
        anything: whether it may be anything of the repository.
        any_module: whether it may be any module, and nothing else.
        sure: whether the names are those of definitions that are seen, not of what may be bound to them elsewhere.
    """

    names: frozenset[str] = frozenset()
    families: frozenset[str] = frozenset()
    own_module: bool = False
    anything: bool = False
    any_module: bool = False
    sure: bool = False


ANYTHING = Receivers(anything=True)
NOTHING = Receivers()


@dataclass(frozen=True)
class File:
    """A parsed file with what is needed to ask for receivers.

    Parameters:
        parents: the parent of every node.
        is_test: whether it holds tests; a test only reaches what it names.
    """

    tree: ast.Module
    names: Names
    parents: Mapping[ast.AST, ast.AST]
    is_test: bool = False

    def scopes(self, node: ast.AST) -> Iterator[ast.AST]:
        """The functions, classes, lambdas and comprehensions around a node, innermost first."""
        while node in self.parents:
            node = self.parents[node]
            if isinstance(node, _SCOPES):
                yield node

    def around(self, node: ast.AST) -> str:
        """The name of the outermost function or class around a node; empty at the top of the module."""
        outer = [scope for scope in self.scopes(node) if isinstance(scope, (ast.ClassDef, *FUNCTIONS))]
        return outer[-1].name if outer else ""


def receivers(node: ast.AST, file: File) -> Receivers:  # noqa: PLR0911 - one line a kind of expression
    """What an expression may stand for, as far as its file tells."""
    match node:
        case ast.Constant() | ast.JoinedStr():
            return NOTHING
        case ast.Name(id="__class__"):
            return _family(node, file)
        case ast.Name():
            return _of_name(node, file)
        case ast.Attribute():
            return _of_attribute(node, file)
        case ast.Call(func=ast.Name(id="type"), args=[ast.Name() as given]):
            return _of_name(given, file) if _is_self(given, file) else ANYTHING
        case ast.Call(func=ast.Name(id="super")):
            return ANYTHING
        case ast.Subscript() | ast.Call():
            return _of_module(node)
        case _:
            return ANYTHING


def _of_module(node: ast.Subscript | ast.Call) -> Receivers:
    """A module that is looked up by its name."""
    match node:
        case ast.Subscript(value=ast.Attribute(attr="modules"), slice=ast.Name(id="__name__")):
            return Receivers(own_module=True)
        case ast.Subscript(value=ast.Attribute(attr="modules"), slice=given):
            pass
        case ast.Call(args=[given, *_]) if dotted(node.func).endswith(("import_module", "__import__")):
            pass
        case _:
            return ANYTHING
    if isinstance(given, ast.Constant) and isinstance(given.value, str):
        return Receivers(names=frozenset({given.value.rpartition(".")[2]}))
    return Receivers(any_module=True)


def _of_name(node: ast.Name, file: File) -> Receivers:
    if _is_self(node, file):
        return _family(node, file)
    for scope in file.scopes(node):
        if isinstance(scope, (ast.ClassDef, *FUNCTIONS)):
            if node.id in set(bindings(scope)):
                return _of_local(node.id, scope, file)
        elif _binds(scope, node.id):
            return ANYTHING
    if node.id in file.names.imports:
        full = file.names.imports[node.id]
        return Receivers(frozenset({full.rpartition(".")[2]}), sure=_is_standard(full))
    if node.id in file.names.touched and node.id not in file.names.defined:
        value = file.names.assigned.get(node.id) if node.id in file.names.bound else None
        return Receivers(names=frozenset({node.id, *_words(value)})) if _is_plain(value) else ANYTHING
    return Receivers(names=frozenset({node.id}))


def _of_local(name: str, scope: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, file: File) -> Receivers:
    """A name of a function: known when nothing but definitions, imports or `compile` there bind it."""
    values = [_of_binding(node, name, scope, file) for node in ast.walk(scope)]
    found = [value for value in values if value is not None]
    if list(bindings(scope)).count(name) != len(found) or any(value.anything for value in found):
        return ANYTHING
    return Receivers(
        frozenset().union(*(value.names for value in found)),
        any_module=any(value.any_module for value in found),
        sure=all(value.sure for value in found),
    )


def _of_binding(  # noqa: PLR0911 - one line a kind of binding
    node: ast.AST, name: str, scope: ast.AST, file: File
) -> Receivers | None:
    """What one statement binds a name to; ``None`` when it does not bind it."""
    match node:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef() if node.name == name and node is not scope:
            return Receivers(names=frozenset({name}), sure=True)
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                if (alias.asname or alias.name.partition(".")[0]) == name:
                    return Receivers(names=frozenset({name, alias.name.rpartition(".")[2]}))
            return None
        case ast.Assign(targets=[ast.Name() as target], value=value) if target.id == name:
            found = receivers(value, file) if isinstance(value, ast.Call | ast.Subscript) else NOTHING
            if found.any_module:
                return found
            if isinstance(value, ast.Call) and _makes_code(value, name):
                return NOTHING
            return Receivers(names=frozenset({name, *_words(value)})) if _is_plain(value) else ANYTHING
        case ast.AnnAssign(target=ast.Name() as target, value=ast.Call(func=ast.Name(id="compile"))):
            return NOTHING if target.id == name else None
        case _:
            return None


def _makes_code(call: ast.Call, name: str) -> bool:
    """Whether a call makes a code object of its own."""
    return dotted(call.func) in ("compile", "CodeType", "types.CodeType", f"{name}.replace")


def _of_attribute(node: ast.Attribute, file: File) -> Receivers:
    if node.attr == "__class__":
        inner = receivers(node.value, file)
        return inner if inner.families else ANYTHING
    root = dotted(node).partition(".")[0]
    known = root in file.names.imports or root in file.names.defined
    if not known or any(_binds(scope, root) for scope in file.scopes(node)):
        return Receivers(names=frozenset({node.attr})) if file.is_test and root else ANYTHING
    if node.attr in ("__wrapped__", "__func__", "func", "fget", "__init__", "__call__", "__new__"):
        words = dotted(node).split(".")
        return Receivers(names=frozenset(words))
    return Receivers(frozenset({node.attr}), sure=_is_standard(file.names.imports.get(root, "")))


def _is_standard(full: str) -> bool:
    return full.partition(".")[0] in sys.stdlib_module_names


def _binds(scope: ast.AST, name: str) -> bool:
    if isinstance(scope, (ast.ClassDef, ast.Lambda, *FUNCTIONS)):
        return name in set(bindings(scope))
    return any(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name for node in ast.walk(scope)
    )


def _is_self(node: ast.Name, file: File) -> bool:
    """Whether a name is the first parameter of a method, as it was given."""
    if node.id not in ("self", "cls", "klass", "mcs"):
        return False
    around = list(file.scopes(node))
    for scope, outer in pairwise(around):
        if isinstance(scope, FUNCTIONS) and node.id in set(bindings(scope)):
            given = scope.args.posonlyargs + scope.args.args
            first = bool(given) and given[0].arg == node.id
            return first and isinstance(outer, ast.ClassDef) and not _is_meta(outer)
    return False


def _is_meta(node: ast.ClassDef) -> bool:
    return any(
        dotted(base).rpartition(".")[2] in ("type", "ABCMeta", "EnumMeta") or "Meta" in dotted(base)
        for base in node.bases
    )


def _family(node: ast.AST, file: File) -> Receivers:
    for scope in file.scopes(node):
        if isinstance(scope, ast.ClassDef):
            return Receivers(families=frozenset({scope.name}))
    return ANYTHING


def _is_plain(value: ast.expr | None) -> bool:
    """Whether a value is one of the things that its expression names."""
    plain = (ast.Name, ast.Attribute, ast.IfExp, ast.BoolOp, ast.Constant, ast.expr_context, ast.boolop)
    return value is not None and all(isinstance(node, plain) for node in ast.walk(value))


def _words(value: ast.expr | None) -> Iterator[str]:
    for node in ast.walk(value) if value is not None else ():
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
