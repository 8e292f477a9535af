"""One tree of the target behind walls: mounted at the path of the real checkout, with what its tests need."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from threading import RLock

from improver.ports import Completed
from improver.sandbox import environ as variables
from improver.sandbox.cell import Bind, Cell
from improver.sandbox.copying import double, remove_tree
from improver.sandbox.interpreter import Needs, needs_of
from improver.sandbox.jail import Jail
from improver.sandbox.openings import Openings, openings
from improver.sandbox.shadows import built, shadows
from improver.sandbox.version_control import COMMIT, asks_git
from improver.sandbox.watch import used_by
from improver.values import Environment, Skipped, Target

_COMMIT_SECONDS = 60.0
_SHORTEST_SECONDS = 0.5


@dataclass(frozen=True)
class SandboxTrial:
    """A `ports.Trial`. Use it in a ``with`` statement, or call `close`, so that its copies are taken away.

    Parameters:
        jail: walls that were proved.
        files: the pristine tree. No program writes to it.
        target: where the checkout is, its project, source roots, environment and what is carried.
        scratch: a folder on the same file system for throw-away copies; beside `files` by default.
        deadline: when every run has to be over, on the monotonic clock in seconds.
    """

    jail: Jail
    files: Path
    target: Target
    scratch: Path | None = None
    deadline: float | None = None
    _kept: dict[str, Path] = field(default_factory=dict, repr=False, compare=False)
    _lock: RLock = field(default_factory=RLock, repr=False, compare=False)
    _facts: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    def __enter__(self) -> SandboxTrial:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the copies away that are kept between runs; `files` stays."""
        for folder in self._kept.values():
            remove_tree(folder)
        self._kept.clear()

    @property
    def python(self) -> Path:
        """The target's interpreter; else the one that improver runs on, without improver's packages."""
        environment = self.target.environment
        return environment.python if isinstance(environment, Environment) else Path(sys.executable).resolve()

    @property
    def at(self) -> Path:
        """Where the tree is seen from inside."""
        return self.target.repository if self.jail.backend.mounts else self._own("plain") / "tree"

    @property
    def left_out(self) -> tuple[Skipped, ...]:
        """What was asked for and is not in reach inside, with reasons."""
        return (*self.jail.left_out, *self._openings(needs_of(self.python)).left_out)

    def python_path(self, *extra: Path | str) -> str:
        """The value of PYTHONPATH: the tree's source roots, then `extra`.

        Pass it as ``environ={"PYTHONPATH": trial.python_path(folder)}``; without a value of the caller's
        it is the source roots alone. Tools that must not shadow the target's own belong at the end of
        ``sys.path`` instead.
        """
        roots = (os.path.normpath(self.at / root) for root in self.target.source_roots)
        return os.pathsep.join(dict.fromkeys((*roots, *map(str, extra))))

    def run(  # noqa: PLR0913 - the port has them
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
        """Run a program on the tree, as `ports.Trial` says.

        Raises:
            RunFailed: the throw-away copy could not be made (the disk is full).
        """
        over = [Bind(path.absolute(), path.absolute()) for path in helpers]
        if results is not None:
            over.append(Bind(results.absolute(), results.absolute(), writable=True, before=used_by(results)))
        limits = self.jail.limits
        seconds = limits.seconds if seconds is None else min(seconds, limits.seconds)
        if self.deadline is not None:
            seconds = max(_SHORTEST_SECONDS, min(seconds, self.deadline - time.monotonic()))
        with self._tree(writable, over) as (tree, binds, links):
            cell = Cell(
                argv=tuple(argv),
                binds=(tree, *binds, *over),
                links=links,
                environ={**self._environ(), **(environ or {})},
                workdir=self.at / (self.target.project if workdir is None else workdir),
                limits=replace(limits, seconds=seconds),
                stdin=stdin,
            )
            if writable and asks_git(self.files / self.target.project):
                self._commit(cell)
            return self.jail.run(cell)

    def _commit(self, cell: Cell) -> None:
        """Give the copy a repository of its own; git runs inside, where the tree's settings can do no harm."""
        limits = replace(cell.limits, seconds=_COMMIT_SECONDS)
        self.jail.run(replace(cell, argv=COMMIT, workdir=self.at, limits=limits, stdin=b""))

    def _environ(self) -> dict[str, str]:
        values = {**variables.standard(), **self.jail.environ, "PYTHONPATH": self.python_path()}
        environment = self.target.environment
        if isinstance(environment, Environment):
            values["PATH"] = os.pathsep.join((str(environment.python.parent), values["PATH"]))
            if (environment.prefix / "pyvenv.cfg").is_file():
                values["VIRTUAL_ENV"] = str(environment.prefix)
        return values

    @contextmanager
    def _tree(
        self, writable: bool, over: Iterable[Bind]
    ) -> Iterator[tuple[Bind, tuple[Bind, ...], Mapping[Path, str]]]:
        """The tree to mount, what lies over it, and the links to the interpreter."""
        needs = needs_of(self.python)
        found = self._openings(needs)
        points = [bind for bind in (*found.inside, *over) if bind.target.is_relative_to(self.target.repository)]
        with ExitStack() as stack:
            if not self.jail.backend.mounts:
                folder = self._refill(points)
            elif writable:
                folder = stack.enter_context(self._copy())
                _make_points(folder, self.target.repository, points)
            else:
                folder = self._view(points)
            before = self._size() if writable else 0
            tree = Bind(folder, self.at, writable=writable, before=before)
            over_copies = tuple(shadows(self.target, folder, found.inside)) if self.jail.backend.mounts else ()
            twice = self._twice((tree, *found.inside, *(bind for bind in over_copies if _is_in(bind, self.at))))
            yield tree, (*found.outside, *found.inside, *over_copies, *twice), needs.links

    def _openings(self, needs: Needs) -> Openings:
        found = openings(self.target, self.files, (*needs.folders, *self.jail.binds))
        covered = {bind.target for bind in found.inside}
        more = (bind for bind in self._built if bind.target not in covered)
        return replace(found, inside=(*found.inside, *more))

    @cached_property
    def _built(self) -> tuple[Bind, ...]:
        return tuple(built(self.target, self.files)) if self.jail.backend.mounts else ()

    def _twice(self, binds: Iterable[Bind]) -> Iterator[Bind]:
        """The same at the checkout's real path, if its own leads through links: an editable install may name either."""
        real = self.target.repository.resolve()
        if self.jail.backend.mounts and real != self.target.repository:
            for bind in binds:
                yield replace(bind, target=real / bind.target.relative_to(self.at))

    @contextmanager
    def _copy(self) -> Iterator[Path]:
        folder = self._new("copy-")
        try:
            double(self.files, folder / "tree")
            yield folder / "tree"
        finally:
            remove_tree(folder)

    def _view(self, points: Sequence[Bind]) -> Path:
        """The tree to mount read-only: `files` itself, unless something must lie where it has nothing."""
        at = self.at
        absent = [bind for bind in points if not os.path.lexists(self.files / bind.target.relative_to(at))]
        if not absent:
            return self.files
        with self._lock:
            folder = self._own("view") / "tree"
            if not folder.exists():
                double(self.files, folder, share=True)
            _make_points(folder, at, absent)
        return folder

    def _refill(self, points: Sequence[Bind]) -> Path:
        """Without mounts: the same folder, made anew for each run."""
        remove_tree(self.at)
        double(self.files, self.at)
        carried = {self.target.repository / path for path in self.target.carried}
        for bind in points:
            place = self.at / bind.target.relative_to(self.target.repository)
            if any(bind.target.is_relative_to(path) for path in carried) and not os.path.lexists(place):
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copytree(bind.source, place) if bind.source.is_dir() else shutil.copy2(bind.source, place)
        return self.at

    def _size(self) -> int:
        if "size" not in self._facts:
            self._facts["size"] = used_by(self.files)
        return self._facts["size"]

    def _own(self, name: str) -> Path:
        with self._lock:
            if name not in self._kept:
                self._kept[name] = self._new(f"{name}-")
            return self._kept[name]

    def _new(self, prefix: str) -> Path:
        parent = self.scratch or self.files.parent
        return Path(tempfile.mkdtemp(prefix=prefix, dir=parent))


def _is_in(bind: Bind, folder: Path) -> bool:
    return bind.target.is_relative_to(folder)


def _make_points(folder: Path, at: Path, points: Sequence[Bind]) -> None:
    """Empty files and folders for mounts to lie on; never through a link that the tree holds."""
    for bind in points:
        place = folder / bind.target.relative_to(at)
        place.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(place):
            continue
        if bind.source.is_dir():
            place.mkdir()
        else:
            place.touch()
