"""What is found out about a function must be so: on every way, for every input."""

from __future__ import annotations

import ast
import itertools
import textwrap
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from improver.analyzers.docstring.facts import FunctionFacts, facts_of
from improver.analyzers.docstring.flow import ways_out
from improver.analyzers.docstring.formulas import Atom, Every, Exists, Fails, Formula, Some, Unknown
from improver.analyzers.docstring.knowledge import module_knowledge
from improver.analyzers.docstring.summary import summaries
from improver.analyzers.docstring.ways import Exit


def facts(code: str) -> FunctionFacts:
    tree = ast.parse(textwrap.dedent(code))
    function = tree.body[-1]
    owner = None
    if isinstance(function, ast.ClassDef):
        owner, function = function, function.body[-1]
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    return facts_of(function, module_knowledge(tree), owner)


RAISES: dict[str, tuple[str, dict[str, str]]] = {
    "a guard": (
        "def f(x):\n    if x < 0:\n        raise ValueError",
        {"ValueError": "If ``x`` is negative."},
    ),
    "a guard on two values": (
        "def f(mode):\n    if mode not in ('r', 'w'):\n        raise ValueError(mode)",
        {"ValueError": "If ``mode`` is neither ``'r'`` nor ``'w'``."},
    ),
    "the last else of a chain": (
        """
        def f(mode):
            if mode == "r":
                x = 1
            elif mode == "w":
                x = 2
            elif mode == "a":
                x = 3
            else:
                raise ValueError(mode)
            return x
        """,
        {"ValueError": "If ``mode`` is not ``'r'``, ``'w'`` or ``'a'``."},
    ),
    "the polarity of and, or, not": (
        "def f(x, y):\n    if not (x and y):\n        raise ValueError",
        {"ValueError": "If ``x`` or ``y`` is falsy."},
    ),
    "and binds tighter than or": (
        "def f(x, y):\n    if x == y or x is None and y > 2:\n        raise ValueError",
        {"ValueError": "If ``x`` equals ``y``, or if ``x`` is ``None`` and ``y`` is greater than ``2``."},
    ),
    "a chained comparison": (
        "def f(x):\n    if not 0 <= x <= 10:\n        raise ValueError",
        {"ValueError": "If ``x`` is not between ``0`` and ``10``."},
    ),
    "isinstance of several": (
        "def f(x):\n    if not isinstance(x, (str, bytes)):\n        raise TypeError",
        {"TypeError": "If ``x`` is neither a ``str`` nor a ``bytes``."},
    ),
    "isinstance makes not None implied": (
        "def f(x):\n    if x is not None and x < 0:\n        raise ValueError",
        {"ValueError": "If ``x`` is negative."},
    ),
    "an early return limits what follows": (
        "def f(x, y):\n    if x is None:\n        return None\n    if y < 0:\n        raise ValueError\n    return y",
        {"ValueError": "If ``x`` is not ``None`` and ``y`` is negative."},
    ),
    "an early raise need not be said again": (
        "def f(x, y):\n    if x is None:\n        raise TypeError\n    if y < 0:\n        raise ValueError",
        {"TypeError": "If ``x`` is ``None``.", "ValueError": "If ``y`` is negative."},
    ),
    "a raise in the same branch has to be said": (
        "def f(x, y):\n    if x:\n        if y:\n            raise KeyError\n        raise ValueError",
        {"KeyError": "If both ``x`` and ``y`` are truthy.", "ValueError": "If ``x`` is truthy and ``y`` is falsy."},
    ),
    "a handler": (
        "def f(x):\n    try:\n        return int(x)\n    except ValueError as error:\n        raise Bad(x) from error",
        {"Bad": "If ``int(x)`` raises ``ValueError``."},
    ),
    "a handler of everything": (
        (
            "def f(x):\n    try:\n        y = load(x)\n"
            "    except Exception as error:\n        raise Bad(x) from error\n    return y"
        ),
        {"Bad": "If ``load(x)`` fails."},
    ),
    "a handler around several statements": (
        (
            "def f(x):\n    try:\n        y = d[x]\n"
            "        z = g(y)\n    except KeyError:\n        raise Bad(x)\n    return z"
        ),
        {},
    ),
    "a local that is a call": (
        "def f(self, x):\n    y = self.find(x)\n    if y is None:\n        raise KeyError(x)\n    return y",
        {"KeyError": "If ``self.find(x)`` returns ``None``."},
    ),
    "any item of a loop": (
        "def f(xs):\n    for x in xs:\n        if x < 0:\n            raise ValueError\n    return xs",
        {"ValueError": "If any item of ``xs`` is negative."},
    ),
    "a loop that may stop before": (
        (
            "def f(xs):\n    for x in xs:\n        if x == 3:\n"
            "            break\n        if x < 0:\n            raise ValueError"
        ),
        {},
    ),
    "the else of a loop": (
        (
            "def f(xs, y):\n    for x in xs:\n        if x == y:\n"
            "            break\n    else:\n        raise ValueError\n    return x"
        ),
        {"ValueError": "If no item of ``xs`` equals ``y``."},
    ),
    "values of a dict": (
        "def f(**kw):\n    for k, v in kw.items():\n        if v is None:\n            raise TypeError(k)",
        {"TypeError": "If any value of ``kw`` is ``None``."},
    ),
    "a match statement": (
        """
        def f(x):
            match x:
                case "a" | "b":
                    return 1
                case int():
                    return 2
                case _:
                    raise ValueError
        """,
        {"ValueError": "If ``x`` is not ``'a'``, ``'b'`` or an ``int``."},
    ),
    "a walrus": (
        "def f(x):\n    if (n := len(x)) > 3:\n        raise ValueError\n    if n == 2:\n        raise KeyError",
        {"ValueError": "If ``x`` has more than ``3`` items.", "KeyError": "If ``x`` has exactly ``2`` items."},
    ),
    "a flag of the class": (
        """
        class C:
            def __init__(self):
                self.closed = False
            def f(self):
                if self.closed:
                    raise ValueError
        """,
        {"ValueError": "If ``self.closed`` is true."},
    ),
    "a default that goes on to stand for itself": (
        "def f(x, y=None):\n    if y is None:\n        y = x.size\n    if y < 0:\n        raise ValueError",
        {"ValueError": "If ``y`` is negative."},
    ),
    "a context manager that lets exceptions pass": (
        "def f(p, q):\n    with open(p) as file:\n        if q is None:\n            raise ValueError\n    return file",
        {"ValueError": "If ``q`` is ``None``."},
    ),
    "rebound before": (
        "def f(x):\n    x = g(h(x), x)[0] or k\n    x = x.y(x)\n    if x < 0:\n        raise ValueError",
        {},
    ),
    "rebound on some way": ("def f(x, y):\n    if y:\n        x = 3\n    if x < 0:\n        raise ValueError", {}),
    "rebound by a loop": (
        "def f(x):\n    for i in y:\n        if x < 0:\n            raise ValueError\n        x -= 1",
        {},
    ),
    "contents that may have changed": (
        "def f(x):\n    x.append(1)\n    if len(x) > 3:\n        raise ValueError",
        {},
    ),
    "an attribute after a method of the object": (
        "def f(self):\n    self.go()\n    if not self.ready:\n        raise ValueError",
        {},
    ),
    "an attribute after it was set": (
        "def f(self, x):\n    self.x = x\n    if self.x < 0:\n        raise ValueError",
        {},
    ),
    "an attribute after a wait": (
        "async def f(self):\n    await g()\n    if self.closed:\n        raise ValueError",
        {},
    ),
    "the same call twice": (
        "def f(s):\n    a = next(s)\n    b = next(s)\n    if a is None:\n        raise ValueError\n    return b",
        {},
    ),
    "caught inside": (
        "def f(x):\n    try:\n        if not x:\n            raise KeyError\n    except LookupError:\n        pass",
        {},
    ),
    "perhaps caught inside": (
        "def f(x):\n    try:\n        if not x:\n            raise Mine\n    except ValueError:\n        pass",
        {},
    ),
    "surely not caught inside": (
        "def f(x):\n    try:\n        if x is None:\n            raise KeyError\n    except ValueError:\n        raise",
        {"KeyError": "If ``x`` is ``None``."},
    ),
    "a bare except": ("def f(x):\n    try:\n        if not x:\n            raise Mine\n    except:\n        pass", {}),
    "suppressed": ("def f(x):\n    with suppress(ValueError):\n        if not x:\n            raise ValueError", {}),
    "dead after return": ("def f(x):\n    if x:\n        return 1\n        raise ValueError\n    return 2", {}),
    "dead under False": ("def f(x):\n    if False:\n        if x:\n            raise ValueError\n    return 2", {}),
    "in a nested function": ("def f(x):\n    def g():\n        if x:\n            raise ValueError\n    return g", {}),
    "a value that is raised": ("def f(x, error):\n    if x:\n        raise error", {}),
    "a re-raise": ("def f(x):\n    try:\n        g(x)\n    except ValueError:\n        if x:\n            raise", {}),
    "assert and AssertionError": ("def f(x):\n    assert x\n    if x > 3:\n        raise AssertionError", {}),
    "always": ("def f(x):\n    raise ValueError(x)", {}),
    "in a while loop": (
        "def f(x):\n    while x:\n        if x.y:\n            raise ValueError\n        x = x.next",
        {},
    ),
    "one half cannot be said": ("def f(x):\n    if x is None or g.h(k(lambda: x)):\n        raise ValueError", {}),
}


