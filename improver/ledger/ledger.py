"""The ledger of one repository: dossiers, decisions about them, refusals and proofs."""

from __future__ import annotations

import difflib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from improver.errors import LedgerUnusable, RunFailed, UsageError
from improver.ledger.database import Database
from improver.ledger.dossiers import dossier_from_json, dossier_to_json, evidence_from_json, evidence_to_json
from improver.ledger.entries import MAY_BECOME, Entry, Event, State
from improver.ledger.kept import Kept
from improver.values import Dossier, Evidence, Missing

_FIRST_FORM = """
CREATE TABLE runs (id INTEGER PRIMARY KEY, at TEXT NOT NULL, info TEXT NOT NULL);
CREATE TABLE dossiers (
    id TEXT PRIMARY KEY, run INTEGER NOT NULL, base TEXT NOT NULL, state TEXT NOT NULL, at TEXT NOT NULL,
    because TEXT NOT NULL, branch TEXT NOT NULL, payload BLOB NOT NULL
);
CREATE TABLE fingerprints (
    dossier TEXT NOT NULL, fingerprint TEXT NOT NULL, PRIMARY KEY (dossier, fingerprint)
) WITHOUT ROWID;
CREATE TABLE events (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, dossier TEXT NOT NULL, what TEXT NOT NULL, because TEXT NOT NULL
);
CREATE TABLE refusals (fingerprint TEXT PRIMARY KEY, at TEXT NOT NULL, because TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE proofs (
    base_tree TEXT NOT NULL, head_tree TEXT NOT NULL, at TEXT NOT NULL, evidence TEXT NOT NULL,
    PRIMARY KEY (base_tree, head_tree)
) WITHOUT ROWID;
"""
_DROP_SUPERSEDED = (
    "DELETE FROM dossiers WHERE state = 'pending' AND base != (SELECT base FROM dossiers WHERE id = :id)"
    " AND NOT EXISTS (SELECT 1 FROM fingerprints AS old WHERE old.dossier = dossiers.id AND old.fingerprint NOT IN"
    " (SELECT fingerprint FROM fingerprints WHERE dossier = :id))"
)


