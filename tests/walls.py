"""Real walls for tests; where none stands, the test is skipped, or fails when walls are required."""

from __future__ import annotations

import os
from functools import cache

import pytest

from improver.ports import Limits
from improver.sandbox.bubblewrap import Bubblewrap
from improver.sandbox.cell import Backend, Refusal
from improver.sandbox.jail import Jail, prove


@cache
def proven() -> Backend | Refusal:
    """Bubblewrap, proved once for all tests."""
    return prove(Bubblewrap.find())


MINUTE = Limits(seconds=60.0)


def standing(limits: Limits = MINUTE) -> Jail:
    """A jail for one test."""
    backend = proven()
    if isinstance(backend, Refusal):
        reason = f"no sandbox: {backend.probe} {backend.words}"
        if os.environ.get("IMPROVER_REQUIRE_SANDBOX"):
            pytest.fail(reason)
        pytest.skip(reason)
    return Jail(backend, limits)
