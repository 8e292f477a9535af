"""Which calls leave everything a caller can see as it was."""

from __future__ import annotations

import ast
from collections.abc import Iterator

PURE_FUNCTIONS = frozenset(
    "abs all any ascii bin bool bytes callable chr complex dict divmod enumerate filter float format frozenset "
    "getattr hasattr hash hex id int isinstance issubclass len list map max min oct ord pow property range repr "
    "reversed round set slice sorted str sum super tuple type vars zip cast print NotImplemented "
    "isclass isfunction ismethod iscoroutinefunction isgeneratorfunction isawaitable isbuiltin ismodule".split()
)
PURE_MODULES = frozenset(
    "os.path posixpath ntpath math operator inspect re string textwrap itertools posixpath".split()
)
IMMUTABLE_METHODS = frozenset(
    "capitalize casefold center count decode encode endswith expandtabs find format hex index isalnum isalpha isascii "
    "isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip "
    "partition replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith strip swapcase title "
    "translate upper zfill total_seconds isoformat strftime bit_length is_absolute relative_to with_suffix".split()
)
PURE_METHODS = IMMUTABLE_METHODS | frozenset(
    "get keys values items copy exists is_file is_dir issubset issuperset isdisjoint union intersection difference "
    "group groups groupdict match search fullmatch".split()
)
IMMUTABLE_RESULTS = frozenset("bool bytes chr float frozenset hash hex id int len ord repr round str type abs".split())
IMMUTABLE_TYPES = frozenset(
    "str int float bool bytes complex None Path date datetime timedelta Decimal Fraction".split()
)


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


def effects(node: ast.AST) -> Iterator[ast.AST]:
    """Everything inside an expression that may change something: calls, awaits, yields."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        impure_call = isinstance(current, ast.Call) and not is_pure(current)
        if impure_call or isinstance(current, ast.Await | ast.Yield | ast.YieldFrom):
            yield current
        pending.extend(ast.iter_child_nodes(current))


def bound_names(nodes: list[ast.stmt] | list[ast.expr]) -> set[str]:
    """Every name that the statements may bind in their own scope."""
    names: set[str] = set()
    pending: list[ast.AST] = list(nodes)
    while pending:
        current = pending.pop()
        names.update(_binds(current))
        if isinstance(current, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        pending.extend(ast.iter_child_nodes(current))
    return names


def _binds(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            return (name,)
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