class Ledger:
    """What is remembered of one repository. Use it as a context manager.

    Parameters:
        folder: the repository's own folder in the state folder, made if it is not there.

    Raises:
        LedgerUnusable: it is damaged, newer than this improver, or cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / "ledger.sqlite3", (_FIRST_FORM,))
        try:
            self._kept = Kept(folder / "kept.sqlite3")
        except BaseException:
            self._database.close()
            raise

    @classmethod
    def open(cls, folder: Path) -> Ledger:
        """The ledger in a folder, made if it is not there.

        Raises:
            LedgerUnusable: it is damaged, newer than this improver, or cannot be written.
        """
        return cls(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._kept.close()
        self._database.close()

    def record(self, run: Mapping[str, Any], dossiers: Iterable[Dossier]) -> None:
        """Put a run's dossiers on record, all or none.

        One that is still pending is replaced, a decided one keeps its decision, and pending ones of
        other commits that say nothing more than the new ones are dropped.

        Parameters:
            run: what is to be said of the run, as JSON data.
        """
        info = json.dumps(dict(run), sort_keys=True)
        packed = [(dossier, _packed(dossier)) for dossier in dossiers]
        with self._database.writing() as connection:
            row = (_now(), info)
            number = connection.execute("INSERT INTO runs (at, info) VALUES (?, ?)", row).lastrowid
            for dossier, payload in packed:
                _put(connection, dossier, payload, number)
            connection.execute("DELETE FROM fingerprints WHERE dossier NOT IN (SELECT id FROM dossiers)")

    def find(self, prefix: str) -> Entry:
        """The one entry whose id begins so.

        Raises:
            UsageError: there is none, or more than one.
        """
        known = [str(row[0]) for row in self._database.rows("SELECT id FROM dossiers ORDER BY run DESC, rowid")]
        found = [prefix] if prefix in known else [id for id in known if prefix and id.startswith(prefix.lower())]
        if len(found) == 1:
            return self._entries("WHERE id = ?", found[0])[0]
        if found:
            raise UsageError(f"`{prefix}` is ambiguous: {', '.join(found[:10])}.", remedy="Give more of the id.")
        near = difflib.get_close_matches(prefix.lower(), known, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(f'`{id}`' for id in near)}? " if near else ""
        raise UsageError(f"There is no proposal `{prefix}`.", remedy=f"{hint}`improver show` lists what waits.")

    def entries(self, state: State | None = None) -> tuple[Entry, ...]:
        """Every entry, or those in one state; the newest first."""
        if state is None:
            return self._entries("")
        return self._entries("WHERE state = ?", state.value)

    def events(self) -> tuple[Event, ...]:
        """Every decision, the oldest first."""
        return tuple(Event(*row) for row in self._database.rows("SELECT at, dossier, what, because FROM events"))

    def runs(self) -> tuple[Mapping[str, Any], ...]:
        """What was said of every run, the oldest first, each with the time (``at``)."""
        rows = self._database.rows("SELECT at, info FROM runs ORDER BY id")
        return tuple({**json.loads(info), "at": at} for at, info in rows)

    def refused(self) -> frozenset[str]:
        """The fingerprints of proposals that a person does not want."""
        return frozenset(str(row[0]) for row in self._database.rows("SELECT fingerprint FROM refusals"))

    def reject(self, ids: Sequence[str], because: str) -> tuple[Entry, ...]:
        """Remember that a person does not want these, by their fingerprints.

        Raises:
            UsageError: no reason is given, an id is unknown, or one is merged already.
        """
        if not because.strip():
            raise UsageError("A rejection needs a reason.", remedy="Say it: `--because 'why not'`.")
        return self._move(ids, State.REJECTED, because.strip(), "")

    def approve(self, ids: Sequence[str], branch: str) -> tuple[Entry, ...]:
        """Remember that a person took these, and where to; an earlier refusal of them is forgotten.

        Raises:
            UsageError: an id is unknown, or one is past approval.
        """
        return self._move(ids, State.APPROVED, "", branch)

    def move(self, ids: Sequence[str], state: State, because: str = "") -> tuple[Entry, ...]:
        """Remember that these came into another state.

        Raises:
            UsageError: an id is unknown, or the state cannot follow the present one.
        """
        return self._move(ids, state, because, "")

    def keep(self, key: str, compute: Callable[[], Any]) -> Any:
        """The value kept under `key`, computed now if it is not there. Values are plain JSON data."""
        return self._kept(key, compute)

    def record_proof(self, base_tree: str, head_tree: str, evidence: Iterable[Evidence]) -> None:
        """Remember what was found when one tree was examined against another."""
        text = json.dumps([evidence_to_json(one) for one in evidence])
        with self._database.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO proofs VALUES (?, ?, ?, ?)", (base_tree, head_tree, _now(), text)
            )

    def proof(self, base_tree: str, head_tree: str) -> tuple[Evidence, ...] | Missing:
        """What was found when these two trees were examined, if they were."""
        rows = self._database.rows(
            "SELECT evidence FROM proofs WHERE base_tree = ? AND head_tree = ?", base_tree, head_tree
        )
        if not rows:
            return Missing("proof", f"{head_tree[:12]} was never examined against {base_tree[:12]}")
        with _explained(self._database.file):
            return tuple(evidence_from_json(one) for one in json.loads(rows[0][0]))

    def _move(self, ids: Sequence[str], state: State, because: str, branch: str) -> tuple[Entry, ...]:
        entries = tuple(self.find(id) for id in dict.fromkeys(ids))
        with self._database.writing() as connection:
            for entry in entries:
                _decide(connection, entry, state, because, branch)
        return tuple(self.find(entry.id) for entry in entries)

    def _entries(self, where: str, *values: object) -> tuple[Entry, ...]:
        columns = "id, state, payload, because, branch, at"
        rows = self._database.rows(f"SELECT {columns} FROM dossiers {where} ORDER BY run DESC, rowid", *values)  # noqa: S608
        with _explained(self._database.file):
            return tuple(
                Entry(id, State(state), _unpacked(payload), because, branch, at)
                for id, state, payload, because, branch, at in rows
            )


def _put(connection: sqlite3.Connection, dossier: Dossier, payload: bytes, run: int | None) -> None:
    row = (dossier.id, run, dossier.change.base, State.PENDING.value, _now(), payload)
    connection.execute(
        "INSERT INTO dossiers VALUES (?, ?, ?, ?, ?, '', '', ?) ON CONFLICT (id) DO UPDATE SET"
        " run = excluded.run, at = excluded.at, payload = excluded.payload WHERE state = 'pending'",
        row,
    )
    for fingerprint in {proposal.fingerprint for proposal in dossier.proposals}:
        connection.execute("INSERT OR IGNORE INTO fingerprints VALUES (?, ?)", (dossier.id, fingerprint))
    connection.execute(_DROP_SUPERSEDED, {"id": dossier.id})


def _decide(connection: sqlite3.Connection, entry: Entry, state: State, because: str, branch: str) -> None:
    now = _now()
    row = connection.execute("SELECT state FROM dossiers WHERE id = ?", (entry.id,)).fetchone()
    present = State(row[0]) if row else entry.state
    if state not in MAY_BECOME[present]:
        raise UsageError(
            f"{entry.id} is {present.value} and cannot become {state.value}.", left="Nothing was recorded."
        )
    connection.execute(
        "UPDATE dossiers SET state = ?, because = ?, at = ?, branch = CASE ? WHEN '' THEN branch ELSE ? END"
        " WHERE id = ?",
        (state.value, because, now, branch, branch, entry.id),
    )
    event = (now, entry.id, state.value, because)
    connection.execute("INSERT INTO events (at, dossier, what, because) VALUES (?, ?, ?, ?)", event)
    for fingerprint in {proposal.fingerprint for proposal in entry.dossier.proposals}:
        if state is State.REJECTED:
            connection.execute("INSERT OR REPLACE INTO refusals VALUES (?, ?, ?)", (fingerprint, now, because))
        elif state is State.APPROVED:
            connection.execute("DELETE FROM refusals WHERE fingerprint = ?", (fingerprint,))


def _packed(dossier: Dossier) -> bytes:
    return zlib.compress(json.dumps(dossier_to_json(dossier), separators=(",", ":")).encode())


def _unpacked(payload: bytes) -> Dossier:
    return dossier_from_json(json.loads(zlib.decompress(payload)))


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except (RunFailed, zlib.error, KeyError, TypeError, ValueError) as error:
        raise LedgerUnusable(
            f"{file} holds something that cannot be read: {error}.",
            left="It is as it was.",
            remedy=f"Update improver, or move the file away (`mv '{file}' '{file}.damaged'`).",
        ) from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
