"""How calls of the language and its library change what must be done to get a value out again.

``c`` is a call and ``e`` is taking an element: a function in a list is got at by ``e``, one that a function
returns by ``c``, one in a list that a function returns by ``c`` and then ``e``.
"""

from __future__ import annotations

from collections.abc import Iterator

Ops = tuple[str, ...]
CALL, ELEMENT = "c", "e"

_SAME = frozenset({"cast", "copy", "deepcopy", "staticmethod", "classmethod", "update_wrapper", "MethodType", "unwrap",
                   "lru_cache", "cache", "ref", "proxy", "closing", "getattr", "MappingProxyType", "WeakMethod"})  # fmt: skip
_ITERATING = frozenset({"list", "tuple", "set", "frozenset", "reversed", "iter", "sorted", "filter"})
_PAIRING = frozenset({"enumerate", "zip"})
_PICKING = frozenset({"next", "min", "max", "reduce"})
_NOTHING = frozenset({"vars", "super", "type", "object"})
PICKERS = frozenset({"get", "pop", "popleft", "__getitem__", "__next__", "setdefault", "popitem"})


def popped(ops: Ops, kind: str) -> Iterator[Ops]:
    """What is left to be done once one thing is done, if that was next."""
    if ops and ops[0] == kind:
        yield ops[1:]


def after(name: str, ops: Ops, *, by_keyword: bool = False) -> Iterator[Ops]:
    """What is to be done to the result of a call to get at a value that its argument holds."""
    contained = bool(ops) and ops[0] == ELEMENT
    if name in _SAME:
        yield ops
    elif name in _ITERATING:
        if contained:
            yield ops
    elif name in _PAIRING:
        if contained:
            yield (ELEMENT, *ops)
    elif name in _PICKING:
        yield from popped(ops, ELEMENT)
        yield ops
    elif name in _NOTHING:
        return
    elif by_keyword:
        yield (ELEMENT, *ops)
    else:
        yield ops
        yield (ELEMENT, *ops)
        yield from popped(ops, ELEMENT)


def before(name: str, ops: Ops) -> Iterator[Ops]:
    """What is to be done to an argument of a call to get at what is got by doing something to its result."""
    contained = bool(ops) and ops[0] == ELEMENT
    if name in _SAME or name in ("type", "vars", "object"):
        yield ops
    elif name in _ITERATING:
        if contained:
            yield ops
    elif name in _PAIRING:
        if ops[:2] == (ELEMENT, ELEMENT):
            yield ops[1:]
    elif name in _PICKING:
        yield (ELEMENT, *ops)
        yield ops
    elif contained:
        yield ops
        yield (ELEMENT, *ops)
        yield ops[1:]


def got(name: str, ops: Ops) -> Iterator[Ops]:
    """What is left to be done after a method of a container was called that gives some of its content."""
    if not ops or ops[0] != ELEMENT:
        return
    if name == "items":
        yield (ELEMENT, *ops)
    elif name == "popitem":
        yield ops
    elif name in PICKERS:
        yield ops[1:]
    else:
        yield ops


def sought(name: str, ops: Ops) -> Iterator[Ops]:
    """What is to be done to a container to get at what is got from the result of one of its methods."""
    if name == "items":
        if ops[:2] == (ELEMENT, ELEMENT):
            yield ops[1:]
    elif name == "popitem":
        if ops and ops[0] == ELEMENT:
            yield ops
    elif name in PICKERS:
        yield (ELEMENT, *ops)
    elif ops and ops[0] == ELEMENT:
        yield ops
