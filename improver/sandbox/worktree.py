"""Throw-away trees of the target: filled from objects, never from the checkout, and always taken away again."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from improver.git import Repository
from improver.git.locks import lock
from improver.sandbox import filling
from improver.sandbox.copying import double, remove_tree, unwritable
from improver.sandbox.filling import Origin
from improver.store import Store
from improver.values import Change, Skipped

_LOCK = "alive"


@dataclass(frozen=True, slots=True)
class Tree:
    """A folder with the files of a commit, or of a change to one. Nobody writes to it.

    Parameters:
        commit: the commit it was made from.
        files: where it lies.
        left_out: what is not there as a checkout would have it, with reasons.
    """

    commit: str
    files: Path
    left_out: tuple[Skipped, ...] = ()


class Worktrees:
    """The trees of one run. Use it in a ``with`` statement: on leaving they are all gone.

    Parameters:
        store: improver's own repository, to which the worktrees belong.
        repository: the target, for its submodules and LFS objects.
        folder: where the trees of all runs lie.

    Raises:
        RunFailed: the folder cannot be written.
    """

    def __init__(self, store: Store, repository: Repository, folder: Path) -> None:
        self._store = store
        self._origin = Origin(store.repository, repository.top, repository.place.common_dir / "lfs/objects")
        self._folder = folder.absolute().resolve()
        self._trees: dict[str, Tree] = {}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _alone(self._folder):
                self._sweep()
                self._run = Path(tempfile.mkdtemp(prefix="run-", dir=self._folder))
                self._alive = _hold(self._run / _LOCK)
        except OSError as error:
            raise unwritable(self._folder, error) from error

    def __enter__(self) -> Worktrees:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take all trees of this run away; calling it twice does no harm."""
        if self._alive >= 0:
            with _alone(self._folder):
                self._remove(self._run)
                os.close(self._alive)
            self._alive = -1
            self._trees.clear()

    def base_tree(self, commit: str) -> Tree:
        """The files of a commit: made once, and the same folder from then on.

        Raises:
            GitFailed: the commit or an object of it is not there.
            RunFailed: the disk is full.
        """
        if commit not in self._trees:
            files = self._new() / "tree"
            self._store.worktree_add(files, commit)
            _hide_pointer(files)
            left_out = filling.fill(files, self._origin, commit)
            self._trees[commit] = Tree(commit, files, left_out)
        return self._trees[commit]

    def changed_tree(self, base: Tree, change: Change) -> Tree:
        """The files of `base` with a change: made once for equal changes.

        Raises:
            RunFailed: the disk is full.
        """
        key = f"{base.files}\0{_digest(change)}"
        if key not in self._trees:
            files = self._new() / "tree"
            double(base.files, files, share=True)
            skipped = filling.change(files, self._origin, base.commit, change.files)
            self._trees[key] = Tree(base.commit, files, (*base.left_out, *skipped))
        return self._trees[key]

    def forget(self, tree: Tree) -> None:
        """Take one tree away before the run ends."""
        self._trees = {key: kept for key, kept in self._trees.items() if kept.files != tree.files}
        with _alone(self._folder):
            self._remove(tree.files.parent)

    def sweep(self) -> int:
        """Take away what runs left that are not alive any more; how many they were."""
        with _alone(self._folder):
            return self._sweep()

    def _sweep(self) -> int:
        dead = [run for run in self._folder.glob("run-*") if _is_dead(run / _LOCK)]
        for run in dead:
            self._remove(run)
        return len(dead)

    def _remove(self, folder: Path) -> None:
        """Remove a folder and what the store knows of worktrees in it."""
        remove_tree(folder)
        known = False
        for pointer in self._store.repository.place.git_dir.glob("worktrees/*/gitdir"):
            with suppress(OSError):
                if Path(os.fsdecode(pointer.read_bytes().rstrip(b"\n"))).is_relative_to(folder):
                    (pointer.parent / "locked").unlink(missing_ok=True)
                    known = True
        if known:
            self._store.worktree_prune()

    def _new(self) -> Path:
        try:
            return Path(tempfile.mkdtemp(prefix="tree-", dir=self._run))
        except OSError as error:
            raise unwritable(self._run, error) from error


def _hide_pointer(files: Path) -> None:
    """Move git's pointer out of the tree, and lock the worktree: without it, it looks abandoned."""
    pointer = files / ".git"
    text = os.fsdecode(pointer.read_bytes().removeprefix(b"gitdir: ").rstrip(b"\n"))
    Path(text, "locked").write_text(f"improver runs as process {os.getpid()}\n")
    pointer.rename(files.parent / "pointer")


def _digest(change: Change) -> str:
    found = hashlib.sha256()
    for file in change.files:
        found.update(repr((file.path, file.mode_after, file.before is None)).encode("utf-8", "surrogateescape"))
        found.update(b"-" if file.after is None else hashlib.sha256(file.after).digest())
    return found.hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While no other run makes or sweeps folders here."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        lock(descriptor, wait=True)
        yield
    finally:
        os.close(descriptor)


def _hold(file: Path) -> int:
    """A lock that the kernel takes from us when we die, however we die."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    lock(descriptor, wait=False)
    return descriptor


def _is_dead(file: Path) -> bool:
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        lock(descriptor, wait=False)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)
