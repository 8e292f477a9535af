"""The ledger forgets no decision, whatever ends the run, and says plainly when it cannot work."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from dossiers import dossier, proposal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from improver.errors import LedgerUnusable, RunFailed, UsageError
from improver.ledger import Ledger, State, dossier_from_json, dossier_to_json
from improver.ledger.kept import Kept
from improver.values import (
    Category,
    Change,
    Decision,
    Dossier,
    Edit,
    Evidence,
    FileChange,
    Missing,
    NotApplicable,
    Proposal,
    Risk,
    Route,
    Site,
    Verdict,
)

BASE, NEXT = "1" * 40, "2" * 40
RUN = {"command": "propose", "seconds": 1.5}
ROOT = Path(__file__).parents[1]


def _dossier(name: str, base: str = BASE, context: str = "") -> Dossier:
    return dossier(base, {"a.py": b"x = 1\n"}, [proposal(name=name, context=context)])


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "state") as opened:
        yield opened


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_PATH = st.binary(min_size=1, max_size=6).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
_BYTES = st.binary(max_size=12)
_MEASURE = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXT
_DOSSIERS = st.builds(
    Dossier,
    st.lists(
        st.builds(
            Proposal,
            _TEXT,
            _TEXT,
            st.builds(Site, _PATH, st.integers(0), _TEXT),
            _TEXT,
            _TEXT,
            st.lists(st.builds(Edit, _PATH, st.integers(0), _BYTES, _BYTES), max_size=2).map(tuple),
            _TEXT,
        ),
        max_size=2,
    ).map(tuple),
    st.builds(
        Change,
        _TEXT,
        st.lists(st.builds(FileChange, _PATH, st.none() | _BYTES, st.none() | _BYTES, _TEXT, _TEXT), max_size=2).map(
            tuple
        ),
    ),
    st.builds(Risk, st.lists(st.sampled_from(Category)).map(tuple), st.lists(_TEXT).map(tuple), st.booleans()),
    st.lists(
        st.builds(Evidence, _TEXT, st.sampled_from(Verdict), _TEXT, st.dictionaries(_TEXT, _MEASURE)), max_size=2
    ).map(tuple),
    st.lists(st.builds(NotApplicable, _TEXT, _TEXT), max_size=2).map(tuple),
    st.builds(Decision, st.sampled_from(Route), st.lists(_TEXT).map(tuple)),
)


@given(_DOSSIERS)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_dossier_comes_back_as_it_was(written: Dossier) -> None:
    """Whatever a dossier holds survives JSON in any encoding."""
    data = json.loads(json.dumps(dossier_to_json(written), ensure_ascii=False).encode())
    assert dossier_from_json(data) == written


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(_JSON, st.sampled_from([[], ["proposals"], ["change", "files"], ["risk"], ["evidence"], ["decision", "route"]]))
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_data_but_a_dossier_is_read_as_one(junk: object, place: list[str]) -> None:
    """A bundle is hostile input: it is a dossier, or it is refused with a sentence."""
    data = dossier_to_json(_dossier("a"))
    if not place:
        data = junk  # type: ignore[assignment]
    else:
        inner = data
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = junk
    with suppress(RunFailed):
        assert isinstance(dossier_from_json(data), Dossier)


def test_what_was_recorded_is_there_after_reopening(tmp_path: Path) -> None:
    """Dossiers, run and state outlive the process."""
    first, second = _dossier("a"), _dossier("b")
    with Ledger.open(tmp_path / "state") as ledger:
        ledger.record(RUN, [first, second])
    with Ledger.open(tmp_path / "state") as ledger:
        assert [entry.dossier for entry in ledger.entries()] == [first, second]
        assert {entry.state for entry in ledger.entries()} == {State.PENDING}
        (run,) = ledger.runs()
        assert {"command": "propose", "seconds": 1.5}.items() <= run.items()


def test_recording_again_changes_nothing_but_what_is_pending(ledger: Ledger) -> None:
    """A pending dossier is replaced by its newer self; approval and rejection stay."""
    a, b, c = (_dossier(name) for name in "abc")
    ledger.record(RUN, [a, b, c])
    ledger.approve([a.id], "improver/a")
    ledger.reject([b.id], "not wanted")
    ledger.record(RUN, [replace(each, decision=Decision(Route.AUTO, ("newer",))) for each in (a, b, c)])
    found = {entry.id: entry for entry in ledger.entries()}
    assert len(found) == 3
    assert (found[a.id].state, found[a.id].branch) == (State.APPROVED, "improver/a")
    assert (found[b.id].state, found[b.id].because) == (State.REJECTED, "not wanted")
    assert (found[c.id].state, found[c.id].dossier.decision.because) == (State.PENDING, ("newer",))


def test_the_same_proposal_on_a_new_base_takes_the_old_ones_place(ledger: Ledger) -> None:
    """What is pending for an older commit goes when it is found again, and stays when it is not or is decided."""
    old, kept, decided = _dossier("a"), _dossier("b"), _dossier("c")
    ledger.record(RUN, [old, kept, decided])
    ledger.approve([decided.id], "branch")
    new, again = _dossier("a", NEXT), _dossier("c", NEXT)
    ledger.record(RUN, [new, again])
    assert {entry.id for entry in ledger.entries(State.PENDING)} == {new.id, again.id, kept.id}
    assert ledger.find(decided.id).state is State.APPROVED


def test_a_recording_that_fails_leaves_nothing(ledger: Ledger) -> None:
    """A run's dossiers are on record together or not at all."""

    def dossiers() -> Iterator[Dossier]:
        yield _dossier("a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.record(RUN, dossiers())
    assert ledger.entries() == ()
    assert ledger.runs() == ()
    ledger.record(RUN, [_dossier("a")])


def test_an_entry_is_found_by_the_beginning_of_its_id(ledger: Ledger) -> None:
    """A prefix is enough; what is ambiguous or unknown is explained with what comes near."""
    written = [_dossier(str(number)) for number in range(40)]
    ledger.record(RUN, written)
    one = written[7]
    assert ledger.find(one.id).dossier == one
    assert ledger.find(one.id.upper()[:7]).id == one.id
    shared = next(first for first in "0123456789abcdef" if sum(each.id[0] == first for each in written) > 1)
    with pytest.raises(UsageError, match="ambiguous"):
        ledger.find(shared)
    wrong = one.id[:-1] + ("0" if one.id[-1] != "0" else "1")
    with pytest.raises(UsageError, match=f"Did you mean .*`{one.id}`"):
        ledger.find(wrong)
    for nothing in ("", "zzzz", "%", "_", "'; DROP TABLE dossiers; --"):
        with pytest.raises(UsageError, match="improver show"):
            ledger.find(nothing)


def test_a_refusal_holds_until_the_code_around_changes(ledger: Ledger) -> None:
    """The fingerprint is what is refused; acceptance takes the refusal back."""
    refused = _dossier("a", context="old")
    ledger.record(RUN, [refused])
    ledger.reject([refused.id[:6]], " because ")
    assert ledger.refused() == {refused.proposals[0].fingerprint}
    assert _dossier("a", NEXT, "old").proposals[0].fingerprint in ledger.refused()
    assert _dossier("a", NEXT, "new").proposals[0].fingerprint not in ledger.refused()
    ledger.approve([refused.id], "branch")
    assert ledger.refused() == frozenset()
    assert [(event.what, event.because) for event in ledger.events()] == [("rejected", "because"), ("approved", "")]


@pytest.mark.parametrize("because", ["", "  \n"])
def test_a_refusal_needs_a_reason(ledger: Ledger, because: str) -> None:
    """Without words nothing is rejected."""
    ledger.record(RUN, [_dossier("a")])
    with pytest.raises(UsageError, match="--because"):
        ledger.reject([_dossier("a").id], because)
    assert ledger.refused() == frozenset()


def test_several_are_decided_together_or_not_at_all(ledger: Ledger) -> None:
    """One unknown or closed entry leaves the others open."""
    a, b = _dossier("a"), _dossier("b")
    ledger.record(RUN, [a, b])
    with pytest.raises(UsageError):
        ledger.reject([a.id, "unknown"], "no")
    ledger.approve([b.id], "branch")
    ledger.move([b.id], State.MERGED)
    with pytest.raises(UsageError, match="merged"):
        ledger.reject([a.id, b.id], "no")
    assert ledger.find(a.id).state is State.PENDING
    assert ledger.refused() == frozenset()


def test_a_value_is_computed_once_and_reads_the_same_ever_after(tmp_path: Path) -> None:
    """The first answer has the form of all later ones."""
    calls = []

    def compute() -> object:
        calls.append(1)
        return {"pair": (1, 2), 3: None}

    answers = []
    for _ in range(2):
        with Ledger.open(tmp_path / "state") as ledger:
            answers += [ledger.keep("key", compute), ledger.keep("key", compute)]
    assert answers == [{"pair": [1, 2], "3": None}] * 4
    assert len(calls) == 1


def test_nothing_is_kept_when_computing_fails(ledger: Ledger) -> None:
    """An error passes through, and the next time it is computed anew."""
    with pytest.raises(ZeroDivisionError):
        ledger.keep("key", lambda: 1 / 0)
    assert ledger.keep("key", lambda: None) is None


def test_kept_values_end_at_their_size(tmp_path: Path) -> None:
    """Too much of it, and what was written first goes; the file gets smaller."""
    kept = Kept(tmp_path / "kept.sqlite3", largest=200_000)
    for number in range(40):
        kept(f"{number:02}", lambda: "x" * 10_000)
    kept.close()
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 250_000
    kept = Kept(tmp_path / "kept.sqlite3", largest=200_000)
    assert kept("39", lambda: "anew") == "x" * 10_000
    assert kept("00", lambda: "anew") == "anew"
    kept.close()


@pytest.mark.parametrize("content", [b"nonsense" * 200, b"SQLite format 3\0" + b"\xff" * 4000], ids=["text", "broken"])
def test_damaged_kept_values_are_replaced(tmp_path: Path, content: bytes) -> None:
    """What can be made again is made again, and no decision is lost."""
    with Ledger.open(tmp_path) as ledger:
        ledger.record(RUN, [_dossier("a")])
    (tmp_path / "kept.sqlite3").write_bytes(content)
    with Ledger.open(tmp_path) as ledger:
        assert ledger.keep("key", lambda: 1) == 1
        assert ledger.keep("key", lambda: 2) == 1
        assert len(ledger.entries()) == 1


def test_a_proof_is_bound_to_its_two_trees(ledger: Ledger) -> None:
    """Evidence is found for exactly what was examined."""
    evidence = (Evidence("tests", Verdict.PASSED, "All pass.", {"passed": 3}),)
    ledger.record_proof("base", "head", evidence)
    assert ledger.proof("base", "head") == evidence
    for trees in (("head", "base"), ("base", "other")):
        assert isinstance(ledger.proof(*trees), Missing)


def test_a_damaged_ledger_is_explained_and_left_alone(tmp_path: Path) -> None:
    """The file is named, with the command that moves it away and what is lost by it."""
    file = tmp_path / "ledger.sqlite3"
    file.write_bytes(b"this is no database at all\n" * 100)
    with pytest.raises(LedgerUnusable, match="damaged") as caught:
        Ledger.open(tmp_path)
    assert "rejected" in caught.value.remedy
    assert str(file) in caught.value.remedy
    assert file.read_bytes().startswith(b"this is no")


@pytest.mark.parametrize("at", [16, 5000, 9000])
def test_a_ledger_damaged_anywhere_gives_no_traceback(tmp_path: Path, at: int) -> None:
    """Overwritten pages are found when they are read."""
    with Ledger.open(tmp_path) as ledger:
        ledger.record(RUN, [_dossier(str(number)) for number in range(30)])
    file = tmp_path / "ledger.sqlite3"
    content = bytearray(file.read_bytes())
    content[at : at + 4000] = b"\xa5" * 4000
    file.write_bytes(content)
    with suppress(LedgerUnusable), Ledger.open(tmp_path) as ledger:
        ledger.entries()
        ledger.record(RUN, [_dossier("new")])


@pytest.mark.parametrize(
    "statement",
    ["UPDATE dossiers SET payload = x'00'", "UPDATE dossiers SET state = 'unheard-of'", "DROP TABLE dossiers"],
)
def test_a_ledger_that_holds_what_nobody_knows_is_explained(tmp_path: Path, statement: str) -> None:
    """Rows that cannot be read are a sentence."""
    with Ledger.open(tmp_path) as ledger:
        ledger.record(RUN, [_dossier("a")])
    connection = sqlite3.connect(tmp_path / "ledger.sqlite3")
    with connection:
        connection.execute(statement)
    connection.close()
    with Ledger.open(tmp_path) as ledger, pytest.raises(LedgerUnusable):
        ledger.entries()


def test_a_ledger_of_a_newer_improver_is_left_alone(tmp_path: Path) -> None:
    """It is not touched, and the way out is to update."""
    Ledger.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "ledger.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = (tmp_path / "ledger.sqlite3").read_bytes()
    with pytest.raises(LedgerUnusable, match="newer improver"):
        Ledger.open(tmp_path)
    assert (tmp_path / "ledger.sqlite3").read_bytes() == before


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    """The remedy names the setting for another folder."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LedgerUnusable, match="IMPROVER_STATE_DIR"):
        Ledger.open(tmp_path / "file")


def _child(code: str, folder: Path, **options: object) -> subprocess.CompletedProcess[str]:
    environ = {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    words = [sys.executable, "-c", code, str(folder)]
    return subprocess.run(words, env=environ, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


_HEAD = """
import os, signal, sys
from pathlib import Path
from dossiers import dossier, proposal
from improver.errors import LedgerUnusable
from improver.ledger import Ledger
made = lambda name: dossier("1" * 40, {"a.py": b"x = 1\\n"}, [proposal(name=name, context=os.urandom(3000).hex())])
ledger = Ledger.open(Path(sys.argv[1]))
"""


def test_a_full_disk_is_explained_and_loses_nothing(tmp_path: Path) -> None:
    """What was on record before stays; what does not fit is refused with a sentence."""
    with Ledger.open(tmp_path) as ledger:
        ledger.record(RUN, [_dossier("a")])
    code = _HEAD + (
        "try:\n    ledger.record({}, [made(str(number)) for number in range(200)])\n"
        "except LedgerUnusable as error:\n    print(error.remedy)\n"
    )

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    done = _child(code, tmp_path, preexec_fn=small)
    assert "Free the disk" in done.stdout, done.stderr
    with Ledger.open(tmp_path) as ledger:
        assert [entry.dossier for entry in ledger.entries()] == [_dossier("a")]


def test_a_kill_in_the_middle_leaves_the_ledger_as_it_was(tmp_path: Path) -> None:
    """A transaction that was cut off never happened, and the next run starts at once."""
    with Ledger.open(tmp_path) as ledger:
        ledger.record(RUN, [_dossier("a")])
    code = _HEAD + (
        "with ledger._database.writing() as connection:\n"
        "    connection.execute('PRAGMA cache_size = 5')\n"
        "    connection.execute('DELETE FROM dossiers')\n"
        "    for number in range(500):\n"
        "        connection.execute('INSERT INTO runs (at, info) VALUES (?, ?)', ('', 'x' * 3000))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert _child(code, tmp_path).returncode == -signal.SIGKILL
    assert (tmp_path / "ledger.sqlite3-journal").stat().st_size > 0
    with Ledger.open(tmp_path) as ledger:
        assert [entry.dossier for entry in ledger.entries()] == [_dossier("a")]
        ledger.record(RUN, [_dossier("b")])


def test_runs_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    """Eight runs open, record and keep at the same time."""

    def work(number: int) -> None:
        with Ledger.open(tmp_path) as ledger:
            for part in range(4):
                ledger.record(RUN, [_dossier(f"{number}-{part}")])
                ledger.keep("shared", lambda: "same")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    with Ledger.open(tmp_path) as ledger:
        assert len(ledger.entries()) == 32
        assert len(ledger.runs()) == 32


def test_one_ledger_serves_many_threads(ledger: Ledger) -> None:
    """Gates that run in parallel keep their results through one ledger."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda number: ledger.keep(str(number % 5), lambda: number % 5), range(200)))
    assert answers == [number % 5 for number in range(200)]


def test_the_ledger_is_for_its_user_alone(tmp_path: Path) -> None:
    """It holds the project's code, so nobody else may read it."""
    with Ledger.open(tmp_path / "state"):
        assert (tmp_path / "state").stat().st_mode & 0o077 == 0
