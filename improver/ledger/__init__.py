"""What improver remembers of one repository: what it proposed, what was decided, and what it measured."""

from __future__ import annotations

from improver.ledger.dossiers import dossier_from_json, dossier_to_json
from improver.ledger.entries import MAY_BECOME, Entry, Event, State
from improver.ledger.ledger import Ledger

__all__ = ["MAY_BECOME", "Entry", "Event", "Ledger", "State", "dossier_from_json", "dossier_to_json"]
