"""What the whole repository says, read from a folder or from a mapping of files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from improver.judge.known import ANNOTATIONS, DOCSTRINGS, SOURCE
from improver.judge.other_files import BLOCKS, DOCTEST, TEXT, OtherReading, examples_run, readings_in
from improver.judge.readers import Readers, find_readers
from improver.judge.risk import RiskContext
from improver.judge.text_readers import TextReaders, text_readers
from improver.ports import Hearing
from improver.values import Target

_SETTINGS = frozenset(
    {"pyproject.toml", "setup.cfg", "tox.ini", "pytest.ini", ".pytest.ini", "noxfile.py", "Makefile", "justfile"}
)
_LEFT_OUT = frozenset({".git", ".hg", ".venv", "venv", ".tox", ".nox", "__pycache__", "node_modules", ".mypy_cache"})
_METADATA = (".egg-info", ".dist-info")
# fmt: off
_DATA = frozenset((
    "png", "jpg", "jpeg", "gif", "ico", "bmp", "tif", "tiff", "webp", "svg", "icns", "xcf", "psd", "woff", "woff2",
    "ttf", "otf", "eot", "pdf", "ps", "eps", "dvi", "zip", "gz", "bz2", "xz", "zst", "tar", "tgz", "7z", "rar", "whl",
    "egg", "jar", "so", "dll", "dylib", "pyd", "pyc", "pyo", "o", "a", "lib", "exe", "bin", "dat", "db", "sqlite",
    "sqlite3", "npy", "npz", "pkl", "pickle", "pt", "onnx", "mp3", "mp4", "wav", "ogg", "flac", "webm", "mov", "avi",
    "mo", "po", "pot", "csv", "tsv", "parquet", "feather", "h5", "hdf5", "nc", "shp", "shx", "dbf", "prj", "geojson",
    "tif", "css", "scss", "less", "sass", "map", "lock", "pem", "crt", "key", "der", "asc", "sig", "mmdb", "graphml",
    "gml", "drawio", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "snap", "patch", "diff", "log",
))
# fmt: on
_TELLING = (
    ".py",
    ".pyw",
    ".pyx",
    ".pxd",
    ".pxi",
    ".pyi",
    ".ipynb",
    ".sh",
    ".html",
    ".j2",
    ".jinja",
    ".jinja2",
    ".mako",
    ".tmpl",
    ".in",
    ".md",
    ".rst",
    ".cfg",
    ".toml",
    ".ini",
    ".robot",
    "makefile",
)  # fmt: skip
_MOST_BYTES = 4 << 20
_MOST_OTHER_BYTES = 1 << 20
_MOST_IN_ALL = 256 << 20


def asks_for(path: str) -> bool:
    """Whether the content of a file matters to who reads what: Python, and any text that may hold a word for it.

    Parameters:
        path: POSIX, relative to the repository.
    """
    folders, _, name = path.rpartition("/")
    parts = folders.split("/")
    if any(folder in _LEFT_OUT or folder.endswith(_METADATA) for folder in parts) or name == "PKG-INFO":
        return False
    return name.rpartition(".")[2].lower() not in _DATA and not name.endswith((".min.js", ".js.map"))


def read_context(
    files: Mapping[str, bytes],
    *,
    judge_patterns: tuple[str, ...] = (),
    judges: frozenset[str] = frozenset(),
    python: tuple[int, int] = (3, 8),
    unread: Iterable[str] = (),
) -> RiskContext:
    """The context of changes to a repository.

    A program or template that is too large to be looked at may read anything, and so may those that `unread` names;
    anything else of that size is data, which reads nothing.

    Parameters:
        files: the files of the whole repository that `asks_for` wants, by path.
        judge_patterns: gitignore patterns of more files that judge.
        judges: more files that judge, by path.
        python: the oldest Python the project runs on.
        unread: files that `asks_for` wants and that were not read.
    """
    own = "improver/judge/risk.py" in files and "improver/values.py" in files
    unread = [*unread, *(path for path, content in files.items() if len(content) > _most(path))]
    unread = [path for path in unread if path.lower().endswith(_TELLING)]
    looked_at = {path: content for path, content in files.items() if len(content) <= _most(path)}
    modules = {path: content for path, content in looked_at.items() if _is_understood(path)}
    others = [
        reading for path in looked_at if not path.endswith(".py") for reading in readings_in(path, looked_at[path])
    ]
    others += [OtherReading(DOCTEST, why) for path in looked_at if (why := examples_run(path, looked_at[path]))]
    others += _of_unread(unread)
    readers = _with(find_readers(modules), others)
    return RiskContext(readers, judge_patterns, judges, own, python, _texts(looked_at, others))


def _most(path: str) -> int:
    return _MOST_BYTES if path.endswith(".py") else _MOST_OTHER_BYTES


def _is_understood(path: str) -> bool:
    """Whether those who look for readers know what to make of a file."""
    folders, _, name = path.rpartition("/")
    ci = name.endswith((".yml", ".yaml")) and (name.startswith(".") or ".github" in folders)
    return name.endswith(".py") or name in _SETTINGS or ci


def _of_unread(paths: list[str]) -> Iterator[OtherReading]:
    if paths:
        more = f" and {len(paths) - 1} more files" if len(paths) > 1 else ""
        reason = f"{paths[0]}{more}: too large to be looked at, and may read anything"
        for what in (DOCSTRINGS, ANNOTATIONS, SOURCE, DOCTEST):
            yield OtherReading(what, reason)


def _with(readers: Readers, others: Iterable[OtherReading]) -> Readers:
    everything, mentioned, doctest = dict(readers.everything), list(readers.mentioned), readers.doctest
    documented = dict(readers.modules)
    for what, reason, names in others:
        if what == DOCTEST:
            doctest = reason if not doctest or reason.endswith(BLOCKS) else doctest
        elif what != TEXT and names:
            mentioned.append((what, names, reason))
            for path in readers.repository.files if what == DOCSTRINGS else ():
                if path.endswith(".py") and _stem(path) in names:
                    documented.setdefault(path, reason)
        elif what != TEXT:
            everything.setdefault(what, reason)
    return replace(readers, everything=everything, modules=documented, mentioned=tuple(mentioned), doctest=doctest)


def _stem(path: str) -> str:
    """The last word of a module's name."""
    return path.removesuffix(".py").removesuffix("/__init__").rpartition("/")[2]


