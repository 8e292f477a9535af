"""`improver demo`: a small project is made, and the real flow is run on it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from improver import flow
from improver.demo import make_project
from improver.flow import Proposed
from improver.git.start import start_repository
from improver.opening import Request
from improver.ports import Progress


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What a demonstration left behind.

    Parameters:
        project: where the sample project lies; it is a git repository with one commit.
    """

    project: Path
    proposed: Proposed


def run(request: Request, folder: Path | None, progress: Progress) -> Demonstration:
    """Make the sample project and look for improvements in it.

    Parameters:
        folder: where to make it; a temporary folder that stays when none is given.

    Raises:
        RunFailed: the project cannot be written, or the run failed.
        SandboxMissing: no walls stand, so nothing of it was run.
    """
    progress.step("Making a sample project")
    place = folder if folder is not None else Path(tempfile.mkdtemp(prefix="improver-demo-"))
    project = make_project(place.absolute())
    start_repository(project, "Start the sample project", datetime.now(UTC))
    return Demonstration(project, flow.propose(replace(request, where=project), progress))
