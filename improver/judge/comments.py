"""Comments of a file, and those among them that give orders."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from improver.judge.erase import flat
from improver.judge.masked import OWNERS, docstring, statements_of, without_text
from improver.judge.orders import compact, gives_orders, in_blocks

_STRING_OR_COMMENT = re.compile(
    r"""\#[^\n]* | (?:\b[rRbBuUfF]{1,2})? (?: \"\"\" (?:[^\\"]|\\.|\"(?!\"\"))* \"\"\" | ''' (?:[^\\']|\\.|'(?!''))* '''
    | " (?:[^"\\\n]|\\.)* " | ' (?:[^'\\\n]|\\.)* ' )""",
    re.VERBOSE | re.DOTALL,
)
_BETWEEN = re.compile(r"\b(?:else|elif|try|finally)\b")
_OPENS, _CLOSES = re.compile(r"[(\[{]"), re.compile(r"[)\]}]")
_ANYWHERE = sys.maxsize


@dataclass(frozen=True)
class Comment:
    """A comment, its `#` included.

    Parameters:
        alone: whether nothing stands before it on its line.
        code: what stands before it on its line.
        orders: whether it tells some tool what to do.
    """

    line: int
    column: int
    text: str
    code: str = ""
    orders: bool = False

    @property
    def alone(self) -> bool:
        """Whether nothing stands before it on its line."""
        return not self.code.strip()

    @property
    def plain(self) -> str:
        """The text without the blanks that a formatter may change."""
        return compact(self.text) if self.orders else self.text.lstrip("#").strip()


@dataclass(frozen=True)
class Place:
    """Where a comment stands, in a form that neither layout nor text nor annotations change.

    Parameters:
        text: the comment.
        before: how many parts of the program begin before it.
        depth: how many blocks it stands in, where it stands alone; else -1.
        first: whether it stands above the docstring of the module, where that matters to who obeys it.
        covers: how many parts begin on its line.
        inside: whether brackets are open after its line; like `covers`, layout alone changes this.
    """

    text: str
    before: int
    depth: int
    first: bool
    covers: int
    inside: bool

    def silences_no_more(self, other: Place) -> bool:
        """Whether it is where the other was, and holds for nothing that the other did not hold for."""
        same = replace(self, covers=0, inside=False) == replace(other, covers=0, inside=False)
        return same and self.covers <= other.covers and self.inside >= other.inside


def comments_of(text: str) -> list[Comment]:
    """The comments of a text that parses.

    Raises:
        tokenize.TokenError: it cannot be cut into tokens.
    """
    if "#" not in text:
        return []
    found = list(_by_tokens(text) if sys.version_info >= (3, 12) else _by_pattern(text))
    inside = in_blocks([comment.text for comment in found])
    return [
        replace(comment, orders=within or gives_orders(comment.text))
        for comment, within in zip(found, inside, strict=True)
    ]


def _by_tokens(text: str) -> Iterator[Comment]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            line, column = token.start
            yield Comment(line, column, token.string, token.line[:column])


def _by_pattern(text: str) -> Iterator[Comment]:
    """Before Python 3.12 no string holds its own quotes, so that one pattern is enough, at a tenth of the time."""
    starts = _line_starts(text)
    for match in _STRING_OR_COMMENT.finditer(text):
        if match.group().startswith("#"):
            line = bisect_right(starts, match.start())
            start = starts[line - 1]
            yield Comment(line, match.start() - start, match.group(), text[start : match.start()])


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", text))]


def places(text: str, tree: ast.Module, comments: list[Comment]) -> list[Place]:
    """Where each comment stands: one behind code holds for its line, one that stands alone for what follows."""
    if not comments:
        return []
    bare = _STRING_OR_COMMENT.sub(lambda match: "\n" * match.group().count("\n"), text)
    lines = sorted([*_begun(tree), *_words_between(bare)])
    opened = _opened(bare)
    found: list[Place] = []
    for comment in comments:
        before = bisect_right(lines, comment.line)
        covers = 0 if comment.alone else before - bisect_left(lines, comment.line)
        depth = _depth(tree, comment) if comment.alone else -1
        first = comment.plain.startswith("type:") and comment.line < _first_statement(tree)
        inside = not comment.alone and opened[comment.line - 1] > 0
        found.append(Place(comment.plain, before, depth, first, covers, inside))
    return found


