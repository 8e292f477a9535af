"""What is worked out once for all that is asked about the readers of a repository."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from improver.judge.handed import Handed
from improver.judge.known import CONSTRUCTORS, SOURCE
from improver.judge.names import in_bytes
from improver.judge.origins import Origins
from improver.judge.readers import Readers
from improver.judge.reflected import Reflected
from improver.judge.strangers import Strangers
from improver.judge.summaries import summaries

_IMPORT = re.compile(rb"(?m)^[ \t]*(?:from|import)[ \t]+([A-Za-z_][\w.]*)")


@dataclass(frozen=True)
class Panel:
    """What is worked out once for the readers of a repository.

    Parameters:
        strangers: says who looks at what it is given, in doubt too.
        lenient: says it only where something is known to look.
    """

    readers: Readers
    strangers: Strangers
    lenient: Strangers
    handed: Handed

    @cached_property
    def reflected(self) -> Reflected:
        """Who may be handed anything."""
        return Reflected(self.readers.repository, self.lenient)

    @cached_property
    def resolving(self) -> str:
        """Who makes objects of classes that nothing but an annotation names; empty when nobody does."""
        entries = self.readers.known.entries.get("import", ())
        found = {name: entry for entry in entries if CONSTRUCTORS in entry.reads for name in entry.names}
        for path, content in self.readers.repository.files.items():
            if path.endswith(".py"):
                for line in _IMPORT.finditer(content):
                    name = line.group(1).decode("utf-8", "replace")
                    entry = found.get(name) or found.get(name.partition(".")[0])
                    if entry is not None:
                        return f"{path}: imports `{name}`, which {entry.reason}"
        return ""

    @cached_property
    def summaries(self) -> dict[str, str]:
        """The modules whose docstring is part of the metadata of a distribution."""
        return summaries(self.readers.repository.files)

    def word(self, what: str) -> str:
        """The word of some file that means that everything is read; empty when there is none."""
        return self._words.get(what, "")

    @cached_property
    def _words(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for entry in self.readers.known.entries.get("word", ()):
            for name in entry.names:
                path = self._holder(in_bytes(name), python=SOURCE in entry.reads)
                for what in entry.reads if path else ():
                    found.setdefault(what, f"{path}: names `{name}`, which {entry.reason}")
        return found

    def _holder(self, word: bytes, *, python: bool) -> str:
        """A file that holds a word; where requirements and settings do not count, a Python file."""
        files = self.readers.repository.files.items()
        return next((path for path, content in files if word in content and (path.endswith(".py") or not python)), "")


_last: list[Panel] = []


def panel_of(readers: Readers) -> Panel:
    """The judges of a repository, kept for the next file of the same change."""
    for kept in _last:
        if kept.readers is readers:
            return kept
    origins = Origins(readers.repository)
    strangers, lenient = Strangers(readers.known, origins), Strangers(readers.known, origins, strict=False)
    fresh = Panel(readers, strangers, lenient, Handed(readers.repository))
    _last[:] = [fresh, *_last[:1]]
    return fresh
