"""The interpreters that could run the project, nearest first; none is started to find them."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from improver.discover.installation import interpreter_of, is_environment, prefix_of

_MAX = 40
_MAX_BYTES = 4096
_VERSION = re.compile(r"[\w.+/-]{1,80}$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """An interpreter to ask.

    Parameters:
        origin: how it was found, in words.
    """

    python: Path
    origin: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where to look.

    Parameters:
        repository: the top of the checkout.
        project: the project's folder, absolute.
        name: the distribution's name.
        environ: the environment variables that improver was started with.
    """

    repository: Path
    project: Path
    name: str
    environ: Mapping[str, str]

    @property
    def home(self) -> Path:
        """The user's home."""
        return Path(self.environ.get("HOME") or Path.home())

    @property
    def folders(self) -> tuple[Path, ...]:
        """The project's folder and those above it, up to the top."""
        above = [self.project, *self.project.parents]
        return tuple(folder for folder in above if folder.is_relative_to(self.repository))

    def folder(self, variable: str, default: str) -> Path:
        """A folder that a variable names, else one below the home."""
        return Path(self.environ.get(variable) or self.home / default)


def candidates(around: Surroundings) -> tuple[Candidate, ...]:
    """Every interpreter that is there, each once, in the order in which they are asked."""
    found: dict[Path, Candidate] = {}
    for prefix, origin in _prefixes(around):
        python = interpreter_of(prefix)
        if python is not None:
            found.setdefault(_identity(python), Candidate(python, origin))
    for python, origin in _interpreters(around):
        if python.is_file() and os.access(python, os.X_OK):
            found.setdefault(_identity(python), Candidate(python, origin))
    return tuple(found.values())[:_MAX]


def looked_at(around: Surroundings) -> str:
    """The places in words, for a message."""
    active = [name for name in ("VIRTUAL_ENV", "CONDA_PREFIX") if around.environ.get(name)]
    return ", ".join([*active, ".venv, venv and env", "those of uv, poetry, hatch, pdm, pipenv, pyenv, tox and nox"])


def _identity(python: Path) -> Path:
    """Two links to one environment are one; two environments on one interpreter are two."""
    prefix = prefix_of(python)
    try:
        return prefix.resolve() if prefix is not None and is_environment(prefix) else python.resolve()
    except (OSError, RuntimeError):
        return python


def _prefixes(around: Surroundings) -> Iterator[tuple[Path, str]]:
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT"):
        value = around.environ.get(variable)
        if value:
            yield around.project / value, f"${variable}"
    for folder in around.folders:
        for name in (".venv", "venv", "env", ".env", "virtualenv", ".conda", ".pixi/envs/default"):
            if is_environment(folder / name):
                yield folder / name, _shown(folder / name, around)
    yield from _poetry(around)
    yield from _hatch(around)
    yield from _named_after_project(around.folder("XDG_DATA_HOME", ".local/share") / "pdm/venvs", around, "pdm")
    yield from _pipenv(around)
    for folder in around.folders:
        for pattern in (".tox/py*", ".tox/test*", ".nox/*"):
            for prefix in sorted(folder.glob(pattern), reverse=True)[:10]:
                if is_environment(prefix):
                    yield prefix, _shown(prefix, around)


def _interpreters(around: Surroundings) -> Iterator[tuple[Path, str]]:
    yield from _pdm(around)
    yield from _pyenv(around)
    for folder in around.environ.get("PATH", "").split(os.pathsep):
        for name in ("python", "python3"):
            python = Path(folder) / name
            inside = python.is_relative_to(around.repository)
            if python.is_absolute() and not inside and python.is_file() and not _is_script(python):
                yield python, f"{python} on PATH"


def _shown(path: Path, around: Surroundings) -> str:
    return path.relative_to(around.repository).as_posix() if path.is_relative_to(around.repository) else str(path)


def _poetry(around: Surroundings) -> Iterator[tuple[Path, str]]:
    """Poetry names an environment after the project and a hash of its path."""
    cache = around.folder("POETRY_CACHE_DIR", str(around.folder("XDG_CACHE_HOME", ".cache") / "pypoetry"))
    folder = around.folder("POETRY_VIRTUALENVS_PATH", str(cache / "virtualenvs"))
    if around.name:
        name = re.sub(r'[ $`!*@"\\\r\n\t]', "_", around.name.lower())[:42]
        for prefix in _glob(folder, f"{_escaped(name)}-{_checksum(around.project.resolve())}-py*"):
            yield prefix, f"poetry's {prefix.name}"


def _hatch(around: Surroundings) -> Iterator[tuple[Path, str]]:
    """Hatch keeps environments under the project's name and a hash of its path."""
    folder = around.folder("HATCH_DATA_DIR", str(around.folder("XDG_DATA_HOME", ".local/share") / "hatch"))
    for project in dict.fromkeys((around.project, around.project.resolve())):
        found = _glob(folder / "env/virtual", f"*/{_checksum(project)}/*")
        for prefix in sorted(found, key=lambda prefix: ("test" not in prefix.name, prefix.name)):
            yield prefix, f"hatch's {prefix.name}"


def _pipenv(around: Surroundings) -> Iterator[tuple[Path, str]]:
    folder = around.folder("WORKON_HOME", ".local/share/virtualenvs")
    for prefix in _glob(folder, "*-*"):
        if _first_line(prefix / ".project") == str(around.project):
            yield prefix, f"pipenv's {prefix.name}"


def _named_after_project(folder: Path, around: Surroundings, tool: str) -> Iterator[tuple[Path, str]]:
    for prefix in _glob(folder, f"{_escaped(around.project.name)}-{_checksum(around.project)}-*"):
        yield prefix, f"{tool}'s {prefix.name}"


def _pdm(around: Surroundings) -> Iterator[tuple[Path, str]]:
    named = _first_line(around.project / ".pdm-python")
    if Path(named).is_absolute():
        yield Path(named), ".pdm-python"


def _pyenv(around: Surroundings) -> Iterator[tuple[Path, str]]:
    """The version that pyenv would choose; it is one of those that pyenv keeps, wherever the file says."""
    versions = around.folder("PYENV_ROOT", ".pyenv") / "versions"
    named = [(around.environ.get("PYENV_VERSION", ""), "$PYENV_VERSION")]
    named += [(_first_line(folder / ".python-version"), ".python-version") for folder in around.folders]
    named += [(_first_line(versions.parent / "version"), "pyenv's global version")]
    for line, origin in named:
        for version in line.split(":"):
            if not _VERSION.match(version) or ".." in version or version.startswith("/"):
                continue
            exact = versions / version
            for prefix in [exact] if exact.is_dir() else _glob(versions, f"{_escaped(version)}.*")[::-1]:
                python = interpreter_of(prefix)
                if python is not None:
                    yield python, origin


def _glob(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))[:_MAX]
    except (OSError, ValueError):
        return []


def _escaped(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name).replace("/", "_")


def _checksum(path: Path) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(os.fsencode(path)).digest()).decode()[:8]


def _first_line(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            lines = opened.read(_MAX_BYTES).decode(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "").replace("\0", "")


def _is_script(python: Path) -> bool:
    """Whether it is a script such as pyenv's shims, which cannot choose an interpreter behind the walls."""
    try:
        with python.open("rb") as opened:
            return opened.read(2) == b"#!"
    except OSError:
        return True
