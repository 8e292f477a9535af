"""The format gate: what was clean stays clean, and what was not is nobody's fault."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from plain_trial import FolderTrial, Kept, hearing_on
from walls import standing

from improver.judge.gates.format import Format
from improver.judge.layout import BlackSettings, black_is_content, black_settings
from improver.judge.linters import LINTERS
from improver.ports import Completed, Hearing
from improver.sandbox.trial import SandboxTrial
from improver.values import Environment, Evidence, NotApplicable, Style, Verdict

CLEAN = "def area(width, height):\n    return width * height\n"
CLEAN_AFTER = 'def area(width, height):\n    """Return the area."""\n    return width * height\n'
DIRTY_AFTER = "def area(width, height):\n    '''Return the area.'''\n    return width*height\n"
RUFF = {"ruff": version("ruff")}
BLACK = {"black": version("black")}


def examine(hearing: Hearing) -> Evidence:
    found = Format().examine(hearing)
    assert isinstance(found, Evidence)
    return found


def ran(hearing: Hearing) -> tuple[int, int]:
    """How many programs were run on the base, and how many on the change."""
    assert isinstance(hearing.base, FolderTrial)
    assert isinstance(hearing.changed, FolderTrial)
    return len(hearing.base.ran), len(hearing.changed.ran)


CASES = [
    pytest.param(CLEAN, CLEAN_AFTER, Verdict.PASSED, 0, id="clean before and after"),
    pytest.param(CLEAN, DIRTY_AFTER, Verdict.FAILED, 0, id="clean before and not after"),
    pytest.param("x=1\n", "x=2\n", Verdict.PASSED, 1, id="not clean before either"),
    pytest.param("x=1\n", "x = 1\n", Verdict.PASSED, 0, id="cleaned up"),
    pytest.param(CLEAN, "def area(:\n", Verdict.INCONCLUSIVE, 0, id="black cannot read it"),
    pytest.param(CLEAN, "# coding: nonsense\n", Verdict.INCONCLUSIVE, 0, id="an unknown encoding"),
    pytest.param("", "", Verdict.PASSED, 0, id="an empty file beside"),
]


@pytest.mark.parametrize(("before", "after", "verdict", "not_judged"), CASES)
@pytest.mark.parametrize(
    "style", [Style(), Style(formatter="ruff")], ids=["no formatter", "a formatter that is absent"]
)
def test_black_speaks_where_no_formatter_of_the_project_can(
    tmp_path: Path, before: str, after: str, verdict: Verdict, not_judged: int, style: Style
) -> None:
    """It runs as a library: no program is started."""
    hearing = hearing_on(tmp_path, {"a.py": before}, {"a.py": after, "b.py": CLEAN}, style=style)
    found = examine(hearing)
    assert found.verdict is verdict, found.summary
    assert found.measures["not_judged"] == not_judged
    assert ran(hearing) == (0, 0)


def test_black_reads_its_settings_from_the_base(tmp_path: Path) -> None:
    """The project's line length and quotes count; the proposal cannot change them."""
    wide = {"pyproject.toml": "[tool.black]\nline-length = 120\nskip-string-normalization = true\n"}
    code = "value = some_function_name('first argument', 'second argument', 'third argument', 'fourth one')\n"
    hearing = hearing_on(tmp_path / "a", {"a.py": "", **wide}, {"a.py": code})
    assert examine(hearing).verdict is Verdict.PASSED
    hearing = hearing_on(tmp_path / "b", {"a.py": ""}, {"a.py": code, **wide})
    assert examine(hearing).verdict is Verdict.FAILED


def test_black_reads_the_settings_of_the_project_in_a_subfolder(tmp_path: Path) -> None:
    """A project in a larger repository has settings of its own."""
    settings = {"pyproject.toml": "", "lib/pyproject.toml": "[tool.black]\nline-length = 40\n"}
    long = "value = some_function('the first', 'the second')\n".replace("'", '"')
    hearing = hearing_on(tmp_path, {"lib/a.py": "", **settings}, {"lib/a.py": long}, project="lib")
    assert examine(hearing).verdict is Verdict.FAILED