def _texts(files: Mapping[str, bytes], others: Iterable[OtherReading]) -> TextReaders:
    given = [(name, reason) for what, reason, names in others if what == TEXT for name in names]
    return text_readers(files, given)


def context_of(hearing: Hearing) -> RiskContext:
    """The context of a hearing, read from the tree of the base."""
    return context_in(hearing.base.files, hearing.target)


def context_in(folder: Path, target: Target) -> RiskContext:
    """The context of a target, read from the tree of its base once."""
    return _of_folder(str(folder), target.base, target.judges, target.style.python)


@lru_cache(maxsize=4)
def _of_folder(folder: str, base: str, judges: frozenset[str], python: tuple[int, int]) -> RiskContext:
    """The context of one commit, whose tree no program ever writes to."""
    files: dict[str, bytes] = {}
    unread: list[str] = []
    total = 0
    for path, file in _paths(Path(folder)):
        size = file.stat().st_size
        if size > _most(path) or total + size > _MOST_IN_ALL:
            unread.append(path)
        else:
            total += size
            files[path] = file.read_bytes()
    return read_context(files, judges=judges, python=python, unread=unread)


def _paths(folder: Path) -> Iterator[tuple[str, Path]]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted(names):
            file = Path(place) / name
            path = file.relative_to(folder).as_posix()
            if asks_for(path) and file.is_file() and not file.is_symlink():
                yield path, file
