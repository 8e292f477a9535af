"""Whatever is called harmless neither raises nor acts when it is evaluated, on every Python that can be found."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_risk_cases import read_cases

from improver.judge.annotations import Evaluation, acts
from improver.judge.library import Library, unit_of
from improver.judge.repository import Repository
from improver.judge.standard import standard_types
from improver.values import Category

FOUND = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"))
PYTHONS = {minor: path for path in FOUND if 8 <= (minor := int(path.parts[-3].split(".")[1])) <= 13} or {
    sys.version_info[1]: Path(sys.executable)
}

# What hints may name: modules of the same repository, written so that whatever touches them is counted.
PLANTED = """
from typing import Any, Callable, Dict, Generic, List, NewType, Optional, TypeVar, Union
COUNT = []
T = TypeVar("T")
K = TypeVar("K")
class Loud(type):
    def __or__(cls, other): COUNT.append("or")
    def __ror__(cls, other): COUNT.append("ror")
    def __getitem__(cls, item): COUNT.append("item")
    def __getattr__(cls, name): COUNT.append(name); raise AttributeError(name)
    def __hash__(cls): COUNT.append("hash"); return 1
    def __eq__(cls, other): COUNT.append("eq"); return cls is other
class Quiet(type):
    def __call__(cls, *args): return None
class Plain: pass
class Calm(metaclass=Quiet): pass
class Shrill(metaclass=Loud): pass
class Heir(Shrill): pass
class Item:
    def __class_getitem__(cls, item): COUNT.append("class_getitem"); return cls
class ItemHeir(Item, Generic[T]): pass
class Box(Generic[T]): pass
class Pair(Generic[T, K]): pass
class Sub(Box[T]): pass
class Mine(Dict[str, T]): pass
class Words(dict): pass
def shout(cls):
    class Made:
        def __or__(self, other): COUNT.append("or"); return self
        def __getitem__(self, item): COUNT.append("item"); return self
        def __hash__(self): COUNT.append("hash"); return 1
        def __call__(self): pass
        def __getattr__(self, name): COUNT.append(name); raise AttributeError(name)
    return Made()
@shout
class Decorated: pass
loud = Decorated
Number = NewType("Number", int)
Alias = Union[int, str]
Many = List[T]
Maybe = Optional[Box[T]]
Call = Callable[[T], K]
perhaps = None
if perhaps:
    class Never: pass
try:
    from nowhere import Nothing
except ImportError:
    Nothing = None
"""
HEAD = """
import typing
import typing as t
import collections.abc as abc
import collections
import queue, re, os, socket
from typing import (Any, AnyStr, Callable, ClassVar, Deque, Dict, Final, FrozenSet, Generator, Hashable, Iterable,
                    Iterator, List, Literal, Mapping, NoReturn, Optional, Sequence, Set, SupportsInt, Text, Tuple,
                    Type, TypeVar, Union)
from typing import IO, Match, Pattern
import planted
from planted import (Alias, Box, Call, Calm, Decorated, Heir, Item, ItemHeir, K, Many, Maybe, Mine, Nothing, Number,
                     Pair, Plain, Shrill, Sub, T, Words, loud, perhaps)
Own = List[Plain]
class Here: pass
if perhaps:
    Absent = int
else:
    Present = str
"""


def evaluation(python: tuple[int, int]) -> Evaluation:
    tree = ast.parse(HEAD + "def function(): pass\n")
    unit = unit_of("code.py", tree)
    repository = Repository({"planted.py": PLANTED.encode()})
    return Evaluation(Library(repository, python, unit), unit, tree.body[-1], own=tree.body[-1])


RUN = """
import json, sys, warnings
warnings.simplefilter("ignore")
document = json.load(sys.stdin)
module = type(sys)("planted")
exec(document["planted"], module.__dict__)
sys.modules["planted"] = module
space = {"__name__": "code"}
exec(document["head"], space)
answers = []
for text in document["expressions"]:
    del module.COUNT[:]
    try:
        exec("def function(x: " + text + "): pass", dict(space))
        answers.append("acts: " + repr(module.COUNT) if module.COUNT else "")
    except BaseException as error:
        answers.append(type(error).__name__ + ": " + str(error))
