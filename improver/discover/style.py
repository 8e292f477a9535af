"""How the project writes: line length, formatter, linters, docstring convention."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from improver.discover.build_settings import Build
from improver.discover.convention import docstring_convention
from improver.discover.python_floor import python_floor
from improver.discover.settings_files import SettingsFiles, Table, number, table, text
from improver.discover.tree import BaseTree, Entry, ancestors, folder_of, join
from improver.settings import ProjectSettings
from improver.values import Style

PEP_8 = 79
BLACK = 88
_SANE = range(40, 400)
_HOOKS = {
    "black": re.compile(
        r"^\s*-?\s*repo:.*\b(?:psf/black|black-pre-commit-mirror)\b|^\s*-\s*id:\s*black\b", re.MULTILINE
    ),
    "ruff": re.compile(r"^\s*-\s*id:\s*ruff-format\b", re.MULTILINE),
}
_LINT_HOOKS = re.compile(r"^\s*-\s*id:\s*(ruff(?:-check)?|flake8|pydocstyle)\s*$", re.MULTILINE)


def read_style(
    project: str,
    settings: ProjectSettings,
    build: Build,
    files: SettingsFiles,
    sources: Sequence[Entry],
    tree: BaseTree,
) -> Style:
    """The style of the project; what its settings for improver say wins."""
    found = Configured.read(project, files)
    convention = settings.convention or docstring_convention(project, found.ruff, files, sources, tree)
    return Style(
        line_length=settings.line_length or _line_length(project, found, files),
        convention=convention,
        formatter=_formatter(found),
        linters=tuple(_linters(project, found, files)),
        python=python_floor(project, build, files, found.ruff),
    )


@dataclass(frozen=True, slots=True)
class Configured:
    """The tables of the tools that tell how to write.

    Parameters:
        ruff, black: ``None`` where the tool is not configured.
        flake8: its section, wherever it stands.
        hooks: the text of the pre-commit settings.
    """

    ruff: Table | None
    black: Table | None
    flake8: Table
    hooks: str

    @classmethod
    def read(cls, project: str, files: SettingsFiles) -> Configured:
        """Looks in the project's folder, and above it for what is searched upwards."""
        hooks = (files.text(join(folder, ".pre-commit-config.yaml")) for folder in ancestors(project))
        return cls(
            ruff_settings(project, files),
            _black(project, files),
            _flake8(project, files),
            next(filter(None, hooks), ""),
        )


def ruff_settings(project: str, files: SettingsFiles) -> Table | None:
    """Ruff's table from the nearest file that has one, with what it extends under it."""
    for folder in ancestors(project):
        for name in (".ruff.toml", "ruff.toml"):
            if join(folder, name) in files:
                return _extended(join(folder, name), files.toml(join(folder, name)), files)
        path = join(folder, "pyproject.toml")
        tool = table(files.toml(path), "tool")
        if "ruff" in tool:
            return _extended(path, table(tool, "ruff"), files)
    return None


def _extended(path: str, found: Table, files: SettingsFiles) -> Table:
    other = _resolve(folder_of(path), text(found.get("extend")))
    if not other or other not in files or other == path:
        return found
    base = files.toml(other)
    base = table(base, "tool", "ruff") if other.endswith("pyproject.toml") else base
    return {**base, **found, "lint": {**table(base, "lint"), **table(found, "lint")}}


def _resolve(folder: str, name: str) -> str:
    parts = folder.split("/") if folder else []
    for part in name.split("/") if name else []:
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/".join(parts) if name else ""


def _black(project: str, files: SettingsFiles) -> Table | None:
    for folder in ancestors(project):
        tool = table(files.toml(join(folder, "pyproject.toml")), "tool")
        if "black" in tool:
            return table(tool, "black")
    return None


def _flake8(project: str, files: SettingsFiles) -> Table:
    for name in ("setup.cfg", "tox.ini", ".flake8"):
        section = files.ini(join(project, name)).get("flake8")
        if section is not None:
            return section
    return table(files.toml(join(project, "pyproject.toml")), "tool", "flake8")


def _formatter(found: Configured) -> str:
    if found.ruff is not None and "format" in found.ruff:
        return "ruff"
    if found.black is not None:
        return "black"
    return next((name for name, pattern in _HOOKS.items() if pattern.search(found.hooks)), "")


def _linters(project: str, found: Configured, files: SettingsFiles) -> Iterator[str]:
    hooks = {hook.removesuffix("-check") for hook in _LINT_HOOKS.findall(found.hooks)}
    if found.ruff is not None or "ruff" in hooks:
        yield "ruff"
    if found.flake8 or "flake8" in hooks:
        yield "flake8"
    names = (".pydocstyle", ".pydocstyle.ini", "setup.cfg", "tox.ini")
    in_toml = "pydocstyle" in table(files.toml(join(project, "pyproject.toml")), "tool")
    if in_toml or "pydocstyle" in hooks or any("pydocstyle" in files.ini(join(project, name)) for name in names):
        yield "pydocstyle"


def _line_length(project: str, found: Configured, files: SettingsFiles) -> int:
    lengths = [length for length in _lengths(project, found, files) if length in _SANE]
    return min(lengths, default=PEP_8)


def _lengths(project: str, found: Configured, files: SettingsFiles) -> Iterator[int]:
    formatter = _formatter(found)
    if found.black is not None or formatter == "black":
        yield number(table(found.black).get("line-length") or table(found.black).get("line_length")) or BLACK
    if found.ruff is not None or formatter == "ruff":
        ruff = table(found.ruff)
        yield number(ruff.get("line-length")) or BLACK
        yield number(table(ruff, "lint", "pycodestyle").get("max-doc-length"))
    yield number(found.flake8.get("max-line-length") or found.flake8.get("max_line_length"))
    yield number(found.flake8.get("max-doc-length"))
    for name in ("setup.cfg", "tox.ini"):
        yield number(files.ini(join(project, name)).get("pycodestyle", {}).get("max-line-length"))
    yield _of_editorconfig(project, files)
    yield _of_pylint(project, files)


def _of_editorconfig(project: str, files: SettingsFiles) -> int:
    """The length for ``*.py``; sections are read in their order, the last one that fits wins."""
    for folder in ancestors(project):
        text_ = files.text(join(folder, ".editorconfig"))
        if not text_:
            continue
        fits, length = False, 0
        for line in map(str.strip, text_.splitlines()):
            if line.startswith("["):
                fits = line == "[*]" or bool(re.search(r"\*\.py\b|[{,]py[,}]", line))
            elif fits and line.lower().startswith("max_line_length"):
                length = number(line.partition("=")[2].strip())
        return length
    return 0


def _of_pylint(project: str, files: SettingsFiles) -> int:
    tool = table(files.toml(join(project, "pyproject.toml")), "tool", "pylint")
    for name in ("format", "FORMAT", "MASTER", "main"):
        if "max-line-length" in table(tool, name):
            return number(table(tool, name)["max-line-length"])
    for name in (".pylintrc", "pylintrc"):
        length = number(files.ini(join(project, name)).get("FORMAT", {}).get("max-line-length"))
        if length:
            return length
    return 0
