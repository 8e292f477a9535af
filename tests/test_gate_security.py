"""The security gate: nothing new and dangerous passes, nothing old is blamed on the change."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import pytest
from plain_trial import Kept, hearing_on

from improver.judge.gates.security import Security
from improver.judge.scanner import scan
from improver.values import Evidence, NotApplicable, Verdict

QUIET = "def area(width, height):\n    return width * height\n"


def examine(
    folder: Path, before: str | None, after: str | bytes | None, path: str = "shapes.py", **more: str
) -> Evidence:
    files = {**more, **({path: before} if before is not None else {})}
    found = Security().examine(hearing_on(folder, files, {path: after}))
    assert isinstance(found, Evidence)
    return found


HARMLESS = [
    pytest.param(QUIET, QUIET.replace(":\n", ':\n    """Return the area."""\n', 1), id="a new docstring"),
    pytest.param(
        "password = input()\ndef f():\n    pass\n",
        'password = input()\ndef f():\n    """password = \'hunter2\'"""\n',
        id="a docstring that speaks of passwords",
    ),
    pytest.param(
        "import os\nos.system('ls')\n",
        "import os\n\n\n# moved down\nos.system('ls')\n",
        id="an old finding on a new line",
    ),
    pytest.param(
        "import os\nos.system('ls')\n", 'import os\nos.system(\n    "ls",\n)\n', id="an old finding in another layout"
    ),
    pytest.param(
        "def connect(password='secret'):\n    return password\n",
        'def connect(password=\'secret\'):\n    """Connect."""\n    return password\n',
        id="an old finding on a function that gets a docstring",
    ),
    pytest.param(
        "def f():\n    try:\n        g()\n    except Exception:\n        pass\n",
        'def f():\n    """Try."""\n    try:\n        g()\n    except Exception:\n        pass\n',
        id="an old swallowed exception",
    ),
    pytest.param("import re\n", "import re\nWORD = re.compile('a')\n", id="compile of re is not the built-in"),
    pytest.param("", "import json\nfrom collections import abc\n", id="the standard library is no dependency"),
    pytest.param("import os\nos.system('ls')\n", "import os\n", id="a danger that is gone"),
    pytest.param("", "import shapes\nfrom . import other\n", id="the project's own modules are no dependency"),
    pytest.param("x = {}\n", "x = {}\nx['eval'] = getattr(x, 'system', None)\n", id="names of dangers elsewhere"),
]


@pytest.mark.parametrize(("before", "after"), HARMLESS)
def test_what_is_not_new_and_dangerous_passes(tmp_path: Path, before: str, after: str) -> None:
    """A pass says so in one sentence, and measures agree."""
    found = examine(tmp_path, before, after)
    assert found.verdict is Verdict.PASSED, found.summary
    assert found.measures["new"] == 0


DANGEROUS = [
    pytest.param("import os\nos.system('ls')\n", "os.system", id="os.system"),
    pytest.param("from os import system as s\ns('ls')\n", "os.system", id="os.system under another name"),
    pytest.param("eval(input())\n", "eval", id="eval"),
    pytest.param("run = eval\n", "eval", id="eval that is only named"),
    pytest.param("exec('x = 1')\n", "exec", id="exec"),
    pytest.param("code = compile('1', 'f', 'eval')\n", "compile", id="compile"),
    pytest.param("__import__('os')\n", "__import__", id="__import__"),
    pytest.param("import builtins\nbuiltins.eval('1')\n", "eval", id="eval of builtins"),
    pytest.param("import os\ngetattr(os, 'system')('ls')\n", "os.system", id="os.system by its name"),
    pytest.param("__builtins__['eval']('1')\n", "eval", id="eval by its name"),
    pytest.param("import pickle as p\np.loads(b'')\n", "pickle.loads", id="pickle under another name"),
    pytest.param("import subprocess as s\ns.run('ls', shell=True)\n", "shell=True", id="a shell"),
    pytest.param("def f(run, flag):\n    run('ls', shell=flag)\n", "shell=True", id="perhaps a shell"),
    pytest.param("import ctypes\n", "ctypes", id="ctypes"),
    pytest.param("from ctypes import util\n", "ctypes", id="part of ctypes"),
    pytest.param("import importlib\nimportlib.import_module('x')\n", "import_module", id="an import by name"),
    pytest.param("import requests\n", "imports requests", id="a new dependency"),
    pytest.param("def f():\n    from yaml import dump\n", "imports yaml", id="a new dependency inside a function"),
    pytest.param("import tempfile\ntempfile.mktemp()  # nosec\n", "B306", id="what nosec would hide"),
    pytest.param("password = 'hunter2'\n", "B105", id="a password"),
]


@pytest.mark.parametrize(("after", "named"), DANGEROUS)
def test_what_is_new_and_dangerous_fails(tmp_path: Path, after: str, named: str) -> None:
    """The summary names the file and what was found."""
    found = examine(tmp_path, "x = 1\n", "x = 1\n" + after)
    assert found.verdict is Verdict.FAILED
    everything = found.summary
    assert "shapes.py" in everything
    assert named in everything


