"""Readings by the name of an attribute as a string, and of whole namespaces, which hold docstrings too."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from improver.judge.copies import Reading, copied_to, is_callable
from improver.judge.known import ANNOTATIONS, DOCSTRINGS
from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted
from improver.judge.receivers import ANYTHING, File, Receivers, receivers
from improver.judge.uses import is_used_plainly

_WHOLE = frozenset({"__doc__", "__annotations__", "use_attribute_docstrings"})
_PART = re.compile(r"[.{(\[]_{2}(doc|annotations)__\b|\b__(doc|annotations)__[\])}]")
_MADE = re.compile(r"__(?:%s|%\(\w+\)s|\{\w*\})__")


def in_text(node: ast.Constant, file: File) -> Iterator[Reading]:
    """Who is read by a string: the name of an attribute, a template that holds one, or one that makes one."""
    text = node.value
    assert isinstance(text, str)
    if "__" not in text and text != "use_attribute_docstrings":
        return
    if text in _WHOLE:
        yield from _word(node, file)
    elif isinstance(file.parents[node], ast.Expr):
        return
    elif (part := _PART.search(text)) is not None:
        what = DOCSTRINGS if "doc" in part.group() else ANNOTATIONS
        yield Reading(what, ANYTHING, node.lineno, f"uses `{part.group()}` in a string")
    elif (_MADE.fullmatch(text) or _is_half(node, file)) and not _is_name_of_its_own(node, file):
        yield Reading(DOCSTRINGS, ANYTHING, node.lineno, "makes names such as `__doc__`", made=True)
        yield Reading(ANNOTATIONS, ANYTHING, node.lineno, "makes names such as `__annotations__`", made=True)


def _is_half(node: ast.Constant, file: File) -> bool:
    """Whether `__` is put before something at run time, and after it."""
    parent = file.parents[node]
    if node.value == "__" and isinstance(parent, ast.JoinedStr):
        return parent.values[0] is node and len(parent.values) > 2
    return node.value == "__" and isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add)


def _is_name_of_its_own(node: ast.Constant, file: File) -> bool:
    """Whether what is made is set as the name of a function or class."""
    around = file.parents[node]
    while not isinstance(around, ast.stmt):
        around = file.parents[around]
    targets = around.targets if isinstance(around, ast.Assign) else []
    return bool(targets) and all(
        isinstance(target, ast.Attribute) and target.attr in ("__name__", "__qualname__") for target in targets
    )


def of_namespace(node: ast.Call, file: File) -> Iterator[Reading]:
    """Who is read when all names of something are asked for with their values."""
    name = file.names.resolve(node.func)
    word = name.rpartition(".")[2]
    if word not in ("vars", "globals", "getmembers", "getmembers_static") or name in file.names.touched:
        return
    if word in ("vars", "globals") and (is_used_plainly(node, file.parents) or _gives_names(node, file)):
        return
    if not node.args:
        of = Receivers(own_module=next(file.scopes(node), None) is None or word == "globals")
    else:
        of = receivers(node.args[0], file)
    if word == "vars" and of.anything:  # an instance, as far as anybody can tell; it holds no docstring
        return
    for what in (DOCSTRINGS, ANNOTATIONS):
        yield Reading(what, of, node.lineno, f"`{word}` gives the {what} among other things")


def _gives_names(node: ast.Call, file: File) -> bool:
    """Whether only the names in a namespace are asked for, or it is written to."""
    match file.parents[node]:
        case ast.Call(func=ast.Name(id="len" | "sorted" | "set" | "list" | "tuple" | "frozenset")):
            return True
        case ast.For() | ast.comprehension():
            return True
        case ast.Subscript() as parent:
            return not isinstance(parent.ctx, ast.Load)
        case _:
            return False


def _word(node: ast.Constant, file: File) -> Iterator[Reading]:
    """The name of an attribute as a string: `getattr(x, "__doc__")`, `vars(x)["__doc__"]`, `__slots__`."""
    parent = file.parents[node]
    what = ANNOTATIONS if node.value == "__annotations__" else DOCSTRINGS
    if isinstance(parent, ast.Expr):
        return
    if _is_listed(node, file):
        yield Reading(what, Receivers(own_module=True), node.lineno, f"names `{node.value!s}` of its own module")
        return
    if isinstance(parent, ast.Dict) and node in parent.keys and _makes_class(parent, file):
        return
    if isinstance(parent, ast.Subscript) and not isinstance(parent.ctx, ast.Load):
        return
    if isinstance(parent, ast.Call) and node in parent.args[1:2]:
        function = dotted(parent.func)
        if function in ("setattr", "delattr"):
            return
        if function in ("getattr", "hasattr"):
            yield from _getattr(parent, what, file)
            return
    of, frame = _subscripted(parent, file)
    yield Reading(what, of, node.lineno, f"uses the word `{node.value!s}`", everywhere=frame)


def _makes_class(node: ast.Dict, file: File) -> bool:
    """Whether a namespace is written out for a class that is made."""
    parent = file.parents[node]
    return isinstance(parent, ast.Call) and dotted(parent.func).rpartition(".")[2] in ("type", "new_class", "update")


def _subscripted(parent: ast.AST, file: File) -> tuple[Receivers, bool]:
    """Whose namespace is asked for a name, and whether it is that of a frame, which belongs to anybody."""
    if not isinstance(parent, ast.Subscript):
        return ANYTHING, False
    match parent.value:
        case ast.Attribute(attr="f_globals" | "f_locals"):
            return ANYTHING, True
        case ast.Attribute(attr="__dict__", value=owner) | ast.Call(func=ast.Name(id="vars"), args=[owner]):
            return receivers(owner, file), False
        case ast.Call(func=ast.Name(id="globals")):
            return Receivers(own_module=True), False
        case _:
            return ANYTHING, False


def _is_listed(node: ast.AST, file: File) -> bool:
    """Whether a word stands among the names that a module says it has: in `__all__`, or in what `__dir__` gives."""
    parent = file.parents[node]
    while isinstance(parent, ast.List | ast.Tuple | ast.BinOp):
        parent = file.parents[parent]
    if isinstance(parent, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        return all(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)
    scope = file.parents.get(parent)
    return isinstance(parent, ast.Return) and isinstance(scope, FUNCTIONS) and scope.name == "__dir__"


def _getattr(call: ast.Call, what: str, file: File) -> Iterator[Reading]:
    of = receivers(call.args[0], file)
    target = copied_to(call, file)
    called = is_callable(call.args[0], file)
    yield Reading(what, of, call.lineno, f"reads the {what}", copied_to=target, is_callable=called)
