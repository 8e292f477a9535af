"""From a definition to the descriptions that may document it, the best first."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from improver.analyzers.docstring.candidates import Candidate, has_docstring
from improver.analyzers.docstring.description import Description
from improver.analyzers.docstring.english import joined
from improver.analyzers.docstring.facts import FunctionFacts, facts_of, parameters
from improver.analyzers.docstring.kept import Summary
from improver.analyzers.docstring.knowledge import Knowledge
from improver.analyzers.docstring.raised import raised_described
from improver.analyzers.docstring.summary import summaries
from improver.analyzers.docstring.ways import UnclearError

TITLE_LENGTH = 72
_MANY_VALUES = 3
_FEW_STATEMENTS = 4
_BRANCHING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.Match, ast.With, ast.AsyncWith)
_INNER = (*_BRANCHING, ast.ExceptHandler, ast.match_case)


@dataclass(frozen=True, slots=True)
class Described:
    """What may be written, in order of preference: the first that fits on its line is taken.

    Parameters:
        learned: what a reader now knows, as phrases.
        kind: ``function`` or ``class``.
    """

    descriptions: tuple[Description, ...]
    learned: tuple[str, ...]
    kind: str = "function"


def describe(one: Candidate, knowledge: Knowledge, *, everything: bool) -> Described | None:
    """What can be said of a definition, or ``None`` when it is not worth saying."""
    if isinstance(one.node, ast.ClassDef):
        descriptions = raised_described(one, knowledge)
        return Described(descriptions, ("when it is raised",), "class") if descriptions else None
    if not everything and (too_small(one.node) or _documented_with_class(one, knowledge)):
        return None
    try:
        facts = facts_of(one.node, knowledge, one.owner)
    except UnclearError:
        return None
    return function_described(facts, everything=everything)


def _documented_with_class(one: Candidate, knowledge: Knowledge) -> bool:
    """Whether this project documents ``__init__`` in the docstring of its class, as far as the file shows."""
    if one.node.name != "__init__" or one.owner is None or not has_docstring(one.owner.body):
        return False
    return not any(
        isinstance(part, ast.FunctionDef) and part.name == "__init__" and has_docstring(part.body)
        for known in knowledge.classes.values()
        for part in known.body
    )


def too_small(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether nothing can be said that a glance at the body does not tell; looks at no expressions."""
    if not any(isinstance(statement, _BRANCHING) for statement in function.body):
        return True
    returned: set[str] = set()
    for statement in _statements(function.body):
        if isinstance(statement, ast.Raise) or isinstance(getattr(statement, "value", None), ast.Yield):
            return False
        if isinstance(statement, ast.Return) and statement.value is not None:
            returned.add(_outline(statement.value))
    return len(returned) > _MANY_VALUES or (not returned and len(function.body) > _FEW_STATEMENTS)


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    pending: list[ast.AST] = list(body)
    while pending:
        current = pending.pop()
        if isinstance(current, ast.stmt):
            yield current
        if isinstance(current, _INNER):
            for name in ("body", "handlers", "orelse", "finalbody", "cases"):
                pending.extend(getattr(current, name, ()))


def _outline(value: ast.expr) -> str:
    """Something that is equal for values that are sure to be said alike."""
    if isinstance(value, ast.Constant):
        return "bool" if isinstance(value.value, bool) else repr(value.value)
    return "bool" if isinstance(value, ast.Compare | ast.BoolOp | ast.UnaryOp) else type(value).__name__


def function_described(facts: FunctionFacts, *, everything: bool) -> Described | None:
    """The descriptions of a function, best first."""
    making = facts.function.name == "__init__"
    worth = bool(facts.raises) + (bool(facts.defaults) and not making)
    special = facts.function.name.startswith("__") and not making
    if special and not facts.raises and not everything:
        return None
    found = [one for one in summaries(facts) if one.news + worth > 0 or everything]
    if not facts.raises:
        found = [one for one in found if one.news or everything or "the result of" not in one.text]
    found = [one for one in found if f"{facts.function.name}(" not in one.text.replace(" ", "")]
    if not found:
        return None
    return Described(tuple(described(one, facts) for one in found), tuple(learned(found[0], facts)))


def described(summary: Summary, facts: FunctionFacts) -> Description:
    """One summary together with everything else that is known."""
    known = dict(facts.defaults)
    names = [one.arg for one in parameters(facts.function)]
    listed = (
        tuple((name, f"If ``None``, {known[name]} is used.") for name in names)
        if names and set(names) == set(known)
        else ()
    )
    sentences = (
        () if listed else tuple(f"If ``{name}`` is ``None``, {value} is used." for name, value in facts.defaults)
    )
    raises = () if summary.said_raises else facts.raises
    return Description(
        summary.text, (*summary.details, *((" ".join(sentences),) if sentences else ())), listed, "", "", raises
    )


def learned(summary: Summary, facts: FunctionFacts) -> Iterator[str]:
    """What a reader now knows."""
    if summary.news:
        yield summary.learned
    if facts.raises and not summary.said_raises:
        yield "when it raises"
    if facts.defaults:
        yield f"what stands in for {joined([f'`{name}`' for name, _ in facts.defaults], 'and')}"


def title(name: str, phrases: tuple[str, ...]) -> str:
    """The subject of the commit."""
    long = f"Document `{name}`: {joined(phrases, 'and')}" if phrases else f"Document `{name}`"
    if len(long) <= TITLE_LENGTH:
        return long
    short = f"Document `{name}`"
    return short if len(short) <= TITLE_LENGTH else f"Document `{name.rpartition('.')[2]}`"[:TITLE_LENGTH]
