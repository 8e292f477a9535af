"""What `improver doctor` looks at: what a run needs, what is here, and how to get the rest."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from improver.discover import find_environment
from improver.errors import ImproverError, SandboxMissing
from improver.git import Repository
from improver.opening import Opened, Request, open_commit
from improver.sandbox.cell import Backend, Refusal
from improver.sandbox.environ import secrets_in
from improver.sandbox.jail import backend_name, candidates, prove, stand
from improver.sandbox.remedies import UNSANDBOXED
from improver.settings import Settings, places, read_user
from improver.values import Environment, Missing, TestCommand

T = TypeVar("T")
_WORDS = 500


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a run needs.

    Parameters:
        ok: whether it is as it should be.
        found: what was found, in words.
        remedy: what helps when it is not well.
        needed: whether a run lacks something where it is not well.
    """

    name: str
    ok: bool
    found: str
    remedy: str = ""
    needed: bool = True

    @property
    def stops(self) -> bool:
        """Whether runs cannot go on as it is."""
        return self.needed and not self.ok


def examine(request: Request) -> tuple[Check, ...]:
    """Everything that a run needs, looked at one after the other; nothing of the target is run outside walls."""
    checks = [Check("python", True, f"improver runs on Python {platform.python_version()}"), _state(request)]
    opened = _tried("project", lambda: open_commit(request))
    settings = (
        opened.settings
        if isinstance(opened, Opened)
        else Settings(user=read_user(places(config=request.config).config))
    )
    top = opened.repository.top if isinstance(opened, Opened) and isinstance(opened.repository, Repository) else None
    jail = _tried("sandbox", lambda: stand(settings, outside_of=top))
    checks.append(jail if isinstance(jail, Check) else Check("sandbox", True, f"{jail.name}, and it holds"))
    checks += [_backend(each) for each in candidates(top)]
    checks.append(_unsandboxed())
    if isinstance(opened, Check):
        return (*checks, opened)
    checks.append(Check("project", True, f"{opened.outline.project or '.'} at {opened.outline.base[:12]}"))
    if not isinstance(jail, Check):
        checks.append(_environment(find_environment(opened.target, settings, jail.ask, os.environ, opened.tree)))
    checks.append(_tests(opened.outline.tests))
    return tuple(checks)


def _tried(name: str, attempt: Callable[[], T]) -> T | Check:
    try:
        return attempt()
    except SandboxMissing as error:
        return Check(name, False, f"none stands. {error.left}", "What was tried follows, with what helps.")
    except ImproverError as error:
        return Check(name, False, error.message, error.remedy)


def _backend(found: Backend | Refusal) -> Check:
    """One way to build walls: whether it holds here, or what the system said."""
    name, proven = f"  {backend_name(found)}", prove(found)
    if not isinstance(proven, Refusal):
        return Check(name, True, "proved by a program that tried to get out", needed=False)
    words = " ".join(proven.words.split())[:_WORDS]
    said = f'{proven.probe}: "{words}"' if words else proven.probe
    return Check(name, False, said, proven.remedy, needed=False)


def _unsandboxed() -> Check:
    found = secrets_in(os.environ)
    more = f" It is refused as long as these are set: {', '.join(found)}." if found else ""
    return Check("  none", False, f"never used by itself. {UNSANDBOXED}{more}", needed=False)


def _state(request: Request) -> Check:
    folder = places(config=request.config).state
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return Check("state", False, f"{folder}: {error.strerror}", "Set IMPROVER_STATE_DIR to a folder you may write.")
    if not os.access(folder, os.W_OK):
        return Check("state", False, f"{folder} cannot be written", "Set IMPROVER_STATE_DIR to a folder you may write.")
    return Check("state", True, str(folder))


def _environment(found: Environment | Missing) -> Check:
    if isinstance(found, Missing):
        return Check("environment", False, found.reason, found.remedy)
    major, minor = found.version
    return Check("environment", True, f"Python {major}.{minor} ({found.origin})")


def _tests(found: TestCommand | Missing) -> Check:
    if isinstance(found, Missing):
        return Check("tests", True, f"none: {found.reason}; docstrings can still be certified")
    where = f", settings in {found.settings_file}" if found.settings_file else ""
    return Check("tests", True, f"{found.kind}{where}")
