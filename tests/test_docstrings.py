"""The docstrings analyzer as a whole: what it proposes, how it names it, and what it leaves alone."""

from __future__ import annotations

import ast
import builtins
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import improver.analyzers
from improver.analyzers.docstring.candidates import skips
from improver.analyzers.docstring.titles import title
from improver.analyzers.docstrings import Docstrings
from improver.testing import broken_laws, check_examples, improved, proposals
from improver.values import Source, Style

GUARDED = """
def scale(values, factor):
    if factor == 0:
        raise ValueError(factor)
    return Scaled(values, factor)
"""


def analyzed(code: str | bytes, **options: object) -> tuple[str, ...]:
    """What is proposed, by qualified names."""
    content = code if isinstance(code, bytes) else code.encode()
    found = proposals(Docstrings(**options), Source("package/module.py", content))  # type: ignore[arg-type]
    return tuple(proposal.site.qualified_name for proposal in found)


def test_a_proposal_says_where_what_and_why() -> None:
    (proposal,) = proposals(Docstrings(), Source("package/module.py", GUARDED.encode()))
    assert proposal.analyzer == "docstrings"
    assert proposal.rule == "missing-docstring"
    assert (proposal.site.path, proposal.site.line, proposal.site.qualified_name) == ("package/module.py", 2, "scale")
    assert proposal.title == "Document when `scale` raises `ValueError`"
    assert proposal.why == "`scale` raises `ValueError` if `factor` is `0`; only its body said so."


def test_the_fingerprint_does_not_depend_on_layout() -> None:
    (first,) = proposals(Docstrings(), Source("m.py", GUARDED.encode()))
    (second,) = proposals(Docstrings(), Source("m.py", b"# moved\n\n\n" + GUARDED.replace("== 0", "==  0").encode()))
    assert first.fingerprint == second.fingerprint
    (third,) = proposals(Docstrings(), Source("m.py", GUARDED.replace("== 0", "== 1").encode()))
    assert first.fingerprint != third.fingerprint


@pytest.mark.parametrize("name", ["f", "Class.method", "A" * 40 + "." + "b" * 40, "é" * 90])
@pytest.mark.parametrize("phrases", [(), ("when `{}` raises",), ("when `{}` returns `None`", "when `{}` raises `E`")])
def test_a_title_fits_the_subject_of_a_commit(name: str, phrases: tuple[str, ...]) -> None:
    assert 0 < len(title(name, phrases)) <= 72


def test_the_examples_hold() -> None:
    check_examples(Docstrings())


@pytest.mark.parametrize("content", [b"def f(:\n", b"\xff\xfe\x00", b"x = 1\x00", b"# coding: nonsense\n"])
def test_what_is_not_python_is_a_syntax_error(content: bytes) -> None:
    with pytest.raises(SyntaxError):
        analyzed(content)


@pytest.mark.parametrize("content", ["", "\n", "# nothing", '"""Said."""', "x = 1", "if x:\n    pass\n"])
def test_files_without_definitions(content: str) -> None:
    assert analyzed(content) == ()


def test_nested_and_conditional_definitions_are_found() -> None:
    inner = "\n".join(f"        {line}" for line in GUARDED.strip().splitlines())
    code = f"if x:\n    class A:\n{inner}\nelse:\n    try:\n{inner}\n    except E:\n{inner}\n"
    assert analyzed(code) == ("A.scale", "scale", "scale")
    assert analyzed(f"def outer():\n    if y:\n{inner}\n") == ()
    assert analyzed(f"def outer():\n    if y:\n{inner}\n", public_only=False) == ("outer.scale",)


@pytest.mark.parametrize(
    ("line", "skipped"),
    [
        ("def f(): # improver: skip", True),
        ("def f():  #improver:skip[docstrings]", True),
        ("def f():  # improver: skip[caching, docstrings]", True),
        ("def f():  # improver: skip[caching]", False),
        ("def f():  # improver: skipped", False),
        ("def f():  # improver: skip  # noqa", True),
    ],
)
def test_what_asks_to_be_left_alone(line: str, skipped: bool) -> None:
    assert skips([line], {0}) is skipped


def test_a_decorated_function_may_ask_above_its_decorators() -> None:
    decorated = GUARDED.replace("def", "@staticmethod\ndef")
    assert analyzed(decorated) == ("scale",)
    assert analyzed(decorated.replace("@static", "# improver: skip\n@static")) == ()


@pytest.mark.parametrize("convention", ["google", "numpy", "sphinx"])
@pytest.mark.parametrize("length", [60, 79, 120])
def test_lines_are_as_long_as_the_project_allows(convention: str, length: int) -> None:
    source = Source("m.py", Path(zipfile.__file__).read_bytes())
    style = Style(line_length=length, convention=convention)
    before = set(source.content.decode().splitlines())
    after = improved(source, proposals(Docstrings(), source, style=style)).content.decode().splitlines()
    written = [line for line in after if line not in before]
    assert written
    assert all(len(line) <= length or "``" in line for line in written)


@pytest.mark.parametrize("module", ["fractions", "zipfile", "shlex"])
@pytest.mark.parametrize("options", [{}, {"coverage": "all", "public_only": False}], ids=["plain", "all"])
def test_the_laws_hold(module: str, options: dict[str, object]) -> None:
    """Nothing but docstrings changes, comments survive, and a second run proposes nothing."""
    found = Path(builtins.__import__(module).__file__ or "")
    source = Source(f"{module}.py", found.read_bytes())
    assert broken_laws(Docstrings(**options), source) == ()  # type: ignore[arg-type]


def test_a_function_with_a_thousand_branches_is_read_in_reasonable_steps() -> None:
    """What has to be said of a way grows with each branch; beyond what anybody would read it is not kept."""
    doubling = "".join(f"    if a{n}:\n        x = (x, x)\n    elif b{n}(x):\n        y = x\n" for n in range(300))
    assert analyzed(f"def f(x, y):\n{doubling}    if x is None:\n        raise ValueError\n    return y\n") == ()


def test_nothing_of_libcst_is_needed_where_there_is_nothing_to_do() -> None:
    code = (
        "import sys\n"
        "from improver.analyzers.docstrings import Docstrings\n"
        "from improver.testing import proposals\n"
        "from improver.values import Source\n"
        "assert not proposals(Docstrings(), Source('m.py', b'def f(x):\\n    return x\\n'))\n"
        "assert 'libcst' not in sys.modules\n"
    )
    root = Path(improver.analyzers.__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


def test_what_is_written_is_never_an_order() -> None:
    """No doctest, no type comment, no quotes that end the docstring, nothing outside of ASCII."""
    code = (
        "def f(x):\n    if x == '>>> 1':\n        raise ValueError\n    return x\n"
        "def g(x):\n    if x == 'é':\n        raise ValueError\n    return x\n"
        "def h(x):\n    if x == '# type: ignore':\n        raise ValueError\n    return x\n"
        'def i(x):\n    if x == \'"""\':\n        raise ValueError\n    return x\n'
        "def j(x):\n    if x == '\\\\n':\n        raise ValueError\n    return x\n"
        "def k(x):\n    if x == '`':\n        raise ValueError\n    return x\n"
    )
    assert analyzed(code) == ()
    assert ast.parse(code)
