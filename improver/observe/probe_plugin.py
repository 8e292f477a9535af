"""What improver sees of a test run from inside pytest: a plug-in of the target's own pytest. PYTEST_DONT_REWRITE.

It lies beside the probe, works on Python 3.8 and newer, and needs nothing but pytest.
"""

# Old interpreters:
# ruff: noqa: PTH110, PTH118, PTH123, UP031

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from improver.observe import probe
else:
    import improver_probe as probe

MESSAGE, SETTINGS, clean = probe.MESSAGE, probe.SETTINGS, probe.clean


class _Run:
    """What this pytest process is in the middle of."""

    worker = False
    pending: dict[str, list[Any]] = {}  # noqa: RUF012 - one process, one run
    fixtures: list[str] = []  # noqa: RUF012
    current = ""


def _write(record: Any) -> None:
    if not _Run.worker:
        probe.append("run", [record])


@pytest.hookimpl(hookwrapper=True)
def pytest_load_initial_conftests(early_config: Any) -> Any:
    """Put the tree's source roots first, and say when a conftest.py cannot be imported."""
    _roots_first()
    if hasattr(early_config.known_args_namespace, "cov_source"):
        early_config.known_args_namespace.cov_source = None
    outcome = yield
    error = outcome.excinfo
    if error:
        _write({"crash": _conftest_failure(error[1])})


def _roots_first() -> None:
    roots = SETTINGS["roots"]
    sys.path[:] = roots + [entry for entry in sys.path if entry not in roots]


def _conftest_failure(error: Any) -> str:
    cause = getattr(error, "cause", None) or (getattr(error, "excinfo", None) or [None, error])[1]
    path: Any = getattr(error, "path", None)
    what = _relative(str(path)) if path else "A conftest.py or plug-in"
    return "%s could not be imported: %s" % (what, clean("%s: %s" % (type(cause).__name__, cause))[:MESSAGE])


def _relative(path: str) -> str:
    return clean(os.path.relpath(path, SETTINGS["at"]))


OVERRIDES = {
    "maxfail": 0,
    "stepwise": False,
    "lf": False,
    "failedfirst": False,
    "newfirst": False,
    "usepdb": False,
    "trace": False,
    "collectonly": False,
    "setuponly": False,
    "setupplan": False,
    "looponfail": False,
    "xmlpath": None,
    "basetemp": None,
    "continue_on_collection_errors": True,
    "tbstyle": "line",  # the traces of a thousand failures, which nobody reads, take longer than a thousand tests
    "cov_source": None,
    "cov_fail_under": None,
    "benchmark_disable": True,
    "benchmark_enable": False,
    "benchmark_only": False,
    "benchmark_skip": False,
    "randomly_seed": SETTINGS["seed"],
    "random_order_seed": str(SETTINGS["seed"]),
    "hypothesis_seed": str(SETTINGS["seed"]),
}


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: Any) -> None:
    """Take back those of the project's options that would falsify the run."""
    for name, value in OVERRIDES.items():
        if hasattr(config.option, name):
            setattr(config.option, name, value)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: Any) -> None:
    """Find out whether this is a worker of xdist, which reports through its controller."""
    _Run.worker = hasattr(config, "workerinput")
    if _Run.worker:
        os.environ["PYTHONPATH"] = SETTINGS["pythonpath"]
        _roots_first()


@pytest.hookimpl(tryfirst=True)
def pytest_make_collect_report(collector: Any) -> Any:
    """Pass over files that hold none of the selected tests, without importing them."""
    chosen = _selected()
    if chosen is None or not isinstance(collector, pytest.File) or isinstance(collector, pytest.Package):
        return None
    if clean(collector.nodeid).partition("::")[0] in chosen[1]:
        return None
    return pytest.CollectReport(collector.nodeid, "passed", None, [])


def _selected() -> Any:
    if "select" not in SETTINGS:
        path = os.path.join(probe.HERE, "select.json")
        ids = None
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                ids = json.load(file)
        SETTINGS["select"] = None if ids is None else (set(ids), {id.partition("::")[0] for id in ids})
    return SETTINGS["select"]


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_collection_modifyitems(session: Any, config: Any, items: list[Any]) -> Iterator[None]:
    """Keep the selected tests, and add two whose result is known."""
    yield
    chosen = _selected()
    if chosen is not None:
        dropped = [item for item in items if clean(item.nodeid) not in chosen[0]]
        items[:] = [item for item in items if clean(item.nodeid) in chosen[0]]
        config.hook.pytest_deselected(items=dropped)
    items.extend(_canaries(session))


