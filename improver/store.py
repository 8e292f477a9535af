"""Improver's own bare repository: it reads the target's objects, and holds what improver adds to them.

Its alternates name the target's object store, so nothing is copied; the target's configuration is never read by
anything that happens here.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from improver.errors import GitFailed, RunFailed
from improver.git import Place, Repository
from improver.git.locks import lock as locked
from improver.git.records import said
from improver.git.scratch import scratch
from improver.values import Change

if TYPE_CHECKING:
    from improver.git.command import Git

_FOLDER = "objects.git"
_SETTINGS = {
    "gc.auto": "0",
    "maintenance.auto": "false",
    "core.logAllRefUpdates": "false",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Author or committer of a commit."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Worktree:
    """A checkout that belongs to the store."""

    path: Path
    commit: str


@dataclass(frozen=True, slots=True)
class Store:
    """The bare repository in the state folder, open for one target.

    Parameters:
        repository: the store seen as a repository: reads there find the target's objects too.
    """

    repository: Repository
    git: Git = field(repr=False, compare=False)

    @classmethod
    def open(cls, folder: Path, target: Repository) -> Store:
        """The store of a target, made if it is not there.

        Parameters:
            folder: the target's own folder in the state folder.

        Raises:
            RunFailed: the folder cannot be written.
            GitFailed: git cannot make the store.
        """
        from improver.git.command import Git  # noqa: PLC0415 - imports GitPython

        where = folder.absolute() / _FOLDER
        with _explained(where):
            if not (where / "HEAD").exists():
                _make(where, target)
            _follow(where, target)
        where = where.resolve()
        git = Git(target.git.program, Place(where, where, where, bare=True))
        return cls(Repository(git.place, target.object_format, git), git)

    def write_blobs(self, contents: Sequence[bytes]) -> list[str]:
        """The names of contents, written as they are: no filter, no line-end rule."""
        if not contents:
            return []
        with scratch() as folder:
            paths = [Path(folder) / str(number) for number in range(len(contents))]
            for path, content in zip(paths, contents, strict=True):
                path.write_bytes(content)
            asked = b"".join(os.fsencode(path) + b"\n" for path in paths)
            output = self.git.hash_object("-w", "--no-filters", "--stdin-paths", istream=asked)
        return list(output.decode().split())

    def write_tree(self, base: str, files: Mapping[str, tuple[bytes, str] | None]) -> str:
        """A tree like another one, but for some files.

        Parameters:
            base: the tree or commit to start from; empty to start from nothing.
            files: content and git mode by path; ``None`` removes the file.

        Returns:
            The tree's object name.

        Raises:
            GitFailed: a path leads out of the tree or into git's own folder on some file system.
        """
        kept = {path: value for path, value in files.items() if value is not None}
        oids = self.write_blobs([content for content, _ in kept.values()])
        words = {path: f"{mode} {oid} 0" for (path, (_, mode)), oid in zip(kept.items(), oids, strict=True)}
        gone = dict.fromkeys(files.keys() - kept.keys(), f"0 {self.repository.null_oid} 0")
        lines = b"".join(
            f"{entry}\t".encode() + path.encode("utf-8", "surrogateescape") + b"\0"
            for path, entry in (*gone.items(), *words.items())
        )
        with scratch() as folder:
            env = {"GIT_INDEX_FILE": f"{folder}/index"}
            self.git.read_tree(base or "--empty", env=env)
            status, _, errors = self.git.update_index(
                "-z", "--index-info", istream=lines, env=env, with_extended_output=True
            )
            if status or errors:  # git passes over paths that it finds dangerous, and calls that success
                raise GitFailed(f"The tree cannot be written: {said(errors)}", left="Nothing was written.")
            return str(self.git.write_tree("--missing-ok", env=env).decode().strip())

    def tree_of(self, change: Change) -> str:
        """The tree that a change makes of its base: the name under which its proof is kept.

        Raises:
            GitFailed: a path leads out of the tree or into git's own folder.
        """
        files = {file.path: None if file.after is None else (file.after, file.mode_after) for file in change.files}
        return self.write_tree(change.base, files)

    def commit(
        self, tree: str, parents: Sequence[str], message: str, author: Person, committer: Person, date: datetime
    ) -> str:
        """A commit; nothing points to it yet.

        Parameters:
            date: when, for author and committer; with a time zone.

        Returns:
            The commit's object name: the same for the same words.
        """
        when = f"{int(date.timestamp())} {date:%z}"
        env = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": when,
        }
        words = [word for parent in parents for word in ("-p", parent)]
        text = message.encode("utf-8", "surrogateescape")
        return str(self.git.commit_tree(tree, *words, istream=text, env=env).decode().strip())

    def worktree_add(self, path: Path, commit: str) -> None:
        """A folder that belongs to the store and stands at a commit, with no file in it."""
        with self._alone():
            self.git.worktree("add", "--detach", "--no-checkout", "--force", "--", str(path), commit)

    def worktree_remove(self, path: Path) -> None:
        """Take a worktree and everything in it away; it may be gone already."""
        with _explained(path):
            _remove_tree(path)
        self.worktree_prune()

    def worktree_prune(self) -> None:
        """Forget worktrees whose folders are gone."""
        with self._alone():
            self.git.worktree("prune", "--expire=now")

    def worktrees(self) -> tuple[Worktree, ...]:
        """Every worktree of the store, whether its folder is still there or not."""
        found = []
        for pointer in sorted(self.repository.place.git_dir.glob("worktrees/*/gitdir")):
            with suppress(FileNotFoundError):  # another run took it away just now
                commit = (pointer.parent / "HEAD").read_text().strip()
                found.append(Worktree(Path(os.fsdecode(pointer.read_bytes().rstrip(b"\n"))).parent, commit))
        return tuple(found)

    def send(self, target: Repository, tips: Iterable[str], known: Iterable[str]) -> None:
        """Copy what the target lacks into its object store; no ref changes.

        Parameters:
            tips: commits that the target shall have, with everything they need.
            known: commits that it has.
        """
        revs = "".join(f"{tip}\n" for tip in tips) + "--not\n" + "".join(f"{oid}\n" for oid in known)
        pack = self.git.pack_objects("--revs", "--stdout", "--local", "-q", istream=revs.encode())
        target.git.unpack_objects("-q", istream=pack)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other run of ours changes worktrees meanwhile: git stumbles over one that is half made.

        The lock ends with the process that holds it, however that ends.
        """
        with _explained(self.repository.top), (self.repository.top / "worktrees.lock").open("wb") as lock:
            locked(lock.fileno(), wait=True)
            yield


