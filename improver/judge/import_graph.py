"""Which modules of a repository importing one of them may import."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted

if TYPE_CHECKING:
    from improver.judge.library import Library, Unit

_UNFOLLOWED = frozenset({"import_module", "__import__", "exec", "runpy", "exec_module"})
_KEEPS = frozenset({"staticmethod", "classmethod", "property", "abstractmethod", "overload"})


def reached(start: str, library: Library) -> frozenset[str] | None:
    """All modules that importing a path may import; ``None`` when that is not known.

    An import inside of a function counts, unless nothing that runs when these modules are imported could call it.
    """
    at_once = _reached(start, library, inside=False)
    if at_once is not None and not _calls_importers(at_once, library):
        return at_once
    return _reached(start, library, inside=True)


def _reached(start: str, library: Library, *, inside: bool) -> frozenset[str] | None:
    seen = {start}
    pending = [start]
    while pending:
        found = _imports(pending.pop(), library, inside=inside)
        if found is None:
            return None
        pending += [one for one in found if one not in seen]
        seen |= found
    return frozenset(seen)


def _imports(path: str, library: Library, *, inside: bool) -> set[str] | None:
    unit = library.unit(path)
    nodes = list(_run(unit.tree, inside=inside)) if unit is not None else []
    if unit is None or _follows_none(nodes):
        return None
    return _imported(nodes, unit, library)


def _follows_none(nodes: list[ast.AST]) -> bool:
    """Whether something is imported or run that only its run tells."""
    return bool(_words(nodes) & _UNFOLLOWED)


def _imported(nodes: Iterable[ast.AST], unit: Unit, library: Library) -> set[str]:
    found: set[str] = set()
    for node in nodes:
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


def _run(tree: ast.AST, *, inside: bool) -> Iterator[ast.AST]:
    """All nodes but what is for type checkers alone, and without the bodies of functions if they do not count."""
    pending: list[ast.AST] = [tree]
    flags = {"TYPE_CHECKING", *(f"{name}.TYPE_CHECKING" for name in _typing(tree))}
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.If) and dotted(node.test) in flags:
            pending.extend(node.orelse)
        elif isinstance(node, (ast.Lambda, *FUNCTIONS)) and not inside:
            body = node.body if isinstance(node.body, list) else [node.body]
            pending.extend(child for child in ast.iter_child_nodes(node) if child not in body)
        else:
            pending.extend(ast.iter_child_nodes(node))


def _typing(tree: ast.AST) -> Iterator[str]:
    """The names that a module imports `typing` under."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.asname or alias.name for alias in node.names if alias.name == "typing")


# --- which functions import more, and whether they are called at once ---------------------------------------------


def _calls_importers(paths: frozenset[str], library: Library) -> bool:
    """Whether what runs when modules are imported may call a function that imports one that is not among them."""
    units = [unit for path in paths if (unit := library.unit(path)) is not None]
    calls: dict[str, set[str]] = {}
    importers: set[str] = set()
    at_once: set[str] = set()
    for unit in units:
        at_once |= _words(_run(unit.tree, inside=False))
        for node in ast.walk(unit.tree):
            if isinstance(node, FUNCTIONS):
                inner = [one for statement in node.body for one in ast.walk(statement)]
                calls.setdefault(node.name, set()).update(_words(inner))
                if _follows_none(inner) or not _imported(inner, unit, library) <= paths:
                    importers.add(node.name)
                    at_once |= {node.name} if _runs_by_itself(node) else set()
            elif isinstance(node, ast.Lambda) and _follows_none(list(ast.walk(node))):
                return True
    return bool(at_once & _callers(importers, calls)) or any(_is_special(name) for name in _callers(importers, calls))


def _callers(names: set[str], calls: dict[str, set[str]]) -> set[str]:
    """Functions that may call one of these, at whatever remove; these included."""
    found = set(names)
    grows = True
    while grows:
        more = {name for name, words in calls.items() if name not in found and words & found}
        grows = bool(more)
        found |= more
    return found


def _runs_by_itself(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a decorator might call a function at once."""
    return any(dotted(one).rpartition(".")[2] not in _KEEPS for one in node.decorator_list)


def _is_special(name: str) -> bool:
    """Whether making a class or any other object may call a method of this name."""
    return name.startswith("__") and name.endswith("__")


def _words(nodes: Iterable[ast.AST]) -> set[str]:
    """All names that are used, and all strings."""
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found
