"""Who reads docstrings, annotations or source at run time, across a whole repository.

Nothing is imported or run: the text is searched for a few words, and only the files that hold one are parsed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from improver.judge.escapes import Escapes
from improver.judge.findings import Findings, identifiers
from improver.judge.known import ANNOTATIONS, DOCSTRINGS, SOURCE, Known, known_readers
from improver.judge.readings import readings_of
from improver.judge.receivers import File
from improver.judge.repository import Module, Repository
from improver.judges import is_test

_WORDS = (
    b"__doc__", b"getdoc", b"pydoc", b"help(", b"getsource", b"findsource", b"getcomments", b"__annotations__",
    b"get_type_hints", b"get_annotations", b"signature", b"getfullargspec", b"getargspec", b"co_consts", b"__code__",
    b"f_lineno", b"tb_lineno", b"co_firstlineno", b"co_lnotab", b"co_linetable", b"co_lines", b"co_positions",
    b"__file__", b"linecache", b"use_attribute_docstrings", b"call_annotate_function", b"__annotate__",
    b"getmembers", b"globals()", b"WRAPPER_ASSIGNMENTS", b"'__%s__", b'"__%s__', b"__{", b"vars(", b"__main__",
    b"'__'", b'"__"', b"f_globals",
)  # fmt: skip
_WRAPPING = (b"wraps(", b"wraps as", b"update_wrapper")
_IDENTIFIER = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*")
_IMPORT = re.compile(rb"\n[ \t]*(?:from|import)[ \t]+([^\n#]+)")


@dataclass(frozen=True)
class Readers:
    """Who reads what. Each answer is a reason that names a file and a line.

    Parameters:
        everything: what reads anything of the repository, by what it reads.
        named: what reads things of a certain simple name.
        families: what reads classes of a certain name and those derived from them.
        mentioned: what reads whatever is named in a file, as the file's identifiers.
        modules: what reads the docstring of a module, by the module's path.
        files: what depends on the lines or the source of its own file, by path.
        handed: what reads something that is handed to it, by what it reads; a function that is only called is safe.
        instances: the same for what may read any instance, which has the docstring of its class.
        deep: the same for what reads all that is in a module or a class that it is handed.
        any_module: what reads the docstring of a module that is known at run time only; empty when nothing does.
        tested: the same in tests, which can only reach those classes that some test names.
        doctest: what runs examples in docstrings; empty when nothing does.
        grammar: what reads the docstrings of ``p_`` and ``t_`` functions; empty when nothing does.
    """

    everything: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    families: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    mentioned: tuple[tuple[str, frozenset[str], str], ...] = field(default=(), repr=False)
    modules: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    doctest: str = ""
    grammar: str = ""
    known: Known = field(default_factory=known_readers, repr=False, compare=False)
    repository: Repository = field(default_factory=Repository, repr=False, compare=False)
    handed: Mapping[str, str] = field(default_factory=dict)
    instances: Mapping[str, str] = field(default_factory=dict)
    tested: Mapping[str, str] = field(default_factory=dict)
    deep: Mapping[str, str] = field(default_factory=dict)
    any_module: str = ""
    escapes: Escapes = field(default_factory=lambda: Escapes(Repository()), repr=False, compare=False)

    def reads(self, what: str, names: Iterable[str], families: Iterable[str] = (), within: str | None = None) -> str:
        """Why `what` of something is read that goes by one of these names; empty when it is not.

        Parameters:
            what: ``docstrings``, ``annotations`` or ``source``.
            names: the simple names by which others may know it.
            families: its class, where it is one.
            within: the simple name of the class around a function, empty at the top of a module; see `Escapes`.
        """
        names, families = tuple(names), tuple(families)
        if what in self.everything:
            return self.everything[what]
        own = self.named.get(what, {})
        for name in names:
            if name in own:
                return own[name]
            for kind, words, reason in self.mentioned:
                if kind == what and name in words:
                    return reason
        return self._family(what, families) or self._handed(what, names, families, within)

    def of_module(self, path: str, names: Iterable[str]) -> str:
        """Why the docstring of a module is read; empty when it is not.

        Parameters:
            names: the simple names by which others may know it.
        """
        reason = self.modules.get(path) or self.everything.get(DOCSTRINGS) or self.any_module
        if reason:
            return reason
        named = self.named.get(DOCSTRINGS, {})
        reason = next((named[name] for name in (*names, "__main__") if name in named), "")
        return reason or self._escaped(DOCSTRINGS, map(self.escapes.of_module, names))

    def _handed(self, what: str, names: tuple[str, ...], families: tuple[str, ...], within: str | None) -> str:
        """Why a function, or a class where it has a family, may be handed to somebody who reads it."""
        if not names or (what not in self.handed and what not in self.tested):
            return ""
        if what not in self.handed:
            return self._tested(what, names, families, within)
        if what == DOCSTRINGS and families:
            return self._handed_class((*names, *families))
        if what == ANNOTATIONS and "__call__" in names:
            return self.handed[what]
        places = [self.escapes.of_function(name, within) for name in names[:1]]
        if what in self.deep:
            places += [self.escapes.of_what_holds(name, within) for name in names[:1]]
        if what == ANNOTATIONS:
            places += map(self.escapes.of_class, names[1:])
        return self._escaped(what, places)

    def _tested(self, what: str, names: tuple[str, ...], families: tuple[str, ...], within: str | None) -> str:
        """Why a test may read something: it reaches what tests name, and what is got at by names made at run time."""
        if any(map(self.escapes.is_tested, (*names, *families))):
            if what == DOCSTRINGS and families:
                return self.tested[what]
            places = (self.escapes.of_function(names[0], within), *map(self.escapes.of_class, names[1:]))
            return self._escaped(what, places)
        return self._escaped(what, [self.escapes.way_to("function", names[0], within)])

    def _handed_class(self, names: tuple[str, ...]) -> str:
        """Why a class may be handed over, or an instance of it where that is enough."""
        if DOCSTRINGS in self.instances:
            return self.instances[DOCSTRINGS]
        if any(map(self.escapes.is_callable, names)):
            return self.handed[DOCSTRINGS]
        return self._escaped(DOCSTRINGS, map(self.escapes.of_class, names))

    def _escaped(self, what: str, places: Iterable[str]) -> str:
        reason = self.handed.get(what) or self.tested.get(what, "")
        place = next(filter(None, places), "") if reason else ""
        return f"{reason}, and {place} may hand it over" if place else ""

    def _family(self, what: str, names: Iterable[str]) -> str:
        own = self.families.get(what, {})
        if own:
            for name in names:
                for ancestor in self.repository.ancestors(name):
                    if ancestor in own:
                        return own[ancestor]
        return ""


def find_readers(files: Mapping[str, bytes], known: Known | None = None) -> Readers:
    """Everybody who reads docstrings, annotations or source in a repository.

    Parameters:
        files: path to content: every Python file, and the files that settle how tests are run (``pyproject.toml``,
            ``setup.cfg``, ``tox.ini``, ``pytest.ini``, CI files, ``Makefile``), which may turn doctest on.
        known: the entries to go by; the built-in ones by default.
    """
    known = known or known_readers()
    roots, calls = _import_roots(known), _call_words(known)
    repository = Repository(files)
    found = Findings(repository)
    for path, content in files.items():
        if not path.endswith(".py"):
            if b"doctest" in content:
                found.special.setdefault("doctest", f"{path}: names doctest")
        elif any(word in content for word in _WORDS) or _imports_any(content, roots, calls) or _wraps(path, content):
            _look(path, known, found)
    found.settle()
    return Readers(
        found.everything, dict(found.named), dict(found.families), tuple(found.mentioned), found.modules, found.files,
        found.special.get("doctest", ""), found.special.get("grammar", ""), known, repository, found.handed,
        found.instances, found.tested, found.deep, found.special.get("module", ""),
        Escapes(repository, frozenset(found.places)),
    )  # fmt: skip


def _wraps(path: str, content: bytes) -> bool:
    return any(word in content for word in _WRAPPING) and not is_test(path)


def _look(path: str, known: Known, found: Findings) -> None:
    module = found.repository.module(path)
    try:
        readings = None if module is None else list(readings_of(_file(module), known))
    except RecursionError:
        readings = None
    if readings is None:
        _note_unreadable(path, found)
    for reading in readings or ():
        found.note(reading, path)


def _file(module: Module) -> File:
    return File(module.tree, module.names, module.parents, is_test(module.path))


def _note_unreadable(path: str, found: Findings) -> None:
    """A file that is not understood may read anything it names."""
    reason = f"{path}: does not parse here, and may read what it names"
    for what in (DOCSTRINGS, ANNOTATIONS, SOURCE):
        found.mentioned.append((what, identifiers(found.repository.files[path]), reason))


def _import_roots(known: Known) -> frozenset[bytes]:
    entries = known.entries.get("import", ())
    return frozenset(name.partition(".")[0].encode() for entry in entries for name in entry.names)


def _call_words(known: Known) -> Mapping[bytes, frozenset[bytes]]:
    """The last words of every call there is an entry for, by its first word."""
    found: defaultdict[bytes, set[bytes]] = defaultdict(set)
    for entry in known.entries.get("call", ()):
        for name in entry.names:
            found[name.partition(".")[0].encode()].add(name.rpartition(".")[2].strip("*").encode())
    return {first: frozenset(last) for first, last in found.items()}


def _imports_any(content: bytes, roots: frozenset[bytes], calls: Mapping[bytes, frozenset[bytes]]) -> bool:
    """Whether a file imports something that reads, or something whose calls read together with such a call."""
    if b"import_module(" in content or b"__import__(" in content:
        return True
    for line in _IMPORT.finditer(b"\n" + content):
        for word in _IDENTIFIER.findall(line.group(1)):
            if word in roots or any(last in content for last in calls.get(word, ())):
                return True
    return False


NO_READERS = Readers()

__all__ = ["NO_READERS", "Readers", "find_readers", "identifiers"]
