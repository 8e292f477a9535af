"""What differs between two trees, from git's raw diff and the objects it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from improver.git.records import records, to_path
from improver.values import FileChange

RAW = (
    "-r",
    "-z",
    "--raw",
    "--no-renames",
    "--no-abbrev",
    "--no-relative",
    "--ignore-submodules=none",
    "--no-ext-diff",
    "--no-textconv",
)
_ABSENT = "000000"
_GITLINK = "160000"


def file_changes(output: bytes, blobs: Callable[[Iterable[str]], Mapping[str, bytes]]) -> tuple[FileChange, ...]:
    """The files of a raw diff with their contents.

    Parameters:
        blobs: the contents of objects, by their names.
    """
    words = records(output)
    rows = [_row(*pair) for pair in zip(words[::2], words[1::2], strict=True)]
    oids = [side.oid for row in rows for side in (row.before, row.after) if side.mode not in (_ABSENT, _GITLINK)]
    contents = blobs(oids)
    return tuple(
        FileChange(
            row.path, row.before.content(contents), row.after.content(contents), row.before.given, row.after.given
        )
        for row in rows
    )


class _Side(NamedTuple):
    mode: str
    oid: str

    @property
    def given(self) -> str:
        return "" if self.mode == _ABSENT else self.mode

    def content(self, contents: Mapping[str, bytes]) -> bytes | None:
        if self.mode == _ABSENT:
            return None
        return f"Subproject commit {self.oid}\n".encode() if self.mode == _GITLINK else contents[self.oid]


class _Row(NamedTuple):
    path: str
    before: _Side
    after: _Side


def _row(head: bytes, path: bytes) -> _Row:
    old_mode, new_mode, old, new, _ = head.decode("ascii").lstrip(":").split(" ")
    return _Row(to_path(path), _Side(old_mode, old), _Side(new_mode, new))
