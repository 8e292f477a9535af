"""Conditions and expressions as a person would write them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

MAX_CODE = 60
_SAFE = set(map(chr, range(32, 127))) - set("\\`")


def code(node: ast.expr | str | None, limit: int = MAX_CODE) -> str | None:
    """The expression between double backticks, or ``None`` when it is too long or cannot stand in a docstring."""
    if node is None:
        return None
    text = node if isinstance(node, str) else plain(node)
    unsafe = not set(text) <= _SAFE or '"""' in text or "'''" in text or ">>>" in text or "type:" in text
    if unsafe or not text or len(text) > limit or text != text.strip() or " # " in text:
        return None
    return f"``{text}``"


def plain(node: ast.AST) -> str:
    """The source of a piece of code; empty where there is none on one line."""
    try:
        if isinstance(node, ast.Call) and len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            return ast.unparse(node.func) + ast.unparse(node.args[0])
        return ast.unparse(node)
    except ValueError:
        return ""


def joined(parts: Sequence[str], word: str) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}"


def with_article(name: str) -> str:
    """A name in backticks with ``a`` or ``an`` before it."""
    if name.strip("`").rpartition(".")[2] == "NoneType":
        return "``None``"
    return f"{article(name.strip('`'))} {name}"


_SPELLED = re.compile(
    r"html|http|xml|xpath|ssl|sql|rpc|ftp|hmac|ldap|smtp|rss|svg|lru|md5|mp3|x\d|nx|np|hour|honest|heir"
)
_LIKE_YOU = re.compile(r"(one|once|eu|ewe|uni|unary|u[bcfrst][aeiou]|utf|url|ul?id|uuid)(?!nd)")
_AS_WORDS = ("MIME", "NULL", "NONE", "RAM", "ROM", "LAN", "FIFO", "LIFO", "REST", "SAML", "RIFF", "SHA")


def article(name: str) -> str:
    """``a`` or ``an``, by how a name is spoken."""
    bare = name.lstrip("_")
    capitals = re.match(r"[A-Z]+(?![a-z])", bare)
    if capitals and not bare.startswith(_AS_WORDS) and (len(capitals[0]) > 1 or len(bare) == 1 or bare[1].isupper()):
        return "an" if bare[0] in "AEFHILMNORSX" else "a"
    word = bare.lower()
    if _LIKE_YOU.match(word):
        return "a"
    return "an" if word[:1] in "aeiou" or _SPELLED.match(word) else "a"


def texts(nodes: Iterable[ast.expr]) -> list[str] | None:
    """The code of each, or ``None`` when one of them cannot be shown."""
    found = [code(node, 40) for node in nodes]
    kept = [text for text in found if text is not None]
    return kept if len(kept) == len(found) else None


def nor(parts: Sequence[str]) -> str:
    """``not a``, ``neither a nor b``, ``none of a, b or c``."""
    match len(parts):
        case 1:
            return f"not {parts[0]}"
        case 2:
            return f"neither {parts[0]} nor {parts[1]}"
        case _:
            return f"not {joined(parts, 'or')}"
