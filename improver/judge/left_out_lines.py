"""Lines that a project's settings of coverage leave out by a pattern: text that matches one gives an order."""

from __future__ import annotations

import configparser
import re
import tomllib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

_KEYS = ("exclude_lines", "exclude_also", "partial_branches", "partial_also")
_WORDS = re.compile(rb"(?m)^[ \t]*\"?(?:report\.)?(?:exclude_(?:lines|also)|partial_(?:branches|also))\"?[ \t]*[=:]")
_SHOWN = (".py", ".md", ".rst", ".txt", ".html", ".ipynb")
_LONGEST = 300
# A group that is repeated, a reference back, a look around: such a pattern may take for ever on a line.
_SLOW = re.compile(r"\)\s*[*+{]|\\[1-9]|\(\?[=!<P]|\n|\[\^|\\[WDS][*+]|\(\?[a-z]*s")
_REPEATS = re.compile(r"(?<!\\)[*+]|(?<!\\)\{")
_MOST_REPEATS = 3


@dataclass(frozen=True)
class LeftOut:
    """Patterns of lines.

    Parameters:
        doubtful: whether there are some that cannot be read or could take for ever: they may match anything.
    """

    patterns: tuple[re.Pattern[str], ...]
    doubtful: bool = False

    def lines(self, text: str) -> Counter[str]:
        """The lines of a source that are left out, without the blanks around them, with how often each is there."""
        if not self.patterns and not self.doubtful:
            return Counter()
        lines = text.split("\n")
        covered = {number for number, line in enumerate(lines) if self.doubtful or len(line) > _LONGEST}
        if not self.doubtful:
            covered |= self._covered(text)
        return Counter(lines[number].strip() for number in covered)

    def _covered(self, text: str) -> set[int]:
        """The lines of each match, from its first to its last: newer coverage matches over the ends of lines."""
        found: set[int] = set()
        ends = [index for index, letter in enumerate(text) if letter == "\n"]
        for pattern in self.patterns:
            for match in pattern.finditer(text):
                found.update(
                    range(bisect_left(ends, match.start()), bisect_left(ends, max(match.start(), match.end() - 1)) + 1)
                )
        return found


def left_out(files: Mapping[str, bytes]) -> LeftOut:
    """The patterns of lines that the settings of coverage name, in any folder.

    Parameters:
        files: the files of the repository, by path; only settings are looked at.
    """
    found = {
        content
        for path, content in files.items()
        if not path.endswith(_SHOWN) and (b"exclude_" in content or b"partial_" in content) and _WORDS.search(content)
    }
    return _read(tuple(dict.fromkeys(pattern for content in sorted(found) for pattern in _patterns(content))))


@lru_cache(maxsize=16)
def _read(patterns: tuple[str, ...]) -> LeftOut:
    known = [compiled for pattern in patterns if (compiled := _compiled(pattern)) is not None]
    return LeftOut(tuple(known), len(known) < len(patterns))


def _compiled(pattern: str) -> re.Pattern[str] | None:
    if _SLOW.search(pattern) or len(_REPEATS.findall(pattern)) > _MOST_REPEATS:
        return None
    try:
        return re.compile(pattern, re.MULTILINE)
    except (re.error, RecursionError, OverflowError):
        return None


@lru_cache(maxsize=16)
def _patterns(content: bytes) -> tuple[str, ...]:
    text = content.decode("utf-8", "replace")
    try:
        return tuple(_of_toml(tomllib.loads(text)))
    except (tomllib.TOMLDecodeError, RecursionError):
        return tuple(_of_ini(text))


def _of_toml(table: Mapping[str, object]) -> Iterator[str]:
    for names in (("tool", "coverage", "report"), ("report",)):
        inner: object = table
        for name in names:
            inner = inner.get(name, {}) if isinstance(inner, Mapping) else {}
        for key in _KEYS:
            value = inner.get(key, ()) if isinstance(inner, Mapping) else ()
            for line in value if isinstance(value, list) else value.splitlines() if isinstance(value, str) else ():
                yield str(line)


def _of_ini(text: str) -> Iterator[str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return
    for section in ("coverage:report", "report"):
        for key in _KEYS:
            for line in parser.get(section, key, fallback="").splitlines():
                if line.strip():
                    yield line.strip()
