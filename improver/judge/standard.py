"""The classes of the standard library, with the Python that each came in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_WORD = re.compile(r"(\w+)(?:@(\d+))?(?:\[(\d+)\])?")


@dataclass(frozen=True, slots=True)
class StandardType:
    """A class that a plain metaclass made.

    Parameters:
        since: the minor version of Python 3 from which it is there; 0 for any.
        brackets: the minor version from which it takes any parameters in brackets, without looking at them; 0 if none.
    """

    since: int
    brackets: int = 0


@cache
def standard_types() -> Mapping[str, Mapping[str, StandardType]]:
    """Every module, with its classes by name."""
    text = files("improver.judge").joinpath("standard_types.txt").read_text(encoding="utf-8")
    found: dict[str, dict[str, StandardType]] = {}
    module = ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        words = line
        if not line.startswith(" "):
            module, _, words = line.partition(":")
        found.setdefault(module, {}).update(_type(word) for word in words.split())
    return found


def _type(word: str) -> tuple[str, StandardType]:
    match = _WORD.fullmatch(word)
    assert match is not None, word
    return match[1], StandardType(int(match[2] or 0), int(match[3] or 0))


# What was a function before it became a class.
_CLASS_SINCE = {("threading", "Lock"): 13, ("multiprocessing.dummy", "Lock"): 13}


def is_class_since(module: str, name: str) -> int:
    """The minor version of Python 3 from which a name of a module is a class whenever it is there."""
    return _CLASS_SINCE.get((module, name), 0)


def standard_type(module: str, name: str) -> StandardType | None:
    """A class of a module, or ``None``."""
    return standard_types().get(module, {}).get(name)
