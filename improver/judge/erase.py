"""Two versions of a module side by side: what is left of the difference once text and annotations are erased.

The trees are walked together, without recursion. What differs at a place that can be erased is noted with its
kind; anything else is a difference in what the program does.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from improver.judge.differences import AnnotationChange, Differences, Owner, TextChange
from improver.judge.masked import (
    FUNCTIONS,
    OWNERS,
    constant_key,
    docstring,
    imports_for_types,
    is_blank,
    without_text,
)

MOST = 20
_CACHES = frozenset({"lru_cache", "cache", "cached_property"})
_SKIPPED = frozenset({"ctx", "kind", "type_comment", "type_ignores"})


_Pair = tuple[object, object, Owner, int]


def compare(before: ast.Module, after: ast.Module) -> Differences:
    """What differs between two trees, by kind. The trees are left as they are."""
    found = Differences()
    pending: list[_Pair] = [(before, after, Owner(after), 1)]
    while pending and len(found.other) < MOST:
        old, new, owner, line = pending.pop()
        if isinstance(old, list) and isinstance(new, list):
            _pair_lists(old, new, owner, line, found, pending)
        elif isinstance(old, ast.AST) and isinstance(new, ast.AST):
            _pair_nodes(old, new, owner, getattr(new, "lineno", line), found, pending)
        elif constant_key(old) != constant_key(new):
            found.other.append((line, f"`{_short(old)}` became `{_short(new)}`"))
    return found


def _pair_nodes(old: ast.AST, new: ast.AST, owner: Owner, line: int, found: Differences, pending: list[_Pair]) -> None:
    variable = _variable(old, new)
    if variable is not None:
        (old_value, old_hint), (new_value, new_hint), target = variable
        if not _same(old_hint, new_hint):
            kind = "bare" if new_value is None else "variable"
            found.annotations.append(AnnotationChange(owner, line, kind, target, old_hint, new_hint))
        pending.append((old_value, new_value, owner, line))
        pending.append((_target(old), _target(new), owner, line))
        return
    if type(old) is not type(new):
        found.other.append((line, f"{_kind(old)} became {_kind(new)}"))
    elif isinstance(new, OWNERS):
        _pair_owners(old, new, owner if isinstance(new, ast.Module) else owner.inner(new), line, found, pending)
    elif isinstance(new, ast.arg):
        assert isinstance(old, ast.arg)
        _hint(old.annotation, new.annotation, owner, line, "parameter", new.arg, found)
        if old.arg != new.arg:
            found.other.append((line, f"the parameter `{old.arg}` became `{new.arg}`"))
    elif isinstance(new, ast.Delete):
        assert isinstance(old, ast.Delete)
        pending.append((flat(old.targets), flat(new.targets), owner, line))
    else:
        pending.extend(_fields(old, new, owner, line, ()))


def _fields(old: ast.AST, new: ast.AST, owner: Owner, line: int, without: tuple[str, ...]) -> Iterator[_Pair]:
    for name in new._fields:
        if name not in _SKIPPED and name not in without:
            yield getattr(old, name, None), getattr(new, name, None), owner, line


def _pair_owners(old: ast.AST, new: ast.AST, owner: Owner, line: int, found: Differences, pending: list[_Pair]) -> None:
    _texts(old, owner, found)
    if isinstance(new, FUNCTIONS):
        assert isinstance(old, FUNCTIONS)
        _hint(old.returns, new.returns, owner, line, "return", new.name, found)
        _decorators(old.decorator_list, new.decorator_list, owner, line, found, pending)
    without = ("body", "returns", "decorator_list") if isinstance(new, FUNCTIONS) else ("body",)
    old_body, new_body = without_text(old), without_text(new)
    if isinstance(new, ast.Module):
        assert isinstance(old, ast.Module)
        old_body, new_body = _module_bodies(old, new, old_body, new_body, found)
    if not (is_blank(old_body) and is_blank(new_body)):
        pending.append((old_body, new_body, owner, line))
    pending.extend(_fields(old, new, owner, line, without))


def _texts(old: ast.AST, owner: Owner, found: Differences) -> None:
    before, after = docstring(old), docstring(owner.node)
    if _string(before) != _string(after):
        line = after.lineno if after is not None else owner.line
        found.texts.append(TextChange(owner, line, _string(before), _string(after)))
    old_notes = [_string(node) for node in _notes(old)]
    new_notes = list(_notes(owner.node))
    if old_notes != [_string(node) for node in new_notes]:
        line = new_notes[0].lineno if new_notes else owner.line
        text = ["\n".join(filter(None, notes)) for notes in (old_notes, [_string(node) for node in new_notes])]
        found.texts.append(TextChange(owner, line, text[0], text[1], of_attribute=True))


def _notes(node: ast.AST) -> list[ast.stmt]:
    kept = {id(statement) for statement in without_text(node)}
    own = docstring(node)
    body: list[ast.stmt] = node.body  # type: ignore[attr-defined]
    return [statement for statement in body if id(statement) not in kept and statement is not own]


def _string(node: ast.stmt | None) -> str | None:
    return node.value.value if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) else None  # type: ignore[return-value]


def _module_bodies(
    old: ast.Module, new: ast.Module, before: list[ast.stmt], after: list[ast.stmt], found: Differences
) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """Bodies without the imports for types alone, where those differ; that is noted."""
    gone, come = imports_for_types(old), imports_for_types(new)
    if _same(ast.Module(gone, []), ast.Module(come, [])):
        return before, after
    found.type_imports.append(come[0].lineno if come else 1)
    return [node for node in before if node not in gone], [node for node in after if node not in come]


def _variable(
    old: ast.AST, new: ast.AST
) -> tuple[tuple[ast.expr | None, ast.expr | None], tuple[ast.expr | None, ast.expr | None], str] | None:
    """Value and annotation of both sides, when both assign to one target and one of them is annotated."""
    if not isinstance(new, ast.AnnAssign) and not isinstance(old, ast.AnnAssign):
        return None
    one, other = _assigned(old), _assigned(new)
    if one is None or other is None or (one[0] is None) != (other[0] is None):
        return None
    if isinstance(old, ast.AnnAssign) and isinstance(new, ast.AnnAssign) and old.simple != new.simple:
        return None
    target = _target(new)
    return one, other, target.id if isinstance(target, ast.Name) else "a target"


def _assigned(node: ast.AST) -> tuple[ast.expr | None, ast.expr | None] | None:
    if isinstance(node, ast.AnnAssign):
        return node.value, node.annotation
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        return node.value, None
    return None


def _target(node: ast.AST) -> ast.expr:
    assert isinstance(node, ast.Assign | ast.AnnAssign)
    return node.targets[0] if isinstance(node, ast.Assign) else node.target


def _hint(
    old: ast.expr | None, new: ast.expr | None, owner: Owner, line: int, kind: str, name: str, found: Differences
) -> None:
    if not _same(old, new):
        found.annotations.append(AnnotationChange(owner, line, kind, name, old, new))


def _decorators(
    old: list[ast.expr], new: list[ast.expr], owner: Owner, line: int, found: Differences, pending: list[_Pair]
) -> None:
    caches = [node for node in new if _is_cache(node)]
    rest = [node for node in new if not _is_cache(node)]
    if caches and not any(_is_cache(node) for node in old) and len(rest) == len(old):
        found.caching.extend((node.lineno, ast.unparse(node)) for node in caches)
        new = rest
    pending.append((old, new, owner, line))


def _is_cache(node: ast.expr) -> bool:
    inner = node.func if isinstance(node, ast.Call) else node
    if isinstance(inner, ast.Attribute):
        return isinstance(inner.value, ast.Name) and inner.value.id == "functools" and inner.attr in _CACHES
    return isinstance(inner, ast.Name) and inner.id in _CACHES


def _pair_lists(
    old: list[object], new: list[object], owner: Owner, line: int, found: Differences, pending: list[_Pair]
) -> None:
    if isinstance(owner.node, ast.Module):
        new = _without_cache_imports(old, new, found)
    if len(old) != len(new):
        new = _without_bare(old, new, owner, found)
    if len(old) == len(new):
        pending.extend((one, other, owner, line) for one, other in zip(old, new, strict=True))
        return
    for one, other in zip(old, new, strict=False):
        if isinstance(one, ast.AST) and isinstance(other, ast.AST) and not _same(one, other):
            line = getattr(other, "lineno", line)
            break
    found.other.append((line, f"{len(old)} parts became {len(new)}"))


def _without_bare(old: list[object], new: list[object], owner: Owner, found: Differences) -> list[object]:
    """The new statements without the bare annotations that came to them, which are noted."""
    if any(isinstance(node, ast.AnnAssign) and node.value is None for node in old):
        return new
    bare = [node for node in new if isinstance(node, ast.AnnAssign) and node.value is None and node.simple]
    for node in bare:
        assert isinstance(node.target, ast.Name)
        hint = AnnotationChange(owner, node.lineno, "bare", node.target.id, None, node.annotation)
        found.annotations.append(hint)
    return [node for node in new if node not in bare]


def _without_cache_imports(old: list[object], new: list[object], found: Differences) -> list[object]:
    """The new statements without an import from `functools` that came for a cache; it is noted."""
    extra = [node for node in new if _imports_caches(node) and not any(_same_node(node, other) for other in old)]
    if len(extra) != 1 or len(new) not in (len(old), len(old) + 1):
        return new
    assert isinstance(extra[0], ast.Import | ast.ImportFrom)
    if len(new) == len(old) + 1:
        found.imports.append(extra[0].lineno)
        return [node for node in new if node is not extra[0]]
    twin = old[new.index(extra[0])]
    if not isinstance(twin, ast.ImportFrom) or twin.module != "functools" or twin.level:
        return new
    named = {(alias.name, alias.asname) for alias in twin.names}
    added = {(alias.name, alias.asname) for alias in extra[0].names} - named
    if all(name in _CACHES and not local for name, local in added) and len(extra[0].names) == len(named) + len(added):
        found.imports.append(extra[0].lineno)
        return [twin if node is extra[0] else node for node in new]
    return new


def _imports_caches(node: object) -> bool:
    if isinstance(node, ast.Import):
        return [(alias.name, alias.asname) for alias in node.names] == [("functools", None)]
    if not isinstance(node, ast.ImportFrom) or node.module != "functools" or node.level:
        return False
    return any(alias.name in _CACHES and not alias.asname for alias in node.names)


def _same_node(one: object, other: object) -> bool:
    return isinstance(one, ast.AST) and isinstance(other, ast.AST) and _same(one, other)


def _same(one: ast.AST | None, other: ast.AST | None) -> bool:
    """Whether two trees are equal, constants by type, sign and bits. No recursion."""
    pending: list[tuple[object, object]] = [(one, other)]
    while pending:
        first, second = pending.pop()
        if isinstance(first, list) and isinstance(second, list):
            if len(first) != len(second):
                return False
            pending.extend(zip(first, second, strict=True))
        elif isinstance(first, ast.AST) and isinstance(second, ast.AST):
            if type(first) is not type(second):
                return False
            pending.extend(
                (getattr(first, name, None), getattr(second, name, None))
                for name in first._fields
                if name not in _SKIPPED
            )
        elif constant_key(first) != constant_key(second):
            return False
    return True


def flat(targets: list[ast.expr]) -> list[ast.expr]:
    """`del (a, b)` deletes what `del a, b` does."""
    flat: list[ast.expr] = []
    pending = list(reversed(targets))
    while pending:
        target = pending.pop()
        if isinstance(target, ast.Tuple) and target.elts:
            pending.extend(reversed(target.elts))
        else:
            flat.append(target)
    return flat


def _kind(node: ast.AST) -> str:
    return type(node).__name__


def _short(value: object) -> str:
    text = _kind(value) if isinstance(value, ast.AST) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
