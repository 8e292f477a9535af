"""The git program: where it is, and whether it is new enough."""

from __future__ import annotations

import os
import re
import shutil
from functools import cache
from pathlib import Path

from improver import process
from improver.errors import GitFailed

OLDEST = (2, 30)
_INSTALL = "Install it (`apt install git`, `dnf install git`, `brew install git`) and run the command again."


def find_git(outside: Path) -> Path:
    """The absolute path of git, never one that lies in the repository.

    Raises:
        GitFailed: git is not installed, does not start, or is too old.
    """
    folders = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if Path(folder).is_absolute()]
    for folder in folders:
        found = shutil.which("git", path=folder)
        if found and not Path(found).resolve().is_relative_to(outside):
            _require_version(found)
            return Path(found)
    raise GitFailed("git is not installed, or not on the PATH.", left="Nothing was changed.", remedy=_INSTALL)


@cache
def _require_version(program: str) -> None:
    try:
        said = process.run([program, "version"], environ={"LC_ALL": "C", "PATH": os.defpath}, seconds=30).stdout
    except OSError as error:
        raise GitFailed(f"{program} does not start: {error.strerror}.", remedy=_INSTALL) from error
    match = re.match(rb"git version (\d+)\.(\d+)", said)
    if match is None:
        raise GitFailed(f"{program} does not say its version.", remedy=_INSTALL)
    if (int(match[1]), int(match[2])) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise GitFailed(f"{program} is {said.decode().strip()}; improver needs {wanted} or newer.", remedy=_INSTALL)
