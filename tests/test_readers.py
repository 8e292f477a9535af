"""Who reads docstrings, annotations and source, across a whole repository."""

from __future__ import annotations

import pytest

from improver.errors import SettingsError
from improver.judge.known import known_readers
from improver.judge.readers import Readers, find_readers


def readers_in(source: str, path: str = "reads.py") -> Readers:
    return find_readers({path: source.encode()})


HARMLESS = [
    pytest.param("def wrap(f, g):\n    g.__doc__ = f.__doc__\n", id="a copy"),
    pytest.param("def wrap(f, g):\n    g.__doc__ = g.__doc__ or f.__doc__\n", id="a copy where there is none"),
    pytest.param("def wrap(f, g):\n    if not g.__doc__:\n        g.__doc__ = f.__doc__\n", id="a copy under a test"),
    pytest.param("class A:\n    x = property(f, doc=f.__doc__)\n", id="a property"),
    pytest.param("def make(f):\n    return type('A', (), {'__doc__': f.__doc__})\n", id="a class made at run time"),
    pytest.param("f.__doc__ = 'One.'\n", id="a docstring that is set"),
    pytest.param("setattr(f, '__doc__', 'One.')\n", id="a docstring that is set by a word"),
    pytest.param("# f.__doc__\nx = 'a __doc__'\n", id="text about it"),
    pytest.param("import inspect\ndef n(f): return len(inspect.signature(f).parameters)\n", id="a count of parameters"),
    pytest.param("def same(f, g): return f.__code__ is g.__code__\n", id="the identity of code"),
    pytest.param("def n(f): return f.__code__.co_argcount\n", id="the number of parameters in code"),
    pytest.param("def m():\n    code = compile('1', 'x', 'eval')\n    return code.co_consts\n", id="code of its own"),
]


@pytest.mark.parametrize("source", HARMLESS)
def test_nothing_is_read(source: str) -> None:
    found = readers_in(source)
    assert not found.everything
    assert not found.mentioned
    for what in ("docstrings", "annotations", "source"):
        assert not found.reads(what, ("f", "g", "A"), ("A",))


READS = [
    ("docstrings", "def text(thing): return thing.__doc__.strip()\n", "anything"),
    ("docstrings", "def text(thing): return getattr(thing, '__doc__')\n", "anything"),
    ("docstrings", "def text(thing): return vars(thing)['__doc__']\n", "anything"),
    ("docstrings", "from code import f\nfor thing in [f]:\n    print(thing.__doc__)\n", "f"),
    ("docstrings", "from inspect import getdoc as g\ndef text(thing): return g(thing)\n", "anything"),
    ("docstrings", "from inspect import *\ndef text(thing): return getdoc(thing)\n", "anything"),
    ("docstrings", "import pydoc as p\ndef text(thing): return p.render_doc(thing)\n", "anything"),
    ("docstrings", "def text(f): return f.__code__.co_consts[0]\n", "anything"),
    ("docstrings", "import fire\nfire.Fire()\n", "anything"),
    ("docstrings", "def keep(self, f):\n    self.doc = f.__doc__\n", "anything"),
    ("annotations", "import typing as t\ndef wire(f): return t.get_type_hints(f)\n", "anything"),
    ("annotations", "def wire(f): return f.__annotations__\n", "anything"),
    ("annotations", "import inspect\ndef show(f): return str(inspect.signature(f))\n", "anything"),
    ("annotations", "import inspect\ndef a(f): return [p.annotation for p in inspect.signature(f).parameters]\n", "f"),
    ("source", "import inspect\ndef text(f): return inspect.getsource(f)\n", "anything"),
    ("docstrings", "from code import known\nprint(known.__doc__)\n", "known"),
    ("docstrings", "import package\nprint(package.known.__doc__)\n", "known"),
    ("docstrings", "def known(): pass\nwrapper.__doc__ = known.__doc__\nprint(wrapper.__doc__)\n", "known"),
    ("docstrings", "import langchain\nfrom code import known\n", "known"),
    ("docstrings", "from typer import run\nfrom code import known\nrun(known)\n", "known"),
]


