"""Test tools for a target that lacks them: a folder for each Python minor version and tool, filled from wheels."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from improver import process
from improver.ports import Completed
from improver.sandbox.copying import remove_tree
from improver.sandbox.programs import find
from improver.values import Missing

TOOLS = {
    "pytest": ("pytest",),
    "coverage": ("coverage",),
    "pytest-benchmark": ("pytest-benchmark",),
    "pytest-cov": ("pytest-cov",),
    "pytest-xdist": ("pytest-xdist",),
}
_SECONDS = 300.0
_OUTPUT = 1 << 16
_PASSED_ON = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "XDG_CACHE_HOME")
_PREFIXES = ("PIP_", "UV_", "HTTP_", "HTTPS_", "NO_", "ALL_", "http_", "https_", "no_", "all_")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Folders of tools that can be put on an interpreter's path, each made once.

    Parameters:
        place: where they lie; it may be deleted at any time.
        offline: never ask an index for what is not there.
        outside_of: the target's checkout; no program is taken from it.
    """

    place: Path
    offline: bool = False
    outside_of: Path | None = None
    _failed: dict[tuple[tuple[int, int], str], Missing] = field(default_factory=dict, repr=False, compare=False)

    def folder(self, version: tuple[int, int], tool: str) -> Path | Missing:
        """The folder with a tool and what it needs, for one minor version of Python; filled now if it is not there.

        Parameters:
            version: (major, minor) of the target's interpreter.
            tool: one of `TOOLS`.
        """
        if tool not in TOOLS:
            return Missing(tool, f"it is not one of {', '.join(TOOLS)}")
        wanted = self.place.absolute() / f"{version[0]}.{version[1]}" / tool
        if wanted.is_dir():
            return wanted
        key = (version, tool)
        if key not in self._failed:
            orders = commands(wanted, version, TOOLS[tool], self.outside_of)
            reason = "it is not on the shelf" if self.offline else _fill(wanted, version, tool, self.outside_of)
            if not reason:
                return wanted
            self._failed[key] = Missing(tool, reason, _remedy(orders[0]))
        return self._failed[key]

    def folders(self, version: tuple[int, int], tools: Sequence[str]) -> tuple[Path, ...] | Missing:
        """One folder for each tool, or what is missing first."""
        found = []
        for tool in tools:
            folder = self.folder(version, tool)
            if isinstance(folder, Missing):
                return folder
            found.append(folder)
        return tuple(found)


def _fill(wanted: Path, version: tuple[int, int], tool: str, outside_of: Path | None) -> str:
    """Fill a folder beside the wanted one and move it there: it is never seen half full. Why not, if so."""
    try:
        wanted.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{wanted.name}-", dir=wanted.parent))
    except OSError as error:
        return f"{wanted.parent} cannot be written: {error.strerror}"
    try:
        made.chmod(0o755)
        orders = commands(made, version, TOOLS[tool], outside_of)
        return _installed(made, orders) or _moved(made, wanted)
    finally:
        remove_tree(made)


def _installed(made: Path, orders: Sequence[Sequence[str]]) -> str:
    reason = "neither uv nor pip is there to fetch it"
    for command in orders:
        try:
            completed = process.run(command, environ=_environ(), seconds=_SECONDS, output=_OUTPUT)
        except OSError as error:
            reason = f"{command[0]} could not be started: {error.strerror}"
            continue
        if completed.returncode == 0 and not completed.stopped:
            return ""
        reason = _why(completed)
        for entry in made.iterdir():
            remove_tree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    return reason


def _moved(made: Path, wanted: Path) -> str:
    try:
        made.rename(wanted)
    except OSError as error:
        return "" if wanted.is_dir() else f"{wanted} cannot be written: {error.strerror}"
    return ""


def commands(
    folder: Path, version: tuple[int, int], names: Sequence[str], outside_of: Path | None = None
) -> list[list[str]]:
    """The commands that would fill a folder, best first. Only wheels: nothing is built, so nothing is run."""
    python = f"{version[0]}.{version[1]}"
    found = []
    uv = find("uv", outside_of, first=(str(Path(sys.executable).parent),))
    if uv:
        words = [
            "--quiet",
            "--target",
            str(folder),
            "--python-version",
            python,
            "--only-binary",
            ":all:",
        ]
        found.append([str(uv), "pip", "install", "--python", sys.executable, *words, *names])
    words = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-warn-conflicts", "--no-compile"]
    words += ["--target", str(folder), "--python-version", python, "--only-binary=:all:", "--implementation", "cp"]
    found.append([sys.executable, "-I", "-m", "pip", "install", *words, *names])
    return found


def _environ() -> dict[str, str]:
    """How to reach the index is the user's to say; nothing else of their environment is passed on."""
    return {name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith(_PREFIXES)}


def _remedy(command: Sequence[str]) -> str:
    return f"With a network, this fills it: `{shlex.join(word for word in command if word != '--quiet')}`."


def _why(completed: Completed) -> str:
    if completed.stopped:
        return f"fetching it took more than {_SECONDS:.0f} s"
    text = completed.stderr.decode(errors="replace").strip().splitlines()
    said = "".join(char for char in " ".join(text[-3:]) if char.isprintable())[:300]
    return f"it could not be fetched: {said or completed.returncode}"