def _first_statement(tree: ast.Module) -> int:
    return _first_line(tree.body[0]) if tree.body else _ANYWHERE


def _begun(tree: ast.Module) -> Iterator[int]:
    """The line on which each node begins, text and annotations apart."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        line = getattr(node, "lineno", None)
        if line is not None:
            yield line
        if isinstance(node, ast.Delete):  # a formatter may put parentheses around what is deleted
            pending.extend(flat(node.targets))
            continue
        text = _text_of(node) if isinstance(node, OWNERS) else ()
        for child in ast.iter_child_nodes(node):
            if child not in text and not _is_annotation(child, node):
                pending.append(child)


def _words_between(bare: str) -> Iterator[int]:
    """The line of each word that no node begins with, though a block does."""
    starts = _line_starts(bare)
    for match in _BETWEEN.finditer(bare):
        yield bisect_right(starts, match.start())


def _opened(bare: str) -> list[int]:
    """How many brackets are open at the end of each line."""
    lines = bare.split("\n")
    return list(accumulate(len(_OPENS.findall(line)) - len(_CLOSES.findall(line)) for line in lines))


def _depth(tree: ast.Module, comment: Comment) -> int:
    """How many blocks a comment stands in, by its column; 0 inside of a statement that goes over lines."""
    node: ast.AST = tree
    columns: list[int] = []
    while inner := [child for child in statements_of(node) if _first_line(child) < comment.line]:
        node = max(inner, key=_first_line)
        columns.append(getattr(node, "col_offset", _ANYWHERE))
    last = getattr(node, "end_lineno", 0)
    if isinstance(node, ast.stmt) and last >= comment.line and not any(True for _ in statements_of(node)):
        return 0
    around = sorted({column for column in columns if column != _ANYWHERE})
    depth = sum(column <= comment.column for column in around)
    return depth + (bool(around) and comment.column > around[-1])


def _first_line(node: ast.AST) -> int:
    if isinstance(node, ast.match_case):
        return node.pattern.lineno
    return min(int(inner.lineno) for inner in (node, *getattr(node, "decorator_list", ())))


def _text_of(node: ast.AST) -> list[ast.AST]:
    kept = {id(statement) for statement in without_text(node)}
    return [statement for statement in node.body if id(statement) not in kept or statement is docstring(node)]  # type: ignore[attr-defined]


def _is_annotation(child: ast.AST, node: ast.AST) -> bool:
    return child is getattr(node, "annotation", None) or child is getattr(node, "returns", None)


@dataclass(frozen=True)
class CommentChange:
    """How the comments of two versions differ.

    Parameters:
        text: whether some that are only for people differ.
        order: one that gives orders and came, went or moved; empty when there is none.
        line: where it is now, 1 when it went.
        moved: whether the same one was there, at another place.
    """

    text: bool = False
    order: str = ""
    line: int = 1
    moved: bool = False


def changed_comments(old: str, old_tree: ast.Module, new: str, new_tree: ast.Module) -> CommentChange:
    """How the comments of two versions differ, whose trees are equal but for text and annotations.

    Raises:
        tokenize.TokenError: a version cannot be cut into tokens.
    """
    before, after = comments_of(old), comments_of(new)
    text = [one.plain for one in before if not one.orders] != [one.plain for one in after if not one.orders]
    orders = [comment for comment in after if comment.orders]
    gone = places(old, old_tree, [comment for comment in before if comment.orders])
    for comment, place in zip(orders, places(new, new_tree, orders), strict=True):
        twin = next((one for one in gone if place.silences_no_more(one)), None)
        if twin is None:
            moved = any(place.text == one.text for one in gone)
            return CommentChange(text, comment.text[:60], comment.line, moved)
        gone.remove(twin)
    return CommentChange(text, gone[0].text[:60]) if gone else CommentChange(text)
