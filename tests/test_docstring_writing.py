"""How a description becomes the lines of a docstring."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sysconfig
from pathlib import Path

import black
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from improver.analyzers.docstring.description import Description
from improver.analyzers.docstring.writing import room, write
from improver.values import Style

FULL = Description(
    summary="Return the sum.",
    details=("Numbers are added from left to right, so that rounding is the same every time it is done by anybody.",),
    parameters=(("first", "The first number."), ("*rest", "More numbers, of which there may be none at all, or many.")),
    returns="The sum, rounded to ``places`` digits.",
    raises=(("ValueError", "If ``first`` is negative."),),
)

GOOGLE = '''\
    """Return the sum.

    Numbers are added from left to right, so that rounding is the
    same every time it is done by anybody.

    Args:
        first: The first number.
        *rest: More numbers, of which there may be none at all, or
            many.

    Returns:
        The sum, rounded to ``places`` digits.

    Raises:
        ValueError: If ``first`` is negative.
    """'''

NUMPY = '''\
    """Return the sum.

    Numbers are added from left to right, so that rounding is the
    same every time it is done by anybody.

    Parameters
    ----------
    first
        The first number.
    *rest
        More numbers, of which there may be none at all, or many.

    Returns
    -------
    The sum, rounded to ``places`` digits.

    Raises
    ------
    ValueError
        If ``first`` is negative.
    """'''

SPHINX = '''\
    """Return the sum.

    Numbers are added from left to right, so that rounding is the
    same every time it is done by anybody.

    :param first: The first number.
    :param rest: More numbers, of which there may be none at all,
        or many.
    :returns: The sum, rounded to ``places`` digits.
    :raises ValueError: If ``first`` is negative.
    """'''


@pytest.mark.parametrize(
    ("convention", "expected"), [("google", GOOGLE), ("numpy", NUMPY), ("sphinx", SPHINX)], ids=lambda v: v[:6]
)
def test_every_convention_has_its_layout(convention: str, expected: str) -> None:
    assert "\n".join(write(FULL, Style(66, convention), "    ", "function")) == expected


def test_a_summary_alone_takes_one_line() -> None:
    assert write(Description("Return it."), Style(), "  ", "function") == ('  """Return it."""',)


def test_tabs_count_eight_columns_and_indent_by_tabs() -> None:
    lines = write(Description("Do.", raises=(("E", "If so and so."),)), Style(30), "\t", "function")
    assert lines[2:5] == ("\tRaises:", "\t\tE: If so and", "\t\t\tso.")


def test_a_long_summary_is_cut_after_its_first_sentence() -> None:
    summary = "Do it, e.g. ``a. B`` now. Then do the other thing as well."
    lines = write(Description(summary), Style(40), "", "function")
    assert lines == ('"""Do it, e.g. ``a. B`` now.', "", "Then do the other thing as well.", '"""')


def test_code_and_long_words_are_never_broken() -> None:
    text = "It is ``a b c d e f g h i j k l m n o p q`` or " + "x" * 50 + " here."
    lines = write(Description("Do.", details=(text,)), Style(30), "", "function")
    assert lines[2:6] == ("It is", "``a b c d e f g h i j k l m n o p q``", "or", "x" * 50)


def test_wrapping_makes_no_list_and_no_doctest() -> None:
    lines = write(
        Description("Do.", details=("It gives a sum - or >>> or :x: or a 1. thing.",)), Style(17), "", "module"
    )
    assert not [line for line in lines if line.startswith(("-", ">>>", ":", "1."))]


def test_backslashes_make_a_raw_literal() -> None:
    assert write(Description(r"Split at ``'\n'``."), Style(), "", "function") == ('r"""Split at ``\'\\n\'``."""',)


REFUSED = {
    "a summary longer than a line": Description("Do " + "it " * 40 + "now."),
    "no summary": Description(" "),
    "a summary that begins with a quote": Description('"It" is done.'),
    "a summary that ends with a quote": Description('Say "so"'),
    "a summary that ends with a backslash": Description("Do \\"),
    "quotes that end the literal": Description("Do.", details=('An """ here.',)),
    "control characters": Description("Do.", details=("An \x1b here.",)),
    "lone surrogates": Description("Do.", details=("An \udc80 here.",)),
    "characters that turn the direction": Description("Do.", details=("An \u202e here.",)),
    "a text that is a section's name": Description("Do.", details=("Returns:",)),
    "a doctest": Description("Do.", details=(">>> 1",)),
    "a parameter of which nothing is said": Description("Do.", parameters=(("x", ""),)),
}


