"""What is in reach inside besides the tree: the environment, and what git ignores and tests need."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from improver.sandbox.cell import Bind
from improver.values import Environment, Skipped, Target

_MOST = 2000
_OF_AN_ENVIRONMENT = ("bin", "lib", "lib64", "include", "share", "pyvenv.cfg", "conda-meta")
_LIBRARIES = (".libs", ".dylibs")
_KEYS = (".pem", ".key", ".p12", ".pfx", ".jks", ".kdbx")
_TOO_WIDE = frozenset(map(Path, ("/", "/dev", "/etc", "/home", "/proc", "/run", "/sys", "/tmp", "/var")))  # noqa: S108


@dataclass(frozen=True, slots=True)
class Openings:
    """What to bind read-only, and what was asked for and is not.

    Parameters:
        outside: what lies outside of the checkout, at its own path.
        inside: what lies in the checkout and the tree lacks; it goes over the tree.
    """

    outside: tuple[Bind, ...]
    inside: tuple[Bind, ...]
    left_out: tuple[Skipped, ...]


def openings(target: Target, files: Path, folders: Iterable[Path]) -> Openings:
    """Look what of the user's files has to be in reach.

    Parameters:
        files: the tree; what it has itself is never covered by something that it lacks in git.
        folders: what the interpreter and the user's settings ask for.
    """
    look = _Look(target.repository, files)
    environment = target.environment
    prefixes = (environment.prefix,) if isinstance(environment, Environment) else ()
    binds = environment.binds if isinstance(environment, Environment) else ()
    for folder in dict.fromkeys((*folders, *binds, *prefixes)):
        look.add_folder(folder, is_prefix=folder in prefixes)
    for path in dict.fromkeys(path.rstrip("/") for path in target.carried):
        look.add_carried(path)
    return look.found()


class _Look:
    def __init__(self, repository: Path, files: Path) -> None:
        self._repository = repository
        self._files = files
        self._outside: list[Bind] = []
        self._inside: dict[Path, Bind] = {}
        self._skipped: list[Skipped] = []

    def found(self) -> Openings:
        inside = tuple(self._inside.values())
        if len(inside) > _MOST:
            self._skipped.append(Skipped("files that git ignores", f"there are more than {_MOST}", len(inside) - _MOST))
        return Openings(tuple(self._outside), inside[:_MOST], tuple(self._skipped))

    def add_folder(self, folder: Path, *, is_prefix: bool) -> None:
        if not folder.exists():
            return
        if folder.is_relative_to(self._repository):
            self._add_of_checkout(folder.relative_to(self._repository), is_prefix)
        elif folder in _TOO_WIDE or _home().is_relative_to(folder):
            self._skipped.append(Skipped(str(folder), "it holds more than an environment"))
        else:
            self._outside.append(Bind(folder, folder))

    def _add_of_checkout(self, path: Path, is_prefix: bool) -> None:
        """An environment in the checkout; where the tree has the same folder, the tree's files are the ones to try."""
        if path.parts and not os.path.lexists(self._files / path):
            self.add_carried(path.as_posix(), may_leave=True)
        elif is_prefix:
            for name in _OF_AN_ENVIRONMENT:
                if os.path.lexists(self._repository / path / name):
                    self.add_carried((path / name).as_posix(), may_leave=True)

    def add_carried(self, path: str, *, may_leave: bool = False) -> None:
        reason = self._objection(path, may_leave)
        if reason:
            self._skipped.append(Skipped(path, reason))
        else:
            self._inside.update((bind.target, bind) for bind in self._uncovered(path))

    def _objection(self, path: str, may_leave: bool) -> str:
        parts = Path(path).parts
        reason = _objection_to_name(path, parts, may_leave)
        if reason:
            return reason
        source = self._repository / path
        if not source.exists():
            return "it is not there any more"
        if not may_leave and not source.resolve().is_relative_to(self._repository.resolve()):
            return "it is a link that leaves the checkout"
        if any((self._files / Path(*parts[:count])).is_symlink() for count in range(1, len(parts))):
            return "the tree has a link on the way to it"
        return ""

    def _uncovered(self, path: str) -> Iterator[Bind]:
        """The path itself where the tree has nothing, else those of its children that the tree lacks."""
        source, there = self._repository / path, self._files / path
        if not os.path.lexists(there):
            yield Bind(source, source)
        elif _is_folder(source) and _is_folder(there):
            for name in sorted(os.listdir(source)):  # noqa: PTH208 - names, not paths
                if name.lower() != ".git":
                    yield from self._uncovered(f"{path}/{name}")


def _objection_to_name(path: str, parts: Sequence[str], may_be_hidden: bool) -> str:
    if not parts or Path(path).is_absolute() or ".." in parts:
        return "it does not lie in the checkout"
    if any(part.lower() == ".git" for part in parts):
        return "it belongs to git"
    return "it may hold secrets" if not may_be_hidden and any(map(_may_be_secret, parts)) else ""


def _may_be_secret(name: str) -> bool:
    return (name.startswith(".") and name not in _LIBRARIES) or name.lower().endswith(_KEYS) or name.startswith("id_")


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")
