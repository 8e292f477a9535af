"""Where classes and functions of a repository are defined, found by text and only when asked."""

from __future__ import annotations

import ast
import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from improver.judge.masked import FUNCTIONS
from improver.judge.names import Names, in_bytes, names_of

_CLASS = re.compile(rb"(?m)^[ \t]*class[ \t]+(\w+)[ \t]*(?:\[[^\]]*\])?[ \t]*(?:\(([^)]*)\))?")
# NAME bound by an assignment, an import under another name, a loop, or as an attribute.
_BOUND = rb"(?m)^[ \t]*NAME[ \t]*(?::[^=\n]*)?=(?!=)|\bas[ \t]+NAME\b|\bfor[ \t]+NAME\b|\.[ \t]*NAME[ \t]*=(?!=)"
_WORD = re.compile(rb"[\w.]+")


Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def parents_of(tree: ast.AST) -> dict[ast.AST, ast.AST]:
    """The parent of every node of a tree."""
    found: dict[ast.AST, ast.AST] = {}
    pending = [tree]
    while pending:
        node = pending.pop()
        for child in ast.iter_child_nodes(node):
            found[child] = node
            pending.append(child)
    return found


@dataclass(frozen=True)
class Module:
    """A parsed file."""

    path: str
    tree: ast.Module
    names: Names

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The parent of every node."""
        return parents_of(self.tree)

    @cached_property
    def definitions(self) -> Mapping[str, list[Definition]]:
        """Every function and class, by its simple name."""
        found: defaultdict[str, list[Definition]] = defaultdict(list)
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.ClassDef, *FUNCTIONS)):
                found[node.name].append(node)
        return found


@dataclass(frozen=True)
class Repository:
    """The Python files of a repository, parsed one by one as they are asked for."""

    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    _parsed: dict[str, Module | None] = field(default_factory=dict, repr=False, compare=False)
    _defined: dict[str, tuple[tuple[Module, Definition], ...]] = field(default_factory=dict, repr=False, compare=False)
    _sure: dict[str, bool] = field(default_factory=dict, repr=False, compare=False)
    _found: dict[str, frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _bases(self) -> Mapping[str, frozenset[str]]:
        """The simple names of the bases of every class, by its simple name; all classes of one name together."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for path, content in self.files.items():
            if path.endswith(".py") and b"class" in content:
                for match in _CLASS.finditer(content):
                    bases = _WORD.findall(match.group(2) or b"")
                    found[_text(match.group(1))].update(_text(base.rpartition(b".")[2]) for base in bases)
        return {name: frozenset(bases) for name, bases in found.items()}

    def ancestors(self, name: str) -> frozenset[str]:
        """The simple names of a class and of all it may derive from, as far as the repository tells."""
        seen = {name}
        pending = [name]
        while pending:
            for base in self._bases.get(pending.pop(), ()):
                if base not in seen:
                    seen.add(base)
                    pending.append(base)
        return frozenset(seen)

    def descendants(self, name: str) -> frozenset[str]:
        """The simple names of all classes that may derive from a class; itself included."""
        if name not in self._found:
            seen = {name}
            pending = [name]
            while pending:
                for other in self._derived.get(pending.pop(), ()):
                    if other not in seen:
                        seen.add(other)
                        pending.append(other)
            self._found[name] = frozenset(seen)
        return self._found[name]

    @cached_property
    def _derived(self) -> Mapping[str, frozenset[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name, bases in self._bases.items():
            for base in bases:
                found[base].add(name)
        return {name: frozenset(derived) for name, derived in found.items()}

    def family(self, name: str) -> frozenset[str]:
        """The simple names of a class, of what it derives from and of what derives from it."""
        return self.ancestors(name) | self.descendants(name)

    def is_class(self, name: str) -> bool:
        """Whether a class of this simple name is defined here."""
        return name in self._bases

    def holds_more(self, name: str) -> bool:
        """Whether a simple name may be that of a module or a class, which have more in them."""
        return self._has_module(name) or self.is_class(name)

    def is_sure(self, name: str) -> bool:
        """Whether a simple name always stands for what is defined under it: it is bound by nothing but definitions."""
        if name not in self._sure:
            self._sure[name] = self._is_sure(name)
        return self._sure[name]

    def _is_sure(self, name: str) -> bool:
        token = in_bytes(name)
        if next(self.definitions(name), None) is None and not self._has_module(name):
            return False
        bound = re.compile(_BOUND.replace(b"NAME", re.escape(token)))
        sources = (content for path, content in self.files.items() if path.endswith(".py"))
        return not any(token in content and bound.search(content) for content in sources)

    def _has_module(self, name: str) -> bool:
        return any(f"/{name}/" in f"/{path}" or f"/{path}".endswith(f"/{name}.py") for path in self.files)

    def strangers(self, name: str) -> frozenset[str]:
        """Those ancestors of a class that are not defined in the repository, the word `metaclass` left out."""
        return frozenset(base for base in self.ancestors(name) if base not in self._bases and base != "metaclass")

    def definitions(self, name: str) -> Iterator[tuple[Module, Definition]]:
        """Every function and class of this simple name, wherever it stands."""
        if name not in self._defined:
            self._defined[name] = tuple(self._definitions(name))
        return iter(self._defined[name])

    def _definitions(self, name: str) -> Iterator[tuple[Module, Definition]]:
        token = in_bytes(name)
        head = re.compile(rb"(?m)^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+" + re.escape(token) + rb"\b")
        for path, content in self.files.items():
            if path.endswith(".py") and token in content and head.search(content):
                module = self.module(path)
                if module is not None:
                    yield from ((module, node) for node in module.definitions.get(name, ()))

    def module(self, path: str) -> Module | None:
        """A file, parsed; ``None`` when it does not parse."""
        if path not in self._parsed:
            self._parsed[path] = self._parse(path)
        return self._parsed[path]

    def _parse(self, path: str) -> Module | None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(self.files[path], path)
            return Module(path, tree, names_of(tree))
        except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
            return None


def _text(word: bytes) -> str:
    return word.decode("utf-8", "replace")
