"""Which walls stand on this machine: found, proved by a live probe, and nothing run where none does."""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from improver import process
from improver.errors import SandboxMissing, UsageError
from improver.ports import Completed, Limits
from improver.sandbox import environ as variables
from improver.sandbox import orphans
from improver.sandbox.bubblewrap import Bubblewrap
from improver.sandbox.cell import FLOOD, NOT_SET_UP, Backend, Bind, Cell, Refusal
from improver.sandbox.interpreter import needs_of
from improver.sandbox.landlock import Landlock
from improver.sandbox.remedies import REDUCED, UNSANDBOXED
from improver.settings import Settings, UserSettings
from improver.strict import suggestion
from improver.values import Skipped

_PROBE_SECONDS = 20.0
_SET_BY_ANY_SHELL = ("PWD", "OLDPWD", "SHLVL", "_")
_PROBE = r"""
import json, os, socket, sys
port, secret, mark, outside = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
found = {}
try:
    socket.create_connection(("127.0.0.1", port), 0.5).close()
    found["reach the network"] = "connected"
except OSError: pass
try:
    found["read a file outside"] = open(secret).read()
except OSError: pass
try:
    open(mark, "w").close()
    found["write a file outside"] = "written"
except OSError: pass
try:
    with open("/proc/self/status") as status:
        lines = dict(line.split(":", 1) for line in status)
    bound = int(lines["CapBnd"], 16) if int(lines["NoNewPrivs"]) == 0 else 0  # an ordinary user cannot empty it
    held = int(lines["CapEff"], 16) or int(lines["CapPrm"], 16)
    if held or bound: found["hold a capability"] = lines["CapEff"].strip()
except OSError as error: found["read /proc"] = str(error)
try:
    os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))
    found["write a setting of the kernel"] = "opened"
except OSError: pass
if outside in os.environ: found["see the environment outside"] = outside
print(json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class Jail:
    """Walls that were seen to hold, with what the user lets through them.

    Parameters:
        limits: what a run may use.
        environ: variables of the user's that are seen inside.
        binds: more that the user lets programs read.
        left_out: what the user named and is held back, and what reduced walls do not hold, with the reason.
    """

    backend: Backend
    limits: Limits = Limits()
    environ: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[Path, ...] = ()
    left_out: tuple[Skipped, ...] = ()

    @property
    def name(self) -> str:
        """The backend's name, as it stands in the evidence; ``none`` where there are no walls."""
        return self.backend.in_words if isinstance(self.backend, Landlock) else self.backend.name

    def run(self, cell: Cell) -> Completed:
        """Run a program behind the walls."""
        return self.backend.run(cell)

    def ask(self, argv: Sequence[str], binds: Sequence[Path], *, stdin: bytes = b"") -> Completed:
        """Run a program with no tree in reach (`ports.Ask`); an interpreter's own library is in reach by itself."""
        needs = needs_of(Path(argv[0])) if argv[0].startswith("/") else needs_of(Path(sys.executable))
        everything = dict.fromkeys((*needs.folders, *self.binds, *binds))
        return self.run(
            Cell(
                argv=tuple(argv),
                binds=tuple(Bind(path, path) for path in everything if path.exists()),
                links=needs.links,
                environ={**variables.standard(), **self.environ},
                workdir=Path("/tmp") if self.backend.walls else Path("/"),  # noqa: S108
                limits=self.limits,
                stdin=stdin,
            )
        )


@dataclass(frozen=True, slots=True)
class Unsandboxed:
    """No walls: the program runs with the user's own rights. Only the command line can ask for it."""

    name: ClassVar[str] = "none"
    mounts: ClassVar[bool] = False
    walls: ClassVar[bool] = False

    def run(self, cell: Cell) -> Completed:
        """Run the program where it lies, with the same environment and time."""
        with tempfile.TemporaryDirectory(prefix="improver-", ignore_cleanup_errors=True) as home:
            limits = cell.limits
            with suppress(OSError):
                return process.run(
                    cell.argv,
                    environ={**cell.environ, "HOME": home, "TMPDIR": home},
                    workdir=cell.workdir,
                    stdin=cell.stdin,
                    seconds=limits.seconds,
                    output=limits.output,
                    flood=FLOOD * limits.output,
                )
        return Completed(127, b"", f"{cell.argv[0]} could not be started\n".encode(), 0.0, NOT_SET_UP)

    def explain(self, words: str) -> Refusal:
        """It has no walls that could fail."""
        return Refusal(self.name, "it has no walls", words)


def candidates(outside_of: Path | None = None) -> tuple[Backend | Refusal, ...]:
    """Every backend that this version knows, strongest first; those that hold less are not picked by themselves."""
    return (Bubblewrap.find(outside_of), Landlock.find())


