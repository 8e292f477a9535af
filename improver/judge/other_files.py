"""What files that are no Python modules read: templates, notebooks, doctests in documents, scripts, settings.

They are searched for words and never run. A word that reads docstrings, annotations or source is taken for a reader of
anything in what is filled in or set up (templates, settings), and of what the file names in what is run (scripts,
notebooks, the examples of documents). Prose that merely speaks of a word or names a file reads nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from improver.judge.commands import holds, read_by, run_by, shows
from improver.judge.known import ANNOTATIONS, DOCSTRINGS, SOURCE

TEXT, DOCTEST = "text", "doctest"
# In the reason of who runs more of a docstring than what stands behind `>>>`.
BLOCKS = "examples in blocks of code"
_ALL = frozenset[str]()
_WORDS = (
    (DOCSTRINGS, re.compile(rb"\b__doc__\b|\bgetdoc\b|\bpydoc\.|\bco_consts\b|\b__code__\b")),
    (
        ANNOTATIONS,
        re.compile(
            rb"\b__annotations__\b|\bget_type_hints\b|\bget_annotations\b|\bgetfullargspec\b"
            rb"|\binspect\.signature\b|\b__code__\b"
        ),
    ),
    (SOURCE, re.compile(rb"\bget(?:source|sourcelines|comments)\b|\bfindsource\b|\blinecache\b")),
)
_ANY_WORD = (
    b"__doc__", b"getdoc", b"pydoc", b"co_consts", b"__code__", b"__annotations__", b"get_type_hints",
    b"get_annotations", b"getfullargspec", b"signature", b"getsource", b"getcomments", b"findsource", b"linecache",
    b"help(",
)  # fmt: skip
_HELP = re.compile(rb"(?<![\w.])help\(\s*[^\s)]|\bpydoc\b|\bsignature\(")
_PROSE = (".rst", ".md", ".markdown", ".txt", ".adoc", ".mdx", ".rest", ".mdown", "")
_CODE = (
    ".pyx",
    ".pxd",
    ".pxi",
    ".pyw",
    ".c",
    ".h",
    ".cc",
    ".cpp",
    ".hpp",
    ".rs",
    ".js",
    ".ts",
    ".cgi",
    ".wsgi",
    ".sage",
)
_NEVER_RUN = (".pyi",)
_SHELL = (
    ".sh",
    ".bash",
    ".zsh",
    ".ksh",
    ".fish",
    ".bat",
    ".cmd",
    ".ps1",
    ".mk",
    ".mak",
    ".make",
    ".yml",
    ".yaml",
    ".just",
)
_SHELL_NAMES = re.compile(
    r"(?i)(?:gnu)?makefile(?:\..*)?|\.?justfile|dockerfile.*|.*\.dockerfile|containerfile|jenkinsfile|vagrantfile|procfile"
    r"|earthfile|tox\.ini|tox\.toml|meson\.build|cmakelists\.txt|package\.json|taskfile.*|setup\.cfg|pyproject\.toml|.*\.nix"
    r"|.*\.gradle|rakefile|dodo|mise\.toml|\.envrc|.*\.spec|pixi\.toml|hatch\.toml|noxfile"
)
_CHECKSUMS = re.compile(
    r"(?i).*(?:sha\d*|md5)(?:sums?)?(?:\.txt)?|.*\.(?:sha\d+|md5)|record|manifest\.json|\.secrets\.baseline"
)
_INCLUDES = re.compile(
    rb"(?m)(?:^[ \t]*\.\.[ \t]+(?:literalinclude|include|code-include|program-output|command-output|pyinclude)::[ \t]*"
    rb"|--8<--[ \t]*[\"']|\{[%{!][^\n}]*?include[-\w]*[ (][\"' ]*|<!--[^\n>]*?(?:CODE|embedme|include)[^\n>]*?[(= ]"
    rb"|\]\(@?|embedme[ \t]+|```\w*[ \t]+(?:title=|file=|include=)?[\"']?)([\w./*-]+\.py)\b"
)
_LINKED = re.compile(rb"\]\(@?$")
_PROMPT = re.compile(rb"(?m)^[ \t>*]*(?:>>>|\.\.\.) .*$")
_COG = re.compile(rb"\[\[\[cog.*?\]\]\]", re.DOTALL)
_FILLED = re.compile(rb"\{[{%]?[^{}\n]{0,200}\}|\$\{[^}\n]*\}|<%.*?%>")
_RUN_BLOCKS = re.compile(
    rb"(?m)^\.\. (?:testcode|testsetup|doctest|ipython|exec|plot|jupyter-execute)::|exec="
    rb"|^```\{(?:code-cell|python|exec)"
)
_LIBRARY = re.compile(rb"(?mi)^(?:Library|Variables|Resource)[ \t]+([\w./${}-]+)")
_EXAMPLES = re.compile(
    rb"--doctest-modules|-m doctest\b|--doctest-plus|--xdoctest|\bxdoctest\b"
    rb"|sphinx\.ext\.doctest|-b doctest\b|\bmake doctest\b"
)
_IN_PYTHON = re.compile(
    rb"--doctest-modules|--xdoctest|[\"']sphinx\.ext\.doctest[\"']|\bSybil\(|\bfind_examples\(|\bmktestdocs\b|--codeblocks"
)
_RUNNERS = (b"doctest", b"Sybil", b"find_examples", b"mktestdocs", b"--codeblocks")


class OtherReading(NamedTuple):
    """Something that a file reads.

    Parameters:
        what: ``docstrings``, ``annotations``, ``source``, ``doctest``, or ``text`` for all that a file holds.
        reason: who, with file and line.
        names: the simple names of what may be read, empty for anything; for ``text`` the ends of paths, ``*`` for any.
    """

    what: str
    reason: str
    names: frozenset[str] = _ALL


def readings_in(path: str, content: bytes) -> Iterator[OtherReading]:
    """What one file that is no Python module reads.

    Parameters:
        path: POSIX, relative to the repository.
    """
    name = path.rpartition("/")[2]
    suffix = _suffix(name)
    if suffix in _NEVER_RUN:
        return
    code = _cells(content) if suffix == ".ipynb" else content
    shebang = content.startswith(b"#!") and not suffix
    if _is_shell(name, suffix) or (shebang and b"python" not in content[:80]):
        yield from _commands(path, content)
    if suffix in (".robot", ".resource"):
        yield from _robot(path, content)
    if _CHECKSUMS.fullmatch(name) or name == ".pdbrc":
        yield from _names_files(path, content)
    prose = suffix in _PROSE and not shebang and not _is_shell(name, suffix)
    if prose:
        yield from _included(path, content)
    if holds(code, _ANY_WORD):
        kind = "prose" if prose else "run" if _is_run(name, suffix) or shebang else "filled"
        yield from _words(path, code, kind)


def examples_run(path: str, content: bytes) -> str:
    """Why the examples of docstrings may be run, as far as this file says; empty when it does not."""
    words = _IN_PYTHON if path.endswith(".py") else _EXAMPLES
    script = content.startswith(b"#!") or _is_shell(path.rpartition("/")[2], _suffix(path))
    if not path.endswith(".py") and not script:
        return ""
    match = words.search(content) if holds(content, _RUNNERS) else None
    if match is None:
        return ""
    blocks = b"--doctest-modules" not in match.group() and path.endswith(".py")
    return f"{path}:{_line(content, match.start())}: runs {BLOCKS if blocks else 'examples'}"


def _suffix(name: str) -> str:
    name = name.rpartition("/")[2]
    stem, dot, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if dot and stem else ""


def _is_shell(name: str, suffix: str) -> bool:
    return suffix in _SHELL or bool(_SHELL_NAMES.fullmatch(name))


def _is_run(name: str, suffix: str) -> bool:
    return suffix in (".ipynb", *_CODE) or _is_shell(name, suffix)


def _line(content: bytes, where: int) -> int:
    return content.count(b"\n", 0, where) + 1


def _commands(path: str, content: bytes) -> Iterator[OtherReading]:
    if b"py" not in content and b"grep" not in content and b"fire" not in content and b"typer" not in content:
        return
    for number, word in read_by(content):
        yield OtherReading(TEXT, f"{path}:{number}: a command reads `{word}`", frozenset({word}))
    for number, word in run_by(content):
        yield OtherReading(TEXT, f"{path}:{number}: makes a command line of `{word}`", frozenset({word}))
    shown = shows(content)
    for what in (DOCSTRINGS, ANNOTATIONS) if shown else ():
        yield OtherReading(what, f"{path}:{shown}: `pydoc` prints them")


def _robot(path: str, content: bytes) -> Iterator[OtherReading]:
    for match in _LIBRARY.finditer(content):
        word = match.group(1).decode("utf-8", "replace")
        dotted = word.removesuffix(".py").replace(".", "/") if not word.startswith((".", "$", "/")) else word
        parts = [part for part in dotted.split("/") if part not in ("", ".", "..") and "$" not in part]
        ends = {
            f"{'/'.join(parts[:length])}{end}" for length in range(1, len(parts) + 1) for end in (".py", "/__init__.py")
        }
        last = parts[-1].removesuffix(".py") if parts else ""
        ends |= {f"{last}.py"} if last else set()
        where = _line(content, match.start())
        yield OtherReading(TEXT, f"{path}:{where}: its keywords are those of `{word}`", frozenset(ends))


def _names_files(path: str, content: bytes) -> Iterator[OtherReading]:
    found = {word.decode("utf-8", "replace").lstrip("./") for word in re.findall(rb"[\w./-]+\.py\b", content)}
    if found:
        yield OtherReading(TEXT, f"{path}: keeps lines or sums of files", frozenset(found))


def _included(path: str, content: bytes) -> Iterator[OtherReading]:
    if b".py" not in content:
        return
    for match in _INCLUDES.finditer(content):
        head = content[match.start() : match.start(1)]
        if _LINKED.search(head) and not head.endswith(b"@"):
            continue
        word = match.group(1).decode("utf-8", "replace")
        ends = frozenset({word.lstrip("./") if not word.startswith("*") else "*"})
        yield OtherReading(TEXT, f"{path}:{_line(content, match.start())}: shows `{word}`", ends)


def _words(path: str, content: bytes, kind: str) -> Iterator[OtherReading]:
    if kind == "prose":
        yield from _found(path, content, b"\n".join(_PROMPT.findall(content)), named=True)
        yield from _found(path, content, b"\n".join(_COG.findall(content)), named=True)
        if not _is_document(path):
            yield from _found(path, content, b"\n".join(_FILLED.findall(content)), named=False)
        if _RUN_BLOCKS.search(content):
            yield from _found(path, content, content, named=True)
    else:
        yield from _found(path, content, content, named=kind == "run")


def _is_document(path: str) -> bool:
    """Whether a text is there to be read by people: braces in it fill in nothing."""
    *folders, name = path.split("/")
    return name.endswith((".md", ".rst", ".adoc")) and (not folders or folders[0] in ("doc", "docs", "documentation"))


def _found(path: str, content: bytes, part: bytes, *, named: bool) -> Iterator[OtherReading]:
    if not holds(part, _ANY_WORD):
        return
    names = identifiers(part) if named else _ALL
    for what, words in _WORDS:
        match = words.search(part) or (_HELP.search(part) if named and what != SOURCE else None)
        if match:
            word = match.group().decode("ascii", "replace").strip("( ")
            where = max(content.find(match.group()), 0)
            yield OtherReading(what, f"{path}:{_line(content, where)}: uses `{word}`", names)


def identifiers(content: bytes) -> frozenset[str]:
    """Every word that could be a name."""
    return frozenset(
        word.decode("utf-8", "replace") for word in re.findall(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*", content)
    )


def _cells(content: bytes) -> bytes:
    """The code of a notebook; all of it where it is not understood."""
    try:
        cells = json.loads(content)["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        return "\n".join(one if isinstance(one, str) else "".join(one) for one in sources).encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return content
