"""Text for a terminal: what comes from the target is made harmless, and every sign has a plain twin."""

from __future__ import annotations

import unicodedata

from rich.console import Console
from rich.text import Text

from improver.values import Category, Route, Verdict

# Letters by their category, yet drawn as nothing at all.
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5")
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
LONGEST_LINE = 400

ROUTES = {
    Route.AUTO: ("approved by rule", "green"),
    Route.HUMAN: ("needs a person", "yellow"),
    Route.REFUSE: ("refused", "red"),
}
_SIGNS = {
    Verdict.PASSED: ("✓", "+", "green"),
    Verdict.FAILED: ("✗", "x", "red"),
    Verdict.INCONCLUSIVE: ("?", "?", "yellow"),
}
_RISKY = Category.TESTS


def clean(text: str, *, longest: int = LONGEST_LINE) -> str:
    """The text as it may be shown: one line, every character that hides or moves others spelled out.

    Parameters:
        longest: characters after which the rest is left out, marked by an ellipsis.
    """
    cut = text if len(text) <= longest else text[:longest] + "..."
    if cut.isascii() and cut.isprintable():
        return cut
    return "".join(character if _is_plain(character) else _spelled(character) for character in cut)


def _is_plain(character: str) -> bool:
    if character in _BLANK_LETTERS:
        return False
    return character == "\t" or unicodedata.category(character) not in _HIDDEN_CATEGORIES


def _spelled(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def unicode_fits(console: Console) -> bool:
    """Whether the console can show more than ASCII."""
    return console.encoding.lower().replace("-", "").startswith("utf")


def sign(console: Console, verdict: Verdict) -> Text:
    """The verdict as a sign and a word, so that it reads without colour and without Unicode."""
    return sign_alone(console, verdict).append(f" {verdict.value}")


def sign_alone(console: Console, verdict: Verdict) -> Text:
    """The verdict as one character that is its own in every encoding."""
    pretty, plain, colour = _SIGNS[verdict]
    return Text(pretty if unicode_fits(console) else plain, style=colour)


def route_text(route: Route) -> Text:
    """Who decides, in words."""
    words, colour = ROUTES[route]
    return Text(words, style=f"bold {colour}")


def category_text(category: Category) -> Text:
    """The category's word, coloured once it is harder than what may go through by rule."""
    return Text(category.word, style="yellow" if category >= _RISKY else "")


def dot(console: Console) -> str:
    """What stands between two facts on one line."""
    return " · " if unicode_fits(console) else " - "


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 file``, ``2,400 files``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Wall time as people say it: ``0.4 s``, ``12 s``, ``3 min 5 s``."""
    if seconds < 0.05:
        return "under 0.1 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
