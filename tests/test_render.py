"""Documents have the promised shape, and `git apply` turns a patch into exactly the change it was made of."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from dossiers import dossier, proposal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repositories import ENVIRON, Checkout

from improver.errors import StaleProposal
from improver.render import dossier_document, error_document, patch, risk_document, scan_document
from improver.values import Category, Change, Decision, FileChange, Risk, Route

SHA1, SHA256 = "1" * 40, "1" * 64


def _applied(folder: Path, change: Change) -> dict[str, tuple[bytes, str] | None]:
    """What `git apply` makes of the files of a change in a fresh repository."""
    project = Checkout.make(folder, object_format="sha256" if len(change.base) == 64 else "sha1")
    for file in change.files:
        if file.before is not None:
            project.write({file.path: file.before})
            _at(folder, file.path).chmod(0o755 if file.mode_before == "100755" else 0o644)
    project.commit()
    text = json.loads(json.dumps(patch(change)))
    done = subprocess.run(
        ["git", "apply", "--index", "--whitespace=nowarn"],
        cwd=folder,
        env=ENVIRON,
        input=text.encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, (done.stderr, text)
    return {file.path: _found(_at(folder, file.path)) for file in change.files}


def _at(folder: Path, path: str) -> Path:
    return folder / path


def _found(file: Path) -> tuple[bytes, str] | None:
    if not file.exists():
        return None
    return file.read_bytes(), "100755" if file.stat().st_mode & 0o100 else "100644"


LONG = b"".join(b"line %d\n" % number for number in range(60))
PAIRS = {
    "a line more": (b"a\nb\n", b"a\nnew\nb\n"),
    "no newline at the end of both": (b"a\nb", b"a\nc"),
    "a newline at the end is new": (b"a\nb", b"a\nb\n"),
    "the newline at the end goes": (b"a\nb\n", b"a\nb"),
    "carriage returns": (b"a\r\nb\r\n", b"a\r\n'''x'''\r\nb\r\n"),
    "mixed line ends": (b"a\r\nb\nc\rd\n", b"a\r\nB\nc\rd\n"),
    "form feeds and separators": ("a\x0cb\u2028c\x85d\x1ce\n".encode(), "a\x0cB\u2028c\x85d\x1ce\n".encode()),
    "two places": (LONG, LONG.replace(b"line 7\n", b"seven\n").replace(b"line 50\n", b"")),
    "the first and the last line": (LONG, b"first\n" + LONG[7:] + b"last\n"),
    "an empty file is filled": (b"", b"a\n"),
    "a file is emptied": (b"a\n", b""),
    "Latin-1": (b"# coding: latin-1\ns = '\xe9'\n", b"# coding: latin-1\n'''x'''\ns = '\xe9'\n"),
    "binary": (bytes(range(256)) * 3, bytes(range(255, -1, -1)) * 7),
    "a NUL": (b"a\0b\n", b"a\0c\n"),
    "from text to binary": (b"a\n", b"\xff\xfe"),
    "a file comes": (None, b"a\nb"),
    "an empty file comes": (None, b""),
    "a binary file comes": (None, b"\xff\0\xff"),
    "a file goes": (b"a\nb", None),
    "an empty file goes": (b"", None),
    "lines that look like a patch": (b"--- a\n+++ b\n@@ -1 +1 @@\n", b"-- a\n+++ b\n@@ -1 +1 @@\n\\ No\n"),
}


@pytest.mark.parametrize(("before", "after"), PAIRS.values(), ids=PAIRS.keys())
@pytest.mark.parametrize("base", [SHA1, SHA256], ids=["sha1", "sha256"])
def test_git_applies_a_patch(tmp_path: Path, before: bytes | None, after: bytes | None, base: str) -> None:
    """Whatever the content, the patch leads from before to after."""
    modes = ("" if before is None else "100644", "" if after is None else "100644")
    change = Change(base, (FileChange("x/a.py", before, after, *modes),))
    assert _applied(tmp_path / "p", change) == {"x/a.py": None if after is None else (after, "100644")}


@pytest.mark.parametrize(
    "path",
    ["with space.py", "tab\t.py", "new\nline.py", 'quote".py', "back\\slash.py", "ü/ß.py", "-dash", "no\udcff.py"],
)
def test_git_applies_a_patch_to_an_odd_name(tmp_path: Path, path: str) -> None:
    """Names are quoted as git quotes them."""
    change = Change(SHA1, (FileChange(path, b"a\n", b"b\n"),))
    assert _applied(tmp_path / "p", change) == {path: (b"b\n", "100644")}


@pytest.mark.parametrize("after", [b"a\n", b"b\n", b"\xff\0"], ids=["alone", "with text", "with binary"])
def test_a_change_of_mode_is_in_the_patch(tmp_path: Path, after: bytes) -> None:
    """A file can become a program with or without another content."""
    change = Change(SHA1, (FileChange("a.py", b"a\n", after, "100644", "100755"),))
    assert _applied(tmp_path / "p", change) == {"a.py": (after, "100755")}


_LINES = st.lists(st.sampled_from([b"a", b"b", b"", b" ", b"\r", b"+a", b"-b"]), max_size=25)


@given(_LINES, _LINES, st.booleans(), st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_git_applies_any_patch(
    tmp_path_factory: pytest.TempPathFactory, old: list[bytes], new: list[bytes], old_end: bool, new_end: bool
) -> None:
    """No two texts give a patch that git does not take."""
    before = b"\n".join(old) + b"\n" * old_end
    after = b"\n".join(new) + b"\n" * new_end
    if before != after:
        change = Change(SHA1, (FileChange("a.py", before, after),))
        assert _applied(tmp_path_factory.mktemp("apply") / "p", change) == {"a.py": (after, "100644")}


def test_a_patch_is_what_git_would_write(tmp_path: Path) -> None:
    """For plain text our patch is git's own, up to the abbreviation of object names."""
    project = Checkout.make(tmp_path / "p", {"a b.py": LONG, "gone.py": b"x\n"})
    after = LONG.replace(b"line 30\n", b"thirty\n")
    head = project.git("rev-parse", "HEAD")
    (project.path / "gone.py").unlink()
    project.commit({"a b.py": after})
    gits = project.raw("diff", "--full-index", "--no-renames", head, "HEAD").decode()
    change = Change(head, (FileChange("a b.py", LONG, after), FileChange("gone.py", b"x\n", None, "100644", "")))
    plain = "".join(line.split(" @@")[0] + " @@\n" if line.startswith("@@") else line for line in gits.splitlines(True))
    assert patch(change) == plain


