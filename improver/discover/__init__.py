"""Finds out what a target is, from its base commit and as data: nothing of it is imported or run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from improver.discover.committed import CommitTree
from improver.discover.plain_folder import FolderTree
from improver.discover.projects import find_project, projects
from improver.discover.survey import Survey, discover, iter_sources, survey
from improver.discover.tree import BaseTree, Entry
from improver.discover.unparsable import why_unparsable

if TYPE_CHECKING:
    from improver.discover.environment import find_environment

__all__ = [
    "BaseTree",
    "CommitTree",
    "Entry",
    "FolderTree",
    "Survey",
    "discover",
    "find_environment",
    "find_project",
    "iter_sources",
    "projects",
    "survey",
    "why_unparsable",
]


def __getattr__(name: str) -> Any:
    """What looks for an environment, loaded when it is asked for: a scan needs none."""
    if name == "find_environment":
        from improver.discover.environment import find_environment  # noqa: PLC0415

        return find_environment
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
