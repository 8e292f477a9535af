"""What a hostile project is: one behaviour, and the harm that it does where no wall stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from improver.ports import Limits


class Harm(Enum):
    """What can be seen from outside."""

    LEAKED = "a planted secret came out"
    CHANGED = "planted files were changed"
    CALLED = "a planted listener was reached"
    TOUCHED = "a process of somebody else was touched"
    OUTLIVED = "a process outlived the run"
    LEFT = "something was left behind on the machine"
    FLOODED = "more was printed than is kept"
    GAINED = "it had what it must not have"


LIMITS = Limits(seconds=20.0, memory=256 << 20, processes=40, file_size=24 << 20, disk=32 << 20, output=1 << 16)


@dataclass(frozen=True)
class Case:
    """One hostile project.

    Parameters:
        name: what it does, in a few words.
        harm: what it does where no wall stands.
        code: the module that does it, when it is imported.
        limits: what the run may use.
        stopped: the limit that must end it behind walls.
        refused: whether it may also be held, or over, before that limit is seen to be passed.
        links: symbolic links of the project, to places relative to the world.
        root: whether without walls it needs the rights of root.
    """

    name: str
    harm: Harm
    code: str
    limits: Limits = LIMITS
    stopped: str = ""
    refused: bool = False
    links: Mapping[str, str] = field(default_factory=dict)
    root: bool = False
