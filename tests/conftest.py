"""Options that several test files share, and what must not be skipped where walls are required."""

from __future__ import annotations

import os
import re
from collections.abc import Generator

import pytest

_FOR_WANT_OF_WALLS = re.compile(r"no sandbox|bubblewrap|bwrap")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-cases", action="store_true", help="rewrite what the cases in tests/cases expect")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With IMPROVER_REQUIRE_SANDBOX a test that is skipped for want of walls fails, whoever skips it."""
    report = yield
    if report.skipped and os.environ.get("IMPROVER_REQUIRE_SANDBOX") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if _FOR_WANT_OF_WALLS.search(reason):
            report.outcome = "failed"
            report.longrepr = f"A sandbox is required here. {reason}"
    return report
