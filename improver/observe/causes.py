"""Why tests that may hold on the developer's machine fail behind walls, and what would help."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from improver.facts import SetAside, TestResult
from improver.values import Outcome


@dataclass(frozen=True, slots=True)
class _Cause:
    words: str
    remedy: str
    pattern: re.Pattern[str]


def _cause(words: str, remedy: str, pattern: str) -> _Cause:
    return _Cause(words, remedy, re.compile(pattern, re.IGNORECASE))


_CAUSES = (
    _cause(
        "the network is out of reach",
        "There is no network in the sandbox; mark such tests in the project, so that they skip without one.",
        r"name resolution|name or service not known|getaddrinfo|network is unreachable|no route to host"
        r"|nodename nor servname|max retries exceeded|NewConnectionError|NameResolutionError"
        r"|URLError|ConnectTimeout|socket\.gaierror|ENETUNREACH",
    ),
    _cause(
        "a service refused the connection",
        "Services of the machine are out of reach in the sandbox; such tests can prove nothing here.",
        r"connection refused|ECONNREFUSED|ConnectionRefusedError|could not connect to server|Errno 111",
    ),
    _cause(
        "git is needed",
        "Add what the tests read of the repository to the tree, or mark them to skip where there is no .git.",
        r"not a git repository|InvalidGitRepositoryError|dubious ownership|NoSuchPathError"
        r"|\bgit\b.*(not found|No such file)|setuptools_scm|setuptools-scm",
    ),
    _cause(
        "memory ran out",
        "Raise `memory_mb` in your own config.toml.",
        r"\bMemoryError\b|cannot allocate memory|out of memory|ENOMEM",
    ),
    _cause(
        "too many processes",
        "Raise `processes` in your own config.toml.",
        r"can't start new thread|Resource temporarily unavailable|BlockingIOError.*fork",
    ),
    _cause(
        "the disk limit was reached",
        "Raise `disk_mb` in your own config.toml.",
        r"no space left on device|file too large|ENOSPC|disk quota exceeded",
    ),
    _cause(
        "a module is missing",
        "Install what the tests import into the project's environment.",
        r"ModuleNotFoundError|No module named|ImportError|DistributionNotFound|PackageNotFoundError"
        r"|RequirementParseError",
    ),
    _cause(
        "a plug-in of pytest is missing",
        "Install the project's test requirements into its environment.",
        r"^fixture '[^']*' not found|fixture \S+ not found|async def functions are not natively supported",
    ),
    _cause(
        "a program is missing",
        "The sandbox sees the system's programs and the environment's; install it there.",
        r"command not found|FileNotFoundError.*No such file or directory: '[^'/.]+'|executable .*not found",
    ),
    _cause(
        "a locale or time zone is missing",
        "Install the locale or the time zone data (pip install tzdata) where the tests run.",
        r"unsupported locale|locale\.Error|ZoneInfoNotFoundError|No time zone found|UnknownTimeZone|unknown locale",
    ),
    _cause(
        "a file is missing",
        "List what git ignores and the tests need under `carry` in [tool.improver].",
        r"FileNotFoundError|No such file or directory|ENOENT|TemplateNotFound|does not exist",
    ),
    _cause(
        "something may not be written or read",
        "The sandbox lets tests write to the tree and to the temporary folder alone.",
        r"PermissionError|Permission denied|Read-only file system|Operation not permitted|EACCES|EROFS|EPERM",
    ),
    _cause(
        "a time limit of the tests",
        "The machine may be busy; run again, or raise the test's own limit.",
        r"\bTimeout\b|TimeoutError|timed out|DeadlineExceeded|Timeout >",
    ),
)
_OTHER = _Cause("they fail", "See whether they pass outside of the sandbox.", re.compile(""))


def set_aside(results: Iterable[TestResult]) -> tuple[SetAside, ...]:
    """The tests that failed, grouped by the likely cause, the largest group first."""
    groups: dict[_Cause, list[str]] = {}
    for result in results:
        if result.outcome in (Outcome.FAILED, Outcome.ERROR):
            groups.setdefault(_likely(result.message), []).append(result.id)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0].words))
    return tuple(SetAside(cause.words, tuple(sorted(ids)), cause.remedy) for cause, ids in ordered)


def _likely(message: str) -> _Cause:
    return next((cause for cause in _CAUSES if cause.pattern.search(message)), _OTHER)
