"""Puts a docstring into a file without touching anything else.

LibCST edits the smallest piece that can hold the docstring: a header with a placeholder for its
body. What differs is spliced into the bytes of the file.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from improver.analyzers.docstring.encoded import Encoded, encoded
from improver.values import Edit, Skipped

if TYPE_CHECKING:
    from improver.analyzers.docstring.concrete import Docstring

Block = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
Lines = Callable[[str], tuple[str, ...]]
_Span = tuple[int, str, str]

_DIRECTIVE = re.compile(
    r"#.*\b(noqa|nopep8|nosec|nosonar|noinspection|pragma|no\s?cover|type:|pyre-"
    r"|(pylint|pyright|ruff|flake8|mypy|isort|fmt|yapf|autopep8|codespell|improver)\s*[:=])",
    re.IGNORECASE,
)
_FIRST_BLOCK = re.compile(
    rb"(?:\A|[\r\n])(?:async|class|def|elif|else|except|for|if|try|while|with)\b[^\r\n#]*:[ \t]*"
    rb"(?:\r\n?|\n)([ \t]+)(?![\s#])"
)


def insertion(source: bytes, path: str, node: ast.Module | Block, lines: Lines) -> Edit | Skipped:
    """The edit that gives a module, class or function its docstring, or why there is none.

    Parameters:
        source: the whole file.
        path: the file, relative to the repository.
        node: what gets the docstring, as `ast` parsed it from exactly this source.
        lines: the lines of the literal for an indentation, each with that indentation. A `ValueError` says
            that it cannot be written.
    """
    try:
        if not node.body:
            raise ValueError("it is empty")
        if _begins_with_text(node.body[0]):
            raise ValueError("it begins with a string already")
        file = encoded(source)
        span = _in_module(file, node, lines) if isinstance(node, ast.Module) else _in_block(file, node, lines)
        return file.edit(path, *span)
    except ValueError as problem:
        return Skipped(f"{path}:{getattr(node, 'lineno', 1)}", str(problem))


def _in_module(file: Encoded, node: ast.Module, lines: Lines) -> _Span:
    from improver.analyzers.docstring import concrete  # noqa: PLC0415 - see there

    first = _start(file, node.body[0])
    _indentation(file, first)
    first = file.line_start(first)
    old = file.text(0, first)
    docstring = _docstring(lines, "", file.newline(first), 1)
    new = concrete.in_module(concrete.parsed(old), docstring, _kind(node.body[0]))
    _prove(node, new + concrete.PLACEHOLDER, docstring)
    at, before, after = _difference(old, new, docstring.newline)
    return len(old[:at].encode()), before, after


def _in_block(file: Encoded, node: Block, lines: Lines) -> _Span:
    from improver.analyzers.docstring import concrete  # noqa: PLC0415 - see there

    start, first = file.offset(node.lineno, node.col_offset), _start(file, node.body[0])
    old, outer, tail, apart = file.text(start, first), _indentation(file, start), "", ""
    tree = concrete.parsed(old)
    if newline := concrete.block_newline(tree):
        indent = _indentation(file, first)
    else:
        newline = file.newline(first)
        indent = outer + _unit(file.content, outer)
        tail, apart = _rest_of_opened(file, node, first, newline)
    blank = 1 if isinstance(node, ast.ClassDef) or isinstance(node.body[0], Block) else 0
    docstring = _docstring(lines, indent, newline, blank)
    new = concrete.in_block(tree, docstring, indent)
    _prove(node, new + concrete.PLACEHOLDER, docstring)
    at, before, after = _difference(old, new, newline)
    if apart:
        before, after = old[at:] + tail, new[at:] + tail + apart
    return start + len(old[:at].encode()), before, after


def _rest_of_opened(file: Encoded, node: Block, first: int, newline: str) -> tuple[str, str]:
    """The text of a one-line body up to the end of its line, and the blank lines it needs once it is opened.

    They are needed where the next line continues the block around, as one-line definitions may stand close together.
    """
    start = file.line_start(file.offset(node.lineno, node.col_offset))
    if file.content[max(0, start - 3) : start].rstrip(b"\r\n").endswith(b"\\"):
        raise ValueError("its line continues the one before")
    end = file.offset(node.body[-1].end_lineno or 1, node.body[-1].end_col_offset or 0)
    stop = file.line_end(end)
    behind = file.text(end, stop)
    if not re.fullmatch(r"[\s;]*(#.*)?", behind):
        raise ValueError("its one-line body goes on on the next line")
    if _DIRECTIVE.search(behind):
        raise ValueError("the comment behind its one-line body may be an order for its header")
    outer = file.content[start : start + node.col_offset]
    following = file.content[stop + len(file.newline(stop)) :][: len(outer) + 1]
    if following[: len(outer)] == outer and following[len(outer) :].strip():
        return file.text(first, stop), newline * (1 if outer else 2)
    return "", ""


def _docstring(lines: Lines, indent: str, newline: str, blank: int) -> Docstring:
    from improver.analyzers.docstring.concrete import Docstring  # noqa: PLC0415 - see there

    written = lines(indent)
    if any(line and not line.startswith(indent) for line in written):
        raise ValueError("its docstring was not written for its indentation")
    try:
        value = ast.literal_eval("\n".join(written).strip())
    except SyntaxError:
        value = None
    if not isinstance(value, str):
        raise ValueError("its docstring would not be a string")
    return Docstring(newline.join(written)[len(indent) :], value, newline, blank)


def _prove(node: ast.Module | Block, code: str, docstring: Docstring) -> None:
    """The header must be followed by the docstring, and that by nothing but the placeholder."""
    tree = _reparsed(code)
    found = tree if isinstance(node, ast.Module) else tree.body[0]
    same = type(found) is type(node) and getattr(found, "name", "") == getattr(node, "name", "")
    match getattr(found, "body", []):
        case [ast.Expr(ast.Constant(value)), ast.Pass()] if same and value == docstring.value:
            return
    raise ValueError("the docstring would not be read as one")


def _reparsed(code: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError("the docstring would break the syntax") from None


def _difference(old: str, new: str, newline: str) -> _Span:
    """Where the texts differ, what stands there in the old one, and what in the new one."""
    tail = _common(old[::-1], new[::-1])
    before, after = old[: len(old) - tail], new[: len(new) - tail]
    head = len(before) if after.startswith(before) else _common(before, after)
    before, after = before[head:], after[head:]
    if not before and after.startswith(newline) and old.startswith(newline, head):
        return head + len(newline), "", after.removeprefix(newline) + newline
    if before.strip(" \t\f\r\n\\"):
        raise ValueError("more than white space would have to go")
    return head, before, after


def _common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((number for number, (left, right) in pairs if left != right), min(len(one), len(other)))


def _start(file: Encoded, statement: ast.stmt) -> int:
    """Where a statement begins, decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    if not decorators:
        return file.offset(statement.lineno, statement.col_offset)
    return max(0, file.content.rfind(b"@", 0, file.offset(decorators[0].lineno, decorators[0].col_offset)))


