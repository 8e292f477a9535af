"""What was found of who reads what, put together."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace

from improver.judge.copies import Reading
from improver.judge.escapes import Escapes, is_beside
from improver.judge.known import DOCSTRINGS, SOURCE
from improver.judge.receivers import Receivers
from improver.judge.repository import Repository
from improver.judges import is_test

# A module or a class that reads its own `__doc__` by that name is not handed anything.
_OWN = "reads `__doc__` of its own module"
_DATA = (".json", ".toml", ".ini", ".cfg", ".yaml", ".yml")
_IDENTIFIER = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*")


@dataclass
class Findings:
    """Everything that reads, while it is collected.

    Parameters:
        handed: what reads something that it is handed, by what it reads.
        instances: the same for what may read any instance, which has the docstring of its class.
        tested: the same in tests, which can only reach classes that they name.
        deep: the same for what reads all that is in a module or a class that it is handed.
        places: the files that read something they are handed.
        copies: docstrings that are copied: the file, and the copy.
    """

    repository: Repository
    everything: dict[str, str] = field(default_factory=dict)
    handed: dict[str, str] = field(default_factory=dict)
    instances: dict[str, str] = field(default_factory=dict)
    tested: dict[str, str] = field(default_factory=dict)
    named: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    families: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    mentioned: list[tuple[str, frozenset[str], str]] = field(default_factory=list)
    modules: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    special: dict[str, str] = field(default_factory=dict)
    deep: dict[str, str] = field(default_factory=dict)
    places: set[str] = field(default_factory=set)
    copies: list[tuple[str, Reading]] = field(default_factory=list)

    def note(self, reading: Reading, path: str) -> None:
        """Take a reading in."""
        if reading.made and not self._has_word(reading.what, path):
            return
        if reading.what in ("doctest", "grammar"):
            self.special.setdefault(reading.what, f"{path}:{reading.line}: {reading.reason}")
        elif reading.copied_to is not None:
            self.copies.append((path, reading))
        else:
            self._add(reading, path)

    def _has_word(self, what: str, path: str) -> bool:
        """Whether the middle of such a name stands as a string by itself beside the reading, or in data."""
        word = rb"doc" if what == DOCSTRINGS else rb"annotations"
        quoted = re.compile(rb"['\"]" + word + rb"(?:__)?['\"]")
        folder = path.rpartition("/")[0]
        near = (
            content
            for other, content in self.repository.files.items()
            if other.endswith(_DATA) or (other.endswith(".py") and other.rpartition("/")[0] == folder)
        )
        return any(map(quoted.search, near))

    def settle(self) -> None:
        """Follow what is copied to something that is read: it is read itself."""
        pending = list(self.copies)
        changed = bool(pending) and DOCSTRINGS not in self.everything
        while changed:
            changed = False
            for pair in list(pending):
                path, reading = pair
                reason = self._reader_of_copy(path, reading)
                if reason:
                    pending.remove(pair)
                    changed = True
                    into = f"{reading.reason} into what is read ({reason})"
                    self._add(replace(reading, copied_to=None, reason=into, tested=_is_of_tests(reason)), path)

    def _add(self, reading: Reading, path: str) -> None:
        """Note who is read by one expression."""
        of = reading.of
        reason = f"{path}:{reading.line}: {reading.reason}{_spoken(of)}"
        if of.any_module and reading.what == DOCSTRINGS:
            self.special.setdefault("module", reason)
        if of.own_module:
            self.modules.setdefault(path, reason)
        for name in of.names:
            self.named[reading.what].setdefault(name, reason)
            if reading.deep and self.repository.holds_more(name):
                self.everything.setdefault(reading.what, f"{reason}, with all that is in it")
            if not of.sure and not self.repository.is_sure(name):
                self._add_unknown(reading, path, f"{reason}, which may be something else")
        for name in of.families:
            self.families[reading.what].setdefault(name, reason)
        if reading.own_file:
            self.files.setdefault(path, reason)
        if reading.mentions:
            self._add_mentioned(reading, path, reason)
        elif of.anything:
            self._add_unknown(reading, path, reason)

    def _add_unknown(self, reading: Reading, path: str, reason: str) -> None:
        if reading.what != SOURCE and _makes_documentation(path):
            return
        if reading.of.anything:
            self.places.add(path)
        if is_test(path) or reading.tested:
            if reading.what == SOURCE or reading.everywhere:
                self._add_mentioned(reading, path, reason)
            self.tested.setdefault(reading.what, reason)
        elif is_beside(path):
            self._add_mentioned(reading, path, reason)
        elif reading.what == SOURCE or reading.everywhere or not self._is_asked(reading.within):
            self.everything.setdefault(reading.what, reason)
        else:
            self._add_handed(reading, reason)

    def _add_mentioned(self, reading: Reading, path: str, reason: str) -> None:
        self.mentioned.append((reading.what, identifiers(self.repository.files[path]), reason))

    def _add_handed(self, reading: Reading, reason: str) -> None:
        self.handed.setdefault(reading.what, reason)
        if not reading.is_callable:
            self.instances.setdefault(reading.what, reason)
        if reading.deep:
            self.deep.setdefault(reading.what, reason)

    def _is_asked(self, names: tuple[str, ...]) -> bool:
        """Whether somebody in the repository uses a function, so that it is known who is handed to it."""
        return not names or any(map(Escapes(self.repository).is_used, names))

    def _reader_of_copy(self, path: str, reading: Reading) -> str:
        """Who reads the thing that a docstring is copied to; empty when nobody does."""
        target = reading.copied_to
        assert target is not None
        if target.anything or DOCSTRINGS in self.handed:
            return self._any_reader()
        if target.own_module:
            return self.modules.get(path, "") or self._any_reader()
        named, families = self.named.get(DOCSTRINGS, {}), self.families.get(DOCSTRINGS, {})
        for name in sorted(target.names | target.families):
            for other in sorted({name} | self.repository.family(name)):
                if other in named or other in families:
                    return named.get(other) or families[other]
            for kind, words, reason in self.mentioned:
                if kind == DOCSTRINGS and name in words:
                    return reason
        return self.tested.get(DOCSTRINGS, "")

    def _any_reader(self) -> str:
        """Anything at all that reads a docstring."""
        if DOCSTRINGS in self.handed:
            return self.handed[DOCSTRINGS]
        found = [*self.named.get(DOCSTRINGS, {}).values(), *self.families.get(DOCSTRINGS, {}).values()]
        found += [reason for kind, _, reason in self.mentioned if kind == DOCSTRINGS]
        found += [self.tested[DOCSTRINGS]] if DOCSTRINGS in self.tested else []
        return min((reason for reason in found if _OWN not in reason), default="")


def _is_of_tests(reason: str) -> bool:
    return is_test(reason.partition(":")[0])


def _makes_documentation(path: str) -> bool:
    """Whether a file sets up how documentation is built, which is what docstrings are for."""
    return path.startswith(("doc/", "docs/")) and path.endswith("/conf.py")


def _spoken(of: Receivers) -> str:
    if of.anything:
        return " of something that is known at run time only"
    names = sorted(of.names | of.families)
    if len(names) > 12:
        return f" of `{names[0]}` and {len(names) - 1} others"
    return f" of {' or '.join(f'`{name}`' for name in names)}" if names else ""


def identifiers(content: bytes) -> frozenset[str]:
    """Every word of a file that could be a name, comments and strings included."""
    return frozenset(word.decode("utf-8", "replace") for word in set(_IDENTIFIER.findall(content)))
