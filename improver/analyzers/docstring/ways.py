"""The ways out of a function."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from enum import Enum

from improver.analyzers.docstring.formulas import UNKNOWN, Formula
from improver.analyzers.docstring.joins import condition
from improver.analyzers.docstring.states import Step

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


class Exit(Enum):
    """How a statement leaves, or what it hands out."""

    RETURN = "return"
    RAISE = "raise"
    YIELD = "yield"
    YIELD_FROM = "yield from"
    END = "end"
    STORE = "store"
    DO = "do"


@dataclass(frozen=True, slots=True)
class Way:
    """One way out, or one thing done on the way.

    Parameters:
        node: what is returned, raised, yielded, stored or called, as written.
        value: the same in the caller's terms; ``None`` when it has none.
        steps: what must hold for it.
        argument: for what is called, its first argument in the caller's terms.
        known: what is returned, with arguments that have no such terms left out.
        sure: whether it surely leaves the function (for ``raise``: not caught, not swallowed).
    """

    exit: Exit
    node: ast.expr | None
    value: ast.expr | None
    steps: tuple[Step, ...]
    sure: bool = True
    target: ast.expr | None = None
    truth: Formula = UNKNOWN

    argument: ast.expr | None = None
    known: ast.expr | None = None

    @property
    def when(self) -> Formula:
        """The condition for it; unknown where it depends on a loop that is not said."""
        return condition(self.steps)


class UnclearError(Exception):
    """The function leaves in a way whose reasons are not worked out."""
