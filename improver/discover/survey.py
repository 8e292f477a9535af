"""Puts together what is known of a target before anything is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from improver.discover.build_settings import read_build
from improver.discover.carried import find_carried
from improver.discover.left_out import Rules, exclusion, why_by_content
from improver.discover.plain_folder import PRUNED
from improver.discover.projects import own_folders, project_at, relative
from improver.discover.roots import source_roots
from improver.discover.settings_files import SettingsFiles
from improver.discover.style import read_style
from improver.discover.test_command import find_tests
from improver.discover.tree import SUBMODULE, SYMLINK, BaseTree, Entry, folder_of, inside
from improver.settings import ProjectSettings
from improver.values import Skipped, Source, Target

Judge = Callable[[str], bool]
KIND = "Python files"
_GENERATED = ("linguist-generated", "linguist-vendored")
_BATCH_FILES = 400
_BATCH_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Survey:
    """A target whose files were not read yet.

    Parameters:
        target: everything that is known without running anything; its sources are empty.
        entries: the files to read; an `oid` names a content, so that a known one need not be read at all.
    """

    target: Target
    entries: tuple[Entry, ...] = field(repr=False)


def discover(path: Path, settings: ProjectSettings, tree: BaseTree, *, judges: Judge) -> Target:
    """The target that a path names, with its files.

    Its environment is not looked for: `find_environment` does that, behind the walls.

    Parameters:
        path: a project, or a file or folder of one; sources are those at or below it.
        settings: the project's, as its base commit has them.
        judges: whether a path is one of those that judge changes.

    Raises:
        UsageError: the path lies outside of the tree, or names a folder with several projects.
        SettingsError: a folder that the settings name lies outside of the project.
        GitFailed: a partial clone lacks a file.
    """
    found = survey(path, settings, tree, judges=judges)
    sources: list[Source] = []
    skipped: Counter[str] = Counter()
    for item in iter_sources(found, tree):
        if isinstance(item, Source):
            sources.append(item)
        else:
            skipped[item.reason] += 1
    left_out = _merged(found.target.left_out, skipped)
    return replace(found.target, sources=tuple(sources), left_out=left_out)


def survey(path: Path, settings: ProjectSettings, tree: BaseTree, *, judges: Judge) -> Survey:
    """Like `discover`, without reading the files: for trees too large to hold.

    Raises:
        UsageError, SettingsError, GitFailed: as `discover`.
    """
    named = relative(path, tree.top)
    project = project_at(named, tree)
    every = tree.entries()
    entries = [entry for entry in every if inside(entry.path, project)]
    judging = frozenset(entry.path for entry in entries if judges(entry.path))
    rules = _rules(named, project, settings, tree, entries, judging.__contains__)
    kept, reasons = _sorted_out(entries, rules)
    files = SettingsFiles(tree, _settings_paths(every))
    build = read_build(project, files)
    roots = source_roots(project, settings.source_roots, build, kept, tree)
    ignored = tree.ignored()
    style = read_style(project, settings, build, files, kept, tree)
    tests = find_tests(project, settings, files, judging, tree)
    carried, unseen = find_carried(tree.top, project, build, roots, settings.carry, ignored)
    left_out = (*_counted(entries, rules, reasons, named), *_ignored(ignored, project), *unseen, *files.problems)
    target = Target(
        repository=tree.top,
        project=project,
        base=tree.base,
        sources=(),
        source_roots=roots,
        style=style,
        tests=tests,
        judges=judging,
        carried=carried,
        left_out=left_out,
    )
    return Survey(target, tuple(entry for entry in kept if inside(entry.path, named)))


def iter_sources(found: Survey, tree: BaseTree, entries: Iterable[Entry] | None = None) -> Iterator[Source | Skipped]:
    """The files of a survey one after the other, or why one is left out; a few megabytes are held at a time.

    Parameters:
        entries: only these; all of the survey's by default.
    """
    for batch in _batches(found.entries if entries is None else entries):
        contents = tree.read_many(entry.path for entry in batch)
        for entry in batch:
            content = contents.pop(entry.path, None)
            if content is None:
                yield Skipped(entry.path, "cannot be read")
                continue
            reason = why_by_content(entry.path, content)
            yield Skipped(entry.path, reason) if reason else Source(entry.path, content)


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch: list[Entry] = []
    room = _BATCH_BYTES
    for entry in entries:
        batch.append(entry)
        room -= max(entry.size, 0)
        if len(batch) >= _BATCH_FILES or room < 0:
            yield batch
            batch, room = [], _BATCH_BYTES
    if batch:
        yield batch


def _rules(
    named: str, project: str, settings: ProjectSettings, tree: BaseTree, entries: list[Entry], judges: Judge
) -> Rules:
    folders = own_folders(entries, tree)
    others = frozenset(folder for folder in folders if folder != project) if project in folders else frozenset()
    is_file = any(entry.path == named for entry in entries)
    return Rules(
        named=folder_of(named) if is_file else named,
        project=project,
        others=others,
        judges=judges,
        exclude=exclusion(settings.exclude),
        generated=_marked(entries, tree),
    )


def _marked(entries: list[Entry], tree: BaseTree) -> dict[str, str]:
    """Files that the tree's own git attributes call generated or vendored."""
    files = [entry.path for entry in tree.entries() if entry.path.endswith(".gitattributes")]
    if not any(b"linguist-" in content for content in tree.read_many(files).values()):
        return {}
    paths = [entry.path for entry in entries if entry.path.endswith(".py")]
    found = {}
    for path, values in tree.attributes(_GENERATED, paths).items():
        for name, reason in zip(_GENERATED, ("is generated", "is vendored"), strict=True):
            if values.get(name, "false") not in ("false", "unset"):
                found[path] = reason
    return found


