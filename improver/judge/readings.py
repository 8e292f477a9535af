"""Where one file reads docstrings, annotations or source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from improver.judge.code_objects import is_code_of, is_taken_whole, seeks_code
from improver.judge.copies import Reading, copied_to, is_callable
from improver.judge.known import ANNOTATIONS, DOCSTRINGS, SOURCE, Entry, Known
from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted, imported
from improver.judge.read_words import in_text, of_namespace
from improver.judge.receivers import ANYTHING, NOTHING, File, Receivers, receivers

_LINES = frozenset(
    {"f_lineno", "tb_lineno", "co_firstlineno", "co_lnotab", "co_linetable", "co_lines", "co_positions", "tb_lasti"}
)
_ATTRIBUTES = {
    "__doc__": (DOCSTRINGS, "reads `__doc__`"),
    "__annotations__": (ANNOTATIONS, "reads `__annotations__`"),
    "__annotate__": (ANNOTATIONS, "reads `__annotate__`"),
    "co_consts": (DOCSTRINGS, "reads `co_consts`, where docstrings are kept"),
}
# These show what is in what they are given, too.
_DEEP = ("help", "pydoc.", "fire.")
_WRAPPERS = ("functools.wraps", "functools.update_wrapper")
_BOUND = frozenset({"parameters", "bind", "bind_partial"})


def readings_of(file: File, known: Known) -> Iterator[Reading]:
    """Every reading in a file."""
    for node in file.parents:
        for reading in _readings(node, file, known):
            yield replace(reading, within=_within(node, file)) if reading.of.anything else reading


def _readings(node: ast.AST, file: File, known: Known) -> Iterator[Reading]:
    match node:
        case ast.Attribute(ctx=ast.Load()):
            yield from _attribute(node, file)
            yield from _as_value(node, file, known)
        case ast.Name(ctx=ast.Load()):
            yield from _name(node, file, known)
        case ast.Constant(value=str()):
            yield from in_text(node, file)
        case ast.Call():
            yield from _call(node, file, known)
            yield from of_namespace(node, file)
        case ast.keyword(arg="use_attribute_docstrings"):
            yield Reading(DOCSTRINGS, NOTHING, node.value.lineno, "reads docstrings of attributes", mentions=True)
        case ast.MatchClass():
            for what in {_ATTRIBUTES[word][0] for word in node.kwd_attrs if word in _ATTRIBUTES}:
                yield Reading(what, ANYTHING, node.lineno, f"matches by the {what}")
        case ast.Import() | ast.ImportFrom():
            yield from _import(node, known)
        case _:
            pass


def _name(node: ast.Name, file: File, known: Known) -> Iterator[Reading]:
    match node.id:
        case "__doc__":
            yield from _own(node, file)
        case "__annotations__":
            yield Reading(ANNOTATIONS, NOTHING, node.lineno, "reads `__annotations__`", own_file=True)
        case "__file__":
            yield from _file(node, file)
        case _:
            yield from _as_value(node, file, known)


def _within(node: ast.AST, file: File) -> tuple[str, ...]:
    """The functions around a node, in which it is evaluated; of special methods their classes."""
    found = []
    around = list(file.scopes(node))
    for index, scope in enumerate(around):
        if isinstance(scope, FUNCTIONS) and not any(
            node is one for each in scope.decorator_list for one in ast.walk(each)
        ):
            special = scope.name.startswith("__") and scope.name.endswith("__")
            outer = around[index + 1] if special and index + 1 < len(around) else scope
            found.append(outer.name if isinstance(outer, (ast.ClassDef, *FUNCTIONS)) else scope.name)
    return tuple(found)


def _decorates(node: ast.AST, scope: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(node is one for each in scope.decorator_list for one in ast.walk(each))


def _as_value(node: ast.Name | ast.Attribute, file: File, known: Known) -> Iterator[Reading]:
    """A function that reads, handed on as a value: whoever gets it may apply it to anything."""
    parent = file.parents[node]
    if isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Call) and parent.func is node):
        return
    if isinstance(parent, (ast.ClassDef, *FUNCTIONS)) and node in parent.decorator_list:
        return
    name = file.names.resolve(node)
    if name in ("functools.WRAPPER_ASSIGNMENTS", "help"):
        if name != "help" and not _is_wrapping(node, file) and _makes_names(file):
            yield Reading(DOCSTRINGS, ANYTHING, node.lineno, f"uses `{name}`")
            yield Reading(ANNOTATIONS, ANYTHING, node.lineno, f"uses `{name}`")
        return
    if "." not in name or name in file.names.touched:
        return
    for what in (DOCSTRINGS, ANNOTATIONS, SOURCE):
        if known.find("call", name, what) is not None:
            yield Reading(what, ANYTHING, node.lineno, f"hands on `{name}`")


def _makes_names(file: File) -> bool:
    """Whether a file looks attributes up by names that are not written out."""
    return any(
        isinstance(node, ast.Call)
        and dotted(node.func).rpartition(".")[2] in ("getattr", "attrgetter", "setattr")
        and not any(isinstance(given, ast.Constant) for given in node.args[-2:])
        for node in file.parents
    )


def _is_wrapping(node: ast.AST, file: File) -> bool:
    """Whether something says what `functools.wraps` copies."""
    parent = file.parents[node]
    while isinstance(parent, ast.BinOp | ast.keyword | ast.Tuple | ast.Starred):
        parent = file.parents[parent]
    return isinstance(parent, ast.Call) and file.names.resolve(parent.func) in _WRAPPERS


def _attribute(node: ast.Attribute, file: File) -> Iterator[Reading]:
    if node.attr in _ATTRIBUTES:
        what, reason = _ATTRIBUTES[node.attr]
        if what == DOCSTRINGS and (_is_judged_only(node, file) or seeks_code(node, file)):
            return
        target = copied_to(node, file) if node.attr == "__doc__" else None
        of = receivers(node.value, file)
        frames = node.attr == "co_consts" and not is_code_of(node.value)
        called = is_callable(node.value, file)
        yield Reading(what, of, node.lineno, reason, copied_to=target, everywhere=frames, is_callable=called)
    elif node.attr in _LINES:
        yield Reading(SOURCE, NOTHING, node.lineno, f"reads `{node.attr}`, a line of source", own_file=True)
    elif node.attr == "__code__" and is_taken_whole(node, file):
        of = receivers(node.value, file)
        for what in (DOCSTRINGS, ANNOTATIONS, SOURCE):
            yield Reading(what, of, node.lineno, "takes the code object")
    elif node.attr == "linecache" or dotted(node).startswith("linecache."):
        yield Reading(SOURCE, NOTHING, node.lineno, "reads lines of source", own_file=True)


def _is_judged_only(node: ast.Attribute, file: File) -> bool:
    """Whether a docstring is only asked for to decide whether to set that docstring."""
    inner: ast.AST = node
    parent = file.parents[node]
    if isinstance(parent, ast.UnaryOp) or (isinstance(parent, ast.Compare) and _is_none(parent)):
        inner, parent = parent, file.parents[parent]
    if not isinstance(parent, ast.If) or parent.test is not inner or parent.orelse:
        return False
    wanted = ast.dump(node.value)
    return all(isinstance(statement, ast.Assign) and _sets_docstring(statement, wanted) for statement in parent.body)


def _is_none(node: ast.Compare) -> bool:
    right = node.comparators[0]
    return len(node.ops) == 1 and isinstance(right, ast.Constant) and right.value is None


def _sets_docstring(node: ast.Assign, owner: str) -> bool:
    return all(
        isinstance(target, ast.Attribute) and target.attr == "__doc__" and ast.dump(target.value) == owner
        for target in node.targets
    )


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
    called = bool(given) and is_callable(given[0], file)
    reason = f"`{name}` copies the docstring"
    yield Reading(DOCSTRINGS, of, node.lineno, reason, copied_to=target, is_callable=called)


def _call(node: ast.Call, file: File, known: Known) -> Iterator[Reading]:
    name = file.names.resolve(node.func)
    if not name:
        return
    if name in _WRAPPERS and not file.is_test:
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
    deep = name.startswith(_DEEP)
    by_name = deep and of.anything  # they take names, too, and may be given one at run time
    if deep and node.args and isinstance(given := node.args[0], ast.Constant) and isinstance(given.value, str):
        of = Receivers(names=frozenset({given.value.rpartition(".")[2]}))
    called = bool(node.args) and is_callable(node.args[0], file)
    return Reading(what, of, node.lineno, f"`{name}` {entry.reason}", everywhere=by_name, deep=deep, is_callable=called)


def _given(node: ast.Call, file: File) -> Receivers:
    """What a call is given: its first argument, or what it decorates, or the argument of what it returns."""
    parent = file.parents[node]
    if isinstance(parent, (ast.ClassDef, *FUNCTIONS)) and node in parent.decorator_list:
        return Receivers(names=frozenset({parent.name}), sure=True)
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
