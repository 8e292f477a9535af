"""Who changes the names of a module from outside: by its attributes, by patches, by namespaces and frames."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from improver.judge.repository import Repository
from improver.judge.writes import ANY, Write, gives, writes_of
from improver.judges import is_test

_WILD = re.compile(
    rb"f_globals|f_locals|f_builtins|__globals__|\bbuiltins\b|__builtins__|sys\.modules|import_module|__import__"
    rb"|multiple\(|__dict__\b|\bvars\(|attr\(\s*\w*[Mm]od(?:ule)?s?\b|\bpatch\(\s*[A-Za-z_]|\b(?:set|del)attr\b\s*[^(\s]"
)
_BY_TEXTS = re.compile(rb"setattr|delattr|patch|item\(|swap_|replace\(|__dict__|vars\(")
_ANEW = re.compile(rb"\breload\b|\brunpy\b|del sys\.modules|sys\.modules\.pop|delitem\(sys\.modules")
_TARGETS = re.compile(rb"\b(?:del|for|as)\b|=(?!=)")
_WRITES = re.compile(rb"attr\b|__dict__|\bvars\b|\]\s*=(?!=)|\|=|update\(|exec\(|\bdel\b|patch|item\(|\.\w+\s*=(?!=)")


@dataclass(frozen=True, eq=False)
class Meddling:
    """What the files of a repository do to names of modules that are not their own.

    Parameters:
        here: the changed file, as it is after the change.
    """

    repository: Repository = field(repr=False)
    path: str
    tree: ast.Module = field(repr=False)
    _special: dict[tuple[frozenset[str], tuple[str, int]], str] = field(default_factory=dict, repr=False)
    _answers: dict[tuple[str, frozenset[str], bool], str] = field(default_factory=dict, repr=False)

    def with_name(self, name: str, modules: frozenset[str], *, at_call: bool = False) -> str:
        """Who may make a name something else; empty when nobody does.

        Parameters:
            modules: the last words of the modules that the name may be looked up in.
            at_call: whether it is looked up at each call, when tests may have changed it.
        """
        key = (name, modules, at_call)
        if key not in self._answers:
            self._answers[key] = next(self._who(name, modules, at_call), "")
        return self._answers[key]

    def _who(self, name: str, modules: frozenset[str], at_call: bool) -> Iterator[str]:
        for path in (*self._others.with_name(name, at_call=at_call), self.path):
            for write in self._of_file(path):
                if write.name in (name, ANY) and (not write.of or write.of in modules):
                    yield f"{path}:{write.line} may make `{name}` something else"

    @cached_property
    def _others(self) -> _Others:
        return _others(self.repository)

    def special(self, names: frozenset[str], before: tuple[str, int] = ("", 0)) -> str:
        """Who gives a class one of these methods after it was made; empty when nobody does.

        Parameters:
            before: a file and a line; plain assignments further down in that file do not count.
        """
        if (names, before) not in self._special:
            self._special[names, before] = next(self._given(names, before), "")
        return self._special[names, before]

    def _given(self, names: frozenset[str], before: tuple[str, int]) -> Iterator[str]:
        found = re.compile(
            "|".join(rf"\.{name}\s*=(?!=)|[\"']{name}[\"']" for name in sorted(names)).encode(
                "utf-8", "surrogateescape"
            )
        )
        for path, content in self.repository.files.items():
            if path.endswith(".py") and found.search(content):
                tree = self._tree(path)
                for statement in tree.body if tree is not None else ():
                    if (path, statement.lineno) > before and path == before[0] and isinstance(statement, ast.Assign):
                        continue
                    for node in ast.walk(statement):
                        if gives(node) in names:
                            yield f"{path}:{getattr(node, 'lineno', 1)} gives a class `{gives(node)}`"

    def _of_file(self, path: str) -> tuple[Write, ...]:
        return self._own if path == self.path else self._others.writes(path)

    @cached_property
    def _own(self) -> tuple[Write, ...]:
        return writes_of(self.tree, self.repository)

    def _tree(self, path: str) -> ast.Module | None:
        if path == self.path:
            return self.tree
        module = self.repository.module(path)
        return None if module is None else module.tree


@dataclass(frozen=True, eq=False)
class _Others:
    """The files of a repository."""

    repository: Repository = field(repr=False)
    _writes: dict[str, tuple[Write, ...]] = field(default_factory=dict, repr=False)
    _wild: dict[str, bool] = field(default_factory=dict, repr=False)
    _paths: dict[tuple[str, bool], tuple[str, ...]] = field(default_factory=dict, repr=False)

    def with_name(self, name: str, *, at_call: bool) -> tuple[str, ...]:
        """The files that may store a name in something else, by what their text looks like."""
        key = (name, at_call)
        if key not in self._paths:
            tokens = (f".{name}".encode(), f"{name}'".encode(), f'{name}"'.encode())
            stored = re.compile(rf"\.{name}\b\s*(?:=(?!=)|[^\w\s]|in\b|$)".encode(), re.MULTILINE)
            self._paths[key] = tuple(
                path
                for path in self._python(at_call)
                if self._is_wild(path) or _may_store(self.repository.files[path], tokens, stored)
            )
        return self._paths[key]

    def _python(self, at_call: bool) -> tuple[str, ...]:
        return tuple(path for path, before in self._all.items() if at_call or before)

    @cached_property
    def _all(self) -> dict[str, bool]:
        """Each file of Python, with whether it may be run before a module is imported."""
        files = self.repository.files.items()
        return {path: _runs_before(path, content) for path, content in files if path.endswith(".py")}

    def _is_wild(self, path: str) -> bool:
        """Whether a file may change names which are known at run time only."""
        if path not in self._wild:
            content = self.repository.files[path]
            self._wild[path] = bool(_WILD.search(content) and _WRITES.search(content))
        return self._wild[path]

    def writes(self, path: str) -> tuple[Write, ...]:
        """What a file stores in what may be modules."""
        if path not in self._writes:
            module = self.repository.module(path) if path in self.repository.files else None
            self._writes[path] = () if module is None else writes_of(module.tree, self.repository)
        return self._writes[path]


def _may_store(content: bytes, tokens: tuple[bytes, ...], stored: re.Pattern[bytes]) -> bool:
    if (tokens[1] in content or tokens[2] in content) and _BY_TEXTS.search(content):
        return True
    return tokens[0] in content and any(_is_stored(content, match) for match in stored.finditer(content))


def _is_stored(content: bytes, match: re.Match[bytes]) -> bool:
    """Whether an attribute may be stored: given a value, deleted, or among several that are."""
    if match.group().endswith(b"="):
        return True
    start, end = content.rfind(b"\n", 0, match.start()) + 1, content.find(b"\n", match.end())
    line = content[start : end if end >= 0 else None]
    return bool(_TARGETS.search(line))


_last: list[_Others] = []


def _others(repository: Repository) -> _Others:
    """The files of a repository, kept for the next file of the same change."""
    for kept in _last:
        if kept.repository is repository:
            return kept
    _last[:] = [_Others(repository)]
    return _last[0]


def _runs_before(path: str, content: bytes) -> bool:
    """Whether a file may change what a module finds when it is imported: a test only if it imports things anew."""
    return not is_test(path) or path.rpartition("/")[2] == "conftest.py" or _ANEW.search(content) is not None
