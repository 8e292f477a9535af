"""Numbers of things, as a sentence has them."""

from __future__ import annotations


def counted(number: int, thing: str) -> str:
    """The number with its noun: ``1 test``, ``2 tests``."""
    return f"{number} {thing if number == 1 else thing + 's'}"
