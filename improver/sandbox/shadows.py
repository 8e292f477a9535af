"""The tree's modules over copies of them that were installed, which a child without our PYTHONPATH would import."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from improver.sandbox.cell import Bind
from improver.values import Environment, Target

_SITES = "lib*/python*/site-packages"


def shadows(target: Target, tree: Path) -> Iterator[Bind]:
    """What to bind over the environment's copies of the target's packages and modules.

    Parameters:
        tree: where the tree lies, seen from outside.
    """
    if not isinstance(target.environment, Environment):
        return
    sites = [site for site in sorted(target.environment.prefix.glob(_SITES)) if not site.parent.parent.is_symlink()]
    for path, name in _units(target).items():
        for site in sites:
            copy = site / name
            if not copy.is_symlink() and (copy.is_dir() if (tree / path).is_dir() else copy.is_file()):
                yield Bind(tree / path, copy)


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
