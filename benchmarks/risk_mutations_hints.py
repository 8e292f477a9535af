"""Mutations in annotations: those that act when they are evaluated, that make a name local, that others rely on."""

from __future__ import annotations

import ast
import re
from random import Random

from risk_mutation import Code, functions, mutation
from risk_yardstick import FUNCTIONS

_NAME = re.compile(r"(?:[Nn]ot_?[Tt]here|typing_|unicode|basestring|long|reveal_type)")
_SCOPES = (*FUNCTIONS, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.ClassDef)
_EVALUATED = "it is evaluated when the function is defined"


def _place(code: Code, chance: Random) -> ast.arg | None:
    """A parameter that has no annotation, of a function whose annotations are evaluated."""
    if code.deferred:
        return None
    given = [
        argument
        for node in functions(code)
        for argument in (*node.args.args, *node.args.kwonlyargs)
        if argument.annotation is None
    ]
    return chance.choice(given) if given else None


def _annotated(code: Code, chance: Random, hints: tuple[str, ...]) -> bytes | None:
    argument = _place(code, chance)
    if argument is None:
        return None
    return code.insert(code.span(argument)[1], f": {chance.choice(hints)}".encode())


@mutation("an annotation that calls", acts=_EVALUATED)
def calls(code: Code, chance: Random) -> bytes | None:
    hints = ("print()", "__import__('os')", "list[print()]", "type(print())", "int if print() else str",
             "[print() for _ in ()]", "(lambda: 1)()", "f'{print()}'", "{print(): 1}", "'%s' % print()")  # fmt: skip
    return _annotated(code, chance, hints)


@mutation("an annotation that assigns", acts=_EVALUATED)
def assigns(code: Code, chance: Random) -> bytes | None:
    return _annotated(code, chance, ("(surplus := int)", "list[(str := int)]", "(len := None)"))


@mutation("an annotation with a name that is nowhere", acts="evaluating it raises NameError")
def undefined(code: Code, chance: Random) -> bytes | None:
    hints = ("NotThere", "list[NotThere]", "NotThere.Inner", "NotThere[int]", "'NotThere' | None", "not_there.Name",
             "typing_.Any", "unicode", "basestring", "long", "reveal_type", "dict[str, NotThere]")  # fmt: skip
    absent = [hint for hint in hints if not any(word.encode() in code.content for word in _NAME.findall(hint))]
    return _annotated(code, chance, tuple(absent)) if absent else None


@mutation("an annotation that cannot be evaluated", acts="evaluating it raises")
def failing(code: Code, chance: Random) -> bytes | None:
    hints = ("1 / 0", "{}[0]", "int[str]", "int | 3", "str[0]", "None | None", "'int' | None", "int.not_there",
             "list.not_there[int]", "(1).real.missing", "len[int]", "int['x']", "object()[0]", "-int", "not_there()",
             "bool | 'str'", "print | None", "int & str", "int or 1 / 0", "*int", "None[int]", "float[1]")  # fmt: skip
    return _annotated(code, chance, hints)


@mutation("an annotation with a name of further down", acts="evaluating it raises NameError")
def later(code: Code, chance: Random) -> bytes | None:
    if code.deferred:
        return None
    tops = [node for node in code.tree.body if isinstance(node, (ast.ClassDef, *FUNCTIONS))]
    classes = [node for node in tops if isinstance(node, ast.ClassDef) and _is_bound_once(code, node.name)]
    pairs = [(one, other) for one in tops for other in classes if one.lineno < other.lineno]
    found = [(argument, other) for one, other in pairs for argument in _defined_with(one)]
    if not found:
        return None
    argument, other = chance.choice(found)
    return code.insert(code.span(argument)[1], f": {other.name}".encode())


def _defined_with(node: ast.AST) -> list[ast.arg]:
    """The parameters whose annotations are evaluated when a statement at the top is run."""
    own = (
        [node]
        if isinstance(node, FUNCTIONS)
        else [part for part in getattr(node, "body", []) if isinstance(part, FUNCTIONS)]
    )
    return [argument for function in own for argument in function.args.args if argument.annotation is None]


@mutation("an annotation with the class around it", acts="the class does not exist yet, so evaluating it raises")
def own_class(code: Code, chance: Random) -> bytes | None:
    if code.deferred:
        return None
    tops = [node for node in code.tree.body if isinstance(node, ast.ClassDef)]
    classes = [node for node in tops if _is_bound_once(code, node.name)]
    found = [(argument, node) for node in classes for argument in _defined_with(node)]
    if not found:
        return None
    argument, node = chance.choice(found)
    return code.insert(code.span(argument)[1], f": {node.name}".encode())


