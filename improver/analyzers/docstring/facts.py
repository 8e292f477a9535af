"""What is worth saying of one function, each with its proof in the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from improver.analyzers.docstring.conditions import said, simplified
from improver.analyzers.docstring.english import code
from improver.analyzers.docstring.flow import ways_out
from improver.analyzers.docstring.formulas import ALWAYS, Formula, Some, holds_unknown, some
from improver.analyzers.docstring.joins import annotation_names, default_of
from improver.analyzers.docstring.knowledge import Knowledge
from improver.analyzers.docstring.purity import dotted, words
from improver.analyzers.docstring.ways import AnyFunction, Exit, Way

_CONTAINERS = words("str bytes list dict tuple set frozenset Sequence Mapping List Dict Tuple Set")
MAX_REASONS = 3
MAX_LENGTH = 220
_NOT_DOCUMENTED = frozenset({"AssertionError", "NotImplementedError", "StopIteration", "StopAsyncIteration"})


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What a function does, as far as it is known.

    Parameters:
        ways: everything it returns, raises, yields, stores and does.
        raises: exceptions with a clause for each that says when.
        kinds: which parameters are ``bool`` or ``container``.
        defaults: parameters whose ``None`` the body replaces, and by what.
    """

    function: AnyFunction
    ways: tuple[Way, ...]
    raises: tuple[tuple[str, str], ...]
    kinds: Kinds
    defaults: tuple[tuple[str, str], ...]

    def of(self, *exits: Exit) -> list[Way]:
        """The ways of some kinds, in order."""
        return [way for way in self.ways if way.exit in exits]

    @property
    def gives_back(self) -> bool:
        """Whether the function may return something but ``None``."""
        return any(
            way.node is not None and not (isinstance(way.node, ast.Constant) and way.node.value is None)
            for way in self.of(Exit.RETURN)
        )

    @property
    def is_generator(self) -> bool:
        """Whether the function yields."""
        return any(way.exit in (Exit.YIELD, Exit.YIELD_FROM) for way in self.ways)


def facts_of(function: AnyFunction, knowledge: Knowledge, owner: ast.ClassDef | None = None) -> FunctionFacts:
    """Work out what can be said of a function, which may be a member of a class.

    Raises:
        UnclearError: it leaves in a way that is not worked out.
    """
    found = ways_out(function, knowledge)
    ways = found.all
    kinds = Kinds(dict(_kinds(function)), owner)
    raises = tuple(_raises(function, ways, kinds))
    return FunctionFacts(
        function, ways, raises, kinds, tuple((name, code(value) or "") for name, value in found.defaults)
    )


@dataclass(frozen=True, slots=True)
class Kinds:
    """What is known of names and attributes: ``bool`` or ``container``.

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
        return "bool" if attribute in flags_of(self.owner) else ""


@lru_cache(maxsize=8)
def flags_of(owner: ast.ClassDef) -> frozenset[str]:
    """The attributes to which a class assigns nothing but ``True`` and ``False``."""
    flags: dict[str, bool] = {}
    pending: list[ast.AST] = list(owner.body)
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Assign | ast.AnnAssign):
            flag = isinstance(part.value, ast.Constant) and isinstance(part.value.value, bool)
            for name in _own_attributes(part.targets if isinstance(part, ast.Assign) else [part.target]):
                flags[name] = flags.get(name, True) and flag
        elif isinstance(part, ast.stmt | ast.ExceptHandler | ast.match_case):
            pending.extend(ast.iter_child_nodes(part))
    return frozenset(name for name, flag in flags.items() if flag)


def _own_attributes(targets: list[ast.expr]) -> Iterator[str]:
    for target in targets:
        for part in ast.walk(target):
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self":
                yield part.attr


def parameters(function: AnyFunction) -> list[ast.arg]:
    """All parameters but a method's own object."""
    arguments = function.args
    plain = [*arguments.posonlyargs, *arguments.args]
    if plain and plain[0].arg in {"self", "cls", "mcs", "mcls"}:
        plain = plain[1:]
    stars = [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
    return [*plain, *arguments.kwonlyargs, *stars]


def _kinds(function: AnyFunction) -> Iterator[tuple[str, str]]:
    for one in parameters(function):
        names = annotation_names(one.annotation)
        default = default_of(one, function.args)
        if one in (function.args.vararg, function.args.kwarg) or (names and names <= _CONTAINERS):
            yield one.arg, "container"
        elif names == {"bool"} or (isinstance(default, ast.Constant) and isinstance(default.value, bool)):
            yield one.arg, "bool"


def _raises(function: AnyFunction, ways: tuple[Way, ...], kinds: Kinds) -> Iterator[tuple[str, str]]:
    by_class: dict[str, list[Formula]] = {}
    for way in ways:
        name = exception_name(way, function) if way.exit is Exit.RAISE and way.sure else ""
        if name and way.when != ALWAYS and not holds_unknown(way.when):
            by_class.setdefault(name, []).append(way.when)
    for name, formulas in by_class.items():
        sayable = [one for one in formulas if None not in (said(part, kinds) for part in distinct([one]))]
        whole = said(some(sayable), kinds)
        clauses = [whole] if whole else [text for part in distinct(sayable) if (text := said(part, kinds))]
        clauses = list(dict.fromkeys(clauses))
        if clauses and len(clauses) <= MAX_REASONS and sum(map(len, clauses)) < MAX_LENGTH:
            yield name, f"If {', or if '.join(clauses)}."


def distinct(formulas: list[Formula]) -> list[Formula]:
    """Conditions for the same thing, without those that another covers."""
    union = simplified(some(formulas))
    return list(union.parts) if isinstance(union, Some) else [union]


def exception_name(way: Way, function: AnyFunction) -> str:
    """The class that is raised, as written; empty where it is a value, or not worth a word."""
    node = way.node
    name = dotted(node.func if isinstance(node, ast.Call) else node) if node is not None else ""
    root, last = name.partition(".")[0], name.rpartition(".")[2]
    taken = {one.arg for one in parameters(function)} | {"self", "cls"}
    if root in taken or not last.lstrip("_")[:1].isupper() or last.isupper() or last in _NOT_DOCUMENTED:
        return ""
    return name if code(name) else ""
