"""Real projects made ready to be improved: a fresh git repository with an environment of its own inside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from measuring import fetched, say

_WHO = {
    "GIT_AUTHOR_NAME": "Somebody",
    "GIT_AUTHOR_EMAIL": "somebody@example.org",
    "GIT_COMMITTER_NAME": "Somebody",
    "GIT_COMMITTER_EMAIL": "somebody@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def ready(project: str, cache: Path, tools: Iterable[str]) -> Path:
    """The repository of a project, with its environment in ``.venv``; made once and kept in the cache.

    Parameters:
        project: a folder, or what pip calls it.
        tools: what its tests need besides the project itself.
    """
    source = fetched(project, cache)
    place = cache / "ready" / source.name
    if not (place / ".venv/ready").exists():
        say(f"making {source.name} ready")
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(source, place, ignore=shutil.ignore_patterns(".git", ".venv"))
        _committed(place)
        _installed(place, tools)
        (place / ".venv/ready").touch()
    return place.resolve()


def python_of(place: Path) -> Path:
    """The interpreter of a project that was made ready."""
    return place / ".venv/bin/python"


def _committed(place: Path) -> None:
    environ = {**os.environ, **_WHO}
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "As it was published"]):
        subprocess.run(["git", *words], cwd=place, env=environ, check=True)
    with (place / ".git/info/exclude").open("a") as file:
        file.write("/.venv/\n*.egg-info/\n")


def _installed(place: Path, tools: Iterable[str]) -> None:
    subprocess.run([sys.executable, "-m", "venv", place / ".venv"], check=True)
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--editable", str(place), *tools]
    subprocess.run([python_of(place), *words], check=True)
