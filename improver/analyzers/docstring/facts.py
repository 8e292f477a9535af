"""What is worth saying of one function, each with its proof in the code."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from improver.analyzers.docstring.conditions import said, simplified
from improver.analyzers.docstring.english import code
from improver.analyzers.docstring.flow import ways_out
from improver.analyzers.docstring.formulas import ALWAYS, Formula, Some, holds_unknown, some
from improver.analyzers.docstring.kinds import Kinds, kinds_of_parameters, parameters
from improver.analyzers.docstring.knowledge import Knowledge
from improver.analyzers.docstring.purity import dotted
from improver.analyzers.docstring.ways import AnyFunction, Exit, Way

MAX_REASONS = 3
MAX_LENGTH = 220
_NOT_DOCUMENTED = frozenset({"AssertionError", "NotImplementedError", "StopIteration", "StopAsyncIteration"})


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What a function does, as far as it is known.

    Parameters:
        ways: everything it returns, raises, yields, stores and does.
        raises: exceptions with a clause for each that says when.
        kinds: what is known of parameters and attributes.
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
    kinds = Kinds(dict(kinds_of_parameters(function)), owner)
    raises = tuple(raised_when(function, ways, kinds))
    return FunctionFacts(
        function, ways, raises, kinds, tuple((name, code(value) or "") for name, value in found.defaults)
    )


def raised_when(
    function: AnyFunction, ways: tuple[Way, ...], kinds: Kinds, allowed: Callable[[str], bool] = bool
) -> Iterator[tuple[str, str]]:
    """Each exception that is raised, and the sentence that says when.

    Parameters:
        allowed: whether a condition may be told.
    """
    by_class: dict[str, list[Formula]] = {}
    for way in ways:
        name = exception_name(way, function) if way.exit is Exit.RAISE and way.sure else ""
        if name and way.when != ALWAYS and not holds_unknown(way.when):
            by_class.setdefault(name, []).append(way.when)
    for name, formulas in by_class.items():
        sayable = [one for one in formulas if all(map(_told(kinds, allowed), distinct([one])))]
        whole = said(some(sayable), kinds)
        clauses = [whole] if whole else [text for part in distinct(sayable) if (text := said(part, kinds))]
        clauses = list(dict.fromkeys(clauses))
        if clauses and len(clauses) <= MAX_REASONS and sum(map(len, clauses)) < MAX_LENGTH:
            yield name, f"If {', or if '.join(clauses)}."


def _told(kinds: Kinds, allowed: Callable[[str], bool]) -> Callable[[Formula], bool]:
    """Whether a condition can be said, and may be."""

    def told(part: Formula) -> bool:
        text = said(part, kinds)
        return text is not None and allowed(text)

    return told


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
