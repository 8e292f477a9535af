"""Mutations of numbers and strings: their value, type, sign and spelling."""

from __future__ import annotations

import ast
from collections.abc import Callable
from random import Random

from risk_mutation import Code, mutation, one_of, other


def _constant(
    code: Code, chance: Random, fits: Callable[[object], bool], change: Callable[[object], object]
) -> bytes | None:
    def apply(node: ast.AST) -> None:
        node.value = change(node.value)  # type: ignore[attr-defined]

    node = one_of(chance, [node for node in code.of(ast.Constant) if fits(node.value)])  # type: ignore[attr-defined]
    return None if node is None else other(code, node, apply)


@mutation("number: another value")
def number(code: Code, chance: Random) -> bytes | None:
    return _constant(code, chance, lambda value: type(value) in (int, float), lambda value: value + 1)  # type: ignore[operator]


@mutation("number: another type")
def number_type(code: Code, chance: Random) -> bytes | None:
    def change(value: object) -> object:
        return int(value) if isinstance(value, bool | float) else float(value)  # type: ignore[arg-type]

    return _constant(code, chance, lambda value: type(value) in (int, bool, float) and abs(value) < 1e15, change)  # type: ignore[arg-type, type-var]


@mutation("number: another sign, also of zero")
def number_sign(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, [node for node in code.of(ast.Constant) if type(node.value) in (int, float)])  # type: ignore[attr-defined]
    if node is None:
        return None
    zero = b"-0.0" if node.value == 0 else b"-" + code.text(node)  # type: ignore[attr-defined]
    return code.put(node, b"(" + zero + b")")


@mutation("one and true, zero and false")
def truth(code: Code, chance: Random) -> bytes | None:
    def fits(value: object) -> bool:
        return type(value) is bool or (type(value) is int and value in (0, 1))

    return _constant(code, chance, fits, lambda value: int(value) if type(value) is bool else bool(value))  # type: ignore[call-overload]


@mutation("string: another value")
def string(code: Code, chance: Random) -> bytes | None:
    return _constant(code, chance, lambda value: isinstance(value, str), lambda value: f"{value} ")


@mutation("string to bytes or back")
def string_type(code: Code, chance: Random) -> bytes | None:
    def change(value: object) -> object:
        return value.encode() if isinstance(value, str) else value.decode("latin-1")  # type: ignore[attr-defined]

    return _constant(code, chance, lambda value: isinstance(value, str | bytes), change)


@mutation("string: raw or not")
def raw(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, [node for node in code.of(ast.Constant) if b"\\" in code.text(node)])
    if node is None:
        return None
    text = code.text(node)
    return code.put(node, text[1:] if text[:1] in b"rR" else b"r" + text)


@mutation("string: two glued where a comma was")
def glued(code: Code, chance: Random) -> bytes | None:
    def fits(node: ast.AST) -> bool:
        inner = getattr(node, "elts", None) or getattr(node, "args", None)
        return isinstance(inner, list) and len(inner) > 1 and all(map(_is_string, inner[:2]))

    node = one_of(chance, [node for node in code.of(ast.List, ast.Tuple, ast.Set, ast.Call) if fits(node)])
    if node is None:
        return None
    first, second = (getattr(node, "elts", None) or node.args)[:2]  # type: ignore[attr-defined]
    start, end = code.span(first)[1], code.span(second)[0]
    return code.content[:start] + code.content[start:end].replace(b",", b" ", 1) + code.content[end:]


def _is_string(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@mutation("string to f-string")
def formatted(code: Code, chance: Random) -> bytes | None:
    fits = [node for node in code.of(ast.Constant) if _is_string(node) and b"{" in code.text(node)]
    node = one_of(chance, fits)
    return None if node is None else code.put(node, b"f" + code.text(node))


@mutation("`None` to `False` or `...`")
def nothing(code: Code, chance: Random) -> bytes | None:
    value = chance.choice((False, ...))
    return _constant(code, chance, lambda found: found is None, lambda _: value)
