"""What differs between two trees, from git's raw diff and the objects it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from improver.errors import RunFailed
from improver.git.records import records, shown, to_path
from improver.values import FileChange

if TYPE_CHECKING:
    from improver.git.command import Git

Blobs = Callable[[Iterable[str]], Mapping[str, bytes]]

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
TOO_LARGE = b"\0too large to be read"
_ABSENT = "000000"
_GITLINK = "160000"


def file_changes(output: bytes, blobs: Blobs) -> tuple[FileChange, ...]:
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


def require_merged(output: bytes) -> None:
    """Go on unless a raw diff names conflicts.

    Raises:
        RunFailed: it does, so that what will be committed is not known.
    """
    words = records(output)
    for head, path in zip(words[::2], words[1::2], strict=True):
        if head.endswith(b" U"):
            raise RunFailed(
                f"{shown(to_path(path))} has conflicts that are not resolved; what will be committed is not known.",
                left="The index is as it was.",
                remedy="Resolve them, `git add` the files, and try again.",
            )


def capped(git: Git, blobs: Blobs, most: int) -> Blobs:
    """Reads the contents of objects, but for those that have more bytes than `most`: they are `TOO_LARGE`."""

    def read(oids: Iterable[str]) -> Mapping[str, bytes]:
        wanted = tuple(dict.fromkeys(oids))
        asked = "".join(f"{oid}\n" for oid in wanted).encode()
        output = git.cat_file("--batch-check=%(objectname) %(objectsize)", istream=asked) if asked else b""
        sizes = [line.decode("ascii", "replace").split(" ") for line in output.splitlines()]
        large = {name for name, size in sizes if size.isdigit() and int(size) > most}
        return {**blobs(oid for oid in wanted if oid not in large), **dict.fromkeys(large, TOO_LARGE)}

    return read if most else blobs


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
