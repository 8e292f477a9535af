"""Finds programs of the system's; never one that lies in the target."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path


def find(name: str, outside_of: Path | None = None, first: Iterable[str] = (), path: str | None = None) -> Path | None:
    """The first program of a name, by its absolute path.

    Parameters:
        outside_of: the target's checkout; what lies in it, or is a link into it, does not count.
        first: folders to look in before PATH.
        path: what to take for PATH.
    """
    searched = os.environ.get("PATH", "") if path is None else path
    for folder in (*first, *searched.split(os.pathsep)):
        found = shutil.which(name, path=folder) if Path(folder).is_absolute() else None
        if found and not _lies_in(Path(found), outside_of):
            return Path(found)
    return None


def _lies_in(program: Path, folder: Path | None) -> bool:
    if folder is None:
        return False
    return program.is_relative_to(folder) or program.resolve().is_relative_to(folder.resolve())
