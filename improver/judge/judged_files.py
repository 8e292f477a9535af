"""Which files judge: the floor, what the project adds, and in improver's own repository what judges others."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from improver.judges import is_judge

_OWN_FOLDERS = ("pipelines/", "review/", "nix/")
_OWN_ROOTS = ("improver/judge/", "improver/sandbox/", "improver/observe/", "improver/publish", "improver/learn")
# The modules of improver itself that judge nothing, and that no judging module imports (a test sees to that).
OPEN = (
    "improver/analyzers/",
    "improver/views/",
    "improver/notifiers/",
    "improver/forges/",
    "improver/demo",
    "improver/cli",
    "improver/monitor",
)


def judges(path: str, patterns: Sequence[str] = (), *, own_repository: bool = False) -> bool:
    """Whether a file has a say in what passes.

    Parameters:
        patterns: gitignore patterns that the project adds to the floor.
        own_repository: whether the file is one of improver's own.
    """
    if is_judge(path, patterns):
        return True
    return own_repository and (path.startswith(_OWN_FOLDERS) or _judges_others(path))


def _judges_others(path: str) -> bool:
    return path.startswith("improver/") and not path.startswith(OPEN)


def imported_by_judges(files: Mapping[str, bytes]) -> frozenset[str]:
    """The judging modules and all that they import, directly or not.

    Parameters:
        files: every Python file under ``improver/``, by path.
    """
    pending = [path for path in files if path.startswith(_OWN_ROOTS)]
    seen = set(pending)
    while pending:
        path = pending.pop()
        for name in _imported(ast.parse(files[path])):
            for candidate in _candidates(name):
                if candidate in files and candidate not in seen:
                    seen.add(candidate)
                    pending.append(candidate)
    return frozenset(seen)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _candidates(name: str) -> list[str]:
    """The files that importing a dotted name may run: the module, and every package above it."""
    words = name.split(".")
    stems = ["/".join(words[:length]) for length in range(1, len(words) + 1)]
    return [f"{stem}.py" for stem in stems] + [f"{stem}/__init__.py" for stem in stems]
