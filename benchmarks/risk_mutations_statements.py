"""Mutations of statements: dropped, doubled, swapped, moved; signatures, classes, imports, exceptions."""

from __future__ import annotations

import ast
from itertools import pairwise
from random import Random

from risk_mutation import Code, mutation, one_of


def _statement(code: Code, chance: Random) -> ast.stmt | None:
    bodies = [body for _, body in code.blocks]
    return chance.choice(chance.choice(bodies)) if bodies else None


def _replaced(code: Code, node: ast.stmt, lines: list[bytes]) -> bytes:
    return code.with_lines(*code.lines_of(node), lines)


@mutation("a statement dropped")
def dropped(code: Code, chance: Random) -> bytes | None:
    node = _statement(code, chance)
    return None if node is None else _replaced(code, node, [code.indent(node) + b"pass\n"])


@mutation("a statement doubled")
def doubled(code: Code, chance: Random) -> bytes | None:
    node = _statement(code, chance)
    return None if node is None else _replaced(code, node, [*_ended(code.taken(node)), *code.taken(node)])


def _ended(lines: list[bytes]) -> list[bytes]:
    return lines if lines[-1].endswith(b"\n") else [*lines[:-1], lines[-1] + b"\n"]


@mutation("two statements swapped")
def swapped(code: Code, chance: Random) -> bytes | None:
    bodies = [body for _, body in code.blocks if len(body) > 1]
    if not bodies:
        return None
    body = chance.choice(bodies)
    place = chance.randrange(len(body) - 1)
    first, second = body[place : place + 2]
    lines = [*_ended(code.taken(second)), *code.taken(first)]
    return code.with_lines(code.lines_of(first)[0], code.lines_of(second)[1], lines)


@mutation("a statement inserted")
def inserted(code: Code, chance: Random) -> bytes | None:
    node = _statement(code, chance)
    if node is None:
        return None
    text = chance.choice((b"print()", b"surplus = 1", b"raise SystemExit", b"import os", b"assert 0", b"del surplus"))
    return _replaced(code, node, [code.indent(node) + text + b"\n", *code.taken(node)])


@mutation("a statement behind a semicolon")
def behind(code: Code, chance: Random) -> bytes | None:
    node = _statement(code, chance)
    if node is None or hasattr(node, "body"):
        return None
    return code.insert(code.span(node)[1], chance.choice((b"; print()", b" " * 160 + b"; surplus = 1")))


@mutation("the last statement moved out of its block")
def moved_out(code: Code, chance: Random) -> bytes | None:
    bodies = [(owner, body) for owner, body in code.blocks if len(body) > 1 and hasattr(owner, "lineno")]
    if not bodies:
        return None
    owner, body = chance.choice(bodies)
    return _replaced(code, body[-1], _shifted(code.taken(body[-1]), owner.col_offset - body[-1].col_offset))  # type: ignore[attr-defined]


@mutation("a statement moved into the block before it")
def moved_in(code: Code, chance: Random) -> bytes | None:
    pairs = [
        pair
        for _, body in code.blocks
        for pair in pairwise(body)
        if isinstance(pair[0], ast.If | ast.For | ast.While | ast.With) and code.is_alone(pair[0].body[0])
    ]
    if not pairs:
        return None
    first, second = chance.choice(pairs)
    return _replaced(code, second, _shifted(code.taken(second), first.body[0].col_offset - first.col_offset))


def _shifted(lines: list[bytes], columns: int) -> list[bytes]:
    if columns >= 0:
        return [b" " * columns + line if line.strip() else line for line in lines]
    return [line[-columns:] if not line[:-columns].strip() else line for line in lines]


@mutation("an `else` that belongs to something else")
def other_else(code: Code, chance: Random) -> bytes | None:
    fits = []
    for node in code.of(ast.If, ast.For, ast.While, ast.Try):
        orelse = getattr(node, "orelse", None)
        if orelse and code.is_alone(orelse[0]) and code.lines[orelse[0].lineno - 2].strip() == b"else:":
            fits.append(node)
    node = one_of(chance, list(fits))
    if node is None:
        return None
    first, last = node.orelse[0].lineno - 1, node.end_lineno  # type: ignore[attr-defined]
    columns = node.body[0].col_offset - node.col_offset  # type: ignore[attr-defined]
    return code.with_lines(first, last, _shifted(code.lines[first - 1 : last], chance.choice((columns, -columns))))


@mutation("an `else` dropped")
def no_else(code: Code, chance: Random) -> bytes | None:
    fits = [node for node in code.of(ast.If, ast.For, ast.While) if getattr(node, "orelse", None)]
    node = one_of(chance, fits)
    if node is None:
        return None
    first = node.body[-1].end_lineno + 1  # type: ignore[attr-defined]
    return code.with_lines(first, node.end_lineno, [])  # type: ignore[attr-defined]


