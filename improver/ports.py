"""What the parts ask of each other, where they may not know each other.

`flow` gives gates a `Hearing`; the gates reach the sandbox and the test runner only through it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from improver.facts import Facts, Instrument, Suite
from improver.values import (
    Category,
    Change,
    Evidence,
    Measure,
    NotApplicable,
    Proposal,
    Skipped,
    Source,
    Target,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run in the sandbox may use. They come from the user's settings, never the target's.

    Parameters:
        seconds: wall time.
        memory: bytes, summed over all processes of the run.
        processes: how many may be alive at once.
        file_size: bytes of the largest file it may write.
        disk: bytes it may write in all.
        output: bytes of output that are kept; of more, the middle is dropped.
    """

    seconds: float = 600.0
    memory: int = 4 << 30
    processes: int = 256
    file_size: int = 256 << 20
    disk: int = 2 << 30
    output: int = 1 << 20


@dataclass(frozen=True, slots=True)
class Completed:
    """A program that ended.

    Parameters:
        returncode: its exit status, negative for a signal.
        stdout, stderr: what it printed, cut to the output limit.
        seconds: wall time as the parent measured it.
        stopped: the limit that ended it (``time``, ``memory``, ``processes``, ``disk``), else empty.
    """

    returncode: int
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    seconds: float = 0.0
    stopped: str = ""


class Trial(Protocol):
    """One tree of the target, behind walls, ready for programs to be run on it."""

    @property
    def python(self) -> Path:
        """The interpreter to run the tree with: the target's own, else one that only compiles."""
        ...

    @property
    def at(self) -> Path:
        """Where the tree is seen from inside: the path of the original checkout."""
        ...

    @property
    def files(self) -> Path:
        """Where the tree lies, seen from outside. No program ever writes to it: runs that write get a copy."""
        ...

    def run(  # noqa: PLR0913 - one keyword for each thing that may vary
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
        """Run a program on the tree.

        Parameters:
            environ: names added to the allow-listed environment.
            results: a folder of the caller's that is writable inside, at the same path.
            helpers: files and folders of improver's own (its probe, a shelf) bound read-only, at the same path.
            seconds: a tighter time limit than the user's.
            workdir: the folder to start in, relative to the repository; the project's by default.
            writable: give it a throw-away copy of the tree that it may write to; else the tree is read-only.
        """
        ...


class Ask(Protocol):
    """Runs a program behind the walls with no tree in reach: for questions about an interpreter."""

    def __call__(self, argv: Sequence[str], binds: Sequence[Path], *, stdin: bytes = b"") -> Completed:
        """Run it with `binds` in reach, read-only, at their own paths."""
        ...


class RunTests(Protocol):
    """Runs the target's tests on a tree and reads the result as hostile input."""

    def __call__(self, trial: Trial, select: Sequence[str] = (), *, instrument: Instrument = Instrument.PLAIN) -> Suite:
        """Run all tests, or those with the given ids, watched by an instrument or by none."""
        ...


class Progress(Protocol):
    """Told what is being done, for whoever watches."""

    def step(self, what: str, total: int | None = None) -> None:
        """A new step begins; `total` is how many things it will go through, where that is known."""
        ...

    def advance(self, detail: str = "") -> None:
        """One more thing of the step is done; `detail` names what is next."""
        ...


class Keep(Protocol):
    """Computes something once and keeps it under a key that names everything it depends on."""

    def __call__(self, key: str, compute: Callable[[], Any]) -> Any:
        """The value kept under `key`, computed now if it is not there. Values are plain JSON data."""
        ...


@dataclass(frozen=True)
class Hearing:
    """All that gates may look at.

    Parameters:
        proposals: what was announced; empty when the diff is somebody else's.
        second_pass: places where the analyzers, applied to the changed tree, would change it again;
            ``None`` when the diff is not theirs.
    """

    target: Target
    proposals: tuple[Proposal, ...]
    change: Change
    facts: Facts
    base: Trial
    changed: Trial
    run_tests: RunTests
    keep: Keep
    second_pass: tuple[str, ...] | None = None


class Gate(Protocol):
    """Examines a change. The name is that of its file.

    A gate that sets `runs_target` starts the target's own code. Those that only read hear each kind of
    change apart; those that run hear everything together, since a run costs the same for one as for forty.
    """

    runs_target: ClassVar[bool]

    def examine(self, hearing: Hearing) -> Evidence | NotApplicable:
        """What was found; never raises for a bad change."""
        ...


@dataclass(frozen=True, slots=True)
class Example:
    """A piece of code that an analyzer improves: documentation and smoke test in one."""

    before: str
    after: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Untouched:
    """A piece of code that an analyzer leaves alone."""

    code: str
    why: str = ""


class Analyzer(Protocol):
    """Finds improvements. The name is that of its file; its fields are its options."""

    promises: ClassVar[Category]
    examples: ClassVar[tuple[Example | Untouched, ...]]

    def analyze(self, source: Source, target: Target, facts: Facts) -> Iterable[Proposal | Skipped]:
        """Proposals for one file, and what had to be passed over. Pure: the same input gives the same output.

        Raises:
            SyntaxError: the file is not Python that this interpreter understands.
        """
        ...


__all__ = [
    "Analyzer",
    "Ask",
    "Completed",
    "Example",
    "Gate",
    "Hearing",
    "Keep",
    "Limits",
    "Measure",
    "RunTests",
    "Trial",
    "Untouched",
]
