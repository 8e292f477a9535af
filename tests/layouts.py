"""Environments and projects as people lay them out, made by hand: no network, no pip, a fraction of a second each."""

from __future__ import annotations

import compileall
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from checkout import Shell

NOTHING_TO_FETCH = {"PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
"""For the environment of improver: a tool that is not there is missing at once, and no test needs a network."""


def proposed(shell: Shell, *words: str, at: Path | None = None) -> Any:
    """The document of `improver propose` for an environment that it finds by itself."""
    return shell("propose", "--json", *words, at=at).expect(0).document


def refused(document: Any) -> dict[str, str]:
    """The titles of what was refused, with what the gate said that failed."""
    return {one["title"]: said for one in document["dossiers"] for said in _failures(one)}


def _failures(dossier: Any) -> list[str]:
    if dossier["decision"]["route"] != "refuse":
        return []
    return [one["summary"] for one in dossier["evidence"] if one["verdict"] == "failed"]


def names(document: Any, route: str) -> list[str]:
    """The functions whose proposals took this route."""
    return [one["sites"][0]["qualified_name"] for one in document["dossiers"] if one["decision"]["route"] == route]


def summary(document: Any, gate: str) -> str:
    """What a gate said of the first proposal, with its verdict."""
    found = next(one for one in document["dossiers"][0]["evidence"] if one["gate"] == gate)
    return f"{found['verdict']}: {found['summary']}"


def written(folder: Path, files: Mapping[str, str]) -> Path:
    """The folder, with these files in it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def tools(folder: Path, *names: str) -> Path:
    """A folder with copies of installed distributions and of what they need, and nothing else of this environment."""
    for found in _with_needs(names):
        for file in found.files or ():
            if ".." in file.parts or "__pycache__" in file.parts:
                continue
            place = folder / file
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file.locate(), place)
    compileall.compile_dir(folder, quiet=2, workers=1)
    return folder


@cache
def pytest_tools(session: Path) -> Path:
    """A folder with pytest and coverage, made once in the folder of a test session."""
    return tools(session / "tools-of-targets", "pytest", "coverage")


def _with_needs(names: tuple[str, ...]) -> Iterator[Distribution]:
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        yield found
        plain = [line for line in found.requires or () if "extra ==" not in line]
        waiting += [match[0] for line in plain if (match := re.match(r"[\w.-]+", line))]


@dataclass(frozen=True)
class Environment:
    """A virtual environment."""

    prefix: Path
    version: tuple[int, int]

    @classmethod
    def make(cls, prefix: Path, *paths: Path, python: Path | None = None) -> Environment:
        """An environment without pip.

        Parameters:
            paths: folders that its own `.pth` file puts on the path.
            python: the interpreter it is made from; the one that runs these tests by default.
        """
        base = (python or Path(getattr(sys, "_base_executable", sys.executable))).resolve()
        version = sys.version_info[:2] if python is None else version_of(base)
        made = cls(prefix, version)
        settings = f"home = {base.parent}\ninclude-system-site-packages = false\nversion = {version[0]}.{version[1]}\n"
        written(prefix, {"pyvenv.cfg": settings})
        (prefix / "bin").mkdir()
        (prefix / "bin/python").symlink_to(base)
        made.site.mkdir(parents=True)
        made.lead("tools", *paths)
        return made

    @property
    def python(self) -> Path:
        return self.prefix / "bin/python"

    @property
    def site(self) -> Path:
        return self.prefix / f"lib/python{self.version[0]}.{self.version[1]}/site-packages"

    def lead(self, name: str, *paths: Path) -> None:
        """Let a `.pth` file lead to these folders, as `pip install -e` of most build tools does."""
        (self.site / f"_{name}.pth").write_text("".join(f"{path}\n" for path in paths))

    def describe(self, name: str, version: str = "1", **more: str) -> None:
        """Metadata of an installed distribution."""
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        written(self.site / f"{name}-{version}.dist-info", {"METADATA": text, "INSTALLER": "pip\n", **more})

    def install(self, name: str, files: Mapping[str, str], version: str = "1") -> None:
        """What `pip install` leaves: a copy that no change of the checkout reaches."""
        written(self.site, files)
        self.describe(name, version)

    def find(self, name: str, mapping: Mapping[str, Path]) -> None:
        """What `pip install -e` leaves where setuptools cannot use a plain path: a finder of its own."""
        finder = f"__editable___{name}_1_finder"
        names = {package: str(path) for package, path in mapping.items()}
        written(self.site, {f"{finder}.py": _FINDER.format(names=names)})
        (self.site / f"__editable__.{name}-1.pth").write_text(f"import {finder}; {finder}.install()\n")
        self.describe(name)


_FINDER = """\
import os
import sys
from importlib.util import spec_from_file_location

MAPPING = {names!r}


class EditableFinder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        place = MAPPING.get(name)
        if place is None:
            return None
        package = os.path.join(place, "__init__.py")
        return spec_from_file_location(name, package if os.path.exists(package) else place + ".py")


def install():
    if EditableFinder not in sys.meta_path:
        sys.meta_path.append(EditableFinder)
"""


def version_of(python: Path) -> tuple[int, int]:
    """What an interpreter calls itself."""
    script = "import sys; print(*sys.version_info[:2])"
    done = subprocess.run([str(python), "-I", "-c", script], capture_output=True, text=True, check=True)
    major, minor = done.stdout.split()
    return int(major), int(minor)


def other_pythons() -> dict[tuple[int, int], Path]:
    """Installed interpreters of other minor versions than ours, oldest first."""
    places = [*(Path.home() / ".pyenv/versions").glob("3.*/bin/python")]
    places += [path for folder in ("/usr/bin", "/usr/local/bin") for path in Path(folder).glob("python3.[0-9]*")]
    found: dict[tuple[int, int], Path] = {}
    for python in filter(_is_interpreter, places):
        try:
            found.setdefault(version_of(python), python.resolve())
        except (OSError, subprocess.SubprocessError, ValueError):
            continue
    return {version: found[version] for version in sorted(found) if (3, 8) <= version != sys.version_info[:2]}


def _is_interpreter(path: Path) -> bool:
    return path.name == "python" or path.name.removeprefix("python3.").isdigit()


_BREAKER = '''
from dataclasses import dataclass
from improver.ports import Untouched
from improver.values import Category, Edit, Proposal, Site


@dataclass(frozen=True)
class Breaker:
    """Turn `# right` into wrong: what only tests can notice."""

    promises = Category.BEHAVIOUR
    examples = (Untouched("x = 1"),)

    def analyze(self, source, target, facts):
        start = source.content.find(b"* 2  # right")
        if start >= 0:
            line = source.content[:start].count(b"\\n") + 1
            edit = Edit(source.path, start, b"* 2  # right", b"* 3  # right")
            site = Site(source.path, line, "doubled")
            yield Proposal("breaker", "wrong", site, "Make it wrong", "For a test.", (edit,), "x")
'''


def breaker(folder: Path) -> Path:
    """A distribution that ships an analyzer which breaks `doubled`; put the folder on improver's own path."""
    metadata = "Metadata-Version: 2.1\nName: breaker\nVersion: 1\n"
    points = "[improver.analyzers]\nbreaker = breaker_of_tests:Breaker\n"
    files = {"METADATA": metadata, "entry_points.txt": points}
    written(folder / "breaker-1.dist-info", files)
    return written(folder, {"breaker_of_tests.py": _BREAKER})
