"""What git ignores and tests need: compiled modules and catalogs, files that the build writes, metadata of installs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from improver.discover.build_settings import Build
from improver.discover.left_out import exclusion
from improver.discover.tree import inside, join
from improver.values import Skipped

_COMPILED = re.compile(r"\.(?:so|pyd|dylib|mo)$|\.so\.\d+$")
_WRITTEN = frozenset({"_version.py", "_scm_version.py", "__version__.py", "_version_info.py"})
_PROTOBUF = re.compile(r"_pb2(?:_grpc)?\.pyi?$")
_SECRET = re.compile(r"\.(?:pem|key|p12|pfx|jks|keystore|kdbx|ppk)$|^id_(?:rsa|dsa|ecdsa|ed25519)|^credentials", re.I)
_NOT_ENTERED = frozenset(
    {
        "build",
        "dist",
        "node_modules",
        "__pycache__",
        "htmlcov",
        "site",
        "target",
        "_build",
        "site-packages",
        "wheelhouse",
    }
)
_TOO_MANY = "are too many to look all of them through for what tests need"
_MAX_SEEN = 20_000
_MAX_CARRIED = 5_000
_MAX_DEPTH = 50


def find_carried(
    top: Path, project: str, build: Build, roots: Sequence[str], wanted: Sequence[str], ignored: Sequence[str]
) -> tuple[tuple[str, ...], tuple[Skipped, ...]]:
    """Paths relative to the top, a folder carried whole; and what there was too much of to look through.

    Parameters:
        wanted: the gitignore patterns that the settings list, relative to the project.
        ignored: what git ignores, folders collapsed and with a slash at the end.
    """
    named = {join(project, path.removeprefix("./")) for path in build.version_files}
    spec = exclusion(wanted)
    found: list[str] = []
    for seen, path in enumerate(_files(top, project, ignored)):
        if seen >= _MAX_SEEN or len(found) >= _MAX_CARRIED:
            return tuple(_outermost(found)), (Skipped("ignored files", _TOO_MANY),)
        own = path[len(project) + 1 :] if project else path
        if _is_needed(path.rstrip("/"), roots, named) or (spec is not None and spec.match_file(own)):
            found.append(path.rstrip("/"))
    return tuple(_outermost(found)), ()


def _is_needed(path: str, roots: Sequence[str], named: set[str]) -> bool:
    name = path.rpartition("/")[2]
    if path in named or name.endswith(".egg-info"):
        return True
    if not any(inside(path, root) for root in roots):
        return False
    return is_built(name)


def is_built(name: str) -> bool:
    """Whether builds write files of this name: compiled modules and catalogs, versions, what protoc generates."""
    return name in _WRITTEN or _COMPILED.search(name) is not None or _PROTOBUF.search(name) is not None


def _files(top: Path, project: str, ignored: Sequence[str]) -> Iterator[str]:
    """Every ignored file of the project, and the folders that may be carried whole."""
    for path in ignored:
        if not inside(path.rstrip("/"), project) or not _is_harmless(path.rstrip("/")):
            continue
        for found in _walk(top, path) if path.endswith("/") else [path]:
            if found.endswith("/") or _is_plain(top / found):
                yield found


def _walk(top: Path, folder: str) -> Iterator[str]:
    """The folder and what lies in it; environments, build folders and dot-folders are not entered."""
    name = folder.rstrip("/").rpartition("/")[2]
    place = top / folder
    if (
        folder.count("/") > _MAX_DEPTH
        or place.is_symlink()
        or not _is_harmless(name)
        or (place / "pyvenv.cfg").exists()
        or (place / "conda-meta").exists()
    ):
        return
    yield folder
    if name.lower() in _NOT_ENTERED or name.endswith(".egg-info"):
        return
    for entry in _listed(place):
        path = folder + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(top, path + "/")
        elif _is_harmless(entry.name):
            yield path


def _listed(place: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_harmless(path: str) -> bool:
    """No dot-file, no key, no build product of git's own."""
    return not any(part.startswith(".") or _SECRET.search(part) for part in path.split("/"))


def _is_plain(place: Path) -> bool:
    return place.is_file() and not place.is_symlink()


def _outermost(paths: Sequence[str]) -> Iterator[str]:
    last = None
    for path in sorted(paths, key=lambda path: path.split("/")):
        if last is None or not inside(path, last):
            yield path
            last = path
