"""Mutations of expressions: operators, constants, names, arguments, displays, strings."""

from __future__ import annotations

import ast
from collections.abc import Callable
from random import Random

from risk_mutation import Code, mutation, one_of, other

_OPERATORS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.FloorDiv, ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitXor, ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Eq: ast.Is, ast.NotEq: ast.Eq, ast.Is: ast.Eq, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
Test = Callable[[ast.AST], bool]


def _changed(code: Code, chance: Random, fits: Test, change: Callable[[ast.AST], object]) -> bytes | None:
    node = one_of(chance, [node for node in code.nodes if fits(node)])
    return None if node is None else other(code, node, change)


@mutation("arithmetic operator")
def arithmetic(code: Code, chance: Random) -> bytes | None:
    def apply(node: ast.AST) -> None:
        node.op = _OPERATORS[type(node.op)]()  # type: ignore[attr-defined]

    return _changed(code, chance, lambda node: isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS, apply)


@mutation("comparison operator")
def comparison(code: Code, chance: Random) -> bytes | None:
    def apply(node: ast.AST) -> None:
        node.ops[0] = _OPERATORS[type(node.ops[0])]()  # type: ignore[attr-defined]

    return _changed(code, chance, lambda node: isinstance(node, ast.Compare), apply)


@mutation("`and` and `or`")
def boolean(code: Code, chance: Random) -> bytes | None:
    def apply(node: ast.AST) -> None:
        node.op = _OPERATORS[type(node.op)]()  # type: ignore[attr-defined]

    return _changed(code, chance, lambda node: isinstance(node, ast.BoolOp), apply)


@mutation("operands swapped")
def operands(code: Code, chance: Random) -> bytes | None:
    def apply(node: ast.AST) -> None:
        node.left, node.right = node.right, node.left  # type: ignore[attr-defined]

    return _changed(code, chance, lambda node: isinstance(node, ast.BinOp), apply)


@mutation("sign or negation dropped")
def unsigned(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, code.of(ast.UnaryOp))
    return None if node is None else code.put(node, b"(" + code.text(node.operand) + b")")  # type: ignore[attr-defined]


@mutation("f-string: another conversion")
def conversion(code: Code, chance: Random) -> bytes | None:
    def apply(node: ast.AST) -> None:
        for inner in node.values:  # type: ignore[attr-defined]
            if isinstance(inner, ast.FormattedValue):
                inner.conversion = 115 if inner.conversion == 114 else 114
                return

    return _changed(code, chance, lambda node: isinstance(node, ast.JoinedStr), apply)


@mutation("a name for another")
def name(code: Code, chance: Random) -> bytes | None:
    names = [node for node in code.of(ast.Name) if isinstance(node.ctx, ast.Load)]  # type: ignore[attr-defined]
    if len(names) < 2:
        return None
    node, instead = chance.sample(names, 2)
    return code.put(node, instead.id.encode())  # type: ignore[attr-defined]


@mutation("another attribute")
def attribute(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, code.of(ast.Attribute))
    return None if node is None else code.insert(code.span(node)[1], b"_")


@mutation("a call around, or taken off")
def called(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, code.of(ast.Call, ast.Attribute))
    if node is None:
        return None
    return code.put(node, code.text(node.func) if isinstance(node, ast.Call) else code.text(node) + b"()")


@mutation("arguments swapped")
def swapped_arguments(code: Code, chance: Random) -> bytes | None:
    def apply(node: ast.AST) -> None:
        node.args[0], node.args[1] = node.args[1], node.args[0]  # type: ignore[attr-defined]

    return _changed(code, chance, lambda node: isinstance(node, ast.Call) and len(node.args) > 1, apply)


@mutation("an argument dropped")
def dropped_argument(code: Code, chance: Random) -> bytes | None:
    def apply(node: ast.AST) -> None:
        (node.args or node.keywords).pop()  # type: ignore[attr-defined]

    return _changed(
        code, chance, lambda node: isinstance(node, ast.Call) and bool(node.args or node.keywords), apply
    )  # fmt: skip


@mutation("an argument by another name")
def renamed_argument(code: Code, chance: Random) -> bytes | None:
    def apply(node: ast.AST) -> None:
        keyword = node.keywords[0]  # type: ignore[attr-defined]
        keyword.arg = f"{keyword.arg}_" if keyword.arg else "surplus"

    return _changed(code, chance, lambda node: isinstance(node, ast.Call) and bool(node.keywords), apply)


