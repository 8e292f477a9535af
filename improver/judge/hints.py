"""What a changed annotation can alter: where it stands, whether evaluating it acts, and who reads it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from improver.judge.annotations import Evaluation, acts
from improver.judge.differences import AnnotationChange, Differences, Part
from improver.judge.exposure import Exposure
from improver.judge.masked import FUNCTIONS
from improver.judge.names import Names
from improver.values import Category


@dataclass(frozen=True)
class Scene:
    """The changed file, for asking where an annotation stands."""

    path: str
    tree: ast.Module
    names: Names
    exposure: Exposure
    python: tuple[int, int]

    def evaluation(self, change: AnnotationChange) -> Evaluation:
        """Where a changed annotation is evaluated."""
        owner = change.owner
        around = owner.around
        local = False
        if change.kind in ("variable", "bare"):
            around = owner.around if isinstance(owner.node, ast.Module) else (*owner.around, owner.node)
            local = isinstance(owner.node, FUNCTIONS)
        top = around[0] if around else (owner.node if change.kind in ("parameter", "return") else None)
        line = _begin(top) if top is not None else change.line
        return Evaluation(self.names, line, around, local or _is_deferred(self.tree), self.python)


def _begin(node: ast.AST) -> int:
    decorators = getattr(node, "decorator_list", [])
    return min(int(getattr(inner, "lineno", 1)) for inner in (node, *decorators))


def _is_deferred(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in tree.body
    )


def changed_annotations(path: str, found: Differences, scene: Scene) -> Iterator[Part]:
    """What each annotation that differs can alter."""
    for change in found.annotations:
        reason = _acting(change, scene)
        if reason:
            name = f"`{change.name}`" if change.kind != "return" else f"what `{change.name}` returns"
            yield Part(Category.BEHAVIOUR, f"{path}:{change.line}: the annotation of {name} acts: {reason}")
        else:
            yield Part(Category.ANNOTATIONS)
    for _line in found.type_imports:
        yield Part(Category.ANNOTATIONS)


def _acting(change: AnnotationChange, scene: Scene) -> str:
    """Why a changed annotation is more than a hint; empty when it is not."""
    owner = change.owner
    if change.kind in ("variable", "bare") and isinstance(owner.node, ast.ClassDef):
        return "it stands in the body of a class, where bases and decorators read it"
    if change.kind == "bare":
        return "it has no value, and makes the name local or declares it"
    if change.before is not None and _is_public(change):
        return "it was there before, and others may rely on it"
    if change.after is None:
        return ""
    reason = acts(change.after, scene.evaluation(change))
    if reason or (change.kind == "variable" and isinstance(owner.node, FUNCTIONS)):
        return reason
    reader = scene.exposure.annotations(owner)
    return f"it is read: {reader}" if reader else ""


def _is_public(change: AnnotationChange) -> bool:
    owner = change.owner
    if change.kind == "variable":
        return not isinstance(owner.node, FUNCTIONS) and not change.name.startswith("_")
    words = [*(outer.name for outer in owner.around), owner.name]
    inside = any(isinstance(outer, FUNCTIONS) for outer in owner.around)
    hidden_word = any(word.startswith("_") and not word.endswith("__") for word in words)
    return not inside and not hidden_word
