"""What is known to read docstrings, annotations or source: the data file, and what a project adds to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cache, lru_cache
from importlib.resources import files

from improver.errors import SettingsError
from improver.strict import parse_toml, read_table, suggestion

DOCSTRINGS, ANNOTATIONS, SOURCE = "docstrings", "annotations", "source"
BARE_STRINGS, CONSTRUCTORS, MODULES = "bare-strings", "constructor-annotations", "module-docstrings"
_READS = frozenset(
    {
        DOCSTRINGS,
        ANNOTATIONS,
        SOURCE,
        "doctest",
        "grammar",
        MODULES,
        "everything-annotations",
        BARE_STRINGS,
        CONSTRUCTORS,
    }
)
_KINDS = ("call", "taker", "decorator", "base", "import", "word", "file")
_HARMLESS = ("harmless-decorator", "harmless-call", "harmless-base")


@dataclass(frozen=True)
class Entry:
    """Something that is known to read, or known not to.

    Parameters:
        names: dotted names; ``*`` stands for anything.
        reads: ``docstrings``, ``annotations``, ``source`` and the like.
        reason: why, for whoever reads the verdict.
        reference: where that can be looked up.
        of: for base classes, whether the ``class`` alone is read or also its ``members``.
    """

    names: tuple[str, ...]
    reads: tuple[str, ...]
    reason: str
    reference: str
    of: str = "members"


@dataclass(frozen=True)
class Known:
    """All entries by kind, the kinds that the head of ``readers.toml`` explains."""

    entries: Mapping[str, tuple[Entry, ...]] = field(repr=False)
    _found: dict[tuple[str, str, str, bool | None], Entry | None] = field(
        default_factory=dict, repr=False, compare=False
    )

    def find(self, kind: str, name: str, reads: str, *, wild: bool | None = None) -> Entry | None:
        """The first entry of a kind that covers a dotted name and says something of what is asked.

        Parameters:
            wild: whether to go by names such as `*.register` alone, which anything might be called, or by none of
                them; by all when it is ``None``.
        """
        key = (kind, name, reads, wild)
        if key not in self._found:
            entries = (entry for entry in self.entries.get(kind, ()) if reads in entry.reads)
            self._found[key] = next((entry for entry in entries if _covers(entry.names, name, wild)), None)
        return self._found[key]


def _covers(names: tuple[str, ...], name: str, wild: bool | None) -> bool:
    """Whether one of the names of an entry stands for a dotted name."""
    exact, patterns = _sorted(names)
    if wild is not True and name in exact:
        return True
    first = name.partition(".")[0]
    near = (*patterns.get(first, ()), *patterns.get("", ())) if wild is not True else ()
    near += patterns.get("*", ()) if wild is not False else ()
    return any(_pattern(pattern).match(name) for pattern in near)


@lru_cache(maxsize=1024)
def _sorted(names: tuple[str, ...]) -> tuple[frozenset[str], Mapping[str, tuple[str, ...]]]:
    """The names without a `*`, and the patterns by their first word; `*` for those that begin with anything."""
    found: dict[str, tuple[str, ...]] = {}
    for name in names:
        first = name.partition(".")[0]
        if "*" in name:
            key = "*" if name.startswith("*") else first if "*" not in first else ""
            found[key] = (*found.get(key, ()), name)
    return frozenset(name for name in names if "*" not in name), found


@lru_cache(maxsize=4096)
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(translate(name))


def known_readers(extra: bytes = b"", where: str = "readers.toml") -> Known:
    """The built-in entries, and those that a project adds.

    Parameters:
        extra: a TOML document of the same form; it may name readers, not what is harmless.
        where: its name, for messages.

    Raises:
        SettingsError: it is malformed, names something unknown, or declares something harmless.
    """
    if not extra.strip():
        return _builtin()
    added = _entries(extra, where, _KINDS)
    merged = {kind: (*added.get(kind, ()), *_builtin().entries.get(kind, ())) for kind in (*_KINDS, *_HARMLESS)}
    return Known(merged)


@cache
def _builtin() -> Known:
    content = files("improver.judge").joinpath("readers.toml").read_bytes()
    return Known(_entries(content, "readers.toml", (*_KINDS, *_HARMLESS)))


def _entries(content: bytes, where: str, kinds: Sequence[str]) -> dict[str, tuple[Entry, ...]]:
    tables = parse_toml(content, where)
    for kind in tables:
        if kind in _HARMLESS and kind not in kinds:
            raise SettingsError(
                f"{where}: `{kind}` is not for a project to say; it may add readers, not take them away."
            )
        if kind not in kinds:
            raise SettingsError(f"{where}: unknown key `{kind}`.{suggestion(kind, kinds)}")
    return {
        kind: tuple(_entry(table, f"{where}, [[{kind}]]") for table in _list(tables[kind], where)) for kind in tables
    }


def _list(tables: object, where: str) -> list[Mapping[str, object]]:
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise SettingsError(f"{where}: expected a list of tables.")
    return tables


def _entry(table: Mapping[str, object], where: str) -> Entry:
    missing = [name for name in ("names", "reads", "reason", "reference") if name not in table]
    if missing:
        raise SettingsError(f"{where}: `{missing[0]}` is missing.")
    entry = read_table(Entry, table, where)
    for word in entry.reads:
        if word not in _READS:
            raise SettingsError(f"{where}, `reads`: unknown word `{word}`.{suggestion(word, _READS)}")
    if entry.of not in ("class", "members"):
        raise SettingsError(f"{where}, `of`: expected class or members, found `{entry.of}`.")
    return entry
