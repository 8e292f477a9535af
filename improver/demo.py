"""The sample project that ``improver demo`` is tried on: made from files that the package carries.

They lie under `demo_project/`, each with `.txt` behind its name, so that no tool takes
them for code of improver's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from improver.errors import RunFailed

NAME = "waybill"
_SUFFIX = ".txt"


def make_project(folder: Path) -> Path:
    """Write the sample project into a folder of its own under `folder`.

    Returns:
        The project's folder. There is no git repository in it yet.

    Raises:
        RunFailed: it is there already, or cannot be written.
    """
    project = folder / NAME
    try:
        project.mkdir(parents=True)
        for path, content in _carried(files("improver") / "demo_project", ""):
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_bytes(content)
    except FileExistsError as error:
        raise RunFailed(
            f"{project} is there already.", left="It was left as it is.", remedy="Choose another folder."
        ) from error
    except OSError as error:
        raise RunFailed(
            f"The sample project cannot be written to {project}: {error.strerror or error}.",
            remedy="Choose a folder that you may write to.",
        ) from error
    return project


def _carried(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _carried(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_SUFFIX):
            yield prefix + entry.name.removesuffix(_SUFFIX), entry.read_bytes()
