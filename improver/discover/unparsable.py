"""Says why a file is not Python that this interpreter understands."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst

MAX_BYTES = 2_000_000
_MAX_DEPTH = 50
_MAX_CHAIN = 2000
_MAX_BRANCHES = 1000
_PYTHON_2 = re.compile(
    r"^[ \t]*print[ \t]+(?![=(\[.,:)]|\w+[ \t]*=)[\w\"'%]"
    r"|^[ \t]*print[ \t]*>>"
    r"|^[ \t]*except[ \t]+[\w.]+[ \t]*,[ \t]*[a-z_]\w*[ \t]*:"
    r"|^[ \t]*except[ \t]*\([\w., \t]+\)[ \t]*,[ \t]*[a-z_]\w*[ \t]*:"
    r"|^[ \t]*exec[ \t]+[\w\"']"
    r"|^[ \t]*except[ \t]+[\w.]+[ \t]*,[ \t]*\("
    r"|^[ \t]*raise[ \t]+\w[\w.\[\]]*[ \t]*,[ \t]*\S|\b0[xX][0-9a-fA-F]+[lL]\b"
    r"|\bur[\"']|<>|^[^#\"'\n]*\b0[0-7]+\b|^[^#\"'\n]*\b\d+[lL]\b|^[^#\"'\n]*`[^`\n]+`"
    r"|^[ \t]*def[ \t]+\w+\([^)]*\([\w, \t]+\)",
    re.MULTILINE,
)
_SAID_OF_PYTHON_2 = ("Missing parentheses in call to", "leading zeros in decimal integer")
_TEMPLATE = re.compile(r"\{%-?\s*\w+[^\n]*%\}|\{\{-?\s*[\w.]+(?:\s*\|[^}\n]*)?\s*-?\}\}")
_BARE_EXCEPT_TUPLE = re.compile(r"^[ \t]*except\*?[ \t]+[\w.]+[ \t]*,", re.MULTILINE)


def why_unparsable(content: bytes) -> str:
    """Why `ast` does not understand a file, as the end of a sentence about it.

    A file that needs a newer Python than the one that runs is told apart from one that is broken.
    """
    decoded = _decode(content)
    if decoded is None:
        return "cannot be decoded"
    if len(content) > MAX_BYTES:
        return "does not parse"
    error = _error(content)
    if error is None:
        return "is nested too deeply to be analysed"
    newer = _newer(decoded, error)
    if newer:
        return f"needs Python {newer} or newer; run improver with the project's Python"
    if error.startswith(_SAID_OF_PYTHON_2) or (_PYTHON_2.search(decoded) and "f-string" not in error):
        return "is Python 2"
    return "is a template" if _TEMPLATE.search(decoded) else "does not parse"


def _decode(content: bytes) -> str | None:
    if b"\0" in content:
        return None
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        return None


def _error(content: bytes) -> str | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(content)
    except (SyntaxError, ValueError) as error:
        return str(error)
    except (RecursionError, MemoryError):
        return None
    return ""


def _newer(text: str, error: str) -> str:
    """The Python it needs, where that is newer than ours and LibCST understands it; else empty."""
    if _BARE_EXCEPT_TUPLE.search(text) and _PYTHON_2.search(text):
        return ""
    needed = _by_grammar(text, error)
    return "{}.{}".format(*needed) if needed is not None and needed > sys.version_info[:2] else ""


def _by_grammar(text: str, error: str) -> tuple[int, int] | None:
    import libcst  # noqa: PLC0415 - 90 ms that only broken files cost

    if _is_deep(text):
        return None
    try:
        return _by_features(libcst.parse_module(text), text, error)
    except Exception:  # a foreign parser on hostile text: whatever it says, it cannot read it
        return None


def _by_features(module: libcst.Module, text: str, error: str) -> tuple[int, int] | None:
    from libcst import matchers  # noqa: PLC0415

    if _BARE_EXCEPT_TUPLE.search(text) or matchers.findall(module, matchers.TemplatedString()):
        return (3, 14)
    parameters = matchers.findall(module, matchers.TypeParam())
    if any(getattr(parameter, "default", None) is not None for parameter in parameters):
        return (3, 13)
    if parameters or error.startswith("f-string") or matchers.findall(module, matchers.TypeAlias()):
        return (3, 12)
    return None


def _is_deep(text: str) -> bool:
    """Whether it is nested so deeply that LibCST's parser, which recurses natively, could take the process down."""
    depth = chain = branches = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            word = token.string
            depth += (word in _OPENING) - (word in _CLOSING)
            chain = 0 if token.type == tokenize.NEWLINE else chain + _weight(token)
            branches += word == "elif"
            if depth > _MAX_DEPTH or chain > _MAX_CHAIN or branches > _MAX_BRANCHES:
                return True
    except (tokenize.TokenError, SyntaxError):
        return True
    return False


_OPENING = ("(", "[", "{")
_CLOSING = (")", "]", "}")
_RECURSES = frozenset({"not", "lambda", "await", "yield", "-", "+", "~", "**", "if"})
_CHAINS = frozenset({"and", "or", "for", "in", "is", "from"})


def _weight(token: tokenize.TokenInfo) -> int:
    """How much deeper a token can lead, at most; commas and closing brackets only lead on."""
    if token.string in _RECURSES:
        return 20
    is_chain = token.string in _CHAINS or (token.type == tokenize.OP and token.string not in (",", *_CLOSING))
    return int(is_chain)
