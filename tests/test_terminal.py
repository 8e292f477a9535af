"""The terminal view: complete, harmless, and readable without colour, Unicode or room."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from improver.errors import ImproverError, RunFailed, SandboxMissing
from improver.summary import RunSummary
from improver.values import (
    Category,
    Change,
    Decision,
    Dossier,
    Edit,
    Evidence,
    FileChange,
    NotApplicable,
    Proposal,
    Risk,
    Route,
    Site,
    Skipped,
    Source,
    Verdict,
)
from improver.views.diff import change_lines
from improver.views.progress import Spinner, progress
from improver.views.silent import Silent
from improver.views.terminal import (
    clean,
    make_console,
    show_dossier,
    show_error,
    show_risk,
    show_run,
    show_scan,
    show_verify,
    show_waiting,
)
from improver.views.words import counted, duration

BEFORE = b"def parse(text):\n    if not text:\n        raise ValueError(text)\n    return text.split()\n"
DOC = b'    """Read words.\n\n    Raises:\n        ValueError: If the text is empty.\n    """\n'
AFTER = BEFORE.replace(b":\n", b":\n" + DOC, 1)
HOSTILE = "[red]x[/red] :smile: \x1b[2J\x1b]8;;http://a\x07 \u202egpj.exe\u2069 a\u200bb \u3164 \r\n\x07 \ud800 é 漢"


def proposal(name: str = "parse", path: str = "src/words.py") -> Proposal:
    start = BEFORE.index(b":\n") + 2
    edit = Edit(path, start, b"", DOC)
    return Proposal("docstrings", "missing", Site(path, 1, name), f"Document {name}", f"{name} raises.", (edit,))


def dossier(route: Route = Route.AUTO, name: str = "parse", because: str = "all required gates have passed") -> Dossier:
    return Dossier(
        (proposal(name),),
        Change("0123456789abcdef", (FileChange("src/words.py", BEFORE, AFTER),)),
        Risk((Category.DOCSTRINGS,), ("src/words.py:1: a docstring",), certified=True),
        (
            Evidence("scope", Verdict.PASSED, "1 site, as announced"),
            Evidence("tests", Verdict.FAILED, "tests/test_words.py::test_parse fails"),
            Evidence("coverage", Verdict.INCONCLUSIVE, "could not be measured"),
        ),
        (NotApplicable("types", "no type checker is configured"),),
        Decision(route, (because,)),
    )


RUN = RunSummary(
    "/home/ada/words",
    "",
    "0123456789abcdef",
    "Read words",
    ".venv (Python 3.12)",
    "34 tests pass",
    "bubblewrap",
    ("the checkout is dirty; HEAD is examined",),
    14.2,
    False,
    6,
    (Skipped("Python files", "is a test or another judge", 5), Skipped("old.py", "does not parse")),
)


def shown(show: Callable[[Console], None], width: int = 100, encoding: str = "utf-8", **options: object) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="")
    console = make_console(stream)
    console.width = width
    show(console)
    stream.flush()
    return raw.getvalue().decode(encoding)


def everything(console: Console) -> None:
    """Every screen there is."""
    one, two, three = dossier(), dossier(Route.HUMAN, "b", "argparse reads it"), dossier(Route.REFUSE, "c", "a judge")
    show_run(console, RUN, [one, two, three])
    show_waiting(console, [(one, "pending"), (two, "approved")])
    show_dossier(console, one)
    show_scan(console, [proposal()], RUN.skipped, diff=True, sources=[Source("src/words.py", BEFORE)])
    show_verify(console, two, "HEAD")
    show_risk(console, one.risk, one.decision)
    show_error(console, SandboxMissing("No wall.", left="Nothing was run.", remedy="Get one."))


# What is shown


def test_a_run_is_grouped_by_who_decides() -> None:
    """Each group has its count; who is not approved has a reason; what was left out is counted by reason."""
    text = shown(everything)
    for words in ("Approved by rule  1", "Needs a person  1", "Refused  1", "tests failed: tests/test_words.py"):
        assert words in text
    assert "5  Python files  a test or another judge" in text
    assert "1  old.py        does not parse" in text
    assert "3 dossiers from 6 files in 14 s." in text


def test_the_most_telling_reason_stands_below_the_title() -> None:
    """The gate that failed, else what makes it risky, else what the policy says."""
    one = replace(dossier(Route.HUMAN, because="the policy"), evidence=())
    risky = replace(one, risk=Risk((Category.BEHAVIOUR,), ("argparse reads it",)))
    for shown_one, words in (
        (dossier(Route.HUMAN), "tests failed: "),
        (risky, "argparse reads it"),
        (one, "the policy"),
    ):
        lines = shown(lambda console, it=shown_one: show_waiting(console, [(it, "pending")])).splitlines()
        assert lines[2].strip().startswith(words)


def test_a_run_says_what_to_type_next() -> None:
    """The first that may be accepted is named; a refused one never is."""
    good, bad = dossier(name="good"), dossier(Route.REFUSE, "bad")
    text = shown(lambda console: show_run(console, RUN, [bad, good]))
    assert f"improver accept {good.id}" in text
    assert f"accept {bad.id}" not in text
    assert "Next" not in shown(lambda console: show_run(console, RUN, [bad]))


def test_a_quiet_run_is_short() -> None:
    """Silence is a good night's result."""
    quiet = replace(RUN, skipped=(), notes=())
    text = shown(lambda console: show_run(console, quiet, []))
    assert text.endswith("Nothing to propose: 6 files read in 14 s.\n")
    assert len(text.splitlines()) == 7


