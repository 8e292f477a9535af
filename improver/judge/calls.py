"""What a call does with what it is given, and which parameter of which function an argument becomes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from improver.judge.masked import FUNCTIONS, arguments
from improver.judge.names import dotted
from improver.judge.places import Function, Lost, Place, Project

IGNORES, RETURNS, CALLS, SETS, PARTIAL, UNKNOWN = "ignores", "returns", "calls", "sets", "partial", "unknown"
Given = tuple[Place, ast.AST, str]

MUTATORS = frozenset(
    {"append", "appendleft", "add", "insert", "extend", "extendleft", "update", "setdefault", "__setitem__", "put",
     "put_nowait", "difference_update", "symmetric_difference_update", "intersection_update", "push", "move_to_end"}
)  # fmt: skip
GETTERS = frozenset(
    {"get", "pop", "popitem", "popleft", "values", "items", "keys", "copy", "setdefault", "__getitem__", "__iter__",
     "__next__", "most_common", "elements", "union", "difference", "intersection", "new_child", "fromkeys"}
)  # fmt: skip
CARRIERS = frozenset(
    {"__wrapped__", "__func__", "func", "fget", "fset", "fdel", "args", "keywords", "__call__", "__get__", "__self__",
     "__class__", "__closure__", "cell_contents", "cache_parameters", "__init__", "__new__"}
)  # fmt: skip
RETURN_NO_FUNCTION = frozenset({"__str__", "__repr__", "__hash__", "__len__", "__bool__", "__bytes__", "__format__"})

# What the language calls to get at the content of an instance: whether it gives a container of it, or one of it.
CONTENTS = {
    "__iter__": True, "__reversed__": True, "__aiter__": True, "__enter__": True, "__aenter__": True,
    "__getitem__": False, "__next__": False, "__anext__": False, "__missing__": False,
}  # fmt: skip
CONTAINERS = frozenset(
    """dict list tuple set frozenset OrderedDict defaultdict UserDict UserList deque Counter Mapping MutableMapping
    Sequence MutableSequence Set MutableSet Dict List""".split()
)
READERS = frozenset({"__doc__", "__annotations__", "__annotate__", "__code__", "func_doc", "func_code"})
IGNORING_METHODS = frozenset(
    """join split rsplit startswith endswith strip lstrip rstrip replace encode decode format find rfind index count
    write writelines read readline seek tell isdigit isalpha isidentifier lower upper title capitalize zfill ljust rjust
    center remove discard reverse clear issubset issuperset isdisjoint partition rpartition splitlines debug info
    warning error exception critical log match search findall finditer fullmatch sort __contains__ __eq__
    __len__ expandtabs translate casefold swapcase to_bytes hexdigest digest isoformat strftime total_seconds""".split()
)

_IGNORING = frozenset(
    {"isinstance", "issubclass", "hasattr", "callable", "id", "repr", "str", "len", "print", "bool", "hash", "format",
     "dir", "delattr", "ascii", "int", "float", "bytes", "range", "sum", "any", "all", "open", "help", "ord", "chr"}
)  # fmt: skip
_RETURNING = frozenset(
    {"list", "tuple", "set", "frozenset", "dict", "reversed", "iter", "next", "enumerate", "zip", "staticmethod",
     "classmethod", "getattr", "vars", "super", "type", "object"}
)  # fmt: skip
_CALLING = frozenset({"map", "filter", "sorted", "min", "max"})
_FOREIGN = {
    IGNORES: (
        "inspect.", "functools.wraps", "functools.total_ordering", "warnings.warn", "asyncio.iscoroutine", "logging.",
        "typing.get_type_hints", "typing.get_origin", "typing.get_args", "types.MethodType.", "dis.", "pprint.", "json.",
        "sys.getsizeof", "sys.getrefcount", "gc.", "asyncio.iscoroutinefunction", "traceback.", "os.path.", "re.",
    ),
    RETURNS: (
        "functools.update_wrapper", "copy.", "typing.cast", "itertools.",
        "collections.", "types.MethodType", "types.MappingProxyType", "weakref.", "inspect.unwrap", "operator.itemgetter",
        "typing_extensions.cast", "functools.lru_cache", "functools.cache", "contextlib.closing",
    ),
    CALLS: (
        "functools.reduce", "threading.Thread", "threading.Timer", "atexit.register", "signal.signal", "timeit.",
        "asyncio.create_task", "asyncio.to_thread", "asyncio.run", "heapq.", "bisect.", "itertools.starmap",
        "unittest.mock.", "re.sub", "re.subn", "contextlib.", "multiprocessing.Process",
    ),
}  # fmt: skip
_PLAIN_BASES = frozenset(
    [
        "object",
        "ABC",
        "Exception",
        "BaseException",
        "ArithmeticError",
        "AssertionError",
        "AttributeError",
        "EOFError",
        "ImportError",
        "ModuleNotFoundError",
        "IndexError",
        "IOError",
        "KeyError",
        "LookupError",
        "NameError",
        "NotImplementedError",
        "OSError",
        "OverflowError",
        "RuntimeError",
        "StopIteration",
        "SyntaxError",
        "SystemExit",
        "TimeoutError",
        "TypeError",
        "UnicodeError",
        "ValueError",
        "ZeroDivisionError",
        "Warning",
        "UserWarning",
        "DeprecationWarning",
        "FutureWarning",
        "PendingDeprecationWarning",
        "RuntimeWarning",
        "ConnectionError",
        "FileNotFoundError",
        "FileExistsError",
        "PermissionError",
        "dict",
        "list",
        "tuple",
        "set",
        "frozenset",
        "str",
        "bytes",
        "int",
        "float",
        "Generic",
        "Protocol",
        "Mapping",
        "MutableMapping",
        "Sequence",
        "MutableSequence",
        "Set",
        "MutableSet",
        "Iterator",
        "Iterable",
        "Callable",
        "Hashable",
        "Sized",
        "Container",
        "Collection",
        "Dict",
        "List",
        "Tuple",
        "Enum",
        "IntEnum",
        "Flag",
        "IntFlag",
        "StrEnum",
        "NamedTuple",
        "TypedDict",
        "ABCMeta",
        "type",
        "OrderedDict",
        "defaultdict",
        "UserDict",
        "UserList",
        "deque",
        "Counter",
        "namedtuple",
        "property",
        "partial",
        "local",
        "T",
        "K",
        "V",
        "KT",
        "VT",
        "P",
        "R",
        "Awaitable",
        "Coroutine",
        "Generator",
        "AsyncIterator",
        "AsyncIterable",
        "ContextManager",
        "AbstractContextManager",
        "EnumMeta",
    ]
)


def strangers(name: str, project: Project) -> frozenset[str]:
    """The bases of a class from outside of the repository that may call what the class defines."""
    return project.repository.strangers(name) - _PLAIN_BASES


_OPERATORS = {
    ast.Add: ("__add__", "__radd__", "__iadd__"), ast.Sub: ("__sub__", "__rsub__", "__isub__"),
    ast.Mult: ("__mul__", "__rmul__", "__imul__"), ast.Div: ("__truediv__", "__rtruediv__", "__itruediv__"),
    ast.FloorDiv: ("__floordiv__", "__rfloordiv__"), ast.Mod: ("__mod__", "__rmod__"), ast.Pow: ("__pow__", "__rpow__"),
    ast.LShift: ("__lshift__", "__rlshift__", "__ilshift__"), ast.RShift: ("__rshift__", "__rrshift__", "__irshift__"),
    ast.BitOr: ("__or__", "__ror__", "__ior__"), ast.BitXor: ("__xor__", "__rxor__"),
    ast.BitAnd: ("__and__", "__rand__", "__iand__"), ast.MatMult: ("__matmul__", "__rmatmul__", "__imatmul__"),
    ast.Eq: ("__eq__",), ast.NotEq: ("__ne__", "__eq__"), ast.Lt: ("__lt__", "__gt__"), ast.Gt: ("__gt__", "__lt__"),
    ast.LtE: ("__le__", "__ge__"), ast.GtE: ("__ge__", "__le__"), ast.In: ("__contains__",), ast.NotIn: ("__contains__",),
}  # fmt: skip


def operands(node: ast.AST, project: Project) -> Iterator[Given]:
    """The parameters of the repository's own operators that a value in an expression or a target may become."""
    names: tuple[str, ...] = ()
    match node:
        case ast.BinOp() | ast.AugAssign():
            names = _OPERATORS.get(type(node.op), ())
        case ast.Compare():
            names = tuple(name for op in node.ops for name in _OPERATORS.get(type(op), ()))
        case ast.Subscript():
            names = ("__setitem__", "__getitem__", "__delitem__")
        case ast.Attribute():
            names = ("__setattr__", "__set__")
        case _:
            pass
    for name in names:
        for place, function in project.definitions(name):
            if isinstance(function, FUNCTIONS):
                given = [one.arg for one in function.args.posonlyargs + function.args.args]
                yield from ((place, function, one) for one in given[1:])


