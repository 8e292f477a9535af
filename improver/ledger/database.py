"""SQLite files that two runs may use at once, with sentences instead of SQLite's errors."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from improver.errors import LedgerUnusable

BUSY_SECONDS = 30.0


class Database:
    """One SQLite file.

    Parameters:
        file: made, with its folder, if it is not there.
        steps: the statements that lead from each version of the schema to the next.
        settings: pragmas for the connection.
    """

    def __init__(self, file: Path, steps: Sequence[str], settings: Sequence[str] = ()) -> None:
        self.file = file
        self._lock = threading.RLock()
        with self._explained():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._connection = sqlite3.connect(
                file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            with self._explained():
                for setting in settings:
                    self._connection.execute(f"PRAGMA {setting}")
                self._bring_up_to_date(steps)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Everything a query finds.

        Raises:
            LedgerUnusable: the file cannot be read.
        """
        with self._lock, self._explained():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it or, when it is left by an error or a kill, nothing.

        Raises:
            LedgerUnusable: the file cannot be written.
        """
        with self._lock, self._explained():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _bring_up_to_date(self, steps: Sequence[str]) -> None:
        found = self._version()
        if found > len(steps):
            raise LedgerUnusable(
                f"{self.file} was written by a newer improver (form {found}; this one knows {len(steps)}).",
                left="It is as it was.",
                remedy="Update improver, or set IMPROVER_STATE_DIR to another folder.",
            )
        if found == len(steps):
            return
        with self.writing() as connection:
            for number, step in list(enumerate(steps, start=1))[self._version() :]:
                for statement in step.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> LedgerUnusable:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return LedgerUnusable(
                f"Another improver has held {self.file} for more than {BUSY_SECONDS:.0f} seconds.",
                left="Nothing was recorded.",
                remedy="Wait for it to end and run the command again.",
            )
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH):
            return LedgerUnusable(
                f"{self.file} is damaged: {error}.",
                left="It is as it was.",
                remedy=f"Move it away (`mv '{self.file}' '{self.file}.damaged'`): what is pending is found again, "
                "and what was rejected will be proposed once more.",
            )
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return LedgerUnusable(
            f"{self.file} cannot be read or written: {reason}.",
            left="Nothing was recorded.",
            remedy="Free the disk or the permissions, or set IMPROVER_STATE_DIR to another folder.",
        )
