"""The files of one commit of a repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from improver.discover.tree import SUBMODULE, SYMLINK, Entry

if TYPE_CHECKING:
    from improver.git import Repository

_SAYS_NOTHING = ("unspecified", "unset")


class CommitTree:
    """What a commit holds; what lies in the checkout does not matter, except for `ignored`.

    Parameters:
        base: the commit or tree, as `Repository` names it.
        checkout: whether there is a checkout whose ignored files matter.
    """

    def __init__(self, repository: Repository, base: str, *, checkout: bool = True) -> None:
        self.top: Path = repository.top
        self.base = base
        self._repository = repository
        self._entries: tuple[Entry, ...] | None = None
        self._oids: dict[str, str] = {}
        self._ignored: tuple[str, ...] | None = None if checkout else ()

    def entries(self) -> tuple[Entry, ...]:
        """Every file of the commit."""
        if self._entries is None:
            found = self._repository.entries(self.base)
            self._entries = tuple(Entry(entry.path, entry.mode, entry.oid, entry.size) for entry in found)
            self._oids = {entry.path: entry.oid for entry in self._entries if entry.mode not in (SYMLINK, SUBMODULE)}
        return self._entries

    def read(self, path: str) -> bytes:
        """The content of one file; links and submodules have none."""
        found = self.read_many([path])
        if path not in found:
            raise FileNotFoundError(path)
        return found[path]

    def read_many(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of several files at once; what the commit does not hold is not in the answer.

        Raises:
            GitFailed: the clone is partial, and an object is not there.
        """
        self.entries()
        wanted = {path: self._oids[path] for path in paths if path in self._oids}
        contents = self._repository.blobs(wanted.values()) if wanted else {}
        return {path: contents[oid] for path, oid in wanted.items() if oid in contents}

    def ignored(self) -> tuple[str, ...]:
        """What git ignores and lies in the checkout, folders collapsed and with a slash at the end."""
        if self._ignored is None:
            self._ignored = self._repository.ignored()
        return self._ignored

    def attributes(self, names: Sequence[str], paths: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """The git attributes of each path, as the commit sets them; unset ones are left out."""
        found = self._repository.attributes(paths, names, self.base)
        return {
            path: {name: value for name, value in values.items() if value not in _SAYS_NOTHING}
            for path, values in found.items()
        }
