"""From a definition to the descriptions that may document it, the best first."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from improver.analyzers.docstring.candidates import Candidate, has_docstring
from improver.analyzers.docstring.description import Description
from improver.analyzers.docstring.english import joined
from improver.analyzers.docstring.facts import FunctionFacts, facts_of
from improver.analyzers.docstring.kept import Summary
from improver.analyzers.docstring.kinds import parameters
from improver.analyzers.docstring.knowledge import Knowledge
from improver.analyzers.docstring.raised import raised_described
from improver.analyzers.docstring.summary import summaries
from improver.analyzers.docstring.ways import UnclearError
from improver.analyzers.docstring.worth import (
    in_public,
    names_private,
    publicly,
    reads_well,
    restates_annotation,
    said_once,
    says_more_than_annotation,
)

_MANY_VALUES = 3
_FEW_STATEMENTS = 4
_BRANCHING = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.TryStar, ast.Match, ast.With, ast.AsyncWith)
_INNER = (*_BRANCHING, ast.ExceptHandler, ast.match_case)


@dataclass(frozen=True, slots=True)
class Described:
    """What may be written, in order of preference: the first that fits on its line is taken.

    Parameters:
        learned: what a reader now knows, as phrases with ``{}`` for the name.
        kind: ``function`` or ``class``.
    """

    descriptions: tuple[Description, ...]
    learned: tuple[str, ...]
    kind: str = "function"
    raises: tuple[tuple[str, str], ...] = ()


def describe(one: Candidate, knowledge: Knowledge, *, everything: bool) -> Described | None:
    """What can be said of a definition, or ``None`` when it is not worth saying."""
    if isinstance(one.node, ast.ClassDef):
        # That others raise it too can only be ruled out by reading every other file.
        descriptions = raised_described(one, knowledge) if everything else ()
        return Described(descriptions, ("when `{}` is raised",), "class") if descriptions else None
    if not everything and (too_small(one.node) or _documented_with_class(one, knowledge)):
        return None
    try:
        facts = facts_of(one.node, knowledge, one.owner)
    except UnclearError:
        return None
    if not everything:
        facts = in_public(facts) if _is_public(one) else facts
    return function_described(facts, everything=everything, public=_is_public(one))


def _is_public(one: Candidate) -> bool:
    """Whether whoever reads the docstring may never see the private names of the code."""
    return not any(part.startswith("_") and not part.endswith("__") for part in one.qualified_name.split("."))


def _documented_with_class(one: Candidate, knowledge: Knowledge) -> bool:
    """Whether this project documents ``__init__`` in the docstring of its class, as far as the file shows."""
    if one.node.name != "__init__" or one.owner is None or not has_docstring(one.owner.body):
        return False
    return not any(
        isinstance(part, ast.FunctionDef) and part.name == "__init__" and has_docstring(part.body)
        for known in knowledge.classes.values()
        if has_docstring(known.body)  # else a first run would change what a second one sees
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


def function_described(facts: FunctionFacts, *, everything: bool, public: bool = False) -> Described | None:
    """The descriptions of a function, best first."""
    making = facts.function.name == "__init__"
    worth = says_more_than_annotation(facts) + (bool(facts.defaults) and not making)
    special = facts.function.name.startswith("__") and not making
    if special and not facts.raises and not everything:
        return None
    found = [one for one in summaries(facts) if one.news + worth > 0 or everything]
    found = [one for one in found if f"{facts.function.name}(" not in one.text.replace(" ", "")]
    pairs = [(one, said_once(described(one, facts), facts)) for one in found]
    if not everything:
        pairs = [(one, text) for one, text in pairs if _worth_reading(one, text, facts, public=public)]
        pairs.sort(key=lambda pair: restates_annotation(pair[1].summary, facts))
    if not pairs:
        return None
    summary = pairs[0][0]
    return Described(tuple(text for _, text in pairs), tuple(learned(summary, facts)), raises=facts.raises)


def _worth_reading(summary: Summary, text: Description, facts: FunctionFacts, *, public: bool) -> bool:
    if not facts.raises and not summary.news and "the result of" in summary.text:
        return False
    told = " ".join((text.summary, *text.details))
    if public and names_private(told, {one.arg for one in parameters(facts.function)}):
        return False
    return reads_well(text, facts)


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
    details = tuple(publicly(text, facts) for text in summary.details)
    details += (" ".join(sentences),) if sentences else ()
    return Description(publicly(summary.text, facts), details, listed, raises=raises)


def learned(summary: Summary, facts: FunctionFacts) -> Iterator[str]:
    """What a reader now knows."""
    if summary.news and summary.learned:
        yield summary.learned
    if facts.raises:
        yield f"when `{{}}` raises {_either([name for name, _ in facts.raises])}".rstrip()
    if facts.defaults:
        yield f"what stands in for {joined([f'`{name}`' for name, _ in facts.defaults], 'and')} in `{{}}`"


def _either(names: list[str]) -> str:
    shown = [f"`{name.rpartition('.')[2]}`" for name in names]
    return joined(shown, "or") if len(shown) <= 2 else ""