@pytest.mark.parametrize(("code", "expected"), RAISES.values(), ids=RAISES.keys())
def test_what_is_raised_and_when(code: str, expected: dict[str, str]) -> None:
    assert dict(facts(code).raises) == expected


SUMMARIES: dict[str, tuple[str, str]] = {
    "a special case": (
        "def f(self):\n    if self.end is None:\n        return None\n    return self.end - self.start",
        "Return ``self.end - self.start``, or ``None`` if ``self.end`` is ``None``.",
    ),
    "a fallback": (
        (
            "def f(self, key, default=None):\n    try:\n"
            "        return self[key]\n    except KeyError:\n        return default"
        ),
        "Return ``self[key]``, or ``default`` if ``self[key]`` raises ``KeyError``.",
    ),
    "a question": (
        "def f(x):\n    if not isinstance(x, str):\n        return False\n    return x.startswith('a')",
        "Return whether ``x`` is a ``str`` and starts with ``'a'``.",
    ),
    "a search": (
        "def f(xs, name):\n    for x in xs:\n        if x.name == name:\n            return x\n    return None",
        "Return the first ``x`` in ``xs`` for which ``x.name`` equals ``name``, else ``None``.",
    ),
    "a filter": (
        "def f(xs):\n    for x in xs:\n        if x.ok:\n            yield x",
        "Yield each ``x`` in ``xs`` for which ``x.ok`` is truthy.",
    ),
    "a list that is filled": (
        "def f(xs):\n    out = []\n    for x in xs:\n        if x.ok:\n            out.append(x.name)\n    return out",
        "Return a list of ``x.name`` for each ``x`` in ``xs`` for which ``x.ok`` is truthy.",
    ),
    "a value that is kept": (
        "def f(self):\n    if self._x is None:\n        self._x = make(self.y)\n    return self._x",
        "Return ``self._x``, which is set to ``make(self.y)`` on first use.",
    ),
    "only checks": ("def f(x):\n    if x < 0:\n        raise ValueError", "Raise ``ValueError`` if ``x`` is negative."),
    "does more than check": (
        """
        def f(self, data, flags):
            if flags != 0:
                raise ValueError
            n = self.send(data)
            while n:
                n = self.send(data[n:])
        """,
        "",
    ),
    "what was is not what is": ("def f(self, x):\n    old = self.x\n    self.x = x\n    return old", ""),
    "what was counted is not what is there": (
        "def f(self):\n    n = len(self.xs)\n    self.xs.clear()\n    return n",
        "",
    ),
    "an object that was worked on": (
        "def f(x):\n    found = Thing(x)\n    found.size = 3\n    return found",
        "Return a new ``Thing``.",
    ),
    "a list that was filled is not empty": ("def f(x):\n    out = []\n    g(out)\n    return out", ""),
    "a call that may never return": (
        "def f(self, x):\n    try:\n        return self.g(x)\n    except ValueError:\n        self.fail(x)",
        "",
    ),
    "a check inside of the special case": (
        (
            "def f(self):\n    x = self.get()\n    if x is None:\n"
            "        if self.bad():\n            raise Bad\n        return None\n    return 3"
        ),
        "",
    ),
    "a generator that may stop": (
        "def f(xs):\n    for x in xs:\n        if x is None:\n            return\n        yield x",
        "",
    ),
    "a question that is not one": ("def f(x, y):\n    if x:\n        return y\n    return x and y", ""),
}