def hands_on(call: ast.Call, word: str) -> bool:
    """Whether a call of the library gives what it is given to a function that it is given."""
    keyed = any(keyword.arg in ("key", "default") for keyword in call.keywords)
    return keyed if word in ("sorted", "min", "max") else not (word in ("filter", "map") and _is_plain(call))


def _is_plain(call: ast.Call) -> bool:
    first = call.args[0] if call.args else None
    return isinstance(first, ast.Constant) or (isinstance(first, ast.Name) and first.id in _IGNORING)


def gathers(function: ast.AST, name: str) -> bool:
    """Whether a parameter is `*name` or `**name`."""
    if not isinstance(function, (ast.Lambda, *FUNCTIONS)):
        return False
    return any(given is not None and given.arg == name for given in (function.args.vararg, function.args.kwarg))


def keeps(name: str, project: Project) -> bool:
    """Whether a decorator is known to make of a function something that is called just like it."""
    if "." not in name and any(True for _ in project.definitions(name)):
        return False
    return name.rpartition(".")[2] in ("setter", "getter", "deleter") or any(
        project.known.find("harmless-decorator", name, what) is not None for what in ("docstrings", "annotations")
    )


def is_property(function: ast.AST) -> bool:
    """Whether a function is called by taking an attribute."""
    if not isinstance(function, FUNCTIONS):
        return False
    return any("property" in dotted(node).lower() for node in function.decorator_list)


