"""Values as noun phrases: "an empty list", "a new ``Token``", "``self.name``"."""

from __future__ import annotations

import ast

from improver.analyzers.docstring.english import code, plain, with_article
from improver.analyzers.docstring.joins import annotation_names
from improver.analyzers.docstring.purity import words

_EMPTY = {"[]": "an empty list", "{}": "an empty dict", "()": "an empty tuple", "''": "an empty string"}
_EMPTY |= {"b''": "empty bytes", "set()": "an empty set", "list()": "an empty list", "dict()": "an empty dict"}
_LEAVES = 4
_DEPTH = 3


def phrase(value: ast.expr | None) -> str | None:  # noqa: PLR0911 - one case for each kind
    """A value in a few words, or ``None`` when it takes more than that."""
    if value is None:
        return None
    if isinstance(value, ast.Starred):
        return constructed(value.value)
    text = plain(value)
    if text in _EMPTY:
        return _EMPTY[text]
    match value:
        case ast.Name(id="self"):
            return "the object itself"
        case ast.Name(id="cls"):
            return "the class"
        case ast.Call(func=ast.Name(id="getattr"), args=[ast.Name(id="self"), ast.Name(id=name)], keywords=[]):
            return f"the attribute named by ``{name}``"
        case _:
            pass
    return code(text, 56) if is_plain(value) else constructed(value)


def constructed(node: ast.expr | None) -> str | None:
    """``a new ``Foo```` for a call of what is named like a class."""
    if not isinstance(node, ast.Call):
        return None
    name = plain(node.func)
    last = name.rpartition(".")[2]
    if name in {"cls", "type(self)", "self.__class__"}:
        return "a new instance of the class"
    shown = code(name, 40)
    bare = last.lstrip("_")
    if shown and last.isidentifier() and "(" not in name and bare[:1].isupper() and not bare.isupper():
        return f"a new {shown}"
    return None


_KINDS: dict[type[ast.expr], str] = {
    ast.ListComp: "a list",
    ast.List: "a list",
    ast.DictComp: "a dict",
    ast.Dict: "a dict",
    ast.SetComp: "a set",
    ast.Set: "a set",
    ast.JoinedStr: "a string",
    ast.GeneratorExp: "a generator",
}


def in_outline(node: ast.expr | None) -> str | None:
    """What kind of value an expression has, or which call makes it."""
    if type(node) in _KINDS:
        return _KINDS[type(node)]  # type: ignore[index]
    call = node.value if isinstance(node, ast.Await) else node
    if not isinstance(call, ast.Call):
        return None
    match call.func:
        case ast.Attribute(value=ast.Constant(value=str()), attr="join" | "format") | ast.Name(id="str"):
            return "a string"
        case ast.Name(id="list" | "dict" | "set" | "tuple" as kind):
            return f"a {kind}"
        case _:
            pass
    match call.func:
        case (
            ast.Attribute(value=ast.Name(id="self" | "cls")) | ast.Attribute(value=ast.Call(func=ast.Name(id="super")))
        ):
            shown = code(call.func, 40)
        case _:
            shown = None
    return None if shown is None else f"the result of {shown}"


_TYPE_WORDS = {
    "str": "a string",
    "int": "an integer",
    "float": "a float",
    "bytes": "bytes",
    "list": "a list",
    "List": "a list",
    "dict": "a dict",
    "Dict": "a dict",
    "set": "a set",
    "Set": "a set",
    "tuple": "a tuple",
    "Tuple": "a tuple",
}
_TOO_WIDE = words(
    "Any object Self NoReturn Never Callable Awaitable Coroutine Iterator Iterable Generator Type Literal"
)


def declared(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    """What a function says it returns, where that is one class besides ``None``."""
    names = annotation_names(function.returns) - {"None"}
    name = next(iter(names), "")
    if len(names) != 1 or name in _TOO_WIDE or len(name.lstrip("_")) < 3:
        return None
    shown = _TYPE_WORDS.get(name)
    if shown is None and name.lstrip("_")[:1].isupper() and not name.isupper():
        shown = with_article(code(name) or "")
    return shown


def is_vague(text: str) -> bool:
    """Whether a phrase only says of which kind a value is."""
    return text in {"a tuple", *_KINDS.values(), *_TYPE_WORDS.values()}


def is_plain(node: ast.expr, depth: int = 0) -> bool:  # noqa: PLR0911 - one case for each kind
    """Whether an expression is as easy to read as a phrase."""
    if depth > _DEPTH or sum(isinstance(part, ast.Name | ast.Constant) for part in ast.walk(node)) > _LEAVES:
        return False
    match node:
        case ast.Name() | ast.Constant():
            return True
        case ast.Attribute(value=value) | ast.Await(value=value):
            return is_plain(value, depth)
        case ast.Subscript(value=value, slice=index):
            return is_plain(value, depth + 1) and is_plain(index, depth + 1)
        case ast.Call(func=function, args=args, keywords=keywords):
            parts = [*args, *(keyword.value for keyword in keywords)]
            return is_plain(function, depth) and all(is_plain(part, depth + 1) for part in parts)
        case ast.BinOp(left=left, right=right):
            return is_plain(left, depth + 1) and is_plain(right, depth + 1)
        case ast.Slice(lower=lower, upper=upper, step=None):
            return all(part is None or is_plain(part, depth + 1) for part in (lower, upper))
        case ast.Tuple(elts=parts):
            return len(parts) > 1 and all(is_plain(part, depth + 1) for part in parts)
        case ast.UnaryOp(operand=operand) | ast.Starred(value=operand):
            return is_plain(operand, depth)
        case _:
            return False
