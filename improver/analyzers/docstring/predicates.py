"""Comparisons and well-known calls as predicates: (``x``, "is ``None``")."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from improver.analyzers.docstring.english import code, joined, nor, plain, texts, with_article
from improver.analyzers.docstring.purity import words


def about(expression: ast.expr, positive: bool) -> tuple[str, str] | None:
    """A subject and what is said of it: (``x``, "is ``None``"); ``None`` when it cannot be said."""
    match expression:
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return comparison(left, operator, right, positive)
        case ast.Compare(left=low, ops=[ast.LtE(), ast.LtE()], comparators=[middle, high]):
            return between(low, middle, high, positive)
        case ast.Compare():
            shown = code(expression)
            return None if shown is None else (shown, "holds" if positive else "does not hold")
        case ast.Call():
            return called(expression, positive) or truth(expression, positive)
        case _:
            return truth(expression, positive)


def between(low: ast.expr, middle: ast.expr, high: ast.expr, positive: bool) -> tuple[str, str] | None:
    """A value within or outside of two limits, both included."""
    shown = texts([low, middle, high])
    if shown is None:
        return None
    return shown[1], f"is {'' if positive else 'not '}between {shown[0]} and {shown[2]}"


def comparison(left: ast.expr, operator: ast.cmpop, right: ast.expr, positive: bool) -> tuple[str, str] | None:
    """What one comparison says."""
    if isinstance(left, ast.Constant) and not isinstance(right, ast.Constant):
        mirrored = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE, ast.Eq: ast.Eq}
        turned = mirrored.get(type(operator))
        if turned is not None:
            return comparison(right, turned(), left, positive)
    if isinstance(operator, ast.In):
        return membership(left, right, positive)
    if isinstance(left, ast.Call) and plain(left.func) == "len" and len(left.args) == 1:
        counted = count(left.args[0], operator, right, positive)
        if counted is not None:
            return counted
    return compared(left, operator, right, positive)


def compared(left: ast.expr, operator: ast.cmpop, right: ast.expr, positive: bool) -> tuple[str, str] | None:
    """Equality, identity and order."""
    subject, other = code(left), code(right, 40)
    if subject is None or other is None:
        return None
    no = "" if positive else "not "
    if isinstance(operator, ast.Is) and isinstance(left, ast.Call) and other == "``None``":
        matched = matching(left, not positive)
        if matched is not None:
            return matched
    if isinstance(operator, ast.Is):
        verb = "returns" if isinstance(left, ast.Call) and positive and other == "``None``" else f"is {no}".strip()
        return subject, f"{verb} {other}"
    if isinstance(operator, ast.Eq):
        named = isinstance(right, ast.Constant | ast.UnaryOp) or other.strip("`").rpartition(".")[2].isupper()
        return subject, f"is {no}{other}" if named else f"{'equals' if positive else 'does not equal'} {other}"
    return subject, f"is {ordered(type(operator), right, other, positive)}"


_TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt}


def ordered(kind: type[ast.cmpop], right: ast.expr, other: str, positive: bool) -> str:
    """What an order says; its opposite is said directly only of numbers, which are ordered in full."""
    number = isinstance(right, ast.Constant) and isinstance(right.value, int | float)
    if number and not positive:
        kind, positive = _TURNED[kind], True
    words = {ast.Lt: "less than", ast.Gt: "greater than", ast.LtE: "at most", ast.GtE: "at least"}
    zeros = {ast.Lt: "negative", ast.Gt: "positive", ast.LtE: "not positive", ast.GtE: "not negative"}
    if isinstance(right, ast.Constant) and number and right.value == 0:
        return zeros[kind]
    return f"{'' if positive else 'not '}{words[kind]} {other}"


def count(node: ast.expr, operator: ast.cmpop, right: ast.expr, positive: bool) -> tuple[str, str] | None:
    """What a comparison with ``len`` says."""
    subject, number = code(node), code(right, 30)
    if subject is None or number is None:
        return None
    if isinstance(right, ast.Constant) and right.value == 0 and isinstance(operator, ast.Eq | ast.Gt):
        return subject, "is empty" if isinstance(operator, ast.Eq) == positive else "is not empty"
    kind = type(operator) if positive or type(operator) is ast.Eq else _TURNED[type(operator)]
    words = {ast.Lt: "fewer than", ast.GtE: "at least", ast.Gt: "more than", ast.LtE: "at most", ast.Eq: "exactly"}
    noun = "item" if isinstance(right, ast.Constant) and right.value == 1 else "items"
    verb = "has" if positive or kind is not ast.Eq else "does not have"
    return subject, f"{verb} {words[kind]} {number} {noun}"


def membership(left: ast.expr, right: ast.expr, positive: bool) -> tuple[str, str] | None:
    """What ``in`` says: one of a few values, or an item of something."""
    counted = left.args[0] if isinstance(left, ast.Call) and plain(left.func) == "len" and len(left.args) == 1 else None
    subject = code(counted or left)
    if subject is None:
        return None
    if isinstance(right, ast.Tuple | ast.List | ast.Set) and right.elts:
        shown = texts(right.elts)
        if shown is None or len(shown) > 5:
            return None
        if counted is not None:
            return subject, f"{'has' if positive else 'does not have'} {joined(shown, 'or')} items"
        return subject, f"is {joined(shown, 'or')}" if positive else f"is {nor(shown)}"
    if counted is not None:
        return None
    other = code(right, 40)
    return None if other is None else (subject, f"is {'' if positive else 'not '}in {other}")


_Said = Callable[[str, list[str], bool], str]


def _kind_of(word: str, opposite: str) -> _Said:
    def said(_: str, kinds: list[str], positive: bool) -> str:
        if len(kinds) == 2 and not positive and opposite == "is not":
            return f"is neither {with_article(kinds[0])} nor {with_article(kinds[1])}"
        return f"{word if positive else opposite} {joined([with_article(kind) for kind in kinds], 'or')}"

    return said


_CALLS: dict[str, tuple[str, str]] = {
    "callable": ("is callable", "is not callable"),
    "os.path.exists": ("exists", "does not exist"),
    "os.path.isfile": ("is a file", "is not a file"),
    "os.path.isdir": ("is a directory", "is not a directory"),
    "os.path.isabs": ("is absolute", "is not absolute"),
    "inspect.isclass": ("is a class", "is not a class"),
    "isclass": ("is a class", "is not a class"),
    "inspect.isawaitable": ("is awaitable", "is not awaitable"),
    "inspect.iscoroutinefunction": ("is a coroutine function", "is not a coroutine function"),
    "asyncio.iscoroutinefunction": ("is a coroutine function", "is not a coroutine function"),
    "iscoroutinefunction": ("is a coroutine function", "is not a coroutine function"),
    "inspect.isfunction": ("is a function", "is not a function"),
}
_METHODS: dict[str, tuple[str, str]] = {
    "startswith": ("starts with", "does not start with"),
    "endswith": ("ends with", "does not end with"),
}
_PATHS = {"exists": "exists", "is_file": "is a file", "is_dir": "is a directory"}
_NOT_PATHS = {"exists": "does not exist", "is_file": "is not a file", "is_dir": "is not a directory"}


_PATTERN = re.compile(r"(?:.*[._])?(?:re|rx|regex|regexp|pattern|pat)s?", re.IGNORECASE)


def matching(node: ast.Call, positive: bool) -> tuple[str, str] | None:
    """What a regular expression says of a text."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=method), args=[pattern, text], keywords=[]):
            pass
        case ast.Call(func=ast.Attribute(value=pattern, attr=method), args=[text], keywords=[]):
            if method != "fullmatch" and not _PATTERN.fullmatch(plain(pattern)):
                return None
        case _:
            return None
    subject, shown = code(text), code(pattern, 40)
    if subject is None or shown is None or method not in {"match", "fullmatch", "search"}:
        return None
    if method == "search":
        return subject, f"{'contains a' if positive else 'does not contain a'} match of {shown}"
    return subject, f"{'matches' if positive else 'does not match'} {shown}"


