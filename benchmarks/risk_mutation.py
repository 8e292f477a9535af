"""What a mutation is: one change of behaviour of any kind, made in the text of a file."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from risk_yardstick import DOCUMENTED, FUNCTIONS, first_line, parsed

_LINES = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
Make = Callable[["Code", Random], bytes | None]


@dataclass(frozen=True, slots=True)
class Mutation:
    """One kind of change.

    Parameters:
        acts: why it matters although the code that is left without docstrings and annotations may be the same; empty
            where that code has to differ.
    """

    name: str
    make: Make
    acts: str = ""


MUTATIONS: list[Mutation] = []


def mutation(name: str, *, acts: str = "") -> Callable[[Make], Make]:
    """Register a function that makes one kind of change at a place it chooses, or says ``None``."""

    def register(make: Make) -> Make:
        MUTATIONS.append(Mutation(name, make, acts))
        return make

    return register


@dataclass(frozen=True)
class Code:
    """A file to be mutated: its text, and where the nodes of its tree stand in it.

    Parameters:
        before: its text before the change that is to be mutated.
    """

    content: bytes = field(repr=False)
    before: bytes = field(default=b"", repr=False)

    @cached_property
    def tree(self) -> ast.Module:
        """Its tree; never altered."""
        return parsed(self.content)

    @cached_property
    def lines(self) -> list[bytes]:
        """Its lines with their ends."""
        return _LINES.findall(self.content)

    @cached_property
    def _starts(self) -> list[int]:
        starts = [3 if self.content.startswith(b"\xef\xbb\xbf") else 0]
        position = 0
        for line in self.lines:
            position += len(line)
            starts.append(position)
        return starts

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node that stands for behaviour: no docstrings, no annotations, nothing inside of f-strings."""
        return list(_behaving(self.tree))

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """What each node stands in."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    @cached_property
    def blocks(self) -> list[tuple[ast.AST, list[ast.stmt]]]:
        """Every list of statements, docstrings taken off, with what it stands in; all on lines of their own."""
        found = []
        for node in ast.walk(self.tree):
            for name in ("body", "orelse", "finalbody"):
                body = getattr(node, name, None)
                if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                    rest = body[1:] if name == "body" and is_text(body[0]) else body
                    if rest and all(self.is_alone(statement) for statement in rest):
                        found.append((node, rest))
        return found

    @property
    def deferred(self) -> bool:
        """Whether annotations are not evaluated."""
        return b"import annotations" in self.content

    def of(self, *kinds: type) -> list[ast.AST]:
        """The nodes of some types."""
        return [node for node in self.nodes if isinstance(node, kinds)]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where a node begins and ends, in bytes."""
        start = self._starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        return start, self._starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]

    def text(self, node: ast.AST) -> bytes:
        """What is written for a node."""
        start, end = self.span(node)
        return self.content[start:end]

    def put(self, node: ast.AST, text: bytes) -> bytes:
        """The file with something else written for a node."""
        start, end = self.span(node)
        return self.content[:start] + text + self.content[end:]

    def insert(self, position: int, text: bytes) -> bytes:
        """The file with something written between two bytes."""
        return self.content[:position] + text + self.content[position:]

    def with_lines(self, first: int, last: int, lines: list[bytes]) -> bytes:
        """The file with other lines instead of some, which are counted from one."""
        return b"".join([*self.lines[: first - 1], *lines, *self.lines[last:]])

    def lines_of(self, node: ast.stmt) -> tuple[int, int]:
        """The first line of a statement, decorators included, and its last."""
        return first_line(node), node.end_lineno or node.lineno

    def taken(self, node: ast.stmt) -> list[bytes]:
        """The lines of a statement."""
        first, last = self.lines_of(node)
        return self.lines[first - 1 : last]

    def indent(self, node: ast.stmt) -> bytes:
        """What stands before a statement that is alone on its lines."""
        return self.lines[node.lineno - 1][: node.col_offset]

    def is_alone(self, node: ast.stmt) -> bool:
        """Whether a statement has its lines for itself."""
        before = self.lines[node.lineno - 1][: node.col_offset]
        after = self.lines[(node.end_lineno or 1) - 1][node.end_col_offset or 0 :].strip()
        return not before.strip() and (not after or after.startswith(b"#"))


def is_text(node: ast.AST) -> bool:
    """Whether a statement is a string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _behaving(tree: ast.Module) -> Iterator[ast.AST]:
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        yield node
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns") or isinstance(node, ast.JoinedStr):
                continue
            inner = value if isinstance(value, list) else [value]
            pending.extend(child for child in inner if isinstance(child, ast.AST) and not is_text(child))


def other(code: Code, node: ast.AST, change: Callable[[ast.AST], object]) -> bytes:
    """The file with an expression changed as a tree, and written anew in brackets."""
    changed = copy.deepcopy(node)
    change(changed)
    return code.put(node, b"(" + ast.unparse(changed).encode() + b")")


def one_of(chance: Random, nodes: list[ast.AST]) -> ast.AST | None:
    """One of some nodes; ``None`` of none."""
    return chance.choice(nodes) if nodes else None


def documented(code: Code) -> list[ast.AST]:
    """The modules, classes and functions that have a docstring."""
    return [
        node for node in ast.walk(code.tree) if isinstance(node, DOCUMENTED) and node.body and is_text(node.body[0])
    ]


def functions(code: Code) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function, however deep."""
    return [node for node in ast.walk(code.tree) if isinstance(node, FUNCTIONS)]
