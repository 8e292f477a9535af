"""What the project and the user have settled, read strictly; and where improver keeps its own files.

The project's settings come from the repository and are hostile input: they may narrow, never widen.
The user's come from their own configuration folder, outside of any checkout.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from improver.errors import SettingsError
from improver.ports import Limits
from improver.strict import parse_toml, read_table


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """`[tool.improver]` in `pyproject.toml`, or `.improver/settings.toml`, at the base commit.

    Parameters:
        python: the interpreter to use, relative to the project.
        source_roots: folders that go on ``sys.path``, relative to the project.
        exclude: more that is left alone, as gitignore patterns.
        judges: more files that no proposal may touch, as gitignore patterns.
        carry: more that git ignores and tests need, as gitignore patterns.
        test_command: the words that run the tests, instead of pytest.
        convention: the docstring convention: ``google``, ``numpy`` or ``sphinx``.
        line_length: the longest line, in characters; 0 to read it from the formatter's settings.
        pipeline: the pipeline that ``propose`` runs.
        analyzers: the options of each analyzer, by its name.
    """

    python: str = ""
    source_roots: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()
    carry: tuple[str, ...] = ()
    test_command: tuple[str, ...] = ()
    convention: str = ""
    line_length: int = 0
    pipeline: str = "propose"
    analyzers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UserSettings:
    """The user's own `config.toml`: what only they may widen.

    Parameters:
        sandbox: the backend to use, by name; empty for the strongest that proves itself.
        binds: more folders that the sandbox may read.
        environment: names of environment variables that the sandbox may see.
        limits: what a run may use.
    """

    sandbox: str = ""
    binds: tuple[Path, ...] = ()
    environment: tuple[str, ...] = ()
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Settings:
    """Both, with the command line already laid over them.

    Parameters:
        python: the interpreter named on the command line.
        allow_unsandboxed: said on the command line and nowhere else.
    """

    project: ProjectSettings = ProjectSettings()
    user: UserSettings = UserSettings()
    python: Path | None = None
    allow_unsandboxed: bool = False


_CONVENTIONS = ("", "google", "numpy", "sphinx")


@dataclass(frozen=True, slots=True)
class _UserFile:
    """The user's file as written: numbers where `UserSettings` has limits."""

    sandbox: str = ""
    binds: tuple[Path, ...] = ()
    environment: tuple[str, ...] = ()
    seconds: float = Limits().seconds
    memory_mb: int = Limits().memory >> 20
    processes: int = Limits().processes
    disk_mb: int = Limits().disk >> 20


def read_project(read: Callable[[str], bytes | None], known_analyzers: frozenset[str]) -> ProjectSettings:
    """The project's settings.

    Parameters:
        read: the content of a file of the project at the base commit; ``None`` where there is none.
        known_analyzers: the names under which a table of options may stand.

    Raises:
        SettingsError: a file is broken, says something unknown, or both files hold settings.
    """
    found = []
    pyproject = read("pyproject.toml")
    if pyproject is not None and b"improver" in pyproject:
        tools = parse_toml(pyproject, "pyproject.toml").get("tool", {})
        if not isinstance(tools, Mapping):
            raise SettingsError("pyproject.toml, `tool`: expected a table.")
        if (table := tools.get("improver")) is not None:
            found.append(("pyproject.toml, [tool.improver]", table))
    own = read(".improver/settings.toml")
    if own is not None:
        found.append((".improver/settings.toml", parse_toml(own, ".improver/settings.toml")))
    if len(found) == 2:
        raise SettingsError(
            "Settings stand in two places: pyproject.toml has [tool.improver], and there is .improver/settings.toml.",
            remedy="Keep one of them.",
        )
    return _project(found[0][1], found[0][0], known_analyzers) if found else ProjectSettings()


def _project(table: object, where: str, known_analyzers: frozenset[str]) -> ProjectSettings:
    if not isinstance(table, Mapping):
        raise SettingsError(f"{where}: expected a table.")
    names = {name: name.replace("-", "_") for name in table}
    options = {names[name]: table[name] for name in table if names[name] in known_analyzers}
    rest = {name: table[name] for name in table if names[name] not in known_analyzers}
    if "analyzers" in rest:
        raise SettingsError(f"{where}: options of an analyzer stand under its own name, not under `analyzers`.")
    for name, value in options.items():
        if not isinstance(value, Mapping):
            raise SettingsError(f"{where}, `{name}`: expected a table of its options.")
    settings = replace(read_table(ProjectSettings, rest, where), analyzers=options)
    if settings.convention not in _CONVENTIONS:
        raise SettingsError(f"{where}, `convention`: expected google, numpy or sphinx.")
    if settings.line_length < 0:
        raise SettingsError(f"{where}, `line-length`: expected a number of characters, found {settings.line_length}.")
    return settings


def read_user(file: Path) -> UserSettings:
    """The user's settings; the defaults where the file does not exist.

    Raises:
        SettingsError: the file cannot be read or says something unknown.
    """
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return UserSettings()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from error
    raw = read_table(_UserFile, parse_toml(content, str(file)), str(file))
    for name in ("seconds", "memory_mb", "processes", "disk_mb"):
        if getattr(raw, name) <= 0:
            raise SettingsError(f"{file}, `{name.replace('_', '-')}`: expected a number above zero.")
    for path in raw.binds:
        if not path.is_absolute():
            raise SettingsError(f"{file}, `binds`: {path} is not absolute, so it is not clear which folder is meant.")
    limits = Limits(raw.seconds, raw.memory_mb << 20, raw.processes, disk=raw.disk_mb << 20)
    return UserSettings(raw.sandbox, raw.binds, raw.environment, limits)


@dataclass(frozen=True, slots=True)
class Places:
    """Where improver keeps its own files; nothing of them lies in the target.

    Parameters:
        state: ledgers, worktrees and the object store of each repository.
        cache: what can be made again: results of scans, the shelf of test tools.
        config: the user's settings file.
    """

    state: Path
    cache: Path
    config: Path


def places(environ: Mapping[str, str] | None = None, config: Path | None = None) -> Places:
    """The folders, as `IMPROVER_STATE_DIR`, `IMPROVER_CONFIG` and the platform have them."""
    import platformdirs  # noqa: PLC0415 - 12 ms that a wrong command line need not wait for

    environ = os.environ if environ is None else environ
    own = environ.get("IMPROVER_STATE_DIR")
    state = Path(own).expanduser().absolute() if own else platformdirs.user_state_path("improver")
    cache = state / "cache" if own else platformdirs.user_cache_path("improver")
    named = config or (Path(environ["IMPROVER_CONFIG"]) if environ.get("IMPROVER_CONFIG") else None)
    return Places(state, cache, named or platformdirs.user_config_path("improver") / "config.toml")
