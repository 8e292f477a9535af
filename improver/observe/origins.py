"""Tells whether the tests ran the tree's code, or another copy of it."""

from __future__ import annotations

from pathlib import Path

from improver.facts import Suite
from improver.values import Missing, Target


def module_names(target: Target) -> dict[str, str]:
    """The dotted names under which the target's sources can be imported, with their paths."""
    roots = sorted(target.source_roots, key=len, reverse=True)
    names: dict[str, str] = {}
    for source in target.sources:
        root = next((root for root in roots if source.path.startswith(_prefix(root))), None)
        if root is None or not source.path.endswith(".py"):
            continue
        parts = source.path[len(_prefix(root)) : -len(".py")].split("/")
        parts = parts[:-1] if parts[-1] == "__init__" else parts
        if parts and all(part.isidentifier() for part in parts):
            names[".".join(parts)] = source.path
    return names


def _prefix(root: str) -> str:
    return "" if root in ("", ".") else root.rstrip("/") + "/"


def wrong_origin(suite: Suite, target: Target, at: Path | None = None) -> Missing | None:
    """The first module of the target that did not come from the tree, with what helps.

    Parameters:
        at: where the tree was seen from inside; the repository itself when not given.
    """
    tree = at or target.repository
    right = {str(tree / source.path) for source in target.sources}
    right |= {str((tree / source.path).resolve()) for source in target.sources} if tree.is_symlink() else set()
    names = module_names(target)
    for module, file in sorted(suite.origins.items()):
        if module in names and file not in right:
            return Missing(
                module,
                f"The tests imported {module} from {file}, not from the tree that was examined.",
                "Install the project in editable mode (pip install -e .) and see that nothing puts"
                " another copy of it in front of the tree.",
            )
    return None
