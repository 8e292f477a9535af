"""What one file stores in modules that are not its own: by attributes, by patches, by namespaces and frames."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from improver.judge.masked import arguments
from improver.judge.names import Names, dotted, names_of
from improver.judge.repository import Repository
from improver.judge.standard import standard_types

ANY = "*"
_BUILTINS = frozenset({"builtins", "__builtins__", "__builtin__"})
_FRAMES = frozenset({"f_globals", "f_locals", "f_builtins", "__globals__", "__builtins__"})
_OWN = frozenset({"self", "cls", "mcs", "mcls", "klass"})
_BY_NAME = frozenset({"setattr", "delattr", "__setattr__", "__delattr__", "object", "swap_attr"})
_BY_KEY = frozenset({"setitem", "delitem", "dict", "swap_item"})
_BY_TEXT = frozenset({"patch", "setattr", "delattr", "replace"})
_FILLS = frozenset({"update", "setdefault", "pop", "popitem", "clear", "__setitem__", "__delitem__", "__ior__"})
_LOADS = frozenset({"import_module", "__import__", "getmodule", "reload", "load_module", "module_from_spec"})
_SEEMS_MODULE = re.compile(r"(?i)mod(ule)?s?$|builtins$")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")


@dataclass(frozen=True, slots=True)
class Write:
    """A name that is given to something which may be a module, or taken from it.

    Parameters:
        name: the name, or `*` where it is known at run time only.
        of: the last word of the module; empty where it may be any.
    """

    name: str
    of: str
    line: int


def writes_of(tree: ast.Module, repository: Repository) -> tuple[Write, ...]:
    """All that a file stores in what may be modules."""
    return tuple(_Writes(tree, Modules(tree, repository)).all())


def gives(node: ast.AST) -> str:
    """The name that an attribute is stored under, or `setattr` is given."""
    if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
        return node.attr
    if isinstance(node, ast.Call) and len(node.args) > 1 and dotted(node.func).rpartition(".")[2] in _BY_NAME:
        return _text(node.args[1])
    return ""


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


class Modules:
    """Which expressions of one file stand for modules."""

    def __init__(self, tree: ast.Module, repository: Repository) -> None:
        self.names: Names = names_of(tree)
        self.repository = repository
        self.modules = {full for node in ast.walk(tree) if isinstance(node, ast.Import) for full in _fulls(node)}
        self.given: dict[str, list[ast.expr]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign | ast.NamedExpr | ast.AnnAssign) and node.value is not None:
                for target in getattr(node, "targets", None) or [node.target]:  # type: ignore[union-attr]
                    if isinstance(target, ast.Name):
                        self.given.setdefault(target.id, []).append(node.value)
            elif isinstance(node, ast.For) and isinstance(node.target, ast.Name):
                self.given.setdefault(node.target.id, []).extend(getattr(node.iter, "elts", ()))
        self.parameters = {
            one.arg
            for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            for one in arguments(node)
        }

    def module(self, node: ast.expr, depth: int = 0) -> str | None:  # noqa: PLR0911 - one line a way
        """The last word of the module that an expression surely stands for, empty for any; ``None`` for no module."""
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in _LOADS:
            return _text(node.args[0]).rpartition(".")[2] if node.args else ""
        if isinstance(node, ast.Call) and dotted(node.func) == "getattr" and len(node.args) > 1:
            return _text(node.args[1]) if self.module(node.args[0], depth + 1) is not None else None
        if isinstance(node, ast.Subscript) and dotted(node.value) in ("sys.modules", "modules"):
            return _text(node.slice).rpartition(".")[2]
        if isinstance(node, ast.Call) and dotted(node.func) in ("sys.modules.get", "modules.get") and node.args:
            return _text(node.args[0]).rpartition(".")[2]
        if isinstance(node, ast.Name) and node.id in self.given and depth < 3:
            found = {self.module(value, depth + 1) for value in self.given[node.id]} - {None}
            return (found.pop() if len(found) == 1 else "") if found else None
        if dotted(node) in _BUILTINS:
            return "builtins"
        full = self.names.resolve(node) if dotted(node).partition(".")[0] in self.names.imports else ""
        return full.rpartition(".")[2] if full and self.is_module(full) else None

    def is_module(self, full: str) -> bool:
        """Whether a dotted name is that of a module."""
        last = full.rpartition(".")[2]
        if full in self.modules or full in standard_types() or full.strip(".") in _BUILTINS:
            return True
        files = self.repository.files
        return any(path.endswith((f"/{last}.py", f"/{last}/__init__.py")) or path == f"{last}.py" for path in files)

    def is_made(self, node: ast.expr) -> bool:
        """Whether an expression stands for a module that was made there, and is none that is imported."""
        values = self.given.get(dotted(node), [])
        made = [isinstance(one, ast.Call) and dotted(one.func).endswith("ModuleType") for one in values]
        return bool(made) and all(made)

    def may_be_module(self, node: ast.expr) -> bool:
        """Whether an expression that is not followed could stand for a module."""
        name = dotted(node)
        root, _, rest = name.partition(".")
        if root in _OWN or not name:
            return bool(_SEEMS_MODULE.search(rest))
        return root in self.names.imports or name in self.parameters or root not in self.names.defined


class _Writes:
    """The writes of one file."""

    def __init__(self, tree: ast.Module, modules: Modules) -> None:
        self.tree = tree
        self.modules = modules

    def all(self) -> Iterator[Write]:
        for node in ast.walk(self.tree):
            line = getattr(node, "lineno", 1)
            for name, of in self.found(node):
                yield Write(name or ANY, of, line)

    def found(self, node: ast.AST) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            yield from self.attribute(node.value, node.attr)
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield from self.key(node.value, node.slice)
        elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.BitOr):
            yield from ((ANY, of) for of in self.namespace(node.target))
        elif isinstance(node, ast.Call):
            yield from self.call(node)

    def attribute(self, owner: ast.expr, name: str) -> Iterator[tuple[str, str]]:
        """An attribute that is stored; with no name, one that is known at run time only."""
        sure = self.modules.module(owner)
        if self.modules.is_made(owner):
            return
        if sure is not None:
            yield name, sure
        elif _SEEMS_MODULE.search(dotted(owner)) or (name[:1].isupper() and self.modules.may_be_module(owner)):
            yield name, ""

    def key(self, mapping: ast.expr, key: ast.expr) -> Iterator[tuple[str, str]]:
        if dotted(mapping) in ("sys.modules", "modules"):
            full = _text(key)
            if full in standard_types() or full in ("typing", "typing_extensions"):
                yield ANY, full.rpartition(".")[2]
            if full:
                yield full.rpartition(".")[2], ""
        for of in self.namespace(mapping):
            yield _text(key), of

    def call(self, node: ast.Call) -> Iterator[tuple[str, str]]:
        last = node.func.attr if isinstance(node.func, ast.Attribute) else dotted(node.func)
        if any(dotted(value) in ("setattr", "delattr") for value in self.modules.given.get(last, ())):
            last = "setattr"
        first, second = _argument(node, 0, "target"), _argument(node, 1, "name", "attribute")
        if last in _BY_TEXT and first is not None and (last == "patch" or not self.gives_owner(node)):
            yield from self.text(first, sure=last == "patch" and "mock" in self.modules.names.resolve(node.func))
        elif last in _BY_NAME and first is not None and second is not None:
            yield from self.owned(node, first, second)
        elif last in _BY_KEY and first is not None:
            for of in self.mapping(first):
                yield from ((name, of) for name in _keys(node.args[1:], node.keywords))
        elif last == "multiple" and first is not None:
            of = _text(first).rpartition(".")[2] or self.modules.module(first) or ""
            yield from ((word.arg or "", of) for word in node.keywords)
        elif last in _FILLS and isinstance(node.func, ast.Attribute):
            for of in () if self.fills_made(node) else self.namespace(node.func.value):
                yield from ((name, of) for name in _keys(node.args, node.keywords))
        elif last in ("exec", "eval", "exec_"):
            yield from ((ANY, of) for one in node.args[1:] for of in self.namespace(one))
            yield from self.code(_text(first) if first is not None else "")
        yield from self.handed(node.args)

    def gives_owner(self, node: ast.Call) -> bool:
        """Whether a call names the owner and the name apart, and not by one text."""
        return not _DOTTED.fullmatch(_text(node.args[0])) if node.args else True

    def owned(self, node: ast.Call, first: ast.expr, second: ast.expr) -> Iterator[tuple[str, str]]:
        if isinstance(node.func, ast.Attribute) and node.func.attr.startswith("__") and _text(first):
            yield from self.attribute(node.func.value, _text(first))
        own = isinstance(second, ast.Attribute) and second.attr == "__name__" and len(node.args) > 2
        if not (own and dotted(second.value) == dotted(node.args[2])):  # type: ignore[attr-defined]
            yield from self.attribute(first, _text(second))

    def text(self, node: ast.expr, *, sure: bool) -> Iterator[tuple[str, str]]:
        """What is patched that a text names; it may be put together."""
        values = self.modules.given.get(node.id, []) if isinstance(node, ast.Name) else [node]
        for value in values or [node]:
            last = value.right if isinstance(value, ast.BinOp) else value
            last = last.values[-1] if isinstance(last, ast.JoinedStr) and last.values else last
            of, _, name = _text(last).rpartition(".")
            if name or sure:
                yield name, of.rpartition(".")[2] if last is value else ""

    def mapping(self, node: ast.expr) -> Iterator[str]:
        """The module whose names a mapping, or a text that names it, holds."""
        full = _text(node)
        if full.endswith(".__dict__"):
            yield full.removesuffix(".__dict__").rpartition(".")[2]
        yield from self.namespace(node)

    def code(self, text: str) -> Iterator[tuple[str, str]]:
        """What code does that is written as a text."""
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        inner = _Writes(tree, Modules(tree, self.modules.repository))
        yield from ((write.name, write.of) for write in inner.all())

    def handed(self, given: list[ast.expr]) -> Iterator[tuple[str, str]]:
        """`setattr` that is given to somebody who calls it."""
        for index, one in enumerate(given):
            if dotted(one) in ("setattr", "delattr"):
                following = given[index + 1 : index + 3]
                if len(following) == 2 and _text(following[1]):
                    yield from self.attribute(following[0], _text(following[1]))
                elif following and dotted(following[0]).partition(".")[0] not in _OWN:
                    yield ANY, ""

    def fills_made(self, node: ast.Call) -> bool:
        """Whether a function that was compiled from a text is given all that another one sees."""
        copies = len(node.args) == 1 and isinstance(node.args[0], ast.Attribute) and node.args[0].attr == "__globals__"
        return copies and any(
            isinstance(one, ast.Call) and dotted(one.func) == "compile" for one in ast.walk(self.tree)
        )

    def namespace(self, node: ast.expr, depth: int = 0) -> Iterator[str]:
        """The module whose names a mapping holds, or nothing when it is no namespace."""
        if isinstance(node, ast.Attribute) and node.attr in _FRAMES:
            yield ""
        elif dotted(node) == "__builtins__":
            yield "builtins"
        elif isinstance(node, ast.Attribute) and node.attr == "__dict__":
            yield from self.surely(node.value)
        elif isinstance(node, ast.Call) and dotted(node.func) in ("vars", "builtins.vars") and node.args:
            yield from self.surely(node.args[0])
        elif isinstance(node, ast.Name) and depth < 3:
            for value in self.modules.given.get(node.id, ()):
                yield from self.namespace(value, depth + 1)

    def surely(self, node: ast.expr) -> Iterator[str]:
        found = self.modules.module(node)
        if found is not None:
            yield found


def _argument(node: ast.Call, place: int, *names: str) -> ast.expr | None:
    """An argument of a call, by its place or one of its names."""
    if len(node.args) > place:
        return node.args[place]
    return next((word.value for word in node.keywords if word.arg in names), None)


def _keys(arguments: list[ast.expr], keywords: list[ast.keyword]) -> Iterator[str]:
    """The keys that a mapping is given; an empty one where they are known at run time only."""
    for keyword in keywords:
        if keyword.arg is None:
            yield ""
        elif keyword.arg not in ("clear", "values"):
            yield keyword.arg
    for index, one in enumerate(arguments):
        if isinstance(one, ast.Dict):
            yield from (_text(key) if key is not None else "" for key in one.keys)
        elif not index:
            yield _text(one)


def _fulls(node: ast.Import) -> Iterator[str]:
    for alias in node.names:
        words = alias.name.split(".")
        yield from (".".join(words[:end]) for end in range(1, len(words) + 1))
