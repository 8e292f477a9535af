"""Projects that ask git for their version, and the repository of one commit that their copy gets."""

from __future__ import annotations

import re
from pathlib import Path

_ASKS = re.compile(
    rb"setuptools[_-]scm|versioneer|hatch-vcs|versioningit|pbr\b|poetry-dynamic-versioning|use_scm_version"
)
_FILES = ("pyproject.toml", "setup.cfg", "setup.py")
_MOST = 1 << 20

_SCRIPT = """
[ -e .git ] || {
    git init -q . && git add -A . &&
    git -c user.name=improver -c user.email=improver@localhost commit -q --no-verify --allow-empty -m base
}
"""
COMMIT = ("/bin/sh", "-c", _SCRIPT)


def asks_git(project: Path) -> bool:
    """Whether a project's build settings name a tool that reads the version from git."""
    return any(_ASKS.search(_content(project / name)) for name in _FILES)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(_MOST)
    except OSError:
        return b""
