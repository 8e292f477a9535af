"""Tests see what lies in the checkout and git does not know, the target's own tools, and its own Python."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import layouts
import pytest
from checkout import Shell
from layouts import Environment
from repositories import Checkout

pytestmark = pytest.mark.sandbox

PRICE = '''"""Prices."""


def price(count, each=2):
    if count < 0:
        raise ValueError("no negative counts")
    return count * each
'''
TEST = "from shop import price\n\n\ndef test_price():\n    assert price(2) == 4\n"
PROJECT = '[project]\nname = "shop"\nversion = "1"\n[tool.pytest.ini_options]\ntestpaths = ["tests"]\n'
SHOP = {"src/shop/__init__.py": PRICE, "tests/test_shop.py": TEST, "pyproject.toml": PROJECT}


def committed(place: Path, files: Mapping[str, str]) -> Checkout:
    return Checkout.make(place, {name: text.encode() for name, text in files.items()})


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return layouts.pytest_tools(tmp_path_factory.getbasetemp())


IGNORED_FILES = """\
import os
import subprocess
import sys

import pytest
import shop.nothing_of_ours
from shop import _version


def test_the_file_that_the_build_writes_is_there():
    assert _version.version == "1.2.3"


def test_the_environment_in_the_checkout_is_there():
    assert sys.prefix == os.path.abspath(".venv")


def test_secrets_of_the_checkout_are_not():
    assert not os.path.exists(".env")


def test_git_tells_a_version():
    assert subprocess.check_output(["git", "describe", "--always", "--dirty"], text=True).strip()


@pytest.mark.parametrize("name", ["click", "rich", "jinja2"])
def test_what_improver_needs_too_is_the_version_of_the_target(name):
    module = __import__(name)
    assert module.__version__ == "0.0.1"
    child = subprocess.check_output([sys.executable, "-c", f"import {name}; print({name}.__version__)"], text=True)
    assert child == "0.0.1\\n"


@pytest.mark.parametrize("name", ["improver", "libcst", "typer", "git", "pathspec", "platformdirs", "hypothesis"])
def test_nothing_that_only_improver_has_can_be_imported(name):
    with pytest.raises(ModuleNotFoundError):
        __import__(name)
    assert subprocess.call([sys.executable, "-c", f"import {name}"], stderr=subprocess.DEVNULL) == 1
"""
SCM = '[project]\nname = "shop"\ndynamic = ["version"]\n[tool.setuptools_scm]\nversion_file = "src/shop/_version.py"\n'


def test_tests_find_what_git_ignores_their_own_tools_and_none_of_ours(tmp_path: Path, tools: Path) -> None:
    """A version file, the environment, git; click, rich and jinja2 of other versions; nothing of improver's own."""
    place = tmp_path / "shop"
    ignored = ".venv/\n_version.py\n.env\n"
    committed(
        place,
        {
            **SHOP,
            "src/shop/nothing_of_ours.py": "",
            "tests/test_ignored.py": IGNORED_FILES,
            "pyproject.toml": SCM,
            ".gitignore": ignored,
        },
    )
    layouts.written(place, {"src/shop/_version.py": 'version = "1.2.3"\n', ".env": "TOKEN=1\n"})
    made = Environment.make(place / ".venv", tools)
    made.lead("shop", place / "src")
    for name in ("click", "rich", "jinja2"):
        made.install(name, {f"{name}/__init__.py": '__version__ = "0.0.1"\n'}, "0.0.1")
    document = layouts.proposed(Shell.make(tmp_path, place, **layouts.NOTHING_TO_FETCH))
    assert document["run"]["tests"].startswith("15 of 15 pass"), str(document["run"])
    assert layouts.names(document, "auto") == ["price"]
    assert "git ignores and the tests can read: src/shop/_version.py" in document["run"]["notes"]


EXTENSION = """\
#include <Python.h>
static PyObject *answer(PyObject *self, PyObject *none) { return PyLong_FromLong(42); }
static PyMethodDef methods[] = {{"answer", answer, METH_NOARGS, ""}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_speed", 0, -1, methods};
PyMODINIT_FUNC PyInit__speed(void) { return PyModule_Create(&module); }
"""


def test_an_extension_that_was_built_in_place_is_there(tmp_path: Path, tools: Path) -> None:
    compiler, headers = shutil.which("gcc") or shutil.which("cc"), Path(sysconfig.get_path("include"))
    if compiler is None or not (headers / "Python.h").is_file():
        pytest.skip("there is no C compiler, or Python's headers are not installed")
    place = tmp_path / "shop"
    test = "from shop._speed import answer\n\n\ndef test_answer():\n    assert answer() == 42\n"
    files = {**SHOP, "src/shop/_speed.c": EXTENSION, "tests/test_speed.py": test, ".gitignore": "*.so\n"}
    committed(place, files)
    built = place / f"src/shop/_speed{sysconfig.get_config_var('EXT_SUFFIX')}"
    words = [compiler, "-shared", "-fPIC", f"-I{headers}", str(place / "src/shop/_speed.c"), "-o", str(built)]
    subprocess.run(words, check=True)
    made = Environment.make(tmp_path / "venv", tools)
    made.lead("shop", place / "src")
    shell = Shell.make(tmp_path, place, VIRTUAL_ENV=str(made.prefix), **layouts.NOTHING_TO_FETCH)
    document = layouts.proposed(shell)
    assert document["run"]["tests"].startswith("2 of 2 pass"), str(document["run"])
    assert layouts.names(document, "auto") == ["price"]


OTHERS = {version: python for version, python in layouts.other_pythons().items() if version >= (3, 11)}
NEWER = f"type Pair = tuple[int, int]\n\n\n{PRICE}"


