"""Where a repository lies, found by reading its folders as data; git itself is not started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from improver.errors import GitFailed, UsageError
from improver.values import Missing

_POINTER_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of a repository, all absolute and free of links.

    Parameters:
        top: the top of the checkout; the git folder itself where there is no checkout.
        git_dir: the folder with this checkout's HEAD and index.
        common_dir: the folder with refs, configuration and objects; another one in linked worktrees.
        bare: whether there is no checkout.
    """

    top: Path
    git_dir: Path
    common_dir: Path
    bare: bool

    @property
    def objects(self) -> Path:
        """The object store."""
        return self.common_dir / "objects"

    @property
    def linked(self) -> bool:
        """Whether this checkout is a linked worktree."""
        return self.git_dir != self.common_dir


def find_place(path: Path) -> Place | Missing:
    """The repository that holds a file or folder, or why there is none.

    Raises:
        UsageError: the path does not exist.
        GitFailed: there is a repository and it cannot be read.
    """
    try:
        start = path.resolve(strict=True)
        folders = (start, *start.parents) if start.is_dir() else tuple(start.parents)
        for folder in folders:
            place = _place_at(folder)
            if place is not None:
                return place
    except (FileNotFoundError, RuntimeError) as error:  # the latter for links that lead in a circle, up to Python 3.12
        raise UsageError(f"{path} does not exist.") from error
    except OSError as error:
        raise GitFailed(f"{error.filename or path} cannot be read: {error.strerror}.") from error
    return Missing(
        "repository",
        f"{start} is not inside a git repository.",
        "Run `git init` and commit, or use `improver scan`, which needs no git.",
    )


def _place_at(folder: Path) -> Place | None:
    dot_git = folder / ".git"
    if dot_git.is_file():
        return _place(folder, _pointed_to(dot_git), bare=False)
    if _is_git_dir(dot_git):
        return _place(folder, dot_git.resolve(), bare=False)
    if _is_git_dir(folder):
        inside = folder.name == ".git"
        return _place(folder.parent if inside else folder, folder, bare=not inside)
    return None


def _place(top: Path, git_dir: Path, *, bare: bool) -> Place:
    try:
        common = (git_dir / _first_line(git_dir / "commondir").replace("\0", "")).resolve()
    except FileNotFoundError:
        common = git_dir
    return Place(top, git_dir, common, bare)


def _pointed_to(pointer: Path) -> Path:
    line = _first_line(pointer)
    named = line.removeprefix("gitdir:").strip()
    git_dir = pointer.parent / named if "\0" not in named else pointer
    if not line.startswith("gitdir:") or not _is_git_dir(git_dir):
        raise GitFailed(
            f"{pointer} does not point to a git folder.",
            remedy="Repair it with `git worktree repair` or `git submodule update --init`.",
        )
    return git_dir.resolve()


def _first_line(file: Path) -> str:
    with file.open("rb") as stream:
        return stream.read(_POINTER_BYTES).decode("utf-8", "surrogateescape").rstrip("\n")


def _is_git_dir(folder: Path) -> bool:
    head = folder / "HEAD"
    if not (head.is_symlink() or head.is_file()):
        return False
    return (folder / "commondir").is_file() or ((folder / "objects").is_dir() and (folder / "refs").is_dir())
