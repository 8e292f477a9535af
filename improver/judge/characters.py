"""Characters that show something else than what is there: bidirectional, invisible, look-alike."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

_HIDDEN = re.compile(
    "[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u2060-\u2064\u206a-\u206f\ufeff\u00ad\u061c\u180e\u115f\u1160\u3164\uffa0"
    "\u2028\u2029\u0085\ufff9-\ufffb\U000e0000-\U000e0fff\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff]"
)
_WORD = re.compile(r"[^\W\d_][\w]*")
_ASCII = re.compile(r"[\x00-\x7f]*\Z")
# Letters of other alphabets that look like Latin ones.
_ALIKE = frozenset("аеорсухіјѕһԁԛԝАВЕКМНОРСТУХІЈЅԌԍґвкмнтαοορνυκτιχγωρΑΒΕΖΗΙΚΜΝΟΡΤΥΧոսօгհցզյɑɡıȷᴀᴄᴇᴏƖǀℓ")


def hidden(before: str, after: str) -> tuple[int, str] | None:
    """The line and the name of a character that hides or turns text around, and that was not there as often before."""
    if _ASCII.match(after) and not _HIDDEN.search(after):
        return None
    old = Counter(_HIDDEN.findall(before))
    for match in _HIDDEN.finditer(after):
        old[match.group()] -= 1
        if old[match.group()] < 0:
            return after.count("\n", 0, match.start()) + 1, _named(match.group())
    return None


def alike(before: str, after: str) -> tuple[int, str] | None:
    """The line of a new word that mixes Latin letters with others that look the same, and the word."""
    if after.isascii():
        return None
    old = frozenset(_WORD.findall(before))
    for match in _WORD.finditer(after):
        word = match.group()
        if not word.isascii() and word not in old and _mixes(word):
            return after.count("\n", 0, match.start()) + 1, word
    return None


def _mixes(word: str) -> bool:
    foreign = [letter for letter in word if letter in _ALIKE]
    if foreign and any("a" <= letter.lower() <= "z" for letter in word):
        return True
    return len(word) > 2 and bool(foreign) and all(letter in _ALIKE or letter in "_0123456789" for letter in word)


def _named(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'a control character')}"
