"""Which files judge a change: tests, settings of tools, CI. A floor that a project may extend and not shrink."""

from __future__ import annotations

import re
import unicodedata
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
    ".appveyor.yml", ".bandit", ".bandit.yml", ".bumpversion.cfg", ".bumpversion.toml", ".cirrus.yml",
    ".codeclimate.yml", ".codecov.yml", ".codespellrc", ".coveragerc", ".coveragerc.toml", ".cruft.json",
    ".deepsource.toml", ".dockerignore", ".drone.yml", ".editorconfig", ".envrc", ".flake8", ".git-blame-ignore-revs",
    ".gitattributes", ".gitignore", ".gitlab-ci.yml", ".gitleaks.toml", ".gitmodules", ".importlinter", ".isort.cfg",
    ".justfile", ".lgtm.yml", ".mergify.yml", ".mise.toml", ".mypy.ini", ".netrc", ".nycrc", ".pep8",
    ".pre-commit-config.yaml", ".pre-commit-config.yml", ".pre-commit-hooks.yaml", ".prospector.yaml",
    ".prospector.yml", ".pycodestyle", ".pydistutils.cfg", ".pydocstyle", ".pydocstyle.ini", ".pydocstylerc",
    ".pylintrc", ".pylintrc.toml", ".pypirc", ".pyre_configuration", ".pytest.ini", ".pytest.toml", ".python-version",
    ".python-versions", ".readthedocs.yaml", ".readthedocs.yml", ".renovaterc", ".renovaterc.json", ".ruff.toml",
    ".secrets.baseline", ".semgrep.yaml", ".semgrep.yml", ".semgrepignore", ".snyk", ".sourcery.yaml", ".style.yapf",
    ".tool-versions", ".travis.yml", ".typos.toml", ".yapfignore", "_typos.toml", "appveyor.yml", "asv.conf.json",
    "azure-pipelines.yaml", "azure-pipelines.yml", "bandit.yaml", "bandit.yml", "bitbucket-pipelines.yml", "bors.toml",
    "build.bazel", "buildspec.yml", "cloudbuild.yaml", "cmakelists.txt", "codecov.yaml", "codecov.yml", "codeowners",
    "conda-lock.yml", "conftest.py", "cosmic-ray.toml", "coverage.toml", "default.nix", "distutils.cfg", "dockerfile",
    "dodo.py", "earthfile", "environment.yaml", "environment.yml", "fabfile.py", "gnumakefile", "hatch.toml",
    "hatch_build.py", "jenkinsfile", "justfile", "lefthook.yaml", "lefthook.yml", "makefile", "manifest.in",
    "meson.build", "meson.options", "meson_options.txt", "mise.toml", "mutmut_config.py", "mypy.ini", "mypy.toml",
    "noxfile.py", "package-lock.json", "package.json", "pants.toml", "pdm.lock", "pdm.toml", "pdm_build.py", "pip.conf",
    "pip.ini", "pipfile", "pipfile.lock", "pixi.lock", "pixi.toml", "pnpm-lock.yaml", "poetry.lock", "poetry.toml",
    "prek.toml", "pycodestyle.cfg", "pydocstyle.ini", "pylama.ini", "pylintrc", "pylintrc.toml", "pylock.toml",
    "pyproject.toml", "pyre.toml", "pyrefly.toml", "pyrightconfig.json", "pytest.ini", "pytest.toml", "pytype.cfg",
    "pytype.toml", "pyvenv.cfg", "release-please-config.json", "renovate.json", "renovate.json5", "ruff.toml",
    "setup.cfg", "setup.py", "shell.nix", "sitecustomize.py", "sonar-project.properties", "taskfile.yaml",
    "taskfile.yml", "tox.ini", "tox.toml", "toxfile.py", "ty.toml", "typos.toml", "usercustomize.py", "uv.lock",
    "uv.toml",
))
# fmt: on
_REQUIREMENTS = re.compile(r"(.*requirements.*|.*constraints.*)\.(txt|in|lock)\Z")
_FOLDERS = frozenset({
    ".azure-pipelines", ".azuredevops", ".buildkite", ".ci", ".circleci", ".devcontainer", ".forgejo", ".git", ".gitea",
    ".githooks", ".github", ".gitlab", ".husky", ".improver", ".semaphore", ".teamcity", ".woodpecker",
})  # fmt: skip
_FOLDER_ENDINGS = (".egg-info", ".dist-info")
# Characters that some file systems leave out of a name, and the short names that others give to a long one.
_LEFT_OUT = re.compile("[\u00ad\u034f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u206a-\u206f\ufe00-\ufe0f\ufeff]")
_SHORT = re.compile(r"[^/.]{1,6}~\d+(\.[^/]{0,3})?\Z")
_ENDINGS = (".pth", ".lock", "._pth")
_DEPENDENCIES = re.compile(r"(.*\.lock|pipfile(\.lock)?|pylock.*\.toml|environment\.ya?ml|conda-lock\.yml)\Z")


