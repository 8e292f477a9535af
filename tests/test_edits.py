"""Edits of spans: they change what they name and nothing else, or they are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improver.edits import apply, change_of, conflicting
from improver.errors import StaleProposal
from improver.values import Edit, Proposal, Site


def proposal(*edits: Edit, name: str = "f") -> Proposal:
    return Proposal("docstrings", "missing", Site("a.py", 1, name), "Document f", "why", edits)


@given(st.binary(max_size=60), st.data())
def test_an_insertion_leaves_every_other_byte(content: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(content)))
    assert apply(content, [Edit("a.py", start, b"", b"new")]) == content[:start] + b"new" + content[start:]


@given(st.permutations([Edit("a", 0, b"ab", b"X"), Edit("a", 2, b"", b"-"), Edit("a", 4, b"ef", b"")]))
def test_the_order_of_edits_does_not_matter(edits: list[Edit]) -> None:
    assert apply(b"abcdef", edits) == b"X-cd"


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param([Edit("a", 0, b"zz", b"")], id="other bytes stand there"),
        pytest.param([Edit("a", 0, b"abc", b""), Edit("a", 2, b"cd", b"")], id="edits overlap"),
        pytest.param([Edit("a", 9, b"x", b"")], id="behind the end of the file"),
    ],
)
def test_an_edit_that_does_not_fit_is_stale_and_says_what_to_do(edits: list[Edit]) -> None:
    with pytest.raises(StaleProposal, match=r"Nothing was written\. Run `improver propose` again\."):
        apply(b"abcdef", edits)


def test_a_change_holds_each_touched_file_once_with_its_mode() -> None:
    edits = proposal(Edit("b.py", 0, b"", b"1")), proposal(Edit("b.py", 3, b"", b"2"), Edit("a.py", 0, b"", b"3"))
    change = change_of("c0ffee", edits, lambda path: (b"abc", "100755"))
    assert [(file.path, file.after, file.mode_after) for file in change.files] == [
        ("a.py", b"3abc", "100755"),
        ("b.py", b"1abc2", "100755"),
    ]


@pytest.mark.parametrize(
    ("second", "collide"),
    [
        pytest.param(Edit("a.py", 4, b"", b"x"), True, id="two insertions at one place"),
        pytest.param(Edit("a.py", 5, b"", b"x"), False, id="insertions at two places"),
        pytest.param(Edit("a.py", 2, b"cdef", b""), True, id="a removal across an insertion"),
        pytest.param(Edit("b.py", 4, b"", b"x"), False, id="two files"),
    ],
)
def test_a_proposal_collides_only_with_one_that_touches_the_same_bytes(second: Edit, collide: bool) -> None:
    first, later = proposal(Edit("a.py", 4, b"", b"y")), proposal(second, name="g")
    assert conflicting([first, later]) == (((later, first),) if collide else ())
