"""A trial without walls, for tests of gates whose programs are our own: a folder and the interpreter of the tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from improver import process
from improver.facts import NOTHING_OBSERVED, Suite
from improver.ports import Completed, Hearing
from improver.values import Change, Environment, FileChange, Source, Style, Target


@dataclass
class FolderTrial:
    """A folder of files; every program that was run on it is remembered."""

    files: Path
    project: str = ""
    ran: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def python(self) -> Path:
        return Path(sys.executable)

    @property
    def at(self) -> Path:
        return self.files

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
        self.ran.append(tuple(argv))
        where = self.files / (self.project if workdir is None else workdir)
        clean = {"PATH": os.environ["PATH"], "HOME": str(self.files.parent), **(environ or {})}
        return process.run(argv, environ=clean, workdir=where, stdin=stdin, seconds=seconds)


class Kept(dict[str, Any]):
    """Values kept for the length of a test."""

    def __call__(self, key: str, compute: Callable[[], Any]) -> Any:
        if key not in self:
            self[key] = compute()
        return self[key]


def hearing_on(
    folder: Path,
    before: Mapping[str, str | bytes],
    after: Mapping[str, str | bytes | None],
    *,
    style: Style | None = None,
    tools: Mapping[str, str] | None = None,
    project: str = "",
    keep: Kept | None = None,
) -> Hearing:
    """A hearing on a change from `before` to `before` with `after` laid over it; ``None`` deletes a file."""
    old = {path: _bytes(content) for path, content in before.items()}
    new = {**old, **{path: None if content is None else _bytes(content) for path, content in after.items()}}
    changed = tuple(
        FileChange(path, old.get(path), content) for path, content in new.items() if old.get(path) != content
    )
    sources = tuple(Source(path, content) for path, content in old.items() if path.endswith(".py"))
    environment = Environment(Path(sys.executable), sys.version_info[:2], Path(sys.prefix), tools=tools or {})
    target = Target(folder / "changed", project, "0" * 40, sources, (project,), style or Style(), environment)
    base, trial = FolderTrial(folder / "base", project), FolderTrial(folder / "changed", project)
    _write(base.files, old)
    _write(trial.files, {path: content for path, content in new.items() if content is not None})
    return Hearing(
        target,
        (),
        Change("0" * 40, changed),
        NOTHING_OBSERVED,
        base,
        trial,
        _no_tests,
        Kept() if keep is None else keep,
    )


def _no_tests(trial: object, select: Sequence[str] = ()) -> Suite:
    raise AssertionError("this gate needs no tests")


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
