"""The files of a repository, parsed as they are asked for, and where each word stands in them."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from improver.judge.known import Known, known_readers
from improver.judge.masked import FUNCTIONS, statements_of
from improver.judge.names import bindings, imported
from improver.judge.receivers import File, Receivers, parents_of
from improver.judge.repository import Repository
from improver.judges import is_test

MOST_BYTES = 2 << 20
MOST_NESTED = 2
MOST_STEPS = 40_000
SCOPES = (ast.Module, ast.ClassDef, ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp, *FUNCTIONS)
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Lost(Exception):
    """A value goes where it cannot be followed; the message says where."""


class Unasked(Lost):
    """Nobody in the repository hands anything over, so that whoever does may hand over anything."""


@dataclass(frozen=True, eq=False)
class Place:
    """A parsed file.

    Parameters:
        words: the nodes at which each word stands: names, attributes, definitions, imports, keywords.
    """

    path: str
    file: File
    words: Mapping[str, list[ast.AST]] = field(repr=False)
    _bound: dict[ast.AST, frozenset[str]] = field(default_factory=dict, repr=False)
    _declared: dict[ast.AST, Mapping[str, type[ast.AST]]] = field(default_factory=dict, repr=False)

    @property
    def is_test(self) -> bool:
        """Whether it holds tests."""
        return self.file.is_test

    def parent(self, node: ast.AST) -> ast.AST:
        """The node around a node; the module around itself."""
        return self.file.parents.get(node, self.file.tree)

    def lost(self, node: ast.AST, why: str) -> Lost:
        """What to raise when a value cannot be followed from here."""
        return Lost(f"{self.path}:{getattr(node, 'lineno', 1)}: {why}")

    def scope(self, node: ast.AST) -> ast.AST:
        """The scope in which a node is evaluated."""
        child, around = node, self.parent(node)
        while not isinstance(around, SCOPES) or _is_outside(child, around):
            if isinstance(around, ast.Module):
                return around
            child, around = around, self.parent(around)
        return around

    def bound(self, scope: ast.AST) -> frozenset[str]:
        """The names that a scope binds."""
        if scope not in self._bound:
            self._bound[scope] = _names_bound(scope)
        return self._bound[scope]

    def declared(self, scope: ast.AST) -> Mapping[str, type[ast.AST]]:
        """The names that a function declares to be global or of a function around it."""
        if scope not in self._declared:
            self._declared[scope] = _declarations(scope)
        return self._declared[scope]

    def binder(self, node: ast.AST, name: str) -> ast.AST:
        """The scope whose name a name is; the module where it is global, unknown or built in."""
        scope = self.scope(node)
        inner = True
        while not isinstance(scope, ast.Module):
            if name in self.bound(scope) and (inner or not isinstance(scope, ast.ClassDef)):
                kind = self.declared(scope).get(name)
                if kind is not ast.Nonlocal:
                    return self.file.tree if kind is ast.Global else scope
            inner = False
            scope = self.scope(scope)
        return scope

    def method_of(self, node: ast.AST) -> ast.ClassDef | None:
        """The class in whose body a function stands."""
        around = self.parent(node)
        while isinstance(around, ast.If | ast.Try | ast.With):
            around = self.parent(around)
        return around if isinstance(around, ast.ClassDef) else None

    def function_around(self, node: ast.AST) -> Function | None:
        """The function or lambda in which a node is evaluated."""
        scope = self.scope(node)
        while not isinstance(scope, (ast.Module, ast.ClassDef)):
            if isinstance(scope, (ast.Lambda, *FUNCTIONS)):
                return scope
            scope = self.scope(scope)
        return None

    def class_around(self, node: ast.AST) -> ast.ClassDef | None:
        """The innermost class around a node."""
        return next((scope for scope in self.file.scopes(node) if isinstance(scope, ast.ClassDef)), None)


@dataclass(frozen=True)
class Home:
    """Where a name is at home: a module, by its place, or a class, by its simple name."""

    module: Place | None = None
    owner: str = ""


NOWHERE = Home()


def home_of(place: Place, scope: ast.AST) -> Home:
    """The home of what a module or a class binds."""
    return Home(owner=scope.name) if isinstance(scope, ast.ClassDef) else Home(place)


def _is_outside(child: ast.AST, around: ast.AST) -> bool:
    """Whether a part of a definition is evaluated where the definition stands: decorators, defaults, bases."""
    if isinstance(around, (ast.ClassDef, *FUNCTIONS)):
        return all(child is not inner for inner in around.body)
    return isinstance(around, ast.Lambda) and child is not around.body


def _names_bound(scope: ast.AST) -> frozenset[str]:
    if isinstance(scope, ast.Module | ast.ClassDef | ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef):
        return frozenset(bindings(scope))
    own = [generator.target for generator in scope.generators]  # type: ignore[attr-defined]
    return frozenset(node.id for target in own for node in ast.walk(target) if isinstance(node, ast.Name))


def _declarations(scope: ast.AST) -> Mapping[str, type[ast.AST]]:
    if not isinstance(scope, (ast.ClassDef, *FUNCTIONS)):
        return {}
    found: dict[str, type[ast.AST]] = {}
    pending: list[ast.AST] = list(scope.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Global | ast.Nonlocal):
            found.update((name, type(node)) for name in node.names)
        elif not isinstance(node, (ast.ClassDef, *FUNCTIONS)):
            pending.extend(statements_of(node))
    return found


def _words_of(tree: ast.Module) -> Mapping[str, list[ast.AST]]:
    found: defaultdict[str, list[ast.AST]] = defaultdict(list)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.keyword(arg=str(word)):
                found[word].append(node)
            case ast.ClassDef(name=word) | ast.FunctionDef(name=word) | ast.AsyncFunctionDef(name=word):
                found[word].append(node)
            case ast.Import() | ast.ImportFrom():
                for local, full in imported(node):
                    for word in {local, full.rpartition(".")[2]}:
                        found[word].append(node)
            case ast.Call(func=ast.Name(id="getattr" | "setattr"), args=[_, ast.Constant(value=str(word)), *_]):
                found[word].append(node)
            case _:
                pass
    return found


@dataclass(eq=False)
class Project:
    """A repository whose values are followed. No more than `MOST_BYTES` of it are parsed."""

    repository: Repository
    known: Known = field(default_factory=known_readers, repr=False)
    _files: dict[str, File | None] = field(default_factory=dict, repr=False)
    _places: dict[str, Place | None] = field(default_factory=dict, repr=False)
    _holding: dict[str, list[Place]] = field(default_factory=dict, repr=False)
    ask: Callable[[Place, ast.expr], Receivers] | None = field(default=None, repr=False)
    _bytes: int = 0
    _asked: int = 0
    _steps: int = 0

    def count(self) -> None:
        """Count one step of all that may be taken.

        Raises:
            Lost: it was the last.
        """
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise Lost("more would have to be followed than can be in a second")

    def file(self, path: str) -> File | None:
        """A file, parsed; ``None`` when it does not parse."""
        if path not in self._files:
            module = self.repository.module(path)
            self._files[path] = None if module is None else File(
                module.tree, module.names, parents_of(module.tree), is_test(path)
            )  # fmt: skip
        return self._files[path]

    def place(self, path: str) -> Place | None:
        """A file, parsed; ``None`` when it does not parse.

        Raises:
            Lost: too much would have to be parsed.
        """
        if path not in self._places:
            self._bytes += len(self.repository.files[path])
            if self._bytes > MOST_BYTES:
                raise Lost(f"{path}: more of the repository than {MOST_BYTES >> 20} MiB would have to be followed")
            file = self.file(path)
            self._places[path] = None if file is None else Place(path, file, _words_of(file.tree))
        return self._places[path]

    def holding(self, word: str) -> list[Place]:
        """The files in which a word stands.

        Raises:
            Lost: one of them does not parse, or they are too much.
        """
        if word not in self._holding:
            self._holding[word] = list(self._search(word))
        return self._holding[word]

    def _search(self, word: str) -> Iterator[Place]:
        token = word.encode("utf-8", "replace")
        for path, content in self.repository.files.items():
            if path.endswith(".py") and token in content:
                place = self.place(path)
                if place is None and not is_test(path):
                    raise Lost(f"{path}: does not parse here, and holds `{word}`")
                if place is not None and word in place.words:
                    yield place

    def definitions(self, name: str) -> Iterator[tuple[Place, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
        """Every function and class of a simple name."""
        for place in self.holding(name):
            for node in place.words[name]:
                if isinstance(node, (ast.ClassDef, *FUNCTIONS)) and node.name == name:
                    yield place, node

    @cached_property
    def tops(self) -> frozenset[str]:
        """The first words of imports that stay in the repository.

        The name of any folder or file of Python may be one; that of a module of the standard library only where it
        lies at the top.
        """
        words: set[str] = set()
        for path in self.repository.files:
            if path.endswith(".py"):
                parts = path[:-3].split("/")
                top = parts[1:] if parts[0] in ("src", "lib") else parts
                words.update(part for part in parts if part not in sys.stdlib_module_names)
                words.update(top[:1])
        return frozenset(words)

    def is_foreign(self, place: Place, dotted_name: str) -> bool:
        """Whether a dotted name, imports followed, comes from outside of the repository."""
        if not dotted_name or dotted_name.startswith("."):
            return False
        root = dotted_name.partition(".")[0]
        return root not in self.tops and any(
            full.partition(".")[0] == root for full in place.file.names.imports.values()
        )

    def may_mean(self, home: Home, place: Place, node: ast.AST) -> bool:
        """Whether a name or an attribute somewhere may be the one of the same word that has this home."""
        if isinstance(node, ast.Attribute):
            return self._may_be_attribute(home, place, node.value)
        if isinstance(node, ast.Call):
            return self._may_be_attribute(home, place, node.args[0])
        if not isinstance(node, ast.Name | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            return True
        word = node.id if isinstance(node, ast.Name) else node.name
        scope = place.binder(node, word)
        if home.module is not None:
            if not isinstance(scope, ast.Module):
                return False
            names = place.file.names
            return place is home.module or word in names.imports or names.stars or word not in place.bound(scope)
        if home.owner:
            return isinstance(scope, ast.ClassDef) and scope.name in self.family(home.owner)
        return True

    def _may_be_attribute(self, home: Home, place: Place, receiver: ast.AST) -> bool:
        own = isinstance(receiver, ast.Name) and receiver.id in ("self", "cls")
        if not own:
            return True
        around = place.class_around(receiver)
        if home.module is not None or around is None:
            return around is None
        return not home.owner or around.name in self.family(home.owner)

    def meanings(
        self, place: Place, node: ast.expr
    ) -> Iterator[tuple[Place, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]]:
        """Every function and class of the repository that what is called may be, followed back.

        Raises:
            Lost: that cannot be told.
        """
        text = ast.unparse(node)[:60]
        if self.ask is None or self._asked >= MOST_NESTED:
            raise place.lost(node, f"a value is handed to `{text}`, which is not known")
        self._asked += 1
        try:
            found = self.ask(place, node)
        except Lost as lost:
            raise place.lost(node, f"a value is handed to `{text}`, which is not known ({lost})"[:300]) from None
        finally:
            self._asked -= 1
        names = set(found.names)
        for name in found.families:
            names |= self.repository.descendants(name)
        for name in sorted(names):
            yield from self.definitions(name)

    def family(self, name: str) -> frozenset[str]:
        """A class, what it derives from and what derives from it."""
        return self.repository.ancestors(name) | self.repository.descendants(name)
