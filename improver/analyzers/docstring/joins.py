"""Where ways part and meet again: loops, attempts, branches."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from improver.analyzers.docstring.branches import unknown
from improver.analyzers.docstring.english import code
from improver.analyzers.docstring.formulas import ALWAYS, UNKNOWN, Exists, Fails, Formula, bounded, every, some
from improver.analyzers.docstring.purity import IMMUTABLE_TYPES, bound_names, descendants, dotted, effects
from improver.analyzers.docstring.states import FOREVER, State, Step, Value
from improver.analyzers.docstring.translation import captured, outlined_call, translate


def condition(steps: tuple[Step, ...]) -> Formula:
    """All strong steps together; those inside of a loop hold for some item of it."""
    for place, step in enumerate(steps):
        if step.loop is not None:
            inner = condition(steps[place + 1 :])
            outer = every(part.formula for part in said_steps(steps[:place]))
            if step.iterable is None:
                return UNKNOWN
            return every((outer, Exists(step.loop.target, step.iterable, inner)))
    return every(step.formula for step in said_steps(steps))


def said_steps(steps: tuple[Step, ...]) -> list[Step]:
    """The steps that have to be said.

    Where a check that only raises was passed, that it did not raise goes without saying; unless the
    check stands in the very branch that led here, for then the condition of the branch is not all.
    """
    last = max((place for place, step in enumerate(steps) if step.entered), default=len(steps))
    return [step for place, step in enumerate(steps) if step.strong or place > last]


def merged(base: State, ends: list[State]) -> State | None:
    """The state in which several branches of `base` go on together."""
    if len(ends) < 2:
        return ends[0] if ends else None
    names = {name: _common(name, ends) for name in {name for end in ends for name in end.names}}
    met = bounded(some(condition(end.path[len(base.path) :]) for end in ends))
    called: dict[str, int] = {}
    for end in ends:
        for text, count in (end.called or {}).items():
            called[text] = max(count, called.get(text, 0))
    return replace(
        base,
        names=names,
        path=base.path if met == ALWAYS else (*base.path, Step(met)),
        epoch=max(end.epoch for end in ends),
        called=called,
        touched=frozenset().union(*(end.touched for end in ends)),
        stored=frozenset().union(*(end.stored for end in ends)),
    )


def _common(name: str, ends: list[State]) -> Value:
    values = [end.names.get(name) for end in ends]
    first = values[0]
    if first is None or any(value is None for value in values):
        return Value(None)
    same = all(value is first or value == first for value in values)
    return first if same else Value(None)


def bind_items(target: ast.expr, state: State, since: int) -> State:
    """Inside of a loop the names of its target stand for themselves."""
    names = [part.id for part in ast.walk(target) if isinstance(part, ast.Name)]
    for name in names:
        state = state.bind(name, Value(ast.Name(id=name, ctx=ast.Load()), since))
    return state


def item_epoch(body: list[ast.stmt], before: State, inside: State) -> int:
    """Until when the items of a loop hold what they held: its rounds may change them, handing them out does not."""
    yields = all(isinstance(act, ast.Yield) for statement in body for act in effects(statement))
    quiet = yields and not any(True for statement in body for _ in _stores(statement))
    return inside.epoch if quiet or inside.epoch == before.epoch else before.epoch


_HARDLY = frozenset({"[]", "{}", "()", "''", '""', "set()", "list()", "dict()", "0", "False", "True", "1"})


def worth_saying(default: ast.expr) -> bool:
    """Whether what replaces ``None`` is more than the nothing that anybody would expect."""
    text = code(default, 40)
    return text is not None and text.strip("`") not in _HARDLY


def none_replaced(node: ast.If) -> str:
    """The name of which ``None`` is replaced by an ``if`` that does nothing else; else an empty text."""
    match node:
        case ast.If(
            test=ast.Compare(left=ast.Name(id=name), ops=[ast.Is()], comparators=[ast.Constant(value=None)]),
            body=[ast.Assign(targets=[ast.Name(id=target)])],
            orelse=[],
        ) if name == target:
            return name
        case _:
            return ""


def optional_parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """The parameters that are ``None`` unless given."""
    arguments = function.args
    names = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    found = ((one.arg, default_of(one, arguments)) for one in names)
    return frozenset(name for name, default in found if isinstance(default, ast.Constant) and default.value is None)


def bind_walrus(test: ast.expr, before: State, after: State) -> State:
    """What a ``:=`` that is always evaluated binds."""
    inner = test.operand if isinstance(test, ast.UnaryOp) else test
    inner = inner.left if isinstance(inner, ast.Compare) else inner
    if not isinstance(inner, ast.NamedExpr):
        return after
    return after.bind(inner.target.id, captured(inner.value, before, after))


def loop_start(body: list[ast.stmt], state: State) -> State:
    """The state when any part of some statements may have run: whatever they may change is not known."""
    acts = [act for statement in body for act in effects(statement)]
    stores = [part for statement in body for part in _stores(statement)]
    attributes = {part.attr for part in stores if isinstance(part, ast.Attribute)}
    changed = state.acted(acts + stores).forget(bound_names(body))
    return replace(changed, stored=changed.stored | attributes)


def _stores(statement: ast.stmt) -> Iterator[ast.AST]:
    for part in descendants((statement,)):
        stored = isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load)
        if stored or isinstance(part, ast.AugAssign):
            yield part


def leaves(body: list[ast.stmt], kinds: type | object) -> bool:
    """Whether some statement of these kinds stands in the body, outside of nested functions."""
    pending: list[ast.AST] = list(body)
    while pending:
        current = pending.pop()
        if isinstance(current, kinds):  # type: ignore[arg-type]
            return True
        if isinstance(current, ast.stmt | ast.ExceptHandler | ast.match_case) and not isinstance(
            current, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        ):
            pending.extend(ast.iter_child_nodes(current))
    return False


def raises_last(body: list[ast.stmt]) -> bool:
    """Whether a body ends in ``raise`` and nothing in it leaves otherwise."""
    return isinstance(body[-1], ast.Raise) and not leaves(body, ast.Return | ast.Break | ast.Continue)


def failure(body: list[ast.stmt], names: tuple[str, ...], handler: ast.ExceptHandler, state: State) -> Formula:
    """The formula for one plain statement raising what a handler catches."""
    value = _single_value(body)
    if isinstance(value, ast.Constant | ast.Name):
        return unknown(handler)
    expression = translate(value, state) if value is not None else None
    if expression is None and value is not None:
        expression = outlined_call(value, state)
    if expression is None or "?" in names:
        return unknown(handler)
    return Fails(expression, names)


def _single_value(body: list[ast.stmt]) -> ast.expr | None:
    match body:
        case [ast.Return(value=value)] | [ast.Expr(value=value)]:
            return value
        case [ast.Assign(targets=[ast.Name()], value=value)] | [ast.AnnAssign(target=ast.Name(), value=value)]:
            return value
        case _:
            return None


def lifetime(argument: ast.arg, arguments: ast.arguments) -> int:
    """The epoch up to which what a parameter holds is what the caller gave."""
    if argument is arguments.vararg or _immutable_annotation(argument.annotation):
        return FOREVER
    default = default_of(argument, arguments)
    if isinstance(default, ast.Constant) and default.value is not None and argument.annotation is None:
        return FOREVER
    return 0


def default_of(argument: ast.arg, arguments: ast.arguments) -> ast.expr | None:
    """The default of a parameter, if it has one."""
    plain = [*arguments.posonlyargs, *arguments.args]
    pairs = dict(zip(reversed([one.arg for one in plain]), reversed(arguments.defaults), strict=False))
    for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if value is not None:
            pairs[one.arg] = value
    return pairs.get(argument.arg)


def annotation_names(annotation: ast.expr | None) -> frozenset[str]:  # noqa: PLR0911 - one case for each kind
    """The last names of a plain annotation or of the members of a union; empty when it is neither."""
    match annotation:
        case ast.Constant(value=str(text)):
            try:
                return annotation_names(ast.parse(text, mode="eval").body)
            except (SyntaxError, ValueError):
                return frozenset()
        case ast.Constant(value=None):
            return frozenset({"None"})
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return annotation_names(left) | annotation_names(right)
        case ast.Subscript(value=value, slice=inner) if dotted(value).rpartition(".")[2] == "Optional":
            return annotation_names(inner) | {"None"}
        case ast.Subscript(value=value, slice=ast.Tuple(elts=parts)) if dotted(value).rpartition(".")[2] == "Union":
            return frozenset().union(*(annotation_names(part) for part in parts))
        case ast.Subscript(value=value):
            return annotation_names(value)
        case ast.Name() | ast.Attribute():
            return frozenset({dotted(annotation).rpartition(".")[2] or "?"})
        case None:
            return frozenset()
        case _:
            return frozenset({"?"})


def _immutable_annotation(annotation: ast.expr | None) -> bool:
    names = annotation_names(annotation)
    return bool(names) and names <= IMMUTABLE_TYPES
