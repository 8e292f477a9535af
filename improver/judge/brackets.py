"""What `X[...]` does in an annotation: which parameters are taken, by whom they are looked at, and since when."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from improver.judge.meanings import ALIAS, Acts, Kind, Meaning, slots_of

if TYPE_CHECKING:
    from improver.judge.annotations import Evaluation

_Denote = Callable[[ast.expr, "Evaluation"], Meaning]
_Free = list[tuple[str, str]]
_AS_PARAMETER = (Kind.CLASS, Kind.ALIAS, Kind.VARIABLE, Kind.NONE, Kind.TEXT)
_PLAIN_FORWARD = (ast.Expression, ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.Constant,
                  ast.BinOp, ast.BitOr, ast.expr_context)  # fmt: skip
_ONE = ("ClassVar", "Final", "Required", "NotRequired", "TypeGuard", "TypeIs")
_LONGEST_FORWARD = 200


def subscripted(node: ast.Subscript, where: Evaluation, denote: _Denote) -> Meaning:
    """What an expression with brackets stands for.

    Raises:
        Acts: evaluating it may fail or act.
    """
    of = denote(node.value, where)
    given = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
    look = _Look(node, where, denote)
    if of.form:
        return look.form(of.form, given)
    if of.brackets:
        look.since(of.brackets)
        return look.unlooked(given)
    if of.slots is None:
        raise Acts(f"`{ast.unparse(node)[:60]}` is not known to take what stands in its brackets")
    return look.slots(of.slots, given)


class _Look:
    """One pair of brackets."""

    def __init__(self, node: ast.Subscript, where: Evaluation, denote: _Denote) -> None:
        self.node = node
        self.where = where
        self.denote = denote
        self.free: _Free = []

    def wrong(self, what: str = "has the wrong number of parameters") -> Acts:
        return Acts(f"`{ast.unparse(self.node)[:60]}` {what}")

    def since(self, minor: int) -> None:
        if self.where.python < (3, minor) and self.where.statement is not None:
            raise self.wrong(f"needs Python 3.{minor}")

    def alias(self) -> Meaning:
        free = tuple(dict.fromkeys(self.free))
        return Meaning(Kind.ALIAS, slots=slots_of(free), free=free)

    # --- brackets of the language, which take anything ----------------------------------------------------------

    def unlooked(self, given: list[ast.expr]) -> Meaning:
        for value in given:
            self.anything(value)
        return self.alias()

    def anything(self, value: ast.expr) -> None:
        if isinstance(value, ast.List | ast.Tuple):
            for inner in value.elts:
                self.anything(inner)
        elif not _is_ellipsis(value):
            self.free += self.denote(value, self.where).free

    # --- brackets of `typing`, which look -----------------------------------------------------------------------

    def slots(self, slots: str, given: list[ast.expr]) -> Meaning:
        if len(given) != len(slots):
            raise self.wrong()
        for slot, value in zip(slots, given, strict=True):
            if slot == "P":
                self.since(10)
                self.parameters(value)
            else:
                self.type(value)
        return self.alias()

    def type(self, value: ast.expr) -> None:
        """A parameter that must be a type."""
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            _forward(value.value)
            return
        meaning = self.denote(value, self.where)
        if meaning.kind not in _AS_PARAMETER:
            raise Acts(f"`{ast.unparse(value)[:60]}` is not known to be a class")
        self.free += meaning.free

    def parameters(self, value: ast.expr) -> None:
        """What stands for a list of parameters."""
        if isinstance(value, ast.List):
            for inner in value.elts:
                self.type(inner)
        elif not _is_ellipsis(value):
            meaning = self.denote(value, self.where)
            if meaning.kind is not Kind.PARAMETERS:
                raise Acts(f"`{ast.unparse(value)[:60]}` is no list of parameters")
            self.since(10)
            self.free += meaning.free

    def form(self, form: str, given: list[ast.expr]) -> Meaning:  # noqa: PLR0911 - one line a form
        match form:
            case "Callable" | "abc.Callable":
                return self.callable(form, given)
            case "Literal":
                if not all(_is_literal(value) for value in given):
                    raise self.wrong("holds what is no plain literal")
                return ALIAS
            case "Tuple":
                return self.tuple(given)
            case "Union":
                return self.union(given)
            case "Optional" if len(given) == 1:
                return self.union(given)
            case "Annotated" if len(given) > 1 and all(isinstance(value, ast.Constant) for value in given[1:]):
                self.type(given[0])
                return self.alias()
            case "Concatenate" if len(given) > 1:
                return self.concatenate(given)
            case word if word in _ONE and len(given) == 1:
                self.type(given[0])
                return Meaning(Kind.FORM if word not in ("TypeGuard", "TypeIs") else Kind.ALIAS)
            case _:
                raise self.wrong("is not known to evaluate without effect")

    def union(self, given: list[ast.expr]) -> Meaning:
        if not given:
            raise self.wrong()
        for value in given:
            self.type(value)
        return self.alias()

    def tuple(self, given: list[ast.expr]) -> Meaning:
        if not given and isinstance(self.node.slice, ast.Tuple):
            return ALIAS
        types = given[:1] if len(given) == 2 and _is_ellipsis(given[1]) else given
        return self.union(types)

    def concatenate(self, given: list[ast.expr]) -> Meaning:
        self.since(11)
        for value in given[:-1]:
            self.type(value)
        self.parameters(given[-1])
        if isinstance(given[-1], ast.List):
            raise self.wrong("is not known to evaluate without effect")
        return Meaning(Kind.PARAMETERS, free=tuple(dict.fromkeys(self.free)))

    def callable(self, form: str, given: list[ast.expr]) -> Meaning:
        if len(given) != 2:
            raise Acts("a `Callable` without a list of parameters and a result")
        if form == "abc.Callable":
            self.since(9)
        self.parameters(given[0])
        self.type(given[1])
        return self.alias()


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return isinstance(node.operand, ast.Constant) and type(node.operand.value) is int
    return isinstance(node, ast.Constant) and type(node.value) in (str, bytes, int, bool, type(None))


def _forward(text: str) -> None:
    """A string as a parameter is compiled at once, and evaluated never."""
    try:
        parsed = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Acts(f"`{text[:60]}` is no type") from None
    plain = all(isinstance(node, _PLAIN_FORWARD) for node in ast.walk(parsed)) and text == text.strip()
    if not plain or not text.isascii() or "\n" in text or len(text) > _LONGEST_FORWARD or text.count("[") > 10:
        raise Acts(f"`{text[:60]}` is no plain type")
