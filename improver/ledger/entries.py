"""What stands in a ledger: a dossier, how far it has come, and what happened on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from improver.values import Dossier


class State(Enum):
    """How far a dossier has come."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    PUBLISHED = "published"
    MERGED = "merged"
    REVERTED = "reverted"


MAY_BECOME: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.APPROVED, State.REJECTED, State.PUBLISHED}),
    State.APPROVED: frozenset({State.APPROVED, State.REJECTED, State.PUBLISHED, State.MERGED}),
    State.REJECTED: frozenset({State.APPROVED, State.REJECTED}),
    State.PUBLISHED: frozenset({State.REJECTED, State.MERGED}),
    State.MERGED: frozenset({State.REVERTED}),
    State.REVERTED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A dossier with what became of it.

    Parameters:
        because: the reason given for the last decision, empty if none.
        branch: where it was accepted to, empty if it was not.
        at: when it was last recorded or decided, in UTC (ISO 8601).
    """

    id: str
    state: State
    dossier: Dossier
    because: str = ""
    branch: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a dossier, in UTC (ISO 8601)."""

    at: str
    dossier: str
    what: str
    because: str
