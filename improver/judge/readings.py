"""Where one file reads docstrings, annotations or source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from improver.judge.known import ANNOTATIONS, DOCSTRINGS, SOURCE, Entry, Known
from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted, imported
from improver.judge.receivers import ANYTHING, NOTHING, File, Receivers, receivers

_LINES = frozenset(
    {"f_lineno", "tb_lineno", "co_firstlineno", "co_lnotab", "co_linetable", "co_lines", "co_positions", "tb_lasti"}
)
_WHOLE_CODE = frozenset({"hash", "repr", "str", "dumps", "dump", "marshal", "md5", "sha1", "sha256", "format", "dis"})
_ATTRIBUTES = {
    "__doc__": (DOCSTRINGS, "reads `__doc__`"),
    "__annotations__": (ANNOTATIONS, "reads `__annotations__`"),
    "__annotate__": (ANNOTATIONS, "reads `__annotate__`"),
    "co_consts": (DOCSTRINGS, "reads `co_consts`, where docstrings are kept"),
}
_BOUND = frozenset({"parameters", "bind", "bind_partial"})


@dataclass(frozen=True)
class Reading:
    """One expression that reads.

    Parameters:
        what: ``docstrings``, ``annotations``, ``source``, ``doctest`` or ``grammar``.
        of: whose.
        copied_to: what a docstring is merely copied to; ``None`` when it is looked at.
        own_file: whether the lines or the source of the file itself are read.
        mentions: whether anything that the file names may be read.
    """

    what: str
    of: Receivers
    line: int
    reason: str
    copied_to: Receivers | None = None
    own_file: bool = False
    mentions: bool = False


def readings_of(file: File, known: Known) -> Iterator[Reading]:
    """Every reading in a file; a test only reaches what it names."""
    for node in file.parents:
        match node:
            case ast.Attribute(ctx=ast.Load()):
                yield from _attribute(node, file)
            case ast.Name(id="__doc__", ctx=ast.Load()):
                yield from _own(node, file)
            case ast.Name(id="__annotations__", ctx=ast.Load()):
                yield Reading(ANNOTATIONS, NOTHING, node.lineno, "reads `__annotations__`", own_file=True)
            case ast.Name(id="__file__", ctx=ast.Load()):
                yield from _file(node, file)
            case ast.Constant(value="__doc__" | "__annotations__" | "use_attribute_docstrings"):
                yield from _word(node, file)
            case ast.Call():
                yield from _call(node, file, known)
            case ast.keyword(arg="use_attribute_docstrings"):
                yield Reading(DOCSTRINGS, NOTHING, node.lineno, "reads docstrings of attributes", mentions=True)
            case ast.Import() | ast.ImportFrom():
                yield from _import(node, known)
            case _:
                pass


def _attribute(node: ast.Attribute, file: File) -> Iterator[Reading]:
    if node.attr in _ATTRIBUTES:
        what, reason = _ATTRIBUTES[node.attr]
        if what == DOCSTRINGS and _is_judged_only(node, file):
            return
        target = _copied_to(node, file) if node.attr == "__doc__" else None
        of = receivers(node.value, file)
        yield Reading(what, of, node.lineno, reason, copied_to=target)
    elif node.attr in _LINES:
        yield Reading(SOURCE, NOTHING, node.lineno, f"reads `{node.attr}`, a line of source", own_file=True)
    elif node.attr == "__code__" and _is_taken_whole(node, file):
        of = receivers(node.value, file)
        for what in (DOCSTRINGS, ANNOTATIONS, SOURCE):
            yield Reading(what, of, node.lineno, "takes the code object")
    elif node.attr == "linecache" or dotted(node).startswith("linecache."):
        yield Reading(SOURCE, NOTHING, node.lineno, "reads lines of source", own_file=True)


def _is_taken_whole(node: ast.Attribute, file: File) -> bool:
    """Whether a code object is compared, hashed, printed or stored with all that is in it."""
    parent = file.parents[node]
    if isinstance(parent, ast.Compare):
        return any(isinstance(operator, ast.Eq | ast.NotEq) for operator in parent.ops)
    if isinstance(parent, ast.Call) and node in parent.args:
        return (dotted(parent.func).rpartition(".")[2] or getattr(parent.func, "attr", "")) in _WHOLE_CODE
    return isinstance(parent, ast.FormattedValue)


def _is_judged_only(node: ast.AST, file: File) -> bool:
    """Whether a docstring is only asked for to decide whether to set a docstring."""
    parent = file.parents[node]
    if isinstance(parent, ast.UnaryOp) or (isinstance(parent, ast.Compare) and _is_none(parent)):
        node, parent = parent, file.parents[parent]
    if not isinstance(parent, ast.If) or parent.test is not node or parent.orelse:
        return False
    return all(isinstance(inner, ast.Assign) and _sets_docstring(inner) for inner in parent.body)


def _is_none(node: ast.Compare) -> bool:
    right = node.comparators[0]
    return len(node.ops) == 1 and isinstance(right, ast.Constant) and right.value is None


def _sets_docstring(node: ast.Assign) -> bool:
    return all(isinstance(target, ast.Attribute) and target.attr == "__doc__" for target in node.targets)


def _copied_to(node: ast.AST, file: File) -> Receivers | None:
    """What a docstring is copied to, unchanged; ``None`` when something else is done with it."""
    parent = file.parents[node]
    while isinstance(parent, ast.BoolOp) or (isinstance(parent, ast.IfExp) and parent.test is not node):
        node, parent = parent, file.parents[parent]
    if isinstance(parent, ast.Assign) and parent.value is node:
        return _targets(parent.targets, file)
    if isinstance(parent, ast.Dict) and node in parent.values:
        key = parent.keys[parent.values.index(node)]
        return ANYTHING if isinstance(key, ast.Constant) and key.value == "__doc__" else None
    call = file.parents[parent] if isinstance(parent, ast.keyword) else parent
    if not isinstance(call, ast.Call) or dotted(call.func) not in ("property", "cached_property", "dict"):
        return None
    if isinstance(parent, ast.keyword) and parent.arg in ("doc", "__doc__"):
        return _assigned(call, file)
    return _assigned(call, file) if node in call.args[3:4] and dotted(call.func) == "property" else None


def _assigned(node: ast.AST, file: File) -> Receivers:
    """The name that a value is given; anything where it is given none."""
    parent = file.parents[node]
    if isinstance(parent, ast.Assign) and all(
        isinstance(target, ast.Name | ast.Attribute) for target in parent.targets
    ):
        return Receivers(names=frozenset(dotted(target).rpartition(".")[2] for target in parent.targets))
    return ANYTHING


def _targets(targets: list[ast.expr], file: File) -> Receivers | None:
    found = [_holder(target, file) for target in targets]
    if any(of is None for of in found):
        return None
    known = [of for of in found if of is not None]
    return known[0] if len(known) == 1 else ANYTHING


def _holder(target: ast.expr, file: File) -> Receivers | None:
    """What gets a docstring when `__doc__` is set; ``None`` when something else is set."""
    if isinstance(target, ast.Attribute) and target.attr == "__doc__":
        return receivers(target.value, file)
    if isinstance(target, ast.Name) and target.id == "__doc__":
        scope = next(file.scopes(target), None)
        if isinstance(scope, ast.ClassDef):
            return Receivers(names=frozenset({scope.name}))
        return Receivers(own_module=True) if scope is None else None
    return None


def _own(node: ast.Name, file: File) -> Iterator[Reading]:
    """`__doc__` by itself: that of the module, or of the class in whose body it stands."""
    scope = next(file.scopes(node), None)
    families = frozenset({scope.name}) if isinstance(scope, ast.ClassDef) else frozenset()
    of = Receivers(names=families, own_module=True)
    yield Reading(DOCSTRINGS, of, node.lineno, "reads `__doc__` of its own module")


def _file(node: ast.Name, file: File) -> Iterator[Reading]:
    parent: ast.AST | None = node
    while parent is not None and not isinstance(parent, ast.stmt):
        if isinstance(parent, ast.Call):
            word = dotted(parent.func).rpartition(".")[2] or getattr(parent.func, "attr", "")
            if word in ("open", "read_text", "read_bytes", "getlines", "getline", "run_path", "parse", "tokenize"):
                yield Reading(SOURCE, NOTHING, node.lineno, "reads its own source", own_file=True)
        parent = file.parents.get(parent)


def _word(node: ast.Constant, file: File) -> Iterator[Reading]:
    """The name of an attribute as a string: `getattr(x, "__doc__")`, `vars(x)["__doc__"]`, `__slots__`."""
    parent = file.parents[node]
    what = ANNOTATIONS if node.value == "__annotations__" else DOCSTRINGS
    if isinstance(parent, ast.Expr):
        return
    if _is_listed(node, file):
        yield Reading(what, Receivers(own_module=True), node.lineno, f"names `{node.value!s}` of its own module")
        return
    if isinstance(parent, ast.Dict) and node in parent.keys:
        return
    if isinstance(parent, ast.Subscript) and not isinstance(parent.ctx, ast.Load):
        return
    if isinstance(parent, ast.Call) and node in parent.args[1:2]:
        function = dotted(parent.func)
        if function in ("setattr", "delattr"):
            return
        if function in ("getattr", "hasattr"):
            yield from _getattr(parent, what, file)
            return
    yield Reading(what, ANYTHING, node.lineno, f"uses the word `{node.value!s}`")


def _is_listed(node: ast.AST, file: File) -> bool:
    """Whether a word stands among the names that a module says it has: in `__all__`, or in what `__dir__` gives."""
    parent = file.parents[node]
    while isinstance(parent, ast.List | ast.Tuple | ast.BinOp):
        parent = file.parents[parent]
    if isinstance(parent, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        return all(isinstance(target, ast.Name) and target.id == "__all__" for target in targets)
    scope = file.parents.get(parent)
    return isinstance(parent, ast.Return) and isinstance(scope, FUNCTIONS) and scope.name == "__dir__"


def _getattr(call: ast.Call, what: str, file: File) -> Iterator[Reading]:
    of = receivers(call.args[0], file)
    target = _copied_to(call, file)
    yield Reading(what, of, call.lineno, f"reads the {what}", copied_to=target)


def _wrapped(node: ast.Call, name: str, file: File) -> Iterator[Reading]:
    """`functools.wraps` and `update_wrapper` copy docstring and annotations."""
    parent = file.parents[node]
    target: Receivers = ANYTHING
    given = node.args[:1]
    if name.endswith("update_wrapper"):
        target = receivers(node.args[0], file) if node.args else ANYTHING
        given = node.args[1:2]
    elif isinstance(parent, (ast.ClassDef, *FUNCTIONS)) and node in parent.decorator_list:
        target = Receivers(names=frozenset({parent.name}))
    elif isinstance(parent, ast.Call) and parent.func is node and parent.args:
        target = receivers(parent.args[0], file)
    of = receivers(given[0], file) if given else ANYTHING
    yield Reading(DOCSTRINGS, of, node.lineno, f"`{name}` copies the docstring", copied_to=target)


def _call(node: ast.Call, file: File, known: Known) -> Iterator[Reading]:
    name = file.names.resolve(node.func)
    if not name:
        return
    if name in ("functools.wraps", "functools.update_wrapper") and not file.is_test:
        yield from _wrapped(node, name, file)
    if file.names.stars and "." not in name and name in ("getdoc", "signature", "getsource", "get_type_hints"):
        name = f"typing.{name}" if name == "get_type_hints" else f"inspect.{name}"
    for what in (DOCSTRINGS, ANNOTATIONS, SOURCE, "doctest"):
        entry = known.find("call", name, what)
        if entry is None or (name.endswith("signature") and _only_counts(node, file)):
            continue
        if name == "help" and (not node.args or "help" in file.names.touched):
            continue
        yield _called(node, name, what, entry, file)


def _called(node: ast.Call, name: str, what: str, entry: Entry, file: File) -> Reading:
    of = ANYTHING if name == "fire.Fire" else _given(node, file)
    return Reading(what, of, node.lineno, f"`{name}` {entry.reason}")


def _given(node: ast.Call, file: File) -> Receivers:
    """What a call is given: its first argument, or what it decorates, or the argument of what it returns."""
    parent = file.parents[node]
    if isinstance(parent, (ast.ClassDef, *FUNCTIONS)) and node in parent.decorator_list:
        return Receivers(names=frozenset({parent.name}))
    if isinstance(parent, ast.Call) and parent.func is node and parent.args:
        return receivers(parent.args[0], file)
    return receivers(node.args[0], file) if node.args else ANYTHING


def _only_counts(node: ast.Call, file: File) -> bool:
    """Whether a signature is only used for the names and kinds of its parameters."""
    parent = file.parents[node]
    if isinstance(parent, ast.Attribute):
        return parent.attr in _BOUND and not _names_annotations(file)
    if isinstance(parent, ast.Assign) and len(parent.targets) == 1 and isinstance(parent.targets[0], ast.Name):
        return _is_only_bound(parent.targets[0].id, file) and not _names_annotations(file)
    return False


def _is_only_bound(name: str, file: File) -> bool:
    uses = [node for node in file.parents if isinstance(node, ast.Name) and node.id == name]
    loads = [node for node in uses if isinstance(node.ctx, ast.Load)]
    parents = [file.parents[node] for node in loads]
    return all(isinstance(parent, ast.Attribute) and parent.attr in _BOUND for parent in parents)


def _names_annotations(file: File) -> bool:
    words = ("annotation", "return_annotation", "__annotations__")
    return any(isinstance(node, ast.Attribute) and node.attr in words for node in file.parents)


def _import(node: ast.Import | ast.ImportFrom, known: Known) -> Iterator[Reading]:
    if isinstance(node, ast.ImportFrom) and node.level:
        names = [node.module or "", *(alias.name for alias in node.names)]
    else:
        names = [full for _, full in imported(node)] + [alias.name for alias in node.names]
    for name in names:
        yield from _imported(name, node.lineno, known)
    if isinstance(node, ast.ImportFrom) and any(alias.name == "__doc__" for alias in node.names):
        module = (node.module or "").rpartition(".")[2]
        yield Reading(DOCSTRINGS, Receivers(names=frozenset({module or "__init__"})), node.lineno, "imports `__doc__`")


def _imported(name: str, line: int, known: Known) -> Iterator[Reading]:
    words = name.split(".")
    prefixes = [".".join(words[:length]) for length in range(1, len(words) + 1)]
    for what in (DOCSTRINGS, ANNOTATIONS, "doctest", "grammar", "module-docstrings", "everything-annotations"):
        entry = next((found for prefix in prefixes if (found := known.find("import", prefix, what))), None)
        if entry is None:
            continue
        reason = f"imports `{name}`, which {entry.reason}" if " " in entry.reason else entry.reason
        if what in ("doctest", "grammar"):
            yield Reading(what, NOTHING, line, reason)
        elif what == "module-docstrings":
            yield Reading(DOCSTRINGS, Receivers(own_module=True), line, reason)
        elif what == "everything-annotations":
            yield Reading(ANNOTATIONS, ANYTHING, line, reason)
        else:
            yield Reading(what, NOTHING, line, reason, mentions=True)