def test_black_never_follows_a_link_for_its_settings(tmp_path: Path) -> None:
    """A settings file that leads out of the tree is none."""
    (tmp_path / "outside.toml").write_text("[tool.black]\nline-length = 1\n")
    hearing = hearing_on(tmp_path, {"a.py": CLEAN}, {"a.py": CLEAN_AFTER})
    (hearing.base.files / "pyproject.toml").symlink_to(tmp_path / "outside.toml")
    assert examine(hearing).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("pyproject", "settings"),
    [
        pytest.param(b"", BlackSettings(99), id="nothing"),
        pytest.param(b"[tool.black", BlackSettings(99), id="not TOML"),
        pytest.param(b"\xff", BlackSettings(99), id="not UTF-8"),
        pytest.param(b"tool = 1", BlackSettings(99), id="no tables"),
        pytest.param(b"[tool]\nblack = 1", BlackSettings(99), id="black is no table"),
        pytest.param(b"[tool.black]\nline-length = 'x'\ntarget-version = 3", BlackSettings(99), id="wrong types"),
        pytest.param(b"[tool.black]\nline_length = 10", BlackSettings(10), id="an underscore"),
        pytest.param(
            b"[tool.black]\ntarget-version = ['py311', 'py38', 5]\npreview = true\nskip-magic-trailing-comma = true",
            BlackSettings(99, ("py311", "py38"), (("magic_trailing_comma", False), ("preview", True))),
            id="all kinds",
        ),
    ],
)
def test_settings_of_black_are_data(pyproject: bytes, settings: BlackSettings) -> None:
    """What is not understood falls back to the style of the project."""
    assert black_settings(pyproject, Style(line_length=99)) == settings
    assert black_is_content(b"x = 1\n", "a.py", settings)


def test_a_stub_is_judged_as_a_stub() -> None:
    """Black lays stubs out in a way of its own."""
    code = b"def f(): ...\n\n\ndef g(): ...\n"
    assert black_is_content(code, "a.py", BlackSettings())
    assert not black_is_content(code, "a.pyi", BlackSettings())


@pytest.mark.parametrize(
    "content", [b"x = 1\r\ny = 2\r\n", b"\xef\xbb\xbfx = 1\n", "# coding: latin-1\nx = 'é'\n".encode("latin-1")]
)
def test_line_ends_and_encodings_are_no_complaint(content: bytes) -> None:
    """Black keeps them, so they are clean."""
    assert black_is_content(content.replace(b"'", b'"'), "a.py", BlackSettings())


@pytest.mark.parametrize("name", ["black", "ruff"])
@pytest.mark.parametrize(("before", "after", "verdict", "not_judged"), CASES[:4])
def test_the_formatter_of_the_project_speaks_where_it_is_installed(
    tmp_path: Path, name: str, before: str, after: str, verdict: Verdict, not_judged: int
) -> None:
    """It is run on the change, and on the base only for files that are not clean."""
    tools = {**RUFF, **BLACK}
    hearing = hearing_on(tmp_path, {"a.py": before}, {"a.py": after}, style=Style(formatter=name), tools=tools)
    found = examine(hearing)
    assert found.verdict is verdict, found.summary
    assert found.measures["not_judged"] == not_judged
    assert ran(hearing) == (int(verdict is Verdict.FAILED or not_judged), 1)
    assert found.measures["tools"] == f"{name} {tools[name]}"


@pytest.mark.parametrize("name", ["black", "ruff"])
def test_a_new_file_must_be_clean_where_there_is_a_formatter(tmp_path: Path, name: str) -> None:
    """A file that was not there was not dirty."""
    hearing = hearing_on(tmp_path, {}, {"a.py": "x=1\n"}, style=Style(formatter=name), tools={**RUFF, **BLACK})
    assert examine(hearing).verdict is Verdict.FAILED


@pytest.mark.parametrize("name", ["black", "ruff"])
def test_a_formatter_that_cannot_read_a_file_is_inconclusive(tmp_path: Path, name: str) -> None:
    """Could not run is never a pass."""
    hearing = hearing_on(
        tmp_path, {"a.py": CLEAN}, {"a.py": "def f(:\n"}, style=Style(formatter=name), tools={**RUFF, **BLACK}
    )
    found = examine(hearing)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert name in found.summary


RUFF_STYLE = Style(linters=("ruff",))
RUFF_SETTINGS = {"pyproject.toml": "[tool.ruff]\nline-length = 60\n[tool.ruff.lint]\nselect = ['E', 'F', 'D1']\n"}
LINTED = [
    pytest.param(CLEAN, '"""A."""\n\n\n' + CLEAN_AFTER, Verdict.PASSED, id="findings that went away"),
    pytest.param(CLEAN, "# moved\n\n\n" + CLEAN, Verdict.PASSED, id="old findings on new lines"),
    pytest.param(CLEAN, "import os\n" + CLEAN, Verdict.FAILED, id="a new finding"),
    pytest.param(CLEAN, CLEAN + "\n\n" + CLEAN.replace("area", "volume"), Verdict.FAILED, id="an old finding again"),
    pytest.param("x = 1\n" * 2, "# a\n\n\nx = 1\nx = 1\n", Verdict.PASSED, id="findings that name no line"),
]


@pytest.mark.parametrize(("before", "after", "verdict"), LINTED)
def test_findings_of_a_linter_are_compared_without_lines(
    tmp_path: Path, before: str, after: str, verdict: Verdict
) -> None:
    """New ones fail, by file, code and message."""
    files = {"a.py": before, **RUFF_SETTINGS}
    found = examine(hearing_on(tmp_path, files, {"a.py": after}, style=RUFF_STYLE, tools=RUFF))
    assert found.verdict is verdict, found.summary