def test_a_budget_that_ended_the_run_is_said() -> None:
    """What was not reached is not passed over."""
    text = shown(lambda console: show_run(console, replace(RUN, budget_reached=True), []))
    assert "The time budget ended the run" in text
    assert "Nothing was proven: 6 files" in text


def test_a_dossier_shows_its_whole_proof() -> None:
    """Title, reason, diff, evidence, risk, decision, commands."""
    one = dossier()
    text = shown(lambda console: show_dossier(console, one))
    for words in (
        "Document parse\nsrc/words.py:1 in parse\n",
        f"{one.id} · approved by rule · pending",
        "parse raises.",
        '@@ -1,4 +1,9 @@\n def parse(text):\n+    """Read words.\n+\n+    Raises:\n',
        "✓ passed          scope",
        "✗ failed          tests",
        "? inconclusive    coverage",
        "- not applicable  types",
        "docstrings, shown to leave the program as it is",
        f'improver reject {one.id} --because "..."',
    ):
        assert words in text


@pytest.mark.parametrize("state", ["approved", "rejected", "merged", "published", "reverted"])
def test_a_decided_dossier_asks_for_nothing(state: str) -> None:
    """Commands are shown only while they make sense."""
    text = shown(lambda console: show_dossier(console, dossier(), state))
    assert state in text
    assert "improver accept" not in text


def test_a_scan_names_each_place_on_a_line_of_its_own() -> None:
    """Lines begin with file and line, as editors and grep like them."""
    text = shown(lambda console: show_scan(console, [proposal(), proposal("b")], []), width=30)
    assert text.startswith("src/words.py:1: Document parse\nsrc/words.py:1: Document b\n")
    assert "2 proposals in 1 file." in text


def test_a_scan_shows_diffs_with_or_without_the_files() -> None:
    """Without the content there is no context, and still the edit."""
    sources = [Source("src/words.py", BEFORE)]
    text = shown(lambda console: show_scan(console, [proposal()], [], diff=True, sources=sources))
    assert ' def parse(text):\n+    """Read words.\n' in text
    text = shown(lambda console: show_scan(console, [proposal()], [], diff=True))
    assert '\n+    """Read words.\n' in text


def test_an_error_says_three_things() -> None:
    """What happened, what was left as it was, what to do."""
    error = RunFailed("It broke.", left="Nothing was written.", remedy="Run it again.")
    assert shown(lambda console: show_error(console, error)) == (
        "error: It broke.\nNothing was written.\nnext: Run it again.\n"
    )
    assert shown(lambda console: show_error(console, ImproverError("It broke."))) == "error: It broke.\n"


# Diffs


