"""Whether a description reads as if somebody who knows the code had written it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from improver.analyzers.docstring.conditions import said
from improver.analyzers.docstring.description import Description
from improver.analyzers.docstring.english import plain
from improver.analyzers.docstring.facts import FunctionFacts, distinct, exception_name, raised_when
from improver.analyzers.docstring.formulas import ALWAYS, Atom, Every, Exists, Fails, Formula, Some, holds_unknown
from improver.analyzers.docstring.joins import annotation_names
from improver.analyzers.docstring.kinds import parameters
from improver.analyzers.docstring.purity import is_pure, words
from improver.analyzers.docstring.states import root_name
from improver.analyzers.docstring.ways import Exit, Way

_PIECE = re.compile(r"``(.+?)``")
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_PRIVATE = re.compile(r"(?<![\w])_(?!_\w+__\b)\w+")
_ONLY_A_KIND = re.compile(r"Return an? ``([\w.]+)``\.")
_NOT_A_KIND = re.compile(r"(?:any item of )?``(?:list\(|tuple\()?(\w+)\)?`` is not (?:an?|an instance of) ``([\w.]+)``")
_CONSUMING = re.compile(r"\.(pop|popleft|popitem|setdefault|read\w*|recv|next|__next__)\(|\bnext\(")
_TALKING = words("warnings warn logging logger log LOG LOGGER _logger print")
_ENTERING = words("__enter__ __aenter__")


def in_public(facts: FunctionFacts) -> FunctionFacts:
    """The facts without what can only be said with private names."""
    hidden = {one.arg for one in parameters(facts.function)}

    def allowed(text: str) -> bool:
        return not names_private(publicly(text, facts), hidden)

    raises = facts.raises
    if not all(allowed(text) for _, text in raises):
        raises = tuple(raised_when(facts.function, facts.ways, facts.kinds, allowed))
    partly = partly_told(facts, allowed) if raises else frozenset()
    kept = tuple(
        (name, _in_part(publicly(text, facts)) if name in partly else publicly(text, facts))
        for name, text in raises
        if not names_private(f"``{name}``", hidden)
    )
    defaults = tuple((name, publicly(value, facts)) for name, value in facts.defaults)
    shown = tuple(pair for pair in defaults if not names_private(pair[1], hidden))
    return replace(facts, raises=kept, defaults=shown)


def _in_part(text: str) -> str:
    """A condition that is one of several, the others of which cannot be told."""
    return f"{text.removesuffix('.')}, among other reasons."


def partly_told(facts: FunctionFacts, allowed: Callable[[str], bool]) -> frozenset[str]:
    """The exceptions that are also raised for reasons that cannot be told, so that what can be is misleading."""
    names: set[str] = set()
    for way in facts.of(Exit.RAISE):
        name = exception_name(way, facts.function)
        texts = [None if holds_unknown(way.when) else said(part, facts.kinds) for part in distinct([way.when])]
        if way.sure and name and way.when != ALWAYS and not all(text and allowed(text) for text in texts):
            names.add(name)
    return frozenset(names)


def publicly(text: str, facts: FunctionFacts) -> str:
    """The text with the public property in the place of the private attribute that it hands out."""
    for private, public in facts.kinds.public().items():
        if private in text and public != facts.function.name:
            text = re.sub(rf"\bself\.{private}\b", f"self.{public}", text)
    return text


def names_private(text: str, known: Iterable[str] = ()) -> bool:
    """Whether a name with a leading underscore stands in the code in a text."""
    found = {name for piece in _PIECE.findall(text) for name in _PRIVATE.findall(_LITERAL.sub("''", piece))}
    return bool(found - set(known) - {"_"})


def reads_well(description: Description, facts: FunctionFacts) -> bool:
    """Whether a maintainer would keep the sentences of a description."""
    summary = description.summary
    everything = " ".join((summary, *description.details, *(text for _, text in description.raises)))
    vague = "the result of" in summary and " or " in summary and "``None``" not in summary
    if vague or "esult is the result of" in everything or _contradicts(summary, everything):
        return False
    if any(_CONSUMING.search(text) for _, text in description.raises):
        return False
    if (not facts.raises and restates_annotation(summary, facts)) or _misses_the_point(summary, facts):
        return False
    return not repeats_call(everything, facts)


def _contradicts(summary: str, everything: str) -> bool:
    """Whether what is returned is what must be false or missing for it to be returned."""
    value = summary.removeprefix("Return ").rstrip(".")
    return everything.endswith((f"If {value} is truthy.", f"If {value} is not ``None``."))


def restates_annotation(summary: str, facts: FunctionFacts) -> bool:
    """Whether a summary only says of what kind the result is, which the annotation says too."""
    found = _ONLY_A_KIND.fullmatch(summary)
    return bool(found) and annotation_names(facts.function.returns) - {"None"} == {found[1].rpartition(".")[2]}  # type: ignore[index]


def _misses_the_point(summary: str, facts: FunctionFacts) -> bool:
    """Whether a summary tells of the result of what is called for what it does."""
    if (
        not summary.startswith(("Return ", "Check "))
        or summary.startswith("Return ``self[")
        or " which is set " in summary
        or summary.endswith(" and kept.")
        or facts.function.name in _ENTERING
    ):
        return False
    return any(_acts_outside(way, facts) for way in facts.of(Exit.STORE, Exit.DO))


def _acts_outside(way: Way, facts: FunctionFacts) -> bool:
    """Whether something is done to an object that lives on, other than to talk about it."""
    target = way.target.value if isinstance(way.target, ast.Starred) else way.target
    if target is None:
        call = way.node.value if isinstance(way.node, ast.Await) else way.node
        if not isinstance(call, ast.Call):
            return False
        target = call.func
    root = root_name(target)
    last = target.attr if isinstance(target, ast.Attribute) else ""
    if root in _TALKING or last in {"warn", "debug", "info", "warning"}:
        return False
    outside = {one.arg for one in parameters(facts.function)} | {"self", "cls", "super", ""}
    if way.exit is Exit.DO and isinstance(target, ast.Name):
        return True
    return root in outside or root not in _made_here(facts.function)


def _made_here(function: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def says_more_than_annotation(facts: FunctionFacts) -> bool:
    """Whether some exception is raised for more than that a parameter is not what it is annotated to be."""
    annotated = {one.arg: plain(one.annotation) for one in parameters(facts.function) if one.annotation is not None}
    for _, text in facts.raises:
        for clause in re.split(r",? or (?:if )?(?=``|any )", text.removeprefix("If ").rstrip(".")):
            found = _NOT_A_KIND.fullmatch(clause)
            if not found or found[2].rpartition(".")[2] not in re.findall(r"\w+", annotated.get(found[1], "")):
                return True
    return False


def said_once(description: Description, facts: FunctionFacts) -> Description:
    """The description with ``it`` for what a call returned that must not seem to be made twice."""
    for call in _acting_calls(facts):
        summary = re.sub(
            rf"^Return ``{re.escape(call)}\.(\w+)``\.$",
            rf"Return the ``\1`` of what ``{_plain(call)}`` returns.",
            description.summary,
        )
        if f"``{call}``" in summary:
            raises = tuple((name, _its(text, call)) for name, text in description.raises)
            description = replace(description, summary=summary, raises=raises)
    return description


def _plain(call: str) -> str:
    return call.replace("\\", r"\\")


def _its(text: str, call: str) -> str:
    text = re.sub(rf"``{re.escape(call)}\.(?=\w+``)", "its ``", text)
    return text.replace(f"``{call}`` is ", "it is ")


def repeats_call(text: str, facts: FunctionFacts) -> bool:
    """Whether a call that may act stands in two places, as if it were made twice."""
    pieces = _PIECE.findall(text)
    for call in _acting_calls(facts):
        holding = [piece for piece in pieces if call in piece]
        whole = text.count(f"``{call}`` raises") + text.count(f"``{call}`` fails") + text.count(f"``{call}`` returns")
        if len(holding) - whole > 1:
            return True
    return False


def _acting_calls(facts: FunctionFacts) -> set[str]:
    nodes = [node for way in facts.ways for node in (way.value, *_expressions(way.when)) if node is not None]
    found = {part for node in nodes for part in ast.walk(node) if isinstance(part, ast.Call)}
    return {plain(call) for call in found if not is_pure(call)}


def _expressions(formula: Formula) -> list[ast.expr]:
    match formula:
        case Atom(expression):
            return [expression]
        case Fails(expression):
            return [expression]
        case Every(parts) | Some(parts):
            return [one for part in parts for one in _expressions(part)]
        case Exists(_, iterable, condition):
            return [iterable, *_expressions(condition)]
        case _:
            return []