@pytest.mark.parametrize(("what", "source", "name"), READS)
def test_it_is_read(what: str, source: str, name: str) -> None:
    reason = readers_in(source).reads(what, (name,))
    assert reason.startswith("reads.py:")


def test_a_name_that_is_read_does_not_make_others_read() -> None:
    found = readers_in("from code import known\nprint(known.__doc__)\n")
    assert not found.reads("docstrings", ("unknown",))


def test_self_reads_the_class_and_what_derives_from_it() -> None:
    found = find_readers(
        {
            "base.py": b"class Base:\n    def text(self): return self.__doc__\n",
            "more.py": b"class Middle(base.Base): pass\nclass Last(Middle[int]): pass\nclass Other: pass\n",
        }
    )
    assert found.reads("docstrings", ("Last",), ("Last",))
    assert not found.reads("docstrings", ("Other",), ("Other",))


def test_a_test_reads_what_is_handed_over_somewhere() -> None:
    found = readers_in("def test_it():\n    assert wrapped(known).__doc__\n", "tests/test_it.py")
    assert found.reads("docstrings", ("known",))
    assert not found.reads("docstrings", ("unknown",))


def test_the_docstring_of_a_module_is_read_there_alone() -> None:
    found = readers_in("import argparse\nargparse.ArgumentParser(description=__doc__)\n")
    assert set(found.modules) == {"reads.py"}
    assert not found.everything


def test_line_numbers_make_their_own_file_depend_on_its_layout() -> None:
    found = readers_in("import sys\nLINE = sys._getframe().f_lineno\n")
    assert set(found.files) == {"reads.py"}


def test_doctest_is_found_in_settings() -> None:
    assert find_readers({"pytest.ini": b"[pytest]\naddopts = --doctest-modules\n"}).doctest
    assert not find_readers({"pytest.ini": b"[pytest]\n"}).doctest


def test_grammars_are_found() -> None:
    assert readers_in("from ply import yacc\n").grammar
    assert not readers_in("import plyer\n").grammar


def test_a_file_that_does_not_parse_may_read_what_it_names() -> None:
    found = readers_in("print known.__doc__\n")
    assert found.reads("docstrings", ("known",))
    assert not found.reads("docstrings", ("unknown",))


def test_every_entry_says_why_and_where_to_look_it_up() -> None:
    for entries in known_readers().entries.values():
        for entry in entries:
            assert entry.names
            assert len(entry.reason) > 10
            assert entry.reference.startswith("http")


ADDED = """
[[call]]
names = ["house.shows"]
reads = ["docstrings"]
reason = "our own tool shows it"
reference = "https://example.org"
"""


def test_a_project_may_add_readers() -> None:
    known = known_readers(ADDED.encode())
    source = {"reads.py": b"from house import shows\ndef go(f): shows(f)\n"}
    assert find_readers({**source, "x.py": b"# __doc__"}, known).known is known
    assert known.find("call", "house.shows", "docstrings")
    assert known.find("call", "inspect.getdoc", "docstrings")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(ADDED.replace("call", "harmless-decorator"), "may add readers", id="harmless"),
        pytest.param(ADDED.replace("call", "calls"), "Did you mean `call`", id="an unknown kind"),
        pytest.param(ADDED.replace("docstrings", "docstring"), "Did you mean `docstrings`", id="an unknown word"),
        pytest.param(ADDED.replace("reason", "reasons"), "`reason` is missing", id="no reason"),
        pytest.param("call = 1\n", "a list of tables", id="no tables"),
    ],
)
def test_what_a_project_adds_is_read_strictly(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as raised:
        known_readers(text.encode(), ".improver/readers.toml")
    assert words in str(raised.value)
