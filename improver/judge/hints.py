"""What a changed annotation can alter: where it stands, whether evaluating it acts, and who reads it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from improver.judge.annotations import Evaluation, acts
from improver.judge.differences import AnnotationChange, Differences, Part
from improver.judge.exposure import Exposure
from improver.judge.library import Library, Unit, unit_of
from improver.judge.masked import FUNCTIONS
from improver.judge.names import Names, bindings
from improver.judge.prepared import prepared
from improver.judge.type_imports import foul_type_imports
from improver.judge.whole_namespaces import lists_names_of, lists_own_names
from improver.judge.witnesses import Witnesses, witnesses
from improver.values import Category

_OF_FUNCTION = re.compile(rb"_code(?:__)?\.co_(?:code|names|consts)\b|\bdis\.\w|FunctionType\(")
_OF_CODE = re.compile(rb"\bco_(?:code|names|consts)\b|CodeType\(")
_Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Scene:
    """The changed file, for asking where an annotation stands.

    Parameters:
        changed: the annotations that the change brings.
    """

    path: str
    tree: ast.Module
    names: Names
    exposure: Exposure
    python: tuple[int, int]
    changed: frozenset[ast.expr] = frozenset()
    _scopes: dict[ast.AST, frozenset[str]] = field(default_factory=dict, repr=False)
    _witnesses: dict[ast.AST, Witnesses] = field(default_factory=dict, repr=False)

    @cached_property
    def unit(self) -> Unit:
        """The module itself."""
        return unit_of(self.path, self.tree)

    @cached_property
    def library(self) -> Library:
        """What its names stand for."""
        return Library(self.exposure.readers.repository, self.python, self.unit)

    @cached_property
    def deferred(self) -> bool:
        """Whether the module asks for annotations that are never evaluated."""
        return any(
            isinstance(node, ast.ImportFrom)
            and node.module == "__future__"
            and any(alias.name == "annotations" for alias in node.names)
            for node in self.tree.body
        )

    @cached_property
    def listed(self) -> str:
        """Who sees that the module has annotations, if the change brings the first; empty when nobody does."""
        reason = lists_own_names(self.tree)
        kept = [node for node in _annotated(self.tree) if node.annotation not in self.changed]
        return reason or ("" if kept else lists_names_of(self.path, self.tree, self.library.repository))

    @cached_property
    def code_reader(self) -> str:
        """Who looks at the instructions of functions, which make the functions inside; empty when nobody does."""
        for path, content in self.library.repository.files.items():
            found = _OF_FUNCTION.search(content) or (None if b"compile(" in content else _OF_CODE.search(content))
            if found is not None and path.endswith(".py"):
                return f"{path} looks at code or makes functions of it: `{found.group().decode().strip('(')}`"
        return ""

    def evaluation(self, change: AnnotationChange) -> Evaluation:
        """Where a changed annotation is evaluated."""
        owner = change.owner
        signature = change.kind in ("parameter", "return")
        inside = () if isinstance(owner.node, ast.Module) else (owner.node,)
        path: tuple[_Definition, ...] = (*owner.around, *inside)
        local = not signature and isinstance(owner.node, FUNCTIONS)
        statement = path[0] if path else self._variable(change)
        deferred = self.deferred or local or statement is None
        seen = Witnesses() if deferred or statement is None else self._seen(statement, path)
        around = owner.around if signature else path
        own = owner.node if signature else None
        return Evaluation(self.library, self.unit, statement, around, own, deferred, seen, self._scopes)

    def _variable(self, change: AnnotationChange) -> ast.stmt | None:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.AnnAssign) and node.annotation in (change.after, change.before):
                return node
        return None

    def _seen(self, statement: ast.stmt, path: tuple[_Definition, ...]) -> Witnesses:
        key = path[-1] if path else statement
        if key not in self._witnesses:
            self._witnesses[key] = witnesses(self.unit.bound, statement, path, self.changed, deferred=self.deferred)
        return self._witnesses[key]


def changed_annotations(path: str, found: Differences, scene: Scene) -> Iterator[Part]:
    """What each annotation that differs can alter."""
    scene.changed = frozenset(change.after for change in found.annotations if change.after is not None)
    for change in found.annotations:
        reason = _acting(change, scene)
        if reason:
            name = f"`{change.name}`" if change.kind != "return" else f"what `{change.name}` returns"
            yield Part(Category.BEHAVIOUR, f"{path}:{change.line}: the annotation of {name} acts: {reason}")
        else:
            yield Part(Category.ANNOTATIONS)
    for line in found.type_imports:
        reason = foul_type_imports(scene.unit, scene.library)
        if reason:
            yield Part(Category.BEHAVIOUR, f"{path}:{line}: an import for types alone may be more: {reason}")
        else:
            yield Part(Category.ANNOTATIONS)


def _acting(change: AnnotationChange, scene: Scene) -> str:
    """Why a changed annotation is more than a hint; empty when it is not."""
    owner = change.owner
    variable = change.kind in ("variable", "bare")
    if variable and isinstance(owner.node, ast.ClassDef):
        return "it stands in the body of a class, where bases and decorators read it"
    if change.kind == "bare" and _declares(change):
        return "it has no value, and makes the name local"
    if change.before is not None and _is_public(change):
        return "it was there before, and others may rely on it"
    if variable and change.after is None and isinstance(owner.node, ast.Module) and not scene.deferred:
        return "it was there before, and was evaluated"
    where = scene.evaluation(change)
    reason = next(
        (found for one in (change.before, change.after) if one is not None and (found := acts(one, where))), ""
    )
    if reason or (variable and isinstance(owner.node, FUNCTIONS)):
        return reason
    return _around(change, where, scene)


def _around(change: AnnotationChange, where: Evaluation, scene: Scene) -> str:
    """Who sees an annotation, or what makes it, though evaluating it does nothing; empty when nobody does."""
    if change.kind in ("variable", "bare") and scene.listed:
        return scene.listed
    if where.at_call and scene.code_reader:
        return scene.code_reader
    if not where.deferred and (reason := prepared(change.owner.around, scene.unit, scene.library)):
        return reason
    reader = scene.exposure.annotations(change.owner)
    return f"it is read: {reader}" if reader else ""


def _declares(change: AnnotationChange) -> bool:
    """Whether a bare annotation makes a name local that was not."""
    owner = change.owner.node
    if not isinstance(owner, FUNCTIONS):
        return False
    return list(bindings(owner)).count(change.name) < 2


def _annotated(tree: ast.Module) -> Iterator[ast.AnnAssign]:
    """The annotated names of the module's own scope."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.AnnAssign):
            yield node
        elif not isinstance(node, (ast.ClassDef, *FUNCTIONS)):
            pending.extend(ast.iter_child_nodes(node))


def _is_public(change: AnnotationChange) -> bool:
    owner = change.owner
    if change.kind == "variable":
        return not isinstance(owner.node, FUNCTIONS) and not change.name.startswith("_")
    words = [*(outer.name for outer in owner.around), owner.name]
    inside = any(isinstance(outer, FUNCTIONS) for outer in owner.around)
    hidden_word = any(word.startswith("_") and not word.endswith("__") for word in words)
    return not inside and not hidden_word