@pytest.mark.parametrize("version", list(OTHERS)[-2:] or [None], ids=str)
def test_a_target_on_another_python_is_proven_on_it(
    version: tuple[int, int] | None, tmp_path: Path, tools: Path
) -> None:
    """Files that only a newer Python understands are counted as such, and not as broken."""
    if version is None:
        pytest.skip("there is no other Python that this pytest runs on")
    place = tmp_path / "shop"
    test = f"{TEST}\n\ndef test_python():\n    import sys\n\n    assert sys.version_info[:2] == {version}\n"
    newer = {"src/shop/newer.py": NEWER} if version >= (3, 12) > sys.version_info[:2] else {}
    committed(place, {**SHOP, **newer, "tests/test_shop.py": test})
    made = Environment.make(tmp_path / "venv", tools, python=OTHERS[version])
    made.lead("shop", place / "src")
    shell = Shell.make(tmp_path, place, **layouts.NOTHING_TO_FETCH)
    document = layouts.proposed(shell, "--python", str(made.python))
    assert document["run"]["environment"].startswith("Python {}.{} ".format(*version))
    assert document["run"]["tests"].startswith("2 of 2 pass"), str(document["run"])
    assert layouts.names(document, "auto") == ["price"]
    reasons = {one["reason"]: one["count"] for one in document["skipped"]}
    counted = "needs Python 3.12 or newer; run improver with the project's Python"
    assert reasons.get(counted, 0) == len(newer)
    assert "does not parse" not in reasons


def test_a_target_on_an_old_python_with_a_command_of_its_own(tmp_path: Path) -> None:
    """Nothing of pytest is needed; a whole command can fail a change and cannot prove one."""
    old = next(((v, p) for v, p in layouts.other_pythons().items() if v < (3, 11)), None)
    if old is None:
        pytest.skip("there is no Python older than 3.11")
    place = tmp_path / "shop"
    case = "class Price(unittest.TestCase):\n    def test(self):\n        self.assertEqual(price(2), 4)\n"
    test = f"import unittest\nfrom shop import price\n\n\n{case}"
    settings = '[tool.improver]\ntest-command = ["python", "-m", "unittest", "discover", "tests"]\n'
    committed(place, {**SHOP, "tests/test_shop.py": test, "pyproject.toml": PROJECT + settings})
    made = Environment.make(tmp_path / "venv", python=old[1])
    made.lead("shop", place / "src")
    shell = Shell.make(tmp_path, place, **layouts.NOTHING_TO_FETCH)
    document = layouts.proposed(shell, "--python", str(made.python))
    assert document["run"]["environment"].startswith("Python {}.{} ".format(*old[0]))
    assert layouts.names(document, "human") == ["price"]
    assert "as a whole command it cannot prove more" in layouts.summary(document, "tests")
    assert layouts.summary(document, "imports").startswith("passed")


def test_options_that_would_falsify_the_run_are_taken_back(tmp_path: Path) -> None:
    """A failing test does not end the run, low coverage does not fail it, and workers of xdist report as usual."""
    place = tmp_path / "shop"
    plugins = layouts.tools(tmp_path / "tools", "pytest", "coverage", "pytest-cov", "pytest-xdist")
    if not (plugins / "xdist").exists() or not (plugins / "pytest_cov").exists():
        pytest.skip("pytest-cov and pytest-xdist are not installed")
    test = f"def test_fails_always():\n    assert not 1\n\n\n{TEST}"
    settings = PROJECT + 'addopts = "-x --cov --cov-fail-under=90 -n auto"\n'
    unseen = {"src/shop/unseen.py": PRICE.replace("price", "unseen")}
    committed(place, {**SHOP, **unseen, "tests/test_shop.py": test, "pyproject.toml": settings})
    made = Environment.make(tmp_path / "venv", plugins)
    made.lead("shop", place / "src")
    shell = Shell.make(tmp_path, place, **layouts.NOTHING_TO_FETCH, PYTHONPATH=str(layouts.breaker(tmp_path / "b")))
    document = layouts.proposed(shell, "--python", str(made.python))
    assert document["run"]["tests"].startswith("1 of 2 pass"), str(document["run"])
    assert any("1 test is set aside: they fail" in note for note in document["run"]["notes"]), document["run"]["notes"]
    assert layouts.names(document, "auto") == ["price", "unseen"]


def test_projects_in_one_repository_are_told_apart(tmp_path: Path, tools: Path) -> None:
    """Each has settings, environment and memory of its own; the top of the repository asks which is meant."""
    place = tmp_path / "shops"
    settings = {"alpha": "", "beta": 'addopts = "--strict-markers"\n'}
    files = {f"{name}/{path}": text for name in settings for path, text in SHOP.items()}
    files |= {f"{name}/pyproject.toml": PROJECT + more for name, more in settings.items()}
    checkout = committed(place, files)
    for name in settings:
        Environment.make(place / name / ".venv", tools).lead("shop", place / name / "src")
    shell = Shell.make(tmp_path, place, **layouts.NOTHING_TO_FETCH)
    shell("propose").expect(2, "There are several projects here: alpha, beta.")
    alpha = layouts.proposed(shell, "--repo", "alpha")
    assert (alpha["run"]["project"], layouts.names(alpha, "auto")) == ("alpha", ["price"])
    assert alpha["run"]["environment"].endswith("(alpha/.venv)")
    shell("reject", alpha["dossiers"][0]["id"], "--because", "not here").expect(0)
    beta = layouts.proposed(shell, at=place / "beta")
    assert (beta["run"]["project"], layouts.names(beta, "auto")) == ("beta", ["price"])
    assert beta["dossiers"][0]["id"] != alpha["dossiers"][0]["id"]
    assert not checkout.git("status", "--porcelain", "--untracked-files=no")
