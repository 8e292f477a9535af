"""What a proposal is called and why it is made, in a maintainer's words."""

from __future__ import annotations

from improver.analyzers.docstring.english import joined

TITLE_LENGTH = 72
_SAID_LENGTH = 160


def title(name: str, learned: tuple[str, ...]) -> str:
    """The subject of the commit: ``Document when `load` raises `ValueError```.

    Parameters:
        learned: what a reader now knows, with ``{}`` for the name.
    """
    short = name.rpartition(".")[2]
    attempts = [(name, learned[:2]), (name, learned[:1]), (short, learned[:2]), (short, learned[:1])] if learned else []
    for shown, phrases in (*attempts, (name, ()), (short, ())):
        text = f"Document {_phrased(phrases, shown)}" if phrases else f"Document `{shown}`"
        if len(text) <= TITLE_LENGTH:
            return text
    return f"Document `{short}"[: TITLE_LENGTH - 1] + "`"


def _phrased(phrases: tuple[str, ...], name: str) -> str:
    later = [phrase.replace("`{}`", "it") for phrase in phrases[1:]]
    return joined([phrases[0].replace("{}", name), *later], "and")


def why(name: str, learned: tuple[str, ...], raises: tuple[tuple[str, str], ...]) -> str:
    """One sentence that names what a reader now learns."""
    last = name.rpartition(".")[2]
    short = name if last.startswith("__") else last
    if raises:
        exception, text = raises[0]
        said = f"`{short}` raises `{exception}` {_lower(text)}; only its body said so."
        if len(said) <= _SAID_LENGTH:
            return said
        return f"`{short}` can raise `{exception}`; only its body said when."
    if not learned:
        return f"`{short}` has no docstring."
    return f"Only the body said {_phrased(learned, short)}."


def _lower(text: str) -> str:
    return (text[:1].lower() + text[1:]).rstrip(".").replace("``", "`")
