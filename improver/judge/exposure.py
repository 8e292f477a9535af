"""Whether the docstring or the annotations of one thing are read by somebody."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from improver.judge.differences import Owner
from improver.judge.known import ANNOTATIONS, DOCSTRINGS, SOURCE
from improver.judge.masked import FUNCTIONS
from improver.judge.names import Names, bindings, dotted
from improver.judge.readers import Readers
from improver.judge.repository import Module

_SUSPICIOUS = re.compile(
    r"__doc__|__annotations__|co_consts|co_firstlineno|__wrapped__\.__|getdoc|getsource|signature|get_type_hints|getfullargspec"
    r"|get_annotations|docstring|\binspect\b|\btype_hints\b|annotation"
)
# Modules of the standard library that do nothing with a function but call it.
_HARMLESS_MODULES = frozenset(
    [
        "functools",
        "contextlib",
        "asyncio",
        "time",
        "datetime",
        "logging",
        "warnings",
        "threading",
        "typing",
        "abc",
        "os",
        "sys",
        "re",
        "itertools",
        "operator",
        "collections",
        "types",
        "weakref",
        "random",
        "contextvars",
        "copy",
        "math",
        "json",
        "string",
        "hashlib",
        "atexit",
        "enum",
        "dataclasses",
        "builtins",
        "concurrent",
        "queue",
        "io",
        "pathlib",
        "traceback",
        "errno",
        "signal",
        "gc",
        "platform",
        "uuid",
        "tempfile",
        "textwrap",
    ]
)


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
    _verdicts: dict[tuple[str, str], str] = field(default_factory=dict, repr=False, compare=False)

    def docstring(self, owner: Owner) -> str:
        """Who reads the docstring of a module, class or function; empty when nobody does."""
        if isinstance(owner.node, ast.Module):
            return self._module()
        name = owner.name
        if self.readers.grammar and name.startswith(("p_", "t_")):
            return self.readers.grammar
        families = (name,) if isinstance(owner.node, ast.ClassDef) else ()
        return (
            self._decorated(owner, DOCSTRINGS)
            or self._inherited(owner, DOCSTRINGS)
            or self.readers.reads(DOCSTRINGS, self._known_as(owner), families)
        )

    def annotations(self, owner: Owner) -> str:
        """Who reads the annotations of a function, or of the variables of a module; empty when nobody does."""
        if isinstance(owner.node, ast.Module):
            return self.readers.reads(ANNOTATIONS, self.module_names())
        families = [outer.name for outer in (*owner.around, owner.node) if isinstance(outer, ast.ClassDef)]
        return (
            self._decorated(owner, ANNOTATIONS)
            or self._inherited(owner, ANNOTATIONS)
            or self.readers.reads(ANNOTATIONS, self._known_as(owner), families)
        )

    def source(self) -> str:
        """Who reads the lines or the source of this file; empty when nobody does."""
        return self.readers.files.get(self.path, "") or self.readers.everything.get(SOURCE, "")

    def source_of(self, owner: Owner) -> str:
        """Who reads the source of something in this file; empty when nobody does."""
        names = self.module_names() if isinstance(owner.node, ast.Module) else self._known_as(owner)
        return self.readers.reads(SOURCE, names)

    def _module(self) -> str:
        if self.path in self.readers.modules:
            return self.readers.modules[self.path]
        named = self.readers.named.get(DOCSTRINGS, {})
        return next((named[name] for name in self.module_names() if name in named), "")

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

    def _decorated(self, owner: Owner, what: str) -> str:
        for node in self._decorated_nodes(owner):
            for decorator in node.decorator_list:
                reason = self._decorator(decorator, what, owner)
                if reason:
                    return f"{self.path}:{decorator.lineno}: {reason}"
        return ""

    def _decorated_nodes(self, owner: Owner) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
        """The thing itself and the classes directly around it, whose decorators see it too."""
        if not isinstance(owner.node, ast.Module):
            yield owner.node
        for outer in reversed(owner.around):
            if not isinstance(outer, ast.ClassDef):
                return
            yield outer

    def _decorator(self, node: ast.expr, what: str, owner: Owner) -> str:
        inner = node.func if isinstance(node, ast.Call) else node
        name = self.names.resolve(inner)
        if not name:
            return f"the decorator `{ast.unparse(inner)[:60]}` is not known"
        root = dotted(inner).partition(".")[0]
        local = root in self.names.touched or any(root in set(bindings(outer)) for outer in owner.around)
        own = local and root not in self.names.imports
        if not own or "." in name:
            verdict = self._known(name, what, own)
            if verdict is not None:
                return verdict
        key = (name, what)
        if key not in self._verdicts:
            self._verdicts[key] = self._of_repository(name, what)
        return self._verdicts[key]

    def _known(self, name: str, what: str, own: bool) -> str | None:
        """What the entries say of a decorator; ``None`` when they say nothing."""
        known = self.readers.known
        if not own or name.rpartition(".")[2] in ("setter", "getter", "deleter"):
            harmless = known.find("harmless-decorator", name, what)
            if harmless is not None and not _is_wild(harmless.names, name):
                return ""
        entry = known.find("decorator", name, what)
        if entry is not None:
            return f"the decorator `{name}`: {entry.reason}"
        return "" if known.find("harmless-decorator", name, what) is not None else None

    def _of_repository(self, name: str, what: str) -> str:
        """Whether a decorator that the repository defines itself looks at what it is given."""
        simple = name.rpartition(".")[2]
        found = list(self.readers.repository.definitions(simple))
        own = self.names.defined.get(simple) if name == simple else None
        if isinstance(own, (ast.ClassDef, *FUNCTIONS)):
            found.append((Module(self.path, ast.Module([], []), self.names), own))
        if not found or len(found) > 20:
            return f"the decorator `{name}` is not known"
        for module, node in found:
            word = _looks(node, module)
            if word:
                return f"the decorator `{name}` ({module.path}:{node.lineno}) uses `{word}`"
        return ""

    def _inherited(self, owner: Owner, what: str) -> str:
        """Whether a base class reads; unknown bases from outside count as readers of annotations."""
        around = [outer for outer in owner.around if isinstance(outer, ast.ClassDef)]
        own = [owner.node] if isinstance(owner.node, ast.ClassDef) else []
        for node in (*own, *around[-1:]):
            for base in _bases(node):
                reason = self._base(base, what, is_class=node is owner.node, seen=frozenset())
                if reason:
                    return f"{self.path}:{node.lineno}: {reason}"
        return ""

    def _base(self, node: ast.expr, what: str, *, is_class: bool, seen: frozenset[str]) -> str:
        name = self.names.resolve(node)
        return self._named_base(name, what, is_class=is_class, seen=seen)

    def _named_base(self, name: str, what: str, *, is_class: bool, seen: frozenset[str]) -> str:
        known = self.readers.known
        entry = known.find("base", name, what)
        if entry is not None and (is_class or entry.of == "members"):
            return f"the base class `{name}`: {entry.reason}"
        if known.find("harmless-base", name, what) is not None:
            return ""
        simple = name.rpartition(".")[2]
        if simple in seen:
            return ""
        found = [pair for pair in self.readers.repository.definitions(simple) if isinstance(pair[1], ast.ClassDef)]
        if not found and what == ANNOTATIONS:
            return f"the base class `{name or 'made at run time'}` is not known, and may read annotations"
        for module, node in found[:20]:
            reason = self._parent(module, node, what, is_class=is_class, seen=seen | {simple})
            if reason:
                return reason
        return ""

    def _parent(self, module: Module, node: ast.AST, what: str, *, is_class: bool, seen: frozenset[str]) -> str:
        assert isinstance(node, ast.ClassDef)
        for inner in node.body:
            if isinstance(inner, FUNCTIONS) and inner.name in ("__init_subclass__", "__new__", "__prepare__"):
                word = _looks(inner, module)
                if word:
                    return f"the base class `{node.name}` ({module.path}:{inner.lineno}) uses `{word}`"
        for base in _bases(node):
            name = module.names.resolve(base)
            reason = self._named_base(name, what, is_class=is_class, seen=seen)
            if reason:
                return reason
        return ""


def _bases(node: ast.ClassDef) -> Sequence[ast.expr]:
    """The bases and the metaclass, subscripts taken off."""
    given = [*node.bases, *(keyword.value for keyword in node.keywords if keyword.arg in ("metaclass", None))]
    return [base.value if isinstance(base, ast.Subscript) else base for base in given]


def _is_wild(names: Sequence[str], name: str) -> bool:
    """Whether only an entry such as `*.register` covers the name, which anything might be called."""
    return name not in names and not any(
        word.endswith(".*") and name.startswith(word[:-1]) and not word.startswith("*") for word in names
    )


def _looks(node: ast.AST, module: Module) -> str:
    """A word in a definition that may look at a docstring, or hand the function to a stranger; empty for none."""
    for inner in ast.walk(node):
        word = getattr(inner, "attr", None) or getattr(inner, "id", None)
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str) and inner.value.startswith("__"):
            word = inner.value
        if not isinstance(word, str):
            continue
        if _SUSPICIOUS.search(word) and not _is_copied(inner, node):
            return word
        if isinstance(inner, ast.Name) and word in module.names.imports:
            full = module.names.imports[word]
            if full.startswith(".") or _is_harmless(full, module):
                continue
            return full
    return ""


def _is_harmless(full: str, module: Module) -> bool:
    root = full.partition(".")[0]
    return root in _HARMLESS_MODULES or f"/{root}/" in f"/{module.path}" or module.path.startswith(f"{root}.")


def _is_copied(inner: ast.AST, node: ast.AST) -> bool:
    """Whether a docstring is only passed on: `wrapper.__doc__ = function.__doc__`."""
    if getattr(inner, "attr", "") != "__doc__":
        return False
    for statement in ast.walk(node):
        if isinstance(statement, ast.Assign) and (statement.value is inner or inner in statement.targets):
            return all(isinstance(part, ast.Attribute) and part.attr == "__doc__" for part in statement.targets)
    return False
