"""Everything that stands while a target is being worked on: walls, trees, ledger; and how hearings are held there."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from improver import __version__, process
from improver.culprits import Group
from improver.discover import find_environment
from improver.edits import change_of
from improver.facts import NOTHING_OBSERVED, Facts, Instrument, Suite
from improver.judge.context import context_in
from improver.judge.risk import RiskContext, read_risk
from improver.ledger import Ledger
from improver.observe.base import observe_base
from improver.observe.kept import facts_from_json, facts_to_json
from improver.observe.suite import Suites
from improver.opening import Opened
from improver.pipeline import seconds_of
from improver.ports import Gate, Hearing, Progress, RunTests, Trial
from improver.proving import Court
from improver.registry import Named, code_stamp, load_gates
from improver.sandbox.environ import secrets_in
from improver.sandbox.jail import Jail, stand
from improver.sandbox.shelf import Shelf
from improver.sandbox.trial import SandboxTrial
from improver.sandbox.worktree import Tree, Worktrees
from improver.scanning import again, analyze
from improver.store import Store
from improver.values import Change, Environment, Missing, Proposal, Risk, Source, Target


class _Incomplete(Exception):
    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self.facts = facts


@dataclass(frozen=True)
class Workshop:
    """A target with walls around it.

    Parameters:
        target: the project, with its environment.
        deadline: when the time budget ends, on the monotonic clock in seconds.
    """

    opened: Opened
    target: Target
    jail: Jail
    store: Store
    ledger: Ledger
    worktrees: Worktrees
    base: Tree
    trial: SandboxTrial
    progress: Progress
    deadline: float | None = None

    @cached_property
    def gates(self) -> tuple[Named[Gate], ...]:
        """The pipeline's gates, cheapest first."""
        return load_gates(self.opened.pipeline.gates)

    @cached_property
    def suites(self) -> Suites:
        """Runs the target's tests, with tools from the shelf where the environment lacks them."""
        shelf = Shelf(self.opened.places.cache / "shelf", outside_of=self.target.repository)
        return Suites(self.target, lambda tool: self._from(shelf, tool))

    def _from(self, shelf: Shelf, tool: str) -> Path | Missing:
        environment = self.target.environment
        if isinstance(environment, Missing):
            return environment
        return shelf.folder(environment.version, tool)

    @cached_property
    def walls(self) -> str:
        """The sandbox as the evidence names it: where there is none, with the secrets that were in reach."""
        reach = secrets_in(os.environ) if not self.jail.backend.walls else ()
        return f"{self.jail.name}, with {', '.join(reach)} in reach" if reach else self.jail.name

    @cached_property
    def context(self) -> RiskContext:
        """What the whole repository says on who reads docstrings and who judges."""
        patterns = self.opened.settings.project.judges  # the target knows only the files that are there already
        return replace(context_in(self.base.files, self.target), judge_patterns=patterns)

    def risk(self, change: Change) -> Risk:
        """What a change can alter."""
        return read_risk(change, self.context)

    def change(self, proposals: Group) -> Change:
        """What proposals change together at base."""
        return change_of(self.target.base, proposals, self._read)

    def _read(self, path: str) -> tuple[bytes, str]:
        contents, modes = self._files
        return contents[path] if path in contents else self.opened.tree.read(path), modes[path]

    @cached_property
    def _files(self) -> tuple[dict[str, bytes], dict[str, str]]:
        """The contents that were read already, and the modes of all files of the base."""
        contents = {source.path: source.content for source in self.target.sources}
        return contents, {entry.path: entry.mode for entry in self.opened.tree.entries()}

    def observe(self) -> Facts:
        """What running the base shows: kept by all that it depends on, so that the same base runs once."""
        if isinstance(self.target.environment, Missing):
            return Facts(plain=self.target.environment)
        if isinstance(self.target.tests, Missing):
            return Facts(plain=self.target.tests)
        if self.late:
            return Facts(plain=Missing("tests", "the time budget was reached before they could be run"))
        try:
            return facts_from_json(self.ledger.keep(self._key(), self._observed))
        except _Incomplete as incomplete:
            if self.late and isinstance(incomplete.facts.plain, Missing):
                return Facts(plain=Missing("tests", "the time budget was reached while they ran"))
            return incomplete.facts

    def _observed(self) -> object:
        """The facts of this moment; those that a limit cut short are not worth keeping."""
        facts = observe_base(self.trial, self.suites, lambda what: self.progress.step(what[:1].upper() + what[1:]))
        if isinstance(facts.plain, Missing) or isinstance(facts.coverage, Missing):
            raise _Incomplete(facts)
        return facts_to_json(facts)

    def _key(self) -> str:
        environment = self.target.environment
        assert isinstance(environment, Environment)
        places = (environment.prefix, *environment.binds, *environment.prefix.glob("lib/python*/site-packages"))
        carried = (self.target.repository / path for path in self.target.carried)
        stamps = [(str(place), _modified(place)) for place in (*places, *carried)]
        tree = self.store.repository.tree_of(self.target.base)
        code = tuple(map(code_stamp, ("improver.observe", "improver.sandbox", "improver.discover")))
        parts = (__version__, code, tree, self.target.project, environment.python, sorted(environment.tools.items()))
        limits = replace(self.jail.limits, seconds=0)  # a run that it cuts short is not kept
        rest = (self.target.tests, self.jail.name, limits, sorted(self.jail.environ), stamps)
        return hashlib.sha256(repr((*parts, *rest)).encode()).hexdigest()

    @property
    def late(self) -> bool:
        """Whether the time budget is used up."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    @contextmanager
    def hearing(self, change: Change, proposals: Group = (), facts: Facts = NOTHING_OBSERVED) -> Iterator[Hearing]:
        """A hearing of a change; its tree stands as long."""
        tree = self.worktrees.changed_tree(self.base, change)
        with SandboxTrial(self.jail, tree.files, self.target, deadline=self.deadline) as changed:
            yield Hearing(
                target=self.target,
                proposals=proposals,
                change=change,
                facts=facts,
                base=self.trial,
                changed=changed,
                run_tests=self.suites,
                keep=self.ledger.keep,
                second_pass=self._second_pass(change, proposals, facts) if proposals else None,
            )
        self.worktrees.forget(tree)

    def _second_pass(self, change: Change, proposals: Group, facts: Facts) -> tuple[str, ...]:
        found: list[Proposal] = []
        for file in change.files:
            if file.after is not None:
                source = Source(file.path, file.after)
                found += analyze(source, self.target, self.opened.analyzers, facts).proposals
        return tuple(again(proposals, found))

    def _ahead(self, hearing: Hearing, facts: Future[Facts]) -> RunTests:
        """Use the other processor while the base is still being observed: the changed tree's run will be asked for."""
        wanted = any(named.name == "tests" for named in self.gates)
        if facts.done() or not wanted or (os.cpu_count() or 1) < 2 or self.late:
            return self.suites
        return _Ahead(self.suites, hearing.changed, [self.suites(hearing.changed)])

    def court(self, facts: Future[Facts]) -> Court:
        """Where proposals are proven; gates that only read do not wait for the base runs."""

        @contextmanager
        def run(group: Group) -> Iterator[Hearing]:
            with self.hearing(self.change(group), group) as hearing:
                ahead = self._ahead(hearing, facts)
                yield replace(hearing, facts=facts.result(), run_tests=ahead)

        return Court(
            gates=self.gates,
            policy=self.opened.policy,
            read=lambda group: self.hearing(self.change(group), group),
            run=run,
            change=self.change,
            risk=self.risk,
            progress=self.progress,
            deadline=self.deadline,
            walls=self.walls,
        )


