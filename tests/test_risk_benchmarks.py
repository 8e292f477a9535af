"""The measuring scripts of the risk reading: their yardstick, their edits and their mutants, on tiny repositories."""

from __future__ import annotations

import ast
import random
import sys
from argparse import Namespace
from pathlib import Path

import pytest
from repositories import Checkout

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
sys.path.append(str(BENCHMARKS))

import risk_additions  # noqa: E402
import risk_edits  # noqa: E402
import risk_histories  # noqa: E402
import risk_mutants  # noqa: E402
from risk_history import floor  # noqa: E402
from risk_mutation import MUTATIONS, Code  # noqa: E402
from risk_reasons import CAUTIOUS, LOSS, RIGHT, rule_of  # noqa: E402
from risk_yardstick import DIFFERS, UNREADABLE, kind_of, same_code, things  # noqa: E402

PLAIN = b"def area(width, height):\n    size = width * height\n    return size\n"
SAID = b'def area(width, height):\n    """Width times height."""\n    size = width * height\n    return size\n'
HINTED = b"def area(width: int, height: int) -> int:\n    size = width * height\n    return size\n"


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        pytest.param(PLAIN, PLAIN.replace(b" * ", b"*"), "formatting", id="layout"),
        pytest.param(PLAIN, b"# It.\n" + PLAIN, "comments", id="a comment"),
        pytest.param(PLAIN, SAID, "docstrings", id="a docstring"),
        pytest.param(PLAIN, HINTED, "annotations", id="hints"),
        pytest.param(SAID, HINTED, "annotations", id="hints and a docstring"),
        pytest.param(b"def f():\n    '''It.'''\n    pass\n", b"def f():\n    '''It.'''\n", "docstrings", id="pass"),
        pytest.param(PLAIN, PLAIN.replace(b"*", b"+"), DIFFERS, id="an operator"),
        pytest.param(b"x = 1\n", b"x = True\n", DIFFERS, id="another type of one"),
        pytest.param(b"x = 0.0\n", b"x = -0.0\n", DIFFERS, id="another sign of zero"),
        pytest.param(PLAIN, PLAIN + PLAIN, DIFFERS, id="a statement more"),
        pytest.param(b"x = 1; y = 2\n", b"y = 2; x = 1\n", DIFFERS, id="two on one line"),
        pytest.param(PLAIN, SAID.replace(b'"""W', b'f"""W'), DIFFERS, id="an f-string"),
        pytest.param(b"print 1\n", PLAIN, UNREADABLE, id="Python 2"),
    ],
)
def test_the_yardstick(before: bytes, after: bytes, kind: str) -> None:
    assert kind_of(before, after) == kind
    assert kind_of(after, before) == kind


def test_other_bytes_of_the_same_text_are_no_difference_and_the_other_way_round() -> None:
    text = "x = 'é'\n"
    assert same_code(b"# coding: utf-8\n" + text.encode(), b"# coding: latin-1\n" + text.encode("latin-1"))
    assert not same_code(b"# coding: utf-8\n" + text.encode(), b"# coding: latin-1\n" + text.encode())


@pytest.mark.parametrize(
    ("reason", "opinion"),
    [
        ("tests/test_a.py: has a say in what passes", RIGHT),
        ("a.py:1: the docstring of `f` is read: b.py:2: something that is known at run time only", CAUTIOUS),
        ("a.py:1: `Name` became `Constant`", LOSS),
        ("a.py:1: something that nobody has written down", LOSS),
    ],
)  # fmt: skip
def test_every_reason_has_a_rule(reason: str, opinion: str) -> None:
    assert rule_of(reason)[1] == opinion


@pytest.fixture
def history(tmp_path: Path) -> Checkout:
    """A docstring, a hint, a test and an operator, each a commit."""
    checkout = Checkout.make(tmp_path / "shapes", {"shapes.py": PLAIN, "tests/test_it.py": b"x = 1\n", "a.txt": b"a\n"})
    checkout.commit({"shapes.py": SAID})
    checkout.commit({"shapes.py": HINTED, "a.txt": b"b\n"})
    checkout.commit({"tests/test_it.py": b"# One.\nx = 1\n"})
    checkout.commit({"shapes.py": HINTED.replace(b"*", b"+")})
    return checkout


def test_a_history_is_told_by_commit_and_by_file(history: Checkout) -> None:
    tally = risk_histories.walked(history.path, 100)
    commits, files = tally.kinds["commits"], tally.kinds["files"]
    assert (tally.name, tally.looked_at, tally.unsafe) == ("shapes", 4, [])
    assert commits == {"docstrings": 1, "comments": 1}, "the one with a text file is no whole commit of ours"
    assert files == {"docstrings": 1, "comments": 1, "annotations": 1, DIFFERS: 1}
    assert tally.certified["files"] == {"docstrings": 1, "annotations": 1}
    assert tally.refusals["files"].of(RIGHT) == 1


def test_mutants_of_a_history_are_many_and_none_is_certified(history: Checkout) -> None:
    wanted = Namespace(mutants=60, readers=0, bases=5, limit=100, seed=1)
    tally = risk_mutants.mutated(history.path, wanted)
    assert tally.bases == 2
    assert len(tally.tried) >= 25
    assert tally.holes == []


def test_each_mutation_is_bytes_or_nothing_whatever_the_file() -> None:
    for content in (b"", PLAIN, SAID, HINTED, b"\xef\xbb\xbf" + SAID.replace(b"\n", b"\r\n")):
        for kind in MUTATIONS:
            made = kind.make(Code(content), random.Random(1))
            assert made is None or isinstance(made, bytes), kind.name


def test_additions_are_what_they_say(tmp_path: Path) -> None:
    code, (thing,) = Code(PLAIN), list(things(ast.parse(PLAIN)))[1:]
    said = risk_edits.described(code, thing)
    hinted = risk_edits.hinted(code, thing.node, (3, 8), random.Random(1))  # type: ignore[arg-type]
    assert said is not None
    assert hinted is not None
    assert (kind_of(PLAIN, said), kind_of(PLAIN, hinted)) == ("docstrings", "annotations")
    longer = risk_edits.lengthened(Code(said), list(things(ast.parse(said)))[1])
    assert longer is not None
    assert kind_of(said, longer) == "docstrings"
    function = ast.parse(HINTED).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert risk_edits.stripped(Code(HINTED), function) == PLAIN


def test_additions_to_a_small_project_are_certified(tmp_path: Path) -> None:
    (tmp_path / "shapes.py").write_bytes(PLAIN + b"\n\n@unknown\ndef other(a):\n    return None\n")
    tally = risk_additions.tried(tmp_path, 10, 1)
    assert tally.tried["docstring added", True] == 2
    assert tally.tried["docstring added", False] == 1
    assert tally.certified["docstring added", True] == 2
    assert tally.certified["hints added", True] == tally.tried["hints added", True] == 1


@pytest.mark.parametrize(
    ("files", "python"),
    [
        ({"pyproject.toml": b'[project]\nrequires-python = ">=3.10"\n'}, (3, 10)),
        ({"setup.py": b"setup(python_requires='>=3.6')\n"}, (3, 8)),
        ({}, (3, 8)),
    ],
)
def test_the_oldest_python(files: dict[str, bytes], python: tuple[int, int]) -> None:
    assert floor(files) == python
