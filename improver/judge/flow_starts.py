"""The first uses of a function, a class or an expression that is followed through a repository."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from improver.judge import calls
from improver.judge.effects import CALL, Ops
from improver.judge.masked import FUNCTIONS
from improver.judge.names import dotted
from improver.judge.places import NOWHERE, Function, Home, Place, Project, home_of


@dataclass(frozen=True)
class Step:
    """A value to look at: an expression, a local name or a word.

    Parameters:
        ops: what must be done to it to get at the value that is followed.
        word: a name of the scope that `node` is; without a place, a name of the repository.
        shift: how many parameters are given before the first argument of a call.
        loose: whether any argument may be given to any parameter.
        home: where a word is at home.
    """

    ops: Ops
    place: Place | None = None
    node: ast.AST | None = None
    word: str = ""
    shift: int = 0
    loose: bool = False
    home: Home = NOWHERE

    def at(
        self,
        place: Place | None,
        node: ast.AST | None,
        word: str = "",
        *,
        ops: Ops | None = None,
        shift: int | None = None,
        home: Home = NOWHERE,
    ) -> Step:
        """The same value somewhere else."""
        return replace(
            self,
            place=place,
            node=node,
            word=word,
            ops=self.ops if ops is None else ops,
            shift=self.shift if shift is None else shift,
            home=home,
        )


def starts(place: Place, node: ast.AST, project: Project, ops: Ops = ()) -> Iterator[Step]:
    """The first steps.

    Raises:
        Lost: it is called by what cannot be seen.
    """
    if isinstance(node, ast.expr):
        yield Step(ops, place, node)
        return
    assert isinstance(node, (ast.ClassDef, *FUNCTIONS))
    yield from _to_decorators(place, node, project)
    owner = None if isinstance(node, ast.ClassDef) else place.method_of(node)
    if owner is None:
        yield from bound_to(Step(()), place, node, node.name, ())
    elif node.name in ("__init__", "__new__", "__call__"):
        ops = (CALL,) if node.name == "__call__" else ()
        for name in project.repository.descendants(owner.name):
            yield Step(ops, word=name, shift=1)
        yield from own_uses(owner.name, ops, project)
    elif node.name.startswith("__") and node.name.endswith("__"):
        raise place.lost(node, f"`{node.name}` is called by the language itself")
    elif calls.strangers(owner.name, project):
        raise place.lost(node, f"`{node.name}` may be called by a base class of `{owner.name}` from elsewhere")
    elif not isinstance(node, ast.ClassDef):
        for shift in calls.shifts(node):
            yield Step((), word=node.name, shift=shift, home=Home(owner=owner.name))


def _to_decorators(
    place: Place, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, project: Project
) -> Iterator[Step]:
    """The functions of the repository that a definition is given to as it is decorated.

    Raises:
        Lost: it is given to something else.
    """
    for decorator in node.decorator_list:
        inner = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = calls.full_name(inner, place)
        if calls.keeps(name, project):
            continue
        probe = ast.copy_location(ast.Call(inner, [ast.Constant(None)], []), decorator)
        for where, found in calls.callees(probe, place, project):
            for function in _takers(where, found, project, called=isinstance(decorator, ast.Call)):
                given = [one.arg for one in function.args.posonlyargs + function.args.args]
                method = where.method_of(function) is not None
                for parameter in given[int(method) :][:1] or [one.arg for one in (function.args.vararg,) if one]:
                    yield Step((), where, function, parameter)


def _takers(place: Place, found: ast.AST, project: Project, *, called: bool) -> Iterator[Function]:
    """The functions that get what a decorator is given: itself, or those that it defines and returns."""
    if isinstance(found, ast.ClassDef):
        for _, maker in calls.constructors(found.name, project):
            yield maker
        yield from (inner for inner in found.body if isinstance(inner, FUNCTIONS) and inner.name == "__call__")
        return
    assert isinstance(found, FUNCTIONS)
    yield found
    if called:
        for inner in ast.walk(found):
            if inner is not found and isinstance(inner, (ast.Lambda, *FUNCTIONS)):
                yield inner


def own_uses(name: str, ops: Ops, project: Project) -> Iterator[Step]:
    """A class and its instances as they name themselves: `cls`, `type(self)`, `self`.

    Parameters:
        ops: what is done to the class.
    """
    for other in project.family(name):
        for place, node in project.definitions(other):
            if isinstance(node, ast.ClassDef):
                yield from _named_itself(place, node, ops)


def _named_itself(place: Place, owner: ast.ClassDef, ops: Ops) -> Iterator[Step]:
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
                yield Step(ops, place, parent, shift=1)
            elif of_class:
                yield Step(ops, place, node, shift=1)
            elif ops[:1] == (CALL,):
                yield Step(ops[1:], place, node, shift=1)
    if ops:
        return
    for node in ast.walk(owner):
        if isinstance(node, ast.Attribute) and node.attr in ("__init__", "__new__"):
            yield Step((), place, node, shift=int(isinstance(node.value, ast.Call) and node.attr == "__init__"))


def bound_to(step: Step, place: Place, node: ast.AST, name: str, ops: Ops) -> Iterator[Step]:
    """The uses of the name that a definition or an assignment binds."""
    scope = place.binder(node, name)
    if isinstance(scope, (ast.Module, ast.ClassDef)):
        yield step.at(None, None, name, ops=ops, home=home_of(place, scope))
    else:
        yield step.at(place, scope, name, ops=ops)
