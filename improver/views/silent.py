"""Progress that nobody watches, apart from what draws it: who prints JSON need not load a terminal library."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from improver import ports


class Progress(ports.Progress, Protocol):
    """Told what is being done; shows it while its context lasts, or keeps silent."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Silent:
    """Shows nothing: for pipes, CI and ``--json``."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def step(self, what: str, total: int | None = None) -> None:
        """Nothing is shown."""

    def advance(self, detail: str = "") -> None:
        """Nothing is shown."""
