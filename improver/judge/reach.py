"""What surely never gets to a reader that is not known: functions whose every use can be followed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from improver.judge.effects import CALL, ELEMENT, Ops
from improver.judge.flows import Flows
from improver.judge.known import DOCSTRINGS, SOURCE
from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted
from improver.judge.places import Lost, Place, Project

_WORDS = re.compile(
    rb"getattr\(|__dict__|__getattribute__|\bvars\(|getmembers|\bglobals\(|\blocals\(|attrgetter|\beval\(|\bexec\("
    rb"|get_objects|\bgetattr\b|__subclasses__"
)
_GIVES = frozenset({"vars", "globals", "locals", "eval", "exec", "getmembers", "attrgetter", "getmembers_static"})


@dataclass(frozen=True)
class _Way:
    """A place at which something is got at by a name that is made at run time.

    Parameters:
        pattern: the names that may be made there.
        members: whether nothing but what a class defines is got at.
    """

    place: Place
    node: ast.expr
    pattern: re.Pattern[str]
    members: bool


@dataclass(eq=False)
class Reach:
    """Tells of functions whether they get anywhere but where they are called."""

    project: Project
    flows: Flows
    _ways: list[_Way] | Lost | None = field(default=None, repr=False)
    _known: dict[str, bool] = field(default_factory=dict, repr=False)
    _unwrapped: dict[str, bool] = field(default_factory=dict, repr=False)

    def stays(self, what: str, names: Iterable[str], *, wrapping: bool = False) -> bool:
        """Whether every function of these names is called and nothing else, so that no stranger can look at it.

        Parameters:
            wrapping: whether strangers only wrap what can be called: then a class whose instances cannot be may be safe.
        """
        asked = tuple(names)
        if wrapping:
            return all(self._is_not_wrapped(name) for name in asked)
        if asked and asked[0].startswith("__") and asked[0].endswith("__"):
            return what == DOCSTRINGS and self._stays(asked[0])
        return what != SOURCE and all(self._stays(name) for name in asked)

    def _stays(self, name: str) -> bool:
        if name not in self._known:
            try:
                special = name.startswith("__") and name.endswith("__")
                self._known[name] = self._is_only_asked(name) if special else self._is_only_called(name)
            except Lost:
                self._known[name] = False
        return self._known[name]

    def _is_only_called(self, name: str) -> bool:
        found = list(self.project.definitions(name))
        for place, node in found:
            if isinstance(node, ast.ClassDef) or any(event.kind == "read" for event in self.flows.of(place, node)):
                return False
            if not self._is_hidden(place, node):
                return False
        return bool(found)

    def _is_not_wrapped(self, name: str) -> bool:
        """Whether nothing of this name is given away as a value, a class included; special methods never are."""
        if name.startswith("__") and name.endswith("__"):
            return True
        if name not in self._unwrapped:
            try:
                self._unwrapped[name] = all(
                    self._is_kept(place, node) for place, node in self.project.definitions(name)
                )
            except Lost:
                self._unwrapped[name] = False
        return self._unwrapped[name]

    def _is_kept(self, place: Place, node: ast.AST) -> bool:
        if isinstance(node, ast.ClassDef):
            related = self.project.family(node.name)
            if any(
                isinstance(one, ast.ClassDef) and _is_callable(one)
                for name in related
                for _, one in self.project.definitions(name)
            ):
                return False
        return not any(event.kind == "read" for event in self.flows.of(place, node))

    def _is_only_asked(self, name: str) -> bool:
        """The same of a special method, which the language calls: it is got at by its name alone."""
        for place in self.project.holding(name):
            for node in place.words[name]:
                if isinstance(node, ast.Attribute | ast.Call) and isinstance(
                    getattr(node, "ctx", ast.Load()), ast.Load
                ):
                    if any(event.kind == "read" for event in self.flows.of(place, node)):
                        return False
        return not any(way.pattern.fullmatch(name) and self._is_open(way) for way in self._all_ways())

    def _is_hidden(self, place: Place, node: ast.AST) -> bool:
        """Whether no name that is made at run time leads to a function."""
        assert isinstance(node, FUNCTIONS)
        method = place.method_of(node) is not None
        if not method and place.scope(node) is not place.file.tree:
            return True
        return not any(
            way.pattern.fullmatch(node.name) and (method or not way.members) and self._is_open(way)
            for way in self._all_ways()
        )

    def _is_open(self, way: _Way) -> bool:
        try:
            return any(
                event.kind == "read" for ops in _parts_of(way.node) for event in self.flows.of(way.place, way.node, ops)
            )
        except Lost:
            return True

    def _all_ways(self) -> list[_Way]:
        if self._ways is None:
            try:
                self._ways = list(self._search())
            except Lost as lost:
                self._ways = lost
        if isinstance(self._ways, Lost):
            raise self._ways
        return self._ways

    def _search(self) -> Iterator[_Way]:
        for path, content in self.project.repository.files.items():
            if path.endswith(".py") and _WORDS.search(content):
                place = self.project.place(path)
                if place is None:
                    raise Lost(f"{path}: does not parse here")
                for node in ast.walk(place.file.tree):
                    yield from _ways_at(place, node)


def _is_callable(node: ast.ClassDef) -> bool:
    return any(isinstance(inner, FUNCTIONS) and inner.name == "__call__" for inner in node.body)


def _ways_at(place: Place, node: ast.AST) -> Iterator[_Way]:
    match node:
        case ast.Call(func=ast.Name(id="getattr"), args=[owner, word, *_]):
            if not (isinstance(word, ast.Constant) and isinstance(word.value, str)) and not _passes_on(
                place, node, word
            ):
                yield _Way(place, node, _names_made(word), _is_own(owner))
        case ast.Call(func=ast.Attribute(attr="__getattribute__"), args=[*_, word]):
            yield _Way(place, node, _names_made(word), members=True)
        case ast.Call() if dotted(node.func).rpartition(".")[2] in _GIVES:
            if not _is_own_state(place, node):
                yield _Way(place, node, _names_made(None), members=False)
        case ast.Name(id="getattr", ctx=ast.Load()) if not _is_called_or_pickled(place, node):
            yield _Way(place, node, _names_made(None), members=False)
        case ast.Attribute(attr="__dict__", ctx=ast.Load()):
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "other")):
                yield _Way(place, node, _names_made(None), members=False)
        case ast.Attribute(attr="get_objects"):
            yield _Way(place, node, _names_made(None), members=False)
        case _:
            pass


def _parts_of(node: ast.expr) -> tuple[Ops, ...]:
    """What may have to be done to what is got to get at one thing."""
    word = node.attr if isinstance(node, ast.Attribute) else ""
    if isinstance(node, ast.Call):
        word = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
    if word in ("getattr", "__getattribute__"):
        return ((),)
    if isinstance(node, ast.Name):
        return ((), (CALL,))
    return ((), (ELEMENT,), (ELEMENT, ELEMENT), (CALL,))


def _passes_on(place: Place, node: ast.AST, word: ast.AST) -> bool:
    """Whether `__getattr__` looks up the name that it was asked for: who asks says the name."""
    function = place.function_around(node)
    if not isinstance(function, FUNCTIONS) or function.name not in ("__getattr__", "__getattribute__"):
        return False
    given = [one.arg for one in function.args.posonlyargs + function.args.args]
    return isinstance(word, ast.Name) and word.id in given[-1:]


def _is_called_or_pickled(place: Place, node: ast.AST) -> bool:
    parent = place.parent(node)
    function = place.function_around(node)
    pickled = isinstance(function, FUNCTIONS) and function.name in ("__reduce__", "__reduce_ex__")
    return pickled or (isinstance(parent, ast.Call) and parent.func is node)


def _is_own(node: ast.AST) -> bool:
    return (isinstance(node, ast.Name) and node.id in ("self", "cls")) or (
        isinstance(node, ast.Call) and dotted(node.func) in ("super", "type")
    )


def _is_own_state(place: Place, node: ast.Call) -> bool:
    """Whether `vars` is asked of an instance of the class itself, or of parsed options, which hold no namespace."""
    first = node.args[0] if node.args else None
    if dotted(node.func) != "vars" or not isinstance(first, ast.Name):
        return False
    scope = place.binder(first, first.id)
    stores = [one for one in place.words.get(first.id, ()) if isinstance(one, ast.Name) and not _is_load(one)]
    own = [one for one in stores if place.binder(one, one.id) is scope]
    return first.id == "self" or (bool(own) and all(_is_parsed(place, one) for one in own))


def _is_load(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def _is_parsed(place: Place, node: ast.Name) -> bool:
    parent = place.parent(node)
    while isinstance(parent, ast.Tuple):
        parent = place.parent(parent)
    value = parent.value if isinstance(parent, ast.Assign | ast.AnnAssign) else None
    func = value.func if isinstance(value, ast.Call) else None
    return isinstance(func, ast.Attribute) and func.attr in ("parse_args", "parse_known_args")


def _names_made(word: ast.AST | None) -> re.Pattern[str]:
    """The names that an expression may make, as far as a fixed beginning or end tells."""
    match word:
        case ast.JoinedStr(values=[*parts]):
            return re.compile("".join(_made(part) for part in parts))
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return re.compile(_made(left) + _made(right))
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str(text))):
            return re.compile(".*".join(re.escape(part) for part in re.split(r"%[sdr]|%\(\w+\)s", text)))
        case _:
            return re.compile(".*")


def _made(part: ast.AST) -> str:
    return re.escape(part.value) if isinstance(part, ast.Constant) and isinstance(part.value, str) else ".*"
