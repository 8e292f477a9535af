"""Finds plug-ins: one file each, named like the file; others ship theirs by entry point, never from the target."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from improver import __version__
from improver.errors import PluginBroken, UsageError
from improver.ports import Analyzer, Gate
from improver.strict import read_table, suggestion

P = TypeVar("P")


@dataclass(frozen=True)
class Named(Generic[P]):
    """A plug-in with the name people call it by.

    Parameters:
        version: changes whenever its code or its options do; results are kept under it.
    """

    name: str
    plugin: P
    version: str


def load_analyzers(
    names: Iterable[str], options: Mapping[str, Mapping[str, object]], where: str = "[tool.improver]"
) -> tuple[Named[Analyzer], ...]:
    """The analyzers of the given names, with their options.

    Raises:
        UsageError: there is none of that name.
        SettingsError: an option is unknown or of the wrong type.
        PluginBroken: it does not load; nothing goes on without it.
    """
    return tuple(
        cast(Named[Analyzer], _load("analyzers", "analyze", name, options.get(name, {}), where)) for name in names
    )


def load_gates(names: Iterable[str]) -> tuple[Named[Gate], ...]:
    """The gates of the given names, in that order.

    Raises:
        UsageError: there is none of that name.
        PluginBroken: it does not load; a check must not vanish silently.
    """
    return tuple(cast(Named[Gate], _load("judge.gates", "examine", name, {}, "gates")) for name in names)


def analyzer_names() -> frozenset[str]:
    """Every analyzer that is installed."""
    return frozenset(_found("analyzers"))


def _load(kind: str, verb: str, name: str, options: Mapping[str, object], where: str) -> Named[Any]:
    known = _found(kind)
    key = name.replace("-", "_")
    if key not in known:
        noun = "analyzer" if kind == "analyzers" else "gate"
        raise UsageError(f"There is no {noun} `{name}`.{suggestion(name, known)}")
    cls = _class(kind, key, known[key], verb)
    plugin = read_table(cls, options, f"{where}, `{key}`") if options else _made(cls, key)
    return Named(key, plugin, _version(cls, plugin))


def _class(kind: str, name: str, found: str | EntryPoint, verb: str) -> type[Any]:
    try:
        cls = found.load() if isinstance(found, EntryPoint) else _in_module(found, name)
    except Exception as error:  # whatever a plug-in raises while it loads stops the run
        raise PluginBroken(f"The plug-in `{name}` ({kind}) does not load: {type(error).__name__}: {error}.") from error
    if not isinstance(cls, type) or not callable(getattr(cls, verb, None)):
        raise PluginBroken(f"The plug-in `{name}` ({kind}) has no `{verb}`.")
    return cls


def _in_module(module: str, name: str) -> Any:
    return getattr(importlib.import_module(module), "".join(part.capitalize() for part in name.split("_")))


def _made(cls: type[Any], name: str) -> Any:
    try:
        return cls()
    except Exception as error:
        raise PluginBroken(f"The plug-in `{name}` does not start without options: {error}.") from error


@cache
def _found(kind: str) -> Mapping[str, str | EntryPoint]:
    package = importlib.import_module(f"improver.{kind}")
    own = {
        module.name: f"improver.{kind}.{module.name}"
        for module in pkgutil.iter_modules(package.__path__)
        if not module.ispkg and not module.name.startswith("_")
    }
    others: dict[str, str | EntryPoint] = {}
    for point in entry_points(group=f"improver.{kind.removeprefix('judge.')}"):
        if point.name in own or point.name in others:
            raise PluginBroken(f"Two plug-ins are called `{point.name}`; the second comes from {point.value}.")
        others[point.name] = point
    return {**own, **others}


def _version(cls: type[Any], plugin: object) -> str:
    values = {field.name: getattr(plugin, field.name) for field in fields(cast(Any, plugin))}
    return hashlib.sha256(f"{__version__} {code_stamp(cls.__module__)} {sorted(values.items())}".encode()).hexdigest()


@cache
def code_stamp(module: str) -> str:
    """Changes when a file beside a module does: a developer's edit must not meet yesterday's results."""
    file = getattr(importlib.import_module(module), "__file__", None)
    if file is None:
        return module
    stats = [(path.name, path.stat()) for path in sorted(Path(file).parent.rglob("*.py"))]
    return repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats])
