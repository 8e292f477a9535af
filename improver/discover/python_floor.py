"""The oldest Python that a project supports."""

from __future__ import annotations

import re

from improver.discover.build_settings import Build
from improver.discover.settings_files import SettingsFiles, table, text, words
from improver.discover.tree import join

DEFAULT = (3, 8)
_LOWER = re.compile(r"(>=|~=|==|\^|>|~)?\s*(\d+)(?:\.(\d+))?(?:\.(\d+|\*))?")
_CLASSIFIER = re.compile(r"Python :: 3\.(\d+)\b")
_TARGET = re.compile(r"py3(\d{1,2})$")


def python_floor(project: str, build: Build, files: SettingsFiles, ruff: object) -> tuple[int, int]:
    """The oldest supported Python as (major, minor): what is required, else declared, else formatted for."""
    from_specifier = _of_specifier(build.requires_python)
    if from_specifier:
        return from_specifier
    minors = [int(found[1]) for line in build.classifiers if (found := _CLASSIFIER.search(line))]
    if minors:
        return (3, min(minors))
    black = table(files.toml(join(project, "pyproject.toml")), "tool", "black")
    targets = [text(table(ruff).get("target-version")), *words(black.get("target-version"))]
    minors = [int(found[1]) for target in targets if (found := _TARGET.match(target))]
    return (3, min(minors)) if minors else DEFAULT


def _of_specifier(specifier: str) -> tuple[int, int] | None:
    floors = []
    for clause in re.split(r"[,|]+", specifier):
        found = _LOWER.match(clause.strip())
        if not found or clause.strip().startswith(("<", "!")):
            continue
        operator, major, minor = found[1] or "==", int(found[2]), int(found[3] or 0)
        beyond = operator == ">" and found[4] is None and found[3] is not None
        floors.append((major, minor + beyond))
    threes = [floor for floor in floors if floor[0] == 3 and floor[1] < 100]
    if "||" in specifier or any(floor[0] < 3 for floor in floors):
        return min(threes) if threes else None
    return max(threes) if threes else None
