"""Which functions never get anywhere but where they are called, so that nobody can look at them.

A reader that is handed something unknown can only look at a function that somebody handed over: one whose name stands
somewhere as a value and not as what is called, or one that is got at by a name made at run time. All things of one
simple name are taken for one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from improver.judge.mentions import FOREIGN, hand_classes, mentions
from improver.judge.names import dotted, in_bytes
from improver.judge.repository import Module, Repository
from improver.judge.ways import Kind, Way, ways_in
from improver.judges import is_test

_IDENTIFIER = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*")
# Stands for the inside of a function, where no name that is made at run time leads.
LOCAL = "<local>"
_BESIDE = frozenset({"doc", "docs", "examples", "benchmarks", "asv_bench"})
_PROPERTIES = frozenset({"property", "cached_property", "setter", "getter", "deleter"})
_MAKERS = re.compile(rb"getattr|__dict__|\bvars\b|getmembers|\bglobals\b|\blocals\b|attrgetter|\beval\b|get_objects"
                     rb"|__getattribute__|import_module|__import__|sys\.modules|iter_modules|walk_packages|run_path"
                     rb"|run_module|find_spec|\blocate\b|entry_points|f_globals|f_locals|module_from_spec"
                     rb"|load_module")  # fmt: skip


def is_beside(path: str) -> bool:
    """Whether a file is a script beside the project: documentation, examples, tools."""
    return path.partition("/")[0] in _BESIDE


@dataclass(eq=False)
class Escapes:
    """Tells of functions, classes and modules whether they get anywhere as a value.

    Parameters:
        places: the files that read something they are handed.
    """

    repository: Repository
    places: frozenset[str] = frozenset()
    _known: dict[tuple[str, str, str | None], str] = field(default_factory=dict, repr=False)

    def of_function(self, name: str, within: str | None = None) -> str:
        """Where a function or method gets to as a value, as file and line; empty when nowhere.

        Parameters:
            within: the simple name of the class it is defined in, empty at the top of a module; ``None`` where all
                functions of the name count.
        """
        return self._kept("function", name, within)

    def of_class(self, name: str) -> str:
        """Where a class of this name, or one derived from it, gets to as a value; empty when nowhere."""
        found = (self._kept("class", other) for other in sorted(self.repository.descendants(name)))
        return next(filter(None, found), "")

    def of_module(self, name: str) -> str:
        """Where a module of this name gets to as a value, as file and line; empty when nowhere."""
        return self._kept("module", name)

    def of_what_holds(self, name: str, within: str | None) -> str:
        """Where a module or class gets to as a value that has something of this name in it; empty when nowhere."""
        owners = {within} if within is not None else set(map(_class_name, self._defined(name)))
        classes = (self.of_class(owner) for owner in sorted(owners - {"", LOCAL}))
        return next(filter(None, (*classes, *map(self.of_module, self._modules_with(name)))), "")

    def is_callable(self, name: str) -> bool:
        """Whether instances of a class of this name may be called or have a name."""
        family = self.repository.family(name)
        return any(
            isinstance(around, ast.ClassDef) and around.name in family
            for method in ("__call__", "__name__", "__getattr__", "__getattribute__")
            for around in self._defined(method)
        )

    def is_used(self, name: str) -> bool:
        """Whether something of this name is called or handed on anywhere."""
        token = in_bytes(name)
        use = re.compile(rb"(?<!def )(?<!class )(?<![\w\x80-\xff])" + re.escape(token) + rb"(?![\w\x80-\xff])")
        return any(
            token in content and use.search(content) and self._uses(path, name)
            for path, content in self.repository.files.items()
            if path.endswith(".py")
        )

    def _uses(self, path: str, name: str) -> bool:
        module = self.repository.module(path)
        return module is None or any(
            isinstance(node, ast.Name | ast.Attribute)
            and isinstance(node.ctx, ast.Load)
            and name in (getattr(node, "id", ""), getattr(node, "attr", ""))
            for node in module.parents
        )

    def is_tested(self, name: str) -> bool:
        """Whether some test names it."""
        return name in self._tested

    @cached_property
    def _tested(self) -> frozenset[str]:
        found: set[bytes] = set()
        for path, content in self.repository.files.items():
            if path.endswith(".py") and is_test(path):
                found.update(_IDENTIFIER.findall(content))
        return frozenset(word.decode("utf-8", "replace") for word in found)

    def _kept(self, kind: str, name: str, within: str | None = None) -> str:
        key = (kind, name, within)
        if key not in self._known:
            self._known[key] = ""  # an import under another name may lead back here
            self._known[key] = self.way_to(kind, name, within) or self._mentioned(kind, name, within)
        return self._known[key]

    def way_to(self, kind: str, name: str, within: str | None) -> str:
        """Where something is got at by a name that is made at run time; empty when nowhere."""
        if kind == "module":
            return next((f"{path}:{way.line}" for path, way in self._ways if way.kind is Kind.MODULE), "")
        if kind == "class":
            found = (place for place, owner in self._class_ways if not owner or self._related(name, owner))
            return next(found, "")
        owners = {within} if within is not None else set(map(_class_name, self._defined(name)))
        for path, way in self._ways:
            if way.pattern.fullmatch(name) and any(self._leads(path, way, name, owner) for owner in owners):
                return f"{path}:{way.line}"
        return ""

    def _leads(self, path: str, way: Way, name: str, owner: str) -> bool:
        """Whether a way leads to a function that stands in a class, or at the top of a module."""
        if way.kind is Kind.ANYTHING:
            return True
        if owner == LOCAL:
            return False
        return self._leads_to_method(way, owner) if owner else self._leads_to_function(path, way, name)

    def _leads_to_method(self, way: Way, owner: str) -> bool:
        if way.owner:
            return self._related(owner, way.owner)
        if way.kind is Kind.ATTRIBUTE or way.of_class:
            return True
        return way.kind is Kind.NAMESPACE and bool(self.of_class(owner))

    def _leads_to_function(self, path: str, way: Way, name: str) -> bool:
        if way.owner or way.of_class or way.kind is Kind.MODULE:
            return False
        if way.kind is Kind.OWN:
            return self._binds(path, name)
        return any(map(self.of_module, self._modules_with(name)))

    def _modules_with(self, name: str) -> Iterator[str]:
        """The simple names of the modules that have something of this name."""
        token = in_bytes(name)
        for path, content in self.repository.files.items():
            if path.endswith(".py") and (token in content or b"import *" in content) and self._binds(path, name):
                *folders, last = path.removesuffix(".py").split("/")
                yield folders[-1] if last == "__init__" and folders else last

    def _binds(self, path: str, name: str) -> bool:
        module = self.repository.module(path)
        return module is None or name in module.names.touched or module.names.stars

    def _related(self, name: str, owner: str) -> bool:
        """Whether what a class of a name defines may be looked up in an instance of another, or of what derives."""
        return any(name in self.repository.ancestors(other) for other in self.repository.descendants(owner))

    def _defined(self, name: str) -> Iterator[ast.AST]:
        """What every function of a name stands in: a class, a module, or another function."""
        for module, node in self.repository.definitions(name):
            yield _around(node, module.parents)

    @cached_property
    def _ways(self) -> tuple[tuple[str, Way], ...]:
        return tuple(self._search())

    def _search(self) -> Iterator[tuple[str, Way]]:
        for path, content in self.repository.files.items():
            if path.endswith(".py") and _MAKERS.search(content) and not (is_beside(path) and path not in self.places):
                module = self.repository.module(path)
                if module is None:
                    yield path, Way(1, Kind.ANYTHING)
                else:
                    yield from ((path, way) for way in ways_in(module))

    @cached_property
    def _class_ways(self) -> tuple[tuple[str, str], ...]:
        """Where the class of something is handed on without its name, with the class whose family it is of."""
        found = []
        for path, content in self.repository.files.items():
            if path.endswith(".py") and (b"type(" in content or b"__class__" in content or b"cls" in content):
                module = self.repository.module(path)
                given = [(1, "")] if module is None else hand_classes(module)
                found += [(f"{path}:{line}", owner) for line, owner in given]
        return tuple(found)

    def _mentioned(self, kind: str, name: str, within: str | None) -> str:
        token = in_bytes(name)
        other = re.compile(rb"(?<![\w\x80-\xff])" + re.escape(token) + rb"(?![\w\x80-\xff])(?![ \t]*\()")
        properties = kind == "function" and self._is_property(name)
        for path, content in self.repository.files.items():
            if not path.endswith(".py") or token not in content or not other.search(content):
                continue
            module = self.repository.module(path)
            if module is None:
                return f"{path}:1"
            line = self._first(module, name, kind, within, properties=properties)
            if line:
                return f"{path}:{line}"
        return ""

    def _is_property(self, name: str) -> bool:
        found = [node for _, node in self.repository.definitions(name)]
        return bool(found) and all(map(_is_property, found))

    def _first(self, module: Module, name: str, kind: str, within: str | None, *, properties: bool) -> int:
        """The first line of a file on which a name stands as a value, or comes in as another that does; 0 for none."""
        for mention in mentions(module, name, kind, self.repository.is_class if properties else None):
            if mention.renamed:
                if self._kept(kind, mention.renamed, within):
                    return mention.line
            elif kind != "function" or not mention.owner or self._has(mention.owner, name, within):
                return mention.line
        return 0

    def _has(self, owner: str, name: str, within: str | None) -> bool:
        """Whether a class that is named may have the method from the repository."""
        if not self.repository.is_class(owner):
            return owner != FOREIGN
        owners = {within} if within is not None else set(map(_class_name, self._defined(name)))
        return any(one not in ("", LOCAL) and self._related(one, owner) for one in owners)


def _around(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> ast.AST:
    around = parents[node]
    while isinstance(around, ast.If | ast.Try | ast.With):
        around = parents[around]
    return around


def _class_name(around: ast.AST) -> str:
    if isinstance(around, ast.ClassDef):
        return around.name
    return "" if isinstance(around, ast.Module) else LOCAL


def _is_property(node: ast.AST) -> bool:
    decorators = getattr(node, "decorator_list", [])
    words = {dotted(one.func if isinstance(one, ast.Call) else one).rpartition(".")[2] for one in decorators}
    return bool(words & _PROPERTIES)
