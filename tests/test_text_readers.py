"""Who reads Python files as text, by their lines, or from files that are no Python modules."""

from __future__ import annotations

import pytest

from improver.judge.context import asks_for, read_context
from improver.judge.line_readers import moves
from improver.judge.other_files import readings_in
from improver.judge.risk import read_risk
from improver.values import Change, FileChange, Risk

BEFORE = "def work(x=1):\n    return x\n"
AFTER = 'def work(x=1):\n    """Do the work."""\n    return x\n'


def risk_beside(files: dict[str, str], before: str = BEFORE, after: str = AFTER, path: str = "pkg/lib.py") -> Risk:
    context = read_context({path: before.encode(), **{name: text.encode() for name, text in files.items()}})
    return read_risk(Change("base", (FileChange(path, before.encode(), after.encode()),)), context)


READERS = [
    pytest.param("page.html", "{{ f.__doc__ }}", id="a template"),
    pytest.param("columns.json", '["__name__", "__doc__"]', id="names of attributes in settings"),
    pytest.param("bin/tool", "#!/usr/bin/env python3\nimport lib\nprint(lib.work.__doc__)\n", id="a script"),
    pytest.param("tool.pyw", "import inspect, lib\nprint(inspect.getdoc(lib.work))\n", id="a script with a window"),
    pytest.param("fast.pyx", "from lib import work\nx = work.__doc__\n", id="Cython"),
    pytest.param("README.rst", ">>> help(lib.work)\n", id="an example in a document"),
    pytest.param("README.md", "<!-- [[[cog\ncog.out(lib.work.__doc__)\n]]] -->", id="what cog fills in"),
    pytest.param("Makefile", "doc:\n\tpython -m pydoc pkg.lib\n", id="pydoc"),
    pytest.param("Makefile", "run:\n\tpython -m fire pkg.lib work\n", id="fire"),
    pytest.param("help.sh", 'grep -A1 "def work" pkg/lib.py\n', id="grep in a script"),
    pytest.param("rules.mk", "SRC = pkg/lib.py\ncount:\n\twc -l $(SRC)\n", id="a variable of make"),
    pytest.param("Makefile", "todo:\n\tgrep -rn TODO .\n", id="grep of everything"),
    pytest.param("docs/use.rst", ".. literalinclude:: ../pkg/lib.py\n", id="a document that shows it"),
    pytest.param("SHA256SUMS", "0fb0bd6f  pkg/lib.py\n", id="a sum of it"),
    pytest.param("t.robot", "*** Settings ***\nLibrary    pkg.lib\n", id="Robot Framework"),
    pytest.param("tools/a.py", 'import pkgutil\nprint(pkgutil.get_data("pkg", n + ".py"))\n', id="data of a package"),
    pytest.param("tools/a.py", 'import shutil\nshutil.copytree("pkg", "/out")\n', id="a copy of the folder"),
    pytest.param(
        "tools/a.py", 'S = ["pkg/lib.py"]\n\n\ndef f():\n    return open(S[0]).read()\n', id="opened far below"
    ),
    pytest.param("tools/a.py", "import dis, lib\ndis.dis(lib.work)\n", id="the bytecode"),
    pytest.param("tools/a.py", 'import pyclbr\nprint(pyclbr.readmodule("pkg.lib"))\n', id="a class browser"),
    pytest.param("tools/a.py", "import lib\nprint(open(lib.__file__).read())\n", id="the file of a module"),
    pytest.param(
        "test_style.py", 'import os\nfor a, _, b in os.walk("pkg"):\n    open(b[0]).read()\n', id="a test of style"
    ),
]


@pytest.mark.parametrize(("path", "text"), READERS)
def test_who_reads_from_elsewhere_is_found(path: str, text: str) -> None:
    assert asks_for(path)
    assert risk_beside({}).certified
    risk = risk_beside({path: text})
    assert not risk.certified
    assert path in risk.because[0]


