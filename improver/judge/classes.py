"""What a class or an alias of a repository stands for in annotations."""

from __future__ import annotations

import ast

from improver.judge.annotations import Acts, Evaluation, denote
from improver.judge.library import Library, Unit
from improver.judge.masked import FUNCTIONS
from improver.judge.meanings import CLASS, THING, Kind, Meaning
from improver.judge.names import bindings, dotted
from improver.judge.standard import standard_type

# Decorators that give back the class, or another one made by the same metaclass with the same brackets.
_KEEPS = frozenset(
    {"dataclasses.dataclass", "typing.final", "typing.runtime_checkable", "typing_extensions.final",
     "typing_extensions.runtime_checkable", "functools.total_ordering", "enum.unique", "attr.s", "attr.attrs",
     "attr.define", "attr.frozen", "attr.mutable", "attrs.define", "attrs.frozen", "attrs.mutable",
     "mypy_extensions.mypyc_attr", "mypy_extensions.trait", "typing_extensions.runtime"}
)  # fmt: skip
_METACLASSES = frozenset({"type", "abc.ABCMeta", "enum.EnumMeta", "enum.EnumType"})
# What a metaclass may define without a say in brackets, unions, hashes, comparisons and the attributes of its classes.
_QUIET = frozenset(
    {"__init__", "__call__", "__repr__", "__str__", "__instancecheck__", "__subclasscheck__", "__doc__", "__len__",
     "__iter__", "__contains__", "__dir__", "__slots__", "__module__", "__annotations__"}
)  # fmt: skip
# What is never given to a class after it was made, if its annotations are to be taken for what they seem.
_BRACKETS = frozenset({"__class_getitem__"})
_LOUD = frozenset(
    {"__or__", "__ror__", "__getitem__", "__hash__", "__eq__", "__getattr__", "__getattribute__", "__prepare__",
     "__bool__", "__get__"}
)  # fmt: skip
_MAKES = frozenset({"__new__"})
_PROTOCOLS = ("typing.Generic", "typing.Protocol", "typing_extensions.Protocol", "typing_extensions.Generic")
_SPECIAL_BASES = frozenset(
    {"typing.NamedTuple", "typing.TypedDict", "typing_extensions.NamedTuple", "typing_extensions.TypedDict",
     *_PROTOCOLS}
)  # fmt: skip
_VARIABLES = {
    "typing.TypeVar": (Kind.VARIABLE, "T"), "typing_extensions.TypeVar": (Kind.VARIABLE, "T"),
    "typing.ParamSpec": (Kind.PARAMETERS, "P"), "typing_extensions.ParamSpec": (Kind.PARAMETERS, "P"),
    "typing.TypeVarTuple": (Kind.PACK, "Ts"), "typing_extensions.TypeVarTuple": (Kind.PACK, "Ts"),
}  # fmt: skip
OWN_BRACKETS = Meaning(Kind.CLASS, form="own brackets")
_MAKES_CLASS = frozenset({"collections.namedtuple", "typing.NamedTuple", "typing.TypedDict"})


def of_class(node: ast.ClassDef, unit: Unit, library: Library, depth: int) -> Meaning:
    """What a class stands for; a thing when its metaclass, a base or a decorator may do something unusual."""
    names = KnownNames(unit, library)
    if not all(_keeps(names.full(_called(one))) for one in node.decorator_list):
        return THING
    for keyword in node.keywords:
        if keyword.arg is None or (keyword.arg == "metaclass" and not _plain_metaclass(keyword.value, names, depth)):
            return THING
    own = set(bindings(node))
    found = _of_bases(node, unit, library, depth)
    if found is None:
        return THING
    taken = "__class_getitem__" in own or library.meddling.special(_BRACKETS)
    return OWN_BRACKETS if taken else found


def _of_bases(node: ast.ClassDef, unit: Unit, library: Library, depth: int) -> Meaning | None:
    """What the bases make of a class; ``None`` when one of them is not known."""
    names = KnownNames(unit, library)
    variables: list[tuple[str, str]] = []
    listed: str | None = None
    brackets = 0
    for base in node.bases:
        inner = base.value if isinstance(base, ast.Subscript) else base
        full = names.full(inner)
        if full in _SPECIAL_BASES:
            if isinstance(base, ast.Subscript):
                free = names.variables(base, depth)
                if full in _PROTOCOLS:
                    listed = "".join(kind for _, kind in free)
                variables += free
            continue
        meaning = names.denoted(base, depth)
        if meaning is None or meaning.kind not in (Kind.CLASS, Kind.ALIAS):
            return None
        if meaning.form == OWN_BRACKETS.form:
            return OWN_BRACKETS
        variables += meaning.free
        inherits = not isinstance(base, ast.Subscript) and full != "type"
        brackets = brackets or (meaning.brackets if inherits else 0)
    if getattr(node, "type_params", None):
        kinds = [type(one).__name__ for one in node.type_params]  # type: ignore[attr-defined]
        return Meaning(Kind.CLASS, slots="T" * len(kinds)) if set(kinds) == {"TypeVar"} else CLASS
    slots = listed if listed is not None else "".join(kind for _, kind in dict.fromkeys(variables))
    if slots:
        return CLASS if "Ts" in slots else Meaning(Kind.CLASS, slots=slots)
    return Meaning(Kind.CLASS, brackets=brackets)


def of_value(node: ast.stmt, value: ast.expr, unit: Unit, library: Library, depth: int) -> Meaning:
    """What a name stands for that is given a value: a type variable, a new type, an alias of a type."""
    names = KnownNames(unit, library)
    if isinstance(value, ast.Call):
        return _made(node, names.full(value.func), unit)
    return names.denoted(value, depth) or THING


