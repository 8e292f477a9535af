"""What the build settings say: where packages lie, which version files are written, what is required."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from improver.discover.settings_files import SettingsFiles, Table, table, text, words
from improver.discover.tree import folder_of, join


@dataclass(frozen=True, slots=True)
class Build:
    """The build settings of a project, whatever tool reads them.

    Parameters:
        name: the distribution's name, empty when it is not told.
        folders: folders that hold packages, relative to the project.
        version_files: files that the build writes, relative to the project.
        requires_python: the version specifier, empty when there is none.
        dependencies: names of distributions that are always needed, normalised.
        extras: what each extra or group of dependencies needs, as written; groups are named ``group:NAME``.
    """

    name: str = ""
    folders: tuple[str, ...] = ()
    version_files: tuple[str, ...] = ()
    requires_python: str = ""
    dependencies: tuple[str, ...] = ()
    classifiers: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    extras: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_build(project: str, files: SettingsFiles) -> Build:
    """The build settings of the project in a folder."""
    pyproject = files.toml(join(project, "pyproject.toml"))
    config = files.ini(join(project, "setup.cfg"))
    setup = setup_arguments(files.text(join(project, "setup.py")))
    metadata, poetry = table(pyproject, "project"), table(pyproject, "tool", "poetry")
    options = config.get("options", {})
    needed = [
        *words_of_requirements(metadata.get("dependencies")),
        *(name for name, value in table(poetry, "dependencies").items() if not _is_optional(value)),
        *words_of_requirements(options.get("install_requires")),
        *words_of_requirements(setup.get("install_requires")),
    ]
    return Build(
        name=text(metadata.get("name") or poetry.get("name") or config.get("metadata", {}).get("name"))
        or text(setup.get("name")),
        folders=tuple(dict.fromkeys(_folders(pyproject, config, setup))),
        version_files=tuple(dict.fromkeys(_version_files(pyproject, setup))),
        requires_python=_requires_python(metadata, poetry, options, setup),
        dependencies=tuple(dict.fromkeys(normal(name) for name in needed if normal(name) != "python")),
        classifiers=_classifiers(metadata, poetry, config, setup),
        scripts=tuple(map(text, {**table(metadata, "scripts"), **table(poetry, "scripts")}.values())),
        extras=_extras(pyproject, config, setup),
    )


def normal(name: str) -> str:
    """The name of a distribution as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?([^;]*)(;.*)?$")


def words_of_requirements(value: object) -> tuple[str, ...]:
    """The names of those requirements that hold everywhere: no marker, no comment."""
    lines = value.splitlines() if isinstance(value, str) else words(value)
    found = (_REQUIREMENT.match(line.split(" #")[0]) for line in lines if not line.lstrip().startswith(("#", "-")))
    return tuple(match[1] for match in found if match and not match[4] and "://" not in match[1])


def _is_optional(value: object) -> bool:
    return isinstance(value, list) or bool({"optional", "markers", "python", "platform"} & table(value).keys())


def _requires_python(metadata: Table, poetry: Table, options: Table, setup: Table) -> str:
    return (
        text(metadata.get("requires-python"))
        or text(table(poetry, "dependencies").get("python"))
        or text(options.get("python_requires"))
        or text(setup.get("python_requires"))
    )


def _classifiers(metadata: Table, poetry: Table, config: Any, setup: Table) -> tuple[str, ...]:
    lines = tuple(text(config.get("metadata", {}).get("classifiers")).splitlines())
    named = words(metadata.get("classifiers")) + words(poetry.get("classifiers"))
    from_setup = setup.get("classifiers")
    return named + lines + (words(from_setup) if isinstance(from_setup, list | tuple) else ())


def _extras(pyproject: Table, config: Any, setup: Table) -> dict[str, tuple[str, ...]]:
    found = {name: words(value) for name, value in table(pyproject, "project", "optional-dependencies").items()}
    for name, value in {**config.get("options.extras_require", {}), **table(setup.get("extras_require"))}.items():
        found[name] = tuple(value.splitlines()) if isinstance(value, str) else words(value)
    for name, value in table(pyproject, "dependency-groups").items():
        found[f"group:{name}"] = words(value)
    for name, value in table(pyproject, "tool", "poetry", "group").items():
        found[f"group:{name}"] = tuple(table(value, "dependencies"))
    return found


