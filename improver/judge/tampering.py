"""Whether a module changes its own names, or those of `typing` and the builtins, other than by binding them."""

from __future__ import annotations

import ast

from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted

_LOOKS_ONLY = frozenset({"get", "items", "keys", "values", "copy"})
_OWN = frozenset({"vars", "locals"})
_NAMESPACES = frozenset({"globals", "vars", "locals"})
_OTHERS = frozenset({"builtins", "__builtins__", "typing", "collections.abc"})


def tampering(tree: ast.Module) -> str:
    """What may make names of a module stand for something else; empty when nothing does."""
    harmless: set[ast.AST] = set()
    for node in ast.walk(tree):
        taken = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load)
        if taken or (isinstance(node, ast.Attribute) and node.attr in _LOOKS_ONLY):
            harmless.add(node.value)  # type: ignore[attr-defined]
        elif isinstance(node, ast.Compare):
            harmless.update(node.comparators)
        elif isinstance(node, FUNCTIONS):  # whose own names these are
            harmless.update(one for one in ast.walk(node) if isinstance(one, ast.Call) and dotted(one.func) in _OWN)
    for node in ast.walk(tree):
        word = _tampers(node, harmless)
        if word:
            return f"`{word}` in line {getattr(node, 'lineno', 1)} may change what names stand for"
    return ""


def _tampers(node: ast.AST, harmless: set[ast.AST]) -> str:
    if isinstance(node, ast.Call):
        name = dotted(node.func)
        if (name == "exec" and len(node.args) < 2) or (name in _NAMESPACES and not node.args and node not in harmless):
            return name
        if name in ("setattr", "delattr") and node.args and dotted(node.args[0]) in _OTHERS:
            return name
    if isinstance(node, ast.Subscript) and dotted(node.value) in ("sys.modules", "modules"):
        return "sys.modules" if _is_own(node.slice) else ""
    if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and dotted(node.value) in _OTHERS:
        return dotted(node)
    return ""


def _is_own(node: ast.expr) -> bool:
    """Whether a key of `sys.modules` is the module itself, or one whose names matter everywhere."""
    if isinstance(node, ast.Constant):
        return node.value in _OTHERS
    return isinstance(node, ast.Name) and node.id == "__name__"
