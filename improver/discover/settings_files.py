"""The settings files of the target, read as data: capped, and absent when broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from improver.discover.tree import BaseTree
from improver.values import Skipped

MAX_BYTES = 1 << 20
Table = Mapping[str, Any]


class SettingsFiles:
    """Reads each settings file once. What cannot be understood counts as absent and is noted.

    Parameters:
        paths: the files there are; nothing else is asked for.
    """

    def __init__(self, tree: BaseTree, paths: Iterable[str]) -> None:
        self._tree = tree
        self._paths = frozenset(paths)
        self._kept: dict[tuple[str, str], Any] = {}
        self.problems: list[Skipped] = []

    def __contains__(self, path: str) -> bool:
        return path in self._paths

    def text(self, path: str) -> str:
        """The content of a file as text, empty where there is none or it is too large."""
        if path not in self._paths:
            return ""
        key = ("text", path)
        if key not in self._kept:
            self._kept[key] = self._read(path)
        return str(self._kept[key])

    def toml(self, path: str) -> Table:
        """The tables of a TOML file, none where it is absent or broken."""
        key = ("toml", path)
        if key not in self._kept:
            self._kept[key] = self._toml(path) if path in self._paths else {}
        found: Table = self._kept[key]
        return found

    def ini(self, path: str) -> Mapping[str, Mapping[str, str]]:
        """The sections of an INI file, none where it is absent or broken; keys are lower case."""
        key = ("ini", path)
        if key not in self._kept:
            self._kept[key] = self._ini(path) if path in self._paths else {}
        found: Mapping[str, Mapping[str, str]] = self._kept[key]
        return found

    def _read(self, path: str) -> str:
        content = self._tree.read_many([path]).get(path, b"")
        if len(content) > MAX_BYTES:
            self.problems.append(Skipped(path, f"is larger than {MAX_BYTES >> 20} MiB; treated as absent"))
            return ""
        return content.decode("utf-8-sig", errors="replace")

    def _toml(self, path: str) -> Table:
        import tomllib  # noqa: PLC0415 - not every project has one

        try:
            return tomllib.loads(self.text(path).replace("\r\n", "\n"))
        except (ValueError, RecursionError) as error:
            self.problems.append(Skipped(path, f"is not TOML; treated as absent ({_brief(error)})"))
            return {}

    def _ini(self, path: str) -> Mapping[str, Mapping[str, str]]:
        import configparser  # noqa: PLC0415 - not every project has one

        parser = configparser.RawConfigParser(strict=False, allow_no_value=True, inline_comment_prefixes=None)
        try:
            parser.read_string(self.text(path), source=path)
        except (configparser.Error, ValueError) as error:
            self.problems.append(Skipped(path, f"is not understood; treated as absent ({_brief(error)})"))
            return {}
        return {name: {key: value or "" for key, value in parser.items(name)} for name in parser.sections()}


def _brief(error: Exception) -> str:
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    return first[:200]


def table(data: object, *names: str) -> Table:
    """The table under the given names, empty where something else stands there."""
    for name in names:
        data = data.get(name) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def words(value: object) -> tuple[str, ...]:
    """A list of strings, or a string split at white space and commas."""
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if isinstance(value, list | tuple):
        return tuple(item for item in value if isinstance(item, str))
    return ()


def text(value: object) -> str:
    """The value where it is a string, else empty."""
    return value if isinstance(value, str) else ""


def number(value: object) -> int:
    """The value as a whole number, 0 where it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    digits = text(value).split("#")[0].strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0
