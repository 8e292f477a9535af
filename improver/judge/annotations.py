"""Whether an annotation can be evaluated without failing or acting."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from improver.judge.bound import word_of
from improver.judge.brackets import subscripted
from improver.judge.library import Library, Unit, last_word
from improver.judge.meanings import CLASS, NONE, TEXT, Acts, Kind, Meaning, slots_of
from improver.judge.names import Scope, bindings, dotted
from improver.judge.standard import standard_type
from improver.judge.witnesses import Witnesses

_MOST_NODES, _DEEPEST = 400, 25
_FORBIDDEN = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await, ast.Call, ast.Lambda, ast.JoinedStr,
              ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.IfExp, ast.BoolOp, ast.Compare,
              ast.Dict, ast.Set, ast.Slice)  # fmt: skip
_PARTS = (ast.Name, ast.Attribute, ast.Subscript, ast.Constant, ast.Tuple, ast.List, ast.BinOp, ast.BitOr,
          ast.UnaryOp, ast.USub, ast.Starred, ast.expr_context)  # fmt: skip
_LAZY = (3, 14)


@dataclass(frozen=True)
class Evaluation:
    """Where an expression is evaluated.

    Parameters:
        statement: the statement of the module's own scope that holds it; ``None`` when it was evaluated before,
            and only its meaning is asked for.
        around: the classes and functions it stands in.
        own: the function whose signature it stands in, for its type parameters.
        deferred: whether it is never evaluated, because the module asks for that or because it is local.
        witnesses: what is evaluated before, in any case.
        scopes: names bound by each scope, kept for the next question.
    """

    library: Library
    unit: Unit
    statement: ast.stmt | None = None
    around: tuple[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, ...] = ()
    own: ast.AST | None = None
    deferred: bool = False
    witnesses: Witnesses = field(default_factory=Witnesses)
    scopes: dict[ast.AST, frozenset[str]] = field(default_factory=dict, repr=False)
    depth: int = 0

    @property
    def at_call(self) -> bool:
        """Whether it is evaluated at each call of a function around it, and not when the module is imported."""
        return any(not isinstance(scope, ast.ClassDef) for scope in self.around)

    @property
    def python(self) -> tuple[int, int]:
        """The oldest Python that runs it."""
        return self.library.python

    def binds(self, scope: Scope, name: str) -> bool:
        """Whether a scope has a name of its own."""
        if scope not in self.scopes:
            self.scopes[scope] = frozenset(bindings(scope))
        return name in self.scopes[scope]


def acts(annotation: ast.expr, where: Evaluation) -> str:
    """Why evaluating an annotation could fail or act; empty when it cannot."""
    reason = _unfit(annotation, where)
    if reason or where.deferred or where.python >= _LAZY:
        return reason
    try:
        denote(annotation, where)
    except Acts as acting:
        return str(acting)
    return ""


def _unfit(annotation: ast.expr, where: Evaluation) -> str:
    """Why an annotation is none, even if it should never be evaluated."""
    for node in ast.walk(annotation):
        if isinstance(node, _FORBIDDEN):
            return f"holds {_spoken(node)}"
        if isinstance(node, ast.Name) and not node.id.isascii():
            return f"holds the name `{node.id}`, which is not plain ASCII"
        if not isinstance(node, _PARTS):
            return f"holds {_spoken(node)}"
        if isinstance(node, ast.Starred) and where.python < (3, 11):
            return "holds a `*`, which needs Python 3.11"
    return "is too large or nested too deeply" if _is_huge(annotation) else ""


def _is_huge(annotation: ast.expr) -> bool:
    """Whether an older parser might give up on it."""
    level: list[ast.AST] = [annotation]
    nodes = depth = 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return nodes > _MOST_NODES or depth > _DEEPEST


def _spoken(node: ast.AST) -> str:
    words = {"NamedExpr": "an assignment", "Call": "a call", "Await": "an `await`", "Yield": "a `yield`"}
    return words.get(type(node).__name__, f"a part that is no type ({type(node).__name__})")


def denote(node: ast.expr, where: Evaluation) -> Meaning:  # noqa: PLR0911 - one line a kind of expression
    """What an expression stands for once it is evaluated.

    Raises:
        Acts: evaluating it may fail or act.
    """
    match node:
        case ast.Constant(value=str()):
            return TEXT
        case ast.Constant(value=None):
            return NONE
        case ast.Constant():
            raise Acts("holds a constant that is no type")
        case ast.Name():
            return _name(node, where)
        case ast.Attribute():
            return _attribute(node, where)
        case ast.Subscript():
            return subscripted(node, where, denote)
        case ast.BinOp(op=ast.BitOr()):
            return _union(node, where)
        case ast.Starred(value=inner) if denote(inner, where).kind is Kind.PACK:
            return denote(inner, where)
        case _:
            raise Acts(f"`{ast.unparse(node)[:60]}` is not known to evaluate without effect")


def _name(node: ast.Name, where: Evaluation) -> Meaning:
    name = node.id
    if where.statement is not None and (reason := _meddled(name, where)):
        raise Acts(reason)
    variable = _type_parameter(name, where)
    if variable is not None:
        return variable
    inside = any(isinstance(scope, ast.ClassDef) for scope in where.around)
    if inside and name.startswith("__") and not name.endswith("__"):
        raise Acts(f"`{name}` is another name inside of a class")
    if _is_earlier_in_class(name, where):
        return Meaning(Kind.THING)
    if any(where.binds(scope, name) for scope in where.around):
        raise Acts(f"`{name}` may not exist at that point, or be something else: it is bound around it")
    bound = where.unit.bound
    if name in bound.places or name in bound.others:
        if where.statement is not None and name not in bound.before(where.statement):
            raise Acts(f"`{name}` may not exist at that point")
        return _witnessed(node, where.library.name(where.unit, name, where.depth), where)
    starred = where.library.from_star(where.unit, name, where.statement)
    return starred if starred is not None else _builtin(name, where)


def _meddled(name: str, where: Evaluation) -> str:
    """Who may have made a name of the module something else by the time it is looked up; empty when nobody does."""
    if where.unit.tampering:
        return where.unit.tampering
    modules = frozenset({word_of(where.unit.path), "builtins", "__main__"})
    return where.library.meddling.with_name(name, modules, at_call=where.at_call)


def _is_earlier_in_class(name: str, where: Evaluation) -> bool:
    """Whether a method names a class that stands further up in the body of its own class, and nothing else does."""
    inner = where.around[-1] if where.around else None
    if not isinstance(inner, ast.ClassDef) or where.own not in inner.body:
        return False
    before = inner.body[: inner.body.index(where.own)]
    once = list(bindings(inner)).count(name) == 1 if where.binds(inner, name) else False
    return once and any(isinstance(node, ast.ClassDef) and node.name == name for node in before)


def _builtin(name: str, where: Evaluation) -> Meaning:
    known = standard_type("builtins", name)
    if known is None or known.since > where.python[1]:
        raise Acts(f"`{name}` may not exist at that point")
    starred = where.library.may_be_starred(where.unit, name)
    return Meaning(Kind.THING) if starred else Meaning(Kind.CLASS, brackets=known.brackets)


def _type_parameter(name: str, where: Evaluation) -> Meaning | None:
    """What a type parameter of the function, or of what is around it, stands for; ``None`` when it is none."""
    for scope in (where.own, *reversed(where.around)):
        for one in getattr(scope, "type_params", ()):
            if one.name == name:
                kinds = {"TypeVar": (Kind.VARIABLE, "T"), "ParamSpec": (Kind.PARAMETERS, "P")}
                kind, letter = kinds.get(type(one).__name__, (Kind.PACK, "Ts"))
                return Meaning(kind, free=((name, letter),))
        if scope is not where.own and scope is not None and where.binds(scope, name):  # type: ignore[arg-type]
            return None
    return None


def _witnessed(node: ast.expr, meaning: Meaning, where: Evaluation) -> Meaning:
    """A thing from outside of the repository is as good as a class when it is used as one before, in any case."""
    if meaning.kind is Kind.THING and dotted(node) in where.witnesses.types:
        return CLASS if _is_from_outside(node, where) else meaning
    return meaning


def _is_from_outside(node: ast.expr, where: Evaluation) -> bool:
    root = dotted(node).partition(".")[0]
    found = where.unit.bound.places.get(root, ())
    outside = bool(found) and all(isinstance(one, ast.Import | ast.ImportFrom) for one in found)
    return outside and not any(_is_own(one, where) for one in found) and root not in where.unit.bound.others


def _is_own(node: ast.stmt, where: Evaluation) -> bool:
    if isinstance(node, ast.ImportFrom):
        return bool(node.level) or where.library.is_own((node.module or "").partition(".")[0], where.unit)
    assert isinstance(node, ast.Import)
    return any(where.library.is_own(alias.name.partition(".")[0], where.unit) for alias in node.names)


def _attribute(node: ast.Attribute, where: Evaluation) -> Meaning:
    name = dotted(node)
    if not name:
        raise Acts(f"`{ast.unparse(node)[:60]}` is not known to evaluate without effect")
    if any(part.startswith("__") for part in name.split(".")):
        raise Acts(f"`{name}` is no plain name of a module")
    module = denote(node.value, where)
    if module.kind is Kind.PARAMETERS and node.attr in ("args", "kwargs"):
        return Meaning(Kind.THING)
    if where.at_call and where.statement is not None and (reason := _meddled_at_call(node, module, where)):
        raise Acts(reason)
    found = where.library.member(module, node.attr) if module.kind is Kind.MODULE else Meaning(Kind.THING)
    sure = where.statement is None or _is_there(node, module, where) or _is_imported(node, found, where)
    if not sure and not (name in where.witnesses.attributes and _is_module_like(node.value, module, where)):
        raise Acts(f"`{name}` is not known to exist at that point")
    return _witnessed(node, found, where)


def _meddled_at_call(node: ast.Attribute, module: Meaning, where: Evaluation) -> str:
    modules = frozenset({last_word(module)} if module.kind is Kind.MODULE else {dotted(node.value).rpartition(".")[2]})
    return where.library.meddling.with_name(node.attr, modules, at_call=True)


def _is_there(node: ast.Attribute, module: Meaning, where: Evaluation) -> bool:
    """Whether a module has an attribute, even if it should be imported only in part."""
    if where.library.exists(module, node.attr):
        return True
    prefix = f"{dotted(node.value)}."
    seen = [name.removeprefix(prefix) for name in where.witnesses.attributes if name.startswith(prefix)]
    return where.library.is_loaded_up_to(module, node.attr, seen)


def _is_module_like(node: ast.expr, module: Meaning, where: Evaluation) -> bool:
    return module.kind is Kind.MODULE or _is_from_outside(node, where)


def _is_imported(node: ast.Attribute, found: Meaning, where: Evaluation) -> bool:
    """Whether an attribute is a module that an `import a.b` brought before."""
    if found.kind is not Kind.MODULE or where.statement is None:
        return False
    name = dotted(node)
    return any(
        alias.name == name or alias.name.startswith(f"{name}.")
        for statement in where.unit.bound.ran_before(where.statement)
        if isinstance(statement, ast.Import)
        for alias in statement.names
        if not alias.asname
    )


def _union(node: ast.BinOp, where: Evaluation) -> Meaning:
    if where.python < (3, 10) and where.statement is not None:
        raise Acts("`X | Y` needs Python 3.10")
    free: list[tuple[str, str]] = []
    nones = 0
    for part in _members(node):
        meaning = denote(part, where)
        if meaning.kind is Kind.NONE:
            nones += 1
        elif meaning.kind not in (Kind.CLASS, Kind.ALIAS, Kind.VARIABLE):
            raise Acts(f"`{ast.unparse(part)[:60]}` is not known to be a class, or what `|` does with it")
        if nones > 1:
            raise Acts("`None | None` raises")
        free += meaning.free
    return Meaning(Kind.ALIAS, slots=slots_of(free), free=tuple(dict.fromkeys(free)))


def _members(node: ast.expr) -> Iterator[ast.expr]:
    """The parts of `A | B | C`, in the order in which they are evaluated."""
    pending: list[ast.expr] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.BitOr):
            pending += [part.right, part.left]
        else:
            yield part


__all__ = ["Acts", "Evaluation", "acts", "denote"]
