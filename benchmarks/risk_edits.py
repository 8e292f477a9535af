"""Plain additions: a docstring where there is none or more words in the one there is, hints for one function."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from random import Random

from risk_mutation import Code, is_text
from risk_yardstick import FUNCTIONS, Thing

_QUOTES = re.compile(rb"\"\"\"|'''|\"|'")
_SENTENCE = b"Say what it is good for."
Function = ast.FunctionDef | ast.AsyncFunctionDef


def described(code: Code, thing: Thing) -> bytes | None:
    """The file with a docstring for something that has none; ``None`` where that is not plain to write."""
    body = thing.node.body
    text = b'"""' + _SENTENCE + b'"""'
    if isinstance(thing.node, ast.Module):
        line = next((index for index, line in enumerate(code.lines) if not line.startswith(b"#")), len(code.lines))
        return b"".join([*code.lines[:line], text + b"\n", *code.lines[line:]])
    if is_text(body[0]) or thing.node.lineno == body[0].lineno:
        return None
    first = min([body[0].lineno, *(node.lineno for node in getattr(body[0], "decorator_list", []))])
    indent = code.lines[first - 1][: body[0].col_offset]
    return code.with_lines(first, first, [indent + text + b"\n", code.lines[first - 1]]) if not indent.strip() else None


def lengthened(code: Code, thing: Thing) -> bytes | None:
    """The file with one sentence more in a docstring; ``None`` where there is none."""
    if not thing.node.body or not is_text(thing.node.body[0]):
        return None
    first = thing.node.body[0]
    text = code.text(first)
    quotes = b'"""' if text.endswith(b'"""') else b"'''" if text.endswith(b"'''") else text[-1:]
    if not _QUOTES.fullmatch(quotes):
        return None
    gap = b"\n\n" + code.indent(first) if len(quotes) == 3 else b" "
    end = b"\n" + code.indent(first) if b"\n" in text and len(quotes) == 3 else b""
    return code.put(first, text[: -len(quotes)].rstrip() + gap + _SENTENCE + end + quotes)


def hinted(code: Code, node: Function, python: tuple[int, int], chance: Random) -> bytes | None:
    """The file with hints for all parameters of a function without any, and ``None`` where it returns nothing.

    Parameters:
        python: the oldest Python that runs it.
    """
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    plain = [argument for argument in given if argument.arg not in ("self", "cls")]
    if any(argument.annotation for argument in plain) or node.returns is not None:
        return None
    hints = _hints(code, node, python)
    places = [(code.span(argument)[1], f": {chance.choice(hints)}".encode()) for argument in plain]
    if not any(_returns_value(node)):
        end = _end_of_head(code, node)
        places += [(end, b" -> None")] if end is not None else []
    return _with_all(code.content, places) if places else None


def _hints(code: Code, node: Function, python: tuple[int, int]) -> list[str]:
    words = ["int", "str", "bool", "dict", "bytes"]
    words += ["list[str]", "tuple[int, ...]"] if python >= (3, 9) or code.deferred else []
    imported = [
        alias.name
        for part in code.tree.body
        if isinstance(part, ast.ImportFrom) and part.module == "typing"
        for alias in part.names
        if alias.asname is None
    ]
    words += [f"{name}[str]" for name in imported if name in ("List", "Optional", "Iterable", "Sequence", "Set")]
    above = [part for part in code.tree.body if isinstance(part, ast.ClassDef) and (part.end_lineno or 0) < node.lineno]
    return words + [part.name for part in above[-1:] if not part.keywords and not part.decorator_list]


def _returns_value(node: ast.AST) -> Iterator[bool]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            continue
        if isinstance(child, ast.Yield | ast.YieldFrom) or (isinstance(child, ast.Return) and child.value is not None):
            yield True
        yield from _returns_value(child)


def _end_of_head(code: Code, node: Function) -> int | None:
    """Where a result is written: behind the bracket that closes the parameters."""
    first, depth, last = node.lineno, 0, None
    lines = iter(code.lines[first - 1 : node.body[0].lineno])
    try:
        for token in tokenize.tokenize(lambda: next(lines, b"")):
            depth += (token.string in ("(", "[", "{")) - (token.string in (")", "]", "}"))
            if token.string == ")":
                last = token.end
            if token.string == ":" and not depth and last is not None:
                before = sum(map(len, code.lines[: first + last[0] - 2]))
                return before + len(code.lines[first + last[0] - 2].decode()[: last[1]].encode())
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError):
        return None
    return None


def _with_all(content: bytes, places: list[tuple[int, bytes]]) -> bytes:
    for position, text in sorted(places, reverse=True):
        content = content[:position] + text + content[position:]
    return content


def stripped(code: Code, node: Function) -> bytes | None:
    """The file without the hints of one function, so that the file itself is the addition; ``None`` without any."""
    cuts = []
    arguments = node.args
    stars = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *stars):
        if argument.annotation is not None:
            start = code.span(argument)[0]
            cuts.append((start + len(argument.arg.encode()), code.span(argument)[1]))
    if node.returns is not None:
        start = code.content.rfind(b"->", 0, code.span(node.returns)[0])
        cuts.append((start, code.span(node.returns)[1]))
    content = code.content
    for start, end in sorted(cuts, reverse=True):
        content = content[:start].rstrip(b" ") + content[end:]
    return content if cuts else None