def _kind(statement: ast.stmt) -> str:
    if not isinstance(statement, Block):
        return "statement"
    return "decorator" if statement.decorator_list else "definition"


def _indentation(file: Encoded, offset: int) -> str:
    """What stands before a statement on its line; a form feed starts that anew."""
    lead = file.content[file.line_start(offset) : offset]
    if lead.strip(b" \t\f"):
        raise ValueError("it does not begin its line")
    return lead.rpartition(b"\f")[2].decode()


@lru_cache(maxsize=4)
def _unit(content: bytes, outer: str) -> str:
    """By how much the file indents a block."""
    if found := _FIRST_BLOCK.search(content):
        return found[1].decode()
    return "\t" if "\t" in outer else "    "


def _begins_with_text(statement: ast.stmt) -> bool:
    """Whether it is a string, or an expression that begins with one and is meant to be a docstring."""
    if not isinstance(statement, ast.Expr):
        return False
    value: ast.expr = statement.value
    while True:
        match value:
            case ast.BinOp(left=inner) | ast.Call(func=inner) | ast.Attribute(value=inner) | ast.Subscript(value=inner):
                value = inner
            case ast.Constant(value=constant):
                return isinstance(constant, str | bytes)
            case _:
                return isinstance(value, ast.JoinedStr) or type(value).__name__ == "TemplateStr"
