"""Statements that are run one after the other: what each binds, stores, does, returns, raises."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from improver.analyzers.docstring.branches import formula_of
from improver.analyzers.docstring.formulas import NEVER, UNKNOWN
from improver.analyzers.docstring.joins import lifetime, optional_parameters
from improver.analyzers.docstring.knowledge import Knowledge
from improver.analyzers.docstring.purity import bound_names, dotted, effects
from improver.analyzers.docstring.states import FOREVER, State, Step, Value, is_private, root_name
from improver.analyzers.docstring.translation import captured, outlined, translate, translate_result
from improver.analyzers.docstring.ways import AnyFunction, Exit, Way


@dataclass
class Frame:
    """What surrounds the statement being read."""

    handlers: list[tuple[str, ...]] = field(default_factory=list)
    swallowing: int = 0
    breaks: list[list[State]] = field(default_factory=list)


class Straight:
    """Reads the statements that do not branch."""

    def __init__(self, function: AnyFunction, knowledge: Knowledge) -> None:
        self.function = function
        self.knowledge = knowledge
        self.ways: list[Way] = []
        self.defaults: list[tuple[str, ast.expr]] = []
        self.optional = optional_parameters(function)
        self.frame = Frame()

    def start(self) -> State:
        """The state on entry: each parameter stands for itself."""
        arguments = self.function.args
        every_one = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every_one += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
        names = {one.arg: Value(ast.Name(id=one.arg, ctx=ast.Load()), lifetime(one, arguments)) for one in every_one}
        return State(names, frozenset(bound_names(self.function.body)), self.knowledge.imported)

    def after(self, node: ast.AST, state: State) -> State:
        """The state once an expression was evaluated."""
        walrus = bound_names([node])
        after = state.acted(effects(node))
        return after.forget(walrus) if walrus else after

    def other(self, node: ast.stmt, state: State) -> State:
        """Statements that bind names or act, and lead on."""
        if isinstance(node, ast.Assert):
            return self.after(node.test, state)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return state.forget({node.name})
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in bound_names([node]):
                state = state.bind(name, Value(ast.Name(id=name, ctx=ast.Load()), FOREVER))
        if isinstance(node, ast.Global | ast.Nonlocal | ast.Pass | ast.Import | ast.ImportFrom):
            return state
        for target in node.targets if isinstance(node, ast.Delete) else ():
            if not isinstance(target, ast.Name):
                self.ways.append(Way(Exit.STORE, None, None, state.path, True, ast.Starred(value=target)))
        return state.acted([node]).forget(bound_names([node]))

    def record(self, exit: Exit, node: ast.expr | None, state: State, target: ast.expr | None = None) -> None:
        """Note one way out or one thing done."""
        value = translate(node, state) if node is not None else None
        self.ways.append(Way(exit, node, value, state.path, not self.frame.swallowing, target))

    def leave(self, exit: Exit, node: ast.expr | None, state: State) -> None:
        """Read a ``return``."""
        self.yields(node, state)
        value = translate_result(node, state) if node is not None else None
        truth = formula_of(node, state) if node is not None else NEVER
        known = outlined(node, state) if node is not None and value is None else value
        sure = not self.frame.swallowing
        self.ways.append(Way(exit, node, value, state.path, sure, truth=truth, known=known))

    def yields(self, node: ast.AST | None, state: State) -> None:
        """Note what an expression yields."""
        for part in effects(node) if node is not None else ():
            if isinstance(part, ast.Yield | ast.YieldFrom):
                kind = Exit.YIELD if isinstance(part, ast.Yield) else Exit.YIELD_FROM
                self.record(kind, part.value, state)

    def throw(self, node: ast.Raise, state: State) -> None:
        """Read a ``raise``."""
        name = dotted(node.exc.func if isinstance(node.exc, ast.Call) else node.exc) if node.exc else ""
        caught = any(self.knowledge.may_catch(one, name) for classes in self.frame.handlers for one in classes)
        way = Way(Exit.RAISE, node.exc, None, state.path, not (caught or self.frame.swallowing))
        self.ways.append(way)

    def expression(self, node: ast.Expr, state: State) -> State:
        """Read an expression that stands alone."""
        self.yields(node.value, state)
        if isinstance(node.value, ast.Call | ast.Await):
            made = node.value
            first = made.args[0] if isinstance(made, ast.Call) and made.args else None
            argument = translate(first, state) if first is not None else None
            value = translate(made, state)
            self.ways.append(Way(Exit.DO, made, value, state.path, not self.frame.swallowing, argument=argument))
        return self.after(node.value, state)

    def assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, state: State) -> State:
        """Read an assignment of any kind."""
        if node.value is None:
            return state
        self.yields(node.value, state)
        after = self.after(node.value, state)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if isinstance(node, ast.AugAssign):
            return self.augment(node, after)
        value = captured(node.value, state, after)
        if value.filling and not (isinstance(targets[0], ast.Name) and is_private(targets[0].id, self.function)):
            value = replace(value, filling=False)
        for target in targets:
            after = self.store(target, node.value, value, after, state)
        return after

    def augment(self, node: ast.AugAssign, after: State) -> State:
        """Read ``+=`` and the like, which may also change the object."""
        if isinstance(node.target, ast.Name):
            return after.acted([node]).forget({node.target.id})
        self.ways.append(Way(Exit.STORE, node.value, None, after.path, True, node.target))
        return after.acted([node])

    def store(self, target: ast.expr, node: ast.expr, value: Value, after: State, before: State) -> State:
        """Bind one target of an assignment."""
        if isinstance(target, ast.Name):
            return after.bind(target.id, value)
        if isinstance(target, ast.Attribute):
            self.ways.append(Way(Exit.STORE, node, value.expression, before.path, True, target))
            touched = after.touched | {root_name(target)}
            return replace(self.after(target, after), stored=after.stored | {target.attr}, touched=touched)
        if isinstance(target, ast.Subscript):
            self.ways.append(Way(Exit.STORE, node, value.expression, before.path, True, target))
            return after.acted([target])
        names = bound_names([target])
        parts = [part for part in ast.walk(target) if isinstance(part, ast.Attribute | ast.Subscript)]
        stored = [part for part in parts if isinstance(part.ctx, ast.Store)]
        self.ways += [Way(Exit.STORE, node, None, before.path, True, part) for part in stored]
        return (after.acted([target]) if stored else after).forget(names)

    def jump(self, node: ast.Break | ast.Continue, state: State) -> None:
        """Read a ``break``; the state at that point is where the loop may end."""
        if isinstance(node, ast.Break) and self.frame.breaks:
            self.frame.breaks[-1].append(state)

    def blur(self, start: int) -> None:
        """Raised after something else may have ended the work: the terms are not known."""
        for place, way in enumerate(self.ways[start:], start):
            if way.exit is Exit.RAISE:
                self.ways[place] = replace(way, steps=(*way.steps, Step(UNKNOWN)))

    def only_raises(self, start: int) -> bool:
        """Whether everything that left since `start` did so by raising."""
        exits = {
            way.exit for way in self.ways[start:] if way.exit not in (Exit.STORE, Exit.DO, Exit.YIELD, Exit.YIELD_FROM)
        }
        return exits == {Exit.RAISE} and all(way.sure for way in self.ways[start:])
