"""Which calls leave everything a caller can see as it was."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


PURE_FUNCTIONS = words(
    "abs all any ascii bin bool bytes callable chr complex dict divmod enumerate filter float format frozenset "
    "getattr hasattr hash hex id int isinstance issubclass len list map max min oct ord pow property range repr "
    "reversed round set slice sorted str sum super tuple type vars zip cast print NotImplemented "
    "isclass isfunction ismethod iscoroutinefunction isgeneratorfunction isawaitable isbuiltin ismodule"
)
PURE_MODULES = words("os.path posixpath ntpath math operator inspect re string textwrap itertools posixpath")
IMMUTABLE_METHODS = words(
    "capitalize casefold center count decode encode endswith expandtabs find format hex index isalnum isalpha isascii "
    "isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip "
    "partition replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title "
    "translate upper zfill total_seconds isoformat strftime bit_length is_absolute relative_to with_suffix"
)
PURE_METHODS = IMMUTABLE_METHODS | words(
    "get keys values items copy exists is_file is_dir issubset issuperset isdisjoint union intersection difference "
    "group groups groupdict match search fullmatch"
)
IMMUTABLE_RESULTS = words("bool bytes chr float frozenset hash hex id int len ord repr round str type abs")
IMMUTABLE_TYPES = words("str int float bool bytes complex None Path date datetime timedelta Decimal Fraction")


@lru_cache(maxsize=512)
def dumped(node: ast.AST) -> str:
    """A text that is equal for code that reads the same."""
    return ast.dump(node)


def dotted(node: ast.expr) -> str:
    """``a.b.c`` for a chain of plain names, else an empty text."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def is_pure(call: ast.Call) -> bool:
    """Whether the call is known to change nothing but its result."""
    function = call.func
    if isinstance(function, ast.Name):
        return function.id in PURE_FUNCTIONS or function.id.endswith(("Error", "Exception"))
    if isinstance(function, ast.Attribute):
        module, _, name = dotted(function).rpartition(".")
        return function.attr in PURE_METHODS or module in PURE_MODULES or name == "cast"
    return False


def is_immutable(value: ast.expr) -> bool:
    """Whether the value of an expression can never change its contents."""
    match value:
        case ast.Constant() | ast.JoinedStr() | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BinOp(left=left, right=right):
            return is_immutable(left) or is_immutable(right)
        case ast.Call(func=ast.Name(id=name)):
            return name in IMMUTABLE_RESULTS
        case ast.Call(func=ast.Attribute(attr=name) as function):
            module = dotted(function).rpartition(".")[0]
            return module in {"os.path", "posixpath", "math"} or (name in IMMUTABLE_METHODS and "split" not in name)
        case _:
            return False


_SCOPES = (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_EMPTY = frozenset({ast.Constant, ast.Load, ast.Store, ast.Del, ast.Pass, ast.Break, ast.Continue})


def descendants(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes and all inside of them, without what lies in other scopes. Much faster than `ast.walk`."""
    pending = list(nodes)
    while pending:
        current = pending.pop()
        yield current
        kind = type(current)
        if kind in _EMPTY or kind in _SCOPES:
            continue
        for name in kind._fields:
            value = getattr(current, name, None)
            if isinstance(value, ast.AST):
                pending.append(value)
            elif isinstance(value, list):
                pending.extend(item for item in value if isinstance(item, ast.AST))


@lru_cache(maxsize=256)
def effects(node: ast.AST) -> tuple[ast.AST, ...]:
    """Everything inside that may change something: calls, awaits, yields."""
    return tuple(part for part in descendants((node,)) if _acts(part))


def _acts(node: ast.AST) -> bool:
    kind = type(node)
    return kind in (ast.Await, ast.Yield, ast.YieldFrom) or (kind is ast.Call and not is_pure(node))  # type: ignore[arg-type]


def bound_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Every name that the statements may bind in their own scope."""
    names: set[str] = set()
    for part in descendants(nodes):
        kind = type(part)
        if kind is ast.Name:
            if type(part.ctx) is not ast.Load:  # type: ignore[attr-defined]
                names.add(part.id)  # type: ignore[attr-defined]
        elif kind in _BINDING:
            names.update(_binds(part))
    return names


_BINDING = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar),
    *(ast.MatchMapping, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal),
)


def _binds(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return (name,)
        case ast.MatchMapping(rest=str(name)):
            return (name,)
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            return tuple((alias.asname or alias.name).partition(".")[0] for alias in aliases)
        case ast.Global(names=declared) | ast.Nonlocal(names=declared):
            return tuple(declared)
        case _:
            return ()
