"""In what state a checkout is, read without touching it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from improver.errors import GitFailed
from improver.git.place import Place
from improver.git.records import records, to_bytes, to_path

if TYPE_CHECKING:
    from improver.git.command import Git

_WORDS = (
    "--porcelain=v2",
    "-z",
    "--branch",
    "--no-ahead-behind",
    "--no-renames",
    "--untracked-files=normal",
    "--ignore-submodules=dirty",
)

_UNDER_WAY = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


@dataclass(frozen=True, slots=True)
class Status:
    """What is to be said about a checkout before work on its HEAD begins.

    Parameters:
        branch: the branch that is checked out; empty when HEAD is detached.
        staged: paths that differ between HEAD and the index.
        dirty: paths that differ between the index and the working tree.
        untracked: paths that git does not know and does not ignore; a folder ends in ``/``.
        unsure: paths that look dirty and have a filter: only the filter, which is not run, could tell.
        conflicts: paths with unresolved conflicts.
        under_way: ``merge``, ``rebase``, ``cherry-pick``, ``revert`` or ``bisect``; empty if none.
        shallow: history is cut off.
        partial: objects may be absent until they are fetched.
        linked: the checkout is a linked worktree.
        submodules: paths of submodules at HEAD.
        lfs: some file is kept by Git LFS.
    """

    branch: str = ""
    staged: tuple[str, ...] = ()
    dirty: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    under_way: str = ""
    shallow: bool = False
    partial: bool = False
    linked: bool = False
    submodules: tuple[str, ...] = ()
    lfs: bool = False

    @property
    def detached(self) -> bool:
        """Whether no branch is checked out."""
        return not self.branch

    @property
    def clean(self) -> bool:
        """Whether tracked files are as HEAD has them, as far as can be told."""
        return not (self.staged or self.dirty or self.conflicts)


def read_status(git: Git, place: Place) -> Status:
    """The status of one checkout.

    Raises:
        GitFailed: the repository is bare, or git cannot read it.
    """
    if place.bare:
        raise GitFailed(f"{place.top} is a bare repository: it has no files to look at.", remedy="Name a checkout.")
    names = _setting_names(git)
    drivers = _filters(names)
    found = _Found.read(git.status(*_WORDS, env=_silenced(drivers)))
    unsure = _filtered(git, found.dirty) if drivers else frozenset()
    committed = _committed(git)
    return Status(
        branch=found.branch,
        staged=tuple(found.staged),
        dirty=tuple(path for path in found.dirty if path not in unsure),
        untracked=tuple(found.untracked),
        unsure=tuple(path for path in found.dirty if path in unsure),
        conflicts=tuple(found.conflicts),
        under_way=next((word for name, word in _UNDER_WAY.items() if (place.git_dir / name).exists()), ""),
        shallow=(place.common_dir / "shallow").exists(),
        partial=any(name == "extensions.partialclone" or name.endswith(".promisor") for name in names),
        linked=place.linked and (place.git_dir / "commondir").exists(),
        submodules=tuple(to_path(record.split(b"\t", 1)[1]) for record in committed if record.startswith(b"160000 ")),
        lfs=_keeps_large_files(git, committed),
    )


@dataclass(slots=True)
class _Found:
    """What `git status --porcelain=v2 -z` lists, while it is read."""

    branch: str = ""
    staged: list[str] = field(default_factory=list)
    dirty: list[str] = field(default_factory=list)
    untracked: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, output: bytes) -> _Found:
        found = cls()
        for record in records(output):
            found._take(to_path(record))
        return found

    def _take(self, record: str) -> None:
        match record.split(" ", 1):
            case ["#", rest] if rest.startswith("branch.head "):
                self.branch = rest.removeprefix("branch.head ").replace("(detached)", "")
            case ["1", rest]:
                state, path = rest[:2], rest.split(" ", 7)[7]
                self.staged += [path] if state[0] != "." else []
                self.dirty += [path] if state[1] != "." else []
            case ["u", rest]:
                self.conflicts.append(rest.split(" ", 9)[9])
            case ["?", path]:
                self.untracked.append(path)
            case _:  # other headers
                pass


def _setting_names(git: Git) -> list[str]:
    return [to_path(name) for name in records(git.config("--list", "--name-only", "-z"))]


def _filters(names: Iterable[str]) -> list[str]:
    drivers = (name.removeprefix("filter.").rpartition(".")[0] for name in names if name.startswith("filter."))
    return sorted({driver for driver in drivers if driver})


def _silenced(drivers: Iterable[str]) -> dict[str, str]:
    """Environment that takes the programs out of filter drivers, whatever their names hold."""
    settings = [
        (f"filter.{driver}.{key}", value)
        for driver in drivers
        for key, value in (("clean", ""), ("smudge", ""), ("process", ""), ("required", "false"))
    ]
    environ = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        environ |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environ


def _filtered(git: Git, paths: Sequence[str]) -> frozenset[str]:
    asked = b"".join(to_bytes(path) + b"\0" for path in paths)
    words = records(git.check_attr("--stdin", "-z", "filter", istream=asked)) if asked else []
    return frozenset(
        to_path(path)
        for path, value in zip(words[::3], words[2::3], strict=True)
        if value not in (b"unspecified", b"unset")
    )


def _committed(git: Git) -> list[bytes]:
    """The files of HEAD; none before the first commit. The index would tell too, but a sparse one is costly to list."""
    status, output, _ = git.ls_tree("-r", "-z", "--full-tree", "HEAD", with_extended_output=True)
    return [] if status else records(output)


def _keeps_large_files(git: Git, committed: Iterable[bytes]) -> bool:
    rules = [
        record.split(b"\t", 1)[0].split(b" ")[2]
        for record in committed
        if record.endswith((b"\t.gitattributes", b"/.gitattributes"))
    ]
    if not rules:
        return False
    status, output, _ = git.cat_file("--batch", istream=b"\n".join(rules) + b"\n", with_extended_output=True)
    return not status and b"filter=lfs" in output
