"""Git, asked in one way only: our own environment, no program of the target's, every list NUL-separated."""

from __future__ import annotations

from improver.git.objects import Commit, Entry
from improver.git.place import Place, find_place
from improver.git.program import find_git
from improver.git.repository import Repository
from improver.git.status import Status

__all__ = ["Commit", "Entry", "Place", "Repository", "Status", "find_git", "find_place"]
