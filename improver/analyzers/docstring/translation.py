"""Expressions in terms that a caller knows: parameters, attributes, globals, and calls."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from improver.analyzers.docstring.purity import dotted, dumped, is_immutable, is_pure
from improver.analyzers.docstring.states import FOREVER, UNKNOWN_VALUE, State, Value, receivers


def translate(node: ast.expr, state: State) -> ast.expr | None:
    """The expression in terms a caller knows, or ``None`` when it has none or they may have changed."""
    return _Translation(state).of(node, frozenset())


def translate_result(node: ast.expr, state: State) -> ast.expr | None:
    """What is handed to the caller, in terms that hold when it is handed over."""
    if isinstance(node, ast.Name) and node.id in state.touched and state.names.get(node.id, UNKNOWN_VALUE).event:
        return made_up(state.names[node.id].expression)
    for part in ast.walk(node):
        value = state.names.get(part.id) if isinstance(part, ast.Name) else None
        if value is not None and _is_past(value, state):
            return None
    now = {name: replace(value, since=FOREVER) for name, value in state.names.items()}
    calm = replace(state, names=now, epoch=0, stored=frozenset(), touched=frozenset())
    return translate(node, calm)


def outlined_call(node: ast.expr, state: State) -> ast.expr | None:
    """The function that a call calls, where its arguments have no terms that a caller knows and cannot fail."""
    call = node.value if isinstance(node, ast.Await) else node
    if not isinstance(call, ast.Call):
        return None
    simple = all(isinstance(part, ast.Name | ast.Constant | ast.Attribute) for part in call.args)
    if not simple or not all(isinstance(part.value, ast.Name | ast.Constant) for part in call.keywords):
        return None
    return translate(call.func, state)


def outlined(node: ast.expr, state: State) -> ast.expr | None:
    """What is handed to the caller, reduced to its kind or to the function that makes it."""
    call = node.value if isinstance(node, ast.Await) else node
    if not isinstance(call, ast.Call):
        return None if isinstance(call, ast.Name | ast.Attribute | ast.Subscript) else call
    function = translate_result(call.func, state)
    return None if function is None else ast.Call(func=function, args=[], keywords=[])


def made_up(node: ast.expr | None) -> ast.expr | None:
    """A call whose result was worked on since: it is marked by a star, for only its class is still true."""
    return ast.Starred(value=node, ctx=ast.Load()) if isinstance(node, ast.Call) else None


def _is_past(value: Value, state: State) -> bool:
    """Whether a name holds what something was, which may be something else by now."""
    if value.expression is None or value.event:
        return False
    if any(isinstance(part, ast.Attribute) and part.attr in state.stored for part in ast.walk(value.expression)):
        return True
    return value.at < state.epoch and (is_fresh(value.expression) or reads_contents(value.expression))


def is_fresh(node: ast.expr | None) -> bool:
    """Whether an expression makes a new container, which only its holder can change."""
    match node:
        case ast.List() | ast.Dict() | ast.Set() | ast.ListComp() | ast.SetComp() | ast.DictComp():
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in {"list", "dict", "set", "bytearray", "deque", "defaultdict", "OrderedDict", "Counter"}
        case _:
            return False


def reads_contents(node: ast.expr) -> bool:
    """Whether an expression looks into something that may change."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute | ast.Subscript | ast.Call) and not is_immutable(part):
            return True
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in {"len", "bool", "hash"}:
            return True
    return False