def diff_of(before: bytes | None, after: bytes | None) -> list[str]:
    return [line.plain for line in change_lines(Change("", (FileChange("a.py", before, after),)))]


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        pytest.param(None, b"x\n", ["a.py (new file)", "@@ -0,0 +1 @@", "+x"], id="a new file"),
        pytest.param(b"x\n", None, ["a.py (deleted)", "@@ -1 +0,0 @@", "-x"], id="a deleted file"),
        pytest.param(b"x\0", b"y", ["a.py", "  binary content"], id="binary"),
        pytest.param(
            b"x", b"y\n", ["a.py", "@@ -1 +1 @@", "-x", "\\ no newline at the end", "+y"], id="no last newline"
        ),
        pytest.param(b"x\r\n", b"y\r\n", ["a.py", "@@ -1 +1 @@", "-x", "+y"], id="CRLF throughout"),
        pytest.param(b"x\r\ny\r\n", b"x\ny\r\n", ["a.py", "@@ -1,2 +1,2 @@", "-x\\r", "+x", " y\\r"], id="CRLF lost"),
        pytest.param(b"x\r\ny", b"z\r\ny", None, id="CRLF and no last newline"),
        pytest.param(
            "# coding: latin-1\n'é'\n".encode("latin-1"),
            "# coding: latin-1\n'è'\n".encode("latin-1"),
            ["a.py", "@@ -1,2 +1,2 @@", " # coding: latin-1", "-'é'", "+'è'"],
            id="another encoding",
        ),
        pytest.param(b"\xff\n", b"\xfe\n", ["a.py", "@@ -1 +1 @@", "-\\xff", "+\\xfe"], id="not UTF-8"),
        pytest.param(b"# coding: rot\nx\n", b"# coding: rot\ny\n", None, id="an unknown encoding"),
        pytest.param(b"x\f\n", b"\x1b[2J\n", ["a.py", "@@ -1 +1 @@", "-x\\x0c", "+\\x1b[2J"], id="control characters"),
    ],
)
def test_diffs_of_all_kinds(before: bytes | None, after: bytes | None, lines: list[str] | None) -> None:
    """What differs is seen, whatever the bytes are."""
    found = diff_of(before, after)
    assert len(found) > 3 or found == lines
    assert lines is None or found == lines


def test_a_long_diff_is_cut_and_counted() -> None:
    """The rest is counted."""
    lines = [line.plain for line in change_lines(Change("", (FileChange("a", b"", b"x\n" * 1000),)), most=50)]
    assert len(lines) == 51
    assert lines[-1] == "... 952 more lines not shown"


# Harmless


@given(st.text())
def test_clean_text_is_one_line_that_hides_nothing(text: str) -> None:
    """No control character, no bidirectional mark, no invisible letter, no lone surrogate."""
    for character in clean(text):
        assert character == "\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp")
    clean(text).encode()


@given(
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"], exclude_characters="\u115f\u1160\u3164\uffa0\u2800"))
)
def test_clean_leaves_plain_text_alone(text: str) -> None:
    """What can be seen is shown as it is."""
    assert clean(text, longest=10_000) == text


def test_what_is_endless_is_cut() -> None:
    """A title of a megabyte takes a few lines."""
    assert len(clean("x" * 1_000_000)) < 500


