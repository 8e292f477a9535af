"""What an expression may stand for, followed back through the repository to definitions.

The answer is a set of simple names that holds every function, class or module of the repository that the expression
may be; or `Lost`, which says where it could not be followed.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass, field

from improver.judge import calls
from improver.judge.flows import Event, Flows
from improver.judge.masked import FUNCTIONS, arguments
from improver.judge.names import dotted, imported
from improver.judge.places import Place, Project
from improver.judge.receivers import Receivers
from improver.judge.targets import bound_values

_MOST_STEPS = 3000
_MOST_CALLS = 5
_PARTS = (
    ast.Tuple, ast.List, ast.Set, ast.Starred, ast.BoolOp, ast.Await, ast.BinOp,
)  # fmt: skip
_NO_VALUE = (ast.Constant, ast.JoinedStr, ast.Compare, ast.UnaryOp, ast.FormattedValue, ast.Slice)
_MUTABLE = (ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp)


@dataclass(frozen=True)
class _Step:
    """Something to look at: an expression, a name of a scope, or a word.

    Parameters:
        calls: how many calls are made of it before the value is there.
        member: only whether it can be followed matters, for the sake of this attribute of it.
    """

    calls: int
    place: Place | None = None
    node: ast.AST | None = None
    word: str = ""
    member: str = ""


@dataclass(eq=False)
class Handed:
    """Follows expressions back to what they may stand for."""

    project: Project
    flows: Flows

    def receivers(self, place: Place, node: ast.expr) -> Receivers:
        """What an expression may stand for.

        Raises:
            Lost: it cannot be followed.
        """
        return _Search(self.project, self.flows).of(_Step(0, place, node))


@dataclass(eq=False)
class _Search:
    project: Project
    flows: Flows
    names: set[str] = field(default_factory=set)
    families: set[str] = field(default_factory=set)
    met: bool = False
    pending: list[_Step] = field(default_factory=list)

    def of(self, start: _Step) -> Receivers:
        self.pending.append(start)
        seen: set[_Step] = set()
        while self.pending:
            step = self.pending.pop()
            if step in seen:
                continue
            seen.add(step)
            if len(seen) > _MOST_STEPS or step.calls > _MOST_CALLS:
                assert start.place is not None
                assert start.node is not None
                raise start.place.lost(start.node, "it is handed on too often to be followed")
            if step.place is None:
                self._word(step)
            elif step.word:
                self._local(step, step.place)
            else:
                assert isinstance(step.node, ast.AST)
                self._expression(step, step.place, step.node)
        if not (self.names or self.families or self.met):
            assert start.place is not None
            assert start.node is not None
            raise start.place.lost(start.node, "nobody in the repository hands it anything, so that anybody may")
        return Receivers(frozenset(self.names), frozenset(self.families))

    def _push(self, step: _Step, place: Place, nodes: Iterator[ast.AST] | list[ast.AST], more: int = 0) -> None:
        self.pending.extend(_Step(step.calls + more, place, node, member=step.member) for node in nodes)

    def _expression(self, step: _Step, place: Place, node: ast.AST) -> None:  # noqa: C901, PLR0912 - one line a kind
        if isinstance(node, _MUTABLE):
            self._filled(step, place, node)
        match node:
            case ast.Name():
                self._name(step, place, node)
            case ast.Attribute():
                self._attribute(step, place, node, node.value, node.attr)
            case ast.Call():
                self._call(step, place, node)
            case ast.Dict():
                self._push(step, place, [part for part in (*node.keys, *node.values) if part is not None])
            case ast.DictComp():
                self._push(step, place, [node.key, node.value])
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                self._push(step, place, [node.elt])
            case ast.IfExp():
                self._push(step, place, [node.body, node.orelse])
            case ast.NamedExpr() | ast.Subscript():
                self._push(step, place, [node.value])
            case ast.Lambda():
                self.met = True
                if step.calls:
                    self._push(step, place, [node.body], -1)
            case _ if isinstance(node, _NO_VALUE):
                self.met = self.met or not (isinstance(node, ast.Constant) and node.value is None)
            case _ if isinstance(node, _PARTS):
                self._push(step, place, [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)])
            case _:
                raise place.lost(node, f"`{ast.unparse(node)[:60]}` is known at run time only")

    def _filled(self, step: _Step, place: Place, node: ast.AST) -> None:
        """What is put into a container after it was made."""
        for event in self.flows.of(place, node):
            if event.kind != "holds":
                continue
            inner = event.node
            if isinstance(inner, ast.Call):
                self._push(step, event.place, [*inner.args, *(keyword.value for keyword in inner.keywords)])
            else:
                parent = event.place.parent(inner)
                self._push(step, event.place, [value for value in bound_values(event.place, inner)])
                if isinstance(inner, ast.Subscript):
                    self._push(step, event.place, [inner.slice])
                del parent

    def _name(self, step: _Step, place: Place, node: ast.Name) -> None:
        if node.id == "__class__":
            self._own_family(step, place, node)
            return
        scope = place.binder(node, node.id)
        if isinstance(scope, ast.Module):
            if node.id not in place.bound(scope) and node.id not in place.file.names.imports:
                if hasattr(builtins, node.id) or node.id.startswith("__"):
                    return
            self.pending.append(_Step(step.calls, word=node.id, member=step.member))
            full = place.file.names.imports.get(node.id, "")
            if full:
                self._imported(step, place, node, full)
        elif isinstance(scope, ast.ClassDef):
            self.pending.append(_Step(step.calls, word=node.id, member=step.member))
        else:
            self.pending.append(_Step(step.calls, place, scope, node.id, step.member))

    def _imported(self, step: _Step, place: Place, node: ast.AST, full: str) -> None:
        self.pending.append(_Step(step.calls, word=full.rpartition(".")[2], member=step.member))
        self._add(step, full.rpartition(".")[2])
        if step.calls and self.project.is_foreign(place, full):
            raise place.lost(node, f"what `{full}` from outside of the repository returns is not known")

    def _add(self, step: _Step, name: str) -> None:
        if not step.member:
            self.names.add(name)

    def _local(self, step: _Step, place: Place) -> None:
        """A name of a function, a lambda or a comprehension."""
        scope, name = step.node, step.word
        assert scope is not None
        if isinstance(scope, (ast.Lambda, *FUNCTIONS)) and any(given.arg == name for given in arguments(scope)):
            self._parameter(step, place, scope, name)
        for node in place.words.get(name, ()):
            match node:
                case ast.Name(ctx=ast.Store()) if place.binder(node, name) is scope:
                    self._push(step, place, list(bound_values(place, node)))
                case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                    if place.binder(node, name) is scope:
                        self._defined(step, place, node)
                case ast.Import() | ast.ImportFrom() if place.scope(node) is scope:
                    for local, full in imported(node):
                        if local == name:
                            self._imported(step, place, node, full)
                case _:
                    pass
        self._handlers(step, place, scope, name)

    def _handlers(self, step: _Step, place: Place, scope: ast.AST, name: str) -> None:
        for node in ast.walk(scope):
            if isinstance(node, ast.ExceptHandler) and node.name == name and place.scope(node) is scope:
                if step.calls:
                    raise place.lost(node, "an exception is called")
                kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
                for kind in kinds:
                    word = dotted(kind).rpartition(".")[2] if kind is not None else ""
                    if not word:
                        raise place.lost(node, "which exception it is is not known")
                    if not step.member:
                        self.families.add(word)
            elif (isinstance(node, ast.MatchAs | ast.MatchStar) and node.name == name) or (
                isinstance(node, ast.MatchMapping) and node.rest == name
            ):
                raise place.lost(node, "a part of what is matched is not followed")

    def _parameter(self, step: _Step, place: Place, function: calls.Function, name: str) -> None:
        owner = place.method_of(function)
        first = [given.arg for given in function.args.posonlyargs + function.args.args][:1]
        static = any(dotted(node) == "staticmethod" for node in getattr(function, "decorator_list", ()))
        if owner is not None and first == [name] and not static:
            self._itself(step, place, owner)
            return
        for given, default in calls.defaults(function.args):
            if given == name:
                self._push(step, place, [default])
        for event in self.flows.of(place, function):
            self._argument(step, event, function, name)

    def _argument(self, step: _Step, event: Event, function: calls.Function, name: str) -> None:
        node = event.node
        if event.kind == "decorates":
            assert isinstance(node, (ast.ClassDef, *FUNCTIONS))
            plain = [given.arg for given in function.args.posonlyargs + function.args.args]
            own = plain[event.shift : event.shift + 1] or [given.arg for given in (function.args.vararg,) if given]
            if name in own or event.loose:
                self._defined(step, event.place, node)
        elif event.kind == "called":
            assert isinstance(node, ast.Call)
            for argument in (*node.args, *node.keywords):
                if name in calls.names_given(function, node, argument, event.shift, loose=event.loose):
                    value = argument.value if isinstance(argument, ast.keyword | ast.Starred) else argument
                    self._push(step, event.place, [value])

    def _itself(self, step: _Step, place: Place, owner: ast.ClassDef) -> None:
        if step.calls:
            raise place.lost(owner, f"what `{owner.name}` returns when it is called is not followed")
        if step.member:
            self._member(step, place, owner)
        else:
            self.families.add(owner.name)

    def _own_family(self, step: _Step, place: Place, node: ast.AST) -> None:
        owner = place.class_around(node)
        if owner is None:
            raise place.lost(node, "its class is known at run time only")
        self._itself(step, place, owner)

    def _member(self, step: _Step, place: Place, owner: ast.ClassDef) -> None:
        """An attribute of an instance may be set by a base class from elsewhere, unless the class sets it itself."""
        strange = calls.strangers(owner.name, self.project)
        if strange and not self._is_set_in(owner, step.member):
            names = ", ".join(sorted(strange)[:3])
            raise place.lost(owner, f"`{step.member}` of `{owner.name}` may be set by its base class ({names})")

    def _is_set_in(self, owner: ast.ClassDef, name: str) -> bool:
        for other in self.project.repository.ancestors(owner.name):
            for _, node in self.project.definitions(other):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Attribute) and inner.attr == name and isinstance(inner.ctx, ast.Store):
                        return True
                    if isinstance(inner, (ast.ClassDef, *FUNCTIONS)) and inner.name == name and inner is not node:
                        return True
                    if isinstance(inner, ast.Name) and inner.id == name and isinstance(inner.ctx, ast.Store):
                        return True
        return False

    def _word(self, step: _Step) -> None:
        """A global name or an attribute: everything of this name in the repository."""
        for place in self.project.holding(step.word):
            for node in place.words[step.word]:
                match node:
                    case ast.Attribute(ctx=ast.Store()):
                        self._push(step, place, list(bound_values(place, node)))
                    case ast.Name(ctx=ast.Store()):
                        if isinstance(place.binder(node, node.id), (ast.Module, ast.ClassDef)):
                            self._push(step, place, list(bound_values(place, node)))
                    case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                        if isinstance(place.binder(node, node.name), (ast.Module, ast.ClassDef)):
                            self._defined(step, place, node)
                    case ast.Import() | ast.ImportFrom():
                        for local, full in imported(node):
                            if local == step.word and full.rpartition(".")[2] != local:
                                if isinstance(place.scope(node), (ast.Module, ast.ClassDef)):
                                    self._imported(step, place, node, full)
                    case ast.Call(func=ast.Name(id="setattr")) if len(node.args) == 3:
                        self._push(step, place, [node.args[2]])
                    case ast.keyword():
                        self._push(step, place, [node.value])
                    case _:
                        pass

    def _defined(self, step: _Step, place: Place, node: ast.AST) -> None:
        assert isinstance(node, (ast.ClassDef, *FUNCTIONS))
        self.met = True
        if isinstance(node, ast.ClassDef):
            self._class(step, place, node)
            return
        if calls.is_property(node):
            self._returned(step, place, node, 0)
        if not step.calls:
            if not place.is_test or place.method_of(node) is not None:
                self._add(step, node.name)
        elif not calls.is_property(node):
            self._returned(step, place, node, -1)
        for decorator in node.decorator_list:
            self._decorated(step, place, decorator)

    def _decorated(self, step: _Step, place: Place, decorator: ast.expr) -> None:
        """What a decorator of the repository makes of a definition; those from elsewhere keep it what it was."""
        inner = decorator.func if isinstance(decorator, ast.Call) else decorator
        word = dotted(inner).rpartition(".")[2]
        name = calls.full_name(inner, place)
        if word and not self.project.is_foreign(place, name) and any(True for _ in self.project.definitions(word)):
            self._push(step, place, [decorator], 1)

    def _class(self, step: _Step, place: Place, node: ast.ClassDef) -> None:
        if step.calls > 1:
            for where, method in self._methods(node, "__call__"):
                self._returned(step, where, method, -2)
        elif step.member:
            self._member(step, place, node)
        else:
            self.names.add(node.name)
        if step.calls:
            for where, method in self._methods(node, "__new__"):
                self._returned(step, where, method, -1)

    def _methods(self, owner: ast.ClassDef, name: str) -> Iterator[tuple[Place, ast.AST]]:
        for other in self.project.repository.ancestors(owner.name):
            for place, node in self.project.definitions(other):
                if isinstance(node, ast.ClassDef):
                    yield from (
                        (place, inner) for inner in node.body if isinstance(inner, FUNCTIONS) and inner.name == name
                    )

    def _returned(self, step: _Step, place: Place, function: ast.AST, more: int) -> None:
        for node in ast.walk(function):
            if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) and node.value is not None:
                if place.function_around(node) is function:
                    self._push(step, place, [node.value], more)

    def _attribute(self, step: _Step, place: Place, node: ast.AST, owner: ast.expr, name: str) -> None:
        full = calls.full_name(node, place)
        if full and self.project.is_foreign(place, full):
            self._add(step, name)
            if step.calls:
                raise place.lost(node, f"what `{full}` from outside of the repository returns is not known")
            return
        if name in calls.CARRIERS:
            self._push(step, place, [owner])
            if name.startswith("__"):
                return
        self.pending.append(_Step(step.calls, word=name, member=step.member))
        root = dotted(owner).partition(".")[0]
        if not (isinstance(owner, ast.Name) and root in place.file.names.imports):
            self.pending.append(_Step(0, place, owner, member=name))
        if not any(_sets(node) for where in self.project.holding(name) for node in where.words[name]):
            raise place.lost(node, f"`{name}` is set nowhere in the repository")

    def _call(self, step: _Step, place: Place, node: ast.Call) -> None:
        kind = calls.kind_of(node, place, self.project)
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        name = dotted(node.func)
        if name == "getattr":
            self._getattr(step, place, node)
        elif name == "super" or kind == calls.SETS:
            raise place.lost(node, "what comes next in a chain of classes is known at run time only")
        elif kind == calls.RETURNS:
            self._push(step, place, list(given))
            self._filled(step, place, node)
        elif kind == calls.CALLS:
            self._push(step, place, list(given))
            self._push(step, place, list(given), 1)
        elif kind == calls.IGNORES:
            if calls.full_name(node.func, place) == "functools.wraps" and step.calls:
                self._push(step, place, list(given), -1)
        elif isinstance(node.func, ast.Attribute) and node.func.attr in calls.GETTERS:
            self._push(step, place, [node.func.value, *given])
            if any(True for _ in self.project.definitions(node.func.attr)):
                self._push(step, place, [node.func], 1)
        else:
            self._push(step, place, [node.func], 1)

    def _getattr(self, step: _Step, place: Place, node: ast.Call) -> None:
        word = node.args[1] if len(node.args) > 1 else None
        if not isinstance(word, ast.Constant) or not isinstance(word.value, str):
            raise place.lost(node, "the name of an attribute is made at run time")
        self._push(step, place, list(node.args[2:]))
        self._attribute(step, place, node, node.args[0], word.value)


def _sets(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(ctx=ast.Store()) | ast.Name(ctx=ast.Store()):
            return True
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Import() | ast.ImportFrom():
            return True
        case ast.Call():
            return dotted(node.func) == "setattr"
        case _:
            return False
