"""Whether an annotation can be evaluated without failing or acting, and whether somebody reads it."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass

from improver.judge.names import Names, bindings

_CLASSES = frozenset(
    name for name in dir(builtins) if isinstance(getattr(builtins, name), type) and not name.startswith("_")
) - {"ExceptionGroup", "BaseExceptionGroup", "EncodingWarning", "PythonFinalizationError"}
_GENERIC_BUILTINS = {"list": 1, "set": 1, "frozenset": 1, "type": 1, "dict": 2, "tuple": -1}
# How many parameters each takes; -1 for any number but none.
_TYPING = {
    "List": 1, "Set": 1, "FrozenSet": 1, "Deque": 1, "Type": 1, "Optional": 1, "Iterable": 1, "Iterator": 1,
    "Sequence": 1, "MutableSequence": 1, "Collection": 1, "Container": 1, "Reversible": 1, "AbstractSet": 1,
    "MutableSet": 1, "Awaitable": 1, "AsyncIterable": 1, "AsyncIterator": 1, "KeysView": 1, "ValuesView": 1,
    "Counter": 1, "Dict": 2, "Mapping": 2, "MutableMapping": 2, "DefaultDict": 2, "OrderedDict": 2, "ItemsView": 2,
    "ChainMap": 2, "Generator": 3, "Coroutine": 3, "AsyncGenerator": 2, "Union": -1, "Tuple": -1,
}  # fmt: skip
_PLAIN_TYPING = frozenset(
    {"Any", "AnyStr", "Callable", "Hashable", "Sized", "SupportsInt", "SupportsFloat", "SupportsIndex", "SupportsAbs",
     "Text", "NoReturn", "IO", "TextIO", "BinaryIO", "Pattern", "Match", "ContextManager", "Literal"}
)  # fmt: skip
_NEVER_ALONE = frozenset({"Optional", "Union", "Literal", "NoReturn"})
_MODULES = ("typing", "collections.abc")
_STANDARD = {
    "pathlib": frozenset({"Path", "PurePath", "PosixPath", "PurePosixPath", "PureWindowsPath"}),
    "datetime": frozenset({"date", "datetime", "time", "timedelta", "timezone", "tzinfo"}),
    "decimal": frozenset({"Decimal", "Context"}),
    "fractions": frozenset({"Fraction"}),
    "uuid": frozenset({"UUID"}),
    "enum": frozenset({"Enum", "IntEnum", "Flag"}),
    "io": frozenset({"StringIO", "BytesIO", "TextIOWrapper", "IOBase", "RawIOBase", "BufferedReader"}),
    "collections": frozenset({"OrderedDict", "defaultdict", "deque", "Counter", "ChainMap"}),
    "types": frozenset({"FunctionType", "ModuleType", "TracebackType", "FrameType", "CodeType", "SimpleNamespace"}),
    "logging": frozenset({"Logger", "Handler", "LogRecord", "Formatter"}),
    "argparse": frozenset({"ArgumentParser", "Namespace"}),
    "threading": frozenset({"Thread", "Event", "Condition"}),
    "numbers": frozenset({"Number", "Real", "Integral", "Complex", "Rational"}),
}
_FORBIDDEN = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await, ast.Call, ast.Lambda, ast.JoinedStr, ast.Starred,
              ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.IfExp, ast.BoolOp, ast.Compare,
              ast.Dict, ast.Set, ast.Slice)  # fmt: skip


@dataclass(frozen=True)
class Evaluation:
    """Where an annotation is evaluated.

    Parameters:
        names: the names of the module.
        line: the line on which the statement at the top of the module begins that holds it.
        around: the classes and functions it stands in.
        deferred: whether it is never evaluated, because the module asks for that or because it is local.
        python: the oldest Python that runs it.
    """

    names: Names
    line: int
    around: tuple[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, ...]
    deferred: bool
    python: tuple[int, int]


def acts(annotation: ast.expr, where: Evaluation) -> str:
    """Why evaluating an annotation could fail or act; empty when it cannot."""
    for node in ast.walk(annotation):
        if isinstance(node, _FORBIDDEN):
            return f"holds {_spoken(node)}"
        if isinstance(node, ast.Name) and not node.id.isascii():
            return f"holds the name `{node.id}`, which is not plain ASCII"
    if where.deferred:
        return ""
    return _evaluated(annotation, where)


def _spoken(node: ast.AST) -> str:
    words = {"NamedExpr": "an assignment", "Call": "a call", "Await": "an `await`", "Yield": "a `yield`"}
    return words.get(type(node).__name__, f"a part that is no type ({type(node).__name__})")


def _evaluated(node: ast.expr, where: Evaluation) -> str:  # noqa: PLR0911 - one line a kind of expression
    match node:
        case ast.Constant(value=str() | None):
            return ""
        case ast.Constant():
            return "holds a constant that is no type"
        case ast.Name():
            return "" if _is_bound(node.id, where) else f"`{node.id}` may not exist at that point"
        case ast.Attribute():
            return "" if _known_class(node, where) or _typing_name(node, where) else _unknown(node)
        case ast.Subscript():
            return _subscript(node, where)
        case ast.BinOp(op=ast.BitOr()):
            return _union(node, where)
        case _:
            return _unknown(node)


def _unknown(node: ast.expr) -> str:
    return f"`{ast.unparse(node)[:60]}` is not known to evaluate without effect"


def _is_bound(name: str, where: Evaluation) -> bool:
    """Whether a name surely exists: bound once at the top, further up, or a builtin nobody rebinds."""
    if any(name in set(bindings(scope)) for scope in where.around):
        return False
    line = where.names.bound.get(name)
    if line is not None:
        return line < where.line
    return hasattr(builtins, name) and name in _CLASSES and name not in where.names.touched


def _origin(node: ast.expr, where: Evaluation) -> str:
    """The dotted name an expression surely stands for; empty when that is not sure."""
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    if not isinstance(root, ast.Name) or not _is_bound(root.id, where) or where.names.stars:
        return ""
    return where.names.resolve(node)


def _typing_name(node: ast.expr, where: Evaluation) -> str:
    name = _origin(node, where)
    module, _, last = name.rpartition(".")
    known = last in _TYPING or last in _PLAIN_TYPING
    return last if known and module in _MODULES and _exists(module, last) else ""


def _exists(module: str, name: str) -> bool:
    import collections.abc  # noqa: PLC0415
    import typing  # noqa: PLC0415

    return hasattr(typing if module == "typing" else collections.abc, name)


def _known_class(node: ast.expr, where: Evaluation) -> bool:
    """Whether an expression is surely a class whose metaclass does nothing unusual."""
    name = _origin(node, where)
    if isinstance(node, ast.Name) and name == node.id:
        own = where.names.defined.get(node.id)
        if isinstance(own, ast.ClassDef):
            return not own.keywords and not own.decorator_list and all(_known_class(base, where) for base in own.bases)
        return node.id in _CLASSES and node.id not in where.names.touched
    module, _, last = name.rpartition(".")
    return last in _STANDARD.get(module, frozenset())


def _subscript(node: ast.Subscript, where: Evaluation) -> str:  # noqa: PLR0911 - one line a reason
    given = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    name = _typing_name(node.value, where)
    bare = isinstance(node.value, ast.Name) and node.value.id in _GENERIC_BUILTINS and _known_class(node.value, where)
    if bare:
        assert isinstance(node.value, ast.Name)
        wanted = _GENERIC_BUILTINS[node.value.id]
        if where.python < (3, 9):
            return f"`{node.value.id}[...]` needs Python 3.9"
    elif name and _origin(node.value, where).startswith("collections.abc") and where.python < (3, 9):
        return f"`{name}[...]` from `collections.abc` needs Python 3.9"
    elif name == "Callable":
        return _callable(given, where)
    elif name == "Literal":
        return "" if all(_is_literal(value) for value in given) else _unknown(node)
    elif name in _TYPING:
        wanted = _TYPING[name]
    else:
        return _unknown(node)
    if name == "Tuple" or (bare and wanted == -1):
        given = [value for index, value in enumerate(given) if not (index and _is_ellipsis(value))]
    if wanted not in (-1, len(given)) or not given:
        return f"`{ast.unparse(node)[:60]}` has the wrong number of parameters"
    return next((reason for value in given if (reason := _type_argument(value, where))), "")


def _callable(given: list[ast.expr], where: Evaluation) -> str:
    if len(given) != 2 or not (isinstance(given[0], ast.List) or _is_ellipsis(given[0])):
        return "a `Callable` without a list of parameters and a result"
    inner = [*(given[0].elts if isinstance(given[0], ast.List) else []), given[1]]
    return next((reason for value in inner if (reason := _type_argument(value, where))), "")


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def _is_literal(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (str, bytes, int, bool, type(None))


def _type_argument(node: ast.expr, where: Evaluation) -> str:
    """Why an expression may not be accepted as the parameter of a generic type; empty when it is."""
    if isinstance(node, ast.Constant) and node.value is None:
        return ""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _forward(node.value)
    if isinstance(node, ast.Name | ast.Attribute):
        name = _typing_name(node, where)
        known = _known_class(node, where) or (name and name not in _NEVER_ALONE) or _is_type_variable(node, where)
        return "" if known else f"`{ast.unparse(node)}` is not known to be a class"
    return _evaluated(node, where)


def _forward(text: str) -> str:
    try:
        parsed = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"`{text[:60]}` is no type"
    plain = all(isinstance(node, _PLAIN_FORWARD) for node in ast.walk(parsed)) and text == text.strip()
    return "" if plain else f"`{text[:60]}` is no plain type"


_PLAIN_FORWARD = (ast.Expression, ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.Constant, ast.expr_context)


def _is_type_variable(node: ast.expr, where: Evaluation) -> bool:
    value = where.names.assigned.get(node.id) if isinstance(node, ast.Name) else None
    if not isinstance(value, ast.Call) or not isinstance(node, ast.Name) or not _is_bound(node.id, where):
        return False
    return where.names.resolve(value.func) in ("typing.TypeVar", "typing.NewType")


def _union(node: ast.BinOp, where: Evaluation) -> str:
    if where.python < (3, 10):
        return "`X | Y` needs Python 3.10"
    members: list[ast.expr] = []
    pending: list[ast.expr] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitOr):
            pending += [part.left, part.right]
        else:
            members.append(part)
    classes = [part for part in members if not (isinstance(part, ast.Constant) and part.value is None)]
    if not classes or len(members) - len(classes) > 1:
        return _unknown(node)
    return next((reason for part in classes if (reason := _member(part, where))), "")


def _member(node: ast.expr, where: Evaluation) -> str:
    if isinstance(node, ast.Subscript):
        return _subscript(node, where)
    name = _typing_name(node, where)
    known = _known_class(node, where) or (name in _TYPING and name not in _NEVER_ALONE)
    return "" if known else f"`{ast.unparse(node)[:60]}` is not known to be a class"
