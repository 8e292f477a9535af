"""What a person decided is carried out: a branch, files of the working tree, or a refusal that is remembered."""

from __future__ import annotations

from improver.publish.accepting import (
    Accepted,
    Prove,
    accept,
    apply_to_worktree,
    author,
    combined,
    commit_message,
    reject,
)

__all__ = [
    "Accepted",
    "Prove",
    "accept",
    "apply_to_worktree",
    "author",
    "combined",
    "commit_message",
    "reject",
]
