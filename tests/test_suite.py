"""The runs of a target's tests: what is reported, what is believed, what is overridden."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sample_target import installed_tools, sample

from improver.facts import Coverage, Fault, Instrument, Suite
from improver.observe.suite import plugin_of
from improver.values import Missing, Outcome, TestCommand

ADD = "def add(one, other):\n    return one + other\n"
TEST_ADD = "from calc import add\n\ndef test_add():\n    assert add(1, 2) == 3\n"


def outcomes(suite: Suite) -> dict[str, str]:
    return {id.rpartition("::")[2]: result.outcome.value for id, result in suite.results.items()}


def test_every_kind_of_outcome_is_told_apart(tmp_path: Path) -> None:
    """A failure around a test is an error, and an expected failure holds."""
    text = """
import unittest, pytest

@pytest.fixture
def broken():
    raise OSError("no database")

@pytest.fixture
def untidy():
    yield
    raise OSError("cannot clean up")

def test_passes(): pass
def test_fails(): assert 1 == 2, "one is\\nnot two"
def test_errs(broken): pass
def test_lacks(nothing_such): pass
def test_untidy(untidy): pass
def test_exits(): raise SystemExit(3)
@pytest.mark.skip(reason="later")
def test_skips(): pass
@pytest.mark.xfail
def test_xfails(): assert False
@pytest.mark.xfail
def test_xpasses(): pass
@pytest.mark.xfail(strict=True)
def test_strict(): pass

class TestOld(unittest.TestCase):
    @unittest.expectedFailure
    def test_expected(self): self.fail()
    def test_subtests(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 1)
