"""What two runs of the base teach: what decides, what is flaky, what proves nothing, whose code ran."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_target import Sample, lay_out, sample
from walls import standing

from improver.facts import Coverage, Fault, Instrument, Suite, TestResult
from improver.observe.base import observe_base
from improver.observe.causes import set_aside
from improver.observe.coverage import ByTest, read_coverage, unpacked
from improver.observe.origins import module_names, wrong_origin
from improver.observe.report import read_report
from improver.observe.suite import Suites
from improver.ports import Trial
from improver.sandbox.trial import SandboxTrial
from improver.values import Environment, Missing, Outcome, Source, Target, TestCommand

ADD = "def add(one, other):\n    return one + other\n"
TEST_ADD = "from calc import add\n\ndef test_add():\n    assert add(1, 2) == 3\n"


def test_a_healthy_base_decides_with_all_its_tests(tmp_path: Path) -> None:
    """Two runs, the second under coverage, and nothing to say."""
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": TEST_ADD})
    said: list[str] = []
    facts = observe_base(it.trial, it.suites, said.append)
    assert facts.deciding == {"test_calc.py::test_add"}
    assert (facts.flaky, facts.set_aside, facts.notes) == (frozenset(), (), ())
    assert isinstance(facts.coverage, Coverage)
    assert facts.coverage.by_test["test_calc.py::test_add"] == {"calc.py": {2}}
    assert len(said) == 2


def test_tests_that_differ_are_judged_by_a_third_plain_run(tmp_path: Path) -> None:
    """What changes between plain runs is flaky; what changes under coverage alone is coverage's fault."""
    text = """
import os, sys
TRACED = "coverage" in sys.modules
COUNT = os.environ["COUNTER"]

def test_add():
    import calc
    assert calc.add(1, 2) == 3
def test_only_plain(): assert not TRACED
def test_only_traced(): assert TRACED
def test_now_and_then():
    with open(COUNT, "a") as file: file.write("x")
    assert os.path.getsize(COUNT) < 2
"""
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": text})
    it.trial.environ["COUNTER"] = str(tmp_path / "count")  # type: ignore[index]
    seen: list[Sequence[str]] = []

    def suites(trial: Trial, select: Sequence[str] = (), *, instrument: Instrument = Instrument.PLAIN) -> Suite:
        seen.append(select)
        return it.suites(trial, select, instrument=instrument)

    facts = observe_base(it.trial, suites)
    assert [len(select) for select in seen] == [0, 0, 3]
    assert facts.flaky == {"test_calc.py::test_now_and_then"}
    assert {group.tests for group in facts.set_aside} == {("test_calc.py::test_only_traced",)}
    assert "test_calc.py::test_only_plain" in facts.deciding
    assert "differently under coverage alone" in facts.notes[0]


def test_a_base_that_cannot_be_run_says_why(tmp_path: Path) -> None:
    """Nothing decides then, and the reason is the run's own."""
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": TEST_ADD, "conftest.py": "import no_such_module\n"})
    facts = observe_base(it.trial, it.suites)
    assert isinstance(facts.plain, Missing)
    assert "No module named 'no_such_module'" in facts.plain.reason
    assert facts.deciding == frozenset()


def test_without_coverage_a_second_plain_run_shows_the_flakes(tmp_path: Path) -> None:
    """Coverage that is not to be had is said and costs nothing but itself."""
    text = TEST_ADD + "\ndef test_none(): assert 'coverage' not in __import__('sys').modules\n"
    broken = {"coverage.py": "raise ImportError('broken')\n"}
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": text, **broken})
    facts = observe_base(it.trial, it.suites)
    assert isinstance(facts.coverage, Missing)
    assert "broken" in facts.coverage.reason
    assert len(facts.deciding) == 2


def test_where_a_limit_leaves_one_whole_run_that_run_decides(tmp_path: Path) -> None:
    """Calling every test flaky would say what nobody saw."""
    it = sample(tmp_path, {"calc.py": ADD, "test_calc.py": TEST_ADD})
    runs: list[Suite] = []

    def suites(trial: Trial, select: Sequence[str] = (), *, instrument: Instrument = Instrument.PLAIN) -> Suite:
        cut = Suite({}, problem="The time limit ended the run.", fault=Fault.STOPPED)
        runs.append(cut if runs else it.suites(trial, select, instrument=instrument))
        return runs[-1]

    facts = observe_base(it.trial, suites)
    assert facts.deciding == {"test_calc.py::test_add"}
    assert "Which tests are flaky is not known" in facts.notes[0]


