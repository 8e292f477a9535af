"""The gates that only read: scope, syntax and equivalence, each on real changes and a real interpreter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from plain_trial import FolderTrial, hearing_on

from improver.judge.gates.equivalence import Equivalence
from improver.judge.gates.scope import Scope
from improver.judge.gates.syntax import Syntax
from improver.ports import Hearing
from improver.values import Change, Edit, Evidence, FileChange, NotApplicable, Proposal, Site, Verdict

BEFORE = b"def f():\n    return 1\n"
DOCUMENTED = b'def f():\n    """One."""\n    return 1\n'
EDIT = Edit("a.py", 13, b"", b'"""One."""\n    ')


class Silent(FolderTrial):
    """A trial whose interpreter is `true`: it ends well and says nothing."""

    @property
    def python(self) -> Path:
        return Path("/bin/true")


def proposal(*edits: Edit) -> Proposal:
    return Proposal("docstrings", "missing-docstring", Site("a.py", 1, "f"), "Describe f", "", edits)


def hearing(folder: Path, before: Mapping[str, bytes], after: Mapping[str, bytes | None], *edits: Edit) -> Hearing:
    found = hearing_on(folder, before, after)
    return replace(found, proposals=(proposal(*edits),) if edits else ())


def verdict(found: Evidence | NotApplicable) -> Verdict:
    assert isinstance(found, Evidence), found
    assert found.summary
    return found.verdict


# --- scope --------------------------------------------------------------------------------------------------


def test_what_was_announced_is_in_scope(tmp_path: Path) -> None:
    found = Scope().examine(hearing(tmp_path, {"a.py": BEFORE}, {"a.py": DOCUMENTED}, EDIT))
    assert verdict(found) is Verdict.PASSED


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({"a.py": BEFORE}, {"a.py": DOCUMENTED.replace(b"1", b"2")}, id="another site of the file"),
        pytest.param({"a.py": BEFORE, "b.py": b""}, {"a.py": DOCUMENTED, "b.py": b"#"}, id="another file"),
        pytest.param({"a.py": BEFORE}, {"a.py": DOCUMENTED, "new.py": b""}, id="a new file"),
        pytest.param({"a.py": BEFORE, "b.py": b""}, {"b.py": b"#"}, id="another file instead"),
        pytest.param({"a.py": BEFORE}, {"a.py": None}, id="a deleted file"),
        pytest.param({"a.py": b"# moved on\n" + BEFORE}, {"a.py": DOCUMENTED}, id="a base that moved on"),
    ],
)
def test_whatever_was_not_announced_is_out_of_scope(
    tmp_path: Path, before: dict[str, bytes], after: dict[str, bytes | None]
) -> None:
    assert verdict(Scope().examine(hearing(tmp_path, before, after, EDIT))) is Verdict.FAILED


@pytest.mark.parametrize(
    "after",
    [
        pytest.param("# \u202eno\n".encode(), id="bidirectional"),
        pytest.param("x = 'a\u200bb'\n".encode(), id="invisible"),
        pytest.param("p\u0430yload = 1\n".encode(), id="look-alike"),
        pytest.param(b"x = 1\n\0", id="binary"),
    ],
)
def test_what_deceives_is_out_of_scope_whoever_wrote_it(tmp_path: Path, after: bytes) -> None:
    assert verdict(Scope().examine(hearing(tmp_path, {"a.py": b"x = 1\n"}, {"a.py": after}))) is Verdict.FAILED


@pytest.mark.parametrize(("old", "new"), [("100644", "100755"), ("120000", "120000"), ("100644", "120000")])
def test_modes_and_links_are_out_of_scope(tmp_path: Path, old: str, new: str) -> None:
    found = hearing(tmp_path, {"a.py": BEFORE}, {"a.py": DOCUMENTED}, EDIT)
    file = FileChange("a.py", BEFORE, DOCUMENTED, old, new)
    assert verdict(Scope().examine(replace(found, change=Change("0", (file,))))) is Verdict.FAILED


def test_our_own_change_of_a_judge_fails_and_anybody_elses_is_left_to_a_person(tmp_path: Path) -> None:
    edit = replace(EDIT, path="tests/test_a.py")
    before, after = {"tests/test_a.py": BEFORE}, {"tests/test_a.py": DOCUMENTED}
    assert verdict(Scope().examine(hearing(tmp_path / "ours", before, after, edit))) is Verdict.FAILED
    assert verdict(Scope().examine(hearing(tmp_path / "theirs", before, after))) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("gate", [Scope(max_lines=0), Scope(max_files=0), Scope(max_bytes=5)])
def test_limits(tmp_path: Path, gate: Scope) -> None:
    assert verdict(gate.examine(hearing(tmp_path, {"a.py": BEFORE}, {"a.py": DOCUMENTED}, EDIT))) is Verdict.FAILED


# --- syntax -------------------------------------------------------------------------------------------------


def test_what_compiles_passes(tmp_path: Path) -> None:
    found = Syntax().examine(hearing(tmp_path, {"a.py": BEFORE}, {"a.py": DOCUMENTED}))
    assert verdict(found) is Verdict.PASSED


@pytest.mark.parametrize("after", [b"def f(:\n", b"return 1\n", b"x = '\xff'\n"])
def test_what_does_not_compile_fails(tmp_path: Path, after: bytes) -> None:
    assert verdict(Syntax().examine(hearing(tmp_path, {"a.py": BEFORE}, {"a.py": after}))) is Verdict.FAILED


def test_a_second_pass_that_finds_something_fails(tmp_path: Path) -> None:
    found = hearing(tmp_path, {"a.py": BEFORE}, {"a.py": DOCUMENTED}, EDIT)
    assert verdict(Syntax().examine(replace(found, second_pass=("a.py:1",)))) is Verdict.FAILED
    assert verdict(Syntax().examine(replace(found, second_pass=()))) is Verdict.PASSED


def test_without_python_there_is_nothing_to_compile(tmp_path: Path) -> None:
    assert isinstance(Syntax().examine(hearing(tmp_path, {"a.md": b""}, {"a.md": b"#"})), NotApplicable)


# --- equivalence --------------------------------------------------------------------------------------------


def test_a_docstring_changes_no_code(tmp_path: Path) -> None:
    found = Equivalence().examine(hearing(tmp_path, {"a.py": BEFORE}, {"a.py": DOCUMENTED}))
    assert verdict(found) is Verdict.PASSED


def test_a_docstring_that_another_file_reads_is_not_proven(tmp_path: Path) -> None:
    reader = {"b.py": b"def text(thing): return thing.__doc__.strip()\n"}
    found = Equivalence().examine(hearing(tmp_path, {"a.py": BEFORE, **reader}, {"a.py": DOCUMENTED}))
    assert verdict(found) is Verdict.INCONCLUSIVE
    assert isinstance(found, Evidence)
    assert "b.py:1" in found.summary


@pytest.mark.parametrize("after", [b"def f():\n    return 2\n", b"import os\n" + BEFORE])
def test_what_means_to_alter_behaviour_is_not_for_this_gate(tmp_path: Path, after: bytes) -> None:
    found = Equivalence().examine(hearing(tmp_path, {"a.py": BEFORE}, {"a.py": after}))
    assert isinstance(found, NotApplicable)


def test_an_interpreter_that_does_not_answer_proves_nothing(tmp_path: Path) -> None:
    found = hearing(tmp_path, {"a.py": BEFORE}, {"a.py": DOCUMENTED})
    changed = Silent(found.changed.files)
    for gate in (Equivalence(), Syntax()):
        assert verdict(gate.examine(replace(found, changed=changed))) is Verdict.INCONCLUSIVE
