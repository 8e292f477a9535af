"""What a project without usable tests, environment or time is told, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

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
UNIT = "import unittest\nfrom shop import price\n\n\nclass PriceTest(unittest.TestCase):\n    def test_price(self):\n"
PROJECT = '[project]\nname = "shop"\nversion = "1"\n'
PYTEST = '[tool.pytest.ini_options]\npythonpath = ["."]\n'
TEST = "from shop import price\n\n\ndef test_price():\n    assert price(2) == 4\n"


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return layouts.pytest_tools(tmp_path_factory.getbasetemp())


@dataclass(frozen=True)
class Project:
    """A project in a checkout, and its developer."""

    checkout: Checkout
    shell: Shell
    python: Path

    @classmethod
    def make(cls, folder: Path, files: Mapping[str, str], *paths: Path) -> Project:
        """The project with an environment that has what lies in these folders."""
        texts = {"shop.py": PRICE, "pyproject.toml": PROJECT, **files}
        checkout = Checkout.make(folder / "shop", {name: text.encode() for name, text in texts.items()})
        made = Environment.make(folder / "venv", *paths)
        return cls(checkout, Shell.make(folder, checkout.path, **layouts.NOTHING_TO_FETCH), made.python)

    def propose(self, *words: str) -> Any:
        return layouts.proposed(self.shell, "--python", str(self.python), *words)


def test_a_project_that_has_unittest_alone_is_proven_by_its_tests(tmp_path: Path, tools: Path) -> None:
    test = f"{UNIT}        self.assertEqual(price(2), 4)\n"
    project = Project.make(tmp_path, {"tests/__init__.py": "", "tests/test_shop.py": test}, tools)
    document = project.propose()
    assert document["run"]["tests"].startswith("1 of 1 pass"), str(document["run"])
    assert layouts.names(document, "auto") == ["price"]
    assert layouts.summary(document, "tests").startswith("passed: 1 test passed at base and after the change")


CANNOT = (
    "Formatting, comments, docstrings and annotations can still be certified; what changes behaviour cannot be proven."
)
UNUSABLE = {
    "all fail": (TEST.replace("4", "5"), ["0 of 1 pass", "1 set aside"], "Of 1 test none passes at base"),
    "the file cannot be imported": (
        "import of_nobody\n",
        ["0 of 1 pass", "1 set aside"],
        "Of 1 test none passes at base",
    ),
    "one hangs": (
        f"{TEST}\n\ndef test_hangs():\n    import threading\n\n    threading.Event().wait()\n",
        ["not run: The time limit ended the run", "at tests/test_shop.py::test_hangs"],
        "The time limit ended the run",
    ),
    "one ends the interpreter": (
        f"{TEST}\n\ndef test_ends():\n    import os\n\n    os._exit(3)\n",
        ["not run:", "status 3", "at tests/test_shop.py::test_ends"],
        "ended with status 3",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE.values(), ids=UNUSABLE)
def test_what_can_still_be_proven_is_said_where_tests_prove_nothing(
    case: tuple[str, list[str], str], tmp_path: Path, tools: Path
) -> None:
    test, header, reason = case
    project = Project.make(tmp_path, {"tests/test_shop.py": test, "pyproject.toml": PROJECT + PYTEST}, tools)
    config = tmp_path / "config.toml"
    config.write_text("seconds = 6.0\n")
    document = project.propose("--config", str(config))
    for words in header:
        assert words in document["run"]["tests"], str(document["run"])
    assert layouts.names(document, "human") == ["price"]
    said = layouts.summary(document, "tests")
    assert said.startswith("inconclusive")
    assert reason in said
    assert CANNOT in said
    assert layouts.summary(document, "equivalence").startswith("passed")


def test_a_broken_conftest_is_named(tmp_path: Path, tools: Path) -> None:
    files = {"tests/test_shop.py": TEST, "conftest.py": "import of_nobody\n", "pyproject.toml": PROJECT + PYTEST}
    document = Project.make(tmp_path, files, tools).propose()
    assert "conftest.py could not be imported: ModuleNotFoundError" in document["run"]["tests"]
    assert layouts.names(document, "human") == ["price"]


def test_a_project_without_tests_is_certified_without_them(tmp_path: Path) -> None:
    document = Project.make(tmp_path, {}).propose()
    assert document["run"]["tests"].startswith("not run: the project has no test files at the base commit.")
    assert layouts.names(document, "auto") == ["price"]
    absent = {one["gate"]: one["reason"] for one in document["dossiers"][0]["not_applicable"]}
    assert absent["tests"] == "the project has no tests"


def test_a_reader_of_a_docstring_anywhere_in_the_repository_calls_for_a_person(tmp_path: Path) -> None:
    reader = "import shop\n\nprint(shop.price.__doc__)\n"
    document = Project.make(tmp_path, {"website/build.py": reader, "website/pyproject.toml": PROJECT}).propose()
    assert layouts.names(document, "human") == ["price"]
    assert "website/build.py:3" in " ".join(document["dossiers"][0]["risk"]["because"])


def test_a_refusal_holds_until_the_code_around_it_changes(tmp_path: Path) -> None:
    project = Project.make(tmp_path, {})
    first = project.propose()["dossiers"][0]["id"]
    project.shell("reject", first, "--because", "it is plain").expect(0)
    project.checkout.commit({"shop.py": f"import math\n\n{PRICE}\n\nHALF = math.pi / 2\n".encode()})
    again = project.propose()
    assert not again["dossiers"]
    assert {"what": "proposals", "reason": "a person rejected them before", "count": 1} in again["skipped"]
    project.checkout.commit({"shop.py": PRICE.replace("count < 0", "count <= 0").encode()})
    assert layouts.names(project.propose(), "auto") == ["price"]


def test_what_was_accepted_is_not_proposed_again(tmp_path: Path) -> None:
    project = Project.make(tmp_path, {})
    first = project.propose()["dossiers"][0]["id"]
    project.shell("accept", first, "--python", str(project.python)).expect(0)
    again = project.propose()
    assert not again["dossiers"]
    assert {"what": "proposals", "reason": "they were accepted before", "count": 1} in again["skipped"]


def test_what_the_budget_did_not_suffice_for_is_said(tmp_path: Path, tools: Path) -> None:
    test = f"{TEST}\n\ndef test_hangs():\n    import threading\n\n    threading.Event().wait()\n"
    project = Project.make(tmp_path, {"tests/test_shop.py": test, "pyproject.toml": PROJECT + PYTEST}, tools)
    document = project.propose("--budget", "3s")
    assert document["run"]["budget_reached"]
    assert document["run"]["tests"] == "not run: the time budget was reached while they ran"
    assert not document["dossiers"]
    assert [one for one in document["skipped"] if one["what"] == "proposals" and "budget" in one["reason"]]


def test_without_an_environment_the_way_to_one_is_said_and_what_needs_no_run_is_done(tmp_path: Path) -> None:
    files = {
        "shop.py": f"import of_nobody\n{PRICE}",
        "tests/test_shop.py": TEST,
        "pyproject.toml": f'{PROJECT}dependencies = ["of_nobody"]\n{PYTEST}',
    }
    project = Project.make(tmp_path, files)
    active = {**project.shell.environ, "VIRTUAL_ENV": str(project.python.parent.parent)}
    document = layouts.proposed(replace(project.shell, environ=active))
    words = document["run"]["environment"]
    assert words.startswith("none: none holds all that the project needs; looked at $VIRTUAL_ENV")
    assert "$VIRTUAL_ENV lacks `of_nobody` and 1 more" in words
    assert words.endswith("Run `python3 -m venv .venv && .venv/bin/pip install -e . pytest`.")
    assert document["run"]["tests"] == "not run, for want of an environment"
    assert layouts.names(document, "human") == ["price"]
    assert layouts.summary(document, "tests").startswith("inconclusive: The tests were not run: ")
    assert layouts.summary(document, "equivalence").startswith("passed")
