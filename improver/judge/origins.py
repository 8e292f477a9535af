"""What an expression stands for: followed through imports, assignments and files, as far as the text tells."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted
from improver.judge.repository import Module, Repository
from improver.judge.scopes import Binding, Definition, Place, module_bindings, results_of, scope_bindings

STANDARD = frozenset(sys.stdlib_module_names)
_MOST_STEPS = 40
# The result of these calls does what their first argument does.
_PASSING_ON = frozenset({"functools.partial", "functools.partialmethod", "functools.reduce", "types.MethodType"})
_SEE_THROUGH = frozenset({"abc.abstractmethod", "typing.final", "typing.override", "typing_extensions.override"})
# What these make is something else, which only the running program knows.
_PROXIES = frozenset(
    {"werkzeug.local.LocalProxy", "werkzeug.LocalProxy", "wrapt.ObjectProxy", "lazy_object_proxy.Proxy",
     "celery.local.Proxy", "django.utils.functional.SimpleLazyObject"}
)  # fmt: skip
_ROOTS = ("", "src", "lib", "python")


@dataclass(frozen=True)
class Origin:
    """One thing that an expression may stand for.

    Parameters:
        name: its dotted name, or the text of what is not understood.
        outside: whether it surely comes from outside of the repository.
        place: where it is defined, if the repository defines it.
        node: its definition; ``None`` for a module of the repository.
        parameter: whether it is a parameter of a function around.
    """

    name: str
    outside: bool = False
    place: Place | None = field(default=None, compare=False)
    node: Definition | None = None
    parameter: bool = False

    @property
    def unsure(self) -> bool:
        """Whether nothing is known of it but its text."""
        return not self.outside and self.place is None


Seen = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Origins:
    """Follows names through a repository."""

    repository: Repository
    _tables: dict[str, dict[str, list[Binding]]] = field(default_factory=dict, repr=False, compare=False)

    def of(self, node: ast.AST, place: Place, seen: Seen = frozenset()) -> tuple[Origin, ...]:
        """Everything that an expression may stand for; of an instance, its class."""
        return tuple(dict.fromkeys(self._of(node, place, seen)))

    def _of(self, node: ast.AST, place: Place, seen: Seen) -> Iterator[Origin]:
        match node:
            case ast.Name():
                yield from self._name(node.id, place, seen)
            case ast.Attribute():
                for origin in self.of(node.value, place, seen):
                    yield from self.attribute(origin, node.attr, seen)
            case ast.Call(func=ast.Name(id="__import__"), args=[ast.Constant(value=str() as name), *_]):
                yield from self._imported(name.partition(".")[0], place.module.path, seen)
            case ast.Call():
                yield from self._call(node, place, seen)
            case ast.IfExp(body=first, orelse=second):
                yield from self.of(first, place, seen)
                yield from self.of(second, place, seen)
            case ast.BoolOp(values=values):
                for one in values:
                    yield from self.of(one, place, seen)
            case ast.NamedExpr(value=value) | ast.Await(value=value):
                yield from self.of(value, place, seen)
            case _:
                yield Origin("")

    def _call(self, node: ast.Call, place: Place, seen: Seen) -> Iterator[Origin]:
        curried = isinstance(node.func, ast.Call)
        for function in self.of(node.func, place, seen):
            last = function.name.rpartition(".")[2]
            if last == "with_metaclass":
                for given in node.args:
                    yield from self.of(given, place, seen)
            elif function.outside and (function.name in _PASSING_ON or curried) and node.args:
                yield function
                yield from self.of(node.args[0], place, seen)
            elif isinstance(function.node, FUNCTIONS):
                yield from self._result(function, seen)
            else:
                yield Origin(f"{function.name}()") if function.name in _PROXIES else function

    def _result(self, function: Origin, seen: Seen) -> Iterator[Origin]:
        """What a function of the repository returns, as far as its text tells."""
        assert isinstance(function.node, FUNCTIONS)
        assert function.place is not None
        key = (f"{function.place.module.path}:{function.node.lineno}", "return")
        inner = function.place.inside(function.node)
        values = [] if key in seen or function.node.decorator_list else list(results_of(function.node))
        for value in values:
            for origin in self.of(value, inner, seen | {key}):
                yield Origin(f"{function.name}()") if origin.unsure else origin
        if not values:
            yield Origin(f"{function.name}()")

    def _name(self, name: str, place: Place, seen: Seen) -> Iterator[Origin]:
        key = (f"{place.module.path}:{len(place.around)}", name)
        if key in seen or len(seen) > _MOST_STEPS:
            yield Origin(name)
            return
        seen |= {key}
        for depth in range(len(place.around), 0, -1):
            scope = place.around[depth - 1]
            innermost = depth == len(place.around)
            if isinstance(scope, ast.ClassDef) and not innermost:
                continue
            found = scope_bindings(scope).get(name, [])
            owner = place.around[depth - 2] if depth > 1 else None
            if (
                name in ("self", "cls")
                and isinstance(owner, ast.ClassDef)
                and [one.parameter for one in found] == [True]
            ):
                yield Origin(owner.name, place=Place(place.module, place.around[: depth - 2]), node=owner)
                return
            yield from self._followed(found, name, Place(place.module, place.around[:depth]), seen)
            if found and not isinstance(scope, ast.ClassDef):
                return
            if found and name not in self._table(place.module):
                return
        yield from self._global(name, place.module, seen)

    def _global(self, name: str, module: Module, seen: Seen) -> Iterator[Origin]:
        table = self._table(module)
        found = table.get(name, [])
        yield from self._followed(found, name, Place(module), seen)
        if found:
            return
        for star in table.get("*", []):
            yield from self._imported(star.full.removesuffix("*") + name, module.path, seen)
        if hasattr(builtins, name):
            yield Origin(name, outside=True)
        elif "*" not in table:
            yield Origin(name)

    def _followed(self, found: list[Binding], name: str, place: Place, seen: Seen) -> Iterator[Origin]:
        for binding in found:
            match binding.node:
                case None if binding.full:
                    yield from self._imported(binding.full, place.module.path, seen)
                case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef() as node:
                    yield Origin(node.name, place=place, node=node)
                case ast.expr() as value:
                    yield from self.of(value, place, seen)
                case _:
                    yield Origin(name, parameter=binding.parameter)

    def attribute(self, origin: Origin, name: str, seen: Seen = frozenset()) -> Iterator[Origin]:
        """What an attribute of something may stand for."""
        full = f"{origin.name}.{name}"
        if origin.place is None:
            yield Origin(full, outside=origin.outside)
        elif origin.node is None:
            yield from self._member(origin, name, seen)
        elif isinstance(origin.node, ast.ClassDef):
            yield from self._inherited(origin, name, seen)
        else:
            yield from self._of_function(origin, name, seen)

    def _member(self, module: Origin, name: str, seen: Seen) -> Iterator[Origin]:
        assert module.place is not None
        inner = module.place.module
        key = (f"{inner.path}:module", name)
        if key in seen or len(seen) > _MOST_STEPS:
            yield Origin(f"{module.name}.{name}")
        elif name in self._table(inner) or "*" in self._table(inner):
            yield from self._global(name, inner, seen | {key})
        else:
            path = self._files.get(f"{module.name}.{name}")
            found = self.repository.module(path) if path else None
            full = f"{module.name}.{name}"
            yield Origin(full, place=Place(found)) if found else Origin(full)

    def _inherited(self, origin: Origin, name: str, seen: Seen) -> Iterator[Origin]:
        assert isinstance(origin.node, ast.ClassDef)
        assert origin.place is not None
        key = (f"{origin.place.module.path}:{origin.node.name}", name)
        own = scope_bindings(origin.node).get(name, [])
        if own:
            inner = Place(origin.place.module, (*origin.place.around, origin.node))
            yield from self._followed(own, name, inner, seen | {key})
        elif key in seen or not origin.node.bases:
            yield Origin(f"{origin.name}.{name}")
        else:
            for base in origin.node.bases:
                plain = base.value if isinstance(base, ast.Subscript) else base
                for parent in self.of(plain, origin.place, seen | {key}):
                    yield from self.attribute(parent, name, seen | {key})

    def _of_function(self, origin: Origin, name: str, seen: Seen) -> Iterator[Origin]:
        """An attribute of a function is one of what its outermost decorator made of it: `value.setter`."""
        assert isinstance(origin.node, FUNCTIONS)
        assert origin.place is not None
        for decorator in origin.node.decorator_list:
            inner = decorator.func if isinstance(decorator, ast.Call) else decorator
            if dotted(inner).startswith(f"{origin.node.name}."):
                return
            made = self.of(inner, origin.place, seen)
            if any(one.name in _SEE_THROUGH for one in made):
                continue
            for one in made:
                yield Origin(f"{one.name}.{name}", outside=one.outside)
            return
        yield Origin(f"{origin.name}.{name}")

    def _imported(self, full: str, path: str, seen: Seen) -> Iterator[Origin]:
        """What an import from a file stands for: of the repository, of elsewhere, or maybe either."""
        relative = full.startswith(".")
        name = _absolute(full, path) if relative else full
        words = name.split(".")
        standard = words[0] in STANDARD and not relative
        for length in range(len(words), 0, -1):
            prefix = ".".join(words[:length])
            module = self._module(prefix, path)
            if module is not None:
                yield from self._below(Origin(prefix, place=Place(module)), words[length:], seen)
                if standard:
                    yield Origin(name, outside=True)
                return
        outside = standard or not (relative or words[0] in self._tops)
        yield Origin(name.removeprefix("builtins."), outside=outside)

    def _below(self, module: Origin, words: list[str], seen: Seen) -> Iterator[Origin]:
        found: tuple[Origin, ...] = (module,)
        for word in words:
            found = tuple(inner for one in found for inner in self.attribute(one, word, seen))
        yield from found

    def _module(self, name: str, path: str) -> Module | None:
        file = self._files.get(name)
        if file is None or (file == path and name in STANDARD):
            return None
        root = file.removesuffix("/__init__.py").removesuffix(".py").removesuffix(name.replace(".", "/")).strip("/")
        folder = path.rpartition("/")[0]
        near = root in _ROOTS or folder == root or folder.startswith(f"{root}/")
        return self.repository.module(file) if near or name.partition(".")[0] not in STANDARD else None

    def _table(self, module: Module) -> dict[str, list[Binding]]:
        if module.path not in self._tables:
            self._tables[module.path] = module_bindings(module)
        return self._tables[module.path]

    @cached_property
    def _tops(self) -> frozenset[str]:
        return frozenset(name.partition(".")[0] for name in self._files)

    @cached_property
    def _files(self) -> dict[str, str]:
        """The file of every module by each dotted name it may be imported by."""
        packages = {path.rpartition("/")[0] for path in self.repository.files if path.endswith("__init__.py")}
        found: dict[str, str] = {}
        for path in sorted(self.repository.files, key=lambda path: (path.count("/"), path)):
            if path.endswith(".py"):
                for name in _dotted_names(path, packages):
                    found.setdefault(name, path)
        return found


def _dotted_names(path: str, packages: set[str]) -> Iterator[str]:
    """The names of a module below the folder that holds its package, and below the repository."""
    words = path.removesuffix(".py").removesuffix("/__init__").split("/")
    folders = path.rpartition("/")[0].split("/") if "/" in path else []
    first = len(folders)
    while first and "/".join(folders[:first]) in packages:
        first -= 1
    yield ".".join(words)
    for start in {first, *([1] if words[0] in _ROOTS else [])}:
        if 0 < start < len(words):
            yield ".".join(words[start:])


def _absolute(full: str, path: str) -> str:
    level = len(full) - len(full.lstrip("."))
    folders = path.split("/")[:-1]
    kept = folders[: len(folders) - level + 1] if level > 1 else folders
    return ".".join([*kept, *(word for word in full.lstrip(".").split(".") if word)])
