"""The tree's modules over copies of them that were installed, which a child without our PYTHONPATH would import."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from improver.discover.carried import is_built
from improver.sandbox.cell import Bind
from improver.values import Environment, Target

_SITES = "lib*/python*/site-packages"
_MOST = 20_000


def shadows(target: Target, tree: Path, inside: Iterable[Bind] = ()) -> Iterator[Bind]:
    """What to bind over the environment's copies of the target's packages and modules.

    Parameters:
        tree: where the tree lies, seen from outside.
        inside: what lies over the tree, which then lies over the copies too.
    """
    for path, copy in _copies(target, tree):
        yield Bind(tree / path, copy)
        place = target.repository / path
        for bind in inside:
            if bind.target.is_relative_to(place) and bind.target != place:
                yield Bind(bind.source, copy / bind.target.relative_to(place))


def built(target: Target, tree: Path) -> Iterator[Bind]:
    """What a build wrote into an installed copy, compiled modules above all, and the tree lacks: to lie in the tree."""
    for path, copy in _copies(target, tree):
        for file in sorted(copy.rglob("*"))[:_MOST] if copy.is_dir() else ():
            place = path / file.relative_to(copy)
            if is_built(file.name) and _is_within(file, copy) and _is_open(place, tree):
                yield Bind(file, target.repository / place)


def _is_within(file: Path, copy: Path) -> bool:
    return file.is_file() and file.resolve().is_relative_to(copy.resolve())


def _is_open(place: PurePosixPath, tree: Path) -> bool:
    """Whether the tree has nothing there, and no link on the way."""
    folder = tree / place.parent
    links = any((tree / above).is_symlink() for above in place.parents)
    return folder.is_dir() and not links and not os.path.lexists(tree / place)


def _copies(target: Target, tree: Path) -> Iterator[tuple[PurePosixPath, Path]]:
    """Where the target's packages and modules lie in the tree, and where in the environment they lie once more."""
    if not isinstance(target.environment, Environment):
        return
    sites = [site for site in sorted(target.environment.prefix.glob(_SITES)) if not site.parent.parent.is_symlink()]
    for path, name in _units(target).items() if sites else ():
        for site in sites:
            copy = site / name
            if not copy.is_symlink() and (copy.is_dir() if (tree / path).is_dir() else copy.is_file()):
                yield path, copy


def _units(target: Target) -> dict[PurePosixPath, PurePosixPath]:
    """The outermost packages, and modules that are in none, with their places below a folder of ``sys.path``."""
    roots = sorted((PurePosixPath(root) for root in target.source_roots), key=lambda root: -len(root.parts))
    paths = [PurePosixPath(source.path) for source in target.sources]
    packages = {path.parent for path in paths if path.name == "__init__.py"}
    found = {}
    for path in paths:
        root = next((root for root in roots if path.is_relative_to(root)), None)
        if root is not None:
            above = [folder for folder in path.parents if folder in packages and folder != root]
            inside = [folder for folder in above if folder.is_relative_to(root)]
            unit = inside[-1] if inside else path
            found[unit] = unit.relative_to(root)
    return found
