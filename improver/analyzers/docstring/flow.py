"""Every way out of a function, and what must hold for it to be taken.

The walk goes over statements once. It keeps what names stand for in the caller's terms, and
gives up on what may have changed; it never goes into nested functions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace

from improver.analyzers.docstring.branches import case_formula, formula_of, unknown
from improver.analyzers.docstring.formulas import ALWAYS, NEVER, UNKNOWN, Formula, bounded, every, negated, some
from improver.analyzers.docstring.joins import (
    bind_items,
    bind_walrus,
    condition,
    failure,
    item_epoch,
    leaves,
    loop_start,
    merged,
    none_replaced,
    raises_last,
    worth_saying,
)
from improver.analyzers.docstring.knowledge import Knowledge, class_names, passes_exceptions
from improver.analyzers.docstring.purity import bound_names, effects
from improver.analyzers.docstring.states import State, Step, Value
from improver.analyzers.docstring.straight import Straight
from improver.analyzers.docstring.translation import translate
from improver.analyzers.docstring.ways import AnyFunction, Exit, UnclearError, Way


@dataclass(frozen=True, slots=True)
class Ways:
    """Everything a function returns, raises, yields, stores and does, in the order it is written.

    Parameters:
        defaults: parameters whose ``None`` is replaced before anything else is decided, and by what.
    """

    all: tuple[Way, ...]
    defaults: tuple[tuple[str, ast.expr], ...]


def ways_out(function: AnyFunction, knowledge: Knowledge) -> Ways:
    """Read a function to its end.

    Raises:
        UnclearError: it leaves in a way that is not worked out.
    """
    walk = _Walk(function, knowledge)
    end = walk.block(function.body, walk.start())
    if end is not None:
        walk.ways.append(Way(Exit.END, None, None, end.path))
    return Ways(tuple(walk.ways), tuple(walk.defaults))


def goes_on(end: State | None, start: State, *, strong: bool) -> bool:
    """Whether a branch adds nothing that must be said: it is passed, or left, by nothing but exceptions."""
    if end is None:
        return not strong
    length = len(start.path)
    return end.path[:length] == start.path and not any(step.strong or step.entered for step in end.path[length:])


def unless(formula: Formula, end: State | None, start: State) -> list[Formula]:
    """When a branch that was chosen under `formula` ended in an exception."""
    if end is None:
        return [formula]
    passed = [step.formula for step in end.path[len(start.path) :]]
    return [bounded(every((formula, negated(every(passed)))))] if passed else []


class _Walk(Straight):
    """Reads a function's statements in order."""

    def block(self, body: list[ast.stmt], state: State | None) -> State | None:
        """Read statements in order; ``None`` when the last cannot be passed."""
        for statement in body:
            if state is None:
                return None
            state = self.statement(statement, state)
        return state

    def statement(self, node: ast.stmt, state: State) -> State | None:  # noqa: C901, PLR0911, PLR0912 - one case each
        match node:
            case ast.If():
                return self.fork(node, state)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                return self.assign(node, state)
            case ast.Expr():
                return self.expression(node, state)
            case ast.Return():
                self.leave(Exit.RETURN, node.value, state)
            case ast.Raise():
                self.throw(node, state)
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
                self.jump(node, state)
            case ast.Assert(test=ast.Constant(value=False)):
                self.throw(ast.Raise(exc=ast.Name(id="AssertionError", ctx=ast.Load())), state)
            case _:
                return self.other(node, state)
        return None

    def fork(self, node: ast.If, state: State) -> State | None:
        formula = formula_of(node.test, state)
        after = bind_walrus(node.test, state, self.after(node.test, state))
        if (replaced := self.replaced(node, after)) is not None:
            return replaced
        if formula == NEVER:
            return self.block(node.orelse, after)
        if formula == ALWAYS:
            return self.block(node.body, after)
        return self.branches([(formula, node.body)], node.orelse, after)

    def replaced(self, node: ast.If, state: State) -> State | None:
        """The state after ``if x is None: x = ...``, where the parameter goes on to stand for itself."""
        name = none_replaced(node)
        value = state.names.get(name) if name else None
        if value is None or not isinstance(value.expression, ast.Name) or value.expression.id != name:
            return None
        statement = node.body[0]
        assert isinstance(statement, ast.Assign)
        default = translate(statement.value, state)
        if default is None or node not in self.function.body or name not in self.optional or not worth_saying(default):
            return None
        self.defaults.append((name, default))
        after = self.after(statement.value, state)
        return after.bind(name, Value(ast.Name(id=name, ctx=ast.Load()), after.epoch))

    def branches(self, arms: list[tuple[Formula, list[ast.stmt]]], rest: list[ast.stmt], state: State) -> State | None:
        """Alternatives that exclude each other, in order, and what happens when none applies."""
        ends: list[State] = []
        dead: list[Formula] = []
        plain = True
        current = state
        for formula, body in arms:
            end, strong = self.arm(body, current.under(formula, entered=True))
            plain = plain and goes_on(end, current.under(formula, entered=True), strong=strong)
            ends += [end] if end is not None else []
            dead += unless(formula, end, current.under(formula, entered=True))
            current = current.under(negated(formula), strong=strong)
        otherwise = every(negated(formula) for formula, _ in arms)
        chosen = state.under(otherwise, entered=True) if rest else current
        end, strong = self.arm(rest, chosen)
        plain = plain and goes_on(end, chosen, strong=strong)
        ends += [end] if end is not None else []
        dead += unless(otherwise, end, chosen)
        result = merged(state, ends)
        if result is None or not plain:
            return result
        passed = (Step(negated(bounded(some(dead))), strong=False),) if dead else ()
        return replace(result, path=(*state.path, *passed))

    def arm(self, body: list[ast.stmt], chosen: State) -> tuple[State | None, bool]:
        """The state at the end of a branch, and whether that it was not taken has to be said."""
        start = len(self.ways)
        end = self.block(body, chosen)
        return end, end is not None or not self.only_raises(start)

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
        inside = bind_items(node.target, state_in, item_epoch(node.body, after, state_in))
        step = Step(ALWAYS, loop=node, iterable=iterable)
        start = len(self.ways)
        self.frame.breaks.append([])
        self.block(node.body, replace(inside, path=(*inside.path, step)))
        breaks = self.frame.breaks.pop()
        if breaks or leaves(node.body, ast.Return):
            self.blur(start)
        return self.after_loop(node, state_in, start, breaks)

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
        return negated(bounded(some(condition(path[len(state.path) :]) for path in paths)))

    def repeat(self, node: ast.While, state: State) -> State | None:
        state_in = loop_start(node.body, self.after(node.test, state))
        state_in = state_in.acted(effects(node.test)).forget(bound_names([node.test]))
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
        if result is not None:
            return self.block(node.finalbody, result)
        if node.finalbody:
            self.block(node.finalbody, loop_start([node], state).under(UNKNOWN))
        return None

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
            ends.append(self.block(handler.body, entered.under(formula, entered=True)))
        return ends
