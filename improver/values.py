"""The values that flow through improver: frozen, comparable, free of behaviour that acts.

Paths inside a repository are POSIX strings relative to its root; they are what git stores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path

Measure = str | int | float | bool | None


class Category(IntEnum):
    """What kind of change a diff is, softest first."""

    FORMATTING = 0
    COMMENTS = 1
    DOCSTRINGS = 2
    ANNOTATIONS = 3
    TESTS = 4
    DIRECTIVES = 5
    CACHING = 6
    BEHAVIOUR = 7
    DEPENDENCIES = 8
    JUDGES = 9
    OTHER = 10

    @property
    def word(self) -> str:
        """The name used in settings, policies and JSON."""
        return self.name.lower()


class Route(IntEnum):
    """Who decides: a rule, a person, or nobody because it is refused."""

    AUTO = 0
    HUMAN = 1
    REFUSE = 2

    @property
    def word(self) -> str:
        """The name used in policies and JSON."""
        return self.name.lower()


class Verdict(Enum):
    """What a gate found. Could-not-run is inconclusive, and inconclusive is never a pass."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


class Outcome(Enum):
    """What became of one test in one run."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was not looked at, and why."""

    what: str
    reason: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that is not there, said instead of ``None``."""

    what: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file of the target, as the base commit has it."""

    path: str
    content: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        """A hash of the content alone: the key under which results are kept."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, slots=True)
class Style:
    """How the project writes, as far as its settings and its files tell.

    Parameters:
        line_length: the longest line it allows, in characters.
        convention: the docstring convention: ``google``, ``numpy`` or ``sphinx``.
        formatter: ``black``, ``ruff`` or empty when none is configured.
        linters: the linters it configures, of ``ruff``, ``flake8`` and ``pydocstyle``.
        python: the oldest Python it supports, as (major, minor).
    """

    line_length: int = 88
    convention: str = "google"
    formatter: str = ""
    linters: tuple[str, ...] = ()
    python: tuple[int, int] = (3, 8)


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter that can import the project and its test tools.

    Parameters:
        python: the interpreter to start, inside the sandbox.
        version: its (major, minor).
        prefix: the folder of the environment.
        binds: every folder and file outside of the checkout that it needs, to be bound read-only.
        tools: the distributions it holds among those we use, name to version.
        origin: how it was found (``--python``, ``.venv`` ...).
    """

    python: Path
    version: tuple[int, int]
    prefix: Path
    binds: tuple[Path, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class TestCommand:
    """How the project runs its tests.

    Parameters:
        kind: ``pytest``, ``unittest`` (run through pytest) or ``opaque`` (a command we only start).
        argv: for ``opaque`` the command; otherwise extra words for pytest.
        addopts: what the project's own settings add, as words.
        settings_file: where those settings stand, relative to the project; empty if nowhere.
    """

    __test__ = False

    kind: str
    argv: tuple[str, ...] = ()
    addopts: tuple[str, ...] = ()
    settings_file: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A project to improve: where it is, what it is at, and what may be touched.

    Parameters:
        repository: the top of the checkout (or the folder itself where there is no git).
        project: the project's folder relative to the repository, ``""`` for the top.
        base: the commit that is examined; empty where there is no git.
        sources: the files that analyzers may change.
        source_roots: the folders that go on ``sys.path``, relative to the repository.
        judges: the files of the project that no proposal may alter, relative to the repository.
        carried: what git ignores and tests need, relative to the repository, bound read-only.
        left_out: what was not looked at, with reasons.
    """

    repository: Path
    project: str
    base: str
    sources: tuple[Source, ...] = field(repr=False)
    source_roots: tuple[str, ...]
    style: Style = Style()
    environment: Environment | Missing = Missing("environment", "not looked for")
    tests: TestCommand | Missing = Missing("tests", "not looked for")
    judges: frozenset[str] = field(default=frozenset(), repr=False)
    carried: tuple[str, ...] = ()
    left_out: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """The place that a proposal is about."""

    path: str
    line: int
    qualified_name: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes of one file that become other bytes.

    Parameters:
        path: the file, relative to the repository.
        start: the offset in bytes at which ``before`` stands; an insertion has an empty ``before``.
    """

    path: str
    start: int
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class Proposal:
    """One improvement, separable from all others.

    Parameters:
        rule: what is improved, within the analyzer (``missing-docstring``).
        title: what a maintainer would write as the subject of the commit.
        why: why it is worth a reviewer's minute, in plain sentences.
        context: the code around the site, in a form that layout does not change. A refusal holds
            until this changes.
    """

    analyzer: str
    rule: str
    site: Site
    title: str
    why: str
    edits: tuple[Edit, ...]
    context: str = field(default="", repr=False)

    @property
    def fingerprint(self) -> str:
        """What makes this proposal the same one tomorrow: rule, site and the code around it."""
        parts = (self.analyzer, self.rule, self.site.path, self.site.qualified_name, self.context)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after, whole; ``None`` where it does not exist.

    Parameters:
        mode_before: git's mode (``100644``), empty where the file does not exist.
    """

    path: str
    before: bytes | None = field(repr=False)
    after: bytes | None = field(repr=False)
    mode_before: str = "100644"
    mode_after: str = "100644"


@dataclass(frozen=True, slots=True)
class Change:
    """What really differs from the base, read back and not taken on a proposal's word."""

    base: str
    files: tuple[FileChange, ...]


@dataclass(frozen=True, slots=True)
class Risk:
    """What a change can alter, as read from the diff.

    Parameters:
        categories: every category that some part of the diff belongs to, softest first.
        because: the reasons, each with file and line.
        certified: whether the change was shown to leave the program as it is.
    """

    categories: tuple[Category, ...]
    because: tuple[str, ...] = ()
    certified: bool = False

    @property
    def worst(self) -> Category:
        """The hardest category; formatting where nothing differs."""
        return max(self.categories, default=Category.FORMATTING)

    @property
    def label(self) -> str:
        """What people call it: ``docs only: proven``, ``not proven: behaviour``; only words of ours."""
        if not self.categories:
            return "no difference"
        if not self.certified:
            words = [category.word for category in self.categories if category > Category.ANNOTATIONS]
            return f"not proven: {', '.join(words) or self.worst.word}"
        if self.worst is Category.FORMATTING:
            return "formatting only: proven"
        if self.worst is Category.ANNOTATIONS:
            alone = set(self.categories) <= {Category.FORMATTING, Category.ANNOTATIONS}
            return "annotations only: proven" if alone else "docs and annotations only: proven"
        return "docs only: proven"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one gate found.

    Parameters:
        summary: one sentence for a reader of the pull request.
        measures: the figures behind it.
    """

    gate: str
    verdict: Verdict
    summary: str
    measures: Mapping[str, Measure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """A gate that has nothing to judge here, and why."""

    gate: str
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, and why."""

    route: Route
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dossier:
    """Proposals with everything that is known about them."""

    proposals: tuple[Proposal, ...]
    change: Change
    risk: Risk
    evidence: tuple[Evidence, ...]
    not_applicable: tuple[NotApplicable, ...]
    decision: Decision

    @property
    def id(self) -> str:
        """A short name for the command line, stable for the same proposals on the same base."""
        parts = (self.change.base, *sorted(proposal.fingerprint for proposal in self.proposals))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:8]
