"""Which files judge a change: tests, settings of tools, CI. A floor that a project may extend and not shrink."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathspec import PathSpec

_TEST_NAME = re.compile(r"(test_.*|.*_tests?|tests?)\.py\Z")
_TEST_FOLDERS = frozenset({"tests", "test", "__tests__"})
_NAMES = frozenset(
    [
        "conftest.py",
        "sitecustomize.py",
        "usercustomize.py",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "tox.ini",
        "noxfile.py",
        "pytest.ini",
        ".pytest.ini",
        "pytest.toml",
        ".pytest.toml",
        ".coveragerc",
        "mypy.ini",
        ".mypy.ini",
        ".pylintrc",
        "pylintrc",
        ".flake8",
        ".pydocstyle",
        ".pydocstylerc",
        "ruff.toml",
        ".ruff.toml",
        ".isort.cfg",
        ".style.yapf",
        ".bandit",
        "bandit.yaml",
        "pyrightconfig.json",
        "pyrefly.toml",
        "ty.toml",
        "toxfile.py",
        "makefile",
        "justfile",
        "taskfile.yml",
        "taskfile.yaml",
        "manifest.in",
        "poetry.lock",
        "uv.lock",
        "pdm.lock",
        "pdm.toml",
        "pipfile",
        "pipfile.lock",
        "pylock.toml",
        "conda-lock.yml",
        "environment.yml",
        "environment.yaml",
        "hatch.toml",
        "poetry.toml",
        "pixi.toml",
        "pixi.lock",
        "uv.toml",
        "codeowners",
        ".gitattributes",
        ".gitmodules",
        ".gitignore",
        ".git-blame-ignore-revs",
        ".pre-commit-config.yaml",
        ".pre-commit-hooks.yaml",
        ".travis.yml",
        ".gitlab-ci.yml",
        "appveyor.yml",
        ".appveyor.yml",
        "azure-pipelines.yml",
        "jenkinsfile",
        ".drone.yml",
        ".cirrus.yml",
        ".readthedocs.yaml",
        ".readthedocs.yml",
        "codecov.yml",
        ".codecov.yml",
        "dockerfile",
        ".dockerignore",
        ".python-version",
        ".tool-versions",
        "mise.toml",
        "renovate.json",
        ".editorconfig",
    ]
)
_REQUIREMENTS = re.compile(r"(.*requirements.*|.*constraints.*)\.(txt|in|lock)\Z")
_FOLDERS = (".github/", ".gitlab/", ".circleci/", ".buildkite/", ".woodpecker/", ".forgejo/", ".gitea/", ".improver/")
_ENDINGS = (".pth", ".lock", "._pth")
_DEPENDENCIES = re.compile(r"(.*\.lock|pipfile(\.lock)?|pylock.*\.toml|environment\.ya?ml|conda-lock\.yml)\Z")


def is_judge(path: str, extra: Sequence[str] = ()) -> bool:
    """Whether a file has a say in what passes, so that no proposal may alter it.

    Upper and lower case are the same, because some file systems have them so.

    Parameters:
        path: POSIX, relative to the repository.
        extra: gitignore patterns of the project's own, on top of the floor.
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
        or bool(_TEST_FOLDERS & set(folders))
        or (bool(folders) and folders[0] in ("benchmarks", ".git"))
        or bool(_REQUIREMENTS.match(name))
        or _in_requirements(path)
        or any(f"/{folder}" in f"/{path}" for folder in _FOLDERS)
    )


def _in_requirements(path: str) -> bool:
    return path.endswith((".txt", ".in")) and "requirements/" in path


def _split(path: str) -> tuple[list[str], str]:
    *folders, name = path.split("/")
    return folders, name


@lru_cache(maxsize=32)
def _patterns(lines: tuple[str, ...]) -> PathSpec[Any]:
    from pathspec import PathSpec  # noqa: PLC0415 - only projects with patterns of their own pay for it

    return PathSpec.from_lines("gitwildmatch", lines)
