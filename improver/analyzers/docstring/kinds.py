"""What kind of value a name or an attribute has, where the code says so."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from improver.analyzers.docstring.joins import annotation_names, default_of
from improver.analyzers.docstring.purity import dotted, words
from improver.analyzers.docstring.ways import AnyFunction

_CONTAINERS = words("str bytes list dict tuple set frozenset Sequence Mapping List Dict Tuple Set")
_NUMBERS = words("int float complex")
_LITERALS: dict[type[ast.expr], str] = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
}
_MAKERS = {"list": "list", "dict": "dict", "set": "set", "deque": "deque", "OrderedDict": "dict", "defaultdict": "dict"}
_NAMED = {"list": "list", "List": "list", "dict": "dict", "Dict": "dict", "set": "set", "Set": "set", "deque": "deque"}


@dataclass(frozen=True, slots=True)
class Kinds:
    """What is known of names and attributes: a word of `conditions.TRUTH`.

    Parameters:
        owner: the class whose attributes are asked for; it is read when that happens.
    """

    names: dict[str, str]
    owner: ast.ClassDef | None = None

    def __call__(self, text: str) -> str:
        """The kind of a name or of ``self.attribute``; empty when it is not known."""
        owner, _, attribute = text.partition(".")
        if owner != "self" or self.owner is None:
            return self.names.get(text, "")
        return attributes_of(self.owner).truth.get(attribute, "")

    def holder(self, text: str) -> str:
        """Which container ``self.attribute`` is (``list``, ``dict``, ``set``, ``deque``); empty when not known."""
        owner, _, attribute = text.partition(".")
        return attributes_of(self.owner).holders.get(attribute, "") if owner == "self" and self.owner else ""

    def public(self) -> dict[str, str]:
        """For private attributes of the object the property that hands them out."""
        return attributes_of(self.owner).public if self.owner is not None else {}


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a class says of the attributes of its objects.

    Parameters:
        truth: attribute to a word of `conditions.TRUTH`.
        holders: attribute to the container it always is.
        public: private attribute to the property that returns it.
    """

    truth: dict[str, str]
    holders: dict[str, str]
    public: dict[str, str]


@lru_cache(maxsize=8)
def attributes_of(owner: ast.ClassDef) -> Attributes:
    """Read a class: its annotations, its properties, and what is assigned to ``self`` anywhere in it."""
    seen: dict[str, set[str]] = {}
    for name, kind in _assigned(owner):
        seen.setdefault(name, set()).add(kind)
    told = {name: next(iter(kinds)) for name, kinds in seen.items() if len(kinds) == 1}
    declared = dict(_declared(owner))
    truth = {name: "bool" for name, kind in told.items() if kind == "bool"} | declared
    holders = {name: kind for name, kind in told.items() if kind in _NAMED.values()}
    truth |= dict.fromkeys(holders, "container")
    return Attributes(truth, holders, dict(_properties(owner)))


def _assigned(owner: ast.ClassDef) -> Iterator[tuple[str, str]]:
    yield from _in_class_body(owner)
    pending: list[ast.AST] = list(owner.body)
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Assign | ast.AnnAssign):
            for target in part.targets if isinstance(part, ast.Assign) else [part.target]:
                for name in _own_attributes(target):
                    yield name, _kind(part) if isinstance(target, ast.Attribute) else "?"
        elif isinstance(part, ast.For | ast.With | ast.AsyncFor | ast.AsyncWith | ast.AugAssign):
            for inner in _targets(part):
                yield from ((name, "?") for name in _own_attributes(inner))
        if isinstance(part, ast.stmt | ast.ExceptHandler | ast.match_case):
            pending.extend(ast.iter_child_nodes(part))


def _in_class_body(owner: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement in owner.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            yield from ((one.id, _kind(statement)) for one in targets if isinstance(one, ast.Name))


def _targets(part: ast.For | ast.With | ast.AsyncFor | ast.AsyncWith | ast.AugAssign) -> list[ast.expr]:
    if isinstance(part, ast.For | ast.AsyncFor):
        return [part.target]
    if isinstance(part, ast.AugAssign):
        return []
    return [item.optional_vars for item in part.items if item.optional_vars is not None]


def _own_attributes(target: ast.expr) -> Iterator[str]:
    for part in ast.walk(target):
        stored = isinstance(part, ast.Attribute) and isinstance(part.ctx, ast.Store)
        if stored and isinstance(part.value, ast.Name) and part.value.id == "self":  # type: ignore[attr-defined]
            yield part.attr  # type: ignore[attr-defined]


def _kind(part: ast.Assign | ast.AnnAssign) -> str:
    if isinstance(part, ast.AnnAssign):
        names = annotation_names(part.annotation) | ({"None"} if _is_none(part.value) else set())
        return _NAMED.get(next(iter(names)), "?") if len(names) == 1 and names != {"bool"} else _of_value(part.value)
    return _of_value(part.value)


def _of_value(value: ast.expr | None) -> str:
    if isinstance(value, ast.Constant) and isinstance(value.value, bool):
        return "bool"
    if isinstance(value, ast.Call):
        return _MAKERS.get(dotted(value.func).rpartition(".")[2], "?")
    return _LITERALS.get(type(value), "?") if value is not None else "?"


def _declared(owner: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement in owner.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                kind = kind_of(annotation_names(annotation)) if not _is_none(value) else ""
            case ast.FunctionDef(name=name, returns=returns, decorator_list=[ast.Name(id="property")]):
                kind = kind_of(annotation_names(returns))
            case _:
                continue
        if kind:
            yield name, kind


def _properties(owner: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for statement in owner.body:
        match statement:
            case ast.FunctionDef(
                name=name,
                decorator_list=[ast.Name(id="property")],
                body=[*_, ast.Return(value=ast.Attribute(value=ast.Name(id="self"), attr=attr))] as body,
            ) if len(body) == 1 or (len(body) == 2 and isinstance(body[0], ast.Expr)):
                if attr.startswith("_") and not name.startswith("_"):
                    yield attr, name
            case _:
                pass


def _is_none(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def kind_of(names: frozenset[str]) -> str:
    """The word of `conditions.TRUTH` for what is annotated with some names."""
    plain = names - {"None"}
    optional = "None" in names
    if plain and plain <= _CONTAINERS:
        return "optional container" if optional else "container"
    if optional:
        return ""
    return "bool" if plain == {"bool"} else "number" if plain and plain <= _NUMBERS else ""


def parameters(function: AnyFunction) -> list[ast.arg]:
    """All parameters but a method's own object."""
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    if plain and plain[0].arg in {"self", "cls", "mcs", "mcls"}:
        plain = plain[1:]
    stars = [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
    return [*plain, *arguments.kwonlyargs, *stars]


def kinds_of_parameters(function: AnyFunction) -> Iterator[tuple[str, str]]:
    """The kinds of the parameters of a function, where they are known."""
    for one in parameters(function):
        default = default_of(one, function.args)
        names = annotation_names(one.annotation)
        if names and _is_none(default):
            names |= {"None"}
        kind = "container" if one in (function.args.vararg, function.args.kwarg) else kind_of(names)
        if not kind and isinstance(default, ast.Constant) and isinstance(default.value, bool):
            kind = "bool"
        if kind:
            yield one.arg, kind
