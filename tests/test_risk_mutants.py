"""What changes that do more than they say can alter: mutants of harmless changes, and a whole repository."""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable
from pathlib import Path

from improver.judge.context import asks_for, read_context
from improver.judge.risk import RiskContext, read_risk
from improver.values import Category, Change, FileChange, Risk

ROOT = Path(__file__).resolve().parent.parent


def changed(before: str | bytes, after: str | bytes, path: str = "code.py") -> FileChange:
    old, new = (text.encode() if isinstance(text, str) else text for text in (before, after))
    return FileChange(path, old, new)


def risk_of(*files: FileChange, context: RiskContext | None = None) -> Risk:
    return read_risk(Change("base", files), context or RiskContext())


SAMPLE = (ROOT / "tests" / "cases" / "mutated.py.txt").read_text(encoding="utf-8")


def described(tree: ast.Module) -> ast.Module:
    """The tree with a docstring everywhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.Expr(ast.Constant("Say it."))
            if ast.get_docstring(node) is None:
                node.body.insert(0, text)
            else:
                node.body[0] = text
    return ast.fix_missing_locations(tree)


Mutation = Callable[[ast.AST], bool]
OTHER_OPERATORS: dict[type, ast.AST] = {
    ast.Add: ast.Sub(), ast.Sub: ast.Add(), ast.Mult: ast.Div(), ast.Lt: ast.LtE(), ast.LtE: ast.Lt(),
    ast.Gt: ast.GtE(),
    ast.Eq: ast.NotEq(), ast.NotEq: ast.Eq(), ast.And: ast.Or(), ast.Or: ast.And(), ast.Is: ast.IsNot(),
    ast.In: ast.NotIn(), ast.Not: ast.UAdd(), ast.USub: ast.UAdd(), ast.BitAnd: ast.BitOr(), ast.Mod: ast.FloorDiv(),
}  # fmt: skip


def other_operator(node: ast.AST) -> bool:
    for name in ("op", "ops"):
        value = getattr(node, name, None)
        if isinstance(value, list) and type(value[0]) in OTHER_OPERATORS:
            node.ops = [OTHER_OPERATORS[type(value[0])], *value[1:]]  # type: ignore[attr-defined]
            return True
        if type(value) in OTHER_OPERATORS:
            node.op = OTHER_OPERATORS[type(value)]  # type: ignore[attr-defined]
            return True
    return False


def other_constant(node: ast.AST) -> bool:
    if not isinstance(node, ast.Constant) or node.value == "Say it.":
        return False
    match node.value:
        case bool():
            node.value = int(node.value)
        case int():
            node.value = float(node.value) if abs(node.value) < 1000 else node.value + 1
        case float():
            node.value = node.value + 1 if node.value else 0
        case str():
            node.value = f"{node.value} "
        case bytes():
            node.value = node.value.decode("latin-1")
        case None:
            node.value = False
        case _:
            return False
    return True


def other_name(node: ast.AST) -> bool:
    for name in ("id", "attr", "arg", "name"):
        value = getattr(node, name, None)
        if isinstance(value, str):
            setattr(node, name, f"{value}_")
            return True
    return False


def dropped_statement(node: ast.AST) -> bool:
    body = getattr(node, "body", None)
    if not isinstance(body, list) or len(body) < 3 or not isinstance(body[-1], ast.stmt):
        return False
    del body[-1]
    return True


def swapped_statements(node: ast.AST) -> bool:
    body = getattr(node, "body", None)
    if not isinstance(body, list) or len(body) < 3 or ast.dump(body[-1]) == ast.dump(body[-2]):
        return False
    body[-1], body[-2] = body[-2], body[-1]
    return True


def dropped_await(node: ast.AST) -> bool:
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.Await):
            setattr(node, name, value.value)
            return True
    return False


def dropped_decorator(node: ast.AST) -> bool:
    if getattr(node, "decorator_list", None):
        node.decorator_list.pop()  # type: ignore[attr-defined]
        return True
    return False


def other_default(node: ast.AST) -> bool:
    if isinstance(node, ast.arguments) and node.defaults:
        node.defaults = [ast.Constant(41)] * len(node.defaults)
        return True
    return False


def swapped_arguments(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and len(node.args) > 1 and ast.dump(node.args[0]) != ast.dump(node.args[1]):
        node.args[0], node.args[1] = node.args[1], node.args[0]
        return True
    return False


def negated_test(node: ast.AST) -> bool:
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        node.test = ast.UnaryOp(ast.Not(), node.test)
        return True
    return False


def empty_return(node: ast.AST) -> bool:
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        node.value = None
        return True
    return False


def dropped_keyword(node: ast.AST) -> bool:
    if isinstance(node, ast.Call | ast.ClassDef) and node.keywords:
        node.keywords.pop()
        return True
    return False


def starred_argument(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and node.args and not isinstance(node.args[-1], ast.Starred):
        node.args[-1] = ast.Starred(node.args[-1], ast.Load())
        return True
    return False


def keyword_only(node: ast.AST) -> bool:
    if isinstance(node, ast.arguments) and len(node.args) > len(node.defaults):
        node.kwonlyargs.insert(0, node.args.pop(len(node.args) - 1 - len(node.defaults)))
        node.kw_defaults.insert(0, None)
        return True
    return False


def nameless_parameter(node: ast.AST) -> bool:
    if isinstance(node, ast.arguments) and len(node.args) > len(node.defaults):
        node.posonlyargs.append(node.args.pop(0))
        return True
    return False


def other_base(node: ast.AST) -> bool:
    if isinstance(node, ast.ClassDef):
        node.bases.append(ast.Name("list", ast.Load()))
        return True
    return False


def added_statement(node: ast.AST) -> bool:
    body = getattr(node, "body", None)
    if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
        body.append(ast.Expr(ast.Call(ast.Name("launch", ast.Load()), [], [])))
        return True
    return False


def _appended(node: ast.AST, statement: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        node.body.append(statement)
        return True
    return False


def made_global(node: ast.AST) -> bool:
    return _appended(node, ast.Global(["LIMIT_"]))


def made_generator(node: ast.AST) -> bool:
    return _appended(node, ast.If(ast.Constant(False), [ast.Expr(ast.Yield())], []))


def made_local(node: ast.AST) -> bool:
    return _appended(node, ast.AnnAssign(ast.Name("LIMIT", ast.Store()), ast.Name("int", ast.Load()), None, 1))


def made_tuple(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign | ast.Return) and node.value is not None:
        node.value = ast.Tuple([node.value], ast.Load())
        return True
    return False


def other_container(node: ast.AST) -> bool:
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.Tuple) and isinstance(value.ctx, ast.Load) and value.elts:
            setattr(node, name, ast.List(value.elts, ast.Load()))
            return True
    return False


def other_handler(node: ast.AST) -> bool:
    if isinstance(node, ast.ExceptHandler):
        node.type = ast.Name("BaseException", ast.Load())
        return True
    return False


def moved_into_block(node: ast.AST) -> bool:
    body = getattr(node, "body", None)
    if not isinstance(body, list) or len(body) < 2 or not isinstance(body[-2], ast.If | ast.For | ast.While | ast.With):
        return False
    body[-2] = copy.copy(body[-2])
    body[-2].body = [*body[-2].body, body.pop()]
    return True


def other_comprehension(node: ast.AST) -> bool:
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.ListComp):
            setattr(node, name, ast.GeneratorExp(value.elt, value.generators))
            return True
    return False


def other_format(node: ast.AST) -> bool:
    if isinstance(node, ast.FormattedValue):
        node.conversion = 115 if node.conversion != 115 else 114
        return True
    return False


def docstring_for_body(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.body) > 1:
        del node.body[1:]
        return True
    return False


def computed_docstring(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        node.body[0] = ast.Expr(ast.JoinedStr([ast.FormattedValue(ast.Name("launch", ast.Load()), -1, None)]))
        return True
    return False


def acting_hint(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is None:
        node.returns = ast.Call(ast.Name("launch", ast.Load()), [], [])
        return True
    return False


def negated_comparison(node: ast.AST) -> bool:
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.Compare):
            setattr(node, name, ast.UnaryOp(ast.Not(), value))
            return True
    return False


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


MUTATIONS: list[Mutation] = [
    other_operator, other_constant, other_name, dropped_statement, swapped_statements, dropped_await,
    dropped_decorator, other_default, swapped_arguments, negated_test, empty_return, dropped_keyword, starred_argument,
    keyword_only, nameless_parameter, other_base, added_statement, made_global, made_generator, made_local, made_tuple,
    other_container, other_handler, moved_into_block, other_comprehension, other_format, docstring_for_body,
    computed_docstring, acting_hint, negated_comparison,
]  # fmt: skip


def mutants(source: str, seed: int, most: int) -> list[tuple[str, str]]:
    """Changes that describe everything and do one more thing: the name of it and the source."""
    text = ast.unparse(described(ast.parse(source)))
    base = ast.dump(ast.parse(text))
    nodes = list(ast.walk(ast.parse(text)))
    hints = in_annotations(nodes)
    sites = [
        (mutation, index)
        for index, node in enumerate(nodes)
        for mutation in MUTATIONS
        if node not in hints and mutation(shell(node))
    ]
    random.Random(seed).shuffle(sites)
    found = [(f"{mutation.__name__} at {index}", mutated(text, mutation, index)) for mutation, index in sites[:most]]
    return [(name, mutant) for name, mutant in found if mutant and ast.dump(ast.parse(mutant)) != base]


def shell(node: ast.AST) -> ast.AST:
    """A copy whose lists are copies, for trying a mutation on."""
    copied = copy.copy(node)
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            setattr(copied, name, list(value))
    return copied


def mutated(text: str, mutation: Mutation, index: int) -> str:
    """The text with one mutation made; empty when that is no Python."""
    tree = ast.parse(text)
    mutation(list(ast.walk(tree))[index])
    try:
        mutant = ast.unparse(ast.fix_missing_locations(tree))
        compile(mutant, "mutant", "exec")
    except (SyntaxError, ValueError):
        return ""
    return mutant


def in_annotations(nodes: list[ast.AST]) -> set[ast.AST]:
    hints = [getattr(node, name, None) for node in nodes for name in ("annotation", "returns")]
    return {inner for hint in hints if hint is not None for inner in ast.walk(hint)}


def test_no_mutant_is_certified() -> None:
    assert risk_of(changed(SAMPLE, ast.unparse(described(ast.parse(SAMPLE))))).certified
    found = mutants(SAMPLE, seed=7, most=500)
    assert len(found) > 400
    assert {name.partition(" ")[0] for name, _ in found} == {mutation.__name__ for mutation in MUTATIONS}
    certified = [name for name, text in found if risk_of(changed(SAMPLE, text)).certified]
    assert certified == []


# --- the whole repository ---------------------------------------------------------------------------------------


def test_nine_of_ten_docstrings_in_ordinary_code_are_certified() -> None:
    files = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for folder in ("improver/git", "improver/ledger", "improver/sandbox")
        for path in (ROOT / folder).rglob("*.py")
    }
    files = {path: content for path, content in files.items() if asks_for(path)}
    context = read_context(files)
    results = [
        risk_of(changed(content, ast.unparse(described(ast.parse(content))).encode(), path), context=context)
        for path, content in files.items()
    ]
    soft = [
        risk
        for risk in results
        if set(risk.categories) <= {Category.DOCSTRINGS, Category.FORMATTING, Category.COMMENTS, Category.DIRECTIVES}
    ]
    assert len(soft) >= 0.9 * len(results), [risk.because[:1] for risk in results if risk not in soft]