def defaults(given: ast.arguments) -> Iterator[tuple[str, ast.expr]]:
    """The parameters that have a default, with it."""
    plain = given.posonlyargs + given.args
    yield from (
        (parameter.arg, value) for parameter, value in zip(reversed(plain), reversed(given.defaults), strict=False)
    )
    yield from (
        (parameter.arg, value)
        for parameter, value in zip(given.kwonlyargs, given.kw_defaults, strict=True)
        if value is not None
    )


def full_name(node: ast.AST, place: Place) -> str:
    """The dotted name that an expression stands for, imports followed; empty when it is local to a function."""
    name = dotted(node)
    root = name.partition(".")[0]
    inner = node
    while isinstance(inner, ast.Attribute):
        inner = inner.value
    if not isinstance(inner, ast.Name):
        return ""
    local = not isinstance(place.binder(inner, root), (ast.Module, ast.ClassDef))
    if local and root not in place.file.names.imports:
        return ""
    return place.file.names.resolve(node)


def kind_of(call: ast.Call, place: Place, project: Project) -> str:
    """What a call does with its arguments, for what is known of the language and its library."""
    name = full_name(call.func, place)
    if not name:
        return UNKNOWN
    if name in ("setattr", "object.__setattr__") or name.endswith(".setattr"):
        return SETS
    if "." not in name and name not in place.file.names.touched:
        for kind, names in ((IGNORES, _IGNORING), (RETURNS, _RETURNING), (CALLS, _CALLING)):
            if name in names:
                return kind
    if name in ("functools.partial", "functools.partialmethod") or _is_partial(name, place, project):
        return PARTIAL
    if project.is_foreign(place, name):
        best = max(
            ((len(word), kind) for kind, words in _FOREIGN.items() for word in words if _covers(word, name)),
            default=(0, ""),
        )
        return best[1] or UNKNOWN
    return UNKNOWN