NO_READERS = [
    pytest.param("README.md", "See `pkg/lib.py`, whose `__doc__` says more, or [here](pkg/lib.py).", id="prose"),
    pytest.param("CHANGES.rst", "- ``work.__doc__`` was lost; ``help(work)`` too.\n", id="a list of changes"),
    pytest.param("docs/templates.rst", "{{ func.__code__.co_code }} is refused.\n", id="braces in a document"),
    pytest.param("Makefile", "help:\n\tgrep -E '^[a-z]+:' $(MAKEFILE_LIST)\n", id="a Makefile that reads itself"),
    pytest.param("i18n.sh", "xgettext -o a.pot pkg/*.py\n", id="texts to be translated"),
    pytest.param("tools/a.py", 'open(f"{name}.py", "w").write("x = 1")\n', id="a file that is written"),
    pytest.param(
        "tools/a.py", "import pkg\nd = os.path.dirname(pkg.__file__)\nopen(d + '/a.txt').read()\n", id="beside it"
    ),
    pytest.param("stubs/lib.pyi", "def work(x: int = ...) -> int: ...\n__doc__: str\n", id="stubs"),
]


@pytest.mark.parametrize(("path", "text"), NO_READERS)
def test_who_merely_names_something_reads_nothing(path: str, text: str) -> None:
    assert risk_beside({path: text}).certified, risk_beside({path: text}).because


LINES = [
    pytest.param("def here():\n    return sys._getframe(1).f_lineno\n", "x = where.here()\n", id="the caller's frame"),
    pytest.param("def here():\n    return inspect.stack()[1][2]\n", "x = where.here()\n", id="the stack"),
]


@pytest.mark.parametrize(("reader", "caller"), LINES)
def test_who_calls_a_reader_of_lines_has_its_lines_read(reader: str, caller: str) -> None:
    files = {"where.py": f"import inspect, sys\n{reader}"}
    assert not risk_beside(files, f"import where\n{caller}", f"import where\n\n{caller}").certified
    assert risk_beside(files, f"import where\n{caller}", f"import where\n{caller}# Done.\n").certified
    assert risk_beside(files).certified


def test_the_lines_of_a_traceback_are_those_of_what_the_reader_names() -> None:
    text = "import traceback, {}\nprint([b for _, b, *_ in traceback.extract_tb(e.__traceback__)])\n"
    assert not risk_beside({"main.py": text.format("lib")}).certified
    assert risk_beside({"main.py": text.format("other")}).certified


def test_the_line_of_a_node_is_none_of_the_program() -> None:
    assert risk_beside({"check.py": "import ast, lib\nprint([node.lineno for node in ast.walk(tree)])\n"}).certified


@pytest.mark.parametrize(
    ("new", "moved"),
    [
        pytest.param("x = 1\ny = 2  # Two.\n", False, id="a comment behind"),
        pytest.param("x: int = 1\ny = 2\n", False, id="a hint"),
        pytest.param("# One.\nx = 1\ny = 2\n", True, id="a comment above"),
        pytest.param("x = 1; y = 2\n", True, id="lines that are joined"),
    ],
)
def test_code_moves_to_other_lines_or_not(new: str, moved: bool) -> None:
    assert moves("x = 1\ny = 2\n", new) is moved


def test_what_is_too_large_to_be_looked_at_may_read_anything() -> None:
    risk = risk_beside({"page.html": "x" * (1 << 20) + "y"})
    assert not risk.certified
    assert "page.html: too large" in risk.because[0]


def test_what_was_not_read_may_read_anything() -> None:
    context = read_context({"pkg/lib.py": BEFORE.encode()}, unread=["a.md", "b.md"])
    risk = read_risk(Change("base", (FileChange("pkg/lib.py", BEFORE.encode(), AFTER.encode()),)), context)
    assert not risk.certified
    assert "a.md and 1 more files" in risk.because[0]


@pytest.mark.parametrize("path", ["logo.png", "locale/de.po", "a.egg-info/SOURCES.txt", ".git/config", "app.min.js"])
def test_data_is_not_asked_for(path: str) -> None:
    assert not asks_for(path)


def test_a_notebook_that_is_broken_is_searched_whole() -> None:
    found = {reading.what for reading in readings_in("book.ipynb", b'{"cells": [ work.__doc__')}
    assert found == {"docstrings"}
