"""Tests and patterns, read as formulas."""

from __future__ import annotations

import ast

from improver.analyzers.docstring.formulas import (
    ALWAYS,
    NEVER,
    UNKNOWN,
    Atom,
    Exists,
    Formula,
    Unknown,
    every,
    negated,
    some,
)
from improver.analyzers.docstring.purity import dotted
from improver.analyzers.docstring.states import State
from improver.analyzers.docstring.translation import translate


def formula_of(test: ast.expr, state: State) -> Formula:
    """What it takes for a test to hold, in the caller's terms."""
    match test:
        case ast.BoolOp(op=ast.And(), values=values):
            return every(formula_of(value, state) for value in values)
        case ast.BoolOp(values=values):
            return some(formula_of(value, state) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return negated(formula_of(operand, state))
        case ast.Constant(value=value):
            return ALWAYS if value else NEVER
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _comparison(test, left, operator, right, state)
        case _:
            return NEVER if dotted(test).endswith("TYPE_CHECKING") else _truth(test, state)


def _comparison(test: ast.Compare, left: ast.expr, operator: ast.cmpop, right: ast.expr, state: State) -> Formula:
    translated = translate(test, state)
    if not isinstance(translated, ast.Compare) or not _by_value(operator, left, right, state):
        return unknown(test)
    return _of_translated(translated)


def _by_value(operator: ast.cmpop, left: ast.expr, right: ast.expr, state: State) -> bool:
    """Whether the comparison would have come out the same when the function was called."""
    if isinstance(operator, ast.Is | ast.IsNot) or isinstance(right, ast.Constant) or isinstance(left, ast.Constant):
        return True
    return _kept(left, state) and (isinstance(right, ast.Tuple | ast.List | ast.Set) or _kept(right, state))


def _truth(test: ast.expr, state: State) -> Formula:
    translated = translate(test, state)
    if translated is None or not _kept(test, state):
        return unknown(test)
    return _of_translated(translated)


def _of_translated(node: ast.expr) -> Formula:  # noqa: PLR0911 - one case for each kind
    """The truth of an expression that is in the caller's terms already."""
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return every(_of_translated(value) for value in values)
        case ast.BoolOp(values=values):
            return some(_of_translated(value) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return negated(_of_translated(operand))
        case ast.Constant(value=value):
            return ALWAYS if value else NEVER
        case ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]):
            return NEVER
        case ast.Call(func=ast.Name(id="bool"), args=[value], keywords=[]):
            return _of_translated(value)
        case ast.Call(func=ast.Name(id="any" | "all" as word), args=[ast.GeneratorExp(elt=item, generators=[loop])]):
            return _of_items(word, item, loop)
        case ast.Compare(left=left, ops=[ast.IsNot() | ast.NotEq() | ast.NotIn() as operator], comparators=parts):
            opposite = _OPPOSITE[type(operator)]()
            turned = ast.Compare(left=left, ops=[opposite], comparators=parts)
            turned.lineno, turned.col_offset = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
            return Atom(turned, positive=False)
        case _:
            return Atom(node)


def _of_items(word: str, item: ast.expr, loop: ast.comprehension) -> Formula:
    """``any(...)`` and ``all(...)`` over one loop."""
    condition = _of_translated(item)
    chosen = [_of_translated(test) for test in loop.ifs]
    if word == "any":
        return Exists(loop.target, loop.iter, every((*chosen, condition)))
    return Exists(loop.target, loop.iter, every((*chosen, negated(condition))), positive=False)


_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.IsNot: ast.Is, ast.NotEq: ast.Eq, ast.NotIn: ast.In}


def unknown(node: ast.AST) -> Unknown:
    """A condition that is not said, told apart by where it stands."""
    return Unknown(getattr(node, "lineno", 0) * 1000 + getattr(node, "col_offset", 0))


def _kept(node: ast.expr, state: State) -> bool:
    """Whether a bare name still holds what it held; other expressions were checked on the way."""
    if not isinstance(node, ast.Name) or node.id in state.fixed:
        return True
    value = state.names.get(node.id)
    return (value.since if value else 0) >= state.epoch


def case_formula(subject: ast.expr | None, case: ast.match_case, state: State) -> Formula:
    """What it takes for a case to be chosen, given that no earlier one was."""
    pattern = pattern_formula(subject, case.pattern)
    if case.guard is None:
        return pattern
    return UNKNOWN if pattern != ALWAYS else formula_of(case.guard, state)


def pattern_formula(subject: ast.expr | None, pattern: ast.pattern) -> Formula:  # noqa: PLR0911 - one case for each kind
    """What it takes for a pattern to fit."""
    match pattern:
        case ast.MatchAs(pattern=None):
            return ALWAYS
        case _ if subject is None:
            return UNKNOWN
        case ast.MatchAs(pattern=ast.pattern() as inner):
            return pattern_formula(subject, inner)
        case ast.MatchValue(value=value):
            return Atom(ast.Compare(left=subject, ops=[ast.Eq()], comparators=[value]))
        case ast.MatchSingleton(value=value):
            return Atom(ast.Compare(left=subject, ops=[ast.Is()], comparators=[ast.Constant(value=value)]))
        case ast.MatchOr(patterns=patterns):
            return some(pattern_formula(subject, part) for part in patterns)
        case ast.MatchClass(cls=kind, patterns=[], kwd_patterns=[]):
            name = ast.Name(id="isinstance", ctx=ast.Load())
            return Atom(ast.Call(func=name, args=[subject, kind], keywords=[]))
        case _:
            return UNKNOWN
