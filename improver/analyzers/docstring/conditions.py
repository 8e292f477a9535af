"""Formulas in English: "``x`` is ``None`` and ``y`` is not a ``str``"."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

from improver.analyzers.docstring.english import code, joined, nor, plain
from improver.analyzers.docstring.formulas import (
    ALWAYS,
    Atom,
    Every,
    Exists,
    Fails,
    Formula,
    Some,
    Unknown,
    as_written,
    key,
    negated,
    some,
)
from improver.analyzers.docstring.predicates import about
from improver.analyzers.docstring.purity import words

TRUTH = {
    "bool": ("is true", "is false"),
    "container": ("is not empty", "is empty"),
    "number": ("is not zero", "is zero"),
    "optional container": ("is neither ``None`` nor empty", "is ``None`` or empty"),
}
MAX_CLAUSE = 150
MAX_ATOMS = 3


def said(formula: Formula, kinds: Callable[[str], str] = lambda _: "") -> str | None:
    """The condition as a clause that can follow "if", or ``None`` when it cannot be said briefly.

    Parameters:
        kinds: what is known of names: one of the words of `TRUTH`, or an empty text.
    """
    text = _Saying(kinds).of(simplified(formula), outer=True)
    return text if text is not None and len(text) <= MAX_CLAUSE and not _repeats_calls(text) else None


def _repeats_calls(text: str) -> bool:
    """Whether a call stands in two pieces of code, as if it were made twice."""
    pieces = set(_PIECE.findall(text))
    return any("(" in one and one != other and one in other for one in pieces for other in pieces)


_PIECE = re.compile(r"``(.+?)``")


class _Saying:
    """Puts formulas into words, with what is known of the names in them."""

    def __init__(self, kinds: Callable[[str], str]) -> None:
        self.kinds = kinds

    def of(self, formula: Formula, *, outer: bool = False) -> str | None:
        match formula:
            case Unknown():
                return None
            case Atom(expression, positive):
                pair = self.atom(expression, positive)
                return f"{pair[0]} {pair[1]}" if pair is not None else None
            case Every(parts):
                return self.several(parts, "and", outer)
            case Some(parts):
                return self.several(parts, "or", outer)
            case Exists():
                return self.items(formula)
            case Fails():
                return self.failing(formula)

    def atom(self, expression: ast.expr, positive: bool) -> tuple[str, str] | None:
        shown = code(expression)
        kind = self.kinds(plain(expression)) if isinstance(expression, ast.Name | ast.Attribute) else ""
        if kind in TRUTH and shown:
            return shown, TRUTH[kind][not positive]
        return about(expression, positive)

    def several(self, parts: tuple[Formula, ...], word: str, outer: bool) -> str | None:
        if not 1 < len(parts) <= 6:
            return None
        clauses = self.grouped(as_written(parts) if word == "or" else parts, word)
        if clauses is None or len(clauses) > MAX_ATOMS or sum(map(_weight, clauses)) > MAX_ATOMS:
            return None
        mixed = any(isinstance(part, Every | Some) for part in parts)
        if len(clauses) == 1:
            return clauses[0]
        mixed = mixed or (word == "or" and any(" neither " in one or " or " in one for one in clauses))
        if mixed and (not outer or len(clauses) > 2):
            return None
        if mixed and word == "or":
            return f"{clauses[0]}, or if {clauses[1]}"
        return joined(clauses, word)

    def grouped(self, parts: tuple[Formula, ...], word: str) -> list[str] | None:
        """One clause for each subject, in order: what is said of the same subject is said together."""
        order: list[str] = []
        about_subject: dict[str, list[str]] = {}
        for part in parts:
            if isinstance(part, Atom):
                pair = self.atom(part.expression, part.positive)
                if pair is None:
                    return None
                subject, predicate = pair
            else:
                text = self.of(part)
                if text is None:
                    return None
                subject, predicate = f"either {text}" if word == "and" and isinstance(part, Some) else text, ""
            if subject not in about_subject:
                order.append(subject)
            about_subject.setdefault(subject, []).append(predicate)
        merged = [(subject, merge(about_subject[subject], word)) for subject in order]
        merged.sort(key=lambda pair: pair[0].startswith("either "))
        if len(merged) == 2 and merged[0][1] == merged[1][1] != "":
            return [_of_both(merged[0][0], merged[1][0], merged[0][1], word)]
        return [f"{subject} {predicate}".strip() for subject, predicate in merged]

    def items(self, formula: Exists) -> str | None:
        target, iterable = code(formula.target), code(formula.iterable)
        if iterable is not None and formula.condition == ALWAYS:
            return f"{iterable} is {'not ' if formula.positive else ''}empty"
        inner = self.of(formula.condition)
        if target is None or iterable is None or inner is None or ", or if" in inner:
            return None
        word = "any" if formula.positive else "no"
        simple = " and " not in inner and " or " not in inner and ", " not in inner
        place = f"item of {iterable}"
        if isinstance(formula.target, ast.Tuple):
            found = _of_items(formula, inner)
            target, place = f"``{plain(formula.target).strip('()')}``", found[1] if found else ""
            inner = inner if not found else f"{target} {inner.removeprefix(found[0] + ' ')}"
        if place and simple and inner.startswith(f"{target} ") and inner.count(target) == 1:
            return f"{word} {place} {inner.removeprefix(target + ' ')}"
        if simple and " for " not in inner:
            return f"{inner} for {word} {target} in {iterable}"
        return f"for {'some' if formula.positive else 'no'} {target} in {iterable}, {inner}"

    def failing(self, formula: Fails) -> str | None:
        shown = code(formula.expression)
        if shown is None or not formula.positive:
            return None
        if set(formula.classes) & {"Exception", "BaseException"}:
            return f"{shown} fails"
        classes = [code(name) or "" for name in formula.classes]
        return f"{shown} raises {joined(classes, 'or')}" if all(classes) and len(classes) < 4 else None


def _of_both(first: str, second: str, predicate: str, word: str) -> str:
    """The same said of two subjects."""
    if word == "or":
        return f"{first} or {second} {predicate}"
    if predicate.startswith("is not "):
        return f"neither {first} nor {second} is {predicate.removeprefix('is not ')}"
    if predicate.startswith("is "):
        return f"both {first} and {second} are {predicate.removeprefix('is ')}"
    return f"{first} {predicate} and {second} {predicate}"


def _weight(clause: str) -> int:
    """About how many things a clause says."""
    return (
        1
        + clause.count("`` and ")
        + clause.count(" and is ")
        + clause.count(" and not ")
        + clause.count(" and ends ")
        + clause.count(" and ``")
    )


def _of_items(formula: Exists, inner: str) -> tuple[str, str] | None:
    """For ``k, v`` in ``x.items()``: the name that the condition is about, and what it is of what."""
    match formula.target, formula.iterable:
        case ast.Tuple(elts=[ast.Name(id=first), ast.Name(id=second)]), ast.Call(
            func=ast.Attribute(value=holder, attr="items"), args=[]
        ):
            shown = code(holder)
            for name, other, word in ((first, second, "key"), (second, first, "value")):
                if (
                    shown
                    and inner.startswith(f"``{name}`` ")
                    and f"{other}" not in inner
                    and inner.count(f"``{name}``") == 1
                ):
                    return f"``{name}``", f"{word} of {shown}"
        case _:
            pass
    return None


_VERBS = {
    "equals": "does not equal ",
    "starts with": "does not start with ",
    "ends with": "does not end with ",
}


def merge(predicates: list[str], word: str) -> str:
    """Predicates of one subject: "is neither ``1`` nor ``2``", "is ``1`` or ``2``"."""
    if word == "and" and len(predicates) > 1 and all(text.startswith("is not ") for text in predicates):
        return f"is {nor([text.removeprefix('is not ') for text in predicates])}"
    for verb, negative in _VERBS.items():
        if word == "and" and len(predicates) == 2 and all(text.startswith(negative) for text in predicates):
            first, second = (text.removeprefix(negative) for text in predicates)
            return f"{verb} neither {first.strip()} nor {second.strip()}"
    if word == "or" and all(text.startswith("is ") and not text.startswith("is not ") for text in predicates):
        return f"is {joined([text.removeprefix('is ') for text in predicates], 'or')}"
    counts = [re.fullmatch(r"does not have (?:exactly )?(.+?) items", text) for text in predicates]
    if word == "and" and len(predicates) > 1 and all(counts):
        numbers = [number for found in counts if found for number in re.findall("``.+?``", found[1])]
        return f"does not have {joined(numbers, 'or')} items"
    if len(predicates) == 2 and predicates[1].startswith("is ") and re.match("is (?!not |neither )", predicates[0]):
        return f"{predicates[0]} {word} {predicates[1].removeprefix('is ')}"
    return joined(predicates, word)


def simplified(formula: Formula) -> Formula:
    """The formula without what its other parts imply."""
    if isinstance(formula, Every):
        parts = tuple(simplified(part) for part in formula.parts)
        keys = {key(part) for part in parts}
        parts = tuple(part for part in parts if not (isinstance(part, Some) and keys & set(map(key, part.parts))))
        kept = tuple(part for part in parts if not any(implies(other, part) for other in parts if other is not part))
        return kept[0] if len(kept) == 1 else Every(kept)
    if isinstance(formula, Some):
        parts = tuple(_without_opposites(simplified(part), formula.parts) for part in formula.parts)
        return some(part for part in parts if not any(_covers(other, part) for other in parts if other is not part))
    if isinstance(formula, Exists):
        return Exists(formula.target, formula.iterable, simplified(formula.condition), formula.positive)
    return formula


def _covers(wider: Formula, narrower: Formula) -> bool:
    """Whether whenever the narrower one holds the wider one does, by their parts."""
    if not isinstance(narrower, Every):
        return False
    pieces = {key(part) for part in narrower.parts}
    wanted = {key(part) for part in wider.parts} if isinstance(wider, Every) else {key(wider)}
    return wanted < pieces


def _without_opposites(part: Formula, among: tuple[Formula, ...]) -> Formula:
    """Inside of ``a or (not a and b)``, only ``b``."""
    if not isinstance(part, Every):
        return part
    alone = {key(negated(other)) for other in among if isinstance(other, Atom)}
    kept = tuple(piece for piece in part.parts if key(piece) not in alone)
    return kept[0] if len(kept) == 1 else Every(kept)


def implies(stronger: Formula, weaker: Formula) -> bool:
    """Whether "``x`` is not ``None``" need not be said because of what else is said of ``x``."""
    match weaker, stronger:
        case Atom(ast.Compare(left=subject, ops=[ast.Is()], comparators=[ast.Constant(value=None)]), False), Atom():
            return _rules_out_none(subject, stronger)
        case Atom(ast.Call() as wider, False), Atom(ast.Call() as narrower, True):
            first, second = _builtin_kind(wider), _builtin_kind(narrower)
            return first is not None and second is not None and first[0] == second[0] and first[1] != second[1]
        case _:
            return False


_APART = words("str bytes bytearray int float complex list tuple dict set frozenset slice range")


def _builtin_kind(call: ast.Call) -> tuple[str, str] | None:
    """The value and the class of ``isinstance(value, class)`` for classes of which no object can be two."""
    match call:
        case ast.Call(func=ast.Name(id="isinstance"), args=[value, ast.Name(id=name)]) if name in _APART:
            return plain(value), name
        case _:
            return None


def _rules_out_none(subject: ast.expr, stronger: Atom) -> bool:
    text = plain(subject)
    match stronger.expression:
        case ast.Compare(left=left, ops=[ast.Lt() | ast.Gt() | ast.LtE() | ast.GtE()]):
            return plain(left) in (text, f"len({text})")
        case ast.Call(func=ast.Name(id="isinstance"), args=[first, _]) if stronger.positive:
            return plain(first) == text
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[ast.Constant()]) if stronger.positive:
            return plain(left) == text
        case _:
            return False
