"""What holds for all analyzers at once, and the tools that check it."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from improver.analyzers.docstring.description import Description
from improver.analyzers.docstring.insertion import Block, insertion
from improver.analyzers.docstring.writing import write
from improver.analyzers.docstrings import parsed
from improver.facts import Facts
from improver.ports import Analyzer, Example, Untouched
from improver.registry import analyzer_names, load_analyzers
from improver.testing import broken_laws, check_examples, improved, proposals
from improver.values import Category, Edit, Proposal, Site, Source, Style, Target

EAGER = {"docstrings": {"public_only": False, "coverage": "all"}}
ANALYZERS: dict[str, Analyzer] = {
    f"{named.name} {kind}": named.plugin
    for kind, options in (("as it comes", {}), ("at its most eager", EAGER))
    for named in load_analyzers(sorted(analyzer_names()), options)
}
STYLES = [Style(79, "google"), Style(88, "numpy"), Style(100, "sphinx")]
LARGEST = 40_000


@dataclass(frozen=True)
class Everywhere:
    """Write a docstring wherever there is none, so that the laws meet every shape of definition."""

    promises: ClassVar[Category] = Category.DOCSTRINGS
    examples: ClassVar[tuple[Example | Untouched, ...]] = ()

    def analyze(self, source: Source, target: Target, facts: Facts) -> Iterator[Proposal]:
        tree = parsed(source.content)
        for number, node in enumerate(found for found in ast.walk(tree) if isinstance(found, Block | ast.Module)):
            edit = insertion(source.content, source.path, node, lambda indent: _everything(target.style, indent))
            if isinstance(edit, Edit):
                site = Site(source.path, getattr(node, "lineno", 1), str(number))
                yield Proposal("everywhere", "docstring", site, "Say it", "Because.", (edit,))


def _everything(style: Style, indent: str) -> tuple[str, ...]:
    description = Description("Do it.", ("Say ``'\\\\'`` and more. " * 5,), raises=(("E", "If so."),))
    return write(description, style, indent, "function")


ANALYZERS["everywhere"] = Everywhere()
analyzers = pytest.mark.parametrize("analyzer", ANALYZERS.values(), ids=ANALYZERS.keys())


def _library() -> list[Path]:
    """Every few modules of the standard library, tests of the parser with their odd files among them."""
    root = Path(os.__file__).parent
    files = sorted([*root.glob("*.py"), *root.glob("[a-z]*/*.py"), *root.glob("lib2to3/tests/data/*.py")])
    small = [file for file in files if "site-packages" not in file.parts and file.stat().st_size < LARGEST]
    return small[:: max(1, len(small) // 45)]


@analyzers
def test_the_examples_are_true(analyzer: Analyzer) -> None:
    check_examples(analyzer)


@analyzers
@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.convention)
def test_the_laws_hold_on_the_standard_library(analyzer: Analyzer, style: Style) -> None:
    chosen = _library()[STYLES.index(style) :: len(STYLES)]
    assert len(chosen) > 5
    broken = {file.name: broken_laws(analyzer, Source("a.py", file.read_bytes()), style=style) for file in chosen}
    assert not {name: laws for name, laws in broken.items() if laws}


_CONDITIONS = st.sampled_from(["a < 0", "not a", "a is None", "a not in ('é', \"b\")", "isinstance(a, str)", "b and a"])
_ENDINGS = st.sampled_from(
    [
        "raise ValueError('no')  # why",
        "return None",
        "raise",
        "return 'é'",
        "yield a",
        "raise mod.Error from None",
        "pass",
    ]
)
_HEADERS = st.sampled_from(
    [
        "def f{}(a, b=None):",
        "async def f{}(a, *b, **c):  # c",
        "def f{}(\n    a=(1, 2),  # first\n    b: 'x:y' = 3,\n) -> 'z':",
        "@property\ndef f{}(a):\n    # type: () -> int",
        "@mod.deco(lambda a: a)\ndef f{}(a): return a",
        "class F{}(E):  # c",
        "class F{}: x = 1; y = 2",
    ]
)


def _indented(text: str, unit: str) -> str:
    return "".join(f"{unit}{line}" if line.strip() else line for line in text.splitlines(keepends=True))


@st.composite
def _definitions(draw: st.DrawFn, depth: int = 0) -> str:
    unit = "    "
    header = draw(_HEADERS).format(draw(st.integers(0, 99))) + "\n"
    if not header.rstrip().endswith((":", "# c", "int")):
        return header
    pieces = []
    quiet = header.startswith(("class", "async"))
    for condition, ending in draw(st.lists(st.tuples(_CONDITIONS, _ENDINGS), max_size=3)):
        pieces.append(f"if {condition}:\n{unit}{'pass' if quiet else ending}\n")
    if depth < 2 and draw(st.booleans()):
        pieces.insert(draw(st.integers(0, len(pieces))), draw(_definitions(depth + 1)))
    body = draw(st.sampled_from(["", "# c\n", "\n", '"""Is there."""\n'])) + "".join(pieces) + "x = 1\n"
    return header + _indented(body, unit)


_MODULES = st.builds(
    lambda top, found, newline: (top + "\n\n".join(found)).replace("\n", newline).encode(),
    st.sampled_from(
        ["", "#!x\n", "# Copyright\n\n", "# c\nimport os\n\n\n", "\ufeff", "from __future__ import annotations\n"]
    ),
    st.lists(_definitions(), min_size=1, max_size=3),
    st.sampled_from(["\n", "\r\n", "\r"]),
)


@analyzers
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=_MODULES, style=st.sampled_from(STYLES))
def test_the_laws_hold_on_generated_modules(analyzer: Analyzer, content: bytes, style: Style) -> None:
    assert not broken_laws(analyzer, Source("a.py", content), style=style)


@dataclass(frozen=True)
class Replacing:
    """Replace bytes wherever they stand: an analyzer that may be told to break any law."""

    old: bytes
    new: bytes
    promises: ClassVar[Category] = Category.DOCSTRINGS
    examples: ClassVar[tuple[Example | Untouched, ...]] = ()
    path: str = ""

    def analyze(self, source: Source, target: Target, facts: Facts) -> Iterator[Proposal]:
        ast.parse(source.content)
        start = source.content.find(self.old)
        while start >= 0:
            edit = Edit(self.path or source.path, start, self.old, self.new)
            site = Site(source.path, source.content.count(b"\n", 0, start) + 1, "f")
            yield Proposal("replacing", "r", site, "Replace", "because", (edit,), str(start))
            start = source.content.find(self.old, start + 1)


BROKEN = {
    "does not parse": (Replacing(b"1", b"("), b"f(1)\n", "does not parse"),
    "does not settle": (Replacing(b"# c", b"# cc"), b"# c\n", "second run proposes 1 more"),
    "loses a comment": (Replacing(b"  # c", b""), b"x = 1  # c\n", "comments are lost"),
    "changes the program": (Replacing(b"1", b"True"), b"x = 1\n", "more than docstrings"),
    "changes an annotation": (Replacing(b"int", b"str"), b"def f(a: int): ...\n", "more than docstrings"),
    "names another file": (Replacing(b"1", b"2", path="b.py"), b"x = 1\n", "only a.py is there"),
    "overlaps": (Replacing(b"1 1", b"2"), b"'1 1 1'\n", "same bytes"),
}


@pytest.mark.parametrize(("analyzer", "content", "law"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_law_is_named(analyzer: Replacing, content: bytes, law: str) -> None:
    assert any(law in sentence for sentence in broken_laws(analyzer, Source("a.py", content)))


def test_keeping_the_laws_is_silence() -> None:
    assert broken_laws(Replacing(b"old", b"new"), Source("a.py", b'"""The old."""\nx: int = 1  # c\n')) == ()


def test_what_does_not_parse_breaks_no_law() -> None:
    assert broken_laws(Replacing(b"1", b"2"), Source("a.py", b"x = (1\n")) == ()


def test_an_example_that_is_not_true_is_shown() -> None:
    class Wrong(Replacing):
        examples = (Example("x = '1'", "x = '3'", why="three follows one"),)

    with pytest.raises(AssertionError, match=r"(?s)three follows one.*-x = '3'.*\+x = '2'"):
        check_examples(Wrong(b"1", b"2"))


def test_code_that_should_be_untouched_and_is_not_is_shown() -> None:
    class Wrong(Replacing):
        examples = (Untouched("\n    x = '1'\n"),)

    with pytest.raises(AssertionError, match=r"(?s)-x = '1'.*\+x = '2'"):
        check_examples(Wrong(b"1", b"2"))


def test_true_examples_pass() -> None:
    class Right(Replacing):
        examples = (Example("x = '1'", "x = '2'"), Untouched("x = '3'"))

    check_examples(Right(b"1", b"2"))


def test_a_file_can_be_improved_by_hand() -> None:
    source = Source("a.py", b"x = '1'\n")
    assert improved(source, proposals(Replacing(b"1", b"2"), source)) == Source("a.py", b"x = '2'\n")
