"""What an expression may stand for, followed back through the repository to definitions.

The answer is a set of simple names that holds every function, class or module of the repository that the expression
may be; or `Lost`, which says where it could not be followed.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from improver.judge import calls
from improver.judge.effects import CALL, ELEMENT, Ops, before, popped, sought
from improver.judge.flows import Event, Flows
from improver.judge.masked import FUNCTIONS, arguments
from improver.judge.names import dotted, imported
from improver.judge.places import NOWHERE, Function, Home, Place, Project, Unasked, home_of
from improver.judge.receivers import Receivers
from improver.judge.targets import bound_values

_MOST_STEPS = 3000
_MOST_OPS = 5
_NO_VALUE = (ast.Constant, ast.JoinedStr, ast.Compare, ast.UnaryOp, ast.FormattedValue, ast.Slice)
_COLLECTIONS = (
    ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip


@dataclass(frozen=True)
class _Step:
    """Something to look at: an expression, a name of a scope, or a word.

    Parameters:
        ops: what is done to it before the value is there.
        member: only whether it can be followed matters, for the sake of this attribute of it.
    """

    ops: Ops
    place: Place | None = None
    node: ast.AST | None = None
    word: str = ""
    member: str = ""
    home: Home = NOWHERE


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
        return _Search(self.project, self.flows).of(_Step((), place, node))

    def meanings(self, place: Place, node: ast.expr) -> Receivers:
        """The same, with the functions that tests define.

        Raises:
            Lost: it cannot be followed.
        """
        return _Search(self.project, self.flows, of_tests=True).of(_Step((), place, node))


@dataclass(eq=False)
class _Search:
    project: Project
    flows: Flows
    of_tests: bool = False
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
            self.project.count()
            if len(seen) > _MOST_STEPS or len(step.ops) > _MOST_OPS:
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
            lost = start.place.lost(start.node, "nobody in the repository hands it anything, so that anybody may")
            raise Unasked(str(lost))
        return Receivers(frozenset(self.names), frozenset(self.families))

    def _push(self, step: _Step, place: Place, nodes: Iterable[ast.AST], ops: Ops | None = None) -> None:
        given = step.ops if ops is None else ops
        self.pending.extend(_Step(given, place, node, member=step.member) for node in nodes)

    def _expression(self, step: _Step, place: Place, node: ast.AST) -> None:  # noqa: C901, PLR0912 - one line a kind
        match node:
            case ast.Name():
                self._name(step, place, node)
            case ast.Attribute():
                self._attribute(step, place, node, node.value, node.attr)
            case ast.Call():
                self._call(step, place, node)
            case ast.IfExp():
                self._push(step, place, [node.body, node.orelse])
            case ast.NamedExpr() | ast.Await():
                self._push(step, place, [node.value])
            case ast.BoolOp():
                self._push(step, place, node.values)
            case ast.Subscript():
                if step.ops[:1] == (CALL,) or isinstance(node.slice, ast.Slice):
                    self._push(step, place, [node.value])
                self._push(step, place, [node.value], (ELEMENT, *step.ops))
            case ast.Lambda():
                self.met = True
                for ops in popped(step.ops, CALL):
                    self._push(step, place, [node.body], ops)
            case ast.BinOp():
                if step.ops[:1] == (ELEMENT,):
                    self._push(step, place, [node.left, node.right])
            case _ if isinstance(node, _NO_VALUE):
                self.met = self.met or not (isinstance(node, ast.Constant) and node.value is None)
            case _ if isinstance(node, _COLLECTIONS):
                self.met = True
                for ops in popped(step.ops, ELEMENT):
                    self._elements(step, place, node, ops)
            case _:
                raise place.lost(node, f"`{ast.unparse(node)[:60]}` is known at run time only")

    def _elements(self, step: _Step, place: Place, node: ast.AST, ops: Ops) -> None:
        """What is in a container as it is written out, and what is put into it later."""
        match node:
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    self._push(step, place, [value], step.ops if key is None else ops)
                self._push(step, place, [key for key in node.keys if key is not None], ops)
            case ast.DictComp():
                self._push(step, place, [node.key, node.value], ops)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
                self._push(step, place, [node.elt], ops)
            case ast.List() | ast.Tuple() | ast.Set():
                for part in node.elts:
                    if isinstance(part, ast.Starred):
                        self._push(step, place, [part.value])
                    else:
                        self._push(step, place, [part], ops)
            case _:
                pass
        if not isinstance(node, ast.Tuple | ast.GeneratorExp):
            self._filled(step, place, node)

    def _filled(self, step: _Step, place: Place, node: ast.AST) -> None:
        """What is put into a container after it was made."""
        for event in self.flows.of(place, node):
            if event.kind != "holds":
                continue
            inner = event.node
            if isinstance(inner, ast.Call):
                values = [*inner.args, *(keyword.value for keyword in inner.keywords)]
                self._push(step, event.place, values)
                self._push(step, event.place, values, step.ops[1:])
            elif isinstance(inner, ast.Subscript):
                self._push(step, event.place, [inner.slice], step.ops[1:])
                for value, more in bound_values(event.place, inner):
                    if isinstance(inner.slice, ast.Slice):
                        self._push(step, event.place, [value])
                    self._push(step, event.place, [value], (*more, *step.ops[1:]))

    def _name(self, step: _Step, place: Place, node: ast.Name) -> None:
        if node.id == "__class__":
            self._own_family(step, place, node)
            return
        scope = place.binder(node, node.id)
        if not isinstance(scope, (ast.Module, ast.ClassDef)):
            self.pending.append(_Step(step.ops, place, scope, node.id, step.member))
            return
        full = place.file.names.imports.get(node.id, "")
        if full:
            self._imported(step, place, node, full)
        elif isinstance(scope, ast.Module) and node.id not in place.bound(scope):
            if hasattr(builtins, node.id) or node.id.startswith("__"):
                return
        self._handlers(step, place, scope, node.id)
        home = NOWHERE if full or place.file.names.stars else home_of(place, scope)
        self.pending.append(_Step(step.ops, word=node.id, member=step.member, home=home))

    def _imported(self, step: _Step, place: Place, node: ast.AST, full: str) -> None:
        self.pending.append(_Step(step.ops, word=full.rpartition(".")[2], member=step.member))
        self._add(step, full.rpartition(".")[2])
        if step.ops and self.project.is_foreign(place, full):
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
                    self._bound(step, place, node)
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

    def _bound(self, step: _Step, place: Place, node: ast.AST) -> None:
        for value, ops in bound_values(place, node):
            self._push(step, place, [value], (*ops, *step.ops))

    def _handlers(self, step: _Step, place: Place, scope: ast.AST, name: str) -> None:
        for node in ast.walk(scope):
            if isinstance(node, ast.ExceptHandler) and node.name == name and place.scope(node) is scope:
                if step.ops:
                    raise place.lost(node, "a part of an exception is not followed")
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

    def _parameter(self, step: _Step, place: Place, function: Function, name: str) -> None:
        owner = place.method_of(function)
        first = [given.arg for given in function.args.posonlyargs + function.args.args][:1]
        if owner is not None and first == [name] and not isinstance(function, ast.Lambda):
            shifts = calls.shifts(function)
            if 1 in shifts:
                self._itself(step, place, owner)
            if 0 not in shifts:
                return
        for given, default in calls.defaults(function.args):
            if given == name:
                self._push(step, place, [default])
        for event in self.flows.of(place, function):
            self._argument(step, event, function, name)

    def _argument(self, step: _Step, event: Event, function: Function, name: str) -> None:
        node = event.node
        if event.kind == "decorates":
            assert isinstance(node, (ast.ClassDef, *FUNCTIONS))
            plain = [given.arg for given in function.args.posonlyargs + function.args.args]
            own = plain[event.shift : event.shift + 1] or [given.arg for given in (function.args.vararg,) if given]
            for ops in self._into(step, function, name):
                if name in own or event.loose:
                    self._defined(replace(step, ops=ops), event.place, node)
        elif event.kind == "called":
            assert isinstance(node, ast.Call)
            for argument in (*node.args, *node.keywords):
                if name in calls.names_given(function, node, argument, event.shift, loose=event.loose):
                    self._pass(step, event, function, name, argument)

    def _into(self, step: _Step, function: Function, name: str) -> Iterator[Ops]:
        """What is done to each argument that a parameter gathers."""
        yield from popped(step.ops, ELEMENT) if calls.gathers(function, name) else iter([step.ops])

    def _pass(self, step: _Step, event: Event, function: Function, name: str, argument: ast.AST) -> None:
        spread = isinstance(argument, ast.Starred) or (isinstance(argument, ast.keyword) and argument.arg is None)
        value = argument.value if isinstance(argument, ast.keyword | ast.Starred) else argument
        for ops in self._into(step, function, name):
            if not spread or event.loose:
                self._push(step, event.place, [value], ops)
            if spread or event.loose:
                self._push(step, event.place, [value], (ELEMENT, *ops))
            if event.loose:
                self._push(step, event.place, [value], (ELEMENT, ELEMENT, *ops))

    def _itself(self, step: _Step, place: Place, owner: ast.ClassDef) -> None:
        """A class or an instance of it as it names itself: it, or one that derives from it."""
        self.met = True
        if any(
            base in ("type", "EnumType") or "Meta" in base for base in self.project.repository.ancestors(owner.name)
        ):
            raise place.lost(owner, f"`{owner.name}` makes classes, which are known at run time only")
        if step.ops:
            for name in self.project.repository.descendants(owner.name):
                for where, node in self.project.definitions(name):
                    if isinstance(node, ast.ClassDef):
                        self._class(step, where, node)
                        self._class(replace(step, ops=(CALL, *step.ops)), where, node)
        elif step.member:
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
                if not self.project.may_mean(step.home, place, node):
                    continue
                match node:
                    case ast.Attribute(ctx=ast.Store()):
                        self._bound(step, place, node)
                    case ast.Name(ctx=ast.Store()):
                        if isinstance(place.binder(node, node.id), (ast.Module, ast.ClassDef)):
                            self._field(step, place, node)
                            self._bound(step, place, node)
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

    def _field(self, step: _Step, place: Place, node: ast.Name) -> None:
        """An annotated name in the body of a class may be what its constructor is given."""
        owner = place.binder(node, node.id)
        if not isinstance(place.parent(node), ast.AnnAssign) or not isinstance(owner, ast.ClassDef):
            return
        for name in self.project.repository.descendants(owner.name):
            for where, found in self.project.definitions(name):
                if isinstance(found, ast.ClassDef):
                    for event in self.flows.of(where, found):
                        if isinstance(event.node, ast.Call) and event.kind == "called":
                            values = [*event.node.args, *(keyword.value for keyword in event.node.keywords)]
                            self._push(step, event.place, values)

    def _defined(self, step: _Step, place: Place, node: ast.AST) -> None:
        assert isinstance(node, (ast.ClassDef, *FUNCTIONS))
        self.met = True
        if isinstance(node, ast.ClassDef):
            self._class(step, place, node)
            return
        if calls.is_property(node):
            self._returned(step, place, node, step.ops)
        if not step.ops:
            if self.of_tests or not place.is_test or place.method_of(node) is not None:
                self._add(step, node.name)
        elif not calls.is_property(node):
            for ops in popped(step.ops, CALL):
                self._returned(step, place, node, ops)
        for decorator in node.decorator_list:
            self._decorated(step, place, decorator)

    def _decorated(self, step: _Step, place: Place, decorator: ast.expr) -> None:
        """What a decorator of the repository makes of a definition; those from elsewhere keep it what it was."""
        inner = decorator.func if isinstance(decorator, ast.Call) else decorator
        word = dotted(inner).rpartition(".")[2]
        name = calls.full_name(inner, place)
        if word and not self.project.is_foreign(place, name) and any(True for _ in self.project.definitions(word)):
            self._push(step, place, [decorator], (CALL, *step.ops))

    def _class(self, step: _Step, place: Place, node: ast.ClassDef) -> None:
        ops = step.ops[1:]
        if not ops and step.member:
            self._member(step, place, node)
        elif not ops:
            self.names.add(node.name)
        if step.ops[:1] != (CALL,):
            return
        for name in ("__new__", "__get__"):
            for where, method in self._methods(node, name):
                self._returned(step, where, method, ops)
        if ops[:1] == (CALL,):
            for where, method in self._methods(node, "__call__"):
                self._returned(step, where, method, ops[1:])
        elif ops:
            for name, gives_all in calls.CONTENTS.items():
                for where, method in self._methods(node, name):
                    self._returned(step, where, method, ops if gives_all else ops[1:])

    def _methods(self, owner: ast.ClassDef, name: str) -> Iterator[tuple[Place, ast.AST]]:
        for other in self.project.repository.ancestors(owner.name):
            for place, node in self.project.definitions(other):
                if isinstance(node, ast.ClassDef):
                    yield from (
                        (place, inner) for inner in node.body if isinstance(inner, FUNCTIONS) and inner.name == name
                    )

    def _returned(self, step: _Step, place: Place, function: ast.AST, ops: Ops) -> None:
        for node in ast.walk(function):
            if not isinstance(node, ast.Return | ast.Yield | ast.YieldFrom) or node.value is None:
                continue
            if place.function_around(node) is function:
                for rest in popped(ops, ELEMENT) if isinstance(node, ast.Yield) else iter([ops]):
                    self._push(step, place, [node.value], rest)

    def _attribute(self, step: _Step, place: Place, node: ast.AST, owner: ast.expr, name: str) -> None:
        full = calls.full_name(node, place)
        if full and self.project.is_foreign(place, full):
            self._add(step, name)
            if step.ops:
                raise place.lost(node, f"what `{full}` from outside of the repository returns is not known")
            return
        if name in calls.CARRIERS:
            self._push(step, place, [owner])
            if name.startswith("__"):
                return
        home = NOWHERE
        if isinstance(owner, ast.Name) and owner.id in ("self", "cls") and place.class_around(owner) is not None:
            around = place.class_around(owner)
            home = Home(owner=around.name) if around is not None else NOWHERE
        self.pending.append(_Step(step.ops, word=name, member=step.member, home=home))
        root = dotted(owner).partition(".")[0]
        if not (isinstance(owner, ast.Name) and root in place.file.names.imports):
            self.pending.append(_Step((), place, owner, member=name))
        if not any(_sets(node) for where in self.project.holding(name) for node in where.words[name]):
            raise place.lost(node, f"`{name}` is set nowhere in the repository")

    def _call(self, step: _Step, place: Place, node: ast.Call) -> None:
        kind = calls.kind_of(node, place, self.project)
        name = dotted(node.func)
        word = node.func.attr if isinstance(node.func, ast.Attribute) else name
        if name == "getattr":
            self._getattr(step, place, node)
        elif name == "super" or kind == calls.SETS:
            raise place.lost(node, "what comes next in a chain of classes is known at run time only")
        elif kind == calls.IGNORES:
            self._plain(step, place, node)
        elif kind != calls.UNKNOWN:
            self._transparent(step, place, node, word, kind)
        elif isinstance(node.func, ast.Attribute) and word in calls.GETTERS:
            for ops in sought(word, step.ops):
                self._push(step, place, [node.func.value], ops)
            self._push(step, place, node.args[1:])
            if any(True for _ in self.project.definitions(word)):
                self._push(step, place, [node.func], (CALL, *step.ops))
        elif word in calls.IGNORING_METHODS and not any(True for _ in self.project.definitions(word)):
            self.met = True
        else:
            self._push(step, place, [node.func], (CALL, *step.ops))
            self._instance(step, place, node)

    def _plain(self, step: _Step, place: Place, node: ast.Call) -> None:
        """A call of the library whose result is nothing of the repository."""
        name = calls.full_name(node.func, place)
        if name == "functools.wraps":
            for ops in popped(step.ops, CALL):
                self._push(step, place, node.args, ops)
        elif name.startswith(("inspect.", "gc.", "dis.", "sys.")) and not name.startswith("inspect.is"):
            raise place.lost(node, f"`{name}` may give anything")
        self.met = True

    def _transparent(self, step: _Step, place: Place, node: ast.Call, word: str, kind: str) -> None:
        """A call of the library that hands on what it is given."""
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if word == "vars" or (word == "type" and len(node.args) == 3):
            raise place.lost(node, f"`{word}` gives what is known at run time only")
        if kind == calls.PARTIAL:
            self._push(step, place, given)
            return
        for ops in before(word, step.ops):
            self._push(step, place, given, ops)
        if word not in ("map", "starmap", "filter", "sorted", "min", "max", "reduce") and step.ops[:1] == (ELEMENT,):
            self._push(step, place, [keyword.value for keyword in node.keywords], step.ops[1:])
            self._filled(step, place, node)
        if kind == calls.CALLS:
            self.met = True
            for ops in popped(step.ops, ELEMENT):
                self._push(step, place, given, (CALL, *ops))
            self._push(step, place, given, (CALL, *step.ops))

    def _instance(self, step: _Step, place: Place, node: ast.Call) -> None:
        """What is put into an instance of a class that is a container."""
        word = calls.alias(dotted(node.func).rpartition(".")[2], place)
        if step.ops and word and self.project.repository.ancestors(word) & calls.CONTAINERS:
            self._push(step, place, [*node.args, *(keyword.value for keyword in node.keywords)])
            self._filled(step, place, node)

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
