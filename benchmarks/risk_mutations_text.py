"""Mutations in text that acts: docstrings that are none, orders in comments, headers, characters that hide."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from random import Random

from risk_mutation import Code, documented, mutation, one_of

_ORDERS = (
    "noqa", "noqa: F401", "NOQA", "type: ignore", "type: ignore[arg-type]", "type:ignore", "pragma: no cover",
    "pragma: no branch", "nosec", "nosec B101", "fmt: off", "fmt: skip", "isort: skip", "isort:skip_file",
    "pylint: disable=all", "pylint:disable=C0103", "mypy: ignore-errors", "pyright: ignore", "pyright: basic",
    "ruff: noqa", "flake8: noqa", "yapf: disable", "pyre-ignore[9]", "pyre-strict", "pytype: disable=attribute-error",
    "noinspection PyUnresolvedReferences", "nopep8", "skipcq", "autopep8: off", "nosemgrep", "NOSONAR",
    "pragma: no mutate", "type: int", "codespell:ignore", "cython: boundscheck=False", "pragma: nocover",
    "sourcery skip: avoid-builtin-shadow", "ty: ignore", "pyrefly: ignore", "basedpyright: ignore",
)  # fmt: skip
_ORDER = re.compile(r"(?i)noqa|nosec|type: *ignore|pragma: *no|fmt: *(on|off|skip)|isort: *\w|pylint: *\w|yapf: *\w")
_HIDES = "what is shown is not what is there"
_BIDI = ("\u202e", "\u2066", "\u2067", "\u200f", "\u202a")
_INVISIBLE = ("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad")
_ALIKE = str.maketrans("aeocpxyi", "аеосрхуі")


def _docstring(code: Code, chance: Random) -> tuple[ast.AST, ast.Expr] | None:
    node = one_of(chance, [node for node in documented(code) if code.is_alone(node.body[0])])  # type: ignore[attr-defined]
    return None if node is None else (node, node.body[0])  # type: ignore[attr-defined]


def _after_docstring(code: Code, chance: Random, text: bytes) -> bytes | None:
    found = _docstring(code, chance)
    return None if found is None else code.insert(code.span(found[1])[1], text)


@mutation("a docstring that is an f-string")
def formatted(code: Code, chance: Random) -> bytes | None:
    found = _docstring(code, chance)
    if found is None:
        return None
    text = code.text(found[1])
    return code.put(found[1], b"f" + text.replace(b"{", b"").replace(b"}", b"")[:3] + b"{print()}" + text[3:])


@mutation("a docstring that ends early, and code after it")
def ended_early(code: Code, chance: Random) -> bytes | None:
    tails = (b"; import os", b"; print()", b" + str(print())", b'.join([print()])', b" % print()",
             b" if print() else ''",
             b"[print() or 0]", b", print()", b".format(print())", b" and print()", b"; raise SystemExit")  # fmt: skip
    return _after_docstring(code, chance, chance.choice(tails))


@mutation("a docstring that ends early, and the next lines are code")
def next_lines(code: Code, chance: Random) -> bytes | None:
    found = _docstring(code, chance)
    if found is None or not code.text(found[1]).endswith(b'"""'):
        return None
    indent = code.indent(found[1])
    inner = chance.choice((b"print()", b"import os", b"if not print():\n" + indent + b"    raise SystemExit"))
    return _after_docstring(code, chance, b"\n" + indent + inner + b"\n" + indent + b'""" More."""')


@mutation("a docstring given to somebody")
def given(code: Code, chance: Random) -> bytes | None:
    found = _docstring(code, chance)
    if found is None:
        return None
    text = code.text(found[1])
    shapes = (b"print(%s)", b"surplus = %s", b"__doc__ = %s", b"(yes := %s)", b"raise SystemExit(%s)", b"not_there(%s)")
    return code.put(found[1], chance.choice(shapes).replace(b"%s", text))


@mutation("a string with a side effect")
def acting_string(code: Code, chance: Random) -> bytes | None:
    found = _docstring(code, chance)
    if found is None:
        return None
    texts = (b'f"{print()}"', b'f"""A text.\n{(surplus := 1)}\n"""', b'"%s" % print()', b'f"{not_there}"')
    return code.insert(code.span(found[1])[1], b"\n" + code.indent(found[1]) + chance.choice(texts))