CAUSES = [
    ("socket.gaierror: [Errno -3] Temporary failure in name resolution", "the network is out of reach"),
    ("requests.exceptions.ConnectionError: Max retries exceeded with url", "the network is out of reach"),
    ("ConnectionRefusedError: [Errno 111] Connection refused", "a service refused the connection"),
    ("ModuleNotFoundError: No module named 'numpy'", "a module is missing"),
    ("FileNotFoundError: [Errno 2] No such file or directory: '/data/x.csv'", "a file is missing"),
    ("FileNotFoundError: [Errno 2] No such file or directory: 'node'", "a program is missing"),
    ("PermissionError: [Errno 13] Permission denied: '/etc/x'", "something may not be written or read"),
    ("OSError: [Errno 30] Read-only file system: '/usr/x'", "something may not be written or read"),
    ("MemoryError", "memory ran out"),
    ("RuntimeError: can't start new thread", "too many processes"),
    ("OSError: [Errno 28] No space left on device", "the disk limit was reached"),
    ("fatal: not a git repository (or any of the parent directories): .git", "git is needed"),
    ("locale.Error: unsupported locale setting", "a locale or time zone is missing"),
    ("fixture 'benchmark' not found", "a plug-in of pytest is missing"),
    ("Failed: Timeout >1.0s", "a time limit of the tests"),
    ("assert 1 == 2", "they fail"),
    ("", "they fail"),
]


@pytest.mark.parametrize(("message", "cause"), CAUSES, ids=[message[:30] or "nothing" for message, _ in CAUSES])
def test_failures_are_grouped_by_their_likely_cause(message: str, cause: str) -> None:
    """Each cause comes with what would help."""
    (group,) = set_aside([TestResult("t", Outcome.ERROR, 0.0, message)])
    assert group.cause == cause
    assert group.remedy


def test_only_failures_are_set_aside() -> None:
    """Skipped and expected failures are not; the largest group comes first."""
    results = [TestResult(f"t{n}", outcome, 0.0, "") for n, outcome in enumerate(Outcome)]
    results += [TestResult("m", Outcome.FAILED, 0.0, "MemoryError")]
    groups = set_aside(results)
    assert [len(group.tests) for group in groups] == [2, 1]


# Whose code ran.


def _environment(tmp_path: Path) -> Path:
    """A real virtual environment without anything in it."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    return tmp_path / "venv" / "bin" / "python"


def _site_packages(python: Path) -> Path:
    return next((python.parent.parent / "lib").glob("python*")) / "site-packages"


def _shelf(tool: str) -> Path:
    """Our own tools, last on the path, as a shelf would give them."""
    return Path(sysconfig.get_path("purelib"))


def _installed(tmp_path: Path, how: str, test: str) -> Sample:
    python = _environment(tmp_path)
    old = {"shop/__init__.py": "NAME = 'installed'\n", "shop/till.py": "PRICE = 1\n"}
    new = {"src/shop/__init__.py": "NAME = 'tree'\n", "src/shop/till.py": "PRICE = 2\n", "tests/test_shop.py": test}
    it = sample(tmp_path, new, roots=("src",), python=python, tools={"other": "1"}, shelf=_shelf)
    if how == "copied":
        lay_out(_site_packages(python), old)
    else:
        lay_out(tmp_path / "original" / "src", old)
        (_site_packages(python) / "shop.pth").write_text(f"{tmp_path / 'original' / 'src'}\n")
    return it


IN_CHILD = """
import subprocess, sys
def test_child():
    code = "import shop; assert shop.NAME == 'tree'; assert __import__('shop.till').till.PRICE == 2"
    subprocess.run([sys.executable, "-c", code], check=True)
"""


@pytest.mark.parametrize("how", ["copied", "editable"])
def test_an_installed_copy_is_shadowed_by_the_tree(tmp_path: Path, how: str) -> None:
    """The tests, and the Python processes they start, import the tree's code."""
    test = "import shop\ndef test_own(): assert shop.NAME == 'tree'\n" + IN_CHILD
    it = _installed(tmp_path, how, test)
    suite = it.suites(it.trial)
    assert suite.problem == ""
    assert len(suite.held) == 2
    assert suite.origins["shop.till"] == str(it.trial.at / "src/shop/till.py")