def _sorted_out(entries: list[Entry], rules: Rules) -> tuple[list[Entry], dict[str, str]]:
    kept: list[Entry] = []
    reasons: dict[str, str] = {}
    for entry in entries:
        if not entry.path.endswith(".py") or entry.mode == SUBMODULE:
            continue
        reason = rules.why(entry)
        if reason:
            reasons[entry.path] = reason
        else:
            kept.append(entry)
    return kept, reasons


def _counted(entries: list[Entry], rules: Rules, reasons: dict[str, str], named: str) -> Iterator[Skipped]:
    counts = Counter(reason for path, reason in reasons.items() if inside(path, named))
    others: Counter[str] = Counter()
    for entry in entries:
        if entry.path.endswith(".py") and entry.mode != SUBMODULE:
            continue
        reason = rules.other_language(entry) if inside(entry.path, named) else ""
        if reason:
            others[reason] += 1
    yield from (Skipped(KIND, reason, count) for reason, count in sorted(counts.items()))
    yield from (Skipped("other files", reason, count) for reason, count in sorted(others.items()))


def _ignored(ignored: Iterable[str], project: str) -> Iterator[Skipped]:
    own = [path for path in ignored if inside(path.rstrip("/"), project)]
    count = sum(path.endswith((".py", "/")) and PRUNED.isdisjoint(path.split("/")) for path in own)
    if count:
        yield Skipped("files and folders", "is ignored by git", count)


def _merged(left_out: tuple[Skipped, ...], more: Counter[str]) -> tuple[Skipped, ...]:
    counts = Counter({item.reason: item.count for item in left_out if item.what == KIND}) + more
    return (
        *(Skipped(KIND, reason, count) for reason, count in sorted(counts.items())),
        *(item for item in left_out if item.what != KIND),
    )


def _settings_paths(entries: Iterable[Entry]) -> list[str]:
    """The files that may hold settings: no code but ``setup.py`` and the documentation's ``conf.py``."""
    return [
        entry.path
        for entry in entries
        if entry.mode not in (SYMLINK, SUBMODULE)
        and (not entry.path.endswith(".py") or entry.path.endswith(("setup.py", "conf.py", "conftest.py", "manage.py")))
    ]
