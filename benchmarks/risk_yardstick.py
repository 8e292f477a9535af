"""What differs between two versions of a Python file, told without any of improver's own judging.

Docstrings and annotations are taken out of both; what is left is compiled, and the code is compared with everything
in it. This is generous: whatever a person would call documentation, layout or a hint is one, also where somebody reads
it at run time. Only the statements at the top of the file whose text differs are looked at.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

KINDS = ("formatting", "comments", "docstrings", "annotations")
DIFFERS, UNREADABLE = "code", "unreadable"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DOCUMENTED = (ast.Module, ast.ClassDef, *FUNCTIONS)
_LINE_END = re.compile(rb"\r\n|\r|\n")
_FOR_TYPES = ("TYPE_CHECKING", "typing.TYPE_CHECKING", "t.TYPE_CHECKING")


def kind_of(before: bytes, after: bytes) -> str:
    """One of `KINDS`, `DIFFERS` when the code differs, `UNREADABLE` when a version is not Python of today."""
    try:
        old, new = _differing(before, after)
        if _key(_code(_bare(old))) != _key(_code(_bare(new))):
            return DIFFERS
        old, new = _differing(before, after)
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return UNREADABLE
    whole = ast.dump(old) != ast.dump(new)
    if _hints(old) != _hints(new):
        return "annotations"
    if whole:
        return "docstrings"
    return "comments" if _comments(before) != _comments(after) else "formatting"


def same_code(before: bytes, after: bytes) -> bool:
    """Whether both versions do the same once docstrings and annotations are out.

    Raises:
        SyntaxError, ValueError: a version is not Python of today.
    """
    old, new = _differing(before, after)
    return _key(_code(_bare(old))) == _key(_code(_bare(new)))


def _differing(before: bytes, after: bytes) -> tuple[ast.Module, ast.Module]:
    """Both versions, without the statements at the top that have the same text at the same place in both."""
    old, new = parsed(before), parsed(after)
    if before.splitlines()[:2] != after.splitlines()[:2]:
        return old, new  # perhaps another encoding, in which the same bytes are another text
    one, other = _segments(old, before), _segments(new, after)
    if len(one) == len(other):
        kept = [index for index, (left, right) in enumerate(zip(one, other, strict=True)) if left != right]
        old.body, new.body = [old.body[index] for index in kept], [new.body[index] for index in kept]
        return old, new
    start = _common(one, other)
    end = _common(one[start:][::-1], other[start:][::-1])
    old.body, new.body = old.body[start : len(one) - end], new.body[start : len(other) - end]
    return old, new


def _segments(tree: ast.Module, content: bytes) -> list[list[bytes]]:
    lines = _LINE_END.split(content)
    return [lines[first_line(node) - 1 : node.end_lineno] for node in tree.body]


def first_line(node: ast.AST) -> int:
    """Where a statement begins, its decorators included."""
    decorators = getattr(node, "decorator_list", [])
    return min(int(getattr(inner, "lineno", 1)) for inner in (node, *decorators))


def _common(one: list[list[bytes]], other: list[list[bytes]]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def parsed(content: bytes) -> ast.Module:
    """The tree of a file, warnings kept quiet.

    Raises:
        SyntaxError, ValueError: it is not Python of today.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(content)


class _Bare(ast.NodeTransformer):
    """Takes docstrings and annotations out, and puts everything on one line."""

    def visit(self, node: ast.AST) -> ast.AST | None:
        if hasattr(node, "lineno"):
            node.lineno = node.end_lineno = 1  # type: ignore[attr-defined]
            node.col_offset = node.end_col_offset = 0  # type: ignore[attr-defined]
        found: ast.AST | None = super().visit(node)
        return found

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, FUNCTIONS):
            node.returns = None
        super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list) and not isinstance(node, ast.Module):
            node.body = _without_text(body) or [ast.Pass(lineno=1, end_lineno=1, col_offset=0, end_col_offset=0)]  # type: ignore[attr-defined]
        elif isinstance(node, ast.Module):
            node.body = _without_text(node.body)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        node.kind = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return self.generic_visit(ast.copy_location(ast.Assign([node.target], node.value), node))

    def visit_If(self, node: ast.If) -> ast.AST | None:
        imports = all(isinstance(inner, ast.Import | ast.ImportFrom) for inner in node.body)
        if imports and not node.orelse and ast.unparse(node.test) in _FOR_TYPES:
            return None
        return self.generic_visit(node)


def _without_text(body: list[ast.stmt]) -> list[ast.stmt]:
    """Without constants that stand alone, and without `pass`."""
    return [
        node
        for node in body
        if not ((isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) or isinstance(node, ast.Pass))
    ]


def _bare(tree: ast.Module) -> ast.Module:
    bare = _Bare().visit(tree)
    assert isinstance(bare, ast.Module)
    return bare


def _code(tree: ast.Module) -> types.CodeType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(tree, "<file>", "exec", dont_inherit=True)
    assert isinstance(code, types.CodeType)
    return code


_ASKED = (
    "co_name", "co_qualname", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount", "co_flags", "co_names",
    "co_varnames", "co_freevars", "co_cellvars", "co_code", "co_exceptiontable", "co_consts",
)  # fmt: skip


def _key(value: object) -> object:
    """All that tells a constant or a code object from others, but for lines and file names."""
    if isinstance(value, types.CodeType):
        return [_key(getattr(value, name, None)) for name in _ASKED]
    if isinstance(value, tuple):
        return ("tuple", *(_key(item) for item in value))
    if isinstance(value, frozenset):
        return ("frozenset", frozenset(str(_key(item)) for item in value))
    return (type(value).__name__, repr(value))


def _hints(tree: ast.Module) -> list[str]:
    """Every annotation, and every import for types, in their order."""
    found = [ast.dump(node) for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) in _FOR_TYPES]
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            hint = getattr(node, name, None)
            if isinstance(hint, ast.AST):
                found.append(ast.dump(hint))
    return found


def _comments(content: bytes) -> list[str]:
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(content).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [token.string.strip("# \t") for token in tokens if token.type == tokenize.COMMENT]


@dataclass(frozen=True, slots=True)
class Thing:
    """A module, class or function of a file.

    Parameters:
        around: the classes and functions it stands in, outermost first.
    """

    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    around: tuple[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, ...] = ()

    @property
    def name(self) -> str:
        """Its simple name; ``the module`` for a module."""
        return "the module" if isinstance(self.node, ast.Module) else self.node.name


def things(tree: ast.Module) -> Iterator[Thing]:
    """The module and every class and function in it, however deep."""
    pending: list[tuple[ast.AST, tuple[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, ...]]] = [(tree, ())]
    while pending:
        node, around = pending.pop()
        if isinstance(node, DOCUMENTED):
            yield Thing(node, around)
            around = () if isinstance(node, ast.Module) else (*around, node)
        pending.extend((child, around) for child in ast.iter_child_nodes(node))
