"""What is said of an exception class: who raises it, and when."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from improver.analyzers.docstring.candidates import Candidate
from improver.analyzers.docstring.description import Description
from improver.analyzers.docstring.english import code
from improver.analyzers.docstring.facts import facts_of
from improver.analyzers.docstring.knowledge import Knowledge
from improver.analyzers.docstring.ways import AnyFunction, UnclearError


@dataclass(frozen=True, slots=True)
class Raiser:
    """A function that raises an exception, and the sentence that says when."""

    name: str
    text: str


def raised_described(one: Candidate, knowledge: Knowledge) -> tuple[Description, ...]:
    """Descriptions of an exception class, best first; none where the file does not tell when it is raised."""
    ancestors = knowledge.bases.get(one.qualified_name, frozenset())
    if "." in one.qualified_name or not ancestors & {"BaseException", "Exception"}:
        return ()
    found = list(_raisers(one.qualified_name, knowledge))
    if len(found) != 1 or not found[0].text:
        return ()
    who, text = code(found[0].name), found[0].text
    when = text.removeprefix("If ").rstrip(".")
    if who is None:
        return ()
    short = Description(f"Raised by {who} if {when}.")
    return (short, Description(f"Raised by {who}.", (f"This happens if {when}.",)))


@lru_cache(maxsize=2)
def functions_of(tree: ast.Module) -> tuple[tuple[str, ast.ClassDef | None, AnyFunction], ...]:
    """Every function of a module that is not nested in another, with its class."""
    return tuple(_functions(tree.body, "", None))


def _functions(
    body: list[ast.stmt], prefix: str, owner: ast.ClassDef | None
) -> Iterator[tuple[str, ast.ClassDef | None, AnyFunction]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, owner, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{prefix}{node.name}.", node)
        elif isinstance(node, ast.If | ast.Try):
            yield from _functions([*node.body, *node.orelse], prefix, owner)


def _raisers(name: str, knowledge: Knowledge) -> Iterator[Raiser]:
    for qualified, owner, function in raising(knowledge.tree).get(name, ()):
        try:
            facts = facts_of(function, knowledge, owner)
        except UnclearError:
            yield Raiser(qualified, "")
            continue
        yield Raiser(qualified, dict(facts.raises).get(name, ""))


@lru_cache(maxsize=2)
def raising(tree: ast.Module) -> dict[str, list[tuple[str, ast.ClassDef | None, AnyFunction]]]:
    """For each name that is raised in a module, or stands in what is raised, the functions that do so."""
    found: dict[str, list[tuple[str, ast.ClassDef | None, AnyFunction]]] = {}
    for one in functions_of(tree):
        for name in _raised_names(one[2]):
            found.setdefault(name, []).append(one)
    return found


def _raised_names(function: AnyFunction) -> set[str]:
    raised = [part.exc for part in ast.walk(function) if isinstance(part, ast.Raise) and part.exc is not None]
    return {part.id for node in raised for part in ast.walk(node) if isinstance(part, ast.Name)}
