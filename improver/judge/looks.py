"""What a definition does with a function or class that it is given: the words it uses, and whom it hands it to."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from improver.judge.known import ANNOTATIONS, DOCSTRINGS
from improver.judge.masked import FUNCTIONS, arguments
from improver.judge.names import dotted
from improver.judge.scopes import Definition, Place, results_of

_SOURCE = r"getsource|findsource|getcomments|linecache|co_code\b|\bdis\b|co_firstlineno"
_WORDS = {
    DOCSTRINGS: re.compile(rf"__doc__|getdoc|\bpydoc|docstring|co_consts|{_SOURCE}"),
    ANNOTATIONS: re.compile(
        rf"__annotations__|__annotate|get_type_hints|getfullargspec|getargspec|get_annotations|[sS]ignature|annotation"
        rf"|type_hints|{_SOURCE}"
    ),
}
# What of a function says nothing of its docstring or its annotations.
_PLAIN = frozenset(
    {"__name__", "__qualname__", "__module__", "__class__", "__defaults__", "__kwdefaults__", "__dict__"}
)
# What these give is in what they are called on.
_ELEMENTS = frozenset({"items", "values", "popitem", "copy"})
_COPYING = frozenset({"wraps", "update_wrapper"})


Start = frozenset[str]
# Among the parameters: that what is returned does the decorating.
_RESULT = "return"


@dataclass(frozen=True)
class Use:
    """Something that a definition does with what it is given.

    Parameters:
        kind: ``word``, ``decorator`` (of a function inside it), ``result`` (a decorator that is returned) or
            ``call`` (that is given it).
        node: the word, the decorator, or the call.
        place: where it stands.
        arguments: those arguments of a call that may be what is given.
    """

    kind: str
    node: ast.expr
    place: Place
    word: str = ""
    arguments: tuple[ast.expr, ...] = ()


def uses(node: Definition, place: Place, what: str, start: Start) -> Iterator[Use]:
    """Each place of a definition that may look at what it is given, or hand it on.

    Parameters:
        place: where the definition stands.
        what: ``docstrings`` or ``annotations``.
        start: the parameters by which it is given.
    """
    given = _given(node, start)
    if _RESULT in start:
        for returned in _results(node, given):
            yield Use("result", returned, place.inside(node))
    for inner, around in _walk(node, place):
        word = _word(inner, what)
        if word and not _is_copied(inner, node):
            assert isinstance(inner, ast.expr)
            yield Use("word", inner, around, word)
        if isinstance(inner, ast.Call):
            held = tuple(part for part in call_arguments(inner) if _holds(part, given))
            if held:
                yield Use("call", inner, around, arguments=held)
        if inner is not node and isinstance(inner, (ast.ClassDef, *FUNCTIONS)) and isinstance(node, FUNCTIONS):
            for decorator in inner.decorator_list:
                yield Use("decorator", decorator, around)


def stores(node: Definition, start: Start) -> frozenset[str]:
    """The names of the variables, lists and attributes that a definition puts into what it is given."""
    given = _given(node, start)
    found: set[str] = set()
    for inner in ast.walk(node):
        kept: list[ast.expr] = []
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute):
            kept = [inner.func.value] if any(_holds(part, given) for part in call_arguments(inner)) else []
        elif isinstance(inner, ast.Assign) and _holds(inner.value, given):
            kept = [target for target in inner.targets if not isinstance(target, ast.Name)]
        for part in kept:
            found.update(word.attr for word in ast.walk(part) if isinstance(word, ast.Attribute))
            found.update(word.id for word in ast.walk(part) if isinstance(word, ast.Name))
    return frozenset(found - given - {"self", "cls", "functools", "setdefault", "append"})


def _results(node: Definition, given: Start) -> Iterator[ast.expr]:
    """The decorators that a function returns, but for those that it has already put on what it was given."""
    if isinstance(node, FUNCTIONS):
        for value in results_of(node):
            yield from _parts(value, given)


def _parts(node: ast.expr, given: Start) -> Iterator[ast.expr]:
    match node:
        case ast.IfExp(body=first, orelse=second):
            yield from _parts(first, given)
            yield from _parts(second, given)
        case ast.Call() if not _holds(node, given):
            yield node
        case ast.Attribute() | ast.Subscript():
            yield node
        case ast.Name(id=name) if name not in given:
            yield node
        case _:
            return


def looks_by_name(name: str, what: str) -> bool:
    """Whether the name of a function says that it looks at docstrings or annotations."""
    return _WORDS[what].search(name.rpartition(".")[2]) is not None


def _walk(node: Definition, place: Place) -> Iterator[tuple[ast.AST, Place]]:
    """Everything in a definition, with the place where it stands; its own decorators and hints left out."""
    pending: list[tuple[ast.AST, Place]] = [(child, place.inside(node)) for child in node.body]
    while pending:
        inner, around = pending.pop()
        yield inner, around
        if isinstance(inner, (ast.ClassDef, *FUNCTIONS)):
            pending += [(child, around.inside(inner)) for child in inner.body]
            pending += [(child, around) for child in inner.decorator_list]
        elif isinstance(inner, ast.AnnAssign):
            pending += [(child, around) for child in (inner.target, inner.value) if child is not None]
        else:
            pending += [(child, around) for child in ast.iter_child_nodes(inner)]


def _word(node: ast.AST, what: str) -> str:
    word = getattr(node, "attr", None) or (node.id if isinstance(node, ast.Name) else None)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("__"):
        word = node.value
    return word if isinstance(word, str) and _WORDS[what].search(word) else ""


def _is_copied(inner: ast.AST, node: ast.AST) -> bool:
    """Whether a docstring is only passed on: `wrapper.__doc__ = function.__doc__`."""
    for statement in ast.walk(node):
        if isinstance(statement, ast.Assign) and all(_is_docstring(part) for part in statement.targets):
            if inner in statement.targets:
                return True
            if _is_plain_copy(statement.value) and any(part is inner for part in ast.walk(statement.value)):
                return True
    return False


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "__doc__"


def _is_plain_copy(node: ast.AST) -> bool:
    """Whether an expression is somebody's docstring as it is, or another one's where there is none."""
    match node:
        case ast.BoolOp(values=values):
            return all(_is_plain_copy(value) for value in values)
        case ast.IfExp(test=test, body=first, orelse=second):
            return _is_plain_copy(test) and _is_plain_copy(first) and _is_plain_copy(second)
        case ast.Call(func=ast.Name(id="getattr"), args=[_, ast.Constant(value="__doc__"), *_]):
            return True
        case _:
            return _is_docstring(node) or isinstance(node, ast.Constant | ast.Name)


def call_arguments(call: ast.Call) -> list[ast.expr]:
    """The arguments of a call, by place and by name."""
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _holds(node: ast.AST, given: frozenset[str]) -> bool:
    """Whether an argument may be, or contain, one of the given names: not merely its result or its name."""
    if isinstance(node, ast.Name):
        return node.id in given
    if isinstance(node, ast.Attribute):
        return node.attr not in _PLAIN and _holds(node.value, given)
    if isinstance(node, ast.Call):
        inside = isinstance(node.func, ast.Attribute) and node.func.attr in _ELEMENTS and _holds(node.func.value, given)
        return inside or any(_holds(part, given) for part in call_arguments(node))
    if isinstance(node, ast.Compare | ast.JoinedStr | ast.Constant):
        return False
    return any(_holds(child, given) for child in ast.iter_child_nodes(node))


def _given(node: Definition, start: Start) -> frozenset[str]:
    """The names under which a definition may know what it is given: parameters, and what is made of them."""
    names = set(start)
    if isinstance(node, FUNCTIONS):
        inside = (inner for inner in ast.walk(node) if inner is not node)
        names.update(inner.name for inner in inside if isinstance(inner, (ast.ClassDef, *FUNCTIONS)))
    for _ in range(3):
        for inner in ast.walk(node):
            names.update(_named_after(inner, frozenset(names)))
    return frozenset(names)


def decorating(node: Definition, *, factory: bool) -> Start:
    """The parameters by which a decorator knows what it decorates.

    Parameters:
        factory: whether it is called with options first.
    """
    if isinstance(node, ast.ClassDef):
        methods = [inner for inner in node.body if isinstance(inner, FUNCTIONS)]
        found = [inner for inner in methods if inner.name in ("__init__", "__new__", "__call__", "__get__")]
        return frozenset(name for method in found for name in _plain_parameters(method)[:3])
    if not factory:
        rest = node.args.vararg
        return frozenset([*_plain_parameters(node)[:2], *([rest.arg] if rest else [])])
    inside = [inner for inner in ast.walk(node) if isinstance(inner, (ast.Lambda, *FUNCTIONS)) and inner is not node]
    nested = [name for inner in inside if not _is_wrapper(inner) for name in all_parameters(inner)]
    optional = [argument.arg for argument in node.args.args[len(node.args.args) - len(node.args.defaults) :]]
    return frozenset([_RESULT, *nested, *optional[:1]])


def calling(node: Definition, call: ast.Call, given: Sequence[ast.expr]) -> Start:
    """The parameters by which a definition knows some arguments of a call; all of them where that is not plain."""
    function = node
    if isinstance(node, ast.ClassDef):
        made = [inner for inner in node.body if isinstance(inner, FUNCTIONS) and inner.name in ("__init__", "__new__")]
        if len(made) != 1:
            return frozenset(name for inner in made for name in all_parameters(inner))
        function = made[0]
    assert isinstance(function, FUNCTIONS)
    names = _plain_parameters(function)
    found: set[str] = set()
    for index, argument in enumerate(call.args):
        if argument in given:
            if isinstance(argument, ast.Starred) or index >= len(names):
                return all_parameters(function)
            found.update(names[index : index + 2] if names[0] == "cls" else names[index : index + 1])
    for keyword in call.keywords:
        if keyword.value in given:
            if keyword.arg not in {argument.arg for argument in arguments(function)}:
                return all_parameters(function)
            found.add(keyword.arg or "")
    return frozenset(found)


def all_parameters(node: ast.AST) -> Start:
    """Every parameter of a function but the object of a method."""
    return frozenset(argument.arg for argument in arguments(node) if argument.arg not in ("self", "mcs"))


def _plain_parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    return names[1:] if names[:1] in (["self"], ["mcs"]) else names


def _is_wrapper(node: ast.AST) -> bool:
    """Whether a function stands in for another: its parameters are then those of a call."""
    names = [dotted(part.func) for part in getattr(node, "decorator_list", ()) if isinstance(part, ast.Call)]
    if any(name.rpartition(".")[2] in _COPYING for name in names):
        return True
    rest = getattr(getattr(node, "args", None), "vararg", None)
    return rest is not None and any(_passes(inner, rest.arg) for inner in ast.walk(node))


def _passes(node: ast.AST, rest: str) -> bool:
    """Whether a call hands all of the arguments to a parameter of a function around."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return False
    return any(isinstance(part, ast.Starred) and dotted(part.value) == rest for part in node.args)


def _named_after(node: ast.AST, given: frozenset[str]) -> Iterator[str]:
    """The names that a statement binds to something made of what is given."""
    match node:
        case ast.Assign(targets=targets, value=value) if _holds(value, given):
            parts = targets
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value) if _holds(value, given):
            parts = [target]
        case ast.NamedExpr(target=target, value=value) | ast.AnnAssign(target=target, value=ast.expr() as value) if (
            _holds(value, given)
        ):
            parts = [target]
        case _:
            return
    for part in parts:
        yield from (inner.id for inner in ast.walk(part) if isinstance(inner, ast.Name) and inner.id != "self")
