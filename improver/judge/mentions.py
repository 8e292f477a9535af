"""Where a name stands as a value in one file: not as what is called, not as a class to derive from, not in a hint."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from improver.judge.names import dotted, imported
from improver.judge.repository import Module

_NEVER_SHOWN = frozenset({"isinstance", "issubclass", "callable", "map", "filter"})
_CALLED_BY_KEY = frozenset({"sorted", "min", "max", "sort"})
_CLASSES = frozenset({"cls", "klass", "mcs", "__class__"})
_TAKES_CLASS = frozenset({"isinstance", "issubclass", "super", "__new__", "__setattr__", "__init__", "cast"})
Parents = Mapping[ast.AST, ast.AST]
FOREIGN = "<foreign>"
IsClass = Callable[[str], bool]


@dataclass(frozen=True)
class Mention:
    """A name as a value.

    Parameters:
        renamed: the other name under which it is imported; empty where it is used as it is.
        owner: the class whose attribute it is, where that is sure; `FOREIGN` where that is from outside.
    """

    line: int
    renamed: str = ""
    owner: str = ""


def mentions(module: Module, name: str, kind: str, is_class: IsClass | None) -> Iterator[Mention]:
    """Where a name stands as a value.

    Parameters:
        kind: ``function``, ``class`` or ``module``.
        is_class: given where the name is that of properties: tells the names of classes.
    """
    parents = module.parents
    for node in parents:
        match node:
            case ast.Name(id=word, ctx=ast.Load()) | ast.Attribute(attr=word, ctx=ast.Load()) if word == name:
                if _is_value(node, kind, parents) and not _gives_value(node, is_class):
                    yield Mention(node.lineno, owner=_owner(node, module))
            case ast.Constant(value=str(text)) if text.rpartition(".")[2].rpartition(":")[2] == name:
                if not _is_told(node, parents):
                    yield Mention(node.lineno)
            case ast.Import() | ast.ImportFrom():
                for local, full in imported(node):
                    if full.rpartition(".")[2] == name != local:
                        yield Mention(node.lineno, renamed=local)
            case ast.MatchClass() if name in node.kwd_attrs:
                yield Mention(node.lineno)
            case _:
                pass


def _owner(node: ast.AST, module: Module) -> str:
    """The class whose attribute something is: one that is written out, or the one around `self` and `cls`."""
    if not isinstance(node, ast.Attribute):
        return ""
    root = node.value
    full = module.names.resolve(root)
    first = full.partition(".")[0]
    word = dotted(root).partition(".")[0]
    imported_alone = word in module.names.bound or (word in module.names.imports and word not in module.names.touched)
    if full and first in sys.stdlib_module_names and imported_alone:
        return FOREIGN
    if not isinstance(root, ast.Name):
        return ""
    if root.id not in ("self", "cls"):
        return root.id if root.id in module.names.bound else ""
    return _class_around(node, module)


def _class_around(node: ast.AST, module: Module) -> str:
    around = module.parents.get(node)
    while around is not None and not isinstance(around, ast.ClassDef):
        around = module.parents.get(around)
    return around.name if isinstance(around, ast.ClassDef) else ""


def hand_classes(module: Module) -> Iterator[tuple[int, str]]:
    """Where the class of something is handed on without its name: the lines, with the class that names itself so."""
    for node in module.parents:
        match node:
            case ast.Call(func=ast.Name(id="type"), args=[of]) | ast.Attribute(attr="__class__", value=of):
                own = isinstance(of, ast.Name) and of.id == "self"
            case ast.Name(id="cls" | "klass", ctx=ast.Load()):
                own = True
            case _:
                continue
        if _is_given(node, module.parents):
            yield getattr(node, "lineno", 1), _class_around(node, module) if own else ""


def _is_given(node: ast.AST, parents: Parents) -> bool:
    parent = parents[node]
    if isinstance(parent, ast.keyword):
        parent = parents[parent]
    if not isinstance(parent, ast.Call) or parent.func is node:
        return False
    word = dotted(parent.func).rpartition(".")[2] or getattr(parent.func, "attr", "")
    written = word == "getattr" and len(parent.args) > 1 and isinstance(parent.args[1], ast.Constant)
    return word not in _TAKES_CLASS and not written


def _is_value(node: ast.Name | ast.Attribute, kind: str, parents: Parents) -> bool:
    parent = parents[node]
    if kind == "module":
        return not isinstance(parent, ast.Attribute)
    if isinstance(parent, ast.Delete | ast.Expr) or (
        isinstance(parent, ast.Call) and (parent.func is node or _only_calls(parent))
    ):
        return False
    return _class_is_value(node, parents) if kind == "class" else _function_is_value(node, parent, parents)


def _function_is_value(node: ast.AST, parent: ast.AST, parents: Parents) -> bool:
    match parent:
        case ast.keyword(arg="key"):
            return not _sorts(parents[parent])
        case ast.Attribute():
            return parent.attr not in ("setter", "getter", "deleter")
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            return node not in parent.decorator_list
        case _:
            return True


def _class_is_value(node: ast.AST, parents: Parents) -> bool:
    """Whether a class gets somewhere as itself."""
    parent = parents[node]
    while isinstance(parent, ast.Tuple | ast.Subscript | ast.BinOp):
        node, parent = parent, parents[parent]
    match parent:
        case ast.Attribute():
            return parent.attr in ("__doc__", "__dict__", "__init__")
        case ast.ClassDef():
            return node in parent.decorator_list
        case ast.ExceptHandler() | ast.Raise() | ast.arg():
            return False
        case ast.Call():
            return not _only_calls(parent)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return node is not parent.returns
        case _:
            return not isinstance(parent, ast.AnnAssign) or node is parent.value


def _gives_value(node: ast.Name | ast.Attribute, is_class: IsClass | None) -> bool:
    """Whether a property is taken from an instance, where it is its value and not itself."""
    if is_class is None or not isinstance(node, ast.Attribute):
        return False
    match node.value:
        case ast.Name(id=word) | ast.Attribute(attr=word):
            return word not in _CLASSES and not is_class(word)
        case ast.Call(func=ast.Name(id=word)):
            return word not in ("type", "super")
        case _:
            return True


def _only_calls(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in _NEVER_SHOWN


def _sorts(call: ast.AST) -> bool:
    return isinstance(call, ast.Call) and dotted(call.func).rpartition(".")[2] in _CALLED_BY_KEY


def _is_told(node: ast.AST, parents: Parents) -> bool:
    """Whether a string only says something: in `__all__`, in a message, as a docstring."""
    parent = parents[node]
    if isinstance(parent, ast.Expr | ast.Compare | ast.JoinedStr):
        return True
    while isinstance(parent, ast.List | ast.Tuple | ast.BinOp):
        parent = parents[parent]
    if not isinstance(parent, ast.Assign | ast.AugAssign | ast.AnnAssign):
        return False
    targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
    return all(isinstance(target, ast.Name) and target.id in ("__all__", "__slots__") for target in targets)