def called(node: ast.Call, positive: bool) -> tuple[str, str] | None:  # noqa: PLR0911 - one case for each kind
    """What a well-known call says of its first argument or its object."""
    if node.keywords:
        return None
    matched = matching(node, positive)
    if matched is not None:
        return matched
    name = plain(node.func)
    match node.args:
        case [subject, kinds] if name in {"isinstance", "issubclass"}:
            return _instance(name, subject, kinds, positive)
        case [subject, ast.Constant(value=str(attribute))] if name == "hasattr":
            shown = code(subject)
            has = "has" if positive else "does not have"
            return None if shown is None else (shown, f"{has} the attribute ``{attribute}``")
        case [subject, ast.Name() as attribute] if name == "hasattr":
            shown = code(subject)
            has = "has" if positive else "does not have"
            return None if shown is None else (shown, f"{has} an attribute named by ``{attribute.id}``")
        case [subject] if name in _CALLS:
            shown = code(subject)
            return None if shown is None else (shown, _CALLS[name][not positive])
        case [ast.Constant(value=str() | bytes()) | ast.Tuple() | ast.Name() | ast.Attribute() as affix] if isinstance(
            node.func, ast.Attribute
        ):
            return _affix(node.func, affix, positive)
        case [] if isinstance(node.func, ast.Attribute) and node.func.attr in {"is_file", "is_dir"}:
            shown = code(node.func.value)
            words = _PATHS if positive else _NOT_PATHS
            return None if shown is None else (shown, words[node.func.attr])
    return None


