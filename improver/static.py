"""What needs no run: analysis of files as they are, and the risk of a diff."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from improver.discover import CommitTree
from improver.discover.grounds import POLICY, Grounds, read_grounds
from improver.errors import NotProven, UsageError
from improver.facts import NOTHING_OBSERVED
from improver.git import Repository
from improver.git.changes import TOO_LARGE
from improver.opening import Request, open_folder
from improver.pipeline import built_in
from improver.ports import Progress
from improver.registry import analyzer_names
from improver.scanning import Scan
from improver.scanning import scan as look
from improver.settings import places, read_user
from improver.strict import suggestion
from improver.values import Category, Change, Decision, Evidence, Risk, Route, Source, Target, Verdict

if TYPE_CHECKING:
    from improver.judge.policy import Policy
    from improver.judge.risk import RiskContext


MOST_BYTES = 4 << 20
_READABLE = (Category.DOCSTRINGS, Category.ANNOTATIONS)


@dataclass(frozen=True, slots=True)
class Assessed:
    """What a diff can alter.

    Parameters:
        decision: who would decide if every gate passed.
        head: the tree that was examined; empty when it was the index.
    """

    change: Change
    risk: Risk
    decision: Decision
    head: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a diff must be proven to be.

    Parameters:
        said: the categories as the user named them; empty when nothing is required.
        allowed: what may be in the diff: what was named, and what is softer than all of it.
    """

    said: str
    allowed: frozenset[Category]

    @classmethod
    def read(cls, said: str) -> Requirement:
        """The requirement that words with commas between them name.

        Raises:
            UsageError: a word is no category, or there is none.
        """
        known = {category.word: category for category in Category}
        words = [word.strip() for word in said.split(",") if word.strip()]
        for word in words:
            if word not in known:
                there_are = f"There are: {', '.join(known)}."
                raise UsageError(f"There is no category `{word}`.{suggestion(word, known)}", remedy=there_are)
        if said and not words:
            raise UsageError("--require names no category.", remedy="For example: --require docstrings,comments")
        named = frozenset(known[word] for word in words)
        return cls(said, named | {category for category in Category if named and category < min(named)})

    def hold(self, risk: Risk) -> None:
        """Go on if the requirement is met.

        Raises:
            NotProven: it is not.
        """
        over = [category.word for category in risk.categories if category not in self.allowed]
        if self.said and (over or not risk.certified):
            reason = f"it is also {', '.join(over)}" if over else "it could not be certified"
            raise NotProven(
                f"The diff is not proven to be only {self.said}: {reason}.",
                left="Nothing was changed.",
                remedy="The reasons name what stands in the way; put it into a change of its own.",
            )


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan found.

    Parameters:
        sources: the files that proposals are about, for showing them.
    """

    scan: Scan
    target: Target
    sources: tuple[Source, ...] = field(repr=False)


def scan(request: Request, progress: Progress) -> Scanned:
    """Analyse a project as its files are now: nothing is run, and neither git nor a ledger is needed."""
    opened = open_folder(request)
    found = look(
        opened.sources(),
        opened.outline,
        opened.analyzers,
        NOTHING_OBSERVED,
        cache=opened.places.cache,
        progress=progress,
    )
    contents = opened.tree.read_many({proposal.site.path for proposal in found.proposals})
    left_out = tuple(skipped for survey in opened.surveys for skipped in survey.target.left_out)
    found = replace(found, skipped=(*left_out, *found.skipped))
    return Scanned(found, opened.outline, tuple(Source(path, content) for path, content in contents.items()))


def assess(request: Request, base: str, head: str = "HEAD", *, staged: bool = False, index: str = "") -> Assessed:
    """What a diff can alter, read from the diff and the repository alone; nothing is run, and no checkout is needed.

    Parameters:
        base, head: commits, tags or trees.
        staged: hold what is staged against `base`, instead of `head`.
        index: the index file that git named to its hook; the checkout's own when empty.

    Raises:
        UsageError: there is no such commit or tree.
        SettingsError: the settings at `base` say something that is not understood.
        RunFailed: conflicts are not resolved.
        GitFailed: git refuses.
    """
    repository = Repository.open(request.where)
    read_user(places(config=request.config).config)
    change = _difference(repository, base, head, staged=staged, index=index)
    tree = CommitTree(repository, change.base, checkout=False)
    grounds = read_grounds(tree, analyzer_names())
    risk = _read(change, tree, grounds)
    return Assessed(change, risk, _decided(grounds, risk), "" if staged else repository.tree_of(head))


def _difference(repository: Repository, base: str, head: str, *, staged: bool, index: str) -> Change:
    if not staged:
        return repository.changes(base, head, most=MOST_BYTES)
    first = repository.start() if base == "HEAD" else base
    return repository.staged_changes(first, most=MOST_BYTES, index=index)


def _read(change: Change, tree: CommitTree, grounds: Grounds) -> Risk:
    """The risk of a change. Who reads docstrings is looked for in the base, and where code changes after it too."""
    from improver.judge.risk import read_risk  # noqa: PLC0415 - a scan does not judge

    large = [file for file in change.files if TOO_LARGE in (file.before, file.after)]
    small = replace(change, files=tuple(file for file in change.files if file not in large))
    risk = read_risk(small, _context(_context_files(tree), grounds))
    if not risk.certified and any(category in _READABLE for category in risk.categories):
        risk = _both(risk, read_risk(small, _context(_after(small), grounds)))
    reasons = [f"{file.path}: larger than {MOST_BYTES >> 20} MiB, so it was not read" for file in large]
    return _both(risk, Risk((Category.OTHER,), tuple(reasons))) if large else risk


def _both(one: Risk, other: Risk) -> Risk:
    """What either says."""
    categories = tuple(sorted({*one.categories, *other.categories}))
    because = tuple(dict.fromkeys((*other.because, *one.because)))
    return Risk(categories, because, one.certified and other.certified)


def _context_files(tree: CommitTree) -> dict[str, bytes]:
    from improver.judge.context import asks_for  # noqa: PLC0415 - a scan does not judge

    return tree.read_many(entry.path for entry in tree.entries() if asks_for(entry.path))


def _after(change: Change) -> dict[str, bytes]:
    """The changed files as they become: who reads in any other file stands in the base already."""
    from improver.judge.context import asks_for  # noqa: PLC0415 - a scan does not judge

    return {file.path: file.after for file in change.files if asks_for(file.path) and file.after is not None}


def _context(files: dict[str, bytes], grounds: Grounds) -> RiskContext:
    from improver.judge.context import read_context  # noqa: PLC0415 - a scan does not judge

    return read_context(files, judge_patterns=grounds.judges, python=grounds.python)


def _decided(grounds: Grounds, risk: Risk) -> Decision:
    """The softest route that the risk allows: who would decide if every gate that the policies want passed."""
    from improver.judge.policy import load_policy  # noqa: PLC0415 - a scan does not judge

    own = built_in("review/policy.toml").decode()
    written = [("", ""), *grounds.policies.items()]
    found = [_decided_by(load_policy(own, project=text, project_where=path or POLICY), risk) for path, text in written]
    hardest = max(found, key=lambda decision: decision.route)
    if hardest.route is Route.AUTO and risk.categories:
        return Decision(Route.AUTO, ("certified from the diff; whether the gates pass is for `improver verify`",))
    return hardest


def _decided_by(policy: Policy, risk: Risk) -> Decision:
    from improver.judge.policy import decide  # noqa: PLC0415 - a scan does not judge

    gates = {gate for rule in policy.rules.values() for gate in (*rule.gates, *rule.gates_where_applicable)}
    supposed = tuple(Evidence(gate, Verdict.PASSED, "supposed") for gate in sorted(gates))
    return decide(policy, risk, supposed, ours=False)