@dataclass(frozen=True, slots=True)
class _Ahead:
    """Runs tests; one whole run of one tree was made already, and is given once."""

    suites: Suites
    tree: Trial
    ready: list[Suite]

    def __call__(self, trial: Trial, select: Sequence[str] = (), *, instrument: Instrument = Instrument.PLAIN) -> Suite:
        if self.ready and trial is self.tree and not select and instrument is Instrument.PLAIN:
            return self.ready.pop()
        return self.suites(trial, select, instrument=instrument)


@contextmanager
def set_up(opened: Opened, progress: Progress, started: float | None = None) -> Iterator[Workshop]:
    """The workshop for a target; on leaving, nothing of it remains but what the ledger holds.

    Parameters:
        started: when the time budget began, on the monotonic clock in seconds; now by default.

    Raises:
        SandboxMissing: no walls stand, so nothing was run.
        LedgerUnusable, RunFailed, GitFailed: what their messages say.
    """
    budget = seconds_of(opened.pipeline.budget)
    progress.step("Proving the sandbox")
    jail = stand(opened.settings, outside_of=opened.git.top)
    progress.step("Looking for the project's environment")
    environment = find_environment(opened.target, opened.settings, jail.ask, os.environ, opened.tree)
    target = replace(opened.target, environment=environment)
    with ExitStack() as stack:
        ledger = stack.enter_context(opened.ledger())
        store = Store.open(opened.folder, opened.git)
        worktrees = stack.enter_context(Worktrees(store, opened.git, opened.folder / "worktrees"))
        progress.step("Laying out the base")
        base = worktrees.base_tree(target.base)
        deadline = None if budget is None else (time.monotonic() if started is None else started) + budget
        trial = stack.enter_context(SandboxTrial(jail, base.files, target, deadline=deadline))
        yield Workshop(opened, target, jail, store, ledger, worktrees, base, trial, progress, deadline)


@contextmanager
def in_background(work: Callable[[], Facts]) -> Iterator[Future[Facts]]:
    """Work that goes on beside us. Whoever leaves has asked for its result, or it is ended."""
    leash = process.Leash()

    def held() -> Facts:
        with leash:
            return work()

    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="observe")
    try:
        try:
            yield pool.submit(held)
        finally:
            leash.pull()
    finally:
        leash.pull()  # a second signal may have come before the first was obeyed
        pool.shutdown()


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
