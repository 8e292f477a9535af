"""The gate `imports`: what could be imported at base still can."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sample_target import hearing

from improver.facts import NOTHING_OBSERVED
from improver.judge.gates.imports import Imports
from improver.values import Evidence, Missing, NotApplicable, Verdict

BASE = {
    "shop/__init__.py": "",
    "shop/till.py": "PRICE = 1\n",
    "shop/broken.py": "import no_such_module\n",
    "shop/__main__.py": "raise SystemExit('run')\n",
    "scripts/tool.py": "raise SystemExit('run')\n",
    "setup.py": "raise SystemExit('run')\n",
    "single.py": "NAME = 'single'\n",
}


def examined(tmp_path: Path, after: dict[str, str | None], gate: Imports | None = None, **options: Any) -> Any:
    case = hearing(tmp_path, BASE, after, facts=NOTHING_OBSERVED, **options)
    return (gate or Imports()).examine(case)


CHANGES = [
    pytest.param("PRICE = 2\n", Verdict.PASSED, "1 touched module imported as before.", id="harmless"),
    pytest.param("import nothing_such\n", Verdict.FAILED, "No module named 'nothing_such'", id="missing import"),
    pytest.param("PRICE = = 2\n", Verdict.FAILED, "SyntaxError", id="does not compile"),
    pytest.param("raise SystemExit(0)\n", Verdict.FAILED, "SystemExit", id="exits"),
    pytest.param("import os\nos._exit(0)\n", Verdict.FAILED, "in the middle of the import", id="ends the process"),
    pytest.param("import os\nos.abort()\n", Verdict.FAILED, "in the middle of the import", id="aborts"),
    pytest.param("from shop import nothing\n", Verdict.FAILED, "cannot import name", id="name that is gone"),
    pytest.param(
        "import os, sys\nprint('x' * 9)\nos.write(1, b'y')\nsys.stdout.close()\n", Verdict.PASSED, "", id="prints"
    ),
    pytest.param(
        "import subprocess\nsubprocess.Popen(['sleep', '60'])\n", Verdict.PASSED, "", id="leaves a child behind"
    ),
    pytest.param("import os, sys\nos.closerange(0, 99)\n", Verdict.FAILED, "", id="closes every descriptor"),
    pytest.param("raise Exception('\\udcff é \\n' * 900)\n", Verdict.FAILED, "Exception:", id="odd message"),
]


@pytest.mark.parametrize(("content", "verdict", "words"), CHANGES)
def test_a_module_is_imported_as_it_is_now(tmp_path: Path, content: str, verdict: Verdict, words: str) -> None:
    """Whatever the module does on its way, there is one verdict."""
    evidence = examined(tmp_path, {"shop/till.py": content})
    assert (evidence.verdict, evidence.gate) == (verdict, "imports")
    assert words in evidence.summary


def test_a_module_that_hangs_is_inconclusive(tmp_path: Path) -> None:
    """Each import has its own time; the next one is tried all the same."""
    hangs = "import threading\nthreading.Event().wait()\n"
    evidence = examined(tmp_path, {"shop/till.py": hangs, "single.py": "NAME = 'new'\n"}, Imports(seconds=1.0))
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "not through after 1 seconds" in evidence.summary


NOTHING = {
    "a script in a package": {"shop/__main__.py": "raise SystemExit('walk')\n"},
    "a script outside of packages": {"scripts/tool.py": "raise SystemExit('walk')\n"},
    "packaging": {"setup.py": "raise SystemExit('walk')\n"},
    "no Python": {"README.md": "Hello\n"},
    "a new module": {"shop/new.py": "import no_such_module\n"},
}


@pytest.mark.parametrize("after", NOTHING.values(), ids=NOTHING)
def test_what_no_import_reaches_is_not_judged(tmp_path: Path, after: dict[str, str | None]) -> None:
    """Scripts would act, and new modules did not import before."""
    assert isinstance(examined(tmp_path, after), NotApplicable)


def test_what_failed_at_base_is_not_judged(tmp_path: Path) -> None:
    """Alone it leaves nothing to say; beside others it is counted."""
    change: dict[str, str | None] = {"shop/broken.py": "import no_such_module  # still\n"}
    evidence = examined(tmp_path / "alone", change)
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "no_such_module" in evidence.summary
    evidence = examined(tmp_path / "both", {**change, "shop/till.py": "PRICE = 2\n"})
    assert evidence.verdict is Verdict.PASSED
    assert evidence.measures == {"modules": 1, "not_judged": 1}


def test_a_module_that_was_taken_away_no_longer_imports(tmp_path: Path) -> None:
    """It imported at base, and does not any more."""
    assert examined(tmp_path, {"shop/till.py": None}).verdict is Verdict.FAILED


def test_a_touched_package_is_imported_by_its_own_name(tmp_path: Path) -> None:
    """`__init__` is no part of the name."""
    evidence = examined(tmp_path, {"shop/__init__.py": "from shop import till, nothing\n"})
    assert evidence.verdict is Verdict.FAILED
    assert "shop: ImportError" in evidence.summary


def test_namespace_packages_below_a_source_folder_are_modules(tmp_path: Path) -> None:
    """In a folder of its own nothing but modules is expected."""
    files = {"src/space/inner.py": "X = 1\n"}
    case = hearing(tmp_path, files, {"src/space/inner.py": "X = 1 / 0\n"}, facts=NOTHING_OBSERVED, roots=("src",))
    evidence = Imports().examine(case)
    assert isinstance(evidence, Evidence)
    assert "space.inner: ZeroDivisionError" in evidence.summary


def test_the_base_is_asked_once(tmp_path: Path) -> None:
    """Its answers are kept under a key that names commit, interpreter and module."""
    kept: dict[str, Any] = {}

    def keep(key: str, compute: Callable[[], Any]) -> Any:
        if key not in kept:
            kept[key] = compute()
        return kept[key]

    change: dict[str, str | None] = {"shop/till.py": "PRICE = 2\n", "single.py": "NAME = 1\n"}
    for _ in range(2):
        assert examined(tmp_path, change, base="abc", keep=keep).verdict is Verdict.PASSED
    assert len(kept) == 2
    assert all("abc" in key for key in kept)


def test_without_an_environment_it_is_inconclusive(tmp_path: Path) -> None:
    """Importing with another interpreter would prove nothing."""
    evidence = examined(tmp_path, {"shop/till.py": "PRICE = 2\n"}, environment=Missing("environment", "none was found"))
    assert evidence.verdict is Verdict.INCONCLUSIVE
    assert "none was found" in evidence.summary