@mutation("a statement before a docstring")
def before_docstring(code: Code, chance: Random) -> bytes | None:
    found = _docstring(code, chance)
    if found is None:
        return None
    return code.insert(code.span(found[1])[0], b"print()\n" + code.indent(found[1]))


@mutation("a line of code commented out")
def commented(code: Code, chance: Random) -> bytes | None:
    bodies = [body for _, body in code.blocks if len(body) > 1]
    if not bodies:
        return None
    node = chance.choice(chance.choice(bodies))
    first, last = code.lines_of(node)
    return code.with_lines(first, last, [code.indent(node) + b"# " + line.lstrip() for line in code.taken(node)])


@mutation("a comment turned into code")
def uncommented(code: Code, chance: Random) -> bytes | None:
    places = [index for index, line in enumerate(code.lines, 1) if re.match(rb"[ \t]*#+ ?[\w(]+", line)]
    if not places:
        return None
    place = chance.choice(places)
    line = code.lines[place - 1]
    indent = line[: len(line) - len(line.lstrip())]
    return code.with_lines(place, place, [indent + line.lstrip(b"# \t")])


@mutation("code behind a bare carriage return in a comment")
def carriage_return(code: Code, chance: Random) -> bytes | None:
    places = [index for index, line in enumerate(code.lines, 1) if line.startswith(b"#") and line.endswith(b"\n")]
    if not places:
        return None
    place = chance.choice(places)
    line = code.lines[place - 1].rstrip(b"\r\n")
    return code.with_lines(place, place, [line + b"\rsurplus = print()\n"])


def _code_line(code: Code, chance: Random) -> int | None:
    """The number of a line on which a simple statement ends, with no comment behind it."""
    bodies = [node for _, body in code.blocks for node in body if not hasattr(node, "body")]
    lines = [node.end_lineno or 1 for node in bodies]
    plain = [line for line in lines if b"#" not in code.lines[line - 1] and code.lines[line - 1].endswith(b"\n")]
    return chance.choice(plain) if plain else None


def _with_comment(code: Code, line: int, text: str) -> bytes:
    written = code.lines[line - 1].rstrip(b"\r\n")
    return code.with_lines(line, line, [written + b"  # " + text.encode() + b"\n"])


@mutation("an order in a comment added", acts="it tells a tool what to let pass or what to do")
def order(code: Code, chance: Random) -> bytes | None:
    line = _code_line(code, chance)
    return None if line is None else _with_comment(code, line, chance.choice(_ORDERS))


@mutation("an order in a comment behind other words", acts="it tells a tool what to let pass or what to do")
def order_behind(code: Code, chance: Random) -> bytes | None:
    line = _code_line(code, chance)
    return None if line is None else _with_comment(code, line, f"Explained below.  # {chance.choice(_ORDERS)}")


def _orders(code: Code) -> list[tuple[int, int]]:
    """Where the comments stand that give orders: line and column in bytes."""
    found = []
    for token in tokenize.tokenize(io.BytesIO(code.content).readline):
        if token.type == tokenize.COMMENT and _ORDER.search(token.string) and token.start[0] > 2:
            found.append((token.start[0], len(token.line[: token.start[1]].encode())))
    return found


@mutation("an order in a comment dropped", acts="it told a tool what to let pass or what to do")
def order_dropped(code: Code, chance: Random) -> bytes | None:
    found = _orders(code)
    if not found:
        return None
    line, column = chance.choice(found)
    return code.with_lines(line, line, [code.lines[line - 1][:column].rstrip() + b"\n"])


@mutation("an order in a comment moved", acts="it tells a tool what to let pass elsewhere")
def order_moved(code: Code, chance: Random) -> bytes | None:
    found, target = _orders(code), _code_line(code, chance)
    if not found or target is None:
        return None
    line, column = chance.choice(found)
    text = code.lines[line - 1][column:].strip().lstrip(b"# ").decode()
    moved = Code(code.with_lines(line, line, [code.lines[line - 1][:column].rstrip() + b"\n"]))
    return _with_comment(moved, target, text) if line != target else None


