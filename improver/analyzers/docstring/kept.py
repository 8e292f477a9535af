"""What a summary is; and the one of a value that is made once and kept."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from improver.analyzers.docstring.english import code, plain
from improver.analyzers.docstring.facts import FunctionFacts
from improver.analyzers.docstring.ways import Exit


@dataclass(frozen=True, slots=True)
class Summary:
    """A first line and what it is worth.

    Parameters:
        details: more sentences that belong to it.
        news: how many things it tells that the signature does not.
        learned: what a reader now knows, for the title and the reason.
    """

    text: str
    news: int
    learned: str
    details: tuple[str, ...] = ()
    said_raises: bool = False


def kept_value(facts: FunctionFacts) -> Iterator[Summary]:
    """A value that is made on first use and kept."""
    match facts.function.body:
        case [ast.If(test=test, body=body, orelse=[]), ast.Return(value=value)] if value is not None:
            pass
        case _:
            return
    kept = plain(value)
    stores = [part for part in body if isinstance(part, ast.Assign) and plain(part.targets[0]) == kept]
    if not isinstance(value, ast.Attribute | ast.Subscript) or len(stores) != 1 or stores[0] is not body[-1]:
        return
    if facts.of(Exit.RAISE) or not _asks_for(test, value):
        return
    shown, made = code(kept), code(stores[0].value, 50)
    if shown is None:
        return
    missing = isinstance(value, ast.Subscript)
    learned = "what `{}` does with a missing key" if missing else "when `{}` makes its value"
    when = "if it is missing" if isinstance(value, ast.Subscript) else "on first use"
    if len(body) == 1 and made is not None:
        yield Summary(f"Return {shown}, which is set to {made} {when}.", 1, learned)
    yield Summary(f"Return {shown}, which is set {when}.", 1, learned)
    if len(body) == 1 and made is not None and isinstance(value, ast.Attribute) and _made_only_here(value, facts):
        yield Summary(f"Return {made}, which is made on first use and kept.", 1, learned)


def _asks_for(test: ast.expr, kept: ast.Attribute | ast.Subscript) -> bool:
    """Whether a test asks if the kept value is there."""
    match test, kept:
        case ast.Compare(left=left, ops=[ast.Is()], comparators=[ast.Constant(value=None)]), _:
            return plain(left) == plain(kept)
        case ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=ast.Name(id="hasattr"), args=[_, name])), ast.Attribute():
            return isinstance(name, ast.Constant) and name.value == kept.attr
        case ast.Compare(left=left, ops=[ast.NotIn()], comparators=[holder]), ast.Subscript(value=value, slice=index):
            return plain(left) == plain(index) and plain(holder) == plain(value)
        case _:
            return False


def _made_only_here(kept: ast.Attribute, facts: FunctionFacts) -> bool:
    """Whether the class puts nothing else than this value and ``None`` there."""
    if facts.kinds.owner is None or plain(kept.value) != "self":
        return False
    stores = [
        part
        for part in ast.walk(facts.kinds.owner)
        if isinstance(part, ast.Attribute) and part.attr == kept.attr and isinstance(part.ctx, ast.Store)
    ]
    empty = [
        part
        for part in ast.walk(facts.kinds.owner)
        if isinstance(part, ast.Assign | ast.AnnAssign)
        and isinstance(part.value, ast.Constant)
        and part.value.value is None
        and plain(part.targets[0] if isinstance(part, ast.Assign) else part.target) == plain(kept)
    ]
    return len(stores) - len(empty) == 1
