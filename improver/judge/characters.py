"""Characters that show something else than what is there: bidirectional, invisible, look-alike."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

# Beyond these, whatever Unicode counts as formatting, as a control, as private or as not assigned.
_HIDDEN = re.compile(
    "[\u202a-\u202e\u2066-\u2069\u200b-\u200f\u2060-\u2065\u206a-\u206f\ufeff\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u2800\u3164\uffa0\u2028\u2029\u0085\ufff0-\ufffc\ufe00-\ufe0d\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff]"
)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_SHOWN_AS = re.compile(r"(.?)[\ufe0e\ufe0f]")
_UNSEEN = frozenset({"Cf", "Cc", "Co", "Cn", "Cs", "Zl", "Zp"})
_WORD = re.compile(r"[^\W\d_][\w]*")
_TEXT = re.compile(
    r"""\#[^\n]* | (?<![\w]) (?:[rRbBuU]{1,2})?
    (?: \"\"\" (?:[^\\"]|\\.|\"(?!\"\"))* \"\"\" | ''' (?:[^\\']|\\.|'(?!''))* '''
    | " (?:[^"\\\n]|\\.)* " | ' (?:[^'\\\n]|\\.)* ' )""",
    re.VERBOSE | re.DOTALL,
)
# Letters of other alphabets that look like Latin ones.
_ALIKE = frozenset("аеорсухіјѕһԁԛԝАВЕКМНОРСТУХІЈЅԌԍґвкмнтαοορνυκτιχγωρΑΒΕΖΗΙΚΜΝΟΡΤΥΧոսօգհցզյɑɡıȷᴀᴄᴇᴏƖǀℓ")


def hidden(before: str, after: str) -> tuple[int, str] | None:
    """The line and the name of a character that hides or turns text around, in a line that was not there before."""
    if after.isascii() and "\f" not in after and not _HIDDEN.search(after):
        return None
    old = Counter(line.strip() for line in before.split("\n"))
    for number, line in enumerate(after.split("\n"), 1):
        sign = _unseen(line)
        if sign:
            old[line.strip()] -= 1
            if old[line.strip()] < 0:
                return number, _named(sign)
    return None


def _unseen(line: str) -> str:
    """The first character of a line that is not seen; empty when there is none."""
    if "\f" in line.strip():
        return "\f"
    found = _HIDDEN.search(line)
    if found is not None:
        return found.group()
    if line.isascii():
        return ""
    for match in _SHOWN_AS.finditer(line):
        if not _is_picture(match.group(1)):
            return match.group()[-1]
    others = (match.group() for match in _NOT_ASCII.finditer(line))
    return next((sign for sign in others if unicodedata.category(sign) in _UNSEEN), "")


def _is_picture(sign: str) -> bool:
    """Whether a character has two ways to be shown, so that a selector after it means something."""
    return sign in ("#", "*", *"0123456789") or (bool(sign) and unicodedata.category(sign) in ("So", "Sm", "Sk", "Po"))


def alike(before: str, after: str) -> tuple[int, str] | None:
    """The line of a new word that is not what it looks like, and the word.

    That is: one that mixes Latin letters with others that look the same, or a name in the code that Python reads as
    another one. A name of that kind that is gone counts too, since whoever searches for it no longer finds it.
    """
    if not after.isascii():
        old = frozenset(_WORD.findall(before))
        for match in _WORD.finditer(after):
            word = match.group()
            if not word.isascii() and word not in old and _mixes(word, after, match.start()):
                return after.count("\n", 0, match.start()) + 1, word
    if before.isascii() and after.isascii():
        return None
    gone, come = _renamed(before), _renamed(after)
    return next(((line, word) for word, line in {**gone, **come}.items() if (word in gone) != (word in come)), None)


def _renamed(text: str) -> dict[str, int]:
    """The names in the code that Python takes for others (it reads them all in the form NFKC), with a line of each."""
    code = _code(text)
    return {
        match.group(): code.count("\n", 0, match.start()) + 1
        for match in _WORD.finditer(code)
        if not match.group().isascii() and unicodedata.normalize("NFKC", match.group()) != match.group()
    }


def _code(text: str) -> str:
    """A text without its comments and its plain strings; what stands in an f-string may be code."""
    return _TEXT.sub(lambda match: "\n" * match.group().count("\n"), text)


def _mixes(word: str, text: str, start: int) -> bool:
    foreign = [letter for letter in word if letter in _ALIKE]
    if foreign and any("a" <= letter.lower() <= "z" for letter in word):
        return True
    whole = len(word) > 2 and bool(foreign) and all(letter in _ALIKE or letter in "_0123456789" for letter in word)
    return whole and not _in_prose(foreign[0], text, start)


def _in_prose(letter: str, text: str, start: int) -> bool:
    """Whether the line plainly is of the letter's alphabet: it has letters of it that look like no Latin ones."""
    end = text.find("\n", start)
    line = text[text.rfind("\n", 0, start) + 1 : end if end >= 0 else len(text)]
    alphabet = unicodedata.name(letter, "").partition(" ")[0]
    return any(
        other not in _ALIKE and other.isalpha() and unicodedata.name(other, "").startswith(f"{alphabet} ")
        for other in line
    )


def _named(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'a control character')}"
