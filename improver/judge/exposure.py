"""Whether the docstring or the annotations of one thing are read by somebody."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from improver.judge.differences import Owner
from improver.judge.escapes import LOCAL
from improver.judge.handed import Handing
from improver.judge.harmless import bases_of
from improver.judge.known import ANNOTATIONS, BARE_STRINGS, CONSTRUCTORS, DOCSTRINGS, MODULES, SOURCE
from improver.judge.masked import FUNCTIONS
from improver.judge.names import Names, dotted
from improver.judge.panel import panel_of
from improver.judge.readers import Readers
from improver.judge.repository import Module
from improver.judge.scopes import Definition, Place


@dataclass(frozen=True)
class Exposure:
    """The reader of one changed file.

    Parameters:
        path: the file, for messages and for what reads whole files.
        names: the names of the changed version.
    """

    path: str
    names: Names
    readers: Readers
    _handings: dict[tuple[str, str, str], str] = field(default_factory=dict, repr=False, compare=False)

    def docstring(self, owner: Owner) -> str:
        """Who reads the docstring of a module, class or function; empty when nobody does."""
        if isinstance(owner.node, ast.Module):
            return self._module()
        name = owner.name
        if self.readers.grammar and name.startswith(("p_", "t_")):
            return self.readers.grammar
        families = (name, *self._ancestors(owner)) if isinstance(owner.node, ast.ClassDef) else ()
        return (
            self._shown(owner)
            or self._everywhere(DOCSTRINGS)
            or self._decorated(owner, DOCSTRINGS)
            or self._inherited(owner, DOCSTRINGS)
            or self.readers.reads(DOCSTRINGS, self._known_as(owner), families, _within(owner))
            or self._handed(owner, DOCSTRINGS)
        )

    def annotations(self, owner: Owner) -> str:
        """Who reads the annotations of a function, or of the variables of a module; empty when nobody does."""
        if isinstance(owner.node, ast.Module):
            return self._everywhere(ANNOTATIONS) or self.readers.reads(ANNOTATIONS, self.module_names())
        families = [outer.name for outer in (*owner.around, owner.node) if isinstance(outer, ast.ClassDef)]
        made = owner.name in ("__init__", "__new__")
        return (
            self._everywhere(ANNOTATIONS)
            or (self._resolved() if made else "")
            or self._decorated(owner, ANNOTATIONS)
            or self._inherited(owner, ANNOTATIONS)
            or self.readers.reads(ANNOTATIONS, self._known_as(owner), families, _within(owner))
            or self._handed(owner, ANNOTATIONS)
        )

    def attribute(self, owner: Owner) -> str:
        """Who reads a string that stands below an attribute; empty when nobody does.

        Parameters:
            owner: the module or class whose attribute it is.
        """
        shown = self._bare()
        if shown:
            return shown
        names = (owner.name,) if owner.name else self.module_names()
        return self.readers.reads(DOCSTRINGS, ("use_attribute_docstrings", *names))

    def _everywhere(self, what: str) -> str:
        """Who reads everything of this file: by its name, by a word in the repository, or by looking things up."""
        entry = self.readers.known.find("file", f"/{self.path}", what)
        if entry is not None:
            return f"{self.path}: {entry.reason}"
        judges = panel_of(self.readers)
        return judges.word(what) or judges.reflected.reader(what)

    def _resolved(self) -> str:
        """Who may make objects of any class by the annotations of its constructor."""
        judges = panel_of(self.readers)
        return judges.resolving or judges.word(CONSTRUCTORS)

    def _bare(self) -> str:
        """Who shows every string that stands alone in this file; empty when nobody does."""
        for name in self.names.imports.values():
            entry = self.readers.known.find("import", name.partition(".")[0], BARE_STRINGS)
            if entry is not None:
                return f"{self.path}: imports `{name}`, which {entry.reason}"
        return ""

    def _shown(self, owner: Owner) -> str:
        """Who takes the docstring for a string that stands alone."""
        return self._bare() if isinstance(owner.node, ast.AsyncFunctionDef | ast.ClassDef) else ""

    def source(self) -> str:
        """Who reads the lines or the source of this file; empty when nobody does."""
        kept = panel_of(self.readers).word(SOURCE)
        return self.readers.files.get(self.path, "") or self.readers.everything.get(SOURCE, "") or kept

    def source_of(self, owner: Owner) -> str:
        """Who reads the source of something in this file; empty when nobody does."""
        names = self.module_names() if isinstance(owner.node, ast.Module) else self._known_as(owner)
        return self.readers.reads(SOURCE, names)

    def _module(self) -> str:
        shown = self._bare() or self._everywhere(DOCSTRINGS) or panel_of(self.readers).word(MODULES)
        if shown:
            return shown
        summary = panel_of(self.readers).summaries.get(self.path, "")
        return summary or self.readers.of_module(self.path, self.module_names())

    def module_names(self) -> tuple[str, ...]:
        """The names by which the module itself is known."""
        *folders, name = self.path.removesuffix(".py").split("/")
        package = folders[-1:] if name in ("__init__", "__main__") else []
        return (name, *package)

    def _known_as(self, owner: Owner) -> tuple[str, ...]:
        """The names by which others may reach it; a constructor is reached through its class."""
        inside = [outer.name for outer in owner.around[-1:] if isinstance(outer, ast.ClassDef)]
        special = owner.name.startswith("__") and owner.name.endswith("__")
        return (owner.name, *(inside if special else ()))

    @cached_property
    def _file(self) -> Module:
        """The file as the repository has it, in which an import for type checkers alone cannot yet mislead."""
        found = self.readers.repository.module(self.path) if self.path in self.readers.repository.files else None
        return found or Module(self.path, ast.Module([], []), self.names)

    def _decorated(self, owner: Owner, what: str) -> str:
        strangers = panel_of(self.readers).strangers
        for node, around in self._decorated_nodes(owner):
            for decorator in node.decorator_list:
                reason = strangers.decorator(decorator, Place(self._file, around), what)
                if reason:
                    return f"{self.path}:{decorator.lineno}: {reason}"
        return ""

    @staticmethod
    def _decorated_nodes(
        owner: Owner,
    ) -> Iterator[tuple[Definition, tuple[Definition, ...]]]:
        """The thing itself and the classes directly around it, whose decorators see it too; each with its place."""
        if not isinstance(owner.node, ast.Module):
            yield owner.node, owner.around
        for depth in range(len(owner.around) - 1, -1, -1):
            outer = owner.around[depth]
            if not isinstance(outer, ast.ClassDef):
                return
            yield outer, owner.around[:depth]

    def _inherited(self, owner: Owner, what: str) -> str:
        """Whether a base class reads; unknown bases from outside count as readers of annotations."""
        strangers = panel_of(self.readers).strangers
        places = [(owner.node, owner.around)] if isinstance(owner.node, ast.ClassDef) else []
        if owner.around and isinstance(owner.around[-1], ast.ClassDef):
            places.append((owner.around[-1], owner.around[:-1]))
        for node, around in places:
            assert isinstance(node, ast.ClassDef)
            for base in bases_of(node):
                reason = strangers.base(base, Place(self._file, around), what, is_class=node is owner.node)
                if reason:
                    return f"{self.path}:{node.lineno}: {reason}"
        return ""

    def _ancestors(self, owner: Owner) -> frozenset[str]:
        """The names of the classes that a class derives from, whatever they are called where it stands."""
        assert isinstance(owner.node, ast.ClassDef)
        return panel_of(self.readers).strangers.parents.ancestors(owner.node, Place(self._file, owner.around))

    def _handed(self, owner: Owner, what: str) -> str:
        """Whether a call that it is handed to by name may look at it; of a property, its value is handed."""
        if isinstance(owner.node, FUNCTIONS) and any(map(_makes_property, owner.node.decorator_list)):
            return ""
        nested = any(isinstance(outer, FUNCTIONS) for outer in owner.around)
        only = self.path if nested else ""
        reasons = (self._by_name(name, what, only) for name in self._known_as(owner))
        return next((reason for reason in reasons if reason), "") or self._kept(owner, what)

    def _kept(self, owner: Owner, what: str) -> str:
        """Who is handed the list that a decorator of the repository keeps it in."""
        strangers = panel_of(self.readers).strangers
        for decorator in getattr(owner.node, "decorator_list", ()):
            for name in sorted(strangers.stores(decorator, Place(self._file, owner.around))):
                reason = self.readers.reads(what, (name,)) or self._by_name(name, what, "")
                if reason:
                    return reason
        return ""

    def _by_name(self, name: str, what: str, only: str) -> str:
        key = (name, what, only)
        if key not in self._handings:
            self._handings[key] = self._handing(name, what, only)
        return self._handings[key]

    def _handing(self, name: str, what: str, only: str) -> str:
        judges = panel_of(self.readers)
        aliases = [] if name.startswith("__") else sorted(judges.handed.aliases(name, only=only))
        reason = self.readers.reads(what, aliases)
        if reason:
            return reason
        for one in (name, *aliases):
            for handing in judges.handed.calls(one, only=only):
                word = self._given(handing, what)
                if word:
                    return f"{handing.place.module.path}:{handing.call.lineno}: {word}"
        return ""

    def _given(self, handing: Handing, what: str) -> str:
        """Whether a call that is given something of this name is surely given that, and may look at it."""
        lenient = panel_of(self.readers).lenient
        origins = lenient.origins.of(handing.part, handing.place)
        if all(origin.outside or origin.parameter for origin in origins):
            return ""
        if handing.nested or (isinstance(handing.part, ast.Attribute) and all(origin.unsure for origin in origins)):
            return lenient.taker(handing.call, handing.place, what)
        return lenient.handed(handing.call, handing.place, what, (handing.argument,))


def _makes_property(node: ast.expr) -> bool:
    """Whether a decorator hides the function behind the value that it gives."""
    last = dotted(node).rpartition(".")[2]
    return last.endswith("property") or last in ("setter", "deleter")


def _within(owner: Owner) -> str:
    """The simple name of the class around a function; empty at the top of a module."""
    if not owner.around:
        return ""
    return owner.around[-1].name if isinstance(owner.around[-1], ast.ClassDef) else LOCAL
