"""Reads a TOML table into a frozen dataclass; whatever is not understood is an error with a suggestion."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from improver.errors import SettingsError

T = TypeVar("T")
MAX_BYTES = 1 << 20


def parse_toml(content: bytes, where: str) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        SettingsError: it is too large, not UTF-8, or not TOML; names the file and the line.
    """
    if len(content) > MAX_BYTES:
        raise SettingsError(f"{where} has {len(content):,} bytes; settings end at {MAX_BYTES:,}.")
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{where} is not UTF-8: {error.reason} at byte {error.start}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where} is not TOML: {error}.") from error
    except RecursionError as error:
        raise SettingsError(f"{where} is nested too deeply to be read.") from error


def read_table(cls: type[T], table: Mapping[str, object], where: str) -> T:
    """An instance of a dataclass with the table's values; dashes and underscores in keys are the same.

    Parameters:
        where: file and table, for messages (``pyproject.toml, [tool.improver]``).

    Raises:
        SettingsError: a key is unknown, or a value has the wrong type.
    """
    if not is_dataclass(cls):
        raise TypeError(f"{cls!r} is not a dataclass")
    hints = get_type_hints(cls)
    known = {field.name for field in fields(cls) if field.init}
    values: dict[str, object] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in known:
            raise SettingsError(f"{where}: unknown key `{key}`.{suggestion(key, _dashed(known))}")
        values[name] = _value(hints[name], value, f"{where}, `{key}`")
    return cls(**values)


def shortened(word: str, most: int = 60) -> str:
    """A word as it is quoted in a message, not longer than so many characters."""
    return word if len(word) <= most else f"{word[: most - 3]}..."


def suggestion(word: str, known: Iterable[str]) -> str:
    """A sentence that names the nearest known word, or all of them."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if close:
        return f" Did you mean `{close[0]}`?"
    return f" Known: {', '.join(f'`{known_word}`' for known_word in words)}." if words else ""


def _dashed(names: Iterable[str]) -> list[str]:
    return [name.replace("_", "-") for name in names]


def _value(hint: Any, value: object, where: str) -> object:  # noqa: PLR0911 - one line a kind of value
    if hint in (Any, object):
        return value
    if is_dataclass(hint) and isinstance(hint, type) and isinstance(value, Mapping):
        return read_table(hint, value, where)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal and value not in arguments:
        named = " or ".join(f"`{argument}`" for argument in arguments)
        raise SettingsError(f"{where}: expected {named}, found `{shortened(str(value))}`.")
    if origin is tuple and isinstance(value, list):
        return tuple(_value(arguments[0], item, where) for item in value)
    if origin is not None and _is_mapping(origin) and isinstance(value, Mapping):
        return {key: _value(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    if origin in (Union, UnionType):
        return _first_that_fits(arguments, value, where)
    if hint is Path and isinstance(value, str):
        return Path(value).expanduser()
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if origin is Literal or (isinstance(hint, type) and origin is None and type(value) is hint):
        return value
    raise SettingsError(f"{where}: expected {_spoken(hint)}, found {_spoken(type(value))}.")


def _is_mapping(origin: object) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _first_that_fits(choices: tuple[Any, ...], value: object, where: str) -> object:
    for choice in choices:
        try:
            return _value(choice, value, where)
        except SettingsError as error:
            last = error
    raise last


_SPOKEN = {"str": "a string", "int": "a whole number", "float": "a number", "bool": "true or false", "dict": "a table"}


def _spoken(hint: Any) -> str:
    if get_origin(hint) is tuple or hint is list:
        return "a list"
    if hint is Path:
        return "a path"
    name = getattr(hint, "__name__", str(hint))
    return "a table" if _is_mapping(get_origin(hint)) else _SPOKEN.get(name, name)
