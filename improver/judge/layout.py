"""Whether a file is as black would leave it, asked of black as a library: it parses, and runs nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from improver.values import Style

if TYPE_CHECKING:
    from black.mode import Mode

LARGEST = 1 << 20
_FLAGS = {
    "skip-string-normalization": ("string_normalization", False),
    "skip-magic-trailing-comma": ("magic_trailing_comma", False),
    "skip-source-first-line": ("skip_source_first_line", True),
    "preview": ("preview", True),
    "unstable": ("unstable", True),
}


@dataclass(frozen=True, slots=True)
class BlackSettings:
    """How black is to write, read from a project's settings as data.

    Parameters:
        targets: the Python versions it may assume (``py311``); empty to let black find out.
        flags: the fields of its mode that differ from its defaults.
    """

    line_length: int = 88
    targets: tuple[str, ...] = ()
    flags: tuple[tuple[str, bool], ...] = ()

    @property
    def key(self) -> str:
        """What tells two settings and two versions of black apart."""
        return f"{version('black')}:{self!r}"


def black_settings(pyproject: bytes, style: Style) -> BlackSettings:
    """The settings under ``[tool.black]``; what is absent or not understood falls back to the style."""
    table = _table(pyproject)
    length = _under(table, "line-length")
    targets = _under(table, "target-version")
    flags = tuple(field for word, field in _FLAGS.items() if _under(table, word) is True)
    return BlackSettings(
        line_length=length if isinstance(length, int) and 0 < length < 10_000 else style.line_length,
        targets=tuple(sorted(word for word in targets if isinstance(word, str))) if isinstance(targets, list) else (),
        flags=flags,
    )


def _table(pyproject: bytes) -> Mapping[str, object]:
    try:
        table = tomllib.loads(pyproject.decode()).get("tool", {}).get("black", {})
    except (ValueError, AttributeError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}


def _under(table: Mapping[str, object], word: str) -> object:
    return table.get(word, table.get(word.replace("-", "_")))


def black_is_content(content: bytes, path: str, settings: BlackSettings) -> bool:
    """Whether black would leave the file as it is.

    Raises:
        ValueError: black cannot read the file; the message is its own.
    """
    import black  # noqa: PLC0415 - a tenth of a second that most commands need not pay
    from black.report import NothingChanged  # noqa: PLC0415

    if len(content) > LARGEST:
        raise ValueError(f"larger than {LARGEST >> 20} MiB")
    mode = _mode(settings, path)
    try:
        text = black.decode_bytes(content, mode)[0]
        black.format_file_contents(text, fast=True, mode=mode)
    except NothingChanged:
        return True
    except Exception as error:  # black's parser meets hostile text; whatever it says is an answer
        raise ValueError(_first_line(error)) from error
    return False


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _mode(settings: BlackSettings, path: str) -> Mode:
    from black.mode import Mode, TargetVersion  # noqa: PLC0415

    known = {target.name.lower(): target for target in TargetVersion}
    mode = Mode(
        target_versions={known[word.lower()] for word in settings.targets if word.lower() in known},
        line_length=settings.line_length,
        is_pyi=path.endswith(".pyi"),
    )
    for name, value in settings.flags:
        setattr(mode, name, value)
    return mode