@mutation("an order in a comment reworded", acts="it tells a tool to let something else pass")
def order_reworded(code: Code, chance: Random) -> bytes | None:
    found = _orders(code)
    if not found:
        return None
    line, column = chance.choice(found)
    return code.with_lines(line, line, [code.lines[line - 1][:column] + b"# noqa: X999\n"])


@mutation("the encoding cookie", acts="the bytes of the file are read as other text")
def cookie(code: Code, chance: Random) -> bytes | None:
    text = chance.choice(
        (b"# -*- coding: latin-1 -*-\n", b"# vim: set fileencoding=cp1252 :\n", b"# coding=iso8859-15\n")
    )
    if re.search(rb"coding[:=]", b"".join(code.lines[:2])):
        place = next(index for index, line in enumerate(code.lines[:2], 1) if re.search(rb"coding[:=]", line))
        return code.with_lines(place, place, [text])
    place = 1 if code.lines and code.lines[0].startswith(b"#!") else 0
    return b"".join([*code.lines[:place], text, *code.lines[place:]])


@mutation("a byte order mark", acts="other readers of the file take it for text")
def byte_order_mark(code: Code, chance: Random) -> bytes | None:
    mark = b"\xef\xbb\xbf"
    return code.content.removeprefix(mark) if code.content.startswith(mark) else mark + code.content


@mutation("the line that names the interpreter", acts="the system starts another program")
def shebang(code: Code, chance: Random) -> bytes | None:
    text = chance.choice((b"#!/usr/bin/env python2\n", b"#!/bin/sh\n"))
    if code.lines and code.lines[0].startswith(b"#!"):
        return code.with_lines(1, 1, [] if chance.random() < 0.5 else [text])
    return text + code.content


def _in_comment(code: Code, chance: Random, sign: str) -> bytes | None:
    places = [index for index, line in enumerate(code.lines, 1) if re.match(rb"[ \t]*# \w+", line)]
    if not places:
        return None
    place = chance.choice(places)
    line = code.lines[place - 1]
    return code.with_lines(place, place, [line.replace(b"# ", b"# " + sign.encode(), 1)])


@mutation("a character that turns text around", acts=_HIDES)
def bidirectional(code: Code, chance: Random) -> bytes | None:
    sign = chance.choice(_BIDI)
    found = _docstring(code, chance)
    if found is None or chance.random() < 0.5:
        return _in_comment(code, chance, sign)
    return code.put(found[1], code.text(found[1]).replace(b" ", b" " + sign.encode(), 1))


@mutation("an invisible character in text", acts=_HIDES)
def invisible(code: Code, chance: Random) -> bytes | None:
    return _in_comment(code, chance, chance.choice(_INVISIBLE))


@mutation("an invisible character in a string of the code")
def invisible_in_string(code: Code, chance: Random) -> bytes | None:
    fits = [node for node in code.of(ast.Constant) if isinstance(node.value, str) and len(node.value) > 1]  # type: ignore[attr-defined]
    node = one_of(chance, fits)
    if node is None:
        return None
    return code.insert(code.span(node)[1] - 1, chance.choice(_INVISIBLE).encode())


@mutation("letters that look alike in a name")
def alike(code: Code, chance: Random) -> bytes | None:
    fits = [node for node in code.of(ast.Name) if node.id.translate(_ALIKE) != node.id]  # type: ignore[attr-defined]
    node = one_of(chance, fits)
    return None if node is None else code.put(node, node.id.translate(_ALIKE).encode())  # type: ignore[attr-defined]


@mutation("letters that look alike in a string of the code")
def alike_in_string(code: Code, chance: Random) -> bytes | None:
    fits = [node for node in code.of(ast.Constant) if isinstance(node.value, str) and node.value.isidentifier()]  # type: ignore[attr-defined]
    node = one_of(chance, [node for node in fits if node.value.translate(_ALIKE) != node.value])  # type: ignore[attr-defined]
    return None if node is None else code.put(node, repr(node.value.translate(_ALIKE)).encode())  # type: ignore[attr-defined]
