"""Fills a folder with the files of a commit, from objects alone: no hook, filter or driver runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from improver.errors import ImproverError
from improver.git import Entry, Repository
from improver.sandbox.conversion import NAMES, converted, lfs_object
from improver.sandbox.paths import objection
from improver.sandbox.writing import LINK, Writer
from improver.values import FileChange, Skipped

GITLINK = "160000"
_BATCH = 64 << 20
_LARGEST = 512 << 20
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the content of a tree comes from.

    Parameters:
        objects: the repository that holds the tree's objects.
        checkout: the folder of the user's checkout that belongs to it, for submodules.
        storage: the folder of LFS objects.
    """

    objects: Repository
    checkout: Path
    storage: Path


def fill(folder: Path, origin: Origin, treeish: str) -> tuple[Skipped, ...]:
    """Write every file of a tree.

    Returns:
        What is not there as a checkout would have it, with reasons.

    Raises:
        GitFailed: an object is not there.
        RunFailed: the disk is full.
    """
    with Writer(folder) as writer:
        return tuple(_Filler(writer).fill(origin, treeish, "", 0))


def change(folder: Path, origin: Origin, treeish: str, files: Iterable[FileChange]) -> tuple[Skipped, ...]:
    """Make a filled folder hold what a change says.

    Parameters:
        treeish: whose attributes count: the base's.

    Returns:
        What could not be done, with reasons.

    Raises:
        RunFailed: the disk is full.
    """
    files = tuple(files)
    paths = [file.path for file in files if file.after is not None and not objection(file.path)]
    ruled = any(_has_rules(folder, path) for path in paths)
    attributes = origin.objects.attributes(paths, NAMES, treeish) if ruled else {}
    skipped: list[Skipped] = []
    with Writer(folder) as writer:
        filler = _Filler(writer)
        for file in files:
            if file.before is not None and file.mode_before != GITLINK:
                skipped += _said(file.path, writer.remove(file.path))
        for file in files:
            if file.after is not None:
                skipped += filler.put(origin, file.path, file.after, file.mode_after, attributes.get(file.path, {}))
    return tuple(skipped)


def _has_rules(folder: Path, path: str) -> bool:
    """Whether a filled folder has attributes in one of the folders on the way to a file."""
    return any((folder / parent / ".gitattributes").exists() for parent in PurePosixPath(path).parents)


class _Filler:
    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def fill(self, origin: Origin, treeish: str, prefix: str, depth: int) -> Iterator[Skipped]:
        entries = origin.objects.entries(treeish)
        paths = [entry.path for entry in entries if entry.kind == "blob"]
        attributes = _attributes(origin.objects, entries, paths, treeish)
        for entry in entries:
            if entry.mode == GITLINK:
                yield from self._submodule(origin, entry, prefix, depth)
            elif entry.size > _LARGEST:
                yield Skipped(prefix + entry.path, f"it is larger than {_LARGEST >> 20} MiB")
        for batch in _batches(entries):
            blobs = origin.objects.blobs(entry.oid for entry in batch)
            for entry in batch:
                path = prefix + entry.path
                yield from self.put(origin, path, blobs[entry.oid], entry.mode, attributes.get(entry.path, {}))

    def put(
        self, origin: Origin, path: str, content: bytes, mode: str, attributes: Mapping[str, str]
    ) -> Iterator[Skipped]:
        """Write one file as a checkout would have it."""
        reason = ""
        if mode == GITLINK:
            yield Skipped(path, "a change of a submodule is not followed")
            return
        if mode != LINK:
            oid = lfs_object(content, attributes)
            content, reason = _large(origin.storage, oid, content) if oid else converted(content, attributes)
        yield from _said(path, reason)
        yield from _said(path, self._writer.write(path, content, mode))

    def _submodule(self, origin: Origin, entry: Entry, prefix: str, depth: int) -> Iterator[Skipped]:
        path = prefix + entry.path
        inner = _opened(origin.checkout / entry.path) if depth < _DEEPEST else None
        if inner is None:
            yield Skipped(path, "it is a submodule that is not there: `git submodule update --init` brings it")
            return
        try:
            yield from self.fill(inner, entry.oid, f"{path}/", depth + 1)
        except ImproverError as error:
            yield Skipped(path, f"the submodule lacks the commit that belongs here ({error.message})")


def _opened(checkout: Path) -> Origin | None:
    """A submodule's own repository, if it is there; never that of the project around it."""
    if checkout.is_symlink() or not (checkout / ".git").exists():
        return None
    with suppress(ImproverError):
        repository = Repository.open(checkout)
        if repository.top.resolve() == checkout.resolve():
            return Origin(repository, checkout, repository.place.common_dir / "lfs/objects")
    return None


def _attributes(
    objects: Repository, entries: Iterable[Entry], paths: list[str], treeish: str
) -> Mapping[str, Mapping[str, str]]:
    """What the tree says of its files; git is asked only where it says anything."""
    if not any(entry.path.rpartition("/")[2] == ".gitattributes" for entry in entries):
        return {}
    return objects.attributes(paths, NAMES, treeish)


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if entry.kind != "blob" or entry.size > _LARGEST:
            continue
        batch.append(entry)
        size += max(entry.size, 0)
        if size > _BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _large(storage: Path, oid: str, pointer: bytes) -> tuple[bytes, str]:
    """The object that a pointer stands for, or the pointer and why."""
    try:
        file = storage / oid[:2] / oid[2:4] / oid
        if file.stat().st_size > _LARGEST:
            return pointer, f"its LFS object is larger than {_LARGEST >> 20} MiB"
        return file.read_bytes(), ""
    except OSError:
        return pointer, "its LFS object is not there: `git lfs pull` brings it"


def _said(path: str, reason: str) -> Iterator[Skipped]:
    if reason:
        yield Skipped(path, reason)