def _is_partial(name: str, place: Place, project: Project) -> bool:
    """Whether a call makes an instance of a class that derives from `functools.partial`."""
    word = alias(name.rpartition(".")[2], place)
    return word != "partial" and "partial" in project.repository.ancestors(word)


def aliases(word: str, project: Project) -> frozenset[str]:
    """The names that a variable or an attribute is another name for; none where it may be more than names."""
    found: set[str] = set()
    for place in project.holding(word):
        for node in place.words[word]:
            if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Store):
                continue
            if isinstance(node, ast.Name) and not isinstance(place.binder(node, word), (ast.Module, ast.ClassDef)):
                continue
            parent = place.parent(node)
            value = parent.value if isinstance(parent, ast.Assign | ast.AnnAssign) else parent
            if value is None or (isinstance(value, ast.Constant) and value.value is None):
                continue
            name = dotted(value)
            if not name:
                return frozenset()
            if isinstance(value, ast.Name) and not isinstance(place.binder(value, name), (ast.Module, ast.ClassDef)):
                return frozenset()
            found.add(name.rpartition(".")[2])
    return frozenset(found - {word})


def alias(word: str, place: Place) -> str:
    """What a global name is another name for, where the file says so once and plainly."""
    value = place.file.names.assigned.get(word)
    other = dotted(value).rpartition(".")[2] if value is not None else ""
    return other or word


def _covers(word: str, name: str) -> bool:
    return name.startswith(word) if word.endswith(".") else name == word


def callees(call: ast.Call, place: Place, project: Project) -> Iterator[tuple[Place, ast.AST]]:
    """Every function and class of the repository that a call may mean, by its simple name.

    Raises:
        Lost: it may be something else.
    """
    func = call.func
    if isinstance(func, ast.Name):
        scope = place.binder(func, func.id)
        if not isinstance(scope, (ast.Module, ast.ClassDef)) and func.id not in place.file.names.imports:
            own = [node for node in place.words.get(func.id, ()) if isinstance(node, (ast.ClassDef, *FUNCTIONS))]
            own = [node for node in own if place.binder(node, func.id) is scope]
            if len(own) != list_of_bindings(place, scope).count(func.id) or not own:
                yield from project.meanings(place, func)
                return
            yield from ((place, node) for node in own)
            return
        word = place.file.names.imports.get(func.id, func.id).rpartition(".")[2]
    elif isinstance(func, ast.Attribute):
        word = func.attr
    else:
        yield from project.meanings(place, func)
        return
    if project.is_foreign(place, full_name(func, place)):
        raise place.lost(call, f"a value is handed to `{ast.unparse(func)[:60]}` from outside of the repository")
    found = list(project.definitions(word))
    if not found:
        found = [pair for other in sorted(aliases(word, project)) for pair in project.definitions(other)]
    if not found and isinstance(func, ast.Attribute) and word in IGNORING_METHODS:
        return
    if not found:
        found = list(project.meanings(place, func))
    yield from found


def list_of_bindings(place: Place, scope: ast.AST) -> list[str]:
    """Every binding of a scope, once for each."""
    from improver.judge.names import bindings  # noqa: PLC0415

    if isinstance(scope, (ast.Module, ast.ClassDef, ast.Lambda, *FUNCTIONS)):
        return list(bindings(scope))
    return list(place.bound(scope))


def parameters_given(call: ast.Call, node: ast.AST, place: Place, project: Project) -> Iterator[Given]:
    """The parameters that an argument of a call may become; of a class without constructor its fields.

    Raises:
        Lost: it may become something else.
    """
    for where, found in callees(call, place, project):
        if isinstance(found, ast.ClassDef):
            yield from _constructed(found, call, node, where, project)
        else:
            assert isinstance(found, FUNCTIONS)
            for shift in _shifts_of(where, found, call, project):
                for name in names_given(found, call, node, shift):
                    yield where, found, name