class _Translation:
    """Rewrites an expression, name by name, and gives up where a name or its contents are not known."""

    def __init__(self, state: State) -> None:
        self.state = state

    def of(self, node: ast.expr, inner: frozenset[str]) -> ast.expr | None:  # noqa: C901, PLR0911 - one case for each kind
        match node:
            case ast.Constant():
                return node
            case ast.Name(id=name):
                return node if name in inner else self._name(name)
            case ast.Attribute(value=value, attr=attr):
                return self._attribute(value, attr, inner)
            case ast.Call():
                return self._call(node, inner)
            case ast.Await(value=value):
                return self._same(node, inner)
            case ast.Subscript(value=value):
                return self._same(node, inner) if self._fresh(value, inner) else None
            case ast.Compare():
                return self._compare(node, inner)
            case ast.NamedExpr(value=value):
                return self.of(value, inner)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node, inner)
            case (
                ast.BoolOp()
                | ast.UnaryOp()
                | ast.BinOp()
                | ast.Tuple()
                | ast.List()
                | ast.Set()
                | ast.Starred()
                | ast.Slice()
                | ast.JoinedStr()
                | ast.FormattedValue()
                | ast.Dict()
                | ast.IfExp()
            ):
                return self._same(node, inner)
            case _:
                return None

    def _name(self, name: str) -> ast.expr | None:
        value = self.state.names.get(name)
        if value is not None:
            repeated = value.event and (self.state.called or {}).get(value.event, 0) > 1
            return None if repeated else value.expression
        return None if name in self.state.local else ast.Name(id=name, ctx=ast.Load())

    def _attribute(self, value: ast.expr, attr: str, inner: frozenset[str]) -> ast.expr | None:
        if attr in self.state.stored or not self._fresh(value, inner):
            return None
        base = self.of(value, inner)
        if base is None:
            return None
        made = ast.Attribute(value=base, attr=attr, ctx=ast.Load())
        made.lineno, made.col_offset = getattr(value, "lineno", 0), getattr(value, "col_offset", 0)
        return made

    def _fresh(self, node: ast.expr, inner: frozenset[str]) -> bool:
        """Whether what the object holds is still what it held."""
        root = node
        while isinstance(root, ast.Attribute | ast.Subscript | ast.Call):
            root = root.func if isinstance(root, ast.Call) else root.value
        if not isinstance(root, ast.Name) or root.id in inner or root.id in self.state.fixed:
            return True
        value = self.state.names.get(root.id)
        return (value.since if value else 0) >= self.state.epoch

    def _call(self, node: ast.Call, inner: frozenset[str]) -> ast.expr | None:
        if dotted(node.func).rpartition(".")[2] == "cast" and len(node.args) == 2:
            return self.of(node.args[1], inner)
        if not is_pure(node):
            if (self.state.called or {}).get(dumped(node), 0) or receivers(node) & self.state.touched:
                return None
            return self._acting(node, inner)
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        if receiver is not None and not self._fresh(receiver, inner):
            return None
        stable = isinstance(node.func, ast.Name) and node.func.id in {
            "isinstance",
            "issubclass",
            "callable",
            "type",
            "id",
        }
        if not stable and not all(self._fresh(part, inner) for part in node.args):
            return None
        return self._same(node, inner)

    def _acting(self, node: ast.Call, inner: frozenset[str]) -> ast.expr | None:
        """A call that is an event of its own: said as it is made, whatever ran before on other objects."""
        calm = replace(self.state, epoch=0, fixed=self.state.fixed)
        translation = _Translation(calm)
        return translation._same(node, inner)

    def _compare(self, node: ast.Compare, inner: frozenset[str]) -> ast.expr | None:
        for operator, right in zip(node.ops, node.comparators, strict=True):
            membership = isinstance(operator, ast.In | ast.NotIn)
            literal = isinstance(right, ast.Tuple | ast.List | ast.Set | ast.Constant)
            if membership and not literal and not self._fresh(right, inner):
                return None
        return self._same(node, inner)

    def _same(self, node: ast.expr, inner: frozenset[str]) -> ast.expr | None:
        fields: dict[str, object] = {}
        for name, value in ast.iter_fields(node):
            changed = self._field(value, inner)
            if changed is _LOST:
                return None
            fields[name] = changed
        return _made(node, fields)

    def _field(self, value: object, inner: frozenset[str]) -> object:
        if isinstance(value, ast.expr):
            changed = self.of(value, inner)
            return _LOST if changed is None else changed
        if isinstance(value, ast.keyword):
            changed = self.of(value.value, inner)
            return _LOST if changed is None else ast.keyword(arg=value.arg, value=changed)
        if isinstance(value, list):
            items = [self._field(item, inner) for item in value]
            return _LOST if any(item is _LOST for item in items) else items
        return value

    def _comprehension(self, node: ast.expr, inner: frozenset[str]) -> ast.expr | None:
        generators: list[ast.comprehension] = getattr(node, "generators", [])
        targets = {name.id for part in generators for name in ast.walk(part.target) if isinstance(name, ast.Name)}
        bound = inner | targets
        changed: list[ast.comprehension] = []
        for part in generators:
            iterable = self.of(part.iter, bound) if self._fresh(part.iter, bound) else None
            tests = [self.of(test, bound) for test in part.ifs]
            if iterable is None or any(test is None for test in tests):
                return None
            kept = [test for test in tests if test is not None]
            changed.append(ast.comprehension(target=part.target, iter=iterable, ifs=kept, is_async=part.is_async))
        return self._rebuilt(node, changed, bound)

    def _rebuilt(self, node: ast.expr, generators: list[ast.comprehension], bound: frozenset[str]) -> ast.expr | None:
        fields: dict[str, object] = {"generators": generators}
        for name in ("elt", "key", "value"):
            part = getattr(node, name, None)
            if part is not None:
                fields[name] = self.of(part, bound)
                if fields[name] is None:
                    return None
        return _made(node, fields)


def _made(node: ast.expr, fields: dict[str, Any]) -> ast.expr:
    """A node of the same kind, which knows its place in the code."""
    made = type(node)(**fields)
    made.lineno, made.col_offset = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
    return made


_LOST = object()


def captured(node: ast.expr, before: State, after: State) -> Value:
    """What a name stands for once `node` is assigned to it."""
    expression = translate(node, before)
    if expression is None or _is_long(expression):
        return UNKNOWN_VALUE
    since = FOREVER if is_immutable(node) else _since(node, before, after)
    made = node.value if isinstance(node, ast.Await) else node
    event = dumped(made) if isinstance(made, ast.Call) and not is_pure(made) else ""
    return Value(expression, since, event, after.epoch, is_fresh(node))


_PARTS = 40


def _is_long(node: ast.expr) -> bool:
    """Whether an expression has more parts than anybody would read; stops counting there."""
    pending: list[ast.AST] = [node]
    for _ in range(_PARTS):
        if not pending:
            return False
        pending.extend(ast.iter_child_nodes(pending.pop()))
    return True


def _since(node: ast.expr, before: State, after: State) -> int:
    if isinstance(node, ast.Call | ast.Await | ast.Attribute | ast.Subscript):
        return after.epoch
    names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
    return min((before.names[name].since for name in names if name in before.names), default=after.epoch)
