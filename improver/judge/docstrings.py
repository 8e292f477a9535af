"""What a changed docstring can alter: who reads it, and the orders and examples in its text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from inspect import cleandoc

from improver.judge.differences import Part, TextChange
from improver.judge.exposure import Exposure
from improver.values import Category


def changed_docstrings(path: str, texts: Iterable[TextChange], exposure: Exposure) -> Iterator[Part]:
    """What each docstring that differs can alter."""
    for change in texts:
        reason = exposure.docstring(change.owner) if not change.of_attribute else ""
        if reason:
            owner = change.owner.qualified_name
            yield Part(Category.BEHAVIOUR, f"{path}:{change.line}: the docstring of `{owner}` is read: {reason}")
        else:
            yield from _text(path, change, exposure)


def _text(path: str, change: TextChange, exposure: Exposure) -> Iterator[Part]:
    old, new = change.before or "", change.after or ""
    readers = exposure.readers
    examples = ">>>" in old + new and _examples(old) != _examples(new)
    if change.of_attribute and (reason := readers.reads("docstrings", ("use_attribute_docstrings",))):
        yield Part(Category.BEHAVIOUR, f"{path}:{change.line}: the docstring of an attribute is read: {reason}")
    if examples and readers.doctest:
        yield Part(Category.BEHAVIOUR, f"{path}:{change.line}: examples in a docstring are run: {readers.doctest}")
    orders = _orders(new) ^ _orders(old)
    if orders:
        yield Part(Category.DIRECTIVES, f"{path}:{change.line}: `{min(orders)[:60]}` in a docstring gives orders")
    if change.before is not None and change.after is not None and _laid_out(old) == _laid_out(new):
        yield Part(Category.FORMATTING)
    else:
        yield Part(Category.DOCSTRINGS)


def _laid_out(text: str) -> list[str]:
    return [line.rstrip() for line in cleandoc(text).strip().splitlines()]


def _examples(text: str) -> list[str]:
    """The lines of a docstring from each prompt to the next empty line."""
    kept: list[str] = []
    inside = False
    for line in text.splitlines():
        inside = line.lstrip().startswith(">>>") or (inside and bool(line.strip()))
        if inside:
            kept.append(line.strip())
    return kept


_QUOTED_ORDER = re.compile(
    r"(?i)\bnoqa\b|\bnosec\b|\bpragma\s*[:=]|\btype:\s*ignore|\bfmt:\s*\w|\bisort:\s*\w|\bpylint:\s*\w|\bmypy:\s*\w"
    r"|\bimprover:\s*\w|PYTEST_DONT_REWRITE|@generated|\bruff:\s*\w|\bpyright:\s*\w|-\*-|\bcoding[:=]|^\s*#!"
)


def _orders(text: str) -> frozenset[str]:
    return frozenset(line.strip() for line in text.splitlines() if _QUOTED_ORDER.search(line))
