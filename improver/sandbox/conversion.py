"""What git does to a file's content on its way to the disk, as far as that runs no program."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping

NAMES = ("text", "eol", "working-tree-encoding", "filter")
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n?"
)
_LONGEST_POINTER = 1024
_LONE_FEED = re.compile(rb"(?<!\r)\n")
_LONE_RETURN = re.compile(rb"\r(?!\n)")
_ODD = re.compile(rb"[\x00-\x07\x0b\x0e-\x1a\x1c-\x1f\x7f]")


def lfs_object(content: bytes, attributes: Mapping[str, str]) -> str:
    """The name of the object that an LFS pointer stands for; empty where the content is no pointer."""
    if attributes.get("filter") != "lfs" or len(content) > _LONGEST_POINTER:
        return ""
    found = _POINTER.fullmatch(content)
    return found[1].decode() if found else ""


def converted(content: bytes, attributes: Mapping[str, str]) -> tuple[bytes, str]:
    """The content as it stands in a checkout, and why a wish of the attributes was not followed."""
    if wants_returns(content, attributes):
        content = _LONE_FEED.sub(b"\r\n", content)
    encoding = attributes.get("working-tree-encoding", "")
    if encoding in ("", "unspecified", "unset", "set") or encoding.upper().replace("-", "") == "UTF8":
        return content, ""
    try:
        return _encoded(content, encoding), ""
    except (LookupError, UnicodeError):
        return content, f"it cannot be written as {encoding!r}"


def wants_returns(content: bytes, attributes: Mapping[str, str]) -> bool:
    """Whether its lines end in CRLF in a checkout, by git's own rules."""
    text = attributes.get("text", "unspecified")
    if attributes.get("eol") != "crlf" or text == "unset":
        return False
    if text == "auto":
        return b"\r" not in content and not looks_binary(content)
    return True


def looks_binary(content: bytes) -> bool:
    """Git's own guess: a NUL, a lone carriage return, or many characters that do not print."""
    if b"\0" in content or _LONE_RETURN.search(content):
        return True
    odd = len(_ODD.findall(content)) - content.endswith(b"\x1a")
    return (len(content) - odd) >> 7 < odd


def _encoded(content: bytes, encoding: str) -> bytes:
    text = content.decode()
    if encoding.upper() == "UTF-16LE-BOM":
        return codecs.BOM_UTF16_LE + text.encode("utf-16-le")
    return text.encode(codecs.lookup(encoding).name)
