"""Whose docstring becomes the summary of a distribution when it is built."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping

_REASON = "takes the first line of this docstring for the summary of the distribution"


def summaries(files: Mapping[str, bytes]) -> dict[str, str]:
    """The modules whose docstring flit puts into the metadata of a distribution, with the reason.

    Parameters:
        files: the files of a repository, by path; every ``pyproject.toml`` among them is looked at.
    """
    found: dict[str, str] = {}
    for path, content in files.items():
        folder, _, name = path.rpartition("/")
        if name == "pyproject.toml" and b"flit" in content:
            for module in _modules(content):
                found[f"{folder}/{module}".lstrip("/")] = f"{path}: flit {_REASON}"
    return found


def _modules(content: bytes) -> Iterator[str]:
    try:
        settings = tomllib.loads(content.decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return
    backend = _table(settings, "build-system").get("build-backend")
    project, metadata = _table(settings, "project"), _table(settings, "tool", "flit", "metadata")
    dynamic = project.get("dynamic")
    described = isinstance(dynamic, list) and "description" in dynamic
    if not (str(backend).startswith("flit") and (described or metadata)):
        return
    named = (_table(settings, "tool", "flit", "module").get("name"), metadata.get("module"), project.get("name"))
    name = next((one for one in named if isinstance(one, str)), "").replace("-", "_").replace(".", "/")
    for root in ("", "src/"):
        yield f"{root}{name}.py"
        yield f"{root}{name}/__init__.py"


def _table(settings: Mapping[str, object], *keys: str) -> Mapping[str, object]:
    """The table below some keys; empty when there is none."""
    found: object = settings
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