json.dump(answers, sys.stdout)
"""


def answers(minor: int, script: str, document: object) -> list[str]:
    """What a script prints on one Python that is given a document."""
    command = [PYTHONS[minor], "-I", "-S", "-B", "-W", "ignore", "-c", script]
    given = json.dumps(document)
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def evaluated(minor: int, expressions: list[str]) -> list[str]:
    """What evaluating each expression does on one Python: nothing, or what it raises or touches."""
    return answers(minor, RUN, {"planted": PLANTED, "head": HEAD, "expressions": expressions})


def verdict(text: str, where: Evaluation) -> str:
    return acts(ast.parse(text, mode="eval").body, where)


def assert_harmless(expressions: list[str], lowest: int) -> int:
    """Whatever is harmless for a project that runs on a Python is so on it and on all later ones."""
    where = evaluation((3, lowest))
    harmless = [text for text in expressions if not verdict(text, where)]
    for minor in PYTHONS:
        if minor >= lowest and harmless:
            wrong = [pair for pair in zip(harmless, evaluated(minor, harmless), strict=True) if pair[1]]
            assert not wrong, (minor, wrong)
    return len(harmless)


NAMES = [
    "int", "str", "None", "object", "list", "dict", "tuple", "type", "set", "frozenset", "Exception", "memoryview",
    "Any", "AnyStr", "List", "Dict", "Optional", "Union", "Tuple", "Type", "Callable", "Literal", "Final", "ClassVar",
    "Iterable", "Iterator", "Generator", "Sequence", "Mapping", "Hashable", "SupportsInt", "NoReturn", "Text", "IO",
    "Pattern", "Match", "FrozenSet", "Deque", "t.Any", "t.Optional", "t.List", "t.Self", "t.Never", "t.Annotated",
    "typing.TypeAlias", "typing.Concatenate", "typing.TypeGuard", "typing.LiteralString", "typing.Required",
    "abc.Iterable", "abc.Callable", "abc.Mapping", "abc.Hashable", "abc.Buffer", "collections.deque",
    "collections.OrderedDict", "collections.abc.Set", "queue.Queue", "re.Pattern", "os.PathLike", "socket.socket",
    "socket.socketpair", "queue.ShutDown", "re.NOFLAG", "Plain", "Calm", "Shrill", "Heir", "Item", "ItemHeir", "Box",
    "Pair", "Sub", "Mine", "Words", "Decorated", "loud", "Number", "Alias", "Many", "Maybe", "Call", "T", "K", "Own",
    "Here", "Absent", "Present", "Nothing", "perhaps", "planted", "planted.Plain", "planted.Never", "planted.Loud",
    "planted.COUNT", "Unknown", "ExceptionGroup", "print", "len", "function", "__name__", "TypeVar",
]  # fmt: skip
STRINGS = ["'int'", "'Later'", "'List[int]'", "'int | None'", "'a b'", "''", "' int'", "'f()'", "'x.y'", "'['"]
OTHERS = ["...", "1", "-1", "b'x'", "True", "()", "[]", "[int]", "[int, str]", "[T]", "[Shrill]", "(int, str)"]
leaves = st.sampled_from(NAMES) | st.sampled_from(NAMES) | st.sampled_from(STRINGS + OTHERS)


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    subscript = st.builds(
        "{}[{}]".format, st.sampled_from(NAMES) | inner, st.lists(inner, min_size=1, max_size=3).map(", ".join)
    )
    union = st.builds("{} | {}".format, inner, inner)
    return subscript | subscript | union | inner.map("({})".format) | inner.map("[{}, int]".format)


expressions = st.recursive(leaves, grown, max_leaves=6)


def parses(text: str) -> bool:
    try:
        return bool(compile(text, "annotation", "eval"))
    except SyntaxError:
        return False


@pytest.mark.parametrize("lowest", sorted({8, 9, 10, 11, 12, 13} & set(PYTHONS)) or sorted(PYTHONS))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(expressions.filter(parses), min_size=10, max_size=40))
def test_no_random_expression_that_is_harmless_acts(lowest: int, texts: list[str]) -> None:
    assert_harmless(texts, lowest)


@pytest.mark.parametrize("lowest", sorted(PYTHONS))
def test_no_short_expression_that_is_harmless_acts(lowest: int) -> None:
    texts = [*NAMES, *STRINGS, *OTHERS]
    texts += [f"{outer}[{inner}]" for outer in NAMES for inner in ("int", "Plain", "T", "None", "'X'", "Shrill", "Any")]
    texts += [
        f"{outer}[{inner}]" for outer in NAMES for inner in ("int, str", "T, K", "..., int", "[int], str", "T, ...")
    ]
    texts += [f"{one} | {other}" for one in NAMES for other in ("None", "int", "'X'", "T", "Shrill", "Optional[int]")]
    texts += [f"{other} | {one}" for one in NAMES for other in ("None", "int", "'X'")]
    texts += [f"{outer}[{inner}]" for outer in ("List", "Optional", "list", "Box", "Many") for inner in NAMES]
    texts += [f"Callable[[{one}], {one}]" for one in NAMES] + [f"abc.Callable[[{one}], {one}]" for one in NAMES]
    texts += [f"Optional[{one}] | None" for one in NAMES] + [f"list[{one}] | dict[str, {one}] | None" for one in NAMES]
    assert assert_harmless(texts, lowest) > 100


# --- whole files ------------------------------------------------------------------------------------------------

STRANGER = (
    "def __getattr__(name):\n    if name.startswith('__'): raise AttributeError(name)\n    return type(name, (), {})\n"
)
CASES = list(read_cases())
STRANGERS = ("elsewhere", "fast", "slow", "more", "launch")
IMPORT = """
import contextlib, io, importlib, json, sys
answers = []
own = {"changed", "other", "third", "elsewhere", "fast", "slow", "more", "launch"}
for folder in json.load(sys.stdin):
    printed = io.StringIO()
    sys.path.insert(0, folder)
    try:
        with contextlib.redirect_stdout(printed):
            importlib.import_module("changed")
        answers.append(printed.getvalue())
    except BaseException as error:
        answers.append(printed.getvalue() + type(error).__name__ + ": " + str(error))
    sys.path.remove(folder)
    for name in own & set(sys.modules):
        del sys.modules[name]
    importlib.invalidate_caches()
