"""Whether the body of a class is run with names that a metaclass of the repository provides."""

from __future__ import annotations

import ast

from improver.judge.classes import KnownNames
from improver.judge.library import Library, Unit

_WORD = "__prepare__"
_DEEPEST = 12


def prepared(
    around: tuple[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, ...], unit: Unit, library: Library
) -> str:
    """Who may provide the names of the class that a method stands in; empty when nobody does.

    Parameters:
        around: the classes and functions around the method, from the outside in.
    """
    if not around or not isinstance(around[-1], ast.ClassDef) or not _heads(around[-1]):
        return ""
    here = any(_mentions(node) for node in ast.walk(unit.tree))
    files = library.repository.files.items()
    found = next((path for path, content in files if path.endswith(".py") and _WORD.encode() in content), "")
    if not found and not here:
        return ""
    given = library.meddling.special(frozenset({_WORD}))
    if not given and _is_plain(around[-1], KnownNames(unit, library), 0):
        return ""
    return f"`{_WORD}` ({found or unit.path}) may provide the names of the class"


def _mentions(node: ast.AST) -> bool:
    words = (getattr(node, "name", None), getattr(node, "attr", None), getattr(node, "id", None))
    return _WORD in words or (isinstance(node, ast.Constant) and node.value == _WORD)


def _heads(node: ast.ClassDef) -> list[ast.expr]:
    return [*node.bases, *(keyword.value for keyword in node.keywords if keyword.arg in (None, "metaclass"))]


def _is_plain(node: ast.ClassDef, names: KnownNames, depth: int) -> bool:
    """Whether no class that one is made of, nor that of its metaclass, can provide names."""
    own = any(_mentions(inner) for inner in ast.walk(node))
    return not own and depth < _DEEPEST and all(_is_plain_head(head, names, depth) for head in _heads(node))


def _is_plain_head(head: ast.expr, names: KnownNames, depth: int) -> bool:
    inner = head.value if isinstance(head, ast.Subscript) else head
    found = names.definition(inner)
    if found is not None:
        return _is_plain(*found, depth + 1)
    root = names.full(inner).partition(".")[0]
    return bool(root) and not any(_is_inside(path, root) for path in names.library.repository.files)


def _is_inside(path: str, root: str) -> bool:
    return f"/{root}/" in f"/{path}" or f"/{path}".endswith(f"/{root}.py")
