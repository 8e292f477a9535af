"""The comparison of code objects, on this Python and on every other one that can be found."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest

from improver.judge import masked
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