@pytest.mark.parametrize(("code", "expected"), SUMMARIES.values(), ids=SUMMARIES.keys())
def test_the_first_line(code: str, expected: str) -> None:
    assert next((one.text for one in summaries(facts(code))), "") == expected


# What follows makes programs at random, works out the way to each exit, and tries every input.

_CONDITIONS = st.sampled_from(
    ["a is None", "a is not None", "b == 1", "b != 1", "b in (0, 2)", "not c", "c", "c and b == 2", "a is None or c",
     "not (c or b == 0)", "b == 0 and (c or a is None)", "isinstance(a, int)", "x is None", "y == 1", "not z"]
)  # fmt: skip
_SIMPLE = st.sampled_from(["a = b", "b = 1", "x = a", "y = b", "z = c", "c = not c", "x = None", "pass", "b += 1"])


def _body(depth: int) -> st.SearchStrategy[list[str]]:
    last = st.sampled_from(["raise E(#)", "return #", "pass"])
    inner = st.lists(_statement(depth - 1) if depth else _SIMPLE.map(lambda line: [line]), max_size=3)
    return st.tuples(inner, last).map(lambda pair: [*itertools.chain(*pair[0]), pair[1]])


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _branch(parts: tuple[str, list[str], str, list[str], list[str]]) -> list[str]:
    first, body, second, other, rest = parts
    lines = [f"if {first}:", *_indented(body), f"elif {second}:", *_indented(other)]
    return lines + (["else:", *_indented(rest)] if rest[0] != "pass" else [])