@mutation("a star added or taken off")
def star(code: Code, chance: Random) -> bytes | None:
    calls = [node for node in code.of(ast.Call) if node.args]  # type: ignore[attr-defined]
    node = one_of(chance, calls)
    if node is None:
        return None
    given = node.args[0]  # type: ignore[attr-defined]
    text = code.text(given)
    return code.put(given, text[1:] if isinstance(given, ast.Starred) else b"*(" + text + b")")


@mutation("list, tuple or set for another")
def display(code: Code, chance: Random) -> bytes | None:
    shown = [node for node in code.of(ast.List, ast.Tuple, ast.Set) if isinstance(getattr(node, "ctx", None), ast.Load)]
    node = one_of(chance, shown)
    if node is None:
        return None
    inner = b", ".join(code.text(element) for element in node.elts)  # type: ignore[attr-defined]
    return code.put(node, b"(" + inner + b",)" if isinstance(node, ast.List) and inner else b"[" + inner + b"]")


@mutation("an element dropped")
def dropped_element(code: Code, chance: Random) -> bytes | None:
    def apply(node: ast.AST) -> None:
        if isinstance(node, ast.Dict):
            node.keys.pop()
            node.values.pop()
        else:
            node.elts.pop()  # type: ignore[attr-defined]

    def fits(node: ast.AST) -> bool:
        inner = getattr(node, "elts", None) or getattr(node, "keys", None)
        return bool(inner) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load)

    return _changed(code, chance, fits, apply)


@mutation("a comma makes a tuple")
def comma(code: Code, chance: Random) -> bytes | None:
    fits = [node for node in code.of(ast.Assign, ast.Return) if getattr(node, "value", None) is not None]
    node = one_of(chance, fits)
    return None if node is None else code.put(node.value, b"(" + code.text(node.value) + b"),")  # type: ignore[attr-defined]


@mutation("a comprehension of another kind")
def comprehension(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, code.of(ast.ListComp, ast.SetComp, ast.GeneratorExp))
    if node is None:
        return None
    inner = ast.unparse(node).encode()[1:-1]
    return code.put(node, b"(" + inner + b")" if isinstance(node, ast.ListComp) else b"[" + inner + b"]")


@mutation("a filter of a comprehension dropped or added")
def filtered(code: Code, chance: Random) -> bytes | None:
    def apply(node: ast.AST) -> None:
        first = node.generators[0]  # type: ignore[attr-defined]
        first.ifs = [] if first.ifs else [ast.Constant(value=False)]

    kinds = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
    return _changed(code, chance, lambda node: isinstance(node, kinds), apply)


@mutation("an index or a slice")
def index(code: Code, chance: Random) -> bytes | None:
    fits = [node for node in code.of(ast.Subscript) if code.text(node.slice)]  # type: ignore[attr-defined]
    node = one_of(chance, fits)
    if node is None:
        return None
    inner = node.slice  # type: ignore[attr-defined]
    return code.put(inner, b"1:2" if isinstance(inner, ast.Slice) else b"(" + code.text(inner) + b"), 0")


@mutation("arms of a conditional swapped")
def arms(code: Code, chance: Random) -> bytes | None:
    def apply(node: ast.AST) -> None:
        node.body, node.orelse = node.orelse, node.body  # type: ignore[attr-defined]

    return _changed(code, chance, lambda node: isinstance(node, ast.IfExp), apply)


@mutation("a condition negated")
def negated(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, code.of(ast.If, ast.While, ast.IfExp, ast.Assert))
    return None if node is None else code.put(node.test, b"not (" + code.text(node.test) + b")")  # type: ignore[attr-defined]


@mutation("an `await` dropped")
def awaited(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, code.of(ast.Await))
    return None if node is None else code.put(node, b"(" + code.text(node.value) + b")")  # type: ignore[attr-defined]


@mutation("a `yield` of another kind")
def yielded(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, [node for node in code.of(ast.Yield, ast.YieldFrom) if getattr(node, "value", None)])
    if node is None:
        return None
    word = b"yield from " if isinstance(node, ast.Yield) else b"yield "
    return code.put(node, b"(" + word + b"(" + code.text(node.value) + b"))")  # type: ignore[attr-defined]


@mutation("a lambda of something else")
def function_of_a_line(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, code.of(ast.Lambda))
    return None if node is None else code.put(node.body, b"None")  # type: ignore[attr-defined]
