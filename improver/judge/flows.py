"""Where a value goes: who calls a function, and what is put into a container.

A container and what is in it are taken for one, and so are all things of one simple name. What is found is more
than what happens; where something may be missed, the value is `Lost`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from improver.judge import calls
from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted, imported
from improver.judge.places import SCOPES, Function, Lost, Place, Project

_MOST_STEPS = 4000
_MOST_CALLS = 5
_CLIMBED = (
    ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Starred, ast.BoolOp, ast.Await, ast.ListComp, ast.SetComp,
    ast.GeneratorExp, ast.DictComp, ast.BinOp, ast.FormattedValue,
)  # fmt: skip
_DROPPED = (
    ast.Compare,
    ast.UnaryOp,
    ast.If,
    ast.While,
    ast.Assert,
    ast.Expr,
    ast.Delete,
    ast.JoinedStr,
    ast.Raise,
    ast.Slice,
)


@dataclass(frozen=True, eq=False)
class Event:
    """Something that happens to a value.

    Parameters:
        node: the call of a function; the definition it decorates; what is put into a container.
        kind: ``called``, ``decorates`` or ``holds``.
        shift: how many parameters are given before the first argument, when it is a method.
        loose: whether any argument may be given to any parameter.
    """

    place: Place
    node: ast.AST
    kind: str
    shift: int = 0
    loose: bool = False


@dataclass(frozen=True)
class _Step:
    """A value to look at: an expression, a local name or a word, some calls away from the value that is followed."""

    away: int
    place: Place | None = None
    node: ast.AST | None = None
    word: str = ""
    shift: int = 0
    loose: bool = False


@dataclass(eq=False)
class Flows:
    """Follows values through a repository, forward."""

    project: Project
    _known: dict[ast.AST, list[Event] | Lost] = field(default_factory=dict, repr=False)

    def of(self, place: Place, node: ast.AST) -> list[Event]:
        """What happens to the function or class that a node defines, or to the value of an expression.

        Raises:
            Lost: it goes where it cannot be followed.
        """
        if node not in self._known:
            try:
                self._known[node] = _Flow(self.project, node).follow(_start(place, node, self.project))
            except Lost as lost:
                self._known[node] = lost
        found = self._known[node]
        if isinstance(found, Lost):
            raise found
        return found


def _start(place: Place, node: ast.AST, project: Project) -> Iterator[_Step]:
    if isinstance(node, ast.expr):
        yield _Step(0, place, node)
        return
    assert isinstance(node, (ast.ClassDef, *FUNCTIONS))
    owner = None if isinstance(node, ast.ClassDef) else place.method_of(node)
    if owner is None:
        yield from bound_to(place, node, node.name, 0)
    elif node.name in ("__init__", "__new__", "__call__"):
        away = int(node.name == "__call__")
        for name in project.repository.descendants(owner.name):
            yield _Step(away, word=name, shift=1)
        yield from _own_uses(owner.name, away, project)
    elif node.name.startswith("__") and node.name.endswith("__"):
        raise place.lost(node, f"`{node.name}` is called by the language itself")
    elif calls.strangers(owner.name, project):
        raise place.lost(node, f"`{node.name}` may be called by a base class of `{owner.name}` from elsewhere")
    else:
        static = any(dotted(decorator) == "staticmethod" for decorator in node.decorator_list)
        yield _Step(0, word=node.name, shift=0 if static else 1)


def _own_uses(name: str, away: int, project: Project) -> Iterator[_Step]:
    """A class and its instances as they name themselves: `cls`, `type(self)`, `self`."""
    related = project.family(name)
    for other in related:
        for place, node in project.definitions(other):
            if isinstance(node, ast.ClassDef):
                yield from _named_itself(place, node, away)


def _named_itself(place: Place, owner: ast.ClassDef, away: int) -> Iterator[_Step]:
    for method in owner.body:
        if not isinstance(method, FUNCTIONS) or not (method.args.posonlyargs + method.args.args):
            continue
        first = (method.args.posonlyargs + method.args.args)[0].arg
        of_class = method.name in ("__new__", "__init_subclass__", "__class_getitem__") or any(
            dotted(decorator) == "classmethod" for decorator in method.decorator_list
        )
        for node in ast.walk(method):
            if not isinstance(node, ast.Name) or node.id != first or not isinstance(node.ctx, ast.Load):
                continue
            parent = place.parent(node)
            asked = isinstance(parent, ast.Attribute) and parent.attr == "__class__"
            if asked or (isinstance(parent, ast.Call) and dotted(parent.func) == "type"):
                yield _Step(away, place, parent, shift=1)
            elif isinstance(parent, ast.Attribute) and parent.attr in ("__init__", "__new__", "__call__"):
                yield _Step(0, place, parent, shift=1)
            elif of_class or away:
                yield _Step(away if of_class else away - 1, place, node, shift=1)
    for node in ast.walk(owner):
        if isinstance(node, ast.Attribute) and node.attr in ("__init__", "__new__"):
            yield _Step(0, place, node, shift=int(isinstance(node.value, ast.Call) and node.attr == "__init__"))


def bound_to(place: Place, node: ast.AST, name: str, away: int, *, loose: bool = False) -> Iterator[_Step]:
    """The uses of the name that a definition or an assignment binds."""
    scope = place.binder(node, name)
    if isinstance(scope, (ast.Module, ast.ClassDef)):
        yield _Step(away, word=name, loose=loose)
    else:
        yield _Step(away, place, scope, name, loose=loose)


@dataclass(eq=False)
class _Flow:
    project: Project
    root: ast.AST
    found: list[Event] = field(default_factory=list)
    pending: list[_Step] = field(default_factory=list)

    def follow(self, start: Iterator[_Step]) -> list[Event]:
        self.pending.extend(start)
        seen: set[_Step] = set()
        while self.pending:
            step = self.pending.pop()
            if step in seen:
                continue
            seen.add(step)
            if len(seen) > _MOST_STEPS or step.away > _MOST_CALLS:
                raise Lost(f"line {getattr(self.root, 'lineno', 1)}: it is handed on too often to be followed")
            if step.place is None:
                self.pending.extend(self._everywhere(step))
            elif step.word:
                self.pending.extend(self._in_scope(step))
            else:
                assert step.node is not None
                self._use(step, step.place, step.node)
        return self.found

    def _everywhere(self, step: _Step) -> Iterator[_Step]:
        for place in self.project.holding(step.word):
            for node in place.words[step.word]:
                yield from self._at(step, place, node)

    def _at(self, step: _Step, place: Place, node: ast.AST) -> Iterator[_Step]:
        match node:
            case ast.Name(ctx=ast.Load()) if isinstance(place.binder(node, node.id), (ast.Module, ast.ClassDef)):
                yield _Step(step.away, place, node, shift=step.shift, loose=step.loose)
            case ast.Attribute(ctx=ast.Load()):
                yield _Step(step.away, place, node, shift=step.shift, loose=step.loose)
            case ast.Call():
                if dotted(node.func) == "getattr":
                    yield _Step(step.away, place, node, shift=step.shift, loose=step.loose)
            case ast.Import() | ast.ImportFrom():
                for local, full in imported(node):
                    if full.rpartition(".")[2] != step.word:
                        continue
                    scope = place.scope(node)
                    if not isinstance(scope, (ast.Module, ast.ClassDef)):
                        yield _Step(step.away, place, scope, local, step.shift, step.loose)
                    elif local != step.word:
                        yield _Step(step.away, word=local, shift=step.shift, loose=step.loose)
            case _:
                pass

    def _in_scope(self, step: _Step) -> Iterator[_Step]:
        assert step.place is not None
        place = step.place
        for node in place.words.get(step.word, ()):
            if (
                isinstance(node, ast.Name)
                and isinstance(node.ctx, ast.Load)
                and place.binder(node, node.id) is step.node
            ):
                yield _Step(step.away, place, node, shift=step.shift, loose=step.loose)

    def _climb(self, step: _Step, node: ast.AST, away: int = 0, *, loose: bool = False) -> None:
        self.pending.append(_Step(step.away + away, step.place, node, shift=step.shift, loose=step.loose or loose))

    def _use(self, step: _Step, place: Place, node: ast.AST) -> None:  # noqa: C901, PLR0912 - one line a kind of use
        parent = place.parent(node)
        match parent:
            case ast.Call() if parent.func is node:
                if step.away:
                    self._climb(step, parent, -1)
                else:
                    self._add(step, parent, "called")
            case ast.Call():
                self._given(step, parent, node)
            case ast.keyword():
                call = place.parent(parent)
                if isinstance(call, ast.Call):
                    self._given(step, call, parent)
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef() if node in parent.decorator_list:
                if step.away:
                    self.pending.extend(bound_to(place, parent, parent.name, step.away - 1, loose=step.loose))
                else:
                    self._add(step, parent, "decorates")
            case ast.arguments():
                self._default(step, parent, node)
            case ast.Assign():
                for target in parent.targets:
                    self._bind(step, target)
            case ast.AnnAssign() | ast.AugAssign() | ast.NamedExpr():
                if parent.value is node:
                    self._bind(step, parent.target)
                    if isinstance(parent, ast.NamedExpr):
                        self._climb(step, parent)
            case ast.For() | ast.AsyncFor() | ast.comprehension() if parent.iter is node:
                self._bind(step, parent.target)
            case ast.withitem() if parent.optional_vars is not None:
                self._bind(step, parent.optional_vars)
            case ast.Return() | ast.Yield() | ast.YieldFrom():
                self._returned(step, parent)
            case ast.Lambda():
                self._climb(step, parent, 1)
            case ast.IfExp():
                if parent.test is not node:
                    self._climb(step, parent)
            case ast.Subscript():
                self._subscript(step, parent, node)
            case ast.Attribute():
                self._attribute(step, parent)
            case ast.JoinedStr() | ast.withitem() | ast.comprehension() | ast.ClassDef() | ast.arg():
                pass
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                pass
            case _ if isinstance(parent, _CLIMBED):
                self._climb(step, parent)
            case _ if isinstance(parent, _DROPPED):
                pass
            case _:
                raise place.lost(parent, f"a value goes into {type(parent).__name__}, which is not followed")

    def _add(self, step: _Step, node: ast.AST, kind: str) -> None:
        assert step.place is not None
        self.found.append(Event(step.place, node, kind, step.shift, step.loose))

    def _default(self, step: _Step, given: ast.arguments, node: ast.AST) -> None:
        assert step.place is not None
        for name, default in calls.defaults(given):
            if default is node:
                self.pending.append(_Step(step.away, step.place, step.place.parent(given), name, loose=step.loose))

    def _bind(self, step: _Step, target: ast.AST) -> None:
        """A value is assigned to a target, or to a part of one."""
        assert step.place is not None
        for node in ast.walk(target) if isinstance(target, ast.Tuple | ast.List | ast.Starred) else [target]:
            match node:
                case ast.Name():
                    self.pending.extend(bound_to(step.place, node, node.id, step.away, loose=step.loose))
                case ast.Attribute():
                    self.pending.append(_Step(step.away, word=node.attr, loose=step.loose))
                case ast.Subscript():
                    self._hold(step, node.value)
                case _:
                    pass

    def _hold(self, step: _Step, container: ast.AST) -> None:
        """A value is put into a container: whatever takes it out again may be it."""
        assert step.place is not None
        place = step.place
        match container:
            case ast.Name():
                self.pending.extend(bound_to(place, container, container.id, step.away, loose=step.loose))
            case ast.Attribute():
                self.pending.append(_Step(step.away, word=container.attr, loose=step.loose))
            case ast.Subscript(value=inner) | ast.Call(func=ast.Attribute(value=inner)):
                self._hold(step, inner)
            case _:
                raise place.lost(container, "a value is put into a container that is not known")

    def _returned(self, step: _Step, node: ast.AST) -> None:
        assert step.place is not None
        place = step.place
        function = place.function_around(node)
        if function is None:
            return
        if isinstance(function, ast.Lambda):
            self._climb(step, function, 1)
            return
        owner = place.method_of(function)
        if calls.is_property(function):
            self.pending.append(_Step(step.away, word=function.name, loose=step.loose))
        elif owner is not None and function.name == "__new__":
            for name in self.project.repository.descendants(owner.name):
                self.pending.append(_Step(step.away + 1, word=name, loose=step.loose))
        elif owner is not None and function.name.startswith("__") and function.name.endswith("__"):
            if function.name not in calls.RETURN_NO_FUNCTION:
                raise place.lost(node, f"a value is returned by `{function.name}`, which the language itself calls")
        else:
            self.pending.extend(bound_to(place, function, function.name, step.away + 1, loose=step.loose))

    def _subscript(self, step: _Step, parent: ast.Subscript, node: ast.AST) -> None:
        assert step.place is not None
        if parent.value is node and isinstance(parent.ctx, ast.Store):
            self._add(step, parent, "holds")
        elif parent.value is node:
            self._climb(step, parent)
        elif isinstance(parent.ctx, ast.Store):
            self._hold(step, parent.value)

    def _attribute(self, step: _Step, parent: ast.Attribute) -> None:
        assert step.place is not None
        around = step.place.parent(parent)
        call = around if isinstance(around, ast.Call) and around.func is parent else None
        if parent.attr in calls.MUTATORS and call is not None:
            self._add(step, call, "holds")
        if parent.attr in calls.GETTERS:
            self._climb(step, call or parent)
        elif parent.attr in calls.CARRIERS:
            self._climb(step, parent)

    def _given(self, step: _Step, call: ast.Call, node: ast.AST) -> None:
        """A value is an argument of a call."""
        assert step.place is not None
        place = step.place
        kind = calls.kind_of(call, place, self.project)
        if kind == calls.IGNORES:
            return
        if kind == calls.RETURNS:
            self._climb(step, call, loose=True)
            return
        if kind == calls.CALLS:
            self.found.append(Event(place, call, "called", 0, loose=True))
            self._climb(step, call, loose=True)
            return
        if kind == calls.SETS:
            self._set(step, call)
            return
        if isinstance(call.func, ast.Attribute) and call.func.attr in calls.MUTATORS:
            self._hold(step, call.func.value)
            if call.func.attr == "setdefault":
                self._climb(step, call)
            return
        for where, function, name in calls.parameters_given(call, node, place, self.project):
            if isinstance(function, ast.ClassDef):
                self.pending.append(_Step(step.away, word=name, loose=step.loose))
            else:
                self.pending.append(_Step(step.away, where, function, name, loose=step.loose))

    def _set(self, step: _Step, call: ast.Call) -> None:
        assert step.place is not None
        word = call.args[1] if len(call.args) == 3 else None
        if isinstance(word, ast.Constant) and isinstance(word.value, str):
            self.pending.append(_Step(step.away, word=word.value, loose=step.loose))
        else:
            raise step.place.lost(call, "a value is set as an attribute whose name is made at run time")


__all__ = ["SCOPES", "Event", "Flows", "Function"]
