"""What of the real checkout is in reach inside: the environment in it and what git ignores and tests need."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from improver.sandbox.cell import Bind
from improver.values import Environment, Skipped, Target


def openings(target: Target, files: Path) -> tuple[tuple[Bind, ...], tuple[Skipped, ...]]:
    """Binds over the tree, read-only, and what is not bound, with the reason.

    Parameters:
        files: the tree; what it has itself is never covered by something that git ignores.
    """
    binds: list[Bind] = []
    skipped: list[Skipped] = []
    for path in _wanted(target):
        reason = _objection(path, target.repository, files)
        if reason:
            skipped.append(Skipped(path, reason))
        else:
            binds += _uncovered(path, target.repository, files)
    binds += _environment(target)
    return tuple(binds), tuple(skipped)


def _wanted(target: Target) -> Iterator[str]:
    yield from dict.fromkeys(path.rstrip("/") for path in target.carried)


def _environment(target: Target) -> Iterator[Bind]:
    environment = target.environment
    if not isinstance(environment, Environment):
        return
    for path in dict.fromkeys((environment.prefix, *environment.binds)):
        inside = path.is_relative_to(target.repository) and path != target.repository
        if inside and path.is_dir() and (path / "pyvenv.cfg").exists():
            yield Bind(path, path)


def _objection(path: str, repository: Path, files: Path) -> str:
    parts = Path(path).parts
    if not parts or Path(path).is_absolute() or ".." in parts:
        return "it does not lie in the checkout"
    if any(part.lower() == ".git" for part in parts):
        return "it belongs to git"
    source = repository / path
    if not source.exists():
        return "it is not there any more"
    if not source.resolve().is_relative_to(repository.resolve()):
        return "it is a link that leaves the checkout"
    if _through_link(files, parts[:-1]):
        return "the tree has a link on the way to it"
    return ""


def _through_link(files: Path, parents: tuple[str, ...]) -> bool:
    return any((files / Path(*parents[: count + 1])).is_symlink() for count in range(len(parents)))


def _uncovered(path: str, repository: Path, files: Path) -> Iterator[Bind]:
    """The path itself where the tree has nothing, else those of its children that the tree lacks."""
    source, there = repository / path, files / path
    if not os.path.lexists(there):
        yield Bind(source, source)
    elif source.is_dir() and there.is_dir() and not there.is_symlink() and not source.is_symlink():
        for name in sorted(os.listdir(source)):  # noqa: PTH208 - names, not paths
            if name.lower() != ".git":
                yield from _uncovered(f"{path}/{name}", repository, files)