def _attempt(parts: tuple[list[str], list[str], list[str]]) -> list[str]:
    body, handler, rest = parts
    return ["try:", *_indented(body), "except E:", *_indented(handler), "finally:", *_indented([rest[0]])]


def _statement(depth: int) -> st.SearchStrategy[list[str]]:
    if depth <= 0:
        return _SIMPLE.map(lambda line: [line])
    body = _body(depth - 1)
    simple = _SIMPLE.map(lambda line: [line])
    return st.one_of(
        simple,
        st.tuples(_CONDITIONS, body).map(lambda pair: [f"if {pair[0]}:", *_indented(pair[1])]),
        st.tuples(_CONDITIONS, body, _CONDITIONS, body, body).map(_branch),
        st.tuples(body, body, simple).map(_attempt),
        st.tuples(_CONDITIONS, body).map(lambda p: ["for i in (1,):", *_indented([f"if {p[0]}: break", *p[1]])]),
        st.tuples(_CONDITIONS, body).map(lambda p: ["for i in (1, 2):", *_indented([f"if {p[0]}: continue", *p[1]])]),
    )


def _program(lines: list[str]) -> str:
    numbers = itertools.count(1)
    body = [line.replace("#", str(next(numbers))) if "#" in line else line for line in lines]
    return "\n".join(["def f(a, b, c):", "    x, y, z = a, b, c", *_indented(body), "    return 0"])


class E(Exception):
    """What generated programs raise."""


def _outcomes(code: str) -> Iterator[tuple[dict[str, Any], tuple[str, int]]]:
    space: dict[str, Any] = {"E": E}
    exec(compile(code, "generated", "exec"), space)
    for a, b, c in itertools.product((None, 0, 1), (0, 1, 2), (False, True)):
        try:
            outcome = ("return", space["f"](a, b, c))
        except E as error:
            outcome = ("raise", error.args[0])
        except TypeError:
            continue
        yield {"a": a, "b": b, "c": c}, outcome


def _of_values(formula: Formula) -> bool:
    match formula:
        case Every(parts) | Some(parts):
            return all(map(_of_values, parts))
        case _:
            return isinstance(formula, Atom)


def _holds(formula: Formula, inputs: dict[str, Any]) -> bool:
    match formula:
        case Atom(expression, positive):
            source = ast.unparse(ast.fix_missing_locations(ast.Expression(expression)))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)  # for "1 is None"
                return bool(eval(source, {}, dict(inputs))) is positive
        case Every(parts):
            return all(_holds(part, inputs) for part in parts)
        case Some(parts):
            return any(_holds(part, inputs) for part in parts)
        case Exists() | Fails() | Unknown():
            raise AssertionError("not in these programs")


@settings(max_examples=200, deadline=None)
@given(_body(3).map(_program))
def test_every_condition_that_is_found_holds_when_its_exit_is_taken(code: str) -> None:
    """Where a condition is met, its exit is taken, or another exception stands in its way; and never without it."""
    tree = ast.parse(code)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    known: dict[tuple[str, int], list[Formula]] = {}
    ways = [way for way in ways_out(function, module_knowledge(tree)).all if way.exit in (Exit.RETURN, Exit.RAISE)]
    for way in ways:
        node = way.node.args[0] if isinstance(way.node, ast.Call) else way.node
        assert isinstance(node, ast.Constant)
        assert isinstance(node.value, int)
        name = "raise" if way.exit is Exit.RAISE else "return"
        if way.sure and _of_values(way.when):
            known.setdefault((name, node.value), []).append(way.when)
    for inputs, outcome in _outcomes(code):
        for exit, formulas in known.items():
            met = any(_holds(formula, inputs) for formula in formulas)
            assert met or exit != outcome, (inputs, exit, outcome)
            assert not met or exit == outcome or outcome[0] == "raise", (inputs, exit, outcome)