_OWN = frozenset({"self", "cls", "klass", "kls", "mcs", "mcls", "metacls", "this", "_self", "__self", "_cls"})


def shifts(method: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[int, ...]:
    """How many parameters of a method may be given before the first argument of a call."""
    plain = [given.arg for given in method.args.posonlyargs + method.args.args]
    if any(dotted(decorator) == "staticmethod" for decorator in method.decorator_list):
        return (0,)
    return (1,) if plain and plain[0] in _OWN else (0, 1)


def reads(call: ast.Call, place: Place) -> bool:
    """Whether a call of the library looks at more of a function than its name and whether it is one."""
    name = full_name(call.func, place)
    if name in ("help", "functools.wraps", "dir") or name.startswith(("dis.", "gc.")):
        return True
    return name.startswith("inspect.") and not name.startswith("inspect.is")


def names_a_class(func: ast.AST, project: Project) -> bool:
    """Whether a method is called on a class by its name, so that the instance is an argument."""
    word = dotted(func.value).rpartition(".")[2] if isinstance(func, ast.Attribute) else ""
    return bool(word) and any(isinstance(node, ast.ClassDef) for _, node in project.definitions(word))


def _shifts_of(place: Place, function: ast.AST, call: ast.Call, project: Project) -> tuple[int, ...]:
    """How many parameters of a function are given before the first argument of a call of it by name."""
    if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or place.method_of(function) is None:
        return (0,)
    if not isinstance(call.func, ast.Attribute):
        return (0,)
    return (0, 1) if names_a_class(call.func, project) else shifts(function)


def _constructed(owner: ast.ClassDef, call: ast.Call, node: ast.AST, place: Place, project: Project) -> Iterator[Given]:
    found = False
    for where, maker in constructors(owner.name, project):
        found = True
        for name in names_given(maker, call, node, 1):
            yield where, maker, name
    fields = list(fields_of(owner.name, project))
    if isinstance(node, ast.keyword) and node.arg in fields:
        fields = [node.arg]
    for name in fields:
        yield place, owner, name
    if strangers(owner.name, project) or (not found and not fields):
        raise place.lost(owner, f"a value is handed to `{owner.name}`, whose constructor is not known")


def constructors(name: str, project: Project) -> Iterator[tuple[Place, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every `__init__` and `__new__` of a class and of what it derives from."""
    for other in project.repository.ancestors(name):
        for place, node in project.definitions(other):
            if isinstance(node, ast.ClassDef):
                for inner in ast.walk(node):
                    if isinstance(inner, FUNCTIONS) and inner.name in ("__init__", "__new__"):
                        if place.method_of(inner) is node:
                            yield place, inner


def fields_of(name: str, project: Project) -> Iterator[str]:
    """The annotated names in the body of a class and of what it derives from, which a constructor may be made of."""
    for other in project.repository.ancestors(name):
        for _, node in project.definitions(other):
            if isinstance(node, ast.ClassDef):
                for inner in node.body:
                    if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
                        yield inner.target.id


def names_given(function: Function, call: ast.Call, node: ast.AST, shift: int, *, loose: bool = False) -> Iterator[str]:
    """The parameters of a function that one argument of a call may become."""
    given = function.args
    plain = [parameter.arg for parameter in given.posonlyargs + given.args]
    if loose or isinstance(node, ast.Starred) or (isinstance(node, ast.keyword) and node.arg is None):
        yield from (parameter.arg for parameter in arguments(function))
    elif isinstance(node, ast.keyword):
        if node.arg in plain or any(parameter.arg == node.arg for parameter in given.kwonlyargs):
            yield str(node.arg)
        elif given.kwarg is not None:
            yield given.kwarg.arg
    elif any(isinstance(argument, ast.Starred) for argument in call.args):
        yield from (parameter.arg for parameter in arguments(function))
    else:
        index = call.args.index(node) + shift  # type: ignore[arg-type]
        if index < len(plain):
            yield plain[index]
        elif given.vararg is not None:
            yield given.vararg.arg


__all__ = ["Given", "Lost"]
