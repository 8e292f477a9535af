"""The environment inside: by allow-list, with nothing of the user's unless they name it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from improver.sandbox.cell import HOME
from improver.values import Skipped

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
_SECRET = re.compile(r"TOKEN|SECRET|KEY|PASS|CRED|AUTH|SOCK|PRIVATE|COOKIE|SESSION", re.IGNORECASE)
_NEVER = re.compile(r"(GIT|LD|SSH|DBUS|XDG|GPG|PYTHON|BASH|IMPROVER)_?|ENV$|IFS$|SHELLOPTS$", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def standard() -> dict[str, str]:
    """What every program inside sees, the same on every machine."""
    return {
        "PATH": SYSTEM_PATH,
        "HOME": str(HOME),
        "TMPDIR": "/tmp",  # noqa: S108 - a file system of the sandbox's own
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "CI": "true",
    }


def allowed(names: Iterable[str], environ: Mapping[str, str]) -> tuple[dict[str, str], tuple[Skipped, ...]]:
    """The variables that the user names, and those of them that are held back, with the reason."""
    passed: dict[str, str] = {}
    held_back: list[Skipped] = []
    for name in names:
        reason = _objection(name)
        if reason:
            held_back.append(Skipped(f"environment variable {name!r}", reason))
        elif name in environ:
            passed[name] = environ[name]
    return passed, tuple(held_back)


def _objection(name: str) -> str:
    if not _NAME.fullmatch(name):
        return "it is not a name"
    if _SECRET.search(name):
        return "it looks like a secret"
    if _NEVER.match(name) or name in standard():
        return "it would change how programs are found or loaded"
    return ""
