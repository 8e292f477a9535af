"""Where one file gets at something by a name that is made at run time."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from improver.judge.names import bindings, dotted
from improver.judge.repository import Module
from improver.judge.uses import TAME_CALLS, Parents, function_around, is_tame, is_text, is_used_plainly

_ANY = re.compile(".*", re.DOTALL)
_MODULES = frozenset(
    {"import_module", "__import__", "iter_modules", "walk_packages", "run_path", "run_module", "locate",
     "module_from_spec", "load_module", "entry_points"}
)  # fmt: skip


class Kind(Enum):
    """What is got at by a name made at run time."""

    ATTRIBUTE = "an attribute of something"
    NAMESPACE = "a namespace with all that is in it"
    OWN = "the namespace of the module itself"
    MODULE = "a module"
    ANYTHING = "anything"


@dataclass(frozen=True)
class Way:
    """A place at which something is got at by a name that is made at run time, and is not only called.

    Parameters:
        pattern: the names that may be made there.
        owner: the simple name of the class whose family it is looked up in; empty where it may be anything.
        of_class: whether it is surely a class in which it is looked up, known at run time only.
    """

    line: int
    kind: Kind
    pattern: re.Pattern[str] = _ANY
    owner: str = ""
    of_class: bool = False


def ways_in(module: Module) -> Iterator[Way]:
    """The ways of a file."""
    parents = module.parents
    for node in parents:
        match node:
            case ast.Call():
                yield from _call(node, module)
            case ast.Attribute(attr="__dict__", ctx=ast.Load()):
                yield from _namespace(node.value, node, module)
            case ast.Attribute() if dotted(node) == "sys.modules":
                if not is_used_plainly(node, parents) and not _is_own_name(node, parents):
                    yield Way(node.lineno, Kind.MODULE)
            case ast.Attribute(attr="f_globals" | "f_locals") if not is_used_plainly(node, parents):
                yield Way(node.lineno, Kind.ANYTHING)
            case ast.Name(id="getattr" | "attrgetter" | "vars") if _is_handed(node, parents):
                yield Way(node.lineno, Kind.ANYTHING)
            case _:
                pass


def _call(node: ast.Call, module: Module) -> Iterator[Way]:
    name = dotted(node.func)
    word = name.rpartition(".")[2] or getattr(node.func, "attr", "")
    parents = module.parents
    if name == "getattr" and len(node.args) > 1:
        yield from _getattr(node, module)
    elif name == "vars" and node.args:
        yield from _namespace(node.args[0], node, module)
    elif name == "globals" or (name in ("vars", "locals") and function_around(node, parents) is None):
        if not is_used_plainly(node, parents) and not _in_getattr(node, parents):
            yield Way(node.lineno, Kind.OWN)
    elif word in ("getmembers", "getmembers_static") and node.args:
        yield Way(node.lineno, Kind.ATTRIBUTE, owner=_own_class(node.args[0], node, parents))
    elif word in _MODULES and not (node.args and is_text(node.args[0])):
        yield Way(node.lineno, Kind.MODULE)
    elif word == "attrgetter" and not all(is_text(given) for given in node.args):
        yield Way(node.lineno, Kind.ATTRIBUTE)
    elif (name == "eval" and not is_tame(node, parents)) or (word == "get_objects" and not _is_sifted(node, parents)):
        yield Way(node.lineno, Kind.ANYTHING)
    elif word == "__getattribute__" and not is_tame(node, parents) and not _in_getattr(node, parents):
        yield Way(node.lineno, Kind.ATTRIBUTE)


def _namespace(owner: ast.expr, node: ast.expr, module: Module) -> Iterator[Way]:
    if _is_instance(owner) or is_used_plainly(node, module.parents):
        return
    own = isinstance(owner, ast.Name) and owner.id in ("cls", "klass")
    made = isinstance(owner, ast.Call) and dotted(owner.func) == "type"
    of_class = made or (isinstance(owner, ast.Attribute) and owner.attr == "__class__")
    if not (own or of_class) and _is_kept_whole(owner, node, module):
        return
    yield Way(node.lineno, Kind.NAMESPACE, owner=_around(node, module.parents) if own else "", of_class=of_class)


def _is_kept_whole(owner: ast.expr, node: ast.expr, module: Module) -> bool:
    """Whether the namespace of something that is known at run time only is stored or handed on, not looked through.

    That is what is done with the state of an instance, in which nothing of a class is.
    """
    root = dotted(owner).partition(".")[0]
    if root in module.names.imports or root in module.names.defined:
        return False
    parent = module.parents[node]
    if isinstance(parent, ast.Call):
        return dotted(parent.func) not in ("dict", "list", "sorted", "tuple", "set", "iter", "max", "min")
    return isinstance(parent, ast.Assign | ast.Return | ast.keyword | ast.Dict) and not (
        isinstance(parent, ast.Assign) and any(isinstance(target, ast.Name) for target in parent.targets)
    )


def _getattr(node: ast.Call, module: Module) -> Iterator[Way]:
    owner, word = node.args[:2]
    parents = module.parents
    if is_text(word) or _is_foreign(owner, module) or is_tame(node, parents) or _in_getattr(node, parents):
        return
    yield Way(node.lineno, Kind.ATTRIBUTE, _made(word), owner=_own_class(owner, node, parents))


def _is_foreign(node: ast.expr, module: Module) -> bool:
    """Whether something is looked up in a module of the standard library."""
    root = dotted(node).partition(".")[0]
    full = module.names.imports.get(root, "")
    return full.partition(".")[0] in sys.stdlib_module_names and root in module.names.bound


def _own_class(owner: ast.expr, node: ast.AST, parents: Parents) -> str:
    own = isinstance(owner, ast.Name) and owner.id in ("self", "cls")
    return _around(node, parents) if own or (isinstance(owner, ast.Call) and dotted(owner.func) == "super") else ""


def _around(node: ast.AST, parents: Parents) -> str:
    around = parents.get(node)
    while around is not None and not isinstance(around, ast.ClassDef):
        around = parents.get(around)
    return around.name if isinstance(around, ast.ClassDef) else ""


def _made(word: ast.AST) -> re.Pattern[str]:
    """The names that an expression may make, as far as a fixed beginning or end tells."""
    match word:
        case ast.JoinedStr(values=[*parts]):
            return re.compile("".join(_part(part) for part in parts), re.DOTALL)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return re.compile(_part(left) + _part(right), re.DOTALL)
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str(text))):
            fixed = re.split(r"%(?:\(\w+\))?[sdr]", text)
            return re.compile(".*".join(re.escape(part) for part in fixed), re.DOTALL)
        case _:
            return _ANY


def _part(node: ast.AST) -> str:
    return re.escape(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ".*"


def _in_getattr(node: ast.AST, parents: Parents) -> bool:
    """Whether `__getattr__` looks up a name: who asks says the name."""
    function = function_around(node, parents)
    return function is not None and function.name in ("__getattr__", "__getattribute__")


def _is_instance(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "other")


def _is_own_name(node: ast.AST, parents: Parents) -> bool:
    """Whether a module looks itself up, to set or get a name of its own."""
    parent = parents[node]
    own = isinstance(parent, ast.Subscript) and isinstance(parent.slice, ast.Name) and parent.slice.id == "__name__"
    around = parents[parent]
    return own and (
        isinstance(around, ast.Attribute)
        or (isinstance(around, ast.Call) and dotted(around.func) in ("setattr", "getattr"))
    )


def _is_sifted(node: ast.AST, parents: Parents) -> bool:
    """Whether of all objects only the instances of some class are looked at."""
    function = function_around(node, parents)
    return function is not None and any(
        isinstance(inner, ast.Call) and dotted(inner.func) == "isinstance" for inner in ast.walk(function)
    )


def _is_handed(node: ast.Name, parents: Parents) -> bool:
    """Whether a function that looks up names is given to somebody, pickling apart."""
    parent = parents[node]
    if isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Call) and _is_called_in(node, parent)):
        return False
    function = function_around(node, parents)
    while function is not None:
        if function.name in ("__reduce__", "__reduce_ex__") or node.id in set(bindings(function)):
            return False
        function = function_around(function, parents)
    return True


def _is_called_in(node: ast.Name, call: ast.Call) -> bool:
    return call.func is node or dotted(call.func).rpartition(".")[2] in TAME_CALLS