def _folders(pyproject: Table, config: Any, setup: Table) -> Iterator[str]:
    yield from _of_setuptools(table(pyproject, "tool", "setuptools"))
    yield from _of_setup_cfg(config)
    yield from _of_setup_py(setup)
    tool = table(pyproject, "tool")
    wheel = table(tool, "hatch", "build", "targets", "wheel")
    for key in (*words(wheel.get("packages")), *words(table(tool, "scikit-build", "wheel").get("packages"))):
        yield folder_of(key.strip("/"))
    yield from words(wheel.get("sources") or table(tool, "hatch", "build").get("sources"))
    packages = table(tool, "poetry").get("packages")
    for package in packages if isinstance(packages, list) else []:
        yield join(text(table(package).get("from")), folder_of(text(table(package).get("include")).split("/*")[0]))
    yield from filter(None, [text(table(tool, "pdm", "build").get("package-dir"))])
    yield from filter(None, [text(table(tool, "maturin").get("python-source"))])
    uv = table(tool, "uv", "build-backend")
    if "module-root" in uv:
        yield text(uv["module-root"])


def _of_setuptools(settings: Table) -> Iterator[str]:
    yield from _mapped(table(settings, "package-dir"))
    yield from words(table(settings, "packages", "find").get("where"))
    if settings.get("py-modules"):
        yield text(table(settings, "package-dir").get(""))


def _of_setup_cfg(config: Any) -> Iterator[str]:
    options = config.get("options", {})
    lines = (line.partition("=") for line in text(options.get("package_dir")).splitlines())
    yield from _mapped({key.strip(): value.strip() for key, equals, value in lines if equals})
    yield from words(config.get("options.packages.find", {}).get("where"))


def _of_setup_py(setup: Table) -> Iterator[str]:
    yield from _mapped(table(setup.get("package_dir")))
    yield from filter(None, [text(setup.get("find_packages"))])


def _mapped(mapping: Table) -> Iterator[str]:
    for name, folder in mapping.items():
        if not isinstance(folder, str):
            continue
        tail = str(name).replace(".", "/")
        clean = folder.strip("/").removeprefix("./")
        if not tail:
            yield clean
        elif clean == tail or clean.endswith("/" + tail):
            yield clean[: -len(tail)].strip("/")


def _version_files(pyproject: Table, setup: Table) -> Iterator[str]:
    tool = table(pyproject, "tool")
    for settings in (table(tool, "setuptools_scm"), table(tool, "setuptools-scm"), table(setup.get("use_scm_version"))):
        yield from filter(None, (text(settings.get("write_to")), text(settings.get("version_file"))))
    yield from filter(None, [text(table(tool, "hatch", "build", "hooks", "vcs").get("version-file"))])
    yield from filter(None, [text(table(tool, "pdm", "version").get("write_to"))])
    yield from filter(None, [text(table(tool, "scikit-build").get("generate-file"))])


def setup_arguments(source: str) -> Table:
    """The literal keyword arguments of the call to `setup` in a ``setup.py``, read and not run.

    The folder that `find_packages` searches is under ``find_packages``.
    """
    if "setup" not in source:
        return {}
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    names = {node.targets[0].id: node.value for node in module.body if _is_plain_assignment(node)}  # type: ignore[attr-defined]
    found: dict[str, Any] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            found.update(_read_call(node, names))
    return found


def _is_plain_assignment(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)


def _read_call(node: ast.Call, names: dict[str, ast.expr]) -> dict[str, Any]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called in ("find_packages", "find_namespace_packages"):
        where = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "where")]
        return {"find_packages": _literal(where[0], names)} if where else {}
    if called != "setup":
        return {}
    values = {word.arg: _literal(word.value, names) for word in node.keywords if word.arg}
    return {name: value for name, value in values.items() if value is not None}


def _literal(node: ast.expr, names: dict[str, ast.expr]) -> Any:
    node = names.get(node.id, node) if isinstance(node, ast.Name) else node
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
