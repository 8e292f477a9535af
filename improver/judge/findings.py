"""What was found of who reads what, put together: whose, once receivers are followed through the repository."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace

from improver.judge.flows import Flows
from improver.judge.followed import Handed
from improver.judge.known import DOCSTRINGS, SOURCE
from improver.judge.places import Lost, Project, Unasked
from improver.judge.reach import Reach
from improver.judge.readings import Reading
from improver.judge.receivers import Receivers
from improver.judge.repository import Repository
from improver.judges import is_test

# These show what is in what they are given, too.
_DEEP = ("`help`", "`pydoc.", "`fire.")
# A module or a class that reads its own `__doc__` by that name is not handed anything.
_OWN = "reads `__doc__` of its own module"
_IDENTIFIER = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*")


@dataclass
class Findings:
    """Everything that reads, while it is collected.

    Parameters:
        wrapped: what copies the docstring of something that it is handed and could not be followed, for a reader.
        handed: what reads something that is handed to it and could not be followed, by what it reads.
        copies: docstrings that are copied: the file, the copy, and the name of the reader of its target.
        open: readings of something that its file alone does not tell, by path.
    """

    repository: Repository
    everything: dict[str, str] = field(default_factory=dict)
    handed: dict[str, str] = field(default_factory=dict)
    wrapped: dict[str, str] = field(default_factory=dict)
    named: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    families: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    mentioned: list[tuple[str, frozenset[str], str]] = field(default_factory=list)
    modules: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    special: dict[str, str] = field(default_factory=dict)
    copies: list[tuple[str, Reading]] = field(default_factory=list)
    open: list[tuple[str, Reading]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.project = Project(self.repository)
        flows = Flows(self.project)
        self._handed = Handed(self.project, flows)
        self.project.ask = self._handed.meanings
        self.reach = Reach(self.project, flows)

    def note(self, reading: Reading, path: str) -> None:
        """Take a reading in."""
        if reading.what in ("doctest", "grammar"):
            self.special.setdefault(reading.what, f"{path}:{reading.line}: {reading.reason}")
        elif reading.copied_to is not None:
            self.copies.append((path, reading))
        elif reading.of.anything and not is_test(path) and not reading.mentions:
            self.open.append((path, reading))
        else:
            self._add(reading, path)

    def settle(self) -> None:
        """Follow what is open, then what is copied to something that is read."""
        for path, reading in self.open:
            self._follow(reading, path)
        self._follow_copies()

    def _follow(self, reading: Reading, path: str) -> None:
        try:
            self._add(replace(reading, of=self._resolved(reading.of, path)), path)
        except Lost as lost:
            reason = f"{reading.reason} of something that is known at run time only ({lost})"
            followed = reading.of.expression is not None and not isinstance(lost, Unasked)
            followed = followed and not reading.reason.startswith(_DEEP)
            if followed and reading.reason.startswith("`functools."):
                self.wrapped.setdefault(reading.what, f"{path}:{reading.line}: {reason}")
            elif followed and reading.what != SOURCE:
                self.handed.setdefault(reading.what, f"{path}:{reading.line}: {reason}")
            else:
                self._add(replace(reading, reason=reason), path)

    def _resolved(self, of: Receivers, path: str) -> Receivers:
        if not of.anything:
            return of
        place = self.project.place(path)
        if of.expression is None or place is None:
            raise Lost("it may be anything")
        return self._handed.receivers(place, of.expression)

    def _add(self, reading: Reading, path: str) -> None:
        """Note who is read by one expression; a test can only reach what it names."""
        of = reading.of
        reason = f"{path}:{reading.line}: {reading.reason}{_spoken(of)}"
        if of.own_module:
            self.modules.setdefault(path, reason)
        for name in of.names:
            self.named[reading.what].setdefault(name, reason)
        for name in of.families:
            self.families[reading.what].setdefault(name, reason)
        if reading.own_file:
            self.files.setdefault(path, reason)
        if reading.mentions or (of.anything and is_test(path)):
            self.mentioned.append((reading.what, identifiers(self.repository.files[path]), reason))
        elif of.anything:
            self.everything.setdefault(reading.what, reason)

    def _follow_copies(self) -> None:
        """What is copied to a place that is read is read itself."""
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
                    self._follow(replace(reading, copied_to=None, reason=into), path)

    def _reader_of_copy(self, path: str, reading: Reading) -> str:
        """Who reads the thing that a docstring is copied to; empty when nobody does."""
        assert reading.copied_to is not None
        try:
            target = self._resolved(reading.copied_to, path)
        except Lost:
            return self._any_reader()
        if target.own_module and (path in self.modules or self._any_reader()):
            return self.modules.get(path) or self._any_reader()
        if DOCSTRINGS in self.handed:
            return self.handed[DOCSTRINGS]
        named, families = self.named.get(DOCSTRINGS, {}), self.families.get(DOCSTRINGS, {})
        for name in target.names | target.families:
            if name in named:
                return named[name]
            for kind, words, reason in self.mentioned:
                if kind == DOCSTRINGS and name in words:
                    return reason
            related = self.project.family(name) if name in target.families else self.repository.ancestors(name)
            for other in related:
                if other in families:
                    return families[other]
                if name in target.families and other in named:
                    return named[other]
        return ""

    def _any_reader(self) -> str:
        """Anything at all that reads a docstring."""
        if DOCSTRINGS in self.handed:
            return self.handed[DOCSTRINGS]
        found = [*self.named.get(DOCSTRINGS, {}).values(), *self.families.get(DOCSTRINGS, {}).values()]
        found += [reason for kind, _, reason in self.mentioned if kind == DOCSTRINGS]
        return min((reason for reason in found if _OWN not in reason), default="")


def _spoken(of: Receivers) -> str:
    names = sorted(of.names | of.families)
    if len(names) > 12:
        return f" of `{names[0]}` and {len(names) - 1} others"
    return f" of {' or '.join(f'`{name}`' for name in names)}" if names else ""


def identifiers(content: bytes) -> frozenset[str]:
    """Every word of a file that could be a name, comments and strings included."""
    return frozenset(word.decode("utf-8", "replace") for word in set(_IDENTIFIER.findall(content)))
