"""What code reaches for: dangerous functions, and packages. Read from the syntax tree, run never."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_BUILTINS = frozenset({"exec", "eval", "compile", "__import__"})
_FUNCTIONS = frozenset(
    {
        "asyncio.create_subprocess_shell",
        "code.interact",
        "importlib.import_module",
        "marshal.load",
        "marshal.loads",
        "os.popen",
        "os.system",
        "pty.spawn",
        "runpy.run_module",
        "runpy.run_path",
        "shelve.open",
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
        "yaml.full_load",
        "yaml.unsafe_load",
    }
)
_PREFIXES = ("os.exec", "os.spawn", "os.posix_spawn")
_MODULES = frozenset({"ctypes", "_ctypes", "cffi"})
_PICKLES = frozenset({"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "jsonpickle", "joblib"})
_UNPICKLING = frozenset({"load", "loads", "Unpickler", "decode"})

Dangers = Counter[tuple[str, str]]
"""How often each (name of what is dangerous, normalised code around it) is written."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What one file reaches for.

    Parameters:
        packages: the first word of every absolute import.
        dangers: the dangerous functions it names, called or not.
    """

    packages: frozenset[str]
    dangers: Dangers


def read_reach(tree: ast.Module) -> Reach:
    """What the code names, whatever it calls it by: aliases of imports are followed."""
    imported = list(_imports(tree))
    aliases = {alias: name for alias, name in imported if alias}
    packages = frozenset(name.partition(".")[0] for _, name in imported)
    return Reach(packages, Counter(_dangers(tree, aliases)))


def _imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each import as the name it binds and the dotted name it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                first = name.name.partition(".")[0]
                yield (name.asname, name.name) if name.asname else (first, first)
                yield "", name.name
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for name in node.names:
                yield name.asname or name.name, f"{node.module}.{name.name}"


def _dangers(tree: ast.Module, aliases: dict[str, str]) -> Iterator[tuple[str, str]]:
    called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _dangerous_imports(node)
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            name = _danger(_qualified(node, aliases))
            if name:
                yield name, _written(called.get(id(node), node))
        elif isinstance(node, ast.Call) and _asks_for_a_shell(node, aliases):
            yield "shell=True", _written(node)
        elif name := _danger(_spelled(node, aliases)):
            yield name, _written(node)


def _dangerous_imports(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    names = [name.name for name in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    for name in names:
        if name.partition(".")[0] in _MODULES:
            yield name.partition(".")[0], "import"


def _qualified(node: ast.expr, aliases: dict[str, str]) -> str:
    """The dotted name an expression stands for, empty when it is not one."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(aliases.get(node.id, node.id))
    return ".".join(reversed(parts))


def _spelled(node: ast.AST, aliases: dict[str, str]) -> str:
    """The dotted name behind ``getattr(os, "system")`` and ``__builtins__["eval"]``, empty when there is none."""
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[owner, ast.Constant(value=str(last)), *_]):
            return f"{_qualified(owner, aliases)}.{last}"
        case ast.Subscript(value=owner, slice=ast.Constant(value=str(last))):
            return f"{_qualified(owner, aliases)}.{last}"
        case _:
            return ""


def _danger(name: str) -> str:
    """The name when it is dangerous, else nothing."""
    plain = name.removeprefix("builtins.").removeprefix("__builtins__.")
    first, _, last = plain.rpartition(".")
    dangerous = (
        plain in _BUILTINS
        or plain in _FUNCTIONS
        or plain.startswith(_PREFIXES)
        or (first.partition(".")[0] in _PICKLES and last in _UNPICKLING)
    )
    return plain if dangerous else ""


def _asks_for_a_shell(call: ast.Call, aliases: dict[str, str]) -> bool:
    """Whether a call passes ``shell=`` anything but a plain false; any function may hand it on."""
    if _qualified(call.func, aliases).startswith("click."):
        return False
    return any(
        word.arg == "shell" and not (isinstance(word.value, ast.Constant) and not word.value.value)
        for word in call.keywords
    )


def _written(node: ast.AST) -> str:
    try:
        return ast.unparse(node)
    except (RecursionError, ValueError):
        return ast.dump(node)[:200]
