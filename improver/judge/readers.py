"""Who reads docstrings, annotations or source at run time, across a whole repository.

Nothing is imported or run: the text is searched for a few words, and only the files that hold one are parsed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from improver.judge.findings import Findings, identifiers
from improver.judge.known import ANNOTATIONS, DOCSTRINGS, SOURCE, Known, known_readers
from improver.judge.reach import Reach
from improver.judge.readings import readings_of
from improver.judge.repository import Repository
from improver.judges import is_test

_WORDS = (
    b"__doc__", b"getdoc", b"pydoc", b"help(", b"getsource", b"findsource", b"getcomments", b"__annotations__",
    b"get_type_hints", b"get_annotations", b"signature", b"getfullargspec", b"getargspec", b"co_consts", b"__code__",
    b"f_lineno", b"tb_lineno", b"co_firstlineno", b"co_lnotab", b"co_linetable", b"co_lines", b"co_positions",
    b"__file__", b"linecache", b"use_attribute_docstrings", b"call_annotate_function", b"__annotate__",
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
        handed: what reads something that is handed to it, by what it reads; functions that are only called are safe.
        wrapped: what copies the docstring of what is handed to it, for a reader.
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
    wrapped: Mapping[str, str] = field(default_factory=dict)
    reach: Reach | None = field(default=None, repr=False, compare=False)

    def reads(self, what: str, names: Iterable[str], families: Iterable[str] = ()) -> str:
        """Why `what` of something is read that goes by one of these names; empty when it is not.

        Parameters:
            what: ``docstrings``, ``annotations`` or ``source``.
            names: the simple names by which others may know it.
            families: its class, where it is one.
        """
        names = tuple(names)
        if what in self.everything:
            return self.everything[what]
        if what in self.handed and not self._stays(what, names, families):
            return self.handed[what]
        own = self.named.get(what, {})
        for name in names:
            if name in own:
                return own[name]
            for kind, words, reason in self.mentioned:
                if kind == what and name in words:
                    return reason
        wrapped = self.wrapped.get(what, "")
        if wrapped and (self.reach is None or not self.reach.stays(what, names, wrapping=True)):
            return wrapped
        return self._family(what, families)

    def _stays(self, what: str, names: tuple[str, ...], families: Iterable[str]) -> bool:
        """Whether a function gets nowhere but where it is called."""
        if self.reach is None or (what == DOCSTRINGS and any(True for _ in families)):
            return False
        return self.reach.stays(what, names)

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
            _look(path, content, known, found)
    found.settle()
    return Readers(
        found.everything, dict(found.named), dict(found.families), tuple(found.mentioned), found.modules, found.files,
        found.special.get("doctest", ""), found.special.get("grammar", ""), known, repository, found.handed, found.wrapped,
        found.reach,
    )  # fmt: skip


def _wraps(path: str, content: bytes) -> bool:
    return any(word in content for word in _WRAPPING) and not is_test(path)


def _look(path: str, content: bytes, known: Known, found: Findings) -> None:
    file = found.project.file(path)
    if file is None:
        _note_unreadable(path, content, found)
        return
    try:
        readings = list(readings_of(file, known))
    except RecursionError:
        _note_unreadable(path, content, found)
        return
    for reading in readings:
        found.note(reading, path)


def _note_unreadable(path: str, content: bytes, found: Findings) -> None:
    """A file that is not understood may read anything it names."""
    reason = f"{path}: does not parse here, and may read what it names"
    for what in (DOCSTRINGS, ANNOTATIONS, SOURCE):
        found.mentioned.append((what, identifiers(content), reason))


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
