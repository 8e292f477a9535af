"""Which modules of a repository importing one of them may import."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from improver.judge.names import dotted

if TYPE_CHECKING:
    from improver.judge.library import Library, Unit

_UNFOLLOWED = (b"import_module", b"__import__", b"exec(", b"runpy")


def reached(start: str, library: Library) -> frozenset[str] | None:
    """All modules that importing a path may import; ``None`` when that is not known."""
    seen = {start}
    pending = [start]
    while pending:
        found = _imports(pending.pop(), library)
        if found is None:
            return None
        pending += [one for one in found if one not in seen]
        seen |= found
    return frozenset(seen)


def _imports(path: str, library: Library) -> set[str] | None:
    content, unit = library.repository.files.get(path, b""), library.unit(path)
    if unit is None or any(word in content for word in _UNFOLLOWED):
        return None
    found: set[str] = set()
    for node in _run(unit.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found |= _on_the_way(unit, alias.name, 0, library)
        elif isinstance(node, ast.ImportFrom):
            found |= _on_the_way(unit, node.module or "", node.level, library)
            for alias in node.names:
                found |= _on_the_way(unit, f"{node.module or ''}.{alias.name}".strip("."), node.level, library)
    return found


def _on_the_way(unit: Unit, name: str, level: int, library: Library) -> set[str]:
    """The files that importing a dotted name runs, but for the packages that the module lies in itself."""
    words = name.split(".") if name else []
    paths = {library.find(unit, ".".join(words[:end]), level) for end in range(1, len(words) + 1)}
    if level and not words:
        paths.add(library.find(unit, "", level))
    return {path for path in paths if path and not _is_around(path, unit.path)}


def _is_around(path: str, inner: str) -> bool:
    return path.endswith("__init__.py") and inner.startswith(path.removesuffix("__init__.py"))


def _run(tree: ast.Module) -> Iterator[ast.AST]:
    """All nodes but what is for type checkers alone."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.If) and dotted(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            pending.extend(node.orelse)
        else:
            pending.extend(ast.iter_child_nodes(node))