json.dump(answers, sys.stdout)
"""


def write_module(folder: Path, changed: bytes, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True)
    for name in STRANGERS:
        (folder / f"{name}.py").write_text(STRANGER)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "changed.py").write_bytes(changed)
    return folder


@pytest.mark.parametrize("minor", sorted(PYTHONS))
def test_a_module_with_certified_hints_is_imported_as_before(minor: int, tmp_path: Path) -> None:
    certified = [case for case in CASES if case.category is Category.ANNOTATIONS]
    assert len(certified) > 40
    pairs = []
    for index, case in enumerate(certified):
        before = write_module(tmp_path / f"{index}-before", case.before, case.files)
        pairs.append((before, write_module(tmp_path / f"{index}-after", case.after, case.files)))
    printed = answers(minor, IMPORT, [str(folder) for pair in pairs for folder in pair])
    for case, before, after in zip(certified, printed[::2], printed[1::2], strict=True):
        assert before == after, (case.why, before, after)


# --- the table of the standard library ---------------------------------------------------------------------------


def test_the_table_of_the_standard_library_holds_on_old_and_new_pythons() -> None:
    table = {
        module: {name: (entry.since, entry.brackets) for name, entry in types.items()}
        for module, types in standard_types().items()
    }
    for minor in {min(PYTHONS), max(PYTHONS)}:
        assert answers(minor, CHECK, table) == [], minor


CHECK = """
import importlib, io, json, sys, types
wrong = []
minor = sys.version_info[1]
metaclasses = {"type", "ABCMeta", "EnumMeta", "EnumType", "_ProtocolMeta", "PyCStructType", "UnionType", "PyCArrayType",
               "PyCSimpleType", "PyCPointerType", "PyCFuncPtrType"}
for module, names in json.load(sys.stdin).items():
    try:
        found = importlib.import_module(module)
    except ImportError:
        continue
    for name, (since, brackets) in names.items():
        if minor >= since:
            kind = getattr(found, name, None)
            if not isinstance(kind, type) or type(kind).__name__ not in metaclasses:
                wrong.append(module + "." + name)
            elif brackets and minor >= brackets:
                alias = type[int] if kind is type else kind[int, str]
                if type(alias) is not types.GenericAlias:
                    wrong.append(module + "." + name + "[]")
json.dump(wrong, sys.stdout)
"""
