"""Who reads line numbers, and of which files.

A line number in an uncaught traceback, a log or a warning is no behaviour: a file may be edited although its lines
move. Code that asks for a line number is another matter, and what it may learn depends on where it asks:

- of its own frame, and of a frame, a traceback or code that it gets: the lines of its own file and of those that it
  names, as a test or a script does that calls them. A traceback of something else is one that is shown.
- of its caller (`f_back`, `_getframe(1)`, `inspect.stack()`): the lines of the files that call it, too.

Only a file whose code moves to other lines can be told apart by them. The line of a node or a token that was parsed,
which compilers and template engines keep, is no line of the program.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from improver.judge.commands import holds
from improver.judge.masked import FUNCTIONS
from improver.judge.names import in_bytes
from improver.judge.other_files import identifiers
from improver.judges import is_test

# Each of these tells of the program's own lines; `lineno` alone may be that of a node or a token.
_SURE = (
    b"_lineno", b"firstlineno", b"co_lines", b"co_ln", b"co_linet", b"co_positions", b"tb_lasti", b"extract_tb",
    b"extract_stack", b"getframeinfo", b"findsource", b"getsourcelines", b"getinnerframes", b"getouterframes",
    b"settrace", b"setprofile", b"pyclbr", b"line_profiler", b"icecream", b"tracemalloc", b"cProfile",
    b"import profile", b"from profile", b"pstats", b"walk_tb", b"walk_stack", b"inspect.stack(", b"inspect.trace(",
    b"import trace", b"from trace ",
)  # fmt: skip
_OF_FRAMES = frozenset({
    "f_lineno", "tb_lineno", "co_firstlineno", "co_lnotab", "co_linetable", "co_lines", "co_positions", "tb_lasti",
})  # fmt: skip
_CALLS = frozenset({
    "extract_tb", "extract_stack", "getframeinfo", "findsource", "getsourcelines", "getinnerframes", "getouterframes",
    "settrace", "setprofile", "walk_tb", "walk_stack",
})  # fmt: skip
_MODULES = frozenset({"pyclbr", "line_profiler", "icecream", "cProfile", "profile", "pstats", "trace"})
_STACKS = frozenset({"stack", "trace"})
_COLUMNS = frozenset({"co_positions", "co_linetable", "findsource", "getsourcelines"})
_CALLERS = re.compile(
    rb"\bf_back\b|f_lineno|_getframe\(\s*[^0)\s]|\bstack\(|\bextract_stack\(\s*[)f\w]|\bwalk_stack\b|getouterframes|\bicecream\b"
    rb"|currentframe"
)
_LIMITED = re.compile(rb"\bextract_stack\(\s*limit\s*=\s*[12]\b")
# Whose lines are read that it gets, and not those of who called it.
_HANDED = re.compile(
    rb"tb_lineno|extract_tb|walk_tb|getinnerframes|\bco_\w+|catch_warnings|warns\(|recwarn|caplog|assertWarns|assertLogs|settrace"
    rb"|setprofile|inspect\.trace|TracebackException|tracemalloc|pyclbr|line_profiler|[pP]rofile|pstats|findsource|getsourcelines"
    rb"|import trace\b"
)
# Who has recorded something: what it has recorded was raised by a line.
_RECORDS = re.compile(
    rb"catch_warnings|pytest\.warns|recwarn|caplog|LogRecord|assertWarns|assertLogs|extract_tb|extract_stack|inspect\.stack"
    rb"|getframeinfo|walk_tb|TracebackException|excinfo|exc_info|tracemalloc|logging\.(?:Handler|Formatter|Filter)"
)
_PARSED = re.compile(
    r"(?i)(?:^|_)(?:node|token|tok|tree|stmt|expr|statement|self|cls|lexer|parser|parsed|decl|arg|def|block|tag)s?\d*$"
)
_PARSERS = re.compile(
    rb"(?m)^[ \t]*(?:import|from)[ \t]+(?:ast|tokenize|parso|libcst|lib2to3|astroid|jinja2|ply|lark|docutils)\b"
)


@dataclass(frozen=True)
class LineReader:
    """One file that reads line numbers.

    Parameters:
        reason: what it reads, with file and line.
        path: the file.
        names: the words of that file.
        called: the names by which others call it, where it looks at its callers.
        columns: whether it learns what else is on a line.
    """

    reason: str
    path: str
    names: frozenset[str]
    called: re.Pattern[bytes] | None
    columns: bool

    def reads(self, path: str, content: bytes) -> bool:
        """Whether it may learn a line of a file."""
        folders, _, name = path.rpartition("/")
        stem = folders.rpartition("/")[2] if name == "__init__.py" else name.removesuffix(".py")
        if path == self.path or stem in self.names:
            return True
        return self.called is not None and bool(self.called.search(content))


def line_reader(path: str, content: bytes, parse: Callable[[str], ast.Module | None]) -> LineReader | None:
    """What a file learns of lines; ``None`` when nothing.

    Parameters:
        parse: gives the tree of a file, if it is one.
    """
    sure = holds(content, _SURE) or (b"from inspect import" in content and (b"stack" in content or b"trace" in content))
    if not sure and not (b"lineno" in content and _RECORDS.search(content)):
        return None
    tree = parse(path)
    if tree is None:
        return None
    recorded = bool(_RECORDS.search(content)) and not _sets_numbers(tree)
    for top in tree.body:
        spared: set[ast.AST] = set()
        for node in ast.walk(top):
            spared.update(_asked_for_its_file(node))
            word = _word(node, recorded=recorded)
            if word and node not in spared:
                reason = f"{path}:{getattr(node, 'lineno', 1)}: reads `{word}`, a line of source"
                return LineReader(reason, path, *_whose(path, content, tree), word in _COLUMNS)
    return None


def _asked_for_its_file(node: ast.AST) -> Iterator[ast.AST]:
    """The call whose frame is only asked for the name of its file or function."""
    match node:
        case ast.Subscript(value=ast.Subscript(value=call), slice=ast.Constant(value=1 | 3)):
            yield call
        case ast.Attribute(attr="filename" | "function", value=ast.Subscript(value=call)):
            yield call
        case _:
            pass


def _whose(path: str, content: bytes, tree: ast.Module) -> tuple[frozenset[str], re.Pattern[bytes] | None]:
    """The names of the modules whose lines may be read, and the calls by which others get theirs read."""
    names = frozenset[str]()
    if is_test(path):
        names = identifiers(content)
    elif _HANDED.search(content):
        names = frozenset(part for node in ast.walk(tree) for name in _imported(node) for part in name.split("."))
    return names, _called(tree, path) if _CALLERS.search(_LIMITED.sub(b"", content)) else None


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [*(alias.name for alias in node.names), getattr(node, "module", None) or ""]
    return []


def _word(node: ast.AST, *, recorded: bool) -> str:  # noqa: PLR0911 - one line a kind
    """The word by which a node reads a line; empty when it reads none."""
    match node:
        case ast.Attribute(attr=attr, ctx=ast.Load()) if attr in _OF_FRAMES:
            return attr
        case ast.Attribute(attr="lineno", ctx=ast.Load()) if recorded and not _is_parsed(node.value):
            return "lineno"
        case ast.Constant(value=str(text)) if text in _OF_FRAMES:
            return text
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)) if name in _CALLS:
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id="inspect"), attr=name)) if name in _STACKS:
            return f"inspect.{name}"
        case ast.Import(names=names):
            return next((alias.name for alias in names if alias.name.partition(".")[0] in _MODULES), "")
        case ast.Attribute(value=ast.Name(id="tracemalloc"), attr="take_snapshot"):
            return "tracemalloc"
        case ast.ImportFrom(module=str(name), level=0):
            stacks = [alias.name for alias in node.names if alias.name in _STACKS and name == "inspect"]
            return name if name.partition(".")[0] in _MODULES else "".join(stacks[:1])
        case _:
            return ""


def _is_parsed(node: ast.expr) -> bool:
    """Whether something is plainly called a node or a token."""
    while isinstance(node, ast.Subscript):
        node = node.value
    name = node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
    return bool(_PARSED.search(name)) or name in ("n", "t")


def _sets_numbers(tree: ast.Module) -> bool:
    """Whether a file sets the line numbers of its own objects."""
    return any(
        isinstance(node, ast.Attribute) and node.attr == "lineno" and isinstance(node.ctx, ast.Store)
        for node in ast.walk(tree)
    )


def _called(tree: ast.Module, path: str) -> re.Pattern[bytes]:
    """The calls, in other files, of those functions that look at their callers, straight or through one another."""
    functions = [(name, is_class, _mentions(node)) for name, is_class, node in _functions(tree)]
    names = {name for name, _, words in functions if words & _UP} or {path.rpartition("/")[2][:-3]}
    for _ in range(_ROUNDS):
        names |= {name for name, is_class, words in functions if words & names and not is_class}
    one_of = b"|".join(re.escape(in_bytes(name)) for name in sorted(names))
    return re.compile(rb"(?<!def )\b(?:" + one_of + rb")\b\s*[(,)\]]|@[\w.]*\b(?:" + one_of + rb")\b")


def _functions(tree: ast.Module) -> Iterator[tuple[str, bool, ast.AST]]:
    """Each function, or the class by which its constructor is called."""
    pending: list[tuple[ast.AST, str]] = [(tree, "")]
    while pending:
        node, owner = pending.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, FUNCTIONS):
                special = child.name.startswith("__") and bool(owner)
                yield (owner if special else child.name), special, child
            pending.append((child, child.name if isinstance(child, ast.ClassDef) else owner))


# How far a function that looks at its caller may stand behind others that look in its stead.
_ROUNDS = 3
_UP = frozenset(
    {"f_lineno", "f_back", "_getframe", "stack", "extract_stack", "walk_stack", "currentframe", "getouterframes", "ic"}
)


def _mentions(node: ast.AST) -> frozenset[str]:
    found = [inner.attr for inner in ast.walk(node) if isinstance(inner, ast.Attribute)]
    return frozenset([*found, *(inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name))])


_LAYOUT = frozenset({tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT})


def moves(old: str, new: str) -> bool:
    """Whether some code is on another line, or begins a line that it did not begin."""
    return _rows(old) != _rows(new)


def _rows(text: str) -> dict[int, str]:
    """The first word of code in each line, strings that stand alone left out."""
    rows: dict[int, str] = {}
    fresh = True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NEWLINE:
            fresh = True
        elif token.type not in _LAYOUT and token.type != tokenize.ENDMARKER:
            if not (fresh and token.type == tokenize.STRING):
                rows.setdefault(token.start[0], token.string)
            fresh = False
    return rows
