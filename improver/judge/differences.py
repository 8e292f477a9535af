"""What differs between two versions of a module, by kind and place."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from improver.judge.masked import FUNCTIONS
from improver.values import Category


@dataclass(frozen=True)
class Part:
    """One thing that a change does, and why it has the category it has."""

    category: Category
    reason: str = ""


@dataclass(frozen=True)
class Owner:
    """A module, class or function, in the changed version.

    Parameters:
        around: the classes and functions it stands in, outermost first.
    """

    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    around: tuple[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, ...] = ()

    @property
    def name(self) -> str:
        """Its simple name; empty for a module."""
        return "" if isinstance(self.node, ast.Module) else self.node.name

    @property
    def qualified_name(self) -> str:
        """Its name with those around it; `the module` for a module."""
        return ".".join([*(outer.name for outer in self.around), self.name]) if self.name else "the module"

    @property
    def line(self) -> int:
        """Where it begins."""
        return 1 if isinstance(self.node, ast.Module) else self.node.lineno

    def inner(self, node: ast.AST) -> Owner:
        """A class or function that stands in this one."""
        assert isinstance(node, (ast.ClassDef, *FUNCTIONS))
        here = () if isinstance(self.node, ast.Module) else (self.node,)
        return Owner(node, (*self.around, *here))


@dataclass(frozen=True)
class TextChange:
    """A docstring, or a string that describes an attribute, that differs; empty where there is none."""

    owner: Owner
    line: int
    before: str | None
    after: str | None
    of_attribute: bool = False


@dataclass(frozen=True)
class AnnotationChange:
    """An annotation that differs.

    Parameters:
        kind: ``parameter``, ``return``, ``variable`` (with a value) or ``bare`` (without).
        before, after: ``None`` where there is none.
    """

    owner: Owner
    line: int
    kind: str
    name: str
    before: ast.expr | None
    after: ast.expr | None


@dataclass
class Differences:
    """All that differs between two versions.

    Parameters:
        caching: places where a cache was added, as lines and words.
        imports: lines of imports added for caches; nothing by themselves.
        type_imports: lines of changed `if TYPE_CHECKING:` blocks.
        other: lines where the program differs, with what differs.
    """

    texts: list[TextChange] = field(default_factory=list)
    annotations: list[AnnotationChange] = field(default_factory=list)
    caching: list[tuple[int, str]] = field(default_factory=list)
    imports: list[int] = field(default_factory=list)
    type_imports: list[int] = field(default_factory=list)
    other: list[tuple[int, str]] = field(default_factory=list)
