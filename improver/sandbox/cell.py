"""What is asked of the walls, whoever builds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from improver.ports import Completed, Limits

HOME = Path("/home/run")
NOT_SET_UP = "sandbox"
FLOOD = 64
"""How many times the output limit a program may print before it is ended; of all that, only the limit is kept."""


@dataclass(frozen=True, slots=True)
class Bind:
    """A file or folder that is in reach inside.

    Parameters:
        source: where it lies outside.
        target: where it is seen inside, an absolute path.
        writable: whether what runs inside may write to it; such folders count against the disk limit.
        before: bytes that it holds already, which do not count.
    """

    source: Path
    target: Path
    writable: bool = False
    before: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One program behind walls.

    Parameters:
        argv: the program and its words.
        binds: all that it may reach besides the system's libraries; the deeper target lies on top.
        links: symbolic links to make, by their path inside.
        environ: its whole environment.
        workdir: the folder it starts in, as seen from inside.
    """

    argv: tuple[str, ...]
    binds: tuple[Bind, ...]
    environ: Mapping[str, str]
    workdir: Path
    limits: Limits
    stdin: bytes = field(default=b"", repr=False)
    links: Mapping[Path, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a backend is not used.

    Parameters:
        probe: what it failed at (``it is not installed``, ``it could not start`` ...).
        words: what the system itself said.
        remedy: the narrowest thing that would help.
    """

    backend: str
    probe: str
    words: str = ""
    remedy: str = ""


class Backend(Protocol):
    """Builds walls around one program at a time."""

    name: ClassVar[str]
    mounts: ClassVar[bool]
    walls: ClassVar[bool]

    def run(self, cell: Cell) -> Completed:
        """Run it to its end. ``stopped`` is ``sandbox`` when the walls could not be set up and nothing ran."""
        ...

    def explain(self, words: str) -> Refusal:
        """Why it cannot stand here, from what the system said when it was tried."""
        ...
