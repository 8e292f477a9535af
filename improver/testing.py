"""What the author of an analyzer needs to test it: its examples, and the laws that hold for all of them.

In a test::

    check_examples(Docstrings())
    assert not broken_laws(Docstrings(), Source("area.py", b"def area(width): ..."))
"""

from __future__ import annotations

import ast
import difflib
import io
import textwrap
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

from improver.edits import apply, conflicting
from improver.errors import StaleProposal
from improver.facts import NOTHING_OBSERVED, Facts
from improver.ports import Analyzer, Example, Untouched
from improver.values import Category, Proposal, Source, Style, Target

_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def target_of(*sources: Source, style: Style | None = None) -> Target:
    """A target that holds nothing but these files; nothing of it lies on the disk."""
    return Target(Path("/nowhere"), "", "", sources, ("",), style or Style())


def proposals(
    analyzer: Analyzer, source: Source, *, style: Style | None = None, facts: Facts = NOTHING_OBSERVED
) -> tuple[Proposal, ...]:
    """What the analyzer proposes for one file that stands alone.

    Raises:
        SyntaxError: the file is not Python that this interpreter understands.
    """
    items = analyzer.analyze(source, target_of(source, style=style), facts)
    return tuple(item for item in items if isinstance(item, Proposal))


def improved(source: Source, found: tuple[Proposal, ...]) -> Source:
    """The file with everything done that is proposed.

    Raises:
        StaleProposal: the edits do not fit the file or each other, or are meant for another file.
    """
    edits = [edit for proposal in found for edit in proposal.edits]
    if strangers := sorted({edit.path for edit in edits} - {source.path}):
        raise StaleProposal(f"{', '.join(strangers)} was to change, and only {source.path} is there.")
    return Source(source.path, apply(source.content, edits))


def check_examples(analyzer: Analyzer, *, style: Style | None = None) -> None:
    """Run the analyzer on its own examples, dedented and with a final newline.

    Raises:
        AssertionError: an example becomes something else than it says, with the difference.
    """
    for example in analyzer.examples:
        match example:
            case Example(before, after, why):
                pass
            case Untouched(before, why):
                after = before
            case other:
                assert_never(other)
        source = Source("example.py", _code(before).encode())
        result = improved(source, proposals(analyzer, source, style=style)).content.decode()
        if result != _code(after):
            wanted, got = _code(after).splitlines(), result.splitlines()
            lines = difflib.unified_diff(wanted, got, "what the example says", "what came out", lineterm="")
            raise AssertionError("\n".join((f"{type(analyzer).__name__}: {why or 'an example'}", *lines)))


def broken_laws(analyzer: Analyzer, source: Source, *, style: Style | None = None) -> tuple[str, ...]:
    """The laws that an analyzer breaks on a file, as sentences; none when all is well.

    Proposals come out the same every time, are for this file, do not overlap and can each
    be made alone; the file parses afterwards, has all its comments, and differs only in what the analyzer promises; and
    a second run proposes nothing. A file that does not parse breaks no law.
    """
    try:
        found = proposals(analyzer, source, style=style)
    except SyntaxError:
        return ()
    laws = list(_broken_alone(source, found))
    if proposals(analyzer, source, style=style) != found:
        laws.append("a second look at the same file gives other proposals")
    if not laws and found:
        laws += _broken_together(analyzer, source, improved(source, found), style)
    return tuple(laws)


def _broken_together(analyzer: Analyzer, source: Source, after: Source, style: Style | None) -> Iterator[str]:
    if _tree(after.content) is None:
        yield "the file does not parse afterwards"
        return
    if again := proposals(analyzer, after, style=style):
        yield f"a second run proposes {len(again)} more, the first at line {again[0].site.line}"
    if analyzer.promises not in (Category.COMMENTS, Category.DIRECTIVES) and _comments(source) != _comments(after):
        yield "comments are lost, altered, added or in another order"
    if not _kept(analyzer.promises, source, after):
        yield f"more than {analyzer.promises.word} changes"


def _broken_alone(source: Source, found: tuple[Proposal, ...]) -> Iterator[str]:
    """What is wrong with single proposals."""
    for proposal, other in conflicting(found):
        yield f"two proposals touch the same bytes, for lines {other.site.line} and {proposal.site.line}"
    for proposal in found:
        if problem := _problem(source, proposal):
            yield f"the proposal for line {proposal.site.line} {problem}"


def _problem(source: Source, proposal: Proposal) -> str:
    if not proposal.edits:
        return "changes nothing"
    try:
        after = improved(source, (proposal,))
    except StaleProposal as error:
        return f"does not fit: {error.message}"
    return "alone does not parse" if _tree(after.content) is None else ""


def _kept(promised: Category, source: Source, after: Source) -> bool:
    """Whether the program is the same once what was promised is erased; nothing is known of harder categories."""
    if promised > Category.ANNOTATIONS:
        return True
    return _erased(promised, source) == _erased(promised, after)


def _erased(promised: Category, source: Source) -> str:
    tree = _tree(source.content)
    assert tree is not None
    if promised >= Category.ANNOTATIONS:
        tree = _WithoutAnnotations().visit(tree)
    for node in ast.walk(tree):
        if promised >= Category.DOCSTRINGS and isinstance(node, _DOCUMENTED) and _documented(node):
            del node.body[0]
    return ast.dump(tree)


def _documented(node: _DOCUMENTED) -> bool:
    match node.body:
        case [ast.Expr(ast.Constant(str())), *_]:
            return True
        case _:
            return False


class _WithoutAnnotations(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return ast.Assign([node.target], self.visit(node.value), lineno=node.lineno)


def _tree(content: bytes) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(content)
        except (SyntaxError, ValueError):
            return None


def _comments(source: Source) -> list[str]:
    content = source.content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    tokens = tokenize.tokenize(io.BytesIO(content).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def _code(text: str) -> str:
    return textwrap.dedent(text).strip("\n") + "\n"
