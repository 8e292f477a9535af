"""Finds the folders that go on ``sys.path``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from improver.discover.build_settings import Build, normal
from improver.discover.tree import BaseTree, Entry, ancestors, folder_of, inside, join
from improver.errors import SettingsError

_HOLDERS = ("src", "lib", "python")
_ASIDE = frozenset({"docs", "doc", "examples", "example", "scripts", "tools", "benchmarks", "bench", "samples", "test"})
_SCRIPTS = frozenset({"conftest.py", "noxfile.py", "tasks.py", "fabfile.py", "dodo.py", "toxfile.py", "setup.py"})
_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+([A-Za-z_][\w.]*)", re.MULTILINE)
_SAMPLE = 60


def source_roots(
    project: str, named: Sequence[str], build: Build, sources: Sequence[Entry], tree: BaseTree
) -> tuple[str, ...]:
    """The folders, relative to the top, most specific first.

    Parameters:
        named: what the project's settings say, relative to the project; it decides alone.
        sources: the Python files that are not left out.

    Raises:
        SettingsError: a named folder lies outside of the project.
    """
    if named:
        return tuple(dict.fromkeys(_settled(project, name) for name in named))
    folders = {folder for entry in sources for folder in ancestors(folder_of(entry.path)) if inside(folder, project)}
    holds = {folder_of(entry.path) for entry in sources if entry.path.endswith("/__init__.py")}
    known = [join(project, folder.strip("/").removeprefix("./")) for folder in build.folders]
    roots = [folder for folder in dict.fromkeys(known) if folder in folders and ".." not in folder.split("/")]
    roots += [folder for folder in _conventional(project, folders, holds, sources) if folder not in roots]
    tops = _unexplained(roots, holds, project, bool(roots))
    roots += [root for root in _guessed(tops, project, build, sources, tree) if root not in roots]
    if not roots or (project in known and _has_modules(project, sources)):
        roots.append(project)
    return tuple(dict.fromkeys(roots))


def _settled(project: str, name: str) -> str:
    clean = name.strip("/").removeprefix("./")
    if name.startswith("/") or ".." in clean.split("/"):
        raise SettingsError(f"The project's settings, `source-roots`: `{name}` lies outside of the project.")
    return join(project, clean)


def _conventional(project: str, folders: set[str], holds: set[str], sources: Sequence[Entry]) -> Iterable[str]:
    """``src`` and the like, where they hold something and are no package themselves."""
    for name in _HOLDERS:
        folder = join(project, name)
        if folder not in folders or folder in holds:
            continue
        if name == "src" or any(folder_of(package) == folder for package in holds):
            yield folder


def _unexplained(roots: Sequence[str], holds: set[str], project: str, settled: bool) -> list[str]:
    """The outermost packages that lie in no root."""
    tops = []
    for package in sorted(holds):
        if not package or package == project or folder_of(package) in holds:
            continue
        parts = (package[len(project) + 1 :] if project else package).split("/")
        if not inside(package, project) or any(inside(package, root) for root in roots):
            continue
        if not (_ASIDE & set(parts)):
            tops.append(package)
    return [] if settled and all("/" in top.removeprefix(project).strip("/") for top in tops) else tops


def _guessed(
    tops: Sequence[str], project: str, build: Build, sources: Sequence[Entry], tree: BaseTree
) -> Iterable[str]:
    """The roots of packages that no setting explains; beside a flat layout, only those that are imported so."""
    flat = any(folder_of(top) == project for top in tops)
    if flat:
        yield project
    deeper = [top for top in tops if folder_of(top) != project]
    imports = _imports(sources, tree) if deeper else []
    for top in deeper:
        holder = _as_imported(top, project, imports)
        if holder is not None:
            yield holder
        elif not flat:
            yield _as_named(top, project, normal(build.name))


def _as_imported(top: str, project: str, imports: Iterable[tuple[str, ...]]) -> str | None:
    """The root from which others import a package; ``None`` where nobody does."""
    above = [folder for folder in ancestors(folder_of(top)) if inside(folder, project)]
    hits: dict[str, int] = dict.fromkeys(above, 0)
    for folder in above:
        parts = tuple(top[len(folder) + 1 :].split("/")) if folder else tuple(top.split("/"))
        hits[folder] = sum(found[: len(parts)] == parts[: len(found)] for found in imports)
    best = max(above, key=lambda folder: hits[folder])
    return best if hits[best] else None


def _as_named(top: str, project: str, name: str) -> str:
    """The project's folder for a namespace package that is named like the project, else the package's own."""
    relative = top[len(project) + 1 :] if project else top
    return project if name and name.startswith(normal(relative.split("/")[0])) else folder_of(top)


def _imports(sources: Sequence[Entry], tree: BaseTree) -> list[tuple[str, ...]]:
    step = max(1, len(sources) // _SAMPLE)
    contents = tree.read_many(entry.path for entry in sources[::step])
    return [tuple(m.decode().split(".")) for content in contents.values() for m in _IMPORT.findall(content)]


def _has_modules(project: str, sources: Sequence[Entry]) -> bool:
    return any(folder_of(entry.path) == project and entry.path.rpartition("/")[2] not in _SCRIPTS for entry in sources)