def is_judge(path: str, extra: Sequence[str] = ()) -> bool:
    """Whether a file has a say in what passes, so that no proposal may alter it.

    Upper and lower case are the same, because some file systems have them so. For the same reason letters count by
    what Unicode makes of them, and no blank, dot, backslash or unseen letter hides a name.

    Parameters:
        path: POSIX, relative to the repository.
        extra: gitignore patterns of the project's own, on top of the floor.

    Raises:
        SettingsError: a pattern is malformed.
    """
    return _is_floor(_plain(path)) or (bool(extra) and _is_named(path, tuple(extra)))


def is_test(path: str) -> bool:
    """Whether a file holds tests, by its name or by a folder it lies in."""
    folders, name = _split(_plain(path))
    return name.endswith(".py") and (bool(_TEST_NAME.match(name)) or bool(_TEST_FOLDERS & set(folders)))


def names_dependencies(path: str) -> bool:
    """Whether a file does nothing but name what is installed (requirements, lock files)."""
    plain = _plain(path)
    name = plain.rpartition("/")[2]
    return bool(_REQUIREMENTS.match(name)) or bool(_DEPENDENCIES.match(name)) or _in_requirements(plain)


def names_a_test(path: str) -> bool:
    """Whether a file is one that test runners collect by its name, wherever it lies."""
    return bool(_TEST_NAME.match(_plain(path).rpartition("/")[2]))


def is_unusual(path: str) -> bool:
    """Whether a path is spelled so that a file system or a reader may take it for another one."""
    strange = any(ord(letter) < 32 or letter in '\\:*?"<>|' for letter in path)
    parts = path.split("/")
    odd = any(part in ("", ".", "..") or part != part.strip() or part.endswith(".") for part in parts)
    composed = unicodedata.normalize("NFC", path)
    posing = any(unicodedata.normalize("NFC", letter).isascii() for letter in path if not letter.isascii())
    return strange or odd or posing or unicodedata.normalize("NFKC", composed.casefold()) != composed.lower()


@lru_cache(maxsize=1 << 16)
def _plain(path: str) -> str:
    """A path as the most lenient file system would understand it."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _LEFT_OUT.sub("", path)).casefold())
    parts = folded.replace("\\", "/").split("/")
    return "/".join(_trimmed(part) for part in parts if part not in ("", "."))


def _trimmed(part: str) -> str:
    return part.partition(":")[0].rstrip(" .\t\r\n").lstrip(" \t\r\n") or part


def _is_floor(path: str) -> bool:
    folders, name = _split(path)
    return (
        name in _NAMES
        or name.startswith(("flake.", "setup.", "dockerfile", "docker-compose", "pytest.", ".env"))
        or name.endswith(_ENDINGS)
        or bool(_TEST_NAME.match(name))
        or not _TEST_FOLDERS.isdisjoint(folders)
        or (bool(folders) and folders[0] in ("benchmarks", "asv_bench"))
        or any(part.endswith(_FOLDER_ENDINGS) for part in folders)
        or any(_SHORT.match(part) for part in (*folders, name))
        or bool(_REQUIREMENTS.match(name))
        or _in_requirements(path)
        or not _FOLDERS.isdisjoint(folders)
    )


def _in_requirements(path: str) -> bool:
    return path.endswith((".txt", ".in")) and "requirements/" in path


def _split(path: str) -> tuple[list[str], str]:
    *folders, name = path.split("/")
    return folders, name


def _is_named(path: str, patterns: tuple[str, ...]) -> bool:
    return any(_patterns(patterns).match_file(one) for one in {path, _plain(path)} if one)


@lru_cache(maxsize=32)
def _patterns(lines: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # noqa: PLC0415 - only projects with patterns of their own pay for it

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise SettingsError(f"`judges` holds a pattern that git would not understand: {error}.") from error