def stand(settings: Settings, outside_of: Path | None = None) -> Jail:
    """The strongest walls that prove themselves, or the one that the user names; ends what killed runs left running.

    Parameters:
        outside_of: the target's checkout; no program is taken from it.

    Raises:
        UsageError: the user names one that does not exist.
        SandboxMissing: none stands; nothing was run.
    """
    orphans.sweep()
    user = settings.user
    if settings.allow_unsandboxed:
        return _furnish(Unsandboxed(), user)
    refusals = []
    known = candidates(outside_of)
    if user.sandbox and user.sandbox not in map(backend_name, known):
        raise UsageError(f"There is no sandbox `{user.sandbox}`.{suggestion(user.sandbox, map(backend_name, known))}")
    for backend in known:
        proven = prove(backend) if (reason := _unwanted(backend, user.sandbox)) is None else reason
        if not isinstance(proven, Refusal):
            return _furnish(proven, user)
        refusals.append(proven)
    raise refused(refusals)


def _unwanted(backend: Backend | Refusal, wanted: str) -> Refusal | None:
    """Why a backend is not even tried."""
    name = backend_name(backend)
    if wanted:
        return None if name == wanted else Refusal(name, f"{wanted!r} was asked for")
    if name == Landlock.name:
        remedy = "" if isinstance(backend, Refusal) else REDUCED
        return Refusal(name, "it is reduced, and used only where it is named", remedy=remedy)
    return None


def backend_name(backend: Backend | Refusal) -> str:
    """The name under which users know it."""
    return backend.backend if isinstance(backend, Refusal) else backend.name


def _furnish(backend: Backend, user: UserSettings) -> Jail:
    passed, held_back = variables.allowed(user.environment, os.environ)
    reduced = backend.not_held() if isinstance(backend, Landlock) else ()
    return Jail(backend, user.limits, passed, user.binds, (*reduced, *held_back))


def refused(refusals: Sequence[Refusal]) -> SandboxMissing:
    """The error that says what was tried, in the system's own words, and what helps."""
    tried = (f"{refusal.backend}: {refusal.probe}{_quoted(refusal.words)}." for refusal in refusals)
    remedies = dict.fromkeys(refusal.remedy for refusal in refusals if refusal.remedy)
    return SandboxMissing(
        " ".join(("No sandbox stands on this machine.", *tried)),
        left="Nothing of the project was run.",
        remedy=" ".join((*remedies, UNSANDBOXED)),
    )


def _quoted(words: str) -> str:
    printable = "".join(char if char.isprintable() else " " for char in words[:500]).strip()
    return f' ("{printable}")' if printable else ""


def prove(backend: Backend | Refusal) -> Backend | Refusal:
    """The backend, if a program behind it runs and can neither reach out, nor read, nor write what is not its own."""
    if isinstance(backend, Refusal):
        return backend
    with tempfile.TemporaryDirectory(prefix="improver-probe-") as name, socket.create_server(("127.0.0.1", 0)) as ear:
        folder = Path(name)
        secret, mark = folder / "secret", folder / "mark"
        secret.write_text("planted")
        ear.setblocking(False)
        completed = backend.run(_probe_cell(ear.getsockname()[1], secret, mark))
        found = _answer(completed)
        if isinstance(found, str):
            return backend.explain(found)
        if mark.exists():
            found["write a file outside"] = "written"
        if _was_called(ear):
            found["reach the network"] = "connected"
    broken = ", ".join(sorted(found))
    return Refusal(backend.name, f"a program inside could {broken}") if found else backend


def _probe_cell(port: int, secret: Path, mark: Path) -> Cell:
    python = Path(sys.executable).resolve()
    needs = needs_of(python)
    ordinary = {*variables.standard(), *_SET_BY_ANY_SHELL}
    outside = next((name for name in os.environ if name not in ordinary), "")
    words = ("-I", "-S", "-c", _PROBE, str(port), str(secret), str(mark), outside)
    return Cell(
        argv=(str(python), *words),
        binds=tuple(Bind(folder, folder) for folder in needs.folders),
        links=needs.links,
        environ=variables.standard(),
        workdir=Path("/tmp"),  # noqa: S108
        limits=replace(Limits(), seconds=_PROBE_SECONDS),
    )


def _answer(completed: Completed) -> dict[str, str] | str:
    """What the probe found, or why it found nothing."""
    with suppress(ValueError):
        found = json.loads(completed.stdout)
        if completed.returncode == 0 and isinstance(found, dict):
            return found
    words = completed.stderr.decode(errors="replace").strip()
    return words or completed.stopped or f"it ended with {completed.returncode} and said nothing"


def _was_called(ear: socket.socket) -> bool:
    with suppress(BlockingIOError):
        ear.accept()[0].close()
        return True
    return False
