"""Whether a decorator, a base class or a call that is given something may look at its docstring or annotations."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from improver.judge.harmless import (
    CONTAINERS,
    is_builtin,
    is_container,
    is_own_attribute,
    is_plain_standard,
    is_super,
    method_of,
    where_defined,
)
from improver.judge.known import Entry, Known
from improver.judge.looks import (
    Start,
    Use,
    call_arguments,
    calling,
    decorating,
    looks_by_name,
    stores,
    uses,
)
from improver.judge.names import dotted
from improver.judge.origins import STANDARD, Origin, Origins
from improver.judge.parents import Parents
from improver.judge.scopes import Place

_MAKING = frozenset({"functools.partial", "functools.partialmethod", "functools.reduce", "types.MethodType"})
_META = frozenset({"six.add_metaclass", "future.utils.add_metaclass"})
_EXCEPTIONS = ("Error", "Exception", "Warning", "Timeout")
_DEEPEST = 25

Seen = frozenset[int]


@dataclass(frozen=True)
class Strangers:
    """Judges what is given a function or class.

    Parameters:
        strict: whether a call of which nothing is known but its text counts as one that looks.
    """

    known: Known
    origins: Origins
    strict: bool = True
    _kept: dict[tuple[int, str, Start], tuple[ast.AST, str]] = field(default_factory=dict, repr=False, compare=False)

    # --- decorators ---------------------------------------------------------------------------------------------

    def decorator(self, node: ast.expr, place: Place, what: str, seen: Seen = frozenset()) -> str:
        """Why a decorator may look at what it decorates; empty when it does not.

        Parameters:
            place: where the decorator stands.
            what: ``docstrings`` or ``annotations``.
        """
        inner = node.func if isinstance(node, ast.Call) else node
        given = [*node.args, *(keyword.value for keyword in node.keywords)] if isinstance(node, ast.Call) else []
        if isinstance(inner, ast.Call):
            given = [*given, *inner.args]
        for origin in self.origins.of(inner, place):
            if origin.outside and origin.name in _META:
                reason = self._first(self.base(one, place, what, is_class=True, seen=seen) for one in given)
            elif origin.outside and origin.name in _MAKING:
                reason = self._first(self.decorator(one, place, what, seen) for one in given[:1])
            else:
                reason = self._of(origin, what, node, seen) or self._arguments(origin, given, place, what, seen)
            if reason:
                return reason
        return ""

    def stores(self, node: ast.expr, place: Place) -> frozenset[str]:
        """The names under which a decorator of the repository keeps what it decorates."""
        inner = node.func if isinstance(node, ast.Call) else node
        found: set[str] = set()
        for origin in self.origins.of(inner, place):
            if origin.node is not None:
                found |= stores(origin.node, decorating(origin.node, factory=inner is not node))
        return frozenset(found)

    def _arguments(self, origin: Origin, given: list[ast.expr], place: Place, what: str, seen: Seen) -> str:
        """Whether a decorator of the repository is given another one, which it may put on what it decorates."""
        if origin.node is None:
            return ""
        for node in given:
            called = node.func if isinstance(node, ast.Call) else node
            if isinstance(called, ast.Lambda) or (dotted(called) and not dotted(called).endswith(_EXCEPTIONS)):
                for inner in self.origins.of(called, place):
                    if not inner.unsure and not is_builtin(inner.name):
                        reason = self._lenient._of(inner, what, node, seen)
                        if reason:
                            return reason
        return ""

    @cached_property
    def _lenient(self) -> Strangers:
        return replace(self, strict=False, _kept={})

    @staticmethod
    def _first(reasons: Iterable[str]) -> str:
        return next((reason for reason in reasons if reason), "")

    def _of(self, origin: Origin, what: str, written: ast.expr, seen: Seen) -> str:
        """Why one thing that a decorator may be looks at what it decorates; empty when it does not."""
        factory = isinstance(written, ast.Call)
        while isinstance(written, ast.Call):
            written = written.func
        shown = f"the decorator `{(dotted(written) or ast.unparse(written))[:60]}`"
        if origin.node is not None:
            word = self.definition(origin, what, decorating(origin.node, factory=factory), seen)
            return f"{shown} ({where_defined(origin)}) {word}" if word else ""
        known = self._harmless("harmless-decorator", origin, what)
        entry = None if known and origin.outside else self._reading(("decorator", "taker"), origin, written, what)
        if entry is not None:
            return f"{shown}: {entry.reason}"
        return "" if known else f"{shown} is not known"

    def _harmless(self, kind: str, origin: Origin, what: str) -> bool:
        """Whether an entry says that something does not look; what is not understood may only be a method's name."""
        return self.known.find(kind, origin.name, what, wild=origin.unsure) is not None

    def _reading(self, kinds: tuple[str, ...], origin: Origin, written: ast.expr, what: str) -> Entry | None:
        if origin.outside and origin.name.partition(".")[0] in STANDARD:
            return self._sure(kinds, origin.name, what)
        for name in dict.fromkeys((origin.name, dotted(written))):
            for kind in kinds:
                entry = self.known.find(kind, name, what) if name else None
                if entry is not None:
                    return entry
        return None

    def _sure(self, kinds: tuple[str, ...], name: str, what: str) -> Entry | None:
        return next((entry for kind in kinds if (entry := self.known.find(kind, name, what, wild=False))), None)

    # --- what a definition of the repository does -----------------------------------------------------------------

    def definition(self, origin: Origin, what: str, start: Start, seen: Seen = frozenset()) -> str:
        """What a function or class of the repository does that may look at what it is given; empty for nothing.

        Parameters:
            start: the parameters by which it is given.
        """
        node, place = origin.node, origin.place
        if node is None or place is None or id(node) in seen:
            return ""
        if len(seen) > _DEEPEST:
            return "calls too many others to be followed"
        key = (id(node), what, start)
        if key in self._kept:
            return self._kept[key][1]
        reason = self._first(self._use(use, what, seen | {id(node)}) for use in uses(node, place, what, start))
        if not seen:
            self._kept[key] = (node, reason)
        return reason

    def _use(self, use: Use, what: str, seen: Seen) -> str:
        if use.kind == "word":
            return f"uses `{use.word}`"
        if use.kind in ("decorator", "result"):
            reason = self.decorator(use.node, use.place, what, seen)
            return f"puts another on it: {reason}" if reason else ""
        assert isinstance(use.node, ast.Call)
        return self.handed(use.node, use.place, what, use.arguments, seen)

    def handed(
        self, call: ast.Call, place: Place, what: str, given: Sequence[ast.expr], seen: Seen = frozenset()
    ) -> str:
        """Why a call may look at a function or class that it is given; empty when it does not.

        Parameters:
            given: those of its arguments that are, or hold, the function or class.
        """
        if isinstance(call.func, ast.Call) and dotted(call.func.func) != "type":
            reason = self.decorator(call.func, place, what, seen)
            return f"hands it on: {reason}" if reason else ""
        for origin in self.origins.of(call.func, place):
            reason = self._taken(origin, call, place, what, (tuple(given), seen))
            if reason:
                return reason
        return ""

    def _taken(  # noqa: PLR0911 - one line a kind of function
        self, origin: Origin, call: ast.Call, place: Place, what: str, more: tuple[Sequence[ast.expr], Seen]
    ) -> str:
        written = (dotted(call.func) or ast.unparse(call.func))[:60]
        if origin.parameter or is_own_attribute(call.func, place):
            return ""
        if origin.node is not None:
            inner = self.definition(origin, what, calling(origin.node, call, more[0]), more[1])
            return f"hands it to `{written}` ({where_defined(origin)}), which {inner}" if inner else ""
        if looks_by_name(origin.name, what):
            return f"hands it to `{origin.name}`"
        known = any(self._harmless(kind, origin, what) for kind in ("harmless-decorator", "harmless-call"))
        if known:
            return ""
        entry = self._reading(("taker",), origin, call.func, what) or (
            self._sure(("call", "decorator"), origin.name, what) if origin.outside else None
        )
        if entry is not None:
            return f"hands it to `{written}`: {entry.reason}"
        if is_super(call.func) or (origin.outside and is_plain_standard(origin.name)):
            return self._through(call, place, what)
        if origin.unsure and (not self.strict or method_of(call.func) in CONTAINERS):
            return ""
        return f"hands it to `{written}`, which is not known"

    def _through(self, call: ast.Call, place: Place, what: str) -> str:
        """Whether a call of the standard library is also given a reader, to call it: `map(tool, functions)`."""
        for argument in call_arguments(call):
            function = argument.func if isinstance(argument, ast.Call) else argument
            for origin in self.origins.of(function, place) if dotted(function) else ():
                if origin.outside and origin.name.partition(".")[0] not in STANDARD:
                    entry = self._taking(origin, function, what, curried=isinstance(argument, ast.Call))
                    if entry is not None:
                        return f"hands it to `{dotted(function)}`: {entry.reason}"
        return ""

    def taker(self, call: ast.Call, place: Place, what: str) -> str:
        """Why a call is known to look at any function it is given; empty when that is not known."""
        function = call.func.func if isinstance(call.func, ast.Call) else call.func
        for origin in self.origins.of(function, place):
            kinds = ("harmless-decorator", "harmless-call")
            if origin.node is not None or any(self._harmless(kind, origin, what) for kind in kinds):
                continue
            entry = self._taking(origin, function, what, curried=isinstance(call.func, ast.Call))
            if isinstance(function, ast.Attribute) and entry is not None and is_container(function.value, place):
                continue
            if entry is not None:
                return f"hands it to `{(dotted(function) or origin.name)[:60]}`: {entry.reason}"
        return ""

    def keeper(self, call: ast.Call, place: Place, what: str, *, tools: bool) -> str:
        """Why a call of a library is known to look at any function it is given; empty when that is not known.

        Parameters:
            tools: whether it is given tools, commands or the like, which libraries that read look at.
        """
        curried = isinstance(call.func, ast.Call)
        function = call.func.func if isinstance(call.func, ast.Call) else call.func
        for origin in self.origins.of(function, place) if dotted(function) else ():
            harmless = any(self._harmless(kind, origin, what) for kind in ("harmless-decorator", "harmless-call"))
            if not origin.outside or harmless:
                continue
            entry = self._reading(("taker", "decorator") if curried else ("taker",), origin, function, what)
            entry = entry or self._sure(("call",), origin.name, what)
            if entry is None and tools:
                entry = self._library(origin.name, what)
            if entry is not None:
                return f"hands it to `{dotted(function)[:60]}`: {entry.reason}"
        return ""

    def _taking(self, origin: Origin, written: ast.expr, what: str, *, curried: bool) -> Entry | None:
        if origin.outside and origin.name.partition(".")[0] in STANDARD:
            return self._sure(("taker", "call", "decorator"), origin.name, what)
        kinds = ("taker", "decorator") if curried else ("taker",)
        entry = self._reading(kinds, origin, written, what)
        if entry is None and origin.outside:
            entry = self._sure(("call", "decorator"), origin.name, what) or self._library(origin.name, what)
        return entry

    def _library(self, name: str, what: str) -> Entry | None:
        """The entry of a library of which anything may look at what it is given."""
        words = name.split(".")
        prefixes = (".".join(words[:length]) for length in range(1, len(words) + 1))
        return next((entry for prefix in prefixes if (entry := self.known.find("import", prefix, what))), None)

    def base(self, node: ast.expr, place: Place, what: str, *, is_class: bool, seen: Seen = frozenset()) -> str:
        """Why a base class or metaclass may look at a class or, unless `is_class`, at its members; empty if not."""
        return self.parents.base(node, place, what, is_class=is_class, seen=seen)

    @cached_property
    def parents(self) -> Parents:
        """Judges base classes by what their hooks do."""
        return Parents(self.known, self.origins, self.definition)