def _instance(name: str, subject: ast.expr, kinds: ast.expr, positive: bool) -> tuple[str, str] | None:
    nodes = kinds.elts if isinstance(kinds, ast.Tuple) else [kinds]
    shown, classes = code(subject), texts(nodes)
    if shown is None or not classes or len(classes) > 4:
        return None
    if not all(isinstance(node, ast.Name | ast.Attribute) for node in nodes):
        return None
    if not all(
        kind.strip("`").rpartition(".")[2].lstrip("_")[:1].isupper() or kind.strip("`") in _TYPES for kind in classes
    ):
        return shown, f"is {'' if positive else 'not '}an instance of {joined(classes, 'or')}"
    if name == "issubclass":
        return shown, f"is {'' if positive else 'not '}a subclass of {joined(classes, 'or')}"
    return shown, _kind_of("is", "is not")(shown, classes, positive)


_TYPES = words(
    "str int float bool bytes bytearray list tuple dict set frozenset complex type object range slice memoryview"
)


def _affix(function: ast.Attribute, affix: ast.expr, positive: bool) -> tuple[str, str] | None:
    if function.attr not in _METHODS:
        return None
    shown = code(function.value)
    parts = texts(affix.elts if isinstance(affix, ast.Tuple) else [affix])
    return (
        None
        if shown is None or not parts
        else (shown, f"{_METHODS[function.attr][not positive]} {joined(parts, 'or')}")
    )


_ASKING = (
    "is",
    "has",
    "can",
    "should",
    "are",
    "was",
    "supports",
    "exists",
    "needs",
    "allow",
    "in_",
    "contains",
    "any",
    "all",
)


def truth(node: ast.expr, positive: bool) -> tuple[str, str] | None:
    """What the bare truth of an expression says."""
    shown = code(node)
    if shown is None:
        return None
    name = node.func if isinstance(node, ast.Call) else node
    last = name.attr if isinstance(name, ast.Attribute) else name.id if isinstance(name, ast.Name) else ""
    asking = last.lstrip("_").startswith(_ASKING) or isinstance(node, ast.Compare | ast.BoolOp)
    if asking:
        return shown, "is true" if positive else "is false"
    return shown, "is truthy" if positive else "is falsy"
