"""What a function does to the objects around it, as commands: "append ``item`` to ``self.items``"."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from improver.analyzers.docstring.conditions import said
from improver.analyzers.docstring.english import code, joined, plain, texts
from improver.analyzers.docstring.facts import FunctionFacts
from improver.analyzers.docstring.formulas import ALWAYS, holds_unknown
from improver.analyzers.docstring.kept import Summary
from improver.analyzers.docstring.kinds import parameters
from improver.analyzers.docstring.purity import bound_names
from improver.analyzers.docstring.ways import Exit, Way

_FEW = 2
_METHODS = {
    ("list", "append", 1): "append {0} to {holder}",
    ("deque", "append", 1): "append {0} to {holder}",
    ("deque", "appendleft", 1): "prepend {0} to {holder}",
    ("list", "extend", 1): "extend {holder} with {0}",
    ("deque", "extend", 1): "extend {holder} with {0}",
    ("list", "insert", 2): "insert {1} into {holder} at index {0}",
    ("list", "remove", 1): "remove {0} from {holder}",
    ("set", "add", 1): "add {0} to {holder}",
    ("set", "remove", 1): "remove {0} from {holder}",
    ("set", "discard", 1): "remove {0} from {holder} if it is there",
    ("set", "update", 1): "add the items of {0} to {holder}",
    ("dict", "update", 1): "update {holder} with {0}",
    ("dict", "pop", 1): "remove {0} from {holder}",
    ("dict", "pop", 2): "remove {0} from {holder} if it is there",
}
_FUNCTIONS = {
    ("setattr", 3): "set the attribute named by {1} to {2}",
    ("delattr", 2): "delete the attribute named by {1}",
}
_OWN = {"__setattr__": "setattr", "__delattr__": "delattr"}


def acting(facts: FunctionFacts) -> Iterator[Summary]:
    """Functions that do one thing or two, and hand nothing back."""
    ways = facts.of(Exit.STORE, Exit.DO)
    if facts.gives_back or not 1 <= len(ways) <= _FEW:
        return
    if any(way.when != ALWAYS for way in ways):
        yield from _sometimes(ways, facts)
        return
    done = [action(way, facts) for way in ways]
    if all(done):
        yield Summary(f"{_capital(joined([text for text in done if text], 'and'))}.", 0, "what `{}` does")
    targets = [code(way.target) for way in ways]
    own = all(way.exit is Exit.STORE and isinstance(way.target, ast.Attribute) for way in ways)
    if own and all(targets):
        named = list(dict.fromkeys(text for text in targets if text))
        yield Summary(f"Set {joined(named, 'and')}.", 0, "what `{}` sets")


def _sometimes(ways: list[Way], facts: FunctionFacts) -> Iterator[Summary]:
    if len(ways) != 1 or holds_unknown(ways[0].when):
        return
    done, text = action(ways[0], facts), said(ways[0].when, facts.kinds)
    if done and text is not None and ", or if" not in text and " if " not in done:
        yield Summary(f"{_capital(done)} if {text}.", 0, "when `{}` acts")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def action(way: Way, facts: FunctionFacts) -> str | None:
    """One thing that is done, as a command, or ``None`` when it cannot be said."""
    return _stored(way, facts) if way.exit is Exit.STORE else _called(way, facts)


def _stored(way: Way, facts: FunctionFacts) -> str | None:
    if isinstance(way.target, ast.Starred):
        return _deleted(way.target.value, facts)
    target = code(way.target)
    if target is None or way.target is None or not _in_callers_terms(way.target, facts):
        return None
    step = _augmented(way, facts)
    if step is not None:
        by = code(step.value, 20) if isinstance(step.value, ast.Constant) and step.value.value != "" else None
        number = isinstance(step.value, ast.Constant) and isinstance(step.value.value, int | float)
        verb = {ast.Add: "increase", ast.Sub: "decrease"}.get(type(step.op)) if number else None
        return f"{verb} {target} by {by}" if verb and by else f"update {target}"
    value = code(way.value, 40)
    return f"set {target} to {value}" if value is not None else None


def _augmented(way: Way, facts: FunctionFacts) -> ast.AugAssign | None:
    for part in ast.walk(facts.function):
        if isinstance(part, ast.AugAssign) and part.target is way.target:
            return part
    return None


def _deleted(target: ast.expr, facts: FunctionFacts) -> str | None:
    shown = code(target)
    if shown is None or not _in_callers_terms(target, facts):
        return None
    if isinstance(target, ast.Subscript) and facts.kinds.holder(plain(target.value)) == "dict":
        return f"remove {code(target.slice)} from {code(target.value)}"
    return f"delete {shown}"


def _in_callers_terms(target: ast.expr, facts: FunctionFacts) -> bool:
    """Whether every name in a target is a parameter that still is what was handed in."""
    names = {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}
    known = {one.arg for one in parameters(facts.function)} | {"self", "cls"}
    return names <= known and not names & bound_names(facts.function.body)


def _called(way: Way, facts: FunctionFacts) -> str | None:
    shown = code(way.value)
    if not isinstance(way.value, ast.Call) or shown is None:
        return None if shown is None else f"await {shown}".replace("``await ", "``")
    call = way.value
    arguments = texts(call.args) if not call.keywords else None
    if arguments is None or any(isinstance(one, ast.Starred) for one in call.args):
        return f"call {shown}"
    if isinstance(call.func, ast.Name):
        own = bool(arguments) and arguments[0] in {"``self``", "``cls``"}
        form = _FUNCTIONS.get((call.func.id, len(arguments))) if own else None
        return form.format(*arguments) if form else f"call {shown}"
    if not isinstance(call.func, ast.Attribute):
        return f"call {shown}"
    return _method(call.func, arguments, facts) or f"call {shown}"


def _method(function: ast.Attribute, arguments: list[str], facts: FunctionFacts) -> str | None:
    """What a well-known method does to a container that the class is known to hold."""
    kind, holder = facts.kinds.holder(plain(function.value)), code(function.value)
    if kind and holder and function.attr == "clear" and not arguments:
        return f"clear {holder}"
    if function.attr in _OWN and holder == "``self``":
        form = _FUNCTIONS.get((_OWN[function.attr], len(arguments) + 1))
        return form.format(holder, *arguments) if form else None
    form = _METHODS.get((kind, function.attr, len(arguments)))
    return form.format(*arguments, holder=holder) if form and holder else None
