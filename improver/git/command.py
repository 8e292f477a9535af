"""The one way in which git is started. Importing this imports GitPython, which takes a while."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import git as gitpython

from improver import process
from improver.errors import GitFailed
from improver.git.place import Place
from improver.git.records import said

_SECONDS = 600.0
_SAFE = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.splitIndex=false",
    "core.untrackedCache=false",
    "core.quotePath=false",
    "diff.external=",
    "protocol.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
)
ENVIRON: Mapping[str, str] = {
    "PATH": os.defpath,
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    # A list that names no real protocol: it also overrides `protocol.<name>.allow` of the target's own settings.
    "GIT_ALLOW_PROTOCOL": "none",
}


class Git(gitpython.Git):
    """GitPython's command object, with every call going through `process.run`.

    The repository is named outright (``GIT_DIR``), so git searches for nothing and asks nobody who owns it.
    """

    def __init__(self, program: Path, place: Place) -> None:
        super().__init__(str(place.top))
        self.program = program
        self.place = place

    def execute(  # type: ignore[override]
        self,
        command: Sequence[str],
        istream: bytes = b"",
        *,
        env: Mapping[str, str | None] | None = None,
        with_exceptions: bool = True,
        with_extended_output: bool = False,
        as_process: bool = False,
    ) -> Any:
        """Run git and return what it printed, as bytes.

        Parameters:
            command: GitPython's words; the first is replaced by our own git.
            istream: what git reads from standard input.
            env: names that differ from our environment; ``None`` takes one away.
            with_exceptions: raise when git fails.
            with_extended_output: return (status, output, errors) instead of the output; failing is then no error.
            as_process: GitPython's wish for a child that stays; refused.

        Raises:
            GitFailed: git failed, was stopped, or could not be started.
        """
        if as_process:
            raise TypeError("a git that stays alive cannot go through improver.process")
        safe = [f"safe.directory={self.place.top}", *_SAFE]
        options = [word for setting in safe for word in ("-c", setting)]
        argv = [str(self.program), "--no-pager", *options, *command[1:]]
        merged = {**ENVIRON, **self._named(), **(env or {})}
        environ = {name: value for name, value in merged.items() if value is not None}
        try:
            done = process.run(argv, environ=environ, workdir=self.place.top, stdin=istream, seconds=_SECONDS)
        except OSError as error:
            raise GitFailed(f"git could not be started in {self.place.top}: {error.strerror}.") from error
        if done.stopped:
            raise GitFailed(f"git did not end within {_SECONDS:.0f} seconds in {self.place.top}.")
        if with_extended_output:
            return done.returncode, done.stdout, done.stderr
        if with_exceptions and done.returncode:
            name = next(word for word in command[1:] if not word.startswith("-") and "=" not in word)
            raise GitFailed(f"`git {name}` failed in {self.place.top}: {said(done.stderr)}")
        return done.stdout

    def _named(self) -> dict[str, str]:
        named = {"GIT_DIR": str(self.place.git_dir)}
        return named if self.place.bare else {**named, "GIT_WORK_TREE": str(self.place.top)}
