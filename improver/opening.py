"""Opens what a command works on: the repository at its base commit, the project in it, and the settings that hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from improver.discover import BaseTree, CommitTree, FolderTree, Survey, find_project, iter_sources, survey
from improver.discover.projects import common_folder, require_part_of, top_of
from improver.errors import UsageError
from improver.git import Repository
from improver.judges import is_judge
from improver.pipeline import Pipeline, built_in, load_pipeline
from improver.ports import Analyzer
from improver.registry import Named, analyzer_names, load_analyzers
from improver.sandbox.environ import require_no_secrets, secrets_in
from improver.settings import Places, ProjectSettings, Settings, places, read_project, read_user
from improver.values import Missing, Skipped, Source, Target

if TYPE_CHECKING:
    from improver.judge.policy import Policy
    from improver.ledger import Ledger

NOT_COMMITTED = "settings in {} are not used until committed; try them with --settings-from-worktree"
_SETTINGS_FILES = ("pyproject.toml", ".improver/settings.toml")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asked for.

    Parameters:
        where: the project or repository; the current folder by default.
        paths: what to look at; the whole project when empty.
        config: the user's settings file, instead of the usual one.
        allow_unsandboxed: run the project's code without walls.
        allow_unsandboxed_with_secrets: do so though secrets of ours are in its reach.
        settings_from_worktree: use settings that are not committed; what comes of it cannot be accepted.
    """

    where: Path = Path()
    paths: tuple[Path, ...] = ()
    analyzers: tuple[str, ...] = ()
    pipeline: str = ""
    limit: int | None = None
    budget: str = ""
    python: Path | None = None
    config: Path | None = None
    sandbox: str = ""
    allow_unsandboxed: bool = False
    allow_unsandboxed_with_secrets: bool = False
    settings_from_worktree: bool = False


