"""The first line of a docstring, and whether there is enough behind it to write one."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from improver.analyzers.docstring.actions import acting
from improver.analyzers.docstring.conditions import said
from improver.analyzers.docstring.english import code, joined, plain
from improver.analyzers.docstring.facts import FunctionFacts, distinct
from improver.analyzers.docstring.formulas import ALWAYS, Every, Exists, Fails, Some
from improver.analyzers.docstring.kept import Summary, kept_value
from improver.analyzers.docstring.kinds import parameters
from improver.analyzers.docstring.outcomes import Outcome, clause, found_first, outcomes, predicate
from improver.analyzers.docstring.phrases import constructed, is_vague, phrase
from improver.analyzers.docstring.purity import descendants, effects
from improver.analyzers.docstring.ways import Exit, Way

_ONLY_ITS_KIND = re.compile(r"an? ``.+``")
Attempt = Callable[[FunctionFacts], Iterator[Summary]]


def summaries(facts: FunctionFacts) -> Iterator[Summary]:
    """Summaries that are true, the best first."""
    if facts.is_generator:
        yield from yielding(facts)
        return
    if facts.function.name == "__init__":
        yield from initializing(facts)
        return
    for attempt in (kept_value, gathering, search, question, alternatives, plain_return, check_only, acting, protocol):
        yield from attempt(facts)


_PROTOCOL = {
    "__getitem__": (1, "Return ``self[{0}]``."),
    "__setitem__": (2, "Set ``self[{0}]`` to ``{1}``."),
    "__delitem__": (1, "Delete ``self[{0}]``."),
    "__enter__": (0, "Enter the context."),
    "__aenter__": (0, "Enter the context."),
}


def protocol(facts: FunctionFacts) -> Iterator[Summary]:
    """What Python itself calls a method for."""
    names = [one.arg for one in parameters(facts.function)]
    count, text = _PROTOCOL.get(facts.function.name, (0, ""))
    if text and len(names) == count:
        yield Summary(text.format(*names), 0, "")


def initializing(_: FunctionFacts) -> Iterator[Summary]:
    """Making a new object."""
    yield Summary("Initialize the instance.", 0, "")


def gathering(facts: FunctionFacts) -> Iterator[Summary]:
    """A list that one loop fills."""
    match facts.function.body:
        case [
            *_,
            ast.Assign(targets=[ast.Name(id=name)], value=ast.List(elts=[])),
            ast.For() as loop,
            ast.Return(value=ast.Name(id=last)),
        ]:
            pass
        case _:
            return
    appends = [way for way in facts.of(Exit.DO) if plain(way.node or loop).startswith(f"{name}.")]
    uses = [part for part in ast.walk(loop) if isinstance(part, ast.Name) and part.id == name]
    if name != last or len(appends) != 1 or len(uses) != 1 or len(facts.of(Exit.RETURN)) != 1 or _may_stop(loop):
        return
    match appends[0].node, appends[0].argument:
        case ast.Call(func=ast.Attribute(attr="append"), args=[_], keywords=[]), ast.expr() as value:
            yield from _looped(appends[0], value, "Return a list of", facts)
        case _:
            pass


def yielding(facts: FunctionFacts) -> Iterator[Summary]:
    """Generators that filter or map one loop."""
    yields = facts.of(Exit.YIELD, Exit.YIELD_FROM)
    if len(yields) != 1 or facts.of(Exit.RETURN) or yields[0].exit is Exit.YIELD_FROM:
        return
    if yields[0].value is not None:
        yield from _looped(yields[0], yields[0].value, "Yield", facts)


def _looped(way: Way, item: ast.expr, verb: str, facts: FunctionFacts) -> Iterator[Summary]:
    """What one loop hands out, and which items it leaves out."""
    loops = [step for step in way.steps if step.loop is not None]
    if len(loops) != 1 or not isinstance(way.when, Exists) or _may_stop(loops[0].loop):
        return
    target, iterable, value = code(way.when.target), code(way.when.iterable), phrase(item)
    condition = said(way.when.condition, facts.kinds) if way.when.condition != ALWAYS else ""
    if target is None or iterable is None or value is None or condition is None:
        return
    each = "the" if verb.startswith("Return") else "each"
    start = (
        f"{verb} {each} {target} in {iterable}"
        if value == target
        else f"{verb} {value} for each {target} in {iterable}"
    )
    learned = "what `{}` yields" if verb == "Yield" else "what `{}` returns"
    yield Summary(f"{start} for which {condition}." if condition else f"{start}.", int(bool(condition)), learned)
    if condition and value == target and verb == "Yield":
        detail = f"An item {target} matches if {condition}."
        yield Summary(f"Yield the matching items of {iterable}.", 1, learned, (detail,))


def _may_stop(loop: ast.AST | None) -> bool:
    return loop is None or any(isinstance(part, ast.Break | ast.Return | ast.Try) for part in ast.walk(loop))


def question(facts: FunctionFacts) -> Iterator[Summary]:
    """Functions that return ``True`` or ``False``."""
    formula = predicate(facts)
    if formula is None:
        return
    text = said(formula, facts.kinds)
    several = len(facts.of(Exit.RETURN)) > 1
    if text is None or ", or if" in text:
        return
    weight = 1 if several and isinstance(formula, Every | Some | Exists) else 0
    yield Summary(f"Return whether {text}.", weight, "when `{}` is true")


def search(facts: FunctionFacts) -> Iterator[Summary]:
    """The first item that meets a condition."""
    found = found_first(facts)
    if found is None:
        return
    exists, way = found
    target, iterable, value = code(exists.target), code(exists.iterable), code(way.value)
    condition = said(exists.condition, facts.kinds)
    if target is None or iterable is None or value is None or condition is None:
        return
    others = [one for one in facts.of(Exit.RETURN, Exit.END) if one is not way]
    texts = {code(one.value) or "``None``" if one.node is not None else "``None``" for one in others}
    if len(texts) > 1:
        return
    what = f"the first {target}" if value == target else f"{value} for the first {target}"
    start = f"Return {what} in {iterable} for which {condition}"
    other = next(iter(texts), "")
    yield Summary(f"{start}, else {other}." if other else f"{start}.", 1, "what `{}` looks for")
    if value == target:
        rest = f", or {other}" if other else ""
        detail = f"An item ``{plain(exists.target)}`` matches if {condition}."
        yield Summary(f"Return the first matching item of {iterable}{rest}.", 1, "what `{}` looks for", (detail,))


def alternatives(facts: FunctionFacts) -> Iterator[Summary]:
    """Two values, one of them in a special case."""
    found = outcomes(facts)
    if found is None or len(found) != 2 or not facts.of(Exit.RETURN) or not _worth_telling_apart(found, facts):
        return
    for special, usual in _by_preference(found):
        when = clause(special, facts)
        if when is None or usual.text.startswith("``None``"):
            continue
        if when in (f"{usual.text} returns ``None``", f"{usual.text} is ``None``"):
            yield Summary(f"Return {usual.text}.", 0, "what `{}` returns")
            continue
        if all(isinstance(one.node, ast.Constant) and isinstance(one.node.value, bool) for one in found):
            if ", or if" not in when:
                yield Summary(f"Return {special.text} if {when}, else {usual.text}.", 1, "when `{}` is true")
            continue
        learned = (
            f"when `{{}}` returns {special.text.replace('``', '`')}" if len(special.text) < 20 else "what `{}` returns"
        )
        if ", or if" not in when:
            yield Summary(f"Return {usual.text}, or {special.text} if {when}.", 1, learned)
        detail = f"The result is {special.text} if {when}."
        yield Summary(f"Return {usual.text} or {special.text}.", 1, learned, (detail,))


def _worth_telling_apart(found: list[Outcome], facts: FunctionFacts) -> bool:
    """Whether the two are more than a choice between two expressions, which the code says as well."""
    names = {one.arg for one in parameters(facts.function)} | {"self", "cls"}
    if all(isinstance(one.node, ast.Constant) and not isinstance(one.node.value, bool) for one in found):
        return False
    if any(is_vague(one.text) for one in found) and not any(one.text == "``None``" for one in found):
        return False
    if any(_ONLY_ITS_KIND.fullmatch(one.text) for one in found) and not any(one.text == "``None``" for one in found):
        return False
    return bool(facts.raises) or any(
        one.text == "``None``"
        or one.text.startswith("an empty ")
        or isinstance(one.node, ast.Constant)
        or (isinstance(one.node, ast.Name) and one.node.id in names)
        for one in found
    )


def _by_preference(found: list[Outcome]) -> list[tuple[Outcome, Outcome]]:
    first, second = found
    pairs = [(first, second), (second, first)]
    return sorted(pairs, key=lambda pair: (_rank(pair[0]), isinstance(pair[0].node, ast.Name), len(pair[0].text)))


def _rank(outcome: Outcome) -> int:
    if outcome.text == "``None``":
        return 0
    fallback = isinstance(outcome.node, ast.Name) and outcome.node.id.startswith(("default", "fallback"))
    return 1 if fallback or isinstance(outcome.node, ast.Constant) else 2


def plain_return(facts: FunctionFacts) -> Iterator[Summary]:
    """One value on every way."""
    found = outcomes(facts)
    if found is None or len(found) != 1 or found[0].text == "``None``" or not facts.of(Exit.RETURN):
        return
    if is_vague(found[0].text):
        return
    if _is_checked(found[0].node, facts):
        yield Summary(f"Check {found[0].text} and return it.", 0, "what `{}` returns")
    yield Summary(f"Return {found[0].text}.", 0, "what `{}` returns")


def _is_checked(node: ast.expr | None, facts: FunctionFacts) -> bool:
    """Whether a parameter is handed back as it is, unless an exception is raised because of it."""
    names = {one.arg for one in parameters(facts.function)}
    if not isinstance(node, ast.Name) or node.id not in names:
        return False
    return any(re.search(rf"\b{node.id}\b", text) for _, text in facts.raises)


def check_only(facts: FunctionFacts) -> Iterator[Summary]:
    """Functions that do nothing but raise."""
    others = [way for way in facts.of(Exit.STORE, Exit.DO, Exit.YIELD) if not _is_tried(way, facts)]
    if others or facts.gives_back or len(facts.raises) != 1 or not _all_said(facts) or _acts(facts):
        return
    name, text = facts.raises[0]
    yield Summary(f"Raise ``{name}`` if {text.removeprefix('If ').rstrip('.')}.", 1, "", (), True)
    names = [f"``{one.arg}``" for one in parameters(facts.function)]
    if 1 <= len(names) <= 2 and all(one.strip("`") in text for one in names):
        yield Summary(f"Check {joined(names, 'and')}.", 1, "")


def _is_tried(way: Way, facts: FunctionFacts) -> bool:
    """Whether a call is made to see if it fails, and does nothing but make an object."""
    if way.exit is not Exit.DO or way.value is None or constructed(way.value) is None:
        return False
    tried = [one.when.expression for one in facts.of(Exit.RAISE) if isinstance(one.when, Fails)]
    return plain(way.value) in map(plain, tried)


def _acts(facts: FunctionFacts) -> bool:
    """Whether a function may do something besides looking at what it is given."""
    tried = {plain(way.node) for way in facts.of(Exit.DO) if way.node is not None and _is_tried(way, facts)}
    doing = (ast.Expr, ast.AugAssign, ast.While, ast.With, ast.AsyncWith, ast.Delete, ast.Yield, ast.YieldFrom)
    for part in descendants(facts.function.body):
        if isinstance(part, doing) and not (isinstance(part, ast.Expr) and plain(part.value) in tried):
            return True
        if isinstance(part, ast.For | ast.AsyncFor) and any(map(effects, part.body)):
            return True
        if isinstance(part, ast.Assign | ast.AnnAssign) and part.value is not None and _hidden(part.value, facts):
            return True
    return False


def _hidden(value: ast.expr, facts: FunctionFacts) -> bool:
    """Whether a value is made by a call that may act and that no condition names."""
    told = " ".join(text for _, text in facts.raises)
    return any(isinstance(part, ast.Call) and f"{plain(part.func)}(" not in told for part in effects(value))


def _all_said(facts: FunctionFacts) -> bool:
    """Whether everything that the function raises is said."""
    ways = facts.of(Exit.RAISE)
    return all(way.sure and said(part, facts.kinds) for way in ways for part in distinct([way.when]))
