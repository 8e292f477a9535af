"""However a project is laid out and installed, its tests see the changed code, and what breaks it is caught."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import layouts
import pytest
from checkout import Shell
from layouts import Environment
from repositories import Checkout

pytestmark = pytest.mark.sandbox

CODE = '''"""Prices."""


def doubled(count):
    return count * 2  # right


def price(count, each=2):
    if count < 0:
        raise ValueError("no negative counts")
    return count * each
'''
MAIN = "from shop import doubled\n\nprint(doubled(2))\n"
TEST = "from shop import doubled\n\n\ndef test_doubled():\n    assert doubled(2) == 4\n"
CHILD = """
import subprocess
import sys


def test_doubled():
    assert subprocess.run([sys.executable, "-m", "shop"], stdout=subprocess.PIPE, check=True).stdout == b"4\\n"
"""
ALONE = CHILD.replace('"-m", "shop"]', '"-Im", "shop"], env={}')
BUILT = (
    CHILD.replace('"-m", "shop"]', '"-Im", "shop"], env={}')
    + """
    from shop import _version

    assert _version.version == "1.2.3"
"""
)
PROJECT = '[project]\nname = "shop"\nversion = "1"\n[tool.pytest.ini_options]\ntestpaths = ["."]\n'


@dataclass(frozen=True)
class Layout:
    """A project with its files, and what an installer did with it.

    Parameters:
        test: the test that must fail when `doubled` is broken.
    """

    files: Mapping[str, str]
    install: Callable[[Environment, Path, Mapping[str, str]], None]
    test: str = "tests/test_shop.py::test_doubled"


def copied(made: Environment, place: Path, files: Mapping[str, str], root: str = "src") -> None:
    """`pip install .`: everything below the source root lies in site-packages once more."""
    start = f"{root}/" if root else ""
    made.install("shop", {name.removeprefix(start): text for name, text in files.items() if name.startswith(start)})


def linked(made: Environment, place: Path, files: Mapping[str, str]) -> None:
    """`pip install -e .` of most build tools."""
    made.lead("shop", place / "src")
    made.describe("shop")


def found(made: Environment, place: Path, files: Mapping[str, str], at: str = "src/shop") -> None:
    """`pip install -e .` of setuptools."""
    made.find("shop", {"shop": place / at})


def in_namespace(made: Environment, place: Path, files: Mapping[str, str]) -> None:
    """Another distribution lives in the same namespace."""
    copied(made, place, files)
    made.install("other", {"acme/other/__init__.py": "FOUR = 4\n"})


def built(made: Environment, place: Path, files: Mapping[str, str]) -> None:
    """`pip install .` of a project whose build writes a file into the wheel and nowhere else."""
    copied(made, place, {**files, "src/shop/_version.py": "version = '1.2.3'\n"})


SRC = {"src/shop/__init__.py": CODE, "tests/test_shop.py": TEST}
NAMESPACE = "from acme.other import FOUR\n" + TEST.replace("shop import", "acme.shop import").replace("4", "FOUR")
WITHIN = {
    "shop/__init__.py": CODE,
    "shop/tests/__init__.py": "",
    "shop/tests/test_shop.py": TEST.replace("shop", "..", 1),
    "conftest.py": "import pytest\n",
}
LAYOUTS = {
    "src layout, pip install -e": Layout(SRC, linked),
    "src layout, pip install, a stale copy in site-packages": Layout(SRC, copied),
    "src layout, the finder of setuptools": Layout(SRC, found),
    "flat layout, tests in the package, conftest at the root, a stale copy": Layout(
        WITHIN, partial(copied, root=""), "shop/tests/test_shop.py::test_doubled"
    ),
    "namespace package, a stale copy beside another distribution of the namespace": Layout(
        {"src/acme/shop/__init__.py": CODE, "tests/test_shop.py": NAMESPACE}, in_namespace
    ),
    "single module, the finder of setuptools": Layout(
        {"shop.py": CODE, "tests/test_shop.py": TEST}, partial(found, at="shop")
    ),
    "tests that start a child with python -m, a stale copy": Layout(
        {"src/shop/__init__.py": CODE, "src/shop/__main__.py": MAIN, "tests/test_shop.py": CHILD}, copied
    ),
    "tests that start a child without any of our environment, a stale copy": Layout(
        {"src/shop/__init__.py": CODE, "src/shop/__main__.py": MAIN, "tests/test_shop.py": ALONE}, copied
    ),
    "files that only the build writes, a stale copy that holds them": Layout(
        {
            "src/shop/__init__.py": f"from ._version import version\n{CODE}",
            "src/shop/__main__.py": MAIN,
            "tests/test_shop.py": BUILT,
        },
        built,
    ),
}


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return layouts.pytest_tools(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def breaker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return layouts.breaker(tmp_path_factory.mktemp("breaker"))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_proposal_that_breaks_the_code_is_refused_with_the_failing_test(
    layout: Layout, tmp_path: Path, tools: Path, breaker: Path
) -> None:
    place = tmp_path / "work" / "shop"
    files = {"pyproject.toml": PROJECT, ".gitignore": ".venv/\n", **layout.files}
    Checkout.make(place, {name: text.encode() for name, text in files.items()})
    layout.install(Environment.make(place / ".venv", tools), place, layout.files)
    shell = Shell.make(tmp_path, place, PYTHONPATH=str(breaker), **layouts.NOTHING_TO_FETCH)
    document = layouts.proposed(shell, "-a", "breaker")
    assert document["run"]["tests"].startswith("1 of 1 pass")
    assert list(layouts.refused(document)) == ["Make it wrong"]
    assert layout.test in layouts.refused(document)["Make it wrong"]


def test_of_many_proposals_only_the_one_that_breaks_is_refused(tmp_path: Path, tools: Path, breaker: Path) -> None:
    place = tmp_path / "shop"
    more = {f"src/shop/part_{letter}.py": CODE.replace("# right", "") for letter in "abcd"}
    files = {"pyproject.toml": PROJECT, **SRC, **more}
    Checkout.make(place, {name: text.encode() for name, text in files.items()})
    made = Environment.make(tmp_path / "elsewhere", tools)
    copied(made, place, files)
    shell = Shell.make(
        tmp_path, place, PYTHONPATH=str(breaker), VIRTUAL_ENV=str(made.prefix), **layouts.NOTHING_TO_FETCH
    )
    document = layouts.proposed(shell, "-a", "docstrings", "-a", "breaker")
    assert document["run"]["environment"] == "Python 3.{1} ($VIRTUAL_ENV)".format(*made.version)
    assert layouts.names(document, "auto") == ["price"] * 5
    assert layouts.names(document, "refuse") == ["doubled"]
    said = layouts.refused(document)["Make it wrong"]
    assert (
        said
        == "With this change alone, 1 test fails that passed at base: tests/test_shop.py::test_doubled (assert 6 == 4)."
    )
