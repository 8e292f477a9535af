"""How git's output is read: records that end in NUL, paths as bytes that need not be UTF-8."""

from __future__ import annotations

_SAID = 600


def records(output: bytes) -> list[bytes]:
    """What stands between the NULs."""
    return output.split(b"\0")[:-1]


def to_path(raw: bytes) -> str:
    """A path as text; bytes that are not UTF-8 survive as surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def to_bytes(path: str) -> bytes:
    """The bytes that `to_path` was given."""
    return path.encode("utf-8", "surrogateescape")


def to_word(output: bytes) -> str:
    """An answer of one word, such as an object's name."""
    return output.decode("ascii", "replace").strip()


def shown(word: str) -> str:
    """A word of the user's or the repository's, fit to stand in a message."""
    return "".join(character if character.isprintable() else "?" for character in word)[:200]


def batch(output: bytes) -> dict[str, bytes]:
    """The contents that `git cat-file --batch` gives, by object name; absent objects are left out."""
    found = {}
    position = 0
    while (end := output.find(b"\n", position)) >= 0:
        words = output[position:end].decode("ascii", "replace").split(" ")
        position = end + 1
        if len(words) == 3 and words[2].isdigit():
            found[words[0]] = output[position : position + int(words[2])]
            position += int(words[2]) + 1
    return found


def said(stderr: bytes) -> str:
    """What git said, fit to be shown: printable, on one line, not endless."""
    text = " ".join(stderr.decode("utf-8", "replace").split())
    shown = "".join(character if character.isprintable() else "?" for character in text)
    return shown[:_SAID] or "it gave no reason."
