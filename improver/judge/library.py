"""What the names of modules stand for, followed through the imports of a repository; nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from improver.judge.bound import Bound, bound_in, offered, word_of
from improver.judge.import_graph import reached
from improver.judge.meanings import FORMS, OFFERED_BY, THING, Kind, Meaning, form
from improver.judge.meddling import Meddling
from improver.judge.repository import Repository
from improver.judge.standard import is_class_since, standard_type, standard_types
from improver.judge.tampering import tampering

_DEEPEST = 12


@dataclass(frozen=True, eq=False)
class Unit:
    """A module, by its path."""

    path: str
    tree: ast.Module = field(repr=False)
    bound: Bound = field(repr=False)
    stars: tuple[ast.ImportFrom, ...]

    @cached_property
    def tampering(self) -> str:
        """What may make its names stand for something else; empty when nothing does."""
        return tampering(self.tree)

    def first(self, name: str) -> int:
        """Which statement of the module surely binds a name first; -1 for none, or when something else may bind it."""
        if name in self.bound.others or name in self.bound.removed or len(self.bound.places.get(name, ())) != 1:
            return -1
        return next((at for at, node in enumerate(self.tree.body) if name in (self.bound.surely(node) or ())), -1)

    @property
    def folder(self) -> str:
        """The folder it lies in, which is its package."""
        return self.path.rpartition("/")[0]


def unit_of(path: str, tree: ast.Module) -> Unit:
    """A module that is parsed."""
    stars = tuple(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    )
    return Unit(path, tree, bound_in(tree), stars)


@dataclass(frozen=True, eq=False)
class Library:
    """The modules of a repository and of the standard library.

    Parameters:
        python: the oldest Python that runs them.
        here: the module that is asked about, as it is after the change.
    """

    repository: Repository = field(repr=False)
    python: tuple[int, int]
    here: Unit
    _units: dict[str, Unit | None] = field(default_factory=dict, repr=False)
    _known: dict[tuple[str, str], Meaning] = field(default_factory=dict, repr=False)
    _reached: dict[str, frozenset[str] | None] = field(default_factory=dict, repr=False)

    @cached_property
    def meddling(self) -> Meddling:
        """Who changes names of modules that are not their own."""
        return Meddling(self.repository, self.here.path, self.here.tree)

    def unit(self, path: str) -> Unit | None:
        """A module of the repository, parsed; ``None`` when it does not parse."""
        if path == self.here.path:
            return self.here
        if path not in self._units:
            module = self.repository.module(path)
            self._units[path] = None if module is None else unit_of(path, module.tree)
        return self._units[path]

    # --- where modules are --------------------------------------------------------------------------------------

    def module(self, unit: Unit, name: str, level: int = 0) -> Meaning:
        """What importing a dotted name from a module brings: a module, or a thing when it is not known."""
        if not level:
            root = name.partition(".")[0]
            if not self.is_own(root, unit):
                known = name in standard_types() or name in OFFERED_BY
                return Meaning(Kind.MODULE, module=f":{name}") if known else THING
        path = self.find(unit, name, level)
        return Meaning(Kind.MODULE, module=path) if path else THING

    def is_own(self, root: str, unit: Unit) -> bool:
        """Whether a file of the repository could be imported by this name, before that of the standard library."""
        return next(self._tops(root, unit), None) is not None

    def _tops(self, root: str, unit: Unit) -> Iterator[str]:
        files = self.repository.files
        for folder in self._roots(unit):
            for path in (_join(folder, f"{root}.py"), _join(folder, root, "__init__.py")):
                if path in files or path == self.here.path:
                    yield folder

    def _roots(self, unit: Unit) -> list[str]:
        """The folders that may be on the path: the one above the package, the top, `src`, and that of plain scripts."""
        folder = unit.folder
        while folder and _join(folder, "__init__.py") in self.repository.files:
            folder = folder.rpartition("/")[0]
        return list(dict.fromkeys([folder, "", "src", "lib"]))

    def find(self, unit: Unit, name: str, level: int) -> str:
        """The file that importing a dotted name from a module runs last; empty when that is not sure."""
        if level:
            folder = unit.folder
            for _ in range(level - 1):
                folder = folder.rpartition("/")[0]
            return self._file(_join(folder, *name.split(".")) if name else folder)
        roots = list(self._tops(name.partition(".")[0], unit))
        return self._file(_join(roots[0], *name.split("."))) if len(set(roots)) == 1 else ""

    def _file(self, stem: str) -> str:
        both = [path for path in (f"{stem}.py", _join(stem, "__init__.py")) if path in self.repository.files]
        return both[0] if len(both) == 1 else ""

    # --- what names stand for -----------------------------------------------------------------------------------

    def name(self, unit: Unit, name: str, depth: int = 0) -> Meaning:
        """What a name of a module's own scope stands for, once it is bound."""
        key = (unit.path, name)
        if key in self._known:
            return self._known[key]
        self._known[key] = THING  # for what names itself
        bound = unit.bound
        if (
            depth < _DEEPEST
            and not unit.tampering
            and name not in bound.others | bound.removed
            and not self.may_be_starred(unit, name)
        ):
            statements = bound.places.get(name, ())
            self._known[key] = _joined([self._bound_by(node, name, unit, depth + 1) for node in statements])
        return self._known[key]

    def _bound_by(self, node: ast.stmt, name: str, unit: Unit, depth: int) -> Meaning:
        from improver.judge.classes import of_class, of_value  # noqa: PLC0415 - they ask each other

        match node:
            case ast.Import():
                return self._import(node, name, unit)
            case ast.ImportFrom():
                return self._from(node, name, unit, depth)
            case ast.ClassDef():
                return of_class(node, unit, self, depth)
            case ast.Assign(targets=[ast.Name()], value=value) | ast.AnnAssign(value=ast.expr() as value):
                return of_value(node, value, unit, self, depth)
            case _:
                if type(node).__name__ == "TypeAlias":
                    slots = "".join("T" if type(one).__name__ == "TypeVar" else "?" for one in node.type_params)  # type: ignore[attr-defined]
                    return Meaning(Kind.ALIAS, slots=slots if slots and "?" not in slots else None)
                return THING

    def _import(self, node: ast.Import, name: str, unit: Unit) -> Meaning:
        for alias in node.names:
            if (alias.asname or alias.name.partition(".")[0]) == name:
                return self.module(unit, alias.name if alias.asname else name)
        return THING

    def _from(self, node: ast.ImportFrom, name: str, unit: Unit, depth: int) -> Meaning:
        alias = next((alias for alias in node.names if (alias.asname or alias.name) == name), None)
        if alias is None:
            return THING
        module = self.module(unit, node.module or "", node.level)
        if module.module == unit.path:  # a package that imports a module of its own
            inner = self._file(_join(unit.folder, alias.name))
            return Meaning(Kind.MODULE, module=inner) if inner else THING
        return self.member(module, alias.name, depth)

    def starred(self, unit: Unit) -> frozenset[str] | None:
        """The names that `from x import *` brings to a module; ``None`` when they are not known."""
        found: set[str] = set()
        for node in unit.stars:
            module = self.module(unit, node.module or "", node.level)
            other = self.unit(module.module) if module.kind is Kind.MODULE and module.module[:1] != ":" else None
            plain = other is not None and not other.stars and not other.tampering
            names = offered(other.tree) if plain and other is not None else None
            if names is None:
                return None
            found |= names
        return frozenset(found)

    def from_star(self, unit: Unit, name: str, before: ast.stmt | None) -> Meaning | None:
        """What a name stands for that one `from x import *` surely brought before a statement; ``None`` for nothing."""
        ran = unit.tree.body if before is None else unit.bound.ran_before(before)
        offers = {node: self.starred(Unit(unit.path, unit.tree, unit.bound, (node,))) for node in unit.stars}
        given = [node for node, names in offers.items() if names is None or name in names]
        if len(given) != 1 or given[0] not in ran or offers[given[0]] is None or unit.tampering:
            return None
        module = self.module(unit, given[0].module or "", given[0].level)
        return self.member(module, name) if self.exists(module, name) else None

    def may_be_starred(self, unit: Unit, name: str) -> bool:
        """Whether a name may come from a `from x import *`."""
        found = self.starred(unit)
        return found is None or name in found

    def member(self, module: Meaning, name: str, depth: int = 0) -> Meaning:
        """What an attribute of a module stands for, where it exists."""
        if module.kind is not Kind.MODULE or self.meddling.with_name(name, frozenset({last_word(module)})):
            return THING
        if module.module.startswith(":"):
            return self._standard(module.module[1:], name)
        unit = self.unit(module.module)
        if unit is None:
            return THING
        package = module.module.endswith("/__init__.py")
        inner = self._file(_join(unit.folder, name)) if package else ""
        if name in unit.bound.places:
            found = self.name(unit, name, depth + 1)
            return found if not inner or found == Meaning(Kind.MODULE, module=inner) else THING
        free = inner and name not in unit.bound.others and not self.may_be_starred(unit, name)
        return Meaning(Kind.MODULE, module=inner) if free else THING

    def _standard(self, module: str, name: str) -> Meaning:
        if module in OFFERED_BY:
            found = form(name, self.python, extension=module != "typing")
            if found is not None:
                return found
        if module == "collections.abc" and name == "Callable":
            return Meaning(Kind.CLASS, form="abc.Callable")
        known = standard_type(module, name)
        if known is not None:
            plain = is_class_since(module, name) <= self.python[1]
            return Meaning(Kind.CLASS, brackets=known.brackets) if plain else THING
        inner = f"{module}.{name}"
        return Meaning(Kind.MODULE, module=f":{inner}") if inner in standard_types() else THING

    def exists(self, module: Meaning, name: str) -> bool:
        """Whether a module that was imported surely has an attribute, in every Python that is supported."""
        if module.kind is not Kind.MODULE or self.meddling.with_name(name, frozenset({last_word(module)})):
            return False
        if not module.module.startswith(":"):
            unit = self.unit(module.module)
            whole = unit is not None and not unit.tampering and not self._returns(module.module)
            return whole and unit is not None and name in self._at_end(unit)
        dotted_name = module.module[1:]
        if dotted_name == "typing":
            return name in FORMS and FORMS[name][0] <= self.python[1]
        known = standard_type(dotted_name, name)
        return known is not None and known.since <= self.python[1]

    def is_loaded_up_to(self, module: Meaning, name: str, seen: list[str]) -> bool:
        """Whether a module of the repository has a name because it already had one that it binds later, or with it."""
        unit = self.unit(module.module) if module.kind is Kind.MODULE and module.module[:1] != ":" else None
        if unit is None or unit.tampering or name not in self._at_end(unit):
            return False
        last = max((unit.first(other) for other in seen), default=-1)
        return 0 <= unit.first(name) <= last

    def _returns(self, path: str) -> bool:
        """Whether importing a module may import the one that is asked about, which would then find it unfinished."""
        if path not in self._reached:
            self._reached[path] = reached(path, self)
        found = self._reached[path]
        return found is None or self.here.path in found

    def _at_end(self, unit: Unit) -> frozenset[str]:
        ran = [unit.bound.surely(node) or frozenset() for node in unit.tree.body]
        return frozenset[str]().union(*ran) - unit.bound.removed


def last_word(module: Meaning) -> str:
    """The last word of the dotted name of a module."""
    if module.module.startswith(":"):
        return module.module.rpartition(".")[2].lstrip(":")
    return word_of(module.module)


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)


def _joined(found: list[Meaning]) -> Meaning:
    """What holds for all of several meanings."""
    if not found:
        return THING
    if all(one == found[0] for one in found):
        return found[0]
    if all(one.kind in (Kind.CLASS, Kind.ALIAS) and not one.free for one in found):
        return Meaning(Kind.CLASS)
    return THING