@pytest.mark.parametrize("description", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_written_is_refused(description: Description) -> None:
    with pytest.raises(ValueError, match=" "):
        write(description, Style(), "    ", "function")


def test_a_class_returns_nothing() -> None:
    with pytest.raises(ValueError, match="a class returns nothing"):
        write(Description("Hold it.", returns="It."), Style(), "    ", "class")


def test_an_unknown_convention_is_refused() -> None:
    with pytest.raises(ValueError, match="'epydoc'"):
        write(Description("Do."), Style(convention="epydoc"), "", "function")


def test_a_summary_as_long_as_the_room_fits_and_one_longer_does_not() -> None:
    size = room(Style(50), "    ")
    assert write(Description("D" * (size - 1) + "."), Style(50), "    ", "function")
    with pytest.raises(ValueError, match="fit"):
        write(Description("D" * size + "."), Style(50), "    ", "function")


_MARKS = ["-", "*", "1.", ":", ":x:", "..", "#1", "[x]_", "`y`", "{a}", "%s", "\\n", '"so"', "'it'"]
_CODE = ["``x``", "``None``", '``"a  b"``', "``'\\d+'``"]
_WORDS = st.sampled_from(
    ["a", "the", "is", "e.g.", "note:", "returns", "Yields", "(or)", "größer", "日本語", *_MARKS, *_CODE]
)
_TEXTS = st.lists(_WORDS, min_size=1, max_size=30).map(lambda words: "So " + " ".join(words) + ".")
_SUMMARIES = st.lists(_WORDS, max_size=6).map(lambda words: " ".join(("Return", *words, "it.")))
_NAMES = st.sampled_from(["x", "returns", "methods", "note", "class_", "raises", "see", "parameters", "args"])
_ERRORS = st.sampled_from(["ValueError", "requests.ConnectionError", "E"])


def _pairs(names: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    return st.lists(st.tuples(names, _TEXTS), max_size=3, unique_by=lambda pair: pair[0]).map(tuple)


_DESCRIPTIONS = st.builds(
    Description,
    summary=_SUMMARIES,
    details=st.lists(_TEXTS, max_size=2).map(tuple),
    parameters=_pairs(_NAMES),
    returns=_TEXTS | st.just(""),
    yields=st.just(""),
    raises=_pairs(_ERRORS),
)
_STYLES = st.builds(Style, line_length=st.integers(60, 120), convention=st.sampled_from(["google", "numpy", "sphinx"]))


def _written(description: Description, style: Style, indent: str) -> str:
    try:
        return "\n".join(write(description, style, indent, "function"))
    except ValueError:
        return ""


@settings(max_examples=150, deadline=None)
@given(_DESCRIPTIONS, _STYLES, st.sampled_from(["", "    ", "\t\t"]))
def test_the_docstring_says_every_text_word_for_word(description: Description, style: Style, indent: str) -> None:
    literal = _written(description, style, indent)
    if not literal:
        return
    value = " ".join(inspect.cleandoc(ast.literal_eval(literal.strip())).split())
    texts = (description.summary, *description.details, description.returns)
    texts += tuple(text for _, text in description.parameters + description.raises)
    assert not [text for text in texts if " ".join(text.split()) not in value]
    assert all(line == line.rstrip() and (not line or line.startswith(indent)) for line in literal.split("\n"))


@settings(max_examples=100, deadline=None)
@given(_DESCRIPTIONS, _STYLES)
def test_black_leaves_the_docstring_alone(description: Description, style: Style) -> None:
    literal = _written(description, style, "    ")
    source = f"def f():\n{literal}\n    return 1\n" if literal else ""
    assert black.format_str(source, mode=black.Mode(line_length=style.line_length)) == source


@pytest.mark.parametrize(("convention", "rules"), [("google", "google"), ("numpy", "numpy"), ("sphinx", "pep257")])
def test_ruff_finds_nothing_against_the_convention(convention: str, rules: str, tmp_path: Path) -> None:
    functions: list[str] = []

    @settings(max_examples=150, deadline=None, database=None)
    @given(_DESCRIPTIONS)
    def collect(description: Description) -> None:
        if literal := _written(description, Style(100, convention), "    "):
            names = ", ".join(name for name, _ in description.parameters)
            functions.append(f"def f{len(functions)}({names}):\n{literal}\n    return 1\n")

    collect()
    assert len(functions) > 30
    file = tmp_path / "generated.py"
    file.write_text('"""Generated."""\n\n\n' + "\n\n".join(functions), "utf-8")
    ruff = Path(sysconfig.get_path("scripts")) / "ruff"
    options = [
        "--isolated",
        "--no-cache",
        "--line-length=100",
        "--select=D,W,E501",
        "--config",
        f"lint.pydocstyle.convention='{rules}'",
    ]
    run = subprocess.run([ruff, "check", *options, file], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout
