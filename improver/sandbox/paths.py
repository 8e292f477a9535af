"""Which paths of a tree may be written to disk."""

from __future__ import annotations

import posixpath
import re

_IGNORED_BY_HFS = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_GITS_OWN = re.compile(r"(\.git|git~\d+)[. ]*(:.*)?", re.DOTALL)


def objection(path: str) -> str:
    """Why a path is refused; empty when it may be written."""
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "its path leaves the tree"
    if any(_GITS_OWN.fullmatch(_IGNORED_BY_HFS.sub("", part).lower()) for part in parts):
        return "its path names a folder of git's"
    if "\0" in path:
        return "its path cannot be written"
    return ""


def link_leaves(path: str, target: str) -> bool:
    """Whether a symbolic link may point out of the tree.

    A ``..`` behind a name counts as leaving: the name may be a link itself, and nobody knows where it goes back to.
    """
    if not target or target.startswith("/") or "\0" in target:
        return True
    parts = [part for part in target.split("/") if part not in ("", ".")]
    ups = next((index for index, part in enumerate(parts) if part != ".."), len(parts))
    depth = len([part for part in posixpath.dirname(path).split("/") if part])
    return ups > depth or ".." in parts[ups:]
