"""Ways to write the same tree that older Pythons do not read, or read otherwise."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from improver.judge.masked import FUNCTIONS, OWNERS, docstring

_NAMED = re.compile(r"\\N\{([^}]*)\}")
_COOKIE = re.compile(r"[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")
_DEEPEST = 40
_LAYOUT = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT})


@dataclass(frozen=True)
class Need:
    """Something that only newer Pythons read so.

    Parameters:
        python: the oldest that does, as (major, minor).
    """

    what: str
    python: tuple[int, int]


_WITH = Need("parentheses around the items of `with`", (3, 9))
_STAR_INDEX = Need("a star in brackets", (3, 11))
_STAR_RETURN = Need("a star in what is returned without parentheses", (3, 8))
_STAR_VALUE = Need("a star in an annotated value without parentheses", (3, 8))
_STAR_LOOP = Need("a star in what a loop goes over without parentheses", (3, 9))
_WALRUS = Need("`:=` in brackets or braces without parentheses", (3, 10))
_DECORATOR = Need("a decorator in parentheses", (3, 9))
_DEEP = Need("so many parentheses in each other", (3, 9))
_QUOTES = Need("such quotes or escapes inside of an f-string", (3, 12))


def needs(text: str, tree: ast.Module) -> Iterator[tuple[int, Need]]:
    """Each place where a text is written in a way that needs a newer Python, with its line."""
    source = _Source(text)
    for node in ast.walk(tree):
        need = _need(node, source)
        if need is not None:
            yield getattr(node, "lineno", 1), need
    yield from _names(text)
    if sys.version_info >= (3, 12) and "{" in text:
        yield from _strings(text)
    if _depth(text) > _DEEPEST:
        yield 1, _DEEP


def _need(node: ast.AST, source: _Source) -> Need | None:  # noqa: PLR0911 - one line a kind
    match node:
        case ast.With() | ast.AsyncWith():
            return _WITH if _is_wrapped(node, source) else None
        case ast.Subscript(slice=ast.Tuple() as index) if _is_bare(index):
            return _STAR_INDEX
        case ast.Return(value=ast.Tuple() as value) | ast.Yield(value=ast.Tuple() as value) if _is_bare(value):
            return _STAR_RETURN
        case ast.AnnAssign(value=ast.Tuple() as value) if _is_bare(value):
            return _STAR_VALUE
        case ast.For(iter=ast.Tuple() as value) | ast.AsyncFor(iter=ast.Tuple() as value) if _is_bare(value):
            return _STAR_LOOP
        case ast.Subscript(slice=ast.NamedExpr() as inner) if source.before(inner) != "(":
            return _WALRUS
        case ast.Subscript(slice=ast.Tuple(elts=inner)) | ast.Set(elts=inner):
            bare = any(isinstance(one, ast.NamedExpr) and source.before(one) != "(" for one in inner)
            return _WALRUS if bare else None
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return _DECORATOR if any(source.before(one) == "(" for one in node.decorator_list) else None
        case _:
            return None


class _Source:
    """The text behind the nodes of its tree, whose columns count bytes."""

    def __init__(self, text: str) -> None:
        self.lines = [line.encode("utf-8", "surrogatepass") for line in text.split("\n")]

    def before(self, node: ast.expr) -> str:
        """The last character before a node that is no blank."""
        line, head = node.lineno - 1, self.lines[node.lineno - 1][: node.col_offset]
        while not head.strip(b" \t\f\\") and line > 0:
            line -= 1
            head = self.lines[line].partition(b"#")[0]
        return head.strip(b" \t\f\\")[-1:].decode("ascii", "replace")

    def after(self, node: ast.expr) -> str:
        """The first character after a node that is no blank, comma or comment."""
        line = (node.end_lineno or node.lineno) - 1
        tail = self.lines[line][node.end_col_offset :]
        while line < len(self.lines) - 1 and not tail.partition(b"#")[0].strip(b" \t\f\\,"):
            line += 1
            tail = self.lines[line]
        return tail.strip(b" \t\f\\,")[:1].decode("ascii", "replace")


def _is_wrapped(node: ast.With | ast.AsyncWith, source: _Source) -> bool:
    last = node.items[-1].optional_vars or node.items[-1].context_expr
    several = len(node.items) > 1 or node.items[0].optional_vars is not None
    return several and source.before(node.items[0].context_expr) == "(" and source.after(last) == ")"


def _is_bare(node: ast.Tuple) -> bool:
    """Whether a tuple with a star in it stands without parentheses."""
    if not any(isinstance(one, ast.Starred) for one in node.elts):
        return False
    first, last = node.elts[0], node.elts[-1]
    opened = (node.lineno, node.col_offset) != (first.lineno, first.col_offset)
    closed = (node.end_lineno, node.end_col_offset) != (last.end_lineno, last.end_col_offset)
    return not (opened and closed)


def _strings(text: str) -> Iterator[tuple[int, Need]]:
    """F-strings that hold what they could not before Python 3.12: their own quotes, backslashes, comments, lines."""
    around: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "FSTRING_END":
            around.pop()
            continue
        quote = around[-1] if around else ""
        inner = kind in ("STRING", "FSTRING_START") and (quote in token.string or "\\" in token.string)
        if quote and (inner or kind == "COMMENT" or (len(quote) == 1 and kind == "NL")):
            yield token.start[0], _QUOTES
        if kind == "FSTRING_START":
            around.append(token.string.lstrip("fFrR"))


def _names(text: str) -> Iterator[tuple[int, Need]]:
    """Characters by a name that Unicode may have had only later."""
    for match in _NAMED.finditer(text):
        if not _is_old(match.group(1)):
            yield text.count("\n", 0, match.start()) + 1, Need(f"`{match.group()[:40]}`", (4, 0))


def _is_old(name: str) -> bool:
    try:
        return unicodedata.ucd_3_2_0.category(unicodedata.lookup(name)) != "Cn"
    except (KeyError, TypeError):  # no such name, or one for several characters
        return False


def _depth(text: str) -> int:
    """How deep parentheses stand in each other, strings and comments counted in."""
    depth = deepest = 0
    for sign in re.findall(r"[()\[\]{}]", text):
        depth = max(0, depth + (1 if sign in "([{" else -1))
        deepest = max(deepest, depth)
    return deepest


def same_tokens(old: str, old_tree: ast.Module, new: str, new_tree: ast.Module, *, ascii_alone: bool) -> bool:
    """Whether two texts differ in comments, docstrings and blanks alone, all that is new in them ASCII if need be.

    Parameters:
        ascii_alone: whether a Python that needs a coding line for anything else reads the file.
    """
    if not ascii_alone:  # Python 3 knows hints of parameters and of what is returned
        return _tokens(old, old_tree, _hints(old_tree)) == _tokens(new, new_tree, _hints(new_tree))
    fresh = set(new.split("\n")) - set(old.split("\n"))
    return (_coded(new) or all(line.isascii() for line in fresh)) and _tokens(old, old_tree) == _tokens(new, new_tree)


def _coded(text: str) -> bool:
    return any(_COOKIE.match(line) for line in text.split("\n", 2)[:2])


_Span = tuple[tuple[int, int], tuple[int, int]]


def _hints(tree: ast.Module) -> list[_Span]:
    """Where the annotations of functions stand; columns count bytes."""
    found = [node.annotation for node in ast.walk(tree) if isinstance(node, ast.arg)]
    found += [node.returns for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]
    return sorted(
        ((hint.lineno, hint.col_offset), (hint.end_lineno or 0, hint.end_col_offset or 0))
        for hint in found
        if hint is not None
    )


def _is_inside(start: tuple[int, int], spans: list[_Span]) -> bool:
    index = bisect_left(spans, (start, (1 << 30, 0))) - 1
    return index >= 0 and spans[index][0] <= start < spans[index][1]


def _tokens(text: str, tree: ast.Module, left_out: list[_Span] | None = None) -> list[str]:
    spans = sorted(
        (text_.lineno, text_.end_lineno or text_.lineno)
        for node in ast.walk(tree)
        if isinstance(node, OWNERS) and (text_ := docstring(node)) is not None
    )
    starts = [first for first, _ in spans]
    kept: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        index = bisect_left(starts, token.start[0] + 1) - 1
        inside = token.type == tokenize.STRING and index >= 0 and token.start[0] <= spans[index][1]
        if left_out and _is_inside((token.start[0], len(token.line[: token.start[1]].encode())), left_out):
            if kept and kept[-1] in (":", "->"):
                kept.pop()
            continue
        if token.type not in _LAYOUT and not inside:
            kept.append(token.string)
    return kept
