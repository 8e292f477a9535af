"""The one command that makes an environment, with the tool that the project uses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from improver.discover.build_settings import Build
from improver.discover.settings_files import SettingsFiles, table
from improver.discover.tree import ancestors, join

_TEST_NAMES = ("test", "tests", "testing", "dev", "develop", "development", "all")
REQUIREMENTS = (
    "requirements-dev.txt",
    "requirements_dev.txt",
    "dev-requirements.txt",
    "requirements/dev.txt",
    "requirements-test.txt",
    "requirements-tests.txt",
    "test-requirements.txt",
    "requirements/test.txt",
    "requirements/tests.txt",
)


def remedy(project: str, build: Build, files: SettingsFiles, has_environment: bool) -> str:
    """The command.

    Parameters:
        has_environment: whether there is a ``.venv`` already that only lacks something.
    """
    pyproject = files.toml(join(project, "pyproject.toml"))
    tool = table(pyproject, "tool")
    extra, group = _chosen(build.extras)
    if any(join(folder, "uv.lock") in files for folder in ancestors(project)):
        return f"uv sync{_flag('--extra', extra)}{_flag('--group', group if group != 'dev' else '')}"
    if join(project, "poetry.lock") in files or "poetry" in tool:
        return f"poetry install{_flag('--with', group)}{_flag('--extras', extra)}"
    if join(project, "pdm.lock") in files or ("pdm" in tool and "build" not in table(tool, "pdm")):
        return f"pdm install{_flag('-G', extra or group)}"
    if join(project, "Pipfile") in files:
        return "pipenv install --dev"
    if "envs" in table(tool, "hatch"):
        return "hatch env create"
    return _with_pip(project, build, files, has_environment, extra, group)


def _flag(flag: str, value: str) -> str:
    return f" {flag} {value}" if value else ""


def _chosen(extras: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
    """The extra and the group that bring the test tools; one of them is empty."""
    by_name = [name for known in _TEST_NAMES for name in (known, f"group:{known}") if name in extras]
    with_pytest = [name for name in (*by_name, *extras) if any(line.startswith("pytest") for line in extras[name])]
    name = next(iter((*with_pytest, *by_name)), "")
    return ("", name.removeprefix("group:")) if name.startswith("group:") else (name, "")


def _with_pip(project: str, build: Build, files: SettingsFiles, has_environment: bool, extra: str, group: str) -> str:
    requirements = [name for name in REQUIREMENTS if join(project, name) in files]
    is_package = any(join(project, name) in files for name in ("pyproject.toml", "setup.py", "setup.cfg"))
    what = [f"-e '.[{extra}]'" if extra else "-e ."] if is_package and (build.name or extra) else []
    if group and not extra:
        what.append(f"--group {group}")
    elif not extra and requirements:
        what.append(f"-r {requirements[0]}")
    elif not extra and join(project, "requirements.txt") in files:
        what.append("-r requirements.txt")
    if not extra and not group and not requirements:
        what.append("pytest")
    install = f"pip install {' '.join(what)}"
    return f".venv/bin/{install}" if has_environment else f"python3 -m venv .venv && .venv/bin/{install}"


def environment_named(project: Path) -> bool:
    """Whether the project has a ``.venv`` of its own."""
    return (project / ".venv" / "pyvenv.cfg").is_file()
