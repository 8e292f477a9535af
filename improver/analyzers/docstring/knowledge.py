"""What one module says of its own names: imports, classes, and which exceptions are which."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from improver.analyzers.docstring.purity import bound_names, dotted, words

_BUILTIN_EXCEPTIONS: Mapping[str, frozenset[str]] = {
    name: frozenset(parent.__name__ for parent in value.__mro__)
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
}
CONTEXTS_THAT_PASS = words(
    "open closing nullcontext catch_warnings TemporaryDirectory NamedTemporaryFile TemporaryFile ZipFile TarFile "
    "scandir localcontext Lock RLock Condition Semaphore redirect_stdout redirect_stderr memoryview "
    "ThreadPoolExecutor ProcessPoolExecutor urlopen mkstemp BytesIO StringIO"
)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of the module around a function.

    Parameters:
        classes: the classes of the module by qualified name.
        imported: names that an import binds; their attributes do not change.
        bound: every other name that the module binds.
        bases: for each class of the module the names of all its bases; ``?`` for those not known.
        tree: the module itself.
    """

    classes: Mapping[str, ast.ClassDef]
    imported: frozenset[str]
    bound: frozenset[str]
    bases: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tree: ast.Module = field(default_factory=lambda: ast.Module([], []), repr=False)

    def ancestors(self, name: str) -> frozenset[str] | None:
        """The class and all its bases, or ``None`` when they are not all known."""
        if name in self.bases:
            return self.bases[name] if "?" not in self.bases[name] else None
        if name in self.imported or name in self.bound:
            return None
        return _BUILTIN_EXCEPTIONS.get(name)

    def may_catch(self, caught: str, raised: str) -> bool:
        """Whether a handler for `caught` may see an exception of class `raised`."""
        if caught in {raised, "BaseException", "Exception", "?"}:
            return True
        ancestors = self.ancestors(raised)
        if ancestors is not None:
            return caught.rpartition(".")[2] in ancestors or self._alias(caught)
        return True

    def _alias(self, caught: str) -> bool:
        return caught in {"IOError", "EnvironmentError", "WindowsError"} or "." in caught or caught in self.imported


def module_knowledge(tree: ast.Module) -> Knowledge:
    """Read a module's own statements, without going into functions."""
    classes = dict(_classes(tree.body, ""))
    imported: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            imported |= bound_names([statement])
        elif isinstance(statement, ast.If | ast.Try):
            imported |= _imported_inside(statement)
    bound = {name for name in _top_names(tree.body) if name not in imported}
    known = Knowledge(classes, frozenset(imported), frozenset(bound))
    bases = {name: frozenset(_all_bases(name, known, ())) for name in classes}
    return Knowledge(classes, known.imported, known.bound, bases, tree)


def _classes(body: list[ast.stmt], prefix: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield prefix + statement.name, statement
            yield from _classes(statement.body, f"{prefix}{statement.name}.")
        elif isinstance(statement, ast.If | ast.Try):
            yield from _classes(statement.body, prefix)
            yield from _classes(statement.orelse, prefix)


def _imported_inside(statement: ast.If | ast.Try) -> set[str]:
    imports: list[ast.stmt] = [part for part in ast.walk(statement) if isinstance(part, ast.Import | ast.ImportFrom)]
    return bound_names(imports)


def _top_names(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.If() | ast.Try():
                yield from _top_names([*statement.body, *statement.orelse])
            case _:
                pass


def _all_bases(name: str, known: Knowledge, seen: tuple[str, ...]) -> Iterator[str]:
    yield name.rpartition(".")[2]
    if name in seen:
        return
    for base in known.classes[name].bases:
        text = dotted(base)
        if text in known.classes:
            yield from _all_bases(text, known, (*seen, name))
        elif text in _BUILTIN_EXCEPTIONS and text not in known.imported and text not in known.bound:
            yield from _BUILTIN_EXCEPTIONS[text]
        elif text != "object":
            yield "?"


def class_names(node: ast.expr | None) -> tuple[str, ...]:
    """The classes that an ``except`` clause names; ``?`` for what is not a plain name."""
    if node is None:
        return ("BaseException",)
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return tuple(dotted(part) or "?" for part in parts)


def passes_exceptions(node: ast.expr) -> bool:
    """Whether a context manager is known to let exceptions through."""
    name = dotted(node.func if isinstance(node, ast.Call) else node).rpartition(".")[2]
    return name in CONTEXTS_THAT_PASS or name.lower().endswith(("lock", "mutex"))
