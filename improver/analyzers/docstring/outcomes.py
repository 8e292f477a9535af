"""What a function gives back, as noun phrases with conditions."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from improver.analyzers.docstring.conditions import said, simplified
from improver.analyzers.docstring.facts import FunctionFacts
from improver.analyzers.docstring.formulas import (
    ALWAYS,
    NEVER,
    Exists,
    Formula,
    every,
    holds_unknown,
    some,
)
from improver.analyzers.docstring.joins import annotation_names
from improver.analyzers.docstring.phrases import constructed, declared, in_outline, phrase
from improver.analyzers.docstring.purity import words
from improver.analyzers.docstring.ways import Exit, Way

_ASKING_CALLS = words("isinstance issubclass callable hasattr any all bool")
_ASKING_METHODS = words("startswith endswith isdigit isalpha isspace isupper islower issubset exists")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One value a function may return, and when."""

    text: str
    node: ast.expr | None
    when: Formula
    ways: tuple[Way, ...]


def predicate(facts: FunctionFacts) -> Formula | None:
    """What must hold for a function to return ``True``, if ``True`` and ``False`` are all it returns."""
    returns = facts.of(Exit.RETURN)
    if facts.of(Exit.END) or not returns:
        return None
    annotated = annotation_names(facts.function.returns) == {"bool"}
    if not annotated and not all(_asks(way.node) for way in returns):
        return None
    formula = some(every((way.when, way.truth)) for way in returns)
    return None if formula in (ALWAYS, NEVER) or holds_unknown(formula) else simplified(formula)


def _asks(node: ast.expr | None) -> bool:
    match node:
        case ast.Constant(value=value):
            return isinstance(value, bool)
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.BoolOp(values=values):
            return all(_asks(value) for value in values)
        case ast.Call(func=ast.Name(id=name)):
            return name in _ASKING_CALLS
        case ast.Call(func=ast.Attribute(attr=name)):
            return name in _ASKING_METHODS
        case _:
            return False


def outcomes(facts: FunctionFacts) -> list[Outcome] | None:
    """Every value the function may return, equal ones together; ``None`` when one cannot be named."""
    found: dict[str, list[Way]] = {}
    nodes: dict[str, ast.expr | None] = {}
    if facts.gives_back and facts.of(Exit.END) and facts.of(Exit.DO):
        return None  # the call before the end may be one that never returns
    for way in facts.of(Exit.RETURN, Exit.END):
        text = _text(way) or declared(facts.function)
        if text is None:
            return None
        found.setdefault(text, []).append(way)
        nodes[text] = way.value
    return [Outcome(text, nodes[text], some(way.when for way in ways), tuple(ways)) for text, ways in found.items()]


def _text(way: Way) -> str | None:
    if way.node is None or (isinstance(way.node, ast.Constant) and way.node.value is None):
        return "``None``"
    if any(step.loop is not None for step in way.steps) and not isinstance(way.value, ast.Constant):
        return None
    return phrase(way.value) or constructed(way.node) or in_outline(way.known)


def clause(outcome: Outcome, facts: FunctionFacts) -> str | None:
    """When an outcome is had."""
    return None if holds_unknown(outcome.when) else said(outcome.when, facts.kinds)


def found_first(facts: FunctionFacts) -> tuple[Exists, Way] | None:
    """The search for the first item of an iterable that meets a condition."""
    returns = [
        way for way in facts.of(Exit.RETURN) if way.value is not None and not isinstance(way.value, ast.Constant)
    ]
    if len(returns) != 1:
        return None
    way = returns[0]
    loops = [step for step in way.steps if step.loop is not None]
    if len(loops) != 1 or not isinstance(way.when, Exists) or way.when.condition == ALWAYS:
        return None
    return way.when, way