def test_a_new_finding_is_named(tmp_path: Path) -> None:
    """The reader learns the file, the code and the words of the linter."""
    files = {"a.py": CLEAN, **RUFF_SETTINGS}
    found = examine(hearing_on(tmp_path, files, {"a.py": "import os\n" + CLEAN}, style=RUFF_STYLE, tools=RUFF))
    assert "a.py: F401" in found.summary
    assert found.measures["worse"] == 2, "black asks for blank lines too"


def test_the_base_is_asked_once(tmp_path: Path) -> None:
    """Results of the base are kept for the next hearing."""
    kept = Kept()
    files = {"a.py": CLEAN, **RUFF_SETTINGS}
    first = hearing_on(tmp_path / "1", files, {"a.py": "# a\n" + CLEAN}, style=RUFF_STYLE, tools=RUFF, keep=kept)
    second = hearing_on(tmp_path / "2", files, {"a.py": "# b\n" + CLEAN}, style=RUFF_STYLE, tools=RUFF, keep=kept)
    assert examine(first).verdict is examine(second).verdict is Verdict.PASSED
    assert (ran(first), ran(second)) == ((1, 1), (0, 1))


def test_a_linter_that_is_not_installed_is_said(tmp_path: Path) -> None:
    """It is not passed over in silence."""
    found = examine(hearing_on(tmp_path, {"a.py": CLEAN}, {"a.py": CLEAN_AFTER}, style=Style(linters=("flake8",))))
    assert found.verdict is Verdict.PASSED
    assert "flake8 is configured and not installed" in found.summary


def test_a_linter_that_does_not_run_is_inconclusive(tmp_path: Path) -> None:
    """Broken settings of the project are said in the linter's words."""
    files = {"a.py": CLEAN, "pyproject.toml": "[tool.ruff]\nno-such-key = 1\n"}
    found = examine(hearing_on(tmp_path, files, {"a.py": CLEAN_AFTER}, style=RUFF_STYLE, tools=RUFF))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "ruff ended with status 2" in found.summary


def test_no_python_file_is_nothing_to_judge(tmp_path: Path) -> None:
    """Prose and deletions file no evidence."""
    hearing = hearing_on(tmp_path, {"README.md": "a", "a.py": CLEAN}, {"README.md": "b", "a.py": None})
    assert isinstance(Format().examine(hearing), NotApplicable)


@pytest.mark.parametrize(
    ("name", "printed", "findings"),
    [
        pytest.param(
            "flake8",
            "noise\nimprover-finding\t/p/a b.py\tE501\tline too long (90 > 79 characters)\n",
            [("/p/a b.py", "E501", "line too long (90 > 79 characters)")],
            id="flake8",
        ),
        pytest.param(
            "pydocstyle",
            "/p/a.py:1 at module level:\n        D100: Missing docstring in public module\n"
            "/p/b.py:7 in public function `f`:\n        D103: Missing docstring in public function\n",
            [
                ("/p/a.py", "D100", "Missing docstring in public module"),
                ("/p/b.py", "D103", "Missing docstring in public function"),
            ],
            id="pydocstyle",
        ),
    ],
)
def test_what_linters_print_is_read(name: str, printed: str, findings: list[tuple[str, str, str]]) -> None:
    """Whatever else stands between the findings is passed over."""
    assert list(LINTERS[name].read(Completed(0, printed.encode(), b""))) == findings


@pytest.mark.sandbox
@pytest.mark.parametrize("style", [Style(formatter="black"), Style(formatter="ruff"), Style(linters=("ruff",))])
def test_tools_of_the_project_run_behind_walls(tmp_path: Path, style: Style) -> None:
    """The tree is seen at the path of the checkout, read-only, and the answers are the same."""
    prefixes = (Path(sys.prefix), Path(sys.base_prefix))
    place = Environment(Path(sys.executable), sys.version_info[:2], prefixes[0], prefixes, {**RUFF, **BLACK})
    files = {"lib/a.py": CLEAN, "lib/pyproject.toml": "[tool.ruff.lint]\nselect = ['D300', 'F']\n"}
    plain = hearing_on(tmp_path, files, {"lib/a.py": DIRTY_AFTER}, style=style, project="lib")
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    target = replace(plain.target, repository=checkout, environment=place)
    jail = standing()
    with (
        SandboxTrial(jail, plain.base.files, target) as base,
        SandboxTrial(jail, plain.changed.files, target) as changed,
    ):
        found = examine(replace(plain, target=target, base=base, changed=changed))
    assert found.verdict is Verdict.FAILED, found.summary
    assert "lib/a.py" in found.summary
