"""Conditions as formulas: what must hold for a statement to be reached."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from improver.analyzers.docstring.purity import dumped


@dataclass(frozen=True, slots=True)
class Atom:
    """An expression that is true, or false where `positive` is not set."""

    expression: ast.expr
    positive: bool = True


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold; with no parts it always holds."""

    parts: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds; with no parts it never holds."""

    parts: tuple[Formula, ...] = ()


@dataclass(frozen=True, slots=True)
class Exists:
    """The condition holds for some item of an iterable, or for none where `positive` is not set."""

    target: ast.expr
    iterable: ast.expr
    condition: Formula
    positive: bool = True


@dataclass(frozen=True, slots=True)
class Fails:
    """Evaluating the expression raises one of the classes; or does not where `positive` is not set."""

    expression: ast.expr
    classes: tuple[str, ...]
    positive: bool = True


@dataclass(frozen=True, slots=True)
class Unknown:
    """A condition that cannot be put in terms a caller knows.

    Parameters:
        place: what tells it from others, so that it and its opposite are known to be such; 0 for none.
    """

    place: int = 0
    positive: bool = True


Formula = Atom | Every | Some | Exists | Fails | Unknown
ALWAYS = Every()
NEVER = Some()
UNKNOWN = Unknown()


def negated(formula: Formula) -> Formula:
    """The formula that holds exactly when `formula` does not."""
    match formula:
        case Atom(expression, positive):
            return Atom(expression, not positive)
        case Every(parts):
            return Some(tuple(map(negated, parts)))
        case Some(parts):
            return Every(tuple(map(negated, parts)))
        case Exists(target, iterable, condition, positive):
            return Exists(target, iterable, condition, not positive)
        case Fails(expression, classes, positive):
            return Fails(expression, classes, not positive)
        case Unknown(place, positive):
            return Unknown(place, not positive) if place else UNKNOWN


def every(parts: Iterable[Formula]) -> Formula:
    """All of the parts, flattened, without repetition."""
    flat = tuple(_flat(parts, Every))
    if _contradict(flat, Every) or NEVER in flat:
        return NEVER
    return flat[0] if len(flat) == 1 else Every(flat)


def some(parts: Iterable[Formula]) -> Formula:
    """Any of the parts, flattened, without repetition."""
    flat = tuple(_flat(parts, Some))
    if _contradict(flat, Some) or ALWAYS in flat:
        return ALWAYS
    return flat[0] if len(flat) == 1 else Some(flat)


def _flat(parts: Iterable[Formula], kind: type[Every] | type[Some]) -> list[Formula]:
    flat: list[Formula] = []
    seen: set[str] = set()
    for part in parts:
        for piece in part.parts if isinstance(part, kind) else (part,):
            text = key(piece)
            if text not in seen:
                seen.add(text)
                flat.append(piece)
    return flat


def _contradict(flat: tuple[Formula, ...], kind: type[Every] | type[Some]) -> bool:
    """Whether one part is the opposite of another, or of all others together."""
    if len(flat) < 2:
        return False
    keys = [key(part) for part in flat]
    for place, part in enumerate(flat):
        wanted = key(negated(part))
        others = flat[:place] + flat[place + 1 :]
        if part != UNKNOWN and (wanted in keys or (len(others) > 1 and wanted == key(kind(others)))):
            return True
    return False


def key(formula: Formula) -> str:
    """A text that is equal for formulas that read the same."""
    match formula:
        case Atom(expression, positive):
            return f"{positive} {dumped(expression)}"
        case Every(parts) | Some(parts):
            return f"{type(formula).__name__}({', '.join(map(key, parts))})"
        case Exists(target, iterable, condition, positive):
            return f"exists {positive} {dumped(target)} {dumped(iterable)} {key(condition)}"
        case Fails(expression, classes, positive):
            return f"fails {positive} {dumped(expression)} {classes}"
        case Unknown(place, positive):
            return f"unknown {place} {positive}"


def bounded(formula: Formula) -> Formula:
    """The formula, or an unknown one where it says more than anybody would read."""
    return formula if _size(formula) <= _MANY else UNKNOWN


_MANY = 12


def _size(formula: Formula) -> int:
    match formula:
        case Every(parts) | Some(parts):
            return sum(map(_size, parts))
        case Exists(condition=condition):
            return 1 + _size(condition)
        case Atom() | Fails() | Unknown():
            return 1


def holds_unknown(formula: Formula) -> bool:
    """Whether some part of the formula cannot be said."""
    match formula:
        case Unknown():
            return True
        case Every(parts) | Some(parts):
            return any(holds_unknown(part) for part in parts)
        case Exists(condition=condition):
            return holds_unknown(condition)
        case Atom() | Fails():
            return False


def as_written(parts: tuple[Formula, ...]) -> tuple[Formula, ...]:
    """Alternatives in the order in which the code asks for them, where that is known of each."""
    places = [_place(part) for part in parts]
    if not all(line for line, _ in places):
        return parts
    return tuple(part for _, part in sorted(zip(places, parts, strict=True), key=lambda pair: pair[0]))


def _place(formula: Formula) -> tuple[int, int]:
    if isinstance(formula, Every | Some):
        return min(map(_place, formula.parts), default=(0, 0))
    expression = formula.expression if isinstance(formula, Atom | Fails) else None
    line = getattr(expression, "lineno", 0)
    return (line, getattr(expression, "col_offset", 0)) if line else (0, 0)