@mutation("`if` and `while`")
def looped(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, [node for node in code.of(ast.If) if code.text(node).startswith(b"if")])
    return None if node is None else code.put(node, b"while" + code.text(node)[2:])


@mutation("`break`, `continue` and `pass`")
def jumped(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, code.of(ast.Break, ast.Continue, ast.Pass))
    if node is None:
        return None
    words = [word for word in (b"break", b"continue", b"pass", b"return") if word != code.text(node)]
    return code.put(node, chance.choice(words))


@mutation("a `return` dropped, or without its value")
def returned(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, [node for node in code.of(ast.Return) if getattr(node, "value", None)])
    if node is None:
        return None
    return code.put(node, b"return" if chance.random() < 0.5 else b"(" + code.text(node.value) + b")")  # type: ignore[attr-defined]


@mutation("a `yield` after the end")
def yield_after(code: Code, chance: Random) -> bytes | None:
    ends = [body for owner, body in code.blocks if hasattr(owner, "args") and isinstance(body[-1], ast.Return)]
    if not ends:
        return None
    node = chance.choice(ends)[-1]
    return _replaced(code, node, [*_ended(code.taken(node)), code.indent(node) + b"yield\n"])


@mutation("`global` or `nonlocal` added")
def global_(code: Code, chance: Random) -> bytes | None:
    bodies = [(owner, body) for owner, body in code.blocks if hasattr(owner, "args")]
    if not bodies:
        return None
    owner, body = chance.choice(bodies)
    stored = [node.id for node in ast.walk(owner) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    if not stored:
        return None
    text = b"global %s\n" % chance.choice(stored).encode()
    return _replaced(code, body[0], [code.indent(body[0]) + text, *code.taken(body[0])])


@mutation("another exception")
def exception(code: Code, chance: Random) -> bytes | None:
    fits = [node for node in code.of(ast.ExceptHandler) if getattr(node, "type", None)]
    raised = [node for node in code.of(ast.Raise) if getattr(node, "exc", None)]
    node = one_of(chance, fits + raised)
    if node is None:
        return None
    inner = node.type if isinstance(node, ast.ExceptHandler) else node.exc  # type: ignore[attr-defined]
    inner = inner.func if isinstance(inner, ast.Call) else inner
    return code.put(inner, chance.choice((b"BaseException", b"ZeroDivisionError", b"(KeyError, IndexError)")))


@mutation("the cause of an exception")
def cause(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, [node for node in code.of(ast.Raise) if getattr(node, "exc", None)])
    if node is None:
        return None
    if node.cause is None:  # type: ignore[attr-defined]
        return code.insert(code.span(node)[1], b" from None")
    return code.put(node, b"raise " + code.text(node.exc))  # type: ignore[attr-defined]


@mutation("a handler dropped, or `finally`")
def no_finally(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, [node for node in code.of(ast.Try) if getattr(node, "finalbody", None)])
    if node is None:
        return None
    body = node.finalbody  # type: ignore[attr-defined]
    return code.with_lines(body[0].lineno, body[-1].end_lineno, [code.indent(body[0]) + b"pass\n"])


@mutation("`x += y` to `x = y`")
def plain_assignment(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, code.of(ast.AugAssign))
    if node is None:
        return None
    return code.put(node, code.text(node.target) + b" = " + code.text(node.value))  # type: ignore[attr-defined]


@mutation("`with` without its name")
def unnamed(code: Code, chance: Random) -> bytes | None:
    fits = [item for node in code.of(ast.With) for item in node.items if item.optional_vars]  # type: ignore[attr-defined]
    if not fits:
        return None
    item = chance.choice(fits)
    start, end = code.span(item.context_expr)[1], code.span(item.optional_vars)[1]
    return code.content[:start] + code.content[end:]


@mutation("an import dropped, renamed or moved below")
def other_import(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, [node for node in code.of(ast.Import, ast.ImportFrom) if code.is_alone(node)])  # type: ignore[arg-type]
    if node is None:
        return None
    alias = node.names[-1]  # type: ignore[attr-defined]
    if chance.random() < 0.5 or alias.asname:
        return _replaced(code, node, [code.indent(node) + b"pass\n"])  # type: ignore[arg-type]
    return code.insert(code.span(alias)[1], b" as renamed")


@mutation("`from __future__` added or dropped")
def future(code: Code, chance: Random) -> bytes | None:
    for node in code.tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__" and code.is_alone(node):
            return _replaced(code, node, [b"\n"])
    first = next((node for node in code.tree.body if not isinstance(node, ast.Expr)), None)
    if first is None or not code.is_alone(first):
        return None
    return _replaced(code, first, [b"from __future__ import annotations\n", *code.taken(first)])


@mutation("an assignment to another target")
def other_target(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, code.of(ast.Assign))
    return None if node is None else code.insert(code.span(node)[0], b"surplus = ")