"""
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": text})
    suite = it.suites(it.trial)
    assert suite.problem == ""
    assert suite.fault is None
    assert outcomes(suite) == {
        "test_passes": "passed",
        "test_fails": "failed",
        "test_errs": "error",
        "test_lacks": "error",
        "test_untidy": "error",
        "test_exits": "failed",
        "test_skips": "skipped",
        "test_xfails": "xfailed",
        "test_xpasses": "xpassed",
        "test_strict": "failed",
        "test_expected": "xfailed",
        "test_subtests": "failed",
    }
    assert "one is" in suite.results["test_calc.py::test_fails"].message
    assert suite.results["test_calc.py::test_errs"].message == "OSError: no database"
    assert suite.results["test_calc.py::test_lacks"].message == "fixture 'nothing_such' not found"
    assert suite.held == {
        "test_calc.py::test_passes",
        "test_calc.py::test_xfails",
        "test_calc.py::TestOld::test_expected",
    }


def test_strange_ids_come_back_and_can_be_selected(tmp_path: Path) -> None:
    """An id is selected exactly, however it is written, and files without a selected test are not imported."""
    words = "['é☃', 'a::b', 'tab\\t[]', 'x' * 3000, '', '\\ud800']"
    text = f"import pytest\n@pytest.mark.parametrize('x', {words})\ndef test_it(x): pass\n"
    it = sample(
        tmp_path, {"calc.py": ADD, "test_ids.py": text, "sub/test_other.py": "raise RuntimeError('imported')\n"}
    )
    chosen = [id for id in it.suites(it.trial).results if "test_it" in id]
    assert len(chosen) == 6
    for part in (chosen[:3], chosen[3:]):
        suite = it.suites(it.trial, part)
        assert suite.problem == ""
        assert sorted(suite.results) == sorted(part)


CRASHES = [
    pytest.param(
        {"conftest.py": "import no_such_module\n"},
        "conftest.py could not be imported: ModuleNotFoundError",
        id="conftest does not import",
    ),
    pytest.param({"conftest.py": "raise SystemExit(0)\n"}, "could not be imported: SystemExit: 0", id="conftest exits"),
    pytest.param(
        {"test_x.py": "import os\ndef test_a(): os._exit(0)\n"},
        "at test_calc.py::test_add",
        id="a test ends the process with status 0",
    ),
    pytest.param(
        {"test_x.py": "import os, signal\ndef test_a(): os.kill(os.getpid(), signal.SIGKILL)\n"},
        "signal 9",
        id="a test kills the process",
    ),
    pytest.param(
        {"test_x.py": "import os\nos._exit(1)\n"}, "status 1", id="the process ends while tests are collected"
    ),
    pytest.param(
        {"test_x.py": "import pytest\ndef test_a(): pytest.exit('enough')\n"},
        "asked to stop",
        id="a test stops the session",
    ),
    pytest.param(
        {"conftest.py": "def pytest_collection_finish(session): raise ValueError('plug-in')\n"},
        "ValueError: plug-in",
        id="a hook fails",
    ),
    pytest.param({"pytest.ini": "[pytest]\naddopts = --no-such-option\n"}, "no-such-option", id="an unknown option"),
]


@pytest.mark.parametrize(("files", "words"), CRASHES)
def test_a_run_that_breaks_off_is_not_believed(tmp_path: Path, files: dict[str, str], words: str) -> None:
    """A crash prints no line of failure; it is told by what is missing, in words."""
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": TEST_ADD, **files})
    suite = it.suites(it.trial)
    if "test_calc.py" in words:
        assert "before pytest was through" in suite.problem
    else:
        assert words in suite.problem
    assert suite.fault is Fault.CRASHED


FORGERIES = [
    pytest.param(
        "import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item):\n"
        "    outcome = yield\n    outcome.get_result().outcome = 'passed'\n",
        id="every report says passed",
    ),
    pytest.param(
        "import pytest\n@pytest.hookimpl(tryfirst=True, hookwrapper=True)\n"
        "def pytest_collection_modifyitems(items):\n    yield\n    del items[1:]\n",
        id="tests are dropped late",
    ),
    pytest.param("def pytest_sessionfinish(session): session.exitstatus = 0\n", id="the status is painted over"),
    pytest.param(
        "import json, pathlib, improver_probe\n"
        "improver_probe.append('run', [{'id': 'test_calc.py::test_add', 'outcome': 'splendid'}])\n",
        id="lines the probe does not write",
    ),
    pytest.param(
        "import improver_probe\nimprover_probe.append('run', [{'finished': 1}])\n", id="a second end of the session"
    ),
]


@pytest.mark.parametrize("conftest", FORGERIES)
def test_a_forged_report_is_not_believed(tmp_path: Path, conftest: str) -> None:
    """The two tests of our own must be there, one passing and one failing, and the status must say so."""
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": TEST_ADD, "conftest.py": conftest})
    suite = it.suites(it.trial)
    assert suite.problem
    assert suite.fault in (Fault.FORGED, Fault.CRASHED)


def test_a_forger_who_leaves_with_status_one_is_caught(tmp_path: Path) -> None:
    """Ending with the expected status is not enough: the session has to end, too."""
    it = sample(
        tmp_path, {"calc.py": ADD, "test_calc.py": TEST_ADD, "test_zero.py": "import os\ndef test_a(): os._exit(1)\n"}
    )
    assert it.suites(it.trial).fault is Fault.CRASHED


def test_the_time_limit_is_said(tmp_path: Path) -> None:
    """A run that a limit ended says which, and at which test."""
    text = "import threading\ndef test_first(): pass\ndef test_waits(): threading.Event().wait()\n"
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": text}, seconds=2.0)
    suite = it.suites(it.trial)
    assert suite.fault is Fault.STOPPED
    assert "time limit ended the run after 1 of 4 tests, at test_calc.py::test_waits" in suite.problem


def test_what_a_test_closes_or_leaves_does_not_stop_the_report(tmp_path: Path) -> None:
    """Descriptors, the working folder and the search path belong to the tests."""
    text = """
