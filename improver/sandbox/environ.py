"""The environment inside: by allow-list, with nothing of the user's unless they name it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping

from improver.errors import UsageError
from improver.sandbox.cell import HOME
from improver.values import Skipped

_NAMED = 5
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
_SECRET = re.compile(r"TOKEN|SECRET|KEY|PASS|CRED|AUTH|SOCK|PRIVATE|COOKIE|SESSION", re.IGNORECASE)
_NEVER = re.compile(r"(GIT|LD|SSH|DBUS|XDG|GPG|PYTHON|BASH|IMPROVER)_?|ENV$|IFS$|SHELLOPTS$", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TELLING_NAME = re.compile(
    r"TOKEN(?!IZ)|SECRET|PASSW|PASSPHRASE|CREDENTIAL|_KEY|APIKEY|(^|_)PAT$|^AWS_(?!CA_BUNDLE$|REGION$|DEFAULT_|PAGER$)",
    re.IGNORECASE,
)
_TELLING_VALUE = re.compile(
    r"gh[oprsu]_\w{20}|github_pat_\w{20}|glpat-\w{10}|xox[abp]-\w|A[KS]IA[0-9A-Z]{16}|PRIVATE KEY-----"
    r"|[a-z][a-z0-9+.-]*://[^/@\s:]*:[^/@\s]+@"
)


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


def secrets_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the variables that hold what opens something, by their names or by how their values look."""
    telling = (name for name, value in environ.items() if value and _is_telling(name, value))
    return tuple(sorted(telling))


def _is_telling(name: str, value: str) -> bool:
    return bool(_TELLING_NAME.search(name) or _TELLING_VALUE.search(value))


def require_no_secrets(environ: Mapping[str, str]) -> None:
    """Refuse to take the walls away while a program that runs without them could read secrets of ours.

    Raises:
        UsageError: the environment holds some.
    """
    if found := secrets_in(environ):
        named = ", ".join(name if _NAME.fullmatch(name) else repr(name) for name in found[:_NAMED])
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        unset = " ".join(f"-u {shlex.quote(name)}" for name in found)
        raise UsageError(
            f"--allow-unsandboxed would put secrets in the reach of the project's code: {named}{more}.",
            left="Nothing of the project was run.",
            remedy=f"Unset them for this run (`env {unset} improver ...`), or say that they may be read, "
            "with --allow-unsandboxed-with-secrets as well.",
        )


def _objection(name: str) -> str:
    if not _NAME.fullmatch(name):
        return "it is not a name"
    if _SECRET.search(name):
        return "it looks like a secret"
    if _NEVER.match(name) or name in standard():
        return "it would change how programs are found or loaded"
    return ""
