"""What an interpreter needs in reach to start, read from the file system; it is never run to find out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_SYSTEM = tuple(
    map(Path, ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/local/bin", "/usr/local/lib", "/bin", "/lib"))
)
_LONGEST_CHAIN = 16


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be in reach inside.

    Parameters:
        folders: to bind, read-only, at their own paths.
        links: links to make, for those that lead to the interpreter and lie in no such folder.
    """

    folders: tuple[Path, ...]
    links: Mapping[Path, str] = field(default_factory=dict)


def needs_of(python: Path) -> Needs:
    """Follow the interpreter's links to the installation it belongs to, and `pyvenv.cfg` to its base."""
    folders: dict[Path, None] = {}
    links: dict[Path, str] = {}
    for path, target in _chain(python.absolute()):
        prefix = _prefix(path)
        if prefix is not None:
            folders[prefix] = None
        elif target:
            links[path] = target
        else:
            folders[path] = None
    for prefix in tuple(folders):
        folders.update(dict.fromkeys(_base_of(prefix)))
    wanted = tuple(path for path in folders if not _is_system(path) and path.exists())
    uncovered = {path: target for path, target in links.items() if not _is_covered(path, (*wanted, *_SYSTEM))}
    return Needs(wanted, uncovered)


def _chain(path: Path) -> Iterator[tuple[Path, str]]:
    """Each link on the way, with where it points; at last the file itself, with nothing."""
    for _ in range(_LONGEST_CHAIN):
        target = str(path.readlink()) if path.is_symlink() else ""
        yield path, target
        if not target:
            return
        path = Path(os.path.normpath(path.parent.resolve() / target))


def _prefix(path: Path) -> Path | None:
    """The installation or environment that a file in a `bin` folder belongs to."""
    prefix = path.parent.parent
    if path.parent.name not in ("bin", "Scripts") or prefix == prefix.parent:
        return None
    if (prefix / "pyvenv.cfg").is_file() or any((prefix / "lib").glob("python[23].*")):
        return None if prefix in (Path("/usr"), Path("/usr/local"), Path.home() / ".local") else prefix
    return None


def _base_of(prefix: Path) -> Iterator[Path]:
    """The installation that a virtual environment was made from, read as data."""
    try:
        text = (prefix / "pyvenv.cfg").read_bytes()[:8192].decode(errors="surrogateescape")
    except OSError:
        return
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name.strip().lower() == "home" and Path(value.strip()).is_absolute():
            base = Path(value.strip()) / "python"
            for found in (_prefix(base), _prefix(base.parent.resolve() / "python")):
                if found is not None:
                    yield found


def _is_system(path: Path) -> bool:
    return _is_covered(path, _SYSTEM)


def _is_covered(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)
