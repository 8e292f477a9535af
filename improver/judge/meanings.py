"""What an expression in an annotation may stand for, as far as evaluating it goes; and what `typing` offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto


class Acts(Exception):
    """Evaluating an expression may fail or act; the message says why."""


class Kind(Enum):
    """What evaluating with a value can do."""

    CLASS = auto()  # made by a plain metaclass: may be a parameter and stand in a union
    ALIAS = auto()  # of `typing`, as good as a class
    VARIABLE = auto()  # a type variable
    PARAMETERS = auto()  # a `ParamSpec`, or what is given for one
    PACK = auto()  # a `TypeVarTuple`
    FORM = auto()  # may only stand alone, or with brackets
    NONE = auto()
    TEXT = auto()
    MODULE = auto()
    THING = auto()  # it exists, and no more is known


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an expression stands for.

    Parameters:
        slots: one letter for each parameter it takes in brackets, looked at by `typing`: ``T`` a type, ``P`` a list
            of types; ``None`` if it takes none.
        brackets: the minor version of Python 3 from which it takes anything in brackets unlooked; 0 for never.
        form: the name of a form of `typing` whose brackets have rules of their own.
        free: the names of the type variables in it that may be given in brackets, in order.
        module: for a module its path in the repository, or its dotted name with a colon in front.
    """

    kind: Kind
    slots: str | None = None
    brackets: int = 0
    form: str = ""
    free: tuple[tuple[str, str], ...] = ()
    module: str = ""


THING = Meaning(Kind.THING)
NONE = Meaning(Kind.NONE)
TEXT = Meaning(Kind.TEXT)
CLASS = Meaning(Kind.CLASS)
ALIAS = Meaning(Kind.ALIAS)

# How many parameters each takes, in all versions.
_COUNTS = {
    "List": 1, "Set": 1, "FrozenSet": 1, "Deque": 1, "Type": 1, "Iterable": 1, "Iterator": 1, "Sequence": 1,
    "MutableSequence": 1, "Collection": 1, "Container": 1, "Reversible": 1, "AbstractSet": 1, "MutableSet": 1,
    "Awaitable": 1, "AsyncIterable": 1, "AsyncIterator": 1, "KeysView": 1, "ValuesView": 1, "Counter": 1, "Dict": 2,
    "Mapping": 2, "MutableMapping": 2, "DefaultDict": 2, "OrderedDict": 2, "ItemsView": 2, "ChainMap": 2,
    "Generator": 3, "Coroutine": 3, "AsyncGenerator": 2, "ContextManager": 1, "AsyncContextManager": 1,
    "SupportsAbs": 1, "SupportsRound": 1, "IO": 1, "Pattern": 1, "Match": 1, "MappingView": 1,
}  # fmt: skip
_PLAIN = ("Any", "Hashable", "Sized", "SupportsInt", "SupportsFloat", "SupportsIndex", "SupportsBytes",
          "SupportsComplex", "Text", "TextIO", "BinaryIO")  # fmt: skip
# With the minor version from which each may be a parameter.
_SPECIAL = {"NoReturn": (0, 7), "Never": (11, 11), "Self": (11, 11), "LiteralString": (11, 11)}
_FORMS = {
    "Optional": 0, "Union": 0, "Literal": 8, "ClassVar": 0, "Final": 8, "Callable": 0, "Tuple": 0, "Annotated": 9,
    "Concatenate": 10, "TypeGuard": 10, "TypeIs": 13, "Required": 11, "NotRequired": 11, "Unpack": 11, "TypeAlias": 10,
}  # fmt: skip
_MAY_BE_BARE = ("Callable", "Tuple")


def _forms() -> Mapping[str, tuple[int, int, Meaning]]:
    """Each name of `typing`: when it came, from when it may be a parameter, and what it stands for."""
    found = {name: (0, 0, Meaning(Kind.ALIAS, slots="T" * count)) for name, count in _COUNTS.items()}
    found.update({name: (8 if name == "SupportsIndex" else 0, 0, ALIAS) for name in _PLAIN})
    found["AnyStr"] = (0, 0, Meaning(Kind.VARIABLE, free=(("AnyStr", "T"),)))
    found.update({name: (since, plain, ALIAS) for name, (since, plain) in _SPECIAL.items()})
    for name, since in _FORMS.items():
        kind = Kind.ALIAS if name in _MAY_BE_BARE else Kind.FORM
        found[name] = (since, since, Meaning(kind, form=name))
    return found


FORMS = _forms()
OFFERED_BY = ("typing", "typing_extensions")


def form(name: str, python: tuple[int, int], *, extension: bool = False) -> Meaning | None:
    """What a name of `typing` stands for where it exists; ``None`` for a name that is not known.

    Parameters:
        python: the oldest Python that runs the code.
        extension: whether it comes from `typing_extensions`, whose special forms older Pythons take for none.
    """
    if name not in FORMS:
        return None
    since, plain, meaning = FORMS[name]
    if extension and since > python[1]:
        return Meaning(Kind.FORM)
    return meaning if plain <= python[1] or not extension else Meaning(Kind.FORM, form=meaning.form)


def slots_of(free: Iterable[tuple[str, str]]) -> str | None:
    """What an alias with free type variables takes in brackets; ``None`` for nothing, or when that is not plain."""
    letters = "".join(letter for _, letter in dict.fromkeys(free))
    return letters if letters and "s" not in letters else None
