"""What a changed docstring can alter: who reads it, and the orders and examples in its text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from inspect import cleandoc

from improver.judge.characters import hidden
from improver.judge.differences import Part, TextChange
from improver.judge.exposure import Exposure
from improver.judge.orders import built, quotes_orders
from improver.judge.other_files import BLOCKS
from improver.values import Category

_BLOCK = re.compile(
    r"[ \t]*(?:```|~~~|\.\. (?:code(?:-block)?|sourcecode|testcode|testsetup|doctest|invisible-code(?:-block)?)::)"
)


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
    examples = examples or (readers.doctest.endswith(BLOCKS) and _blocks(old) != _blocks(new))
    if change.of_attribute and (reason := exposure.attribute(change.owner)):
        yield Part(Category.BEHAVIOUR, f"{path}:{change.line}: the docstring of an attribute is read: {reason}")
    if examples and readers.doctest:
        yield Part(Category.BEHAVIOUR, f"{path}:{change.line}: examples in a docstring are run: {readers.doctest}")
    orders = _orders(new) ^ _orders(old)
    sign = hidden(old, new)
    if sign is not None:
        yield Part(
            Category.OTHER, f"{path}:{change.line}: a docstring holds {sign[1]}, which is not shown as what it is"
        )
    if orders:
        yield Part(Category.DIRECTIVES, f"{path}:{change.line}: `{min(orders)[:60]}` in a docstring gives orders")
    if change.before is not None and change.after is not None and _laid_out(old) == _laid_out(new):
        yield Part(Category.FORMATTING)
    else:
        yield Part(Category.DOCSTRINGS)


def _laid_out(text: str) -> list[str]:
    return [line.rstrip() for line in cleandoc(text).strip().splitlines()]


def _examples(text: str) -> list[str]:
    """The lines of a docstring from each prompt to the next empty line, indented as they are among themselves."""
    kept: list[str] = []
    prompt = -1
    for line in cleandoc(text).splitlines():
        if line.lstrip().startswith(">>>"):
            prompt = len(line) - len(line.lstrip())
        elif not line.strip():
            prompt = -1
        if prompt >= 0:
            kept.append(line[prompt:].rstrip() if not line[:prompt].strip() else line.rstrip())
    return kept


def _blocks(text: str) -> list[str]:
    """What follows a mark of a block of code, to the end: in what is run, and may be more than that."""
    lines = cleandoc(text).splitlines()
    first = next((index for index, line in enumerate(lines) if _BLOCK.match(line)), len(lines))
    return [line.rstrip() for line in lines[first:]]


def _orders(text: str) -> frozenset[str]:
    """The lines of a docstring that some tool obeys, and those that act when documents are built."""
    return frozenset(line.strip() for line in text.splitlines() if quotes_orders(line)) | built(text)
