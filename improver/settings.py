"""What the project and the user have settled, read strictly; and where improver keeps its own files.

The project's settings come from the repository and are hostile input: they may narrow, never widen.
The user's come from their own configuration folder, outside of any checkout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from improver.ports import Limits


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
