"""Every way out of a function, and what must hold for it to be taken.

The walk goes over statements once. It keeps what names stand for in the caller's terms, and
gives up on what may have changed; it never goes into nested functions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from improver.analyzers.docstring.branches import case_formula, formula_of, unknown
from improver.analyzers.docstring.formulas import ALWAYS, NEVER, UNKNOWN, Formula, every, negated, some
from improver.analyzers.docstring.joins import (
    bind_items,
    bind_walrus,
    condition,
    failure,
    leaves,
    lifetime,
    loop_start,
    merged,
    raises_last,
)
from improver.analyzers.docstring.knowledge import Knowledge, class_names, passes_exceptions
from improver.analyzers.docstring.purity import bound_names, dotted, effects
from improver.analyzers.docstring.states import FOREVER, State, Step, Value, captured, translate, translate_result

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


class Exit(Enum):
    """How a statement leaves, or what it hands out."""

    RETURN = "return"
    RAISE = "raise"
    YIELD = "yield"
    YIELD_FROM = "yield from"
    END = "end"
    STORE = "store"
    DO = "do"


@dataclass(frozen=True, slots=True)
class Way:
    """One way out, or one thing done on the way.

    Parameters:
        node: what is returned, raised, yielded, stored or called, as written.
        value: the same in the caller's terms; ``None`` when it has none.
        steps: what must hold for it.
        sure: whether it surely leaves the function (for ``raise``: not caught, not swallowed).
    """

    exit: Exit
    node: ast.expr | None
    value: ast.expr | None
    steps: tuple[Step, ...]
    sure: bool = True
    target: ast.expr | None = None
    truth: Formula = UNKNOWN

    argument: ast.expr | None = None

    @property
    def when(self) -> Formula:
        """The condition for it; unknown where it depends on a loop that is not said."""
        return condition(self.steps)


@dataclass
class _Frame:
    """What surrounds the statement being read."""

    handlers: list[tuple[str, ...]] = field(default_factory=list)
    swallowing: int = 0
    breaks: list[list[State]] = field(default_factory=list)


def ways_out(function: AnyFunction, knowledge: Knowledge) -> tuple[Way, ...]:
    """Everything a function returns, raises, yields, stores and does, in the order it is written."""
    walk = _Walk(function, knowledge)
    end = walk.block(function.body, walk.start())
    if end is not None:
        walk.ways.append(Way(Exit.END, None, None, end.path))
    return tuple(walk.ways)


class _Walk:
    """Reads a function's statements in order."""

    def __init__(self, function: AnyFunction, knowledge: Knowledge) -> None:
        self.function = function
        self.knowledge = knowledge
        self.ways: list[Way] = []
        self.frame = _Frame()

    def start(self) -> State:
        arguments = self.function.args
        every_one = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every_one += [extra for extra in (arguments.vararg, arguments.kwarg) if extra]
        names = {one.arg: Value(ast.Name(id=one.arg, ctx=ast.Load()), lifetime(one, arguments)) for one in every_one}
        return State(names, frozenset(bound_names(self.function.body)), self.knowledge.imported)

    def block(self, body: list[ast.stmt], state: State | None) -> State | None:
        """Read statements in order; ``None`` when the last cannot be passed."""
        for statement in body:
            if state is None:
                return None
            state = self.statement(statement, state)
        return state

    def statement(self, node: ast.stmt, state: State) -> State | None:  # noqa: C901, PLR0911 - one case for each kind
        match node:
            case ast.If():
                return self.fork(node, state)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                return self.assign(node, state)
            case ast.Expr():
                return self.expression(node, state)
            case ast.Return():
                return self.leave(Exit.RETURN, node.value, state)
            case ast.Raise():
                return self.throw(node, state)
            case ast.For() | ast.AsyncFor():
                return self.each(node, state)
            case ast.While():
                return self.repeat(node, state)
            case ast.Try() | ast.TryStar():
                return self.attempt(node, state)
            case ast.With() | ast.AsyncWith():
                return self.within(node, state)
            case ast.Match():
                return self.cases(node, state)
            case ast.Break() | ast.Continue():
                return self.jump(node, state)
            case _:
                return self.other(node, state)

    def after(self, node: ast.AST, state: State) -> State:
        """The state once an expression was evaluated."""
        walrus = {part.target.id for part in ast.walk(node) if isinstance(part, ast.NamedExpr)}
        after = state.acted(list(effects(node)))
        return after.forget(walrus) if walrus else after

    def other(self, node: ast.stmt, state: State) -> State:
        if isinstance(node, ast.Assert):
            return self.after(node.test, state)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return state.forget({node.name})
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in bound_names([node]):
                state = state.bind(name, Value(ast.Name(id=name, ctx=ast.Load()), FOREVER))
        if isinstance(node, ast.Global | ast.Nonlocal | ast.Pass | ast.Import | ast.ImportFrom):
            return state
        return state.acted([node]).forget(bound_names([node]))

    def record(self, exit: Exit, node: ast.expr | None, state: State, target: ast.expr | None = None) -> None:
        value = translate(node, state) if node is not None else None
        self.ways.append(Way(exit, node, value, state.path, not self.frame.swallowing, target))

    def leave(self, exit: Exit, node: ast.expr | None, state: State) -> None:
        self.yields(node, state)
        value = translate_result(node, state) if node is not None else None
        truth = formula_of(node, state) if node is not None else NEVER
        self.ways.append(Way(exit, node, value, state.path, not self.frame.swallowing, None, truth))

    def yields(self, node: ast.AST | None, state: State) -> None:
        for part in effects(node) if node is not None else ():
            if isinstance(part, ast.Yield | ast.YieldFrom):
                kind = Exit.YIELD if isinstance(part, ast.Yield) else Exit.YIELD_FROM
                self.record(kind, part.value, state)

    def throw(self, node: ast.Raise, state: State) -> None:
        name = dotted(node.exc.func if isinstance(node.exc, ast.Call) else node.exc) if node.exc else ""
        caught = any(self.knowledge.may_catch(one, name) for classes in self.frame.handlers for one in classes)
        way = Way(Exit.RAISE, node.exc, None, state.path, not (caught or self.frame.swallowing))
        self.ways.append(way)

    def expression(self, node: ast.Expr, state: State) -> State:
        self.yields(node.value, state)
        if isinstance(node.value, ast.Call | ast.Await):
            made = node.value
            first = made.args[0] if isinstance(made, ast.Call) and made.args else None
            argument = translate(first, state) if first is not None else None
            value = translate(made, state)
            self.ways.append(Way(Exit.DO, made, value, state.path, not self.frame.swallowing, argument=argument))
        return self.after(node.value, state)

    def assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, state: State) -> State:
        if node.value is None:
            return state
        self.yields(node.value, state)
        after = self.after(node.value, state)
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if isinstance(node, ast.AugAssign):
            return self.augment(node, after)
        value = captured(node.value, state, after)
        for target in targets:
            after = self.store(target, node.value, value, after, state)
        return after

    def augment(self, node: ast.AugAssign, after: State) -> State:
        if isinstance(node.target, ast.Name):
            return after.acted([node]).forget({node.target.id})
        self.ways.append(Way(Exit.STORE, node.value, None, after.path, True, node.target))
        return after.acted([node])

    def store(self, target: ast.expr, node: ast.expr, value: Value, after: State, before: State) -> State:
        if isinstance(target, ast.Name):
            return after.bind(target.id, value)
        if isinstance(target, ast.Attribute):
            self.ways.append(Way(Exit.STORE, node, value.expression, before.path, True, target))
            return replace(self.after(target, after), stored=after.stored | {target.attr})
        if isinstance(target, ast.Subscript):
            self.ways.append(Way(Exit.STORE, node, value.expression, before.path, True, target))
            return after.acted([target])
        names = bound_names([target])
        attributes = any(isinstance(part, ast.Attribute | ast.Subscript) for part in ast.walk(target))
        return (after.acted([target]) if attributes else after).forget(names)

    def jump(self, node: ast.Break | ast.Continue, state: State) -> None:
        if isinstance(node, ast.Break) and self.frame.breaks:
            self.frame.breaks[-1].append(state)

    def fork(self, node: ast.If, state: State) -> State | None:
        formula = formula_of(node.test, state)
        after = bind_walrus(node.test, state, self.after(node.test, state))
        if formula == NEVER:
            return self.block(node.orelse, after)
        if formula == ALWAYS:
            return self.block(node.body, after)
        return self.branches([(formula, node.body)], node.orelse, after)

    def branches(self, arms: list[tuple[Formula, list[ast.stmt]]], rest: list[ast.stmt], state: State) -> State | None:
        """Alternatives that exclude each other, in order, and what happens when none applies."""
        ends: list[State] = []
        plain = True
        current = state
        for formula, body in [*arms, (None, rest)]:
            start = len(self.ways)
            chosen = current.under(formula) if formula is not None else current
            end = self.block(body, chosen)
            strong = end is not None or not self.only_raises(start)
            plain = plain and (end.path == chosen.path if end is not None else not strong)
            ends += [end] if end is not None else []
            current = current.under(negated(formula), strong=strong) if formula is not None else current
        result = merged(state, ends)
        return replace(result, path=state.path) if result is not None and plain else result

    def only_raises(self, start: int) -> bool:
        exits = {
            way.exit for way in self.ways[start:] if way.exit not in (Exit.STORE, Exit.DO, Exit.YIELD, Exit.YIELD_FROM)
        }
        return exits == {Exit.RAISE} and all(way.sure for way in self.ways[start:])

    def cases(self, node: ast.Match, state: State) -> State | None:
        after = self.after(node.subject, state)
        subject = translate(node.subject, state)
        arms = [(case_formula(subject, case, after), case.body) for case in node.cases]
        names = bound_names([node])
        return self.branches(arms, [], after.forget(names))

    def each(self, node: ast.For | ast.AsyncFor, state: State) -> State | None:
        self.yields(node.iter, state)
        iterable = translate(node.iter, state)
        after = self.after(node.iter, state)
        state_in = loop_start(node.body, after)
        inside = bind_items(node.target, state_in, after.epoch)
        step = Step(ALWAYS, True, node, iterable)
        start = len(self.ways)
        self.frame.breaks.append([])
        self.block(node.body, replace(inside, path=(*inside.path, step)))
        breaks = self.frame.breaks.pop()
        if breaks or leaves(node.body, ast.Return):
            self.blur(start)
        return self.after_loop(node, state_in, start, breaks)

    def blur(self, start: int) -> None:
        """Raised after something else may have ended the work: the terms are not known."""
        for place, way in enumerate(self.ways[start:], start):
            if way.exit is Exit.RAISE:
                self.ways[place] = replace(way, steps=(*way.steps, Step(UNKNOWN)))

    def after_loop(
        self, node: ast.For | ast.AsyncFor | ast.While, state: State, start: int, breaks: list[State]
    ) -> State | None:
        names = bound_names([node])
        quiet = replace(state, path=state.path).forget(names)
        returns = [way for way in self.ways[start:] if way.exit is Exit.RETURN]
        none_left = self.none_of(state, [way.steps for way in returns])
        none_broke = self.none_of(state, [one.path for one in breaks])
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value:
            last = None
        else:
            last = self.block(node.orelse, quiet.under(every((none_left, none_broke if node.orelse else ALWAYS))))
        if not breaks:
            return last
        epoch = max(one.epoch for one in breaks)
        broke = replace(quiet, epoch=max(epoch, quiet.epoch)).under(none_left)
        if last is None or node.orelse:
            found = (
                UNKNOWN
                if last is not None and returns
                else some(condition(one.path[len(state.path) :]) for one in breaks)
            )
            broke = broke.under(found if last is not None else UNKNOWN, strong=last is not None)
        return broke if last is None else merged(state, [broke, last])

    def none_of(self, state: State, paths: Iterable[tuple[Step, ...]]) -> Formula:
        return negated(some(condition(path[len(state.path) :]) for path in paths))

    def repeat(self, node: ast.While, state: State) -> State | None:
        state_in = loop_start(node.body, self.after(node.test, state))
        state_in = state_in.acted(list(effects(node.test))).forget(bound_names([node.test]))
        start = len(self.ways)
        self.frame.breaks.append([])
        self.block(node.body, state_in.under(UNKNOWN))
        return self.after_loop(node, state_in, start, self.frame.breaks.pop())

    def within(self, node: ast.With | ast.AsyncWith, state: State) -> State | None:
        safe = all(passes_exceptions(item.context_expr) for item in node.items)
        for item in node.items:
            names = bound_names([item.optional_vars]) if item.optional_vars else set()
            state = self.after(item.context_expr, state).forget(names)
        state = replace(state, epoch=state.epoch + (0 if safe else 1))
        self.frame.swallowing += not safe
        end = self.block(node.body, state)
        self.frame.swallowing -= not safe
        if safe:
            return end
        aborted = loop_start(node.body, state)
        return merged(state, [aborted.under(UNKNOWN), *([end] if end else [])])

    def attempt(self, node: ast.Try | ast.TryStar, state: State) -> State | None:
        if leaves(node.finalbody, ast.Return | ast.Break | ast.Continue):
            raise UnclearError
        classes = [class_names(handler.type) for handler in node.handlers]
        failing = self.failures(node, classes, state)
        start = len(self.ways)
        self.frame.handlers.extend(classes)
        body = self.block(node.body, self.trying(node, failing, state))
        del self.frame.handlers[len(self.frame.handlers) - len(classes) :]
        self.doubt(node, start)
        ends = [self.block(node.orelse, body)] if body is not None else []
        ends += self.handled(node, failing, state)
        result = merged(state, [end for end in ends if end is not None])
        return self.block(node.finalbody, result) if result is not None else self.only_finally(node, state)

    def failures(self, node: ast.Try | ast.TryStar, classes: list[tuple[str, ...]], state: State) -> list[Formula]:
        """What it takes for each handler to be entered."""
        found: list[Formula] = []
        for place, (names, handler) in enumerate(zip(classes, node.handlers, strict=True)):
            earlier = [name for group in classes[:place] for name in group]
            shadowed = any(self.knowledge.may_catch(name, other) for other in earlier for name in names)
            found.append(unknown(handler) if shadowed else failure(node.body, names, handler, state))
        return found

    def trying(self, node: ast.Try | ast.TryStar, failing: list[Formula], state: State) -> State:
        """Inside of the attempt nothing failed; that need not be said where a failure only ever raises."""
        for formula, handler in zip(failing, node.handlers, strict=True):
            state = state.under(negated(formula), strong=not raises_last(handler.body))
        return state

    def doubt(self, node: ast.Try | ast.TryStar, start: int) -> None:
        """What is raised after something else in the same attempt may have failed is raised on unknown terms."""
        if len(node.body) < 2 or all(raises_last(handler.body) for handler in node.handlers):
            return
        self.blur(start)

    def handled(self, node: ast.Try | ast.TryStar, failing: list[Formula], state: State) -> list[State | None]:
        lost = loop_start(node.body, state)
        ends: list[State | None] = []
        for handler, formula in zip(node.handlers, failing, strict=True):
            entered = lost.forget({handler.name}) if handler.name else lost
            ends.append(self.block(handler.body, entered.under(formula)))
        return ends

    def only_finally(self, node: ast.Try | ast.TryStar, state: State) -> None:
        if node.finalbody:
            lost = loop_start([node], state)
            self.block(node.finalbody, lost.under(UNKNOWN))


class UnclearError(Exception):
    """The function leaves in a way whose reasons are not worked out."""
