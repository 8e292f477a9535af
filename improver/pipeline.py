"""Pipelines: which analyzers look, which gates judge, and how much is offered at once. They are data."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from improver.errors import UsageError
from improver.strict import parse_toml, read_table, shortened, suggestion

_HERE = Path(__file__).resolve().parent
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What one kind of run does.

    Parameters:
        analyzers: the names of those that look, in the order in which they are asked.
        gates: the names of those that judge, cheapest first; the first failure ends the hearing.
        limit: how many proposals are proven in one run; 0 for all.
        budget: how long a run may take (``90s``, ``10m``, ``2h``); empty for as long as it needs.
    """

    analyzers: tuple[str, ...]
    gates: tuple[str, ...]
    limit: int = 0
    budget: str = ""


def load_pipeline(name: str, read: Callable[[str], bytes | None]) -> Pipeline:
    """A pipeline by its name: the project's own under `.improver/pipelines/`, else the built-in one.

    Parameters:
        read: the content of a file of the project at the base commit; ``None`` where there is none.

    Raises:
        UsageError: there is none of that name.
        SettingsError: its file is broken or says something unknown.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"`{name}` cannot be the name of a pipeline: lower-case letters, digits and dashes.")
    path = f".improver/pipelines/{name}.toml"
    own = read(path)
    if own is not None:
        return read_table(Pipeline, parse_toml(own, path), path)
    if name not in (known := built_in_names("pipelines")):
        raise UsageError(f"There is no pipeline `{name}`.{suggestion(name, known)}")
    file = f"pipelines/{name}.toml"
    return read_table(Pipeline, parse_toml(built_in(file), file), file)


def built_in(path: str) -> bytes:
    """A default that improver ships (``review/policy.toml``): from the wheel, or from the checkout it runs in."""
    return (_data_folder() / path).read_bytes()


def built_in_names(folder: str) -> list[str]:
    """The names, without ending, of the defaults in a folder."""
    return sorted(file.stem for file in (_data_folder() / folder).glob("*.toml"))


def _data_folder() -> Path:
    packaged = _HERE / "data"
    return packaged if packaged.is_dir() else _HERE.parent


_UNITS = {"s": 1, "m": 60, "h": 3600}
_YEAR = 365 * 24 * 3600.0


def seconds_of(text: str) -> float | None:
    """The seconds that a time such as ``90s``, ``2m`` or ``1.5h`` means; ``None`` for an empty text.

    Raises:
        UsageError: it is not a time.
    """
    if not text:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip().lower())
    seconds = float(match[1]) * _UNITS[match[2] or "s"] if match else 0.0
    if not 0 < seconds < _YEAR:
        raise UsageError(f"`{shortened(text)}` is not a time to work in. Write `90s`, `2m` or `1h`.")
    return seconds
