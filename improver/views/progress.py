"""What is being done now, on standard error, where somebody is there to read it."""

from __future__ import annotations

import os
import threading
import time
from types import TracebackType
from typing import Self

from rich import progress as rich_progress
from rich.console import Console
from rich.table import Column
from rich.text import Text

from improver.views.silent import Progress, Silent
from improver.views.words import clean, duration, unicode_fits

_LONGEST = 60
_SPINNER_WIDTH = 3


class _Line(rich_progress.ProgressColumn):
    """What is done, how far, for how long, and with what: cut where there is no room, so that it stays one line."""

    def __init__(self, console: Console) -> None:
        super().__init__(Column(no_wrap=True))
        self._console = console
        self._began = time.monotonic()

    def render(self, task: rich_progress.Task) -> Text:
        """The line, as of now."""
        seconds = int(time.monotonic() - self._began)
        waited = duration(seconds) if seconds >= 10 else f"{seconds} s"
        parts = [task.fields["count"], waited, task.fields["detail"]]
        line = Text(task.description).append("".join(f"  {part}" for part in parts if part), "dim")
        line.truncate(max(1, self._console.width - _SPINNER_WIDTH), overflow="crop")
        return line


class Spinner:
    """One line that says what is being done, with a count and the time it took; gone when it ends.

    Work that goes on side by side may tell it of its steps; the line shows the latest.
    """

    def __init__(self, console: Console) -> None:
        spinner = "dots" if unicode_fits(console) else "line"
        self._bar = rich_progress.Progress(
            rich_progress.SpinnerColumn(spinner, style="cyan"),
            _Line(console),
            console=console,
            transient=True,
        )
        self._lock = threading.RLock()
        self._task: rich_progress.TaskID | None = None
        self._done = 0
        self._total: int | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def step(self, what: str, total: int | None = None) -> None:
        """Show a new step in place of the one before."""
        with self._lock:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._done, self._total = 0, total
            self._task = self._bar.add_task(clean(what, longest=_LONGEST), total=None, count=self._count(), detail="")

    def advance(self, detail: str = "") -> None:
        """Count one more, and name what is next."""
        with self._lock:
            if self._task is None:
                return
            self._done += 1
            self._bar.update(self._task, count=self._count(), detail=clean(detail, longest=_LONGEST))

    def _count(self) -> str:
        if self._total is None:
            return f"{self._done:,}" if self._done else ""
        return f"{self._done:,} of {self._total:,}"


def progress(console: Console) -> Progress:
    """A spinner where the console is a terminal that can redraw a line, else a silent twin."""
    if not console.is_terminal or console.is_dumb_terminal or os.environ.get("CI"):
        return Silent()
    return Spinner(console)