def _made(node: ast.stmt, maker: str, unit: Unit) -> Meaning:
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    if not isinstance(target, ast.Name):
        return THING
    if maker in _VARIABLES:
        kind, letter = _VARIABLES[maker]
        return Meaning(kind, free=((f"{unit.path}:{target.id}", letter),))
    if maker in ("typing.NewType", "typing_extensions.NewType"):
        return Meaning(Kind.ALIAS)
    return CLASS if maker in _MAKES_CLASS else THING


def _plain_metaclass(node: ast.expr, names: KnownNames, depth: int) -> bool:
    """Whether a metaclass has no say in how its classes are used in annotations."""
    if names.full(node) in _METACLASSES:
        return True
    found = names.definition(node)
    if found is None or depth > 12:
        return False
    meta, inner = found
    meddling, here = names.library.meddling, (names.unit.path, node.lineno)
    if meta.decorator_list or meta.keywords or meddling.special(_LOUD) or meddling.special(_MAKES, here):
        return False
    for statement in meta.body:
        if isinstance(statement, FUNCTIONS):
            loud = statement.name.startswith("__") and statement.name not in _QUIET
            if loud and not (statement.name == "__new__" and _gives_class(statement)):
                return False
    plain = {name for name in bindings(meta) if name.startswith("__")} <= _QUIET | {"__new__"}
    return plain and bool(meta.bases) and all(_plain_metaclass(base, inner, depth + 1) for base in meta.bases)


def _gives_class(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a `__new__` gives back what that of its base made."""
    made = {
        statement.targets[0].id
        for statement in ast.walk(node)
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and _asks_base(statement.value)
    }
    returned = [statement.value for statement in ast.walk(node) if isinstance(statement, ast.Return)]
    stored = list(bindings(node))
    return bool(returned) and all(
        value is not None
        and (_asks_base(value) or (isinstance(value, ast.Name) and value.id in made and stored.count(value.id) == 1))
        for value in returned
    )


def _asks_base(node: ast.expr) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "__new__":
        return False
    owner = node.func.value
    return dotted(owner) == "type" or (isinstance(owner, ast.Call) and dotted(owner.func) == "super")


def _keeps(decorator: str) -> bool:
    """Whether a decorator leaves a class what it is; registering it with an abstract class does."""
    module, _, name = decorator.removesuffix(".register").rpartition(".")
    registers = decorator.endswith(".register") and module in ("collections.abc", "numbers")
    return decorator in _KEEPS or (registers and standard_type(module, name) is not None)


def _called(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


class KnownNames:
    """The names of one module, for looking up bases, decorators and the like."""

    def __init__(self, unit: Unit, library: Library) -> None:
        self.unit = unit
        self.library = library

    def full(self, node: ast.expr) -> str:
        """The dotted name an expression stands for, imports followed; empty when that is not sure."""
        name = dotted(node)
        root, dot, rest = name.partition(".")
        bound = self.unit.bound
        if not root or root in bound.others or self.library.may_be_starred(self.unit, root):
            return ""
        found = bound.places.get(root)
        if found is None:
            return name
        fulls = {_imported_as(one, root) for one in found}
        full = fulls.pop() if len(fulls) == 1 else _one_of_typing(fulls)
        return f"{full}{dot}{rest}" if full and not self._shadowed(full) else ""

    def _shadowed(self, full: str) -> bool:
        return self.library.module(self.unit, full.partition(".")[0]).module[:1] not in ("", ":")

    def denoted(self, node: ast.expr, depth: int) -> Meaning | None:
        """What an expression stands for; ``None`` when it is not known."""
        try:
            found = denote(node, Evaluation(self.library, self.unit, depth=depth + 1))
        except Acts:
            return None
        return None if found.kind is Kind.THING else found

    def variables(self, node: ast.Subscript, depth: int) -> list[tuple[str, str]]:
        """The type variables in the brackets of `Generic[...]`."""
        given = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        found = [self.denoted(one, depth) for one in given]
        return [pair for one in found for pair in (one.free if one is not None else (("?", "?"),))]

    def definition(self, node: ast.expr) -> tuple[ast.ClassDef, KnownNames] | None:
        """The class of the repository that an expression names, wherever it stands."""
        if not isinstance(node, ast.Name):
            return None
        unit, name = self.unit, node.id
        for _ in range(5):
            found = unit.bound.places.get(name, ())
            if len(found) != 1 or name in unit.bound.others | unit.bound.removed:
                return None
            if isinstance(found[0], ast.ClassDef):
                return found[0], KnownNames(unit, self.library)
            if not isinstance(found[0], ast.ImportFrom):
                return None
            module = self.library.module(unit, found[0].module or "", found[0].level)
            other = self.library.unit(module.module) if module.module[:1] not in ("", ":") else None
            alias = next((one for one in found[0].names if (one.asname or one.name) == name), None)
            if other is None or alias is None:
                return None
            unit, name = other, alias.name
        return None


def _imported_as(node: ast.stmt, local: str) -> str:
    if isinstance(node, ast.ImportFrom) and not node.level:
        return next((f"{node.module}.{one.name}" for one in node.names if (one.asname or one.name) == local), "")
    if isinstance(node, ast.Import):
        for one in node.names:
            if one.asname == local:
                return one.name
            if not one.asname and one.name.partition(".")[0] == local:
                return local
    return ""


def _one_of_typing(fulls: set[str]) -> str:
    """The one name, where both `typing` and `typing_extensions` may offer it."""
    ends = {full.removeprefix("typing_extensions.").removeprefix("typing.") for full in fulls}
    return f"typing.{ends.pop()}" if len(ends) == 1 and all(full.startswith("typing") for full in fulls) else ""
