"""Bandit as a library: it parses and never runs. No setting of the target reaches it, ``nosec`` is ignored."""

from __future__ import annotations

import ast
import logging
import tempfile
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Bandit keeps its plug-ins, its logger and the warnings' format in global state.
_ONE_AT_A_TIME = threading.Lock()
_Block = ast.stmt | ast.excepthandler
_INNER = ("body", "orelse", "finalbody", "handlers", "cases")


@dataclass(frozen=True, slots=True)
class Finding:
    """What bandit found, apart from where: its rule, its words, and the code in a form that layout leaves alone."""

    rule: str
    text: str
    code: str


def scanner_version() -> str:
    """The version of bandit that would look."""
    return version("bandit")


def scan(content: bytes, tree: ast.Module | None = None) -> tuple[Finding, ...]:
    """What bandit finds in one file.

    Parameters:
        tree: its syntax tree, where that is at hand.

    Raises:
        ValueError: it could not look at all of the file; the message says why.
    """
    with _ONE_AT_A_TIME, _quiet() as complaints, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scanned.py"
        path.write_bytes(content)
        issues = _issues(path)
        if complaints:
            raise ValueError(complaints[0])
    if not issues:
        return ()
    blocks = _blocks(tree or parsed(content))
    return tuple(Finding(issue.test_id, str(issue.text), _code_at(issue.lineno, blocks)) for issue in issues)


def _issues(path: Path) -> list[Any]:
    from bandit.core.config import BanditConfig  # type: ignore[import-untyped]  # noqa: PLC0415 - slow to import
    from bandit.core.manager import BanditManager  # type: ignore[import-untyped]  # noqa: PLC0415

    manager = BanditManager(BanditConfig(), "file", ignore_nosec=True)
    manager.files_list = [str(path)]
    try:
        manager.run_tests()
    except SystemExit as ended:  # bandit turns Ctrl-C into an exit of its own
        raise KeyboardInterrupt from ended
    for _, reason in manager.get_skipped():
        raise ValueError(str(reason))
    return list(manager.results)


@contextmanager
def _quiet() -> Iterator[list[str]]:
    """Collect what bandit logs as an error, print nothing, and put back what it changes."""
    logger = logging.getLogger("bandit")
    collector = _Collector(logging.ERROR)
    formatted, propagates = warnings.formatwarning, logger.propagate
    logger.addHandler(collector)
    logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield collector.messages
    finally:
        logger.removeHandler(collector)
        logger.propagate = propagates
        warnings.formatwarning = formatted


class _Collector(logging.Handler):
    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        lines = record.getMessage().splitlines() or [""]
        self.messages.append(lines[0].partition(" on file ")[0])


def _blocks(tree: ast.Module) -> list[tuple[int, int, _Block]]:
    """Every statement with its first and last line, outer ones first."""
    found: list[tuple[int, int, _Block]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.excepthandler):
            decorators: Iterable[ast.expr] = getattr(node, "decorator_list", ())
            first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
            found.append((first, node.end_lineno or node.lineno, node))
    return found


def parsed(content: bytes) -> ast.Module:
    """The syntax tree, without the warnings that parsing prints.

    Raises:
        ValueError: it is not Python that this interpreter understands (a SyntaxError is one, reworded).
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(content)
    except (SyntaxError, RecursionError, MemoryError, LookupError) as error:
        raise ValueError(f"does not parse: {error}") from error


def _code_at(line: int, blocks: list[tuple[int, int, _Block]]) -> str:
    """The innermost statement on that line, without the statements inside it and without layout."""
    around = [
        (last - first, number, node) for number, (first, last, node) in enumerate(blocks) if first <= line <= last
    ]
    if not around:
        return ""
    node = min(around, key=lambda item: (item[0], -item[1]))[2]
    hollow = copy(node)
    for name, value in ast.iter_fields(node):
        if isinstance(value, list) and name in _INNER:
            setattr(hollow, name, [ast.Pass()] if name == "body" else [])
    try:
        return ast.unparse(hollow)
    except (RecursionError, ValueError):
        return ast.dump(hollow)[:500]
