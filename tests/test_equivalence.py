"""The comparison of code objects, on this Python and on every other one that can be found."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from improver.judge import masked
from improver.judge.compiled import Compiled, read_answers
from improver.judge.masked import Unfit, compiles, differences

VERSIONS = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"))
PYTHONS = [path for path in VERSIONS if int(path.parts[-3].split(".")[1]) >= 8] or [Path(sys.executable)]
SAMPLE = (Path(__file__).parent / "cases" / "mutated.py.txt").read_bytes()

EQUAL = [
    pytest.param(b"x = 1\n", b'"""One."""\nx = 1\n', id="a docstring of a module"),
    pytest.param(b"", b'"""One."""\n', id="an empty module"),
    pytest.param(b"def f(): pass\n", b'def f():\n    """One."""\n', id="in place of pass"),
    pytest.param(b"def f(): return None\n", b'def f():\n    "One."\n    return None\n', id="where None was a constant"),
    pytest.param(b"def f(): return 'One.'\n", b"def f():\n    'One.'\n    return 'One.'\n", id="equal to a constant"),
    pytest.param(
        b"def f(a, *b, c=1, **d): return a\n",
        b"def f(a: int, *b: int, c: int = 1, **d: int) -> int: return a\n",
        id="annotations of a function",
    ),
    pytest.param(b"x = 1\nif x:\n    y = 2\n", b"x: int = 1\nz: int\nif x:\n    y: int = 2\n", id="of a module"),
    pytest.param(
        b"def f(a):\n    b = a\n    return b\n", b"def f(a):\n    b: int = a\n    return b\n", id="a local variable"
    ),
    pytest.param(b"class A:\n    x = 1\n", b"class A:\n    'One.'\n    x = 1\n    'The x.'\n", id="an attribute"),
    pytest.param(b"if x: y = 1; z = 2\n", b"if x:\n    y = 1\n\n    z = 2\n", id="line breaks"),
    pytest.param(
        b"def f():\n    while True:\n        pass\n", b"def f():\n    while True: pass\n", id="lines of a loop"
    ),
    pytest.param(b"x = 1000, 16, 1e3, 'ab'\n", b"x = (1_000, 0x10, 1000.0, 'a' 'b')\n", id="other ways to write"),
    pytest.param(b"x = u'a', b'a'\n", b"x = 'a', B'a'\n", id="marks of text"),
    pytest.param(b"x = '\\N{DIGIT ONE}\\x41'\n", b"x = '1A'\n", id="escapes"),
    pytest.param(b"if a:\n  b()\nelif c:\n  d()\n", b"if a:\n\tb()\nelse:\n\tif c:\n\t\td()\n", id="elif"),
    pytest.param(b"def f(a): return (a)\n", b"def f(a):\n\n\n    return a\n", id="empty lines"),
    pytest.param(b"x = 1\r\ny = 2\r\n", b"x = 1\ny = 2\n", id="line ends"),
    pytest.param(b"# coding: latin-1\nx = '\xe9'\n", b"x = '\xc3\xa9'\n", id="encodings"),
    pytest.param(b"class A(object, metaclass=M): pass\n", b"class A(object, metaclass=M):\n  'A.'\n", id="a metaclass"),
    pytest.param(
        b"from typing import TYPE_CHECKING\nx = 1\n",
        b"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\nx = 1\n",
        id="imports for types",
    ),
    pytest.param(
        b"def f(a):\n  try: a()\n  finally: a.b()\n  with a: return a\n",
        b"def f(a):\n  'A.'\n  try:\n\n    a()\n  finally:\n    a.b()\n  with a:\n    return a\n",
        id="blocks whose lines move",
    ),
    pytest.param(
        b"def f(a):\n  return [b for b in a if b], {1, 2}, lambda c, d=1: c\n",
        b"def f(a: 'int') -> 'list':\n  return (\n    [b for b in a\n      if b], {1, 2},\n    lambda c, d=1: c)\n",
        id="inner functions",
    ),
    pytest.param(b"def f():\n  async def g(): pass\n", b"def f():\n  async def g():\n    'One.'\n", id="nested"),
]
UNEQUAL = [
    pytest.param(b"x = 1\n", b"x = 1.0\n", id="int and float"),
    pytest.param(b"x = 1\n", b"x = True\n", id="int and truth"),
    pytest.param(b"x = 0.0\n", b"x = -0.0\n", id="the sign of zero"),
    pytest.param(b"x = (1, (0.0,))\n", b"x = (1, (-0.0,))\n", id="the sign of zero in a tuple"),
    pytest.param(b"x = y in {1, 2}\n", b"x = y in {1.0, 2}\n", id="in a set"),
    pytest.param(b"x = 0j\n", b"x = -0j\n", id="complex"),
    pytest.param(b"x = 'a'\n", b"x = b'a'\n", id="text and bytes"),
    pytest.param(b"x = '\\ud800'\n", b"x = '\\ud801'\n", id="surrogates"),
    pytest.param(b"x = 'a '\n", b"x = 'a'\n", id="a blank in a string"),
    pytest.param(b"def f(a, b): return a\n", b"def f(b, a): return a\n", id="order of parameters"),
    pytest.param(b"def f(a, b): return a\n", b"def f(a, *, b): return a\n", id="kind of parameter"),
    pytest.param(b"def f(a=1): return a\n", b"def f(a=2): return a\n", id="a default"),
    pytest.param(b"def f(): yield 1\n", b"def f(): return 1\n", id="a generator"),
    pytest.param(b"x = a < b\n", b"x = a <= b\n", id="an operator"),
    pytest.param(b"x = 1\ndef f(): return x\n", b"x = 1\ndef f():\n    x: int\n    return x\n", id="a bare annotation"),
    pytest.param(b"class A:\n    x = 1\n", b"class A:\n    x: int = 1\n", id="a field of a class"),
    pytest.param(b"try: f()\nexcept A: pass\n", b"try: f()\nexcept B: pass\n", id="what is caught"),
    pytest.param(b"f'{x}'\n", b"f'{x!r}'\n", id="a conversion"),
    pytest.param(b"x = lambda: 1\n", b"x = lambda: 2\n", id="a lambda"),
    pytest.param(b"x = 1\n", b"x = 1\n'\\d'\n", id="a new warning"),
    pytest.param(b"x = 1\n", b"x = 1\nassert x\n", id="an assertion"),
    pytest.param(b"x = 1\n", b"x = 1,\n", id="a comma"),
    pytest.param(b"x = 9007199254740993\n", b"x = 9007199254740992\n", id="neighbours among large numbers"),
    pytest.param(b"x = 9007199254740992\n", b"x = 9007199254740992.0\n", id="a large number and its float"),
    pytest.param(b"x = 0.1\n", b"x = 0.10000000000000002\n", id="the last bit"),
    pytest.param(b"x = 1e308\n", b"x = 1e309\n", id="infinity"),
    pytest.param(b"x = 1e309 - 1e309\n", b"x = 1e309 + 1e309\n", id="no number"),
    pytest.param(b"x = ((1,), 2)\n", b"x = ((True,), 2)\n", id="truth in a tuple in a tuple"),
    pytest.param(b"x = y in (1, 2)\n", b"x = y in {1, 2}\n", id="a tuple and a set"),
    pytest.param(b"x = y in {1}\n", b"x = y in {True}\n", id="truth in a set"),
    pytest.param(b"x = ...\n", b"x = None\n", id="dots and nothing"),
    pytest.param(b"x = -2 ** 2\n", b"x = (-2) ** 2\n", id="what is negated"),
    pytest.param(b"x = a < b < c\n", b"x = (a < b) < c\n", id="a chain"),
    pytest.param(b"x = not a == b\n", b"x = (not a) == b\n", id="what is denied"),
    pytest.param(b"def f(): return 1\n", b"def f():\n    return 1\n    yield\n", id="a yield never reached"),
    pytest.param(
        b"x = 1\ndef f(): return x\n", b"x = 1\ndef f():\n    return x\n    x = 2\n", id="an assignment never reached"
    ),
    pytest.param(b"def f(a): return a\n", b"def f(a, /): return a\n", id="a nameless parameter"),
    pytest.param(b"def f():\n  x = 1\n", b"def f():\n  global x\n  x = 1\n", id="a global name"),
    pytest.param(b"x = [a for a in b]\n", b"x = (a for a in b)\n", id="brackets and parentheses"),
    pytest.param(b"x = f'{a}'\n", b"x = '{a}'\n", id="a formatted text and one that is not"),
    pytest.param(b"x = f'{a=}'\n", b"x = f'{a =}'\n", id="the text of an expression"),
    pytest.param(b"a()\nb()\n", b"b()\na()\n", id="order"),
    pytest.param(b"import a, b\n", b"import b, a\n", id="order of imports"),
    pytest.param(b"class A(B, C): pass\n", b"class A(C, B): pass\n", id="order of bases"),
    pytest.param(b"class A: x = 1\n", b"class A:\n  x = 1\n  y: int\n", id="a bare field"),
    pytest.param(b"def f(): pass\n", b"def f():\n  f'{one}'\n", id="no docstring"),
    pytest.param(
        b"TYPE_CHECKING = 1\nx = 1\n", b"TYPE_CHECKING = 1\nif TYPE_CHECKING:\n    import a\nx = 1\n", id="no guard"
    ),
    pytest.param(
        b"from typing import TYPE_CHECKING\nTYPE_CHECKING = 1\n",
        b"from typing import TYPE_CHECKING\nTYPE_CHECKING = 1\nif TYPE_CHECKING:\n    import a\n",
        id="a guard that was set",
    ),
    pytest.param(b"x = '\\d'\n", b"x = '\\d'\n'\\d'\n", id="one more warning"),
    pytest.param(b"from __future__ import division\n", b"from __future__ import annotations\n", id="the future"),
]


@pytest.mark.parametrize(("before", "after"), EQUAL)
def test_equal(before: bytes, after: bytes) -> None:
    assert differences(before, after) == []
    assert differences(after, before) == []


@pytest.mark.parametrize(("before", "after"), UNEQUAL)
def test_unequal(before: bytes, after: bytes) -> None:
    assert differences(before, after)


def test_what_does_not_compile_is_said() -> None:
    for broken in (b"x = (", b"return 1\n", b"# coding: nonsense\n", b"x = '\xff'\n", b"def f(a, a): pass\n"):
        with pytest.raises(Unfit):
            compiles(broken)
        with pytest.raises(Unfit):
            differences(b"x = 1\n", broken)


def test_depth_is_no_crash() -> None:
    with pytest.raises(Unfit, match=r"deeply|nested"):
        differences(b"x = 1", b"x = " + b"-" * 20_000 + b"1")


@pytest.mark.parametrize("python", PYTHONS, ids=[str(path.parts[-3]) for path in PYTHONS])
def test_other_pythons_agree(python: Path) -> None:
    cases = [
        (case.values[0], case.values[1], equal) for table, equal in ((EQUAL, True), (UNEQUAL, False)) for case in table
    ]
    cases.append((SAMPLE, SAMPLE.replace(b"\n        job =", b"\n        'One.'\n        job ="), True))
    questions = [
        {"path": str(index), "before": _coded(old), "after": _coded(new)} for index, (old, new, _) in enumerate(cases)
    ]
    questions.append({"path": "broken", "after": _coded(b"x = (")})
    answers = _ask(python, questions)
    assert [answer["path"] for answer in answers] == [question["path"] for question in questions]
    for (old, new, equal), answer in zip(cases, answers, strict=False):
        assert not answer["error"], (old, new, answer)
        assert (not answer["differences"]) == equal, (old, new, answer)
    assert answers[-1]["error"].startswith("does not parse")


def _coded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _ask(python: Path, questions: list[dict[str, str]]) -> list[dict[str, str]]:
    script = Path(masked.__file__)
    document = json.dumps(questions).encode()
    done = subprocess.run([python, "-I", "-S", script], input=document, capture_output=True, check=True, timeout=60)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


MALFORMED = [
    pytest.param(b"", id="nothing"),
    pytest.param(b"null", id="null"),
    pytest.param(b"[]", id="no answers"),
    pytest.param(b"{}", id="a table"),
    pytest.param(b'"a.py"', id="a text"),
    pytest.param(b"[null]", id="an empty answer"),
    pytest.param(b'["a.py"]', id="a name alone"),
    pytest.param(b'[{"path": "a.py"}]', id="no findings"),
    pytest.param(b'[{"path": "b.py", "differences": [], "error": ""}]', id="another file"),
    pytest.param(b'[{"path": "a.py", "differences": {}, "error": ""}]', id="findings that are no list"),
    pytest.param(b'[{"path": "a.py", "differences": null, "error": ""}]', id="findings that are null"),
    pytest.param(b'[{"path": "a.py", "differences": [], "error": null}]', id="an error that is null"),
    pytest.param(b'[{"path": "a.py", "differences": [], "error": ""}] []', id="two documents"),
    pytest.param(b'[{"path": "a.py", "differences": [], "error": ""}', id="half a document"),
    pytest.param(b'[{"path": "a.py", "differences": [], "error": ""}]' * 2, id="twice"),
    pytest.param(b'hello\n[{"path": "a.py", "differences": [], "error": ""}]', id="with a greeting"),
    pytest.param(b'\xff[{"path": "a.py", "differences": [], "error": ""}]', id="not UTF-8"),
    pytest.param(b"[" * 100_000, id="deep"),
    pytest.param(b'[{"path": "a.py", "differences": [' + b"9" * 5000 + b'], "error": ""}]', id="a number without end"),
]


@pytest.mark.parametrize("output", MALFORMED)
def test_an_answer_that_is_malformed_is_no_answer(output: bytes) -> None:
    assert isinstance(read_answers(output, ["a.py"]), str)


def test_an_answer_that_is_well_formed_is_taken() -> None:
    output = b'[{"path": "a.py", "differences": ["x differs"], "error": ""}]'
    assert read_answers(output, ["a.py"]) == (Compiled("a.py", ("x differs",)),)