@mutation("an annotation with a name imported for types alone", acts="evaluating it raises NameError")
def for_types(code: Code, chance: Random) -> bytes | None:
    blocks = [node for node in code.tree.body if isinstance(node, ast.If) and b"TYPE_CHECKING" in code.text(node.test)]
    names = [
        alias.asname or alias.name.partition(".")[0]
        for block in blocks
        for node in block.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    imported = set(names) - {name for node in code.tree.body if node not in blocks for name in _bound(node)}
    return _annotated(code, chance, tuple(sorted(imported))) if imported else None


def _is_bound_once(code: Code, name: str) -> bool:
    """Whether a class is the only thing of its name in a file."""
    defined = [
        node for node in ast.walk(code.tree) if isinstance(node, (ast.ClassDef, *FUNCTIONS)) and node.name == name
    ]
    return len(defined) == 1 and name not in _bound(code.tree) and b"import *" not in code.content


def _bound(node: ast.AST) -> list[str]:
    names = [
        alias.asname or alias.name
        for inner in ast.walk(node)
        for alias in getattr(inner, "names", [])
        if hasattr(alias, "name")
    ]
    return names + [
        inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    ]


@mutation("an annotation at the top that acts", acts="it is evaluated when the module is imported")
def at_the_top(code: Code, chance: Random) -> bytes | None:
    tops = [node for node in code.tree.body if isinstance(node, ast.Assign) and len(node.targets) == 1]
    found = [node.targets[0] for node in tops if isinstance(node.targets[0], ast.Name)]
    if not found or code.deferred:
        return None
    hint = chance.choice(("print()", "NotThere", "(surplus := int)", "1 / 0", "not_there.Name", "int[str]"))
    return code.insert(code.span(chance.choice(found))[1], f": {hint}".encode())


@mutation("a bare annotation in a function", acts="it makes a name local that was not, so that reading it raises")
def bare_local(code: Code, chance: Random) -> bytes | None:
    found = []
    for owner, body in code.blocks:
        if isinstance(owner, FUNCTIONS) and not any(
            isinstance(node, _SCOPES) for node in ast.walk(owner) if node is not owner
        ):
            own = {node.arg for node in ast.walk(owner.args) if isinstance(node, ast.arg)}
            names = [node for part in body for node in ast.walk(part) if isinstance(node, ast.Name)]
            stored = {node.id for node in names if not isinstance(node.ctx, ast.Load)} | _otherwise_bound(owner)
            found += [(body[0], name) for name in sorted({node.id for node in names} - own - stored)]
    if not found:
        return None
    first, name = chance.choice(found)
    return _line_before(code, first, f"{name}: int")


def _otherwise_bound(owner: ast.AST) -> set[str]:
    """The names that imports, handlers and patterns bind, and those declared global."""
    found: set[str] = set()
    for node in ast.walk(owner):
        match node:
            case ast.alias():
                found.add(node.asname or node.name.partition(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                found.update(names)
    return found


def _line_before(code: Code, node: ast.stmt, text: str) -> bytes:
    first, last = code.lines_of(node)
    return code.with_lines(first, last, [code.indent(node) + text.encode() + b"\n", *code.taken(node)])


@mutation("an annotation in the body of a class", acts="bases, decorators and whoever asks for fields read it")
def field(code: Code, chance: Random) -> bytes | None:
    bodies = [body for owner, body in code.blocks if isinstance(owner, ast.ClassDef)]
    if not bodies:
        return None
    body = chance.choice(bodies)
    plain = [node for node in body if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)]
    if plain and chance.random() < 0.5:
        return code.insert(code.span(chance.choice(plain).targets[0])[1], b": int")
    return _line_before(code, body[0], chance.choice(("surplus: int", "surplus: str = ''", "__slots__: tuple = ()")))


@mutation("a public annotation changed", acts="others may rely on what was there")
def changed(code: Code, chance: Random) -> bytes | None:
    found = [
        hint
        for node in code.tree.body
        if isinstance(node, FUNCTIONS) and not node.name.startswith("_")
        for hint in (node.returns, *(argument.annotation for argument in node.args.args))
        if hint is not None and code.lines[hint.lineno - 1] in code.before
    ]
    return code.put(chance.choice(found), chance.choice((b"int", b"str", b"'bytes'"))) if found else None