def _canaries(session: Any) -> Iterator[Any]:
    class Canary(pytest.Item):
        """A test whose result is known. It looks like a function to hooks that expect one."""

        fixturenames = ()
        funcargs: dict[str, Any] = {}  # noqa: RUF012
        cls = instance = originalname = None

        @property
        def module(self) -> Any:
            return sys.modules[__name__]

        @property
        def function(self) -> Any:
            return _canaries

        obj = _obj = function

        def runtest(self) -> None:
            if self.name == SETTINGS["canaries"]["fails"]:
                raise AssertionError("a test of improver's own, which must fail")

        def repr_failure(self, excinfo: Any, style: Any = None) -> str:
            return str(excinfo.value)

    for name in SETTINGS["canaries"]["order"]:
        yield Canary.from_parent(session, name=name, nodeid="improver::" + name)


def pytest_collection_finish(session: Any) -> None:
    """Write which tests there are; under xdist the next hook does."""
    _write({"collected": [clean(item.nodeid) for item in session.items]})


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
    """Write which tests a worker of xdist found."""
    _write({"collected": [clean(id) for id in ids]})


def pytest_collectreport(report: Any) -> None:
    """Write what could not be collected."""
    if report.failed:
        _write({"broken": clean(report.nodeid), "message": _message(report)})


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: Any) -> Iterator[None]:
    """Switch the context of coverage, once for each test."""
    _Run.current = item.nodeid
    probe.tracing.switch(item.nodeid)
    yield


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Iterator[None]:
    """Lines run by a fixture that many tests share belong to all of them."""
    if probe.tracing.coverage is None or fixturedef.scope == "function":
        yield
        return
    scope = getattr(getattr(request, "node", None), "nodeid", "")
    _Run.fixtures.append("\t" + scope)
    probe.tracing.switch(_Run.fixtures[-1])
    yield
    _Run.fixtures.pop()
    probe.tracing.switch(_Run.fixtures[-1] if _Run.fixtures else _Run.current)


def pytest_runtest_logreport(report: Any) -> None:
    """Join the phases of a test into one line, the worst of them deciding."""
    id = clean(report.nodeid)
    if report.when == "setup":
        _Run.pending[id] = ["passed", 0.0, ""]
    state = _Run.pending.setdefault(id, ["passed", 0.0, ""])
    outcome = _outcome(report)
    if _WORST.index(outcome) > _WORST.index(state[0]):
        state[0], state[2] = outcome, _message(report) if report.failed else ""
    state[1] += getattr(report, "duration", 0.0)
    if report.when not in ("setup", "call"):
        del _Run.pending[id]
        if state[0] != "rerun":
            _write({"id": id, "outcome": state[0], "seconds": round(state[1], 6), "message": state[2]})


_WORST = ("passed", "xfailed", "skipped", "xpassed", "error", "failed", "rerun")


def _outcome(report: Any) -> str:
    if report.outcome == "rerun":
        return "rerun"
    if report.failed:
        return "failed" if report.when == "call" else "error"
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed" if report.when == "call" else "passed"
    return "skipped" if report.skipped else "passed"


def _message(report: Any) -> str:
    """The line of a failure that says most: the exception's own, else the last that pytest marks as such."""
    crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    if crash is not None:
        return (clean(crash.message).strip().splitlines() or [""])[0][:MESSAGE]
    text = clean(getattr(report, "longreprtext", "") or report.longrepr or "").strip()
    lines = [line for line in text.splitlines() if line.strip()] or [""]
    marked = [line[1:] for line in lines if line.startswith("E  ")]
    return (marked or lines)[-1].strip()[:MESSAGE]


def pytest_internalerror(excinfo: Any) -> None:
    """Write why pytest itself gave up."""
    _write({"crash": clean("%s: %s" % (excinfo.type.__name__, excinfo.value))[:MESSAGE]})


def pytest_keyboard_interrupt(excinfo: Any) -> None:
    """Write that something asked pytest to stop."""
    _write({"crash": clean("pytest was asked to stop: %s" % excinfo.value)[:MESSAGE]})


@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_sessionfinish(session: Any) -> Iterator[None]:
    """Write that the run came to its end, and with which status."""
    yield
    probe.depart()
    _write({"finished": int(session.exitstatus)})
