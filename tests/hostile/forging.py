"""Projects whose only test fails, and that make it look as if it passed."""

from __future__ import annotations

TRUTH = "test_truth.py::test_truth"
_FAILS = "def test_truth():\n    print('\\x1b]0;title\\x07\\x1b[2J')\n    assert False\n"
_RESULTS = """
import json, os, pathlib
try:
    import improver_probe
    settings = json.loads(pathlib.Path(improver_probe.__file__).with_name("settings.json").read_text())
    folder, name = pathlib.Path(settings["results"]), settings["token"] + ".1.run"
except ImportError:
    folder, name = None, ""
"""


def _with(conftest: str, **files: str) -> dict[str, str]:
    others = {name.replace("__", "."): text for name, text in files.items()}
    return {"test_truth.py": _FAILS, "conftest.py": conftest, **others}


def _in_results(code: str) -> dict[str, str]:
    """Does something in the folder of the results when tests were collected, and ends as if all were well."""
    body = "".join(f"        {line}\n" for line in code.strip().splitlines())
    hook = f"def pytest_collection_finish(session):\n    if folder:\n{body}    os._exit(0)\n"
    return _with(_RESULTS + hook)


FORGERS = {
    "ends with status 0 at once": _with("import os\nos._exit(0)\n"),
    "ends with status 0 in a test": _with("", test_a__py="import os\ndef test_a(): os._exit(0)\n"),
    "ends with status 0 at exit": _with("import atexit, os\natexit.register(os._exit, 0)\n"),
    "ends with status 0 in a thread": _with(
        "import os, threading\ndef pytest_runtest_setup():\n"
        "    thread = threading.Thread(target=os._exit, args=(0,))\n    thread.start()\n    thread.join()\n"
    ),
    "ends with status 0 in a child": _with("import os\nif os.fork():\n    os.wait()\n    os._exit(0)\n"),
    "asks to stop with status 0": _with(
        "import pytest\ndef pytest_runtest_setup(): pytest.exit('enough', returncode=0)\n"
    ),
    "paints the status over": _with("def pytest_sessionfinish(session): session.exitstatus = 0\n"),
    "answers instead of pytest": _with("def pytest_runtestloop(session): return True\n"),
    "says that every test passed": _with(
        "import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item):\n"
        "    outcome = yield\n    outcome.get_result().outcome = 'passed'\n"
    ),
    "calls no test": _with("def pytest_pyfunc_call(pyfuncitem): return True\n"),
    "puts an empty test in place of every test": _with(
        "import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n"
    ),
    "skips every test": _with("import pytest\ndef pytest_runtest_setup(): pytest.skip('later')\n"),
    "expects every failure": _with(
        "import pytest\ndef pytest_collection_modifyitems(items):\n"
        "    for item in items: item.add_marker(pytest.mark.xfail)\n"
    ),
    "drops tests": _with(
        "def pytest_collection_modifyitems(items):\n    items[:] = [i for i in items if i.name != 'test_truth']\n",
        test_b__py="def test_b(): pass\n",
    ),
    "does not collect a test": _with("collect_ignore = ['test_truth.py']\n", test_b__py="def test_b(): pass\n"),
    "deselects a test by its settings": _with(
        "", test_b__py="def test_b(): pass\n", pytest__ini=f"[pytest]\naddopts = --deselect {TRUTH}\n"
    ),
    "prints what a summary looks like": _with("import os\nos.write(1, b'1 passed in 0.01s\\n')\nos._exit(0)\n"),
    "removes the results": _in_results("for path in folder.glob('*.*'): path.unlink()"),
    "fills the results with garbage": _in_results("(folder / name).write_bytes(bytes(range(256)) * 999)"),
    "nests the results without end": _in_results("(folder / name).write_text('[' * 1000000)"),
    "puts a database in the place of results": _in_results(
        "(folder / name).write_bytes(b'SQLite format 3\\0' + b'\\xff' * 9999)"
    ),
    "expands in the results": _in_results(
        '(folder / name).write_text(\'<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><a>&b;</a>\')'
    ),
    "writes results of any size": _in_results("os.truncate(os.open(folder / name, os.O_RDWR | os.O_CREAT), 1 << 40)"),
    "links the results to a file outside": _in_results("(folder / name).symlink_to('/etc/passwd')"),
    "links the results to an endless device": _in_results("(folder / name).symlink_to('/dev/zero')"),
    "puts a pipe in the place of results": _in_results("os.mkfifo(folder / name)"),
    "writes that the test passed": _in_results(
        f"improver_probe.append('run', [{{'id': '{TRUTH}', 'outcome': 'passed', 'seconds': 0.1, 'message': ''}}])"
    ),
}
