"""Whether what stands under `if TYPE_CHECKING:` changes nothing for whoever sets that flag, too."""

from __future__ import annotations

import ast
from collections import Counter

from improver.judge.library import Library, Unit
from improver.judge.masked import imports_for_types
from improver.judge.names import imported


def foul_type_imports(unit: Unit, library: Library) -> str:
    """Why an import for types alone may run or change what a name stands for; empty when it cannot."""
    if library.is_own("typing", unit):
        return "a file of the repository is called `typing`"
    inside: Counter[str] = Counter()
    for node in imports_for_types(unit.tree):
        assert isinstance(node, ast.If)
        for statement in node.body:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                inside.update(local for local, _ in imported(statement))
    return _bound_twice(inside, unit)


def _bound_twice(inside: Counter[str], unit: Unit) -> str:
    """A name that is imported for types and bound to something else: with the flag set it is another program."""
    for name in sorted(inside):
        if name == "*":
            return "`from x import *` stands in it"
        if name in unit.bound.others or len(unit.bound.places.get(name, ())) != inside[name]:
            return f"`{name}` is bound outside of it too"
    return ""
