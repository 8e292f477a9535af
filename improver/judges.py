"""Which files judge a change: tests, settings of tools, CI. A floor that a project may extend and not shrink."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

from improver.errors import SettingsError

_TEST_NAME = re.compile(r"(test_.*|.*_tests?|tests?)\.py\Z")
_TEST_FOLDERS = frozenset({"tests", "test", "__tests__"})
# fmt: off
_NAMES = frozenset((
    ".appveyor.yml", ".bandit", ".cirrus.yml", ".codecov.yml", ".coveragerc", ".dockerignore", ".drone.yml",
    ".editorconfig", ".flake8", ".git-blame-ignore-revs", ".gitattributes", ".gitignore", ".gitlab-ci.yml",
    ".gitmodules", ".isort.cfg", ".mypy.ini", ".pre-commit-config.yaml", ".pre-commit-hooks.yaml", ".pydocstyle",
    ".pydocstylerc", ".pylintrc", ".pytest.ini", ".pytest.toml", ".python-version", ".readthedocs.yaml",
    ".readthedocs.yml", ".ruff.toml", ".style.yapf", ".tool-versions", ".travis.yml", "appveyor.yml",
    "azure-pipelines.yml", "bandit.yaml", "codecov.yml", "codeowners", "conda-lock.yml", "conftest.py", "dockerfile",
    "environment.yaml", "environment.yml", "hatch.toml", "jenkinsfile", "justfile", "makefile", "manifest.in",
    "mise.toml", "mypy.ini", "noxfile.py", "pdm.lock", "pdm.toml", "pipfile", "pipfile.lock", "pixi.lock",
    "pixi.toml", "poetry.lock", "poetry.toml", "pylintrc", "pylock.toml", "pyproject.toml", "pyrefly.toml",
    "pyrightconfig.json", "pytest.ini", "pytest.toml", "renovate.json", "ruff.toml", "setup.cfg", "setup.py",
    "sitecustomize.py", "taskfile.yaml", "taskfile.yml", "tox.ini", "toxfile.py", "ty.toml", "usercustomize.py",
    "uv.lock", "uv.toml",
))
# fmt: on
_REQUIREMENTS = re.compile(r"(.*requirements.*|.*constraints.*)\.(txt|in|lock)\Z")
_FOLDERS = frozenset(
    (".github", ".gitlab", ".circleci", ".buildkite", ".woodpecker", ".forgejo", ".gitea", ".improver")
)
_ENDINGS = (".pth", ".lock", "._pth")
_DEPENDENCIES = re.compile(r"(.*\.lock|pipfile(\.lock)?|pylock.*\.toml|environment\.ya?ml|conda-lock\.yml)\Z")


def is_judge(path: str, extra: Sequence[str] = ()) -> bool:
    """Whether a file has a say in what passes, so that no proposal may alter it.

    Upper and lower case are the same, because some file systems have them so.

    Parameters:
        path: POSIX, relative to the repository.
        extra: gitignore patterns of the project's own, on top of the floor.

    Raises:
        SettingsError: a pattern is malformed.
    """
    return _is_floor(path.lower()) or (bool(extra) and _patterns(tuple(extra)).match_file(path))


def is_test(path: str) -> bool:
    """Whether a file holds tests, by its name or by a folder it lies in."""
    folders, name = _split(path.lower())
    return name.endswith(".py") and (bool(_TEST_NAME.match(name)) or bool(_TEST_FOLDERS & set(folders)))


def names_dependencies(path: str) -> bool:
    """Whether a file does nothing but name what is installed (requirements, lock files)."""
    name = path.lower().rpartition("/")[2]
    return bool(_REQUIREMENTS.match(name)) or bool(_DEPENDENCIES.match(name)) or _in_requirements(path.lower())


def _is_floor(path: str) -> bool:
    folders, name = _split(path)
    return (
        name in _NAMES
        or name.startswith(("flake.", "setup.", "dockerfile", "pytest.", ".env"))
        or name.endswith(_ENDINGS)
        or bool(_TEST_NAME.match(name))
        or not _TEST_FOLDERS.isdisjoint(folders)
        or (bool(folders) and folders[0] in ("benchmarks", ".git"))
        or bool(_REQUIREMENTS.match(name))
        or _in_requirements(path)
        or not _FOLDERS.isdisjoint(folders)
    )


def _in_requirements(path: str) -> bool:
    return path.endswith((".txt", ".in")) and "requirements/" in path


def _split(path: str) -> tuple[list[str], str]:
    *folders, name = path.split("/")
    return folders, name


@lru_cache(maxsize=32)
def _patterns(lines: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - only projects with patterns of their own pay for it

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise SettingsError(f"`judges` holds a pattern that git would not understand: {error}.") from error
