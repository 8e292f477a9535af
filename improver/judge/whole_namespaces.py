"""Who looks at all names of a module, among which `__annotations__` may be new."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from improver.judge.bound import word_of
from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted
from improver.judge.repository import Repository
from improver.judge.writes import Modules

_LISTS = frozenset({"globals", "vars", "locals", "dir"})
_OF_FUNCTION = frozenset({"vars", "locals", "dir"})
_FRAMES = frozenset({"f_globals", "f_locals", "__globals__"})
_MEMBERS = frozenset({"vars", "dir", "getmembers", "getmembers_static", "__dir__"})
_RUNS = frozenset({"run_path", "run_module"})
_WORDS = re.compile(rb"\bvars\b|\bdir\b|getmembers|__dict__|__dir__|run_path|run_module|f_globals|f_locals|__globals__")
_OWN = frozenset({"self", "cls", "mcs", "mcls"})


def lists_own_names(tree: ast.Module) -> str:
    """Where a module looks at all its own names, or at its annotations; empty when it does neither."""
    plain = _single_names(tree)
    for node in ast.walk(tree):
        word = _lists(node, plain)
        if word:
            return f"`{word}` in line {getattr(node, 'lineno', 1)} may see that the module has annotations"
    return ""


def _single_names(tree: ast.Module) -> set[ast.AST]:
    """What is asked for one name that is written there, or belongs to a function, or is a call of something known."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            found.add(node.value)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute) and node.func.attr == "get" and _is_constant(node.args):
                found.add(node.func.value)
            if isinstance(node.func, ast.Name) and node.func.id in _OF_FUNCTION and node.args:
                found.add(node.func)  # of something else, or `of_this_module` tells
        elif isinstance(node, FUNCTIONS):  # whose own names these are
            found.update(one.func for one in ast.walk(node) if isinstance(one, ast.Call) and _is_of_function(one.func))
    found.update(node.func for node in list(found) if isinstance(node, ast.Call))
    return found


def _is_constant(arguments: list[ast.expr]) -> bool:
    return bool(arguments) and isinstance(arguments[0], ast.Constant)


def _is_of_function(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in _OF_FUNCTION


def _lists(node: ast.AST, plain: set[ast.AST]) -> str:  # noqa: PLR0911 - one line a way
    if isinstance(node, ast.Constant) and node.value == "__annotations__":
        return "__annotations__"
    if isinstance(node, ast.Name) and node.id == "__annotations__":
        return node.id
    if node in plain:
        return ""
    if isinstance(node, ast.Name) and node.id in _LISTS and isinstance(node.ctx, ast.Load):
        return node.id
    if isinstance(node, ast.Attribute) and node.attr in _FRAMES | _LISTS and isinstance(node.ctx, ast.Load):
        is_builtin = dotted(node.value).strip("_") == "builtins"
        return dotted(node) or node.attr if node.attr in _FRAMES or is_builtin else ""
    if isinstance(node, ast.Call) and dotted(node.func) in ("exec", "eval") and len(node.args) < 2:
        return dotted(node.func)
    return ""


def lists_names_of(path: str, tree: ast.Module, repository: Repository) -> str:
    """Which file of a repository looks at all names of a module; empty when none does.

    Parameters:
        path: the module.
        tree: the module as it is after the change.
    """
    word = word_of(path)
    handed = listing = ""
    for other, content in repository.files.items():
        if not other.endswith(".py") or not (_WORDS.search(content) or word.encode() in content):
            continue
        module = repository.module(other)
        inner = tree if other == path else module.tree if module is not None else None
        if inner is None:
            continue
        facts = _Facts(inner, Modules(inner, repository), word, frozenset(path.split("/")[:-1]))
        for line in facts.sure:
            return f"{other}:{line} looks at all names of the module"
        handed = handed or (f"{other}:{facts.handed}" if facts.handed and other != path else "")
        listing = listing or (f"{other}:{facts.listing}" if facts.listing else "")
    return f"{handed} hands the module over, and {listing} looks at all names" if handed and listing else ""


class _Facts:
    """What one file does with a module.

    Parameters:
        word: the last word of its dotted name.
        around: the words of the packages around it.
    """

    def __init__(self, tree: ast.Module, modules: Modules, word: str, around: frozenset[str]) -> None:
        self.modules = modules
        self.around = around
        self.word = word
        self.single = _single_names(tree)
        self.bases = {node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        self.sure: list[int] = []
        self.handed = self.listing = 0
        for node in ast.walk(tree):
            self.node(node)

    def node(self, node: ast.AST) -> None:
        line = getattr(node, "lineno", 1)
        for asked in self.asked(node):
            found = self.modules.module(asked)
            if found is not None:
                self.sure += [line] if found in ("", self.word) else []
                self.handed = self.handed or (line if found in self.around else 0)
            elif self.is_open(asked):
                self.listing = self.listing or line
        if isinstance(node, ast.Attribute) and node.attr in _FRAMES and node not in self.single:
            self.sure += [line]
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in _RUNS:
            self.sure += [line] if self.may_run(node) else []
        if isinstance(node, ast.Name | ast.Attribute) and node not in self.bases and isinstance(node.ctx, ast.Load):
            self.handed = self.handed or (line if self.modules.module(node) == self.word else 0)

    def asked(self, node: ast.AST) -> Iterator[ast.expr]:
        """The objects whose names are all looked at."""
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in _MEMBERS and node.args:
            yield node.args[0]
        elif isinstance(node, ast.Attribute) and node.attr in ("__dict__", "__dir__") and node not in self.single:
            yield node.value

    def is_open(self, node: ast.expr) -> bool:
        """Whether something that is not followed may be any object."""
        root = dotted(node).partition(".")[0]
        return root not in _OWN and not isinstance(node, ast.Constant | ast.JoinedStr)

    def may_run(self, node: ast.Call) -> bool:
        text = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
        return not isinstance(text, str) or word_of(text.replace(".py", "").replace(".", "/")) == self.word
