"""What git keeps, as far as it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from improver.git.records import to_path


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a tree.

    Parameters:
        mode: git's mode (``100644``, ``100755``, ``120000`` a link, ``160000`` a submodule).
        kind: ``blob``, or ``commit`` for a submodule.
        size: bytes of the content; -1 where it is not known (submodules, objects not fetched).
    """

    path: str
    mode: str
    kind: str
    oid: str
    size: int


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit.

    Parameters:
        said: the name of its tree, and its message.
    """

    oid: str
    said: bytes


def to_entry(record: bytes) -> Entry:
    """The entry that a record of `git ls-tree -z` describes."""
    head, path = record.split(b"\t", 1)
    mode, kind, oid, *size = head.decode().split()
    return Entry(to_path(path), mode, kind, oid, int(size[0]) if size and size[0].isdigit() else -1)