import os, sys
def test_descriptors(): os.closerange(3, 200)
def test_folder(tmp_path): os.chdir(tmp_path); os.rmdir(tmp_path)
def test_path(): sys.path.clear()
def test_environ(): os.environ.clear()
def test_modules(): sys.modules.pop("json"); sys.modules.pop("improver_probe")
"""
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": text}, tests=TestCommand("pytest", argv=("-s",)))
    suite = it.suites(it.trial)
    assert suite.problem == ""
    assert len(suite.held) == 5


@pytest.mark.skipif("pytest-xdist" not in installed_tools(), reason="needs pytest-xdist")
def test_a_worker_that_dies_fails_its_test_alone(tmp_path: Path) -> None:
    """The controller reports the test that killed its worker, and the others go on."""
    text = "import os\ndef test_dies(): os._exit(0)\n" + "".join(f"def test_{i}(): pass\n" for i in range(5))
    it = sample(
        tmp_path, {"calc.py": ADD, "test_calc.py": text}, tests=TestCommand("pytest", argv=("-n", "1")), plugins=True
    )
    suite = it.suites(it.trial)
    assert suite.problem == ""
    assert len(suite.held) == 5
    assert "crashed" in suite.results["test_calc.py::test_dies"].message


def test_a_file_that_cannot_be_collected_does_not_silence_the_rest(tmp_path: Path) -> None:
    """It is an error under its own name; the other tests still prove something."""
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": TEST_ADD, "test_z.py": "import no_such_module\n"})
    suite = it.suites(it.trial)
    assert suite.problem == ""
    assert suite.results["test_z.py"].outcome is Outcome.ERROR
    assert "no_such_module" in suite.results["test_z.py"].message
    assert suite.held == {"test_calc.py::test_add"}


ADDOPTS = "-x --cov --cov-fail-under=90 -n 2 --lf --sw --maxfail=1 --junitxml=out.xml --basetemp=base"


@pytest.mark.skipif("pytest-xdist" not in installed_tools(), reason="needs pytest-xdist")
def test_options_that_would_falsify_the_run_are_taken_back(tmp_path: Path) -> None:
    """Stopping early, thresholds, second tracers and remembered failures have no say; workers have."""
    text = "import os, pytest, calc\n" + "".join(f"def test_{i}(): assert {i} % 2\n" for i in range(6))
    text += "def test_worker(): assert os.environ['PYTEST_XDIST_WORKER']\n"
    text += "def test_base(tmp_path): assert '/base/' not in str(tmp_path)\n"
    ini = f"[pytest]\naddopts = {ADDOPTS}\nfilterwarnings = error\n"
    it = sample(
        tmp_path,
        {"calc.py": ADD, "test_calc.py": text, "pytest.ini": ini},
        tests=TestCommand("pytest", addopts=tuple(ADDOPTS.split())),
        plugins=True,
    )
    suite = it.suites(it.trial)
    assert suite.problem == ""
    assert Counter(outcomes(suite).values()) == {"passed": 5, "failed": 3}
    assert not (it.trial.at / "out.xml").exists()
    assert set(suite.origins) == {"calc"}


def test_a_missing_plug_in_is_named(tmp_path: Path) -> None:
    """Neither environment nor shelf has it: the run says what is missing and what would help."""

    def shelf(tool: str) -> Missing:
        return Missing(tool, "neither the environment nor the shelf has it", f"Install {tool}.")

    words = ("-p", "no:xdist", "-n", "2")
    ini = f"[pytest]\naddopts = {' '.join(words)}\n"
    tools = {"pytest": "8"}
    it = sample(
        tmp_path,
        {"calc.py": ADD, "test_calc.py": TEST_ADD, "pytest.ini": ini},
        tests=TestCommand("pytest", addopts=words),
        tools=tools,
        shelf=shelf,
    )
    suite = it.suites(it.trial)
    assert suite.fault is Fault.UNPREPARED
    assert "pytest-xdist" in suite.problem
    assert "Install pytest-xdist." in suite.problem


@pytest.mark.parametrize(
    ("word", "plugin"),
    [
        ("--cov", "pytest-cov"), ("--cov=src", "pytest-cov"), ("--no-cov-on-fail", "pytest-cov"),
        ("-n", "pytest-xdist"),
        ("-nauto", "pytest-xdist"), ("--dist=loadfile", "pytest-xdist"), ("--benchmark-skip", "pytest-benchmark"),
        ("-x", ""), ("--maxfail=1", ""), ("tests/-n", ""), ("--no-header", ""),
    ],
)  # fmt: skip
def test_a_word_asks_for_its_plug_in(word: str, plugin: str) -> None:
    """Only words that a plug-in defines bring it in."""
    assert plugin_of(word) == plugin


def test_unittest_projects_run_through_pytest(tmp_path: Path) -> None:
    """Files are found by unittest's pattern, and only its cases are tests."""
    text = """
import unittest
class Sums(unittest.TestCase):
    def test_one(self): pass
def test_helper(x): return x
class TestPlain:
    def test_no(self): pass
"""
    it = sample(
        tmp_path, {"calc.py": ADD, "tests/__init__.py": "", "tests/testsums.py": text}, tests=TestCommand("unittest")
    )
    assert it.suites(it.trial).results.keys() == {"tests/testsums.py::Sums::test_one"}