def test_nothing_changed_is_no_patch() -> None:
    """A file that is the same leaves no trace."""
    assert patch(Change(SHA1, (FileChange("a.py", b"a\n", b"a\n"),))) == ""


def test_a_dossier_has_the_promised_shape() -> None:
    """Scripts rely on these names, and on JSON that any reader takes."""
    made = dossier(
        SHA1, {"a\udcff.py": b"x = 1\n"}, [proposal("a\udcff.py", name="a"), proposal("a\udcff.py", 6, name="b")]
    )
    document = dossier_document(made)
    assert json.dumps(document, ensure_ascii=False).encode()
    assert {name: value for name, value in document.items() if name != "patch"} == {
        "id": made.id,
        "analyzer": "docstrings",
        "rule": "missing-docstring",
        "title": "Say what a is for (and 1 more)",
        "why": "Readers ask.",
        "sites": [{"path": "a\\xff.py", "line": 1, "qualified_name": name} for name in "ab"],
        "risk": {"categories": ["docstrings"], "because": ["a.py:1 adds a docstring"]},
        "evidence": [
            {
                "gate": "scope",
                "verdict": "passed",
                "summary": "Only a.py changed.",
                "measures": {"files": 1, "share": 0.5, "who": None},
            }
        ],
        "not_applicable": [{"gate": "types", "reason": "no annotation changed"}],
        "decision": {"route": "human", "because": ["the suite did not run"]},
    }
    scanned = scan_document(made.proposals, made.change)
    assert set(scanned) == set(document) - {"risk", "evidence", "not_applicable", "decision"}
    assert scanned["patch"] == document["patch"]


def test_risk_and_errors_have_the_promised_shape() -> None:
    """`risk --json` and every error are read by scripts too."""
    risk = Risk((Category.COMMENTS, Category.BEHAVIOUR), ("a.py:3 calls more",))
    assert risk_document(risk, Decision(Route.HUMAN, ("behaviour",))) == {
        "schema": 1,
        "auto_approve": False,
        "categories": ["comments", "behaviour"],
        "route": "human",
        "because": ["a.py:3 calls more", "behaviour"],
    }
    assert error_document(StaleProposal("It moved.", left="Nothing was written.", remedy="Again.")) == {
        "schema": 1,
        "error": {"kind": "stale", "message": "It moved. Nothing was written.", "remedy": "Again."},
    }
