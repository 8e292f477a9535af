"""Makes a repository out of a folder: for the sample project, whose files are all improver's own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from improver.git.place import Place
from improver.git.program import find_git
from improver.git.repository import Repository

_NAME, _EMAIL = "improver demo", "demo@localhost"


def start_repository(folder: Path, message: str, date: datetime) -> Repository:
    """A repository with one commit that holds every file of the folder; its author is set for this repository alone.

    Raises:
        GitFailed: git is missing or refuses.
    """
    from improver.git.command import Git  # noqa: PLC0415 - imports GitPython

    top = folder.resolve()
    place = Place(top, top / ".git", top / ".git", bare=False)
    git = Git(find_git(top), place)
    git.init("-q", "--template=", "--initial-branch=main")
    git.config("user.name", _NAME)
    git.config("user.email", _EMAIL)
    git.add("--all")
    when = date.isoformat(timespec="seconds")
    git.commit("-q", "-m", message, env={"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when})
    return Repository.open(top)
