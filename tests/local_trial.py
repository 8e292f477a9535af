"""A trial without walls, for tests of what runs in one: real programs on a copy of a temporary folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from improver import process
from improver.ports import Completed


@dataclass(frozen=True)
class LocalTrial:
    """Runs programs on the tree at `files`; runs that write get a copy, seen where `at` says.

    Parameters:
        files: the tree, never written to.
        project: the project's folder within it.
        seconds: the time limit.
    """

    files: Path
    python: Path
    project: str = ""
    seconds: float = 60.0
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def at(self) -> Path:
        """One fixed place beside the tree, at which every run sees its copy."""
        return self.files.parent / "checkout"

    def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        environ: Mapping[str, str] | None = None,
        results: Path | None = None,
        helpers: Sequence[Path] = (),
        seconds: float | None = None,
        workdir: str | None = None,
        writable: bool = False,
    ) -> Completed:
        """Run a program on a fresh copy of the tree."""
        shutil.rmtree(self.at, ignore_errors=True)
        shutil.copytree(self.files, self.at, symlinks=True)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
            everything = {
                "PATH": os.defpath,
                "HOME": scratch,
                "TMPDIR": scratch,
                "LANG": "C.UTF-8",
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONNOUSERSITE": "1",
                **self.environ,
                **(environ or {}),
            }
            folder = self.at / (self.project if workdir is None else workdir)
            limit = min(self.seconds, seconds or self.seconds)
            return process.run(argv, environ=everything, workdir=folder, stdin=stdin, seconds=limit, output=1 << 20)
