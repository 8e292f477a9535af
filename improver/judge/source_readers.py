"""Which Python files another Python file reads as text: what it opens, copies, hashes or greps.

A file is looked at function by function. Where one opens, parses, copies or hashes files, then

- a name of a Python file that stands in it, or at the top of the file, is read;
- so is a folder of the repository that it goes through or copies;
- and a pattern (`*.py`, the suffix `.py`), or the path that an imported module says it has, stands for any file.

What a test reads counts when it lies in the repository, not in a folder that the test makes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from improver.judge.commands import ANY, holds, read_by
from improver.judge.masked import FUNCTIONS
from improver.judge.names import Names, dotted, names_of
from improver.judges import is_test, names_a_test

_READ = frozenset({
    "open", "read_text", "read_bytes", "open_text", "open_binary", "read_binary", "get_data", "get_source", "parse",
    "getlines",
    "getline", "readlines", "copytree", "copyfile", "copy", "copy2", "sha1", "sha256", "sha512", "md5", "blake2b",
    "file_digest",
    "exec", "execfile", "run_path", "run_module", "make_archive", "create_archive", "ZipFile", "TarFile", "parse_file",
    "get_docstring", "generate_tokens", "tokenize", "compile", "checksum", "FileInput", "input", "mmap", "writestr",
})  # fmt: skip
_CONTENT = _READ - {"exec", "compile", "input", "parse", "copy"}
_LISTS = frozenset(
    {"glob", "rglob", "iglob", "walk", "listdir", "iterdir", "scandir", "fwalk", "iter_modules", "walk_packages"}
)
# What they do with whole folders is to install, vendor or ship them.
_TASKS = frozenset({"noxfile.py", "tasks.py", "fabfile.py", "dodo.py"})
_ROOTED = frozenset({"Path", "walk", "listdir", "scandir", "fwalk", "glob", "rglob"})
# What is asked of a path for the sake of what lies beside it.
_AROUND = frozenset({"parent", "parents", "dirname", "with_name", "joinpath"})
_COPIES = frozenset({"copytree", "make_archive", "create_archive"})
_PACKAGED = frozenset({"get_data", "open_text", "read_binary", "open_binary", "joinpath"})
_MODULES = (
    "dis.",
    "pyclbr.",
    "tokenize.open",
    "modulefinder.",
    "py_compile.",
    "compileall.",
    "zipapp.",
    "ast.get_docstring",
)
_WORDS = (
    b'.py"', b".py'", b'"py"', b"'py'", b"get_data(", b"copytree(", b"make_archive(", b"create_archive(",
    b"find_spec", b".__file__",
    b"getsourcefile", b"getfile(", b".walk(", b"rglob(", b"iterdir(", b"listdir(", b"scandir(", b"glob(",
)  # fmt: skip
_READ_WORDS = tuple(sorted(f"{word}(".encode() for word in _READ))
_TOOLS = (
    b"import dis", b"from dis ", b"pyclbr", b"modulefinder", b"zipapp", b"py_compile", b"compileall", b"tokenize.open",
    b"get_docstring",
)  # fmt: skip
_GREPS = (b"grep", b"wc ", b"sed ", b"cat ", b"awk ", b"sum ", b"xgettext", b'"wc"', b'"sed"', b'"cat"', b'"awk"')
_GREPPED = (b".py", b" -r", b'"-r', b"'-r", b"ls-files", b"recursive")
_SHELLS = (b"subprocess", b"os.system", b"os.popen", b"Popen(", b"check_output(", b"import sh\n")
_PYTHON = re.compile(r"[\w./*?\[\]-]*[\w*\]]\.py\Z|\.py\Z|\*\.py\Z")
_SUFFIX = re.compile(r"(?:\*|.*/\*)?\.(?!py\Z)[a-z]\w{0,5}\Z")
_WRITING = re.compile(r"[wax][bt]?\+?[bt]?\Z")
# What a test reads that lies in the repository.
_IN_TESTS = re.compile(
    rb"[\w*]/[\w/*.-]*\.py[\"']|\*\.py[\"']|endswith\(\(?[\"']\.py[\"']|suffix\w* *[=!]= *[\"']\.py"
    rb"|\bos\.walk\([\"'A-Z]|\brglob\(|iterdir\("
    rb"|\w\.__file__|find_spec|getsourcefile"
)
_BUILD = frozenset({"setup.py", "noxfile.py", "conf.py", "hatch_build.py", "pdm_build.py", "build.py", "tasks.py"})
_MADE = re.compile(r"(?i)tmp|temp|sandbox|workdir|scratch|isolated|pytester|testdir|makepyfile|write_text")


@dataclass
class _Unit:
    """What stands in one function, or outside of all."""

    calls: set[str] = field(default_factory=set)
    functions: list[ast.expr] = field(default_factory=list)
    roots: set[str] = field(default_factory=set)
    texts: list[tuple[str, int]] = field(default_factory=list)
    paths: list[tuple[ast.Attribute, int]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    written: set[int] = field(default_factory=set)

    def reads(self) -> bool:
        """Whether it reads files, and does not only write some."""
        found = self.calls & _READ
        return bool(found - {"open"}) or ("open" in found and (self.fetches or not self.writes))

    @property
    def fetches(self) -> bool:
        """Whether the content of something is taken."""
        return not self.calls.isdisjoint(
            {"read", "readline", "readlines", "load", "exec", "parse", "compile", "finditer", "search"}
        )

    @property
    def writes(self) -> bool:
        """Whether something is opened to be written."""
        return any(_WRITING.match(text) for text, _ in self.texts)

    @property
    def is_made(self) -> bool:
        """Whether it deals with files that it makes."""
        return any(_MADE.search(name) for name in self.names)


def reads_sources(
    path: str, content: bytes, parse: Callable[[str], ast.Module | None], folders: frozenset[str]
) -> Iterator[tuple[str, str]]:
    """What one Python file reads as text, each with the reason: ends of paths, folders with a slash, or ``*``.

    Parameters:
        parse: gives the tree of a file, if it is one.
        folders: the folders of the repository that hold Python files.
    """
    opens = holds(content, _WORDS) and holds(content, _READ_WORDS)
    if opens and is_test(path):
        opens = bool(_IN_TESTS.search(content))
    greps = holds(content, _SHELLS) and holds(content, _GREPS) and holds(content, _GREPPED)
    tools = not is_test(path) and holds(content, _TOOLS)
    if is_test(path) and not names_a_test(path) and b"__main__" in content:
        return
    tree = parse(path) if opens or greps or tools else None
    if tree is None:
        return
    units = _units(tree)
    if greps:
        yield from _greps(path, units)
    if tools:
        yield from _modules(path, names_of(tree), units)
    if opens:
        yield from _opens(path, units, folders)


def _units(tree: ast.Module) -> dict[str, _Unit]:
    """The functions of a file, those of classes included, and ``""`` for what stands outside."""
    units = {"": _Unit()}
    pending: list[tuple[ast.AST, str]] = [(tree, "")]
    while pending:
        node, name = pending.pop()
        for child in ast.iter_child_nodes(node):
            inner = child.name if isinstance(child, FUNCTIONS) and not name else name
            _take(child, units.setdefault(inner, _Unit()), node)
            pending.append((child, inner))
    return units


def _take(node: ast.AST, unit: _Unit, parent: ast.AST) -> None:
    match node:
        case ast.Call():
            word = dotted(node.func)
            unit.calls.add(word.rpartition(".")[2] or getattr(node.func, "attr", ""))
            unit.functions.append(node.func)
            listed = [one.value for one in _list(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            unit.texts += [(" ".join(listed), node.lineno)] if listed else []
            if any(isinstance(one, ast.Constant) and _WRITING.match(str(one.value)) for one in node.args):
                unit.written.update(id(inner) for one in node.args for inner in ast.walk(one))
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and word.rpartition(".")[2] in _ROOTED:
                unit.roots.add(str(first.value))
        case ast.Constant() if id(node) in unit.written:
            unit.texts += [(str(node.value), node.lineno)] if _WRITING.match(str(node.value)) else []
        case ast.Constant(value=str(text)) if not isinstance(parent, ast.Expr) and len(text) < 2000:
            if text != ".py" or not isinstance(parent, ast.Tuple) or len(parent.elts) != 2:
                unit.texts.append((text, node.lineno))
        case ast.Attribute(attr="__file__" | "origin"):
            unit.paths.append((node, node.lineno))
            unit.names.add(node.attr)
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            unit.names.add(name)
        case _:
            pass


def _list(node: ast.Call) -> list[ast.expr]:
    first = node.args[0] if node.args else None
    return list(first.elts) if isinstance(first, ast.List | ast.Tuple) else []


def _greps(path: str, units: dict[str, _Unit]) -> Iterator[tuple[str, str]]:
    for unit in units.values():
        for text, line in unit.texts:
            if is_test(path) and unit.is_made:
                continue
            for _, word in read_by(text.encode("utf-8", "surrogatepass")) if " " in text else ():
                yield word, f"{path}:{line}: a command reads `{word}`"


def _modules(path: str, names: Names, units: dict[str, _Unit]) -> Iterator[tuple[str, str]]:
    """What tools of the standard library read of modules, wherever those lie."""
    full = {names.resolve(function) for unit in units.values() for function in unit.functions}
    for name in sorted(full):
        if name.startswith(_MODULES):
            for unit in units.values():
                for word in unit.names | {
                    part for text, _ in unit.texts if _is_plain(text) for part in text.split(".")
                }:
                    yield from _of_module(word, f"{path}: `{name}` reads it", tests=True)
            return


def _is_plain(name: str) -> bool:
    return all(part.isidentifier() for part in name.split("."))


def _opens(path: str, units: dict[str, _Unit], folders: frozenset[str]) -> Iterator[tuple[str, str]]:
    tests, name = is_test(path), path.rpartition("/")[2]
    reading = {label for label, unit in units.items() if unit.reads()}
    if not reading:
        return
    for label, unit in units.items():
        if (tests and unit.is_made) or (unit.writes and label not in reading):
            continue
        near = _near(label, units)
        reads = bool(reading & near) or label == ""
        lists = any(units[one].calls & _LISTS for one in near) or (
            not label and any(one.calls & _LISTS for one in units.values())
        )
        for text, line in unit.texts:
            word = _word(text)
            if word and _counts(word, tests=tests, reads=reads, lists=lists, build=name in _BUILD, unit=unit):
                yield word, f"{path}:{line}: reads `{text}` as text"
        yield from _folders(path, unit, folders)
        if label in reading:
            yield from _paths(path, unit, tests=tests)


def _near(label: str, units: dict[str, _Unit]) -> set[str]:
    """A function, those that it calls and those that call it."""
    return (
        {label}
        | {one for one in units if one and one in units[label].names}
        | {one for one, unit in units.items() if label and label in unit.names}
    )


def _word(text: str) -> str:
    if not _PYTHON.match(text):
        return ""
    return ANY if text == ".py" or set(text) & set("*?[") else text


def _counts(word: str, *, tests: bool, reads: bool, lists: bool, build: bool, unit: _Unit) -> bool:
    if word == ANY:
        packaged = bool(unit.calls & _PACKAGED)
        return reads and (lists or packaged)
    if tests:
        return reads and "/" in word.strip("./") and bool(unit.calls & _READ)
    return reads or build


def _folders(path: str, unit: _Unit, folders: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Folders of the repository whose files are read or copied whole, whatever they are."""
    if path.rpartition("/")[2] in _TASKS:
        return
    copies = bool(unit.calls & _COPIES)
    if not copies and not (unit.calls & _LISTS and unit.calls & (_CONTENT | {"write"})):
        return
    texts = [text for text, _ in unit.texts]
    if not copies and any(_SUFFIX.match(text) for text in texts) and not any(_word(text) for text in texts):
        return
    for text, line in unit.texts:
        folder = text.strip("/").removeprefix("./")
        if folder in folders and (copies or unit.calls & _LISTS):
            yield f"{folder}/", f"{path}:{line}: reads what is in `{text}`"
        elif text == "." and text in unit.roots and not copies:
            yield ANY, f"{path}:{line}: reads what is in `{text}`"


def _paths(path: str, unit: _Unit, *, tests: bool) -> Iterator[tuple[str, str]]:
    """Modules whose own path is opened."""
    if not unit.calls & (_CONTENT | {"stat", "getsize"}) or not unit.names.isdisjoint(_AROUND) or unit.calls & _AROUND:
        return
    for node, line in unit.paths:
        if node.attr == "__file__":
            word = dotted(node.value)
            last = word.rpartition(".")[2]
            yield from _of_module(last, f"{path}:{line}: reads the file of `{word or 'a module'}`", tests=tests)
        elif node.attr == "origin" and "find_spec" in unit.calls:
            for text, _ in unit.texts:
                yield from _of_module(
                    text.rpartition(".")[2], f"{path}:{line}: reads the file of `{text}`", tests=tests
                )
    if unit.calls & {"getsourcefile", "getfile"} and not tests:
        yield ANY, f"{path}: reads the file of something"


def _of_module(name: str, reason: str, *, tests: bool) -> Iterable[tuple[str, str]]:
    if name.isidentifier():
        return ((f"{name}.py", reason), (f"{name}/__init__.py", reason))
    return () if tests else ((ANY, reason),)
