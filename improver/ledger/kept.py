"""Results that can be made again, kept in a file of their own so that no decision depends on it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from improver.errors import LedgerUnusable
from improver.ledger.database import Database

LARGEST = 256 << 20
_DAY_SECONDS = 86_400
_FIRST_FORM = """
CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX kept_by_use ON kept (used);
"""
_SETTINGS = ("journal_mode = WAL", "synchronous = OFF")


class Kept:
    """Values under keys that name all they depend on. It may lose any of them, and is never wrong.

    Parameters:
        file: a damaged or newer one is replaced by an empty one.
        largest: bytes of values that remain when it is closed; the least recently used go first.
    """

    def __init__(self, file: Path, largest: int = LARGEST) -> None:
        self.largest = largest
        try:
            self._database = Database(file, (_FIRST_FORM,), _SETTINGS)
        except LedgerUnusable:
            for name in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
                with suppress(OSError):
                    name.unlink()
            self._database = Database(file, (_FIRST_FORM,), _SETTINGS)

    def __call__(self, key: str, compute: Callable[[], Any]) -> Any:
        """The value under `key`, computed now if it is not there; as JSON gives it back in both cases."""
        found = self._find(key)
        if found is None:
            found = json.dumps(compute(), separators=(",", ":"))
            self._put(key, found)
        return json.loads(found)

    def close(self) -> None:
        """Forget what exceeds the size and was not used for longest."""
        with suppress(LedgerUnusable):
            self._shrink()
        self._database.close()

    def _find(self, key: str) -> str | None:
        try:
            rows = self._database.rows("SELECT value, used FROM kept WHERE key = ?", key)
        except LedgerUnusable:
            return None
        if not rows:
            return None
        value, used = rows[0]
        if time.time() - used > _DAY_SECONDS:
            self._put(key, value)
        return str(value)

    def _put(self, key: str, value: str) -> None:
        with suppress(LedgerUnusable), self._database.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", (key, value, int(time.time())))

    def _shrink(self) -> None:
        pages, size = (self._database.rows(f"PRAGMA {name}")[0][0] for name in ("page_count", "page_size"))
        if pages * size <= self.largest:
            return
        total = self._database.rows("SELECT sum(length(value)) FROM kept")[0][0] or 0
        with self._database.writing() as connection:
            for key, length in connection.execute("SELECT key, length(value) FROM kept ORDER BY used, key").fetchall():
                if total <= self.largest * 3 // 4:
                    break
                connection.execute("DELETE FROM kept WHERE key = ?", (key,))
                total -= length
        self._database.rows("VACUUM")