ELSEWHERE = {
    "in the test process": "import sys\nsys.path.insert(0, {site!r})\nimport shop\ndef test_own(): pass\n",
    "in a child": "import os, subprocess, sys\ndef test_own():\n    subprocess.run([sys.executable, '-c', "
    "'import sys; sys.path.insert(0, \"{site}\"); import shop'], check=True)\n",
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_a_copy_from_elsewhere_is_named_with_the_remedy(tmp_path: Path, where: str) -> None:
    """Tests of another copy say nothing of the tree, so the run is not believed."""
    it = _installed(tmp_path, "copied", "")
    site = str(_site_packages(it.trial.python))
    (it.trial.files / "tests" / "test_shop.py").write_text(ELSEWHERE[where].format(site=site))
    suite = it.suites(it.trial)
    assert suite.fault is Fault.ELSEWHERE
    assert f"imported shop from {site}" in suite.problem
    assert "pip install -e" in suite.problem


def test_the_environments_own_start_is_kept(tmp_path: Path) -> None:
    """The sitecustomize that would run without us runs although ours stands before it: some systems bring their own."""
    stdlib = Path(os.__file__).parent / "sitecustomize.py"
    if stdlib.exists():
        pytest.skip("this Python's library has a sitecustomize of its own, which hides that of every environment")
    it = _installed(tmp_path, "copied", "import sys\ndef test_own(): assert sys.started_by == 'environment'\n")
    lay_out(_site_packages(it.trial.python), {"sitecustomize.py": "import sys\nsys.started_by = 'environment'\n"})
    assert len(it.suites(it.trial).held) == 1


def test_what_the_environment_has_wins_over_the_shelf(tmp_path: Path) -> None:
    """The shelf stands last on the path, in children too."""
    test = """
import subprocess, sys
def test_own():
    import pluggy
    assert pluggy.MINE
    subprocess.run([sys.executable, "-c", "import pytest, pluggy; assert pluggy.MINE"], check=True)
"""
    it = _installed(tmp_path, "copied", test)
    own = Path(sysconfig.get_path("purelib")) / "pluggy"
    shutil.copytree(own, _site_packages(it.trial.python) / "pluggy")
    with (_site_packages(it.trial.python) / "pluggy" / "__init__.py").open("a") as file:
        file.write("\nMINE = True\n")
    suite = it.suites(it.trial)
    assert suite.problem == ""
    assert len(suite.held) == 1


def test_modules_are_named_by_the_deepest_root() -> None:
    """Files outside of every root, and names that no import could say, have none."""
    paths = ("src/shop/__init__.py", "src/shop/till.py", "setup.py", "src/bad-name.py", "shop.py", "tools/x.py")
    target = Target(Path("/x"), "", "", tuple(Source(path, b"") for path in paths), ("src", "tools"))
    assert module_names(target) == {"shop": "src/shop/__init__.py", "shop.till": "src/shop/till.py", "x": "tools/x.py"}


def test_modules_that_are_not_the_targets_may_come_from_anywhere() -> None:
    """A namesake of a folder of the project is no copy of it."""
    target = Target(Path("/x"), "", "", (Source("test/one.py", b""),), ("",))
    assert (
        wrong_origin(Suite({}, origins={"test": "/usr/lib/test/__init__.py", "test.support": "/s.py"}), target) is None
    )
    assert wrong_origin(Suite({}, origins={"test.one": "/usr/lib/test/one.py"}), target) is not None


@pytest.mark.sandbox
def test_a_base_is_observed_behind_real_walls(tmp_path: Path) -> None:
    """The probe, its results and the shelf are in reach inside, at their own paths."""
    test = "import shop\ndef test_own(): assert shop.NAME == 'tree'\n" + IN_CHILD
    it = _installed(tmp_path, "copied", test)
    environment = it.target.environment
    assert isinstance(environment, Environment)
    checkout = lay_out(tmp_path / "real", {"src/shop/__init__.py": "NAME = 'checkout'\n"})
    bound = replace(environment, binds=(environment.prefix, Path(sys.base_prefix)))
    target = replace(it.target, repository=checkout, environment=bound)
    with SandboxTrial(standing(), it.trial.files, target) as trial:
        facts = observe_base(trial, Suites(target, _shelf))
    assert facts.deciding == {"tests/test_shop.py::test_own", "tests/test_shop.py::test_child"}
    assert isinstance(facts.coverage, Coverage)
    assert facts.coverage.lines.keys() == {"src/shop/__init__.py", "src/shop/till.py"}


# Hostile results.

_lines = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["id", "outcome", "seconds", "message", "collected", "origins", "files", "context", "bits", "x"]
                    ),
                    inner,
                    max_size=5,
                )
            ),
            max_leaves=8,
        ).map(lambda value: __import__("json").dumps(value).encode()),
    ),
    max_size=8,
)


@given(_lines)
def test_any_bytes_can_be_read(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    """Whatever stands in the results, reading them raises nothing and invents no passing test."""
    folder = tmp_path_factory.mktemp("results")
    for suffix in ("run", "origins", "lines"):
        (folder / f"token.1.{suffix}").write_bytes(b"\n".join(lines))
    report = read_report(folder, "token")
    assert all(isinstance(result, TestResult) for result in report.results.values())
    assert isinstance(read_coverage(folder, "token", Path("/x")), (Coverage, Missing))


@given(st.sets(st.integers(min_value=0, max_value=5000)))
def test_bits_unpack_to_the_lines_they_were_set_for(lines: set[int]) -> None:
    """Packing and unpacking lose nothing."""
    number = sum(1 << line for line in lines)
    assert unpacked(number) == lines
    assert ByTest({"t": {"a.py": number}})["t"] == {"a.py": lines}


def test_tests_of_every_command_kind_have_a_base(tmp_path: Path) -> None:
    """A foreign command is observed as well; it has no coverage."""
    it = sample(tmp_path, {"calc.py": ADD})
    command = TestCommand("opaque", argv=(str(it.trial.python), "-c", "import calc"))
    facts = observe_base(it.trial, sample(tmp_path, {"calc.py": ADD}, tests=command).suites)
    assert facts.deciding == {"command"}
    assert isinstance(facts.coverage, Missing)
