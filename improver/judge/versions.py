"""The Python files in which a tool looks for a version, or writes one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache

_TOOLS = re.compile(r"(?i)version|commitizen|tbump|semantic.release")
_FILES = re.compile(
    rb"\[bumpversion:file[^:\]]*:([^\]]+\.py)\]|(?m:^(?:files|version_variables?|filename)\s*=\s*(\S+\.py))"
)


def version_files(path: str, content: bytes) -> list[tuple[str, str]]:
    """The ends of paths of such files, each with what looks there.

    Parameters:
        path: of a file with settings, relative to the repository.
    """
    name = path.rpartition("/")[2]
    if b".py" not in content or b"version" not in content or name.endswith(".py"):
        return []
    if name.endswith(".toml"):
        return [(word, f"{path}: {where or 'it'} looks for a version there") for where, word in _of_toml(content)]
    if name.endswith(".cfg") or name == "tox.ini":
        found = _FILES.findall(content)
        return [(b"".join(pair).decode("utf-8", "replace"), f"{path}: bumpversion writes there") for pair in found]
    if name.startswith((".cz.", "cz.", ".release-it", "release-please", ".tbump")):
        found = re.findall(rb"[\w./-]+\.py\b", content)
        return [(word.decode("utf-8", "replace"), f"{path}: a tool looks for a version there") for word in found]
    return []


@lru_cache(maxsize=16)
def _of_toml(content: bytes) -> tuple[tuple[str, str], ...]:
    try:
        pending: list[tuple[str, object]] = [("", tomllib.loads(content.decode("utf-8", "replace")))]
    except (tomllib.TOMLDecodeError, RecursionError):
        return ()
    found: list[tuple[str, str]] = []
    while pending:
        where, value = pending.pop()
        if isinstance(value, Mapping):
            pending += [(f"{where}.{key}".lstrip("."), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            pending += [(where, inner) for inner in value]
        elif isinstance(value, str) and _TOOLS.search(where) and (match := re.match(r"([^:\s]+\.py)(?::|$)", value)):
            found.append((where, match.group(1)))
    return tuple(found)
