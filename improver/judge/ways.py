"""Where one file gets at something by a name that is made at run time."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from improver.judge.masked import FUNCTIONS
from improver.judge.names import bindings, dotted
from improver.judge.repository import Module

_ANY = re.compile(".*", re.DOTALL)
_READ = frozenset({"__doc__", "__annotations__", "__annotate__", "__code__", "__dict__"})
_TAME_CALLS = frozenset(
    {
        "callable",
        "isinstance",
        "issubclass",
        "bool",
        "hasattr",
        "len",
        "int",
        "float",
        "iscoroutinefunction",
        "raises",
        "warns",
        "assertRaises",
        "assertRaisesRegex",
        "assertWarns",
    }
)
_MODULES = frozenset(
    {"import_module", "__import__", "iter_modules", "walk_packages", "run_path", "run_module", "locate",
     "module_from_spec", "load_module", "entry_points"}
)  # fmt: skip
_FORMS = {"get", "pop", "setdefault"}
Parents = Mapping[ast.AST, ast.AST]


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
    elif name == "globals" or (name in ("vars", "locals") and _function_around(node, parents) is None):
        if not is_used_plainly(node, parents) and not _in_getattr(node, parents):
            yield Way(node.lineno, Kind.OWN)
    elif word in ("getmembers", "getmembers_static") and node.args:
        yield Way(node.lineno, Kind.ATTRIBUTE, owner=_own_class(node.args[0], node, parents))
    elif word in _MODULES and not (node.args and _is_text(node.args[0])):
        yield Way(node.lineno, Kind.MODULE)
    elif word == "attrgetter" and not all(_is_text(given) for given in node.args):
        yield Way(node.lineno, Kind.ATTRIBUTE)
    elif (name == "eval" and not _is_tame(node, parents)) or (word == "get_objects" and not _is_sifted(node, parents)):
        yield Way(node.lineno, Kind.ANYTHING)
    elif word == "__getattribute__" and not _is_tame(node, parents) and not _in_getattr(node, parents):
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
    if _is_text(word) or _is_foreign(owner, module) or _is_tame(node, parents) or _in_getattr(node, parents):
        return
    yield Way(node.lineno, Kind.ATTRIBUTE, _made(word), owner=_own_class(owner, node, parents))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


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
    function = _function_around(node, parents)
    return function is not None and function.name in ("__getattr__", "__getattribute__")


def _function_around(node: ast.AST, parents: Parents) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    around = parents.get(node)
    while around is not None and not isinstance(around, FUNCTIONS):
        around = parents.get(around)
    return around if isinstance(around, FUNCTIONS) else None


def _is_tame(node: ast.AST, parents: Parents, depth: int = 0) -> bool:  # noqa: PLR0911 - one line a use
    """Whether what an expression gives is only called, compared or taken apart."""
    parent = parents[node]
    match parent:
        case ast.Call() if parent.func is node or dotted(parent.func).rpartition(".")[2] in _TAME_CALLS:
            return True
        case ast.Compare() | ast.UnaryOp() | ast.Assert() | ast.Expr() | ast.BinOp() | ast.AugAssign():
            return True
        case ast.If() | ast.While():
            return True
        case ast.Attribute():
            return parent.attr not in _READ and not parent.attr.startswith("__")
        case ast.Subscript():
            return parent.value is node
        case ast.BoolOp() | ast.IfExp():
            return (isinstance(parent, ast.IfExp) and parent.test is node) or _is_tame(parent, parents, depth)
        case ast.NamedExpr(target=ast.Name() as target):
            return _is_tame(parent, parents, depth) and _name_is_tame(target, parents, depth)
        case ast.Assign(targets=[ast.Name() as target]) | ast.AnnAssign(target=ast.Name() as target):
            return _name_is_tame(target, parents, depth)
        case _:
            return False


def _name_is_tame(target: ast.Name, parents: Parents, depth: int) -> bool:
    function = _function_around(target, parents)
    if function is None or depth > 2:
        return False
    if any(isinstance(node, ast.Global | ast.Nonlocal) and target.id in node.names for node in ast.walk(function)):
        return False
    return all(_is_tame(node, parents, depth + 1) for node in _loads(target, function))


def _is_instance(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "other")


def is_used_plainly(node: ast.AST, parents: Parents) -> bool:  # noqa: PLR0911 - one line a use
    """Whether a namespace is only asked for a name that is written out, or written to."""
    parent = parents[node]
    match parent:
        case ast.Compare():
            return True
        case ast.IfExp() | ast.BoolOp():
            return (isinstance(parent, ast.IfExp) and parent.test is node) or is_used_plainly(parent, parents)
        case ast.Subscript() if parent.value is node:
            return not isinstance(parent.ctx, ast.Load) or _is_text(parent.slice) or _is_tame(parent, parents)
        case ast.Attribute() if isinstance(call := parents[parent], ast.Call) and call.func is parent:
            if parent.attr == "update" or (parent.attr == "setdefault" and len(call.args) > 1):
                return parent.attr == "setdefault" or isinstance(parents[call], ast.Expr)
            return parent.attr in _FORMS and bool(call.args) and (_is_text(call.args[0]) or _is_tame(call, parents))
        case ast.Assign(targets=[ast.Name() as target]):
            return _name_is_plain(target, parents)
        case _:
            return False


def _name_is_plain(target: ast.Name, parents: Parents) -> bool:
    function = _function_around(target, parents)
    return function is not None and all(is_used_plainly(load, parents) for load in _loads(target, function))


def _loads(target: ast.Name, function: ast.AST) -> Iterator[ast.Name]:
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id == target.id and isinstance(node.ctx, ast.Load):
            yield node


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
    function = _function_around(node, parents)
    return function is not None and any(
        isinstance(inner, ast.Call) and dotted(inner.func) == "isinstance" for inner in ast.walk(function)
    )


def _is_handed(node: ast.Name, parents: Parents) -> bool:
    """Whether a function that looks up names is given to somebody, pickling apart."""
    parent = parents[node]
    if isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Call) and _is_called_in(node, parent)):
        return False
    function = _function_around(node, parents)
    while function is not None:
        if function.name in ("__reduce__", "__reduce_ex__") or node.id in set(bindings(function)):
            return False
        function = _function_around(function, parents)
    return True


def _is_called_in(node: ast.Name, call: ast.Call) -> bool:
    return call.func is node or dotted(call.func).rpartition(".")[2] in _TAME_CALLS