@dataclass(frozen=True)
class Opened:
    """A project at its base commit, as data: nothing of it was run.

    Parameters:
        whole: the project.
        surveys: what each named path holds of it; the whole when none was named.
        notes: what a reader of the run should know first.
    """

    request: Request
    places: Places
    repository: Repository | Missing
    tree: BaseTree
    settings: Settings
    whole: Survey = field(repr=False)
    surveys: tuple[Survey, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    @cached_property
    def target(self) -> Target:
        """The project with all its files, whatever was named; what was left out is counted for what was named."""
        items = list(iter_sources(self.whole, self.tree))
        left_out = tuple(skipped for found in self.surveys for skipped in found.target.left_out)
        return replace(self.outline, sources=tuple(x for x in items if isinstance(x, Source)), left_out=left_out)

    @property
    def outline(self) -> Target:
        """The project without its files."""
        return self.whole.target

    @property
    def git(self) -> Repository:
        """The repository, for those who opened a commit of it."""
        if isinstance(self.repository, Missing):
            raise UsageError(f"This needs a git repository: {self.repository.reason}.")
        return self.repository

    @cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline asked for, with the command line laid over it."""
        name = self.request.pipeline or self.settings.project.pipeline
        found = load_pipeline(name, self.read_in_project)
        found = replace(found, analyzers=self.request.analyzers) if self.request.analyzers else found
        found = replace(found, budget=self.request.budget) if self.request.budget else found
        return found if self.request.limit is None else replace(found, limit=self.request.limit)

    @cached_property
    def analyzers(self) -> tuple[Named[Analyzer], ...]:
        """The pipeline's analyzers, with the project's options."""
        return load_analyzers(self.pipeline.analyzers, self.settings.project.analyzers)

    @cached_property
    def policy(self) -> Policy:
        """The built-in policy, made stricter by the project's own."""
        from improver.judge.policy import load_policy  # noqa: PLC0415 - a scan does not judge

        own = self.read_in_project(".improver/review/policy.toml") or b""
        return load_policy(built_in("review/policy.toml").decode(), project=own.decode(errors="replace"))

    def sources(self) -> Iterator[Source | Skipped]:
        """The files of all named paths, each once, a few megabytes at a time."""
        seen: set[str] = set()
        for found in self.surveys:
            entries = [entry for entry in found.entries if entry.path not in seen]
            seen.update(entry.path for entry in entries)
            yield from iter_sources(found, self.tree, entries)

    def read_in_project(self, path: str) -> bytes | None:
        """A file of the project at the base commit; ``None`` where there is none."""
        return _reader(self.tree, self.outline.project)(path)

    @property
    def folder(self) -> Path:
        """Where improver keeps what it knows of this repository."""
        return folder_of(self.git, self.places)

    def ledger(self) -> Ledger:
        """The ledger of this repository.

        Raises:
            LedgerUnusable: it is damaged, newer, or cannot be written.
        """
        return ledger_of(self.git, self.places)


def folder_of(repository: Repository, where: Places) -> Path:
    """Where improver keeps what it knows of a repository."""
    return where.state / "repositories" / f"{repository.top.name or 'root'}-{repository.fingerprint}"


def ledger_of(repository: Repository, where: Places) -> Ledger:
    """The ledger of a repository.

    Raises:
        LedgerUnusable: it is damaged, newer, or cannot be written.
    """
    from improver.ledger import Ledger  # noqa: PLC0415 - a scan needs none

    return Ledger.open(folder_of(repository, where))


def open_commit(request: Request, revision: str = "HEAD") -> Opened:
    """The project that a request names, at a commit.

    Raises:
        UsageError: there is no repository, no such commit, or no single project there.
        SettingsError: the settings say something that is not understood.
        GitFailed: git refuses.
    """
    repository = Repository.open(request.where)
    tree = CommitTree(repository, repository.resolve(revision))
    require_part_of(tree, request.paths, revision)
    notes = _notes(repository)
    return _open(request, repository, tree, _within(request.where, repository.top), notes)


def open_folder(request: Request) -> Opened:
    """The files of a project as they are now; neither git nor a commit is needed.

    Raises:
        UsageError: a path does not exist, or there is no single project there.
        SettingsError: the settings say something that is not understood.
    """
    for path in (request.where, *request.paths):
        if not path.exists():
            raise UsageError(f"{path} does not exist.")
    start = common_folder(request.paths or (request.where,))
    return _open(request, Missing("repository", "not asked for"), FolderTree(top_of(start)), start, ())


def _open(
    request: Request, repository: Repository | Missing, tree: BaseTree, start: Path, notes: tuple[str, ...]
) -> Opened:
    where = places(config=request.config)
    named = tuple(path.absolute() for path in request.paths) or (start,)
    project = find_project(named[0], tree.top, tree).relative_to(tree.top).as_posix()
    read = _reader(tree, "" if project == "." else project)
    if request.settings_from_worktree:
        read = _from_worktree(tree.top / project)
        notes = (*notes, "settings are those of the working tree; nothing of this run can be accepted")
    own = read_project(read, analyzer_names())
    user = read_user(where.config)
    user = replace(user, sandbox=request.sandbox) if request.sandbox else user
    notes = (*notes, *_without_walls(request))
    settings = Settings(own, user, request.python, request.allow_unsandboxed)
    whole = survey(tree.top / project, own, tree, judges=_judges(own))
    looked_at = named if request.paths else (tree.top / project,)
    surveys = tuple(
        whole if path == tree.top / project else survey(path, own, tree, judges=_judges(own)) for path in looked_at
    )
    if not request.settings_from_worktree and isinstance(repository, Repository):
        notes = (*notes, *_uncommitted_settings(tree, project))
    _require_one_project(surveys, named)
    return Opened(request, where, repository, tree, settings, whole, surveys, notes)


def _without_walls(request: Request) -> Iterator[str]:
    """What is to be said of a run without walls."""
    if not request.allow_unsandboxed:
        return
    if not request.allow_unsandboxed_with_secrets:
        require_no_secrets(os.environ)
    yield "the project's code runs without a sandbox, with your own rights (--allow-unsandboxed)"
    if found := secrets_in(os.environ):
        yield f"it can read secrets (--allow-unsandboxed-with-secrets): {', '.join(found)}"


def _require_one_project(surveys: tuple[Survey, ...], named: tuple[Path, ...]) -> None:
    for found, path in zip(surveys[1:], named[1:], strict=False):
        if found.target.project != surveys[0].target.project:
            raise UsageError(
                f"{named[0]} and {path} belong to two projects.",
                remedy="Run improver for each of them; they have settings and environments of their own.",
            )


def _reader(tree: BaseTree, project: str) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        try:
            return tree.read(f"{project}/{path}" if project else path)
        except FileNotFoundError:
            return None

    return read


def _from_worktree(project: Path) -> Callable[[str], bytes | None]:
    def read(path: str) -> bytes | None:
        try:
            return (project / path).read_bytes() if (project / path).is_file() else None
        except OSError:
            return None

    return read


def _judges(settings: ProjectSettings) -> Callable[[str], bool]:
    return lambda path: is_judge(path, settings.judges)


def _within(where: Path, top: Path) -> Path:
    """The place that was named, as a path under the top even where a link led there."""
    found = where.resolve()
    return found if found.is_relative_to(top) else top


def _notes(repository: Repository) -> tuple[str, ...]:
    status = repository.status()
    notes = []
    changed = len({*status.staged, *status.dirty, *status.conflicts})
    if changed:
        has = "1 file has" if changed == 1 else f"{changed:,} files have"
        notes.append(f"{has} changes that are not committed; HEAD is examined without them")
    if status.untracked:
        are = "1 file or folder is" if len(status.untracked) == 1 else f"{len(status.untracked):,} files or folders are"
        notes.append(f"{are} not known to git and not looked at")
    if status.under_way:
        notes.append(f"a {status.under_way} is under way; HEAD is examined as it is")
    if status.detached:
        notes.append("HEAD is detached")
    if status.shallow:
        notes.append("the clone is shallow")
    if status.partial:
        notes.append("the clone is partial: objects that are not here cannot be looked at")
    return tuple(notes)


def _uncommitted_settings(tree: BaseTree, project: str) -> tuple[str, ...]:
    found = []
    for name in _SETTINGS_FILES:
        path = tree.top / project / name
        committed = _reader(tree, "" if project == "." else project)(name) or b""
        try:
            present = path.read_bytes() if path.is_file() and not path.is_symlink() else committed
        except OSError:
            continue
        if present != committed and b"improver" in present + committed and os.fspath(path):
            found.append(NOT_COMMITTED.format(name))
    return tuple(found)
