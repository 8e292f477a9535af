"""Whether a base class or metaclass may look at the docstrings or annotations of what derives from it.

A base from outside that nobody knows counts as a reader of annotations: to make fields, checks or columns of them is
what such bases are for. Of docstrings it counts as a reader only where its library is known to read some: few bases
show them, and an entry names those.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from improver.judge.harmless import bases_of, is_meta, where_defined
from improver.judge.known import ANNOTATIONS, Entry, Known
from improver.judge.looks import Start, all_parameters
from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted
from improver.judge.origins import Origin, Origins
from improver.judge.scopes import Place, scope_bindings

_HOOKS = ("__init_subclass__", "__new__", "__prepare__")

Seen = frozenset[int]


@dataclass(frozen=True)
class Parents:
    """Judges base classes and metaclasses.

    Parameters:
        definition: says what a definition of the repository does with what it is given.
    """

    known: Known
    origins: Origins
    definition: Callable[[Origin, str, Start, Seen], str] = field(repr=False, compare=False)

    def base(self, node: ast.expr, place: Place, what: str, *, is_class: bool, seen: Seen = frozenset()) -> str:
        """Why a base class or metaclass may look at a class or, unless `is_class`, at its members; empty if not."""
        plain = node.value if isinstance(node, ast.Subscript) else node
        for origin in self.origins.of(plain, place):
            reason = self._parent(origin, plain, what, is_class=is_class, seen=seen)
            if reason:
                return reason
        return ""

    def ancestors(self, node: ast.ClassDef, place: Place, seen: Seen = frozenset()) -> frozenset[str]:
        """The names of the classes that a class derives from, as far as the repository tells."""
        found: set[str] = set()
        for base in bases_of(node):
            plain = base.value if isinstance(base, ast.Subscript) else base
            for origin in self.origins.of(plain, place):
                found.add(origin.name.rpartition(".")[2])
                if isinstance(origin.node, ast.ClassDef) and origin.place and id(origin.node) not in seen:
                    found |= self.ancestors(origin.node, origin.place, seen | {id(origin.node)})
        return frozenset(found)

    def _parent(self, origin: Origin, written: ast.expr, what: str, *, is_class: bool, seen: Seen) -> str:
        if isinstance(origin.node, ast.ClassDef):
            return self._ancestor(origin, what, is_class=is_class, seen=seen)
        entry = next(
            (entry for name in (origin.name, dotted(written)) if (entry := self._base(name, what, is_class))), None
        )
        if entry is not None:
            return f"the base class `{origin.name}`: {entry.reason}"
        if origin.outside and self.known.find("harmless-base", origin.name, what) is not None:
            return ""
        simple = origin.name.rpartition(".")[2]
        found = (
            list(self.origins.repository.definitions(simple))[:20] if origin.unsure and simple.isidentifier() else []
        )
        for module, inner in found:
            if isinstance(inner, ast.ClassDef):
                likely = Origin(inner.name, place=Place(module), node=inner)
                reason = self._ancestor(likely, what, is_class=is_class, seen=seen)
                if reason:
                    return reason
        if what != ANNOTATIONS or found:
            return self._library(origin, what)
        return f"the base class `{origin.name or 'made at run time'}` is not known, and may read annotations"

    def _library(self, origin: Origin, what: str) -> str:
        """Whether a base comes from a library that is known to read what it is given."""
        words = origin.name.split(".") if origin.outside else []
        for length in range(1, len(words) + 1):
            entry = self.known.find("import", ".".join(words[:length]), what)
            if entry is not None:
                return f"the base class `{origin.name}` is of a library that {entry.reason}"
        return ""

    def _base(self, name: str, what: str, is_class: bool) -> Entry | None:
        entry = self.known.find("base", name, what) if name else None
        return entry if entry is not None and (is_class or entry.of == "members") else None

    def _ancestor(self, origin: Origin, what: str, *, is_class: bool, seen: Seen) -> str:
        node, place = origin.node, origin.place
        assert isinstance(node, ast.ClassDef)
        assert place is not None
        if id(node) in seen:
            return ""
        seen |= {id(node)}
        hooks = (*_HOOKS, "__init__", "__call__") if is_meta(node) else _HOOKS
        for name in hooks:
            for binding in scope_bindings(node).get(name, []):
                if isinstance(binding.node, FUNCTIONS):
                    hook = Origin(name, place=place.inside(node), node=binding.node)
                    word = self.definition(hook, what, all_parameters(binding.node), seen)
                    if word:
                        return f"the base class `{node.name}` ({where_defined(hook)}) {word}"
        return _first(self.base(one, place, what, is_class=is_class, seen=seen) for one in bases_of(node))


def _first(reasons: Iterable[str]) -> str:
    return next((reason for reason in reasons if reason), "")
