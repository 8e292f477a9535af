"""Calls that surely do nothing with the functions and classes they are given but keep, call or compare them."""

from __future__ import annotations

import ast
import builtins

from improver.judge.names import dotted
from improver.judge.origins import STANDARD, Origin
from improver.judge.scopes import Place

CONTAINERS = frozenset(
    {"append", "appendleft", "add", "insert", "extend", "setdefault", "update", "get", "pop", "remove", "discard",
     "index", "count", "format", "join", "startswith", "endswith", "items", "keys", "values", "submit",
     "run_in_executor", "call_soon", "call_later", "create_task", "debug", "info", "warning", "error", "exception",
     "log", "write", "__setitem__", "__setattr__"}
)  # fmt: skip
_MAKERS = frozenset({"dict", "list", "set", "defaultdict", "OrderedDict", "Counter", "WeakKeyDictionary"})
# Modules of the standard library that look at what they are given, unless an entry says which of theirs do not.
_CURIOUS = frozenset({"pydoc", "doctest", "ast", "dis", "linecache", "cmd", "pdb"})


def is_builtin(name: str) -> bool:
    """Whether this is a builtin."""
    return hasattr(builtins, name)


def is_plain_standard(name: str) -> bool:
    """Whether something of the standard library does not look at the functions it is given."""
    root, _, _ = name.partition(".")
    if is_builtin(root):
        return name not in ("help", "exec", "eval", "compile")
    return root in STANDARD and root not in _CURIOUS


def method_of(node: ast.expr) -> str:
    """The name of the attribute that is called; empty for anything else."""
    return node.attr if isinstance(node, ast.Attribute) else ""


def is_super(node: ast.expr) -> bool:
    """`super().__new__(...)` and the like; base classes are judged for themselves."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Call):
        return False
    return dotted(node.value.func) == "super" and node.attr.startswith("__")


def is_own_attribute(node: ast.expr, place: Place) -> bool:
    """`self.function(...)` where that is no method but what the object was given."""
    if not isinstance(node, ast.Attribute) or dotted(node.value) not in ("self", "cls"):
        return False
    owner = next((scope for scope in reversed(place.around) if isinstance(scope, ast.ClassDef)), None)
    if owner is None:
        return False
    return any(
        isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store) and inner.attr == node.attr
        for inner in ast.walk(owner)
    )


def is_container(node: ast.expr, place: Place) -> bool:
    """Whether something is a dictionary or list that the file itself makes, holding no function: `self.table = {}`."""
    scope: ast.AST = place.module.tree
    if isinstance(node, ast.Attribute) and dotted(node.value) in ("self", "cls"):
        scope = next((one for one in reversed(place.around) if isinstance(one, ast.ClassDef)), scope)
    elif not isinstance(node, ast.Name):
        return False
    values = [value for inner in ast.walk(scope) for value in _stored(inner, dotted(node))]
    return bool(values) and all(_makes_container(value) for value in values)


def _stored(node: ast.AST, name: str) -> list[ast.expr | None]:
    """What a statement puts under a name; ``None`` where that is not known."""
    if isinstance(node, ast.Assign) and any(dotted(target) == name for target in node.targets):
        return [node.value]
    if isinstance(node, ast.AnnAssign) and dotted(node.target) == name:
        return [node.value] if node.value is not None else []
    if isinstance(node, ast.arg) and node.arg == name:
        return [None]
    target = getattr(node, "target", None) or getattr(node, "optional_vars", None)
    return [None] if isinstance(target, ast.expr) and any(dotted(one) == name for one in ast.walk(target)) else []


def _makes_container(node: ast.expr | None) -> bool:
    if isinstance(node, ast.Dict | ast.List | ast.Set):
        return not any(isinstance(inner, ast.Name | ast.Attribute | ast.Lambda) for inner in ast.walk(node))
    makers = (
        "dict",
        "list",
        "set",
        "defaultdict",
        "OrderedDict",
        "Counter",
        "WeakKeyDictionary",
        "WeakValueDictionary",
    )
    return isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in makers


def bases_of(node: ast.ClassDef) -> list[ast.expr]:
    """The bases and the metaclass."""
    return [*node.bases, *(keyword.value for keyword in node.keywords if keyword.arg in ("metaclass", None))]


def is_meta(node: ast.ClassDef) -> bool:
    """Whether a class is likely to make classes."""
    words = [dotted(base).rpartition(".")[2] for base in node.bases]
    return any(word == "type" or "Meta" in word for word in words) or "Meta" in node.name


def where_defined(origin: Origin) -> str:
    """The file and the line of a definition."""
    assert origin.place is not None
    assert origin.node is not None
    return f"{origin.place.module.path}:{origin.node.lineno}"
