"""Mutations of what functions and classes are declared with: names, parameters, defaults, decorators, bases."""

from __future__ import annotations

import ast
from random import Random

from risk_mutation import Code, functions, mutation, one_of


@mutation("a function `async` or not")
def asynchronous(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, list(functions(code)))
    if node is None:
        return None
    text = code.text(node)
    return code.put(node, text.removeprefix(b"async ") if text.startswith(b"async") else b"async " + text)


@mutation("a function or class renamed")
def renamed(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, code.of(ast.FunctionDef, ast.ClassDef))
    if node is None:
        return None
    name = node.name.encode()  # type: ignore[attr-defined]
    return code.put(node, code.text(node).replace(name, name + b"_", 1))


@mutation("a decorator added")
def decorated(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, [node for node in functions(code) if code.is_alone(node)])
    if node is None:
        return None
    word = chance.choice((b"staticmethod", b"property", b"print", b"classmethod", b"lambda function: None"))
    return code.insert(code.span(node)[0], b"@" + word + b"\n" + code.indent(node))  # type: ignore[arg-type]


@mutation("a decorator dropped")
def undecorated(code: Code, chance: Random) -> bytes | None:
    fits = [node for node in code.of(ast.FunctionDef, ast.ClassDef) if node.decorator_list]  # type: ignore[attr-defined]
    node = one_of(chance, fits)
    if node is None:
        return None
    decorator = chance.choice(node.decorator_list)  # type: ignore[attr-defined]
    return code.with_lines(decorator.lineno, decorator.end_lineno, [])


@mutation("a base class added or dropped")
def other_base(code: Code, chance: Random) -> bytes | None:
    node = one_of(chance, code.of(ast.ClassDef))
    if node is None:
        return None
    if node.bases:  # type: ignore[attr-defined]
        return code.put(node.bases[0], b"object" if code.text(node.bases[0]) != b"object" else b"dict")  # type: ignore[attr-defined]
    name = node.name.encode()  # type: ignore[attr-defined]
    return code.put(node, code.text(node).replace(name, name + b"(dict)", 1).replace(b"(dict)(", b"(dict, ", 1))


def _arguments(code: Code, chance: Random, least: int) -> list[ast.arg]:
    fits = [node.args.args for node in functions(code) if len(node.args.args) >= least]
    return chance.choice(fits) if fits else []


@mutation("parameters by keyword or by place alone")
def marker(code: Code, chance: Random) -> bytes | None:
    given = _arguments(code, chance, 2)
    if not given:
        return None
    return code.insert(code.span(given[1])[0], chance.choice((b"*, ", b"/, ")))


@mutation("parameters swapped")
def swapped_parameters(code: Code, chance: Random) -> bytes | None:
    given = [argument for argument in _arguments(code, chance, 2) if argument.annotation is None]
    if len(given) < 2:
        return None
    (first, end), (start, last) = code.span(given[-2]), code.span(given[-1])
    text = code.content
    return text[:first] + text[start:last] + text[end:start] + text[first:end] + text[last:]


@mutation("a parameter renamed")
def renamed_parameter(code: Code, chance: Random) -> bytes | None:
    given = _arguments(code, chance, 1)
    if not given:
        return None
    node = chance.choice(given)
    return code.insert(code.span(node)[0], b"_")


@mutation("a default: another one, or none")
def default(code: Code, chance: Random) -> bytes | None:
    found = [value for node in functions(code) for value in (*node.args.defaults, *node.args.kw_defaults) if value]
    if not found:
        return None
    node = chance.choice(found)
    if chance.random() < 0.7:
        return code.put(node, chance.choice((b"None", b"[]", b"(0, 1)", b"-0.0")))
    start, end = code.span(node)
    return code.content[: code.content.rindex(b"=", 0, start)] + code.content[end:]