@pytest.mark.parametrize(
    ("code", "outcome"), [("import calc", Outcome.PASSED), ("raise SystemExit(2)", Outcome.FAILED)]
)
def test_a_foreign_command_is_one_test(tmp_path: Path, code: str, outcome: Outcome) -> None:
    """Its status is all it says; where its modules came from is still seen."""
    it = sample(tmp_path, {"calc.py": ADD})
    command = TestCommand("opaque", argv=(str(it.trial.python), "-c", code))
    it = sample(tmp_path, {"calc.py": ADD}, tests=command)
    suite = it.suites(it.trial)
    assert suite.results["command"].outcome is outcome
    assert suite.problem == ""
    assert set(suite.origins) == ({"calc"} if outcome is Outcome.PASSED else set())


def test_nothing_is_run_without_an_environment_or_tests(tmp_path: Path) -> None:
    """What is missing is said instead."""
    it = sample(tmp_path, {"calc.py": ADD}, tests=Missing("tests", "no file holds a test"))
    assert it.suites(it.trial).problem == "There are no tests to run: no file holds a test."


def test_hashes_have_the_same_start_in_every_run(tmp_path: Path) -> None:
    """Two runs of a test that depends on hashes agree."""
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": "def test_hash(): assert hash('word') == 0\n"})
    first, second = (it.suites(it.trial).results["test_calc.py::test_hash"].message for _ in range(2))
    assert first == second != ""


def test_the_results_folder_is_read_as_written_by_the_tests(tmp_path: Path) -> None:
    """Links, devices, deep nesting and garbage in it end in a problem, never in an error of ours."""
    text = """
import os, improver_probe as probe
def test_plant():
    base = os.path.join(probe.SETTINGS["results"], probe.SETTINGS["token"])
    os.symlink("/etc/passwd", base + ".1.run")
    os.mkfifo(base + ".2.run")
    os.mkdir(base + ".3.origins")
    with open(base + ".4.run", "wb") as file:
        file.write(b"[" * 100000 + b"\\n\\xff\\n{}\\n" + b'{"id": 1}\\n')
"""
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": text})
    suite = it.suites(it.trial)
    assert suite.fault is Fault.FORGED
    assert "did not write" in suite.problem


def test_coverage_says_which_test_ran_which_line(tmp_path: Path) -> None:
    """Import's lines stand under no test, a shared fixture's under all in its scope, a child's under its test."""
    code = """
def one():
    return 1

def two():
    return 2

def shared():
    return 3

def child():
    return 4
"""
    text = """
import subprocess, sys
import pytest
from calc import one, two, shared

@pytest.fixture(scope="module")
def ready():
    return shared()

def test_one(ready): one()
def test_two(ready): two()
def test_child():
    subprocess.run([sys.executable, "-c", "import calc; calc.child()"], check=True)
"""
    it = sample(tmp_path, {"calc.py": code, "test_calc.py": text})
    suite = it.suites(it.trial, instrument=Instrument.COVERAGE)
    assert suite.problem == ""
    assert isinstance(suite.coverage, Coverage)
    assert suite.coverage.lines == {"calc.py": frozenset({2, 3, 5, 6, 8, 9, 11, 12})}
    by_test = {id.rpartition("::")[2]: files["calc.py"] for id, files in suite.coverage.by_test.items()}
    assert by_test == {
        "": {2, 5, 8, 11},
        "test_one": {3, 9},
        "test_two": {6, 9},
        "test_child": {2, 5, 8, 9, 11, 12},
    }


@pytest.mark.skipif("pytest-xdist" not in installed_tools(), reason="needs pytest-xdist")
def test_coverage_is_gathered_from_workers_and_forks(tmp_path: Path) -> None:
    """Every process of the run measures, also one that ends as multiprocessing ends them."""
    code = "def one():\n    return 1\n\ndef two():\n    return 2\n"
    text = """
import multiprocessing, calc
def test_one(): calc.one()
def test_two():
    process = multiprocessing.get_context("fork").Process(target=calc.two)
    process.start(); process.join()
"""
    it = sample(
        tmp_path, {"calc.py": code, "test_calc.py": text}, tests=TestCommand("pytest", argv=("-n", "1")), plugins=True
    )
    suite = it.suites(it.trial, instrument=Instrument.COVERAGE)
    assert suite.problem == ""
    assert isinstance(suite.coverage, Coverage)
    assert suite.coverage.lines["calc.py"] == {1, 2, 4, 5}


def test_our_files_are_gone_after_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a run is left behind, whatever rights the tests took away."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": TEST_ADD})
    assert it.suites(it.trial).problem == ""
    assert list((tmp_path / "temporary").iterdir()) == []