def test_a_second_use_of_an_old_danger_is_new(tmp_path: Path) -> None:
    """Findings are counted, not only named."""
    found = examine(tmp_path, "import os\nos.system('ls')\n", "import os\nos.system('ls')\nos.system('ls')\n")
    assert found.verdict is Verdict.FAILED


def test_an_old_danger_with_new_words_is_new(tmp_path: Path) -> None:
    """Swapping what is evaluated is as bad as a new evaluation."""
    found = examine(tmp_path, "def f(a):\n    return eval('1')\n", "def f(a):\n    return eval(a)\n")
    assert found.verdict is Verdict.FAILED


def test_a_package_imported_elsewhere_is_no_new_dependency(tmp_path: Path) -> None:
    """Any file of the base counts, tests too."""
    found = examine(tmp_path, "", "import requests\n", **{"tests/test_a.py": "def f():\n    import os, requests\n"})
    assert found.verdict is Verdict.PASSED


def test_a_package_named_in_prose_is_a_new_dependency(tmp_path: Path) -> None:
    """A docstring that shows an import imports nothing."""
    found = examine(tmp_path, "", "import requests\n", **{"other.py": '"""Use it so:\n\nimport requests\n"""\n'})
    assert found.verdict is Verdict.FAILED


def test_a_new_file_is_judged_as_a_whole(tmp_path: Path) -> None:
    """Everything in it is new."""
    assert examine(tmp_path, None, "eval('1')\n", path="fresh.py").verdict is Verdict.FAILED


def test_a_deleted_file_brings_nothing_new(tmp_path: Path) -> None:
    """What is gone is no danger."""
    assert examine(tmp_path, "eval('1')\n", None).verdict is Verdict.PASSED


def test_an_assert_in_a_test_is_no_finding(tmp_path: Path) -> None:
    """Tests are made of asserts; elsewhere bandit's rule holds."""
    code = "def test_one():\n    assert 1\n"
    assert examine(tmp_path / "a", None, code, path="tests/test_one.py").verdict is Verdict.PASSED
    assert examine(tmp_path / "b", None, code, path="one.py").verdict is Verdict.FAILED


@pytest.mark.parametrize(
    "after",
    [
        pytest.param("def f(:\n", id="not Python"),
        pytest.param(b"x = '\xff'\n", id="not UTF-8"),
        pytest.param(b"# coding: nonsense\n", id="an unknown encoding"),
        pytest.param(b"x = 1\0\n", id="a null byte"),
        pytest.param("x = " + "(" * 5000 + ")" * 5000 + "\n", id="nested beyond what parsers take"),
        pytest.param("x = " + "-" * 20000 + "1\n", id="deep beyond what walkers take"),
    ],
)
def test_what_cannot_be_examined_is_inconclusive(tmp_path: Path, after: str | bytes) -> None:
    """A skipped file is never a pass."""
    found = examine(tmp_path, "x = 1\n", after)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "shapes.py could not be examined" in found.summary


def test_settings_of_the_target_do_not_reach_bandit(tmp_path: Path) -> None:
    """A project cannot switch rules off for its judge."""
    quiet = {".bandit": "[bandit]\nskips: B105\n", "pyproject.toml": '[tool.bandit]\nskips = ["B105"]\n'}
    assert examine(tmp_path, "x = 1\n", "x = 1\npassword = 'hunter2'\n", **quiet).verdict is Verdict.FAILED


def test_no_python_file_is_nothing_to_judge(tmp_path: Path) -> None:
    """A change of prose files no evidence."""
    found = Security().examine(hearing_on(tmp_path, {"README.md": "a"}, {"README.md": "b"}))
    assert isinstance(found, NotApplicable)


def test_the_base_is_examined_once(tmp_path: Path) -> None:
    """Results are kept by content."""
    kept = Kept()
    Security().examine(hearing_on(tmp_path / "one", {"a.py": QUIET}, {"a.py": QUIET + "x = 1\n"}, keep=kept))
    assert len(kept) == 2
    Security().examine(hearing_on(tmp_path / "two", {"a.py": QUIET}, {"a.py": QUIET + "x = 2\n"}, keep=kept))
    assert len(kept) == 3


def test_bandit_leaves_no_trace(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Its logger, the warnings' format and the standard streams are as before."""
    before = (warnings.formatwarning, logging.getLogger("bandit").propagate, len(logging.getLogger("bandit").handlers))
    scan(b"x = '\\d'\npassword = 'hunter2'\n")
    with pytest.raises(ValueError, match="syntax error"):
        scan(b"def f(:\n")
    after = (warnings.formatwarning, logging.getLogger("bandit").propagate, len(logging.getLogger("bandit").handlers))
    assert before == after
    assert capfd.readouterr() == ("", "")
