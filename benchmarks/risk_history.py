"""The history of a git repository: its commits with what each changed, and the trees before, read once by object id."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from improver.judge.context import asks_for, read_context
from improver.judge.risk import RiskContext
from improver.values import FileChange

_ENVIRON = {**os.environ, "LC_ALL": "C", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_OPTIONAL_LOCKS": "0"}
_FLOOR = re.compile(rb"(?:python_requires|requires-python)\s*=\s*[\"']?[^\"'\n]*>=?\s*(\d+)\.(\d+)")
_NOTHING = "0" * 40
_OLDEST = (3, 8)


@dataclass(frozen=True, slots=True)
class Blob:
    """One file of a commit that changed: modes and object ids, as git has them."""

    path: str
    mode_before: str
    mode_after: str
    oid_before: str
    oid_after: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit with one parent, and what it changed."""

    oid: str
    parent: str
    blobs: tuple[Blob, ...] = field(repr=False)


class History:
    """A repository that is read through one `git cat-file` for all its objects.

    Parameters:
        place: a checkout, a bare repository or a git directory.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        words = [*self._git(), "cat-file", "--batch"]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_ENVIRON)
        self._contents: dict[str, bytes] = {}
        self.context = lru_cache(maxsize=2)(self._context)

    @property
    def name(self) -> str:
        """What a table calls it: the folder's name, or that of the folder around where it says nothing."""
        parts = [part for part in self.place.resolve().parts if part not in ("repo", ".git")]
        return parts[-1].removesuffix(".git")

    def close(self) -> None:
        """End the reading."""
        if self._process.stdin:
            self._process.stdin.close()
        if self._process.stdout:
            self._process.stdout.close()
        self._process.wait()

    def commits(self, limit: int) -> Iterator[Commit]:
        """Those with one parent that touch Python files, newest first; `limit` of them."""
        words = ["log", "--no-merges", "--raw", "-z", "--no-abbrev", "--no-renames", "--format=%x01%H %P"]
        count = 0
        for record in self._out(*words).split(b"\x01")[1:]:
            head, _, rest = record.partition(b"\0")
            names = head.decode().split()
            blobs = tuple(_blobs(rest.lstrip(b"\n").split(b"\0")))
            if len(names) == 2 and any(blob.path.endswith(".py") for blob in blobs):
                yield Commit(names[0], names[1], blobs)
                count += 1
                if count == limit:
                    return

    def change(self, blob: Blob) -> FileChange:
        """The file before and after, whole."""
        before, after = self._content(blob.oid_before), self._content(blob.oid_after)
        return FileChange(blob.path, before, after, blob.mode_before, blob.mode_after)

    def files(self, commit: str) -> dict[str, bytes]:
        """The files of a commit that matter to who reads what."""
        found: dict[str, bytes] = {}
        for line in self._out("ls-tree", "-r", "-z", commit).split(b"\0")[:-1]:
            head, _, name = line.partition(b"\t")
            mode, kind, oid = head.decode().split()
            path = name.decode("utf-8", "surrogateescape")
            if kind == "blob" and mode != "120000" and asks_for(path):
                found[path] = self._content(oid) or b""
        return found

    def _context(self, commit: str) -> RiskContext:
        return context_of(self.files(commit))

    def _git(self) -> list[str]:
        return ["git", "-C", str(self.place)]

    def _out(self, *words: str) -> bytes:
        return subprocess.run([*self._git(), *words], env=_ENVIRON, check=True, capture_output=True).stdout

    def _content(self, oid: str) -> bytes | None:
        if oid == _NOTHING[: len(oid)] or not oid.strip("0"):
            return None
        if oid not in self._contents:
            if len(self._contents) > 20_000:
                self._contents.clear()
            self._contents[oid] = self._read(oid)
        return self._contents[oid]

    def _read(self, oid: str) -> bytes:
        pipe, out = self._process.stdin, self._process.stdout
        assert pipe is not None
        assert out is not None
        pipe.write(f"{oid}\n".encode())
        pipe.flush()
        words = out.readline().split()
        if len(words) != 3:
            return b""
        content = out.read(int(words[2]))
        out.read(1)
        return content if words[1] == b"blob" else b""


def _blobs(fields: list[bytes]) -> Iterator[Blob]:
    for head, path in zip(fields[::2], fields[1::2], strict=False):
        modes = head.decode().lstrip(":").split()
        before, after = (_mode(mode) for mode in modes[:2])
        yield Blob(path.decode("utf-8", "surrogateescape"), before, after, modes[2], modes[3])


def _mode(word: str) -> str:
    return "" if word == "000000" else word


def context_of(files: Mapping[str, bytes]) -> RiskContext:
    """What a whole repository says, and the oldest Python that its packaging asks for."""
    return read_context(files, python=floor(files))


def floor(files: Mapping[str, bytes]) -> tuple[int, int]:
    """The oldest Python that the packaging at the top asks for, as (major, minor); 3.8 where nothing is said."""
    for path in ("pyproject.toml", "setup.cfg", "setup.py"):
        match = _FLOOR.search(files.get(path, b""))
        if match:
            return max((int(match.group(1)), int(match.group(2))), _OLDEST)
    return _OLDEST