@contextmanager
def _explained(where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunFailed(
            f"{where} cannot be written: {error.strerror}.",
            left="The repository is as it was.",
            remedy="Free the disk, or set IMPROVER_STATE_DIR to a folder that you may write.",
        ) from error


def _make(where: Path, target: Repository) -> None:
    """Make the store beside its place and move it there: a store is never seen half made."""
    from improver.git.command import Git  # noqa: PLC0415 - imports GitPython

    where.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}.", dir=where.parent))
    try:
        git = Git(target.git.program, Place(made, made, made, bare=True))
        git.init("--bare", "-q", "--template=", f"--object-format={target.object_format}")
        for key, value in _SETTINGS.items():
            git.config(key, value)
        (made / "objects/info").mkdir(exist_ok=True)
        (made / "objects/info/alternates").write_bytes(_alternates(target))
        made.rename(where)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # else another run was faster
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _follow(where: Path, target: Repository) -> None:
    """Name the target's objects, and where its history is cut off, as they are now."""
    _write_if_other(where / "objects/info/alternates", _alternates(target))
    try:
        cut = (target.place.common_dir / "shallow").read_bytes()
    except FileNotFoundError:
        (where / "shallow").unlink(missing_ok=True)
    else:
        _write_if_other(where / "shallow", cut)


def _write_if_other(file: Path, content: bytes) -> None:
    if file.exists() and file.read_bytes() == content:
        return
    handle, name = tempfile.mkstemp(prefix=f"{file.name}.", dir=file.parent)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
    Path(name).replace(file)


def _alternates(target: Repository) -> bytes:
    path = os.fsencode(target.place.objects)
    if b"\n" in path:
        path = b'"' + path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'
    return path + b"\n"


def _remove_tree(path: Path) -> None:
    """Remove a tree that may hold folders without write permission."""

    def allow_and_retry(function: Callable[[str], object], name: str, _: object) -> None:
        with suppress(OSError):
            for place in (Path(name).parent, Path(name)):
                if not place.is_symlink() and (place == path or path in place.parents):
                    place.chmod(0o700)
            function(name)

    shutil.rmtree(path, onerror=allow_and_retry)
    if os.path.lexists(path):
        raise OSError(errno.ENOTEMPTY, "something in it cannot be removed")