def hostile() -> Dossier:
    one = dossier(Route.HUMAN)
    bad = replace(proposal(), title=HOSTILE, why=HOSTILE, site=Site(HOSTILE, 1, HOSTILE))
    return replace(
        one,
        proposals=(bad,),
        change=Change(HOSTILE, (FileChange(HOSTILE, BEFORE, HOSTILE.encode("utf-8", "replace")),)),
        risk=Risk((Category.OTHER,), (HOSTILE,)),
        evidence=(Evidence("tests", Verdict.FAILED, HOSTILE),),
        not_applicable=(NotApplicable("types", HOSTILE),),
        decision=Decision(Route.HUMAN, (HOSTILE,)),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_nothing_of_the_target_steers_the_terminal(encoding: str) -> None:
    """No markup, no emoji code, no escape, no mark survives, on any screen and in any encoding."""
    run = replace(RUN, repository=HOSTILE, subject=HOSTILE, notes=(HOSTILE,), skipped=(Skipped(HOSTILE, HOSTILE),))

    def show(console: Console) -> None:
        show_run(console, run, [hostile()])
        show_dossier(console, hostile(), HOSTILE)
        show_verify(console, hostile(), HOSTILE)
        show_scan(console, hostile().proposals, run.skipped, diff=True)
        show_error(console, RunFailed(HOSTILE, left=HOSTILE, remedy=HOSTILE))

    text = shown(show, 500, encoding)
    assert not {"\x1b", "\x07", "\r", "\u202e", "\u2069", "\u200b", "\u3164"} & set(text)
    assert "[red]x[/red] :smile: \\x1b[2J" in text


# Readable anywhere


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_every_screen_fits_every_encoding(encoding: str) -> None:
    """Verdicts keep a sign and a word of their own."""
    text = shown(everything, encoding=encoding)
    assert "+ passed" in text
    assert "x failed" in text
    assert "? inconclusive" in text


@pytest.mark.parametrize("width", [40, 60, 79, 80, 100, 200])
def test_no_line_is_wider_than_the_console(width: int) -> None:
    """Only diffs, names of files and commands are never broken; none of them is long here."""
    lines = shown(everything, width).splitlines()
    assert max(len(line) for line in lines) <= max(width, 48)


@pytest.mark.parametrize("width", [1, 5, 20])
def test_hardly_any_room_is_no_error(width: int) -> None:
    """Ugly is fine; a traceback is not."""
    assert shown(everything, width)


def test_no_line_ends_in_blanks() -> None:
    """What is copied from the screen is clean; only lines of a diff keep what the file has."""
    one = replace(dossier(), change=Change("0" * 40, ()))

    def show(console: Console) -> None:
        show_run(console, RUN, [one])
        show_dossier(console, one)

    assert not [line for line in shown(show, 90).splitlines() if line != line.rstrip()]


def coloured(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "CI", "TERM", "COLORTERM", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return shown(everything)


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe gets none, unless it is asked for; NO_COLOR has the last word."""
    assert "\x1b" not in coloured(monkeypatch)
    assert "\x1b[32m" in coloured(monkeypatch, FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[32m" not in coloured(monkeypatch, FORCE_COLOR="1", TERM="xterm", NO_COLOR="1")
    assert "\x1b" not in coloured(monkeypatch, TERM="dumb")


def test_a_pipe_gets_lines_of_a_fixed_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """COLUMNS still decides where it is set."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert make_console(io.StringIO()).width == 100
    monkeypatch.setenv("COLUMNS", "61")
    assert make_console(io.StringIO()).width == 61


# Progress


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, term: str = "xterm", ci: str = "") -> Console:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("CI", ci)
    return Console(file=io.StringIO(), force_terminal=True, width=80)


def test_progress_is_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that can redraw a line gets a spinner; pipes, CI and dumb terminals get nothing."""
    assert isinstance(progress(on_a_terminal(monkeypatch)), Spinner)
    assert isinstance(progress(on_a_terminal(monkeypatch, term="dumb")), Silent)
    assert isinstance(progress(on_a_terminal(monkeypatch, ci="true")), Silent)
    assert isinstance(progress(make_console(io.StringIO())), Silent)


def test_progress_says_what_is_done_and_how_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """The step, the count and what is next, harmlessly."""
    console = on_a_terminal(monkeypatch)
    with Spinner(console) as now:
        now.step("proving", total=40)
        now.advance("[red]\x07 a")
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "proving" in text
    assert "1 of 40" in text
    assert "[red]\\x07 a" in text
    assert text.endswith(("\x1b[?25h", "\x1b[2K")) or "\x1b[?25h" in text


@pytest.mark.parametrize("width", [4, 20, 60])
def test_progress_stays_on_one_line(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """However narrow the terminal is."""
    console = on_a_terminal(monkeypatch)
    console.width = width
    with Spinner(console) as now:
        now.step("looking for what fails the tests", total=4000)
        now.advance("src/a/long/path/to/a/module/of/the/project.py")
    assert isinstance(console.file, io.StringIO)
    frames = re.sub("\x1b\\[[?0-9;]*[a-zA-Z]", "\r", console.file.getvalue())
    assert max(len(frame) for frame in re.split("[\r\n]", frames)) <= width


def test_silence_takes_every_call() -> None:
    """The flow need not know whether anybody watches."""
    with Silent() as now:
        now.step("proving", 3)
        now.advance("a")


# Words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "under 0.1 s"),
        (9.94, "9.9 s"),
        (9.97, "10 s"),
        (59.4, "59 s"),
        (59.9, "1 min"),
        (185, "3 min 5 s"),
        (3600, "1 h"),
        (7384, "2 h 3 min"),
    ],
)
def test_time_is_said_as_people_say_it(seconds: float, words: str) -> None:
    """Never sixty seconds, never a row of zeros."""
    assert duration(seconds) == words


def test_numbers_agree_with_their_nouns() -> None:
    """One file, two files."""
    assert [counted(number, "file") for number in (0, 1, 2400)] == ["0 files", "1 file", "2,400 files"]
    assert counted(2, "entry", "entries") == "2 entries"
