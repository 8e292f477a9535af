"""Where a value goes: who calls a function, and what is put into a container.

All things of one simple name are taken for one. What is found is more than what happens; where something may be
missed, the value is `Lost`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from improver.judge import calls
from improver.judge.effects import CALL, ELEMENT, Ops, after, got, popped
from improver.judge.flow_starts import Step, bound_to, own_uses, starts
from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted, imported
from improver.judge.places import NOWHERE, Home, Lost, Place, Project

_MOST_STEPS = 3000
_MOST_OPS = 5
_COLLECTED = (ast.Tuple, ast.List, ast.Set, ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
_PASSED = (ast.BoolOp, ast.Await, ast.FormattedValue)
_DROPPED = (
    ast.Compare, ast.UnaryOp, ast.If, ast.While, ast.Assert, ast.Expr, ast.Delete, ast.JoinedStr, ast.Raise, ast.Slice,
    ast.ExceptHandler, ast.withitem, ast.comprehension, ast.ClassDef, ast.arg, *FUNCTIONS,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Event:
    """Something that happens to a value.

    Parameters:
        node: the call of a function; the definition it decorates; what puts something into a container; what
            reads its docstring.
        kind: ``called``, ``decorates``, ``holds`` or ``read``.
        shift: how many parameters are given before the first argument, when it is a method.
        loose: whether any argument may be given to any parameter, as it is or one by one.
    """

    place: Place
    node: ast.AST
    kind: str
    shift: int = 0
    loose: bool = False


@dataclass(eq=False)
class Flows:
    """Follows values through a repository, forward."""

    project: Project
    _known: dict[tuple[ast.AST, Ops], list[Event] | Lost] = field(default_factory=dict, repr=False)
    _open: set[tuple[ast.AST, Ops]] = field(default_factory=set, repr=False)

    def of(self, place: Place, node: ast.AST, ops: Ops = ()) -> list[Event]:
        """What happens to the function or class that a node defines, or to the value of an expression.

        Parameters:
            ops: what must be done to the value of the expression to get at what is followed.

        Raises:
            Lost: it goes where it cannot be followed.
        """
        key = (node, ops)
        if key in self._open:
            raise place.lost(node, "what calls it hangs on itself")
        if key not in self._known:
            self._open.add(key)
            try:
                self._known[key] = _Flow(self.project, node).follow(starts(place, node, self.project, ops))
            except Lost as lost:
                self._known[key] = lost
            finally:
                self._open.discard(key)
        found = self._known[key]
        if isinstance(found, Lost):
            raise found
        return found


@dataclass(eq=False)
class _Flow:
    project: Project
    root: ast.AST
    found: list[Event] = field(default_factory=list)
    pending: list[Step] = field(default_factory=list)

    def follow(self, start: Iterator[Step]) -> list[Event]:
        self.pending.extend(start)
        seen: set[Step] = set()
        while self.pending:
            step = self.pending.pop()
            if step in seen:
                continue
            seen.add(step)
            self.project.count()
            if len(seen) > _MOST_STEPS or len(step.ops) > _MOST_OPS:
                raise Lost(f"line {getattr(self.root, 'lineno', 1)}: it is handed on too often to be followed")
            if step.place is None:
                self.pending.extend(self._everywhere(step))
            elif step.word:
                self.pending.extend(self._in_scope(step))
            else:
                assert step.node is not None
                self._use(step, step.place, step.node)
        return self.found

    def _everywhere(self, step: Step) -> Iterator[Step]:
        for place in self.project.holding(step.word):
            for node in place.words[step.word]:
                if self._is_value(node) and self.project.may_mean(step.home, place, node):
                    yield from self._at(step, place, node)

    def _is_value(self, node: ast.AST) -> bool:
        """Whether a word stands for what is followed; a property of an instance is what its function returns."""
        if not isinstance(node, ast.Attribute) or not calls.is_property(self.root):
            return True
        return not (isinstance(node.value, ast.Name) and node.value.id == "self")

    def _at(self, step: Step, place: Place, node: ast.AST) -> Iterator[Step]:
        match node:
            case ast.Name(ctx=ast.Load()) if isinstance(place.binder(node, node.id), (ast.Module, ast.ClassDef)):
                yield step.at(place, node)
            case ast.Attribute(ctx=ast.Load()):
                yield step.at(place, node)
            case ast.Call() if dotted(node.func) == "getattr":
                yield step.at(place, node)
            case ast.Import() | ast.ImportFrom():
                for local, full in imported(node):
                    if full.rpartition(".")[2] != step.word:
                        continue
                    scope = place.scope(node)
                    if not isinstance(scope, (ast.Module, ast.ClassDef)):
                        yield step.at(place, scope, local)
                    elif local != step.word:
                        yield step.at(None, None, local)
            case _:
                pass

    def _in_scope(self, step: Step) -> Iterator[Step]:
        assert step.place is not None
        for node in step.place.words.get(step.word, ()):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                if step.place.binder(node, node.id) is step.node:
                    yield step.at(step.place, node)

    def _climb(self, step: Step, node: ast.AST, every: Iterator[Ops] | None = None) -> None:
        for ops in (step.ops,) if every is None else every:
            self.pending.append(step.at(step.place, node, ops=ops))

    def _use(self, step: Step, place: Place, node: ast.AST) -> None:  # noqa: C901, PLR0912, PLR0915 - a line a kind
        parent = place.parent(node)
        match parent:
            case ast.Call() if parent.func is node:
                self._called(step, parent)
            case ast.Call():
                self._given(step, parent, node)
            case ast.keyword():
                call = place.parent(parent)
                if isinstance(call, ast.Call):
                    self._given(step, call, parent)
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef() if node in parent.decorator_list:
                if not step.ops:
                    self._add(step, parent, "decorates")
                for ops in popped(step.ops, CALL):
                    self.pending.extend(bound_to(step, place, parent, parent.name, ops))
            case ast.arguments():
                for name, default in calls.defaults(parent):
                    if default is node:
                        self.pending.append(step.at(place, place.parent(parent), name))
            case ast.Assign():
                for target in parent.targets:
                    self._bind(step, target, step.ops)
            case ast.AnnAssign() | ast.AugAssign() | ast.NamedExpr() if parent.value is node:
                self._bind(step, parent.target, step.ops)
                if isinstance(parent, ast.NamedExpr):
                    self._climb(step, parent)
            case ast.For() | ast.AsyncFor() | ast.comprehension() if parent.iter is node:
                for ops in popped(step.ops, ELEMENT):
                    self._bind(step, parent.target, ops)
            case ast.withitem() if parent.optional_vars is not None:
                for ops in (step.ops, *popped(step.ops, ELEMENT)):
                    self._bind(step, parent.optional_vars, ops)
            case ast.Return() | ast.Yield() | ast.YieldFrom():
                self._returned(step, parent)
            case ast.Lambda():
                self._climb(step, parent, iter([(CALL, *step.ops)]))
            case ast.IfExp():
                if parent.test is not node:
                    self._climb(step, parent)
            case ast.Subscript():
                self._subscript(step, parent, node)
            case ast.Attribute():
                self._attribute(step, parent)
            case ast.Starred():
                self._climb(step, parent, popped(step.ops, ELEMENT))
            case ast.Dict():
                spread = any(
                    key is None and value is node for key, value in zip(parent.keys, parent.values, strict=True)
                )
                self._climb(step, parent, None if spread else iter([(ELEMENT, *step.ops)]))
            case ast.Compare():
                self._operate(step, parent)
            case ast.BinOp():
                self._operate(step, parent)
                if step.ops[:1] == (ELEMENT,):
                    self._climb(step, parent)
            case _ if isinstance(parent, _COLLECTED):
                self._climb(step, parent, iter([(ELEMENT, *step.ops)]))
            case _ if isinstance(parent, _PASSED):
                self._climb(step, parent)
            case _ if isinstance(parent, _DROPPED):
                pass
            case _:
                raise place.lost(parent, f"a value goes into {type(parent).__name__}, which is not followed")

    def _operate(self, step: Step, node: ast.AST) -> None:
        """A value becomes an operand: operators that the repository defines get it."""
        for where, function, name in calls.operands(node, self.project):
            self.pending.append(step.at(where, function, name))

    def _add(self, step: Step, node: ast.AST, kind: str) -> None:
        assert step.place is not None
        self.found.append(Event(step.place, node, kind, step.shift, step.loose))

    def _called(self, step: Step, call: ast.Call) -> None:
        if not step.ops:
            self._add(step, call, "called")
            if step.shift and calls.names_a_class(call.func, self.project):
                self._add(replace(step, shift=step.shift - 1), call, "called")
        self._climb(step, call, popped(step.ops, CALL))

    def _bind(self, step: Step, target: ast.AST, ops: Ops) -> None:
        """A value is assigned to a target, or to a part of one."""
        assert step.place is not None
        match target:
            case ast.Name():
                self.pending.extend(bound_to(step, step.place, target, target.id, ops))
            case ast.Attribute():
                self._operate(step, target)
                self.pending.append(step.at(None, None, target.attr, ops=ops, home=self._home(step.place, target)))
            case ast.Subscript():
                self._operate(step, target)
                self._hold(step, target.value, ops if isinstance(target.slice, ast.Slice) else (ELEMENT, *ops))
            case ast.Tuple() | ast.List():
                for inner in target.elts:
                    if isinstance(inner, ast.Starred):
                        self._bind(step, inner.value, ops)
                    for rest in popped(ops, ELEMENT):
                        self._bind(step, inner, rest)
            case _:
                pass

    def _home(self, place: Place, node: ast.Attribute) -> Home:
        """The class at home in which an attribute is set; nowhere when that is not sure."""
        own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        around = place.class_around(node) if own else None
        return Home(owner=around.name) if around is not None else NOWHERE

    def _hold(self, step: Step, container: ast.AST, ops: Ops) -> None:
        """A value is put into a container: whatever takes it out again may be it."""
        assert step.place is not None
        place = step.place
        match container:
            case ast.Name():
                self.pending.extend(bound_to(step, place, container, container.id, ops))
            case ast.Attribute():
                self.pending.append(step.at(None, None, container.attr, ops=ops, home=self._home(place, container)))
            case ast.Subscript(value=inner) | ast.Call(func=ast.Attribute(value=inner)):
                self._hold(step, inner, (ELEMENT, *ops))
            case _:
                raise place.lost(container, "a value is put into a container that is not known")

    def _returned(self, step: Step, node: ast.AST) -> None:
        assert step.place is not None
        place = step.place
        function = place.function_around(node)
        ops = (ELEMENT, *step.ops) if isinstance(node, ast.Yield) else step.ops
        if function is None or isinstance(function, ast.Lambda):
            return
        owner = place.method_of(function)
        special = function.name.startswith("__") and function.name.endswith("__")
        if calls.is_property(function):
            self.pending.append(step.at(None, None, function.name, ops=ops))
        elif owner is None or not special:
            self.pending.extend(bound_to(step, place, function, function.name, (CALL, *ops)))
        elif function.name in calls.CONTENTS:
            more = (CALL, *ops) if calls.CONTENTS[function.name] else (CALL, ELEMENT, *ops)
            self._of_instances(step, owner.name, more)
        elif function.name in ("__new__", "__call__"):
            self._of_instances(step, owner.name, (CALL, *ops) if function.name == "__new__" else (CALL, CALL, *ops))
        elif function.name not in calls.RETURN_NO_FUNCTION:
            raise place.lost(node, f"a value is returned by `{function.name}`, which the language itself calls")

    def _of_instances(self, step: Step, name: str, ops: Ops) -> None:
        for other in self.project.repository.descendants(name):
            self.pending.append(step.at(None, None, other, ops=ops))
        self.pending.extend(own_uses(name, ops, self.project))

    def _subscript(self, step: Step, parent: ast.Subscript, node: ast.AST) -> None:
        if parent.value is not node:
            self._operate(step, parent)
            if isinstance(parent.ctx, ast.Store):
                self._hold(step, parent.value, (ELEMENT, *step.ops))
        elif isinstance(parent.ctx, ast.Store):
            if not step.ops:
                self._add(step, parent, "holds")
        elif isinstance(parent.slice, ast.Slice) or step.ops[:1] != (ELEMENT,):
            self._climb(step, parent)
        else:
            self._climb(step, parent, popped(step.ops, ELEMENT))

    def _attribute(self, step: Step, parent: ast.Attribute) -> None:
        assert step.place is not None
        around = step.place.parent(parent)
        call = around if isinstance(around, ast.Call) and around.func is parent else None
        if parent.attr in calls.READERS and not step.ops:
            self._add(step, parent, "read")
        if parent.attr in calls.MUTATORS and call is not None and not step.ops:
            self._add(step, call, "holds")
        if parent.attr in calls.GETTERS:
            self._climb(step, call or parent, got(parent.attr, step.ops))
        elif parent.attr in calls.CARRIERS:
            self._climb(step, parent)

    def _given(self, step: Step, call: ast.Call, node: ast.AST) -> None:
        """A value is an argument of a call."""
        assert step.place is not None
        place = step.place
        spread = isinstance(node, ast.keyword) and node.arg is None
        kind = calls.kind_of(call, place, self.project)
        word = dotted(call.func).rpartition(".")[2]
        if kind == calls.IGNORES:
            if not step.ops and calls.reads(call, place):
                self._add(step, call, "read")
            return
        if kind == calls.SETS:
            self._set(step, call)
        elif kind == calls.PARTIAL:
            if node is not call.args[0] if call.args else True:
                self._handed_on(step, call, node)
            elif not step.ops:
                self.found.append(Event(place, call, "called", step.shift - 1, step.loose))
                self.pending.append(step.at(place, call, shift=step.shift + len(call.args) - 1))
            else:
                self._climb(step, call)
        elif kind in (calls.RETURNS, calls.CALLS):
            if kind == calls.CALLS and (node is not call.args[0] if call.args else True) and calls.hands_on(call, word):
                raise place.lost(call, f"a value is handed on by `{word}`")
            if kind == calls.CALLS and not step.ops:
                self.found.append(Event(place, call, "called", 0, loose=True))
            self._climb(step, call, after(word, step.ops, by_keyword=isinstance(node, ast.keyword) and not spread))
        elif isinstance(call.func, ast.Attribute) and word in calls.MUTATORS:
            flat = word in ("extend", "extendleft", "update") and not isinstance(node, ast.keyword)
            self._hold(step, call.func.value, step.ops if flat else (ELEMENT, *step.ops))
            if word == "setdefault":
                self._climb(step, call)
        else:
            self._to_parameters(step, call, node)

    def _handed_on(self, step: Step, call: ast.Call, node: ast.AST) -> None:
        """An argument of `partial` becomes one of the function that it is given."""
        assert step.place is not None
        inner = ast.copy_location(ast.Call(call.args[0], call.args[1:], call.keywords), call) if call.args else call
        self._to_parameters(step, inner, node)

    def _to_parameters(self, step: Step, call: ast.Call, node: ast.AST) -> None:
        assert step.place is not None
        spread = isinstance(node, ast.keyword) and node.arg is None
        for where, function, name in calls.parameters_given(call, node, step.place, self.project):
            if isinstance(function, ast.ClassDef):
                self.pending.append(step.at(None, None, name))
                continue
            ops = step.ops[1:] if spread and step.ops[:1] == (ELEMENT,) else step.ops
            if calls.gathers(function, name):
                ops = (ELEMENT, *ops)
            self.pending.append(step.at(where, function, name, ops=ops))

    def _set(self, step: Step, call: ast.Call) -> None:
        assert step.place is not None
        word = call.args[-2] if len(call.args) in (2, 3) else None
        if isinstance(word, ast.Constant) and isinstance(word.value, str):
            self.pending.append(step.at(None, None, word.value.rpartition(".")[2]))
        elif not step.ops or step.ops[0] != ELEMENT or len(call.args) != 3 or call.args[2] is not None:
            raise step.place.lost(call, "a value is set as an attribute whose name is made at run time")
