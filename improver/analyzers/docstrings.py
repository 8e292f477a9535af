"""The docstrings analyzer."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from improver.analyzers.docstring.candidates import Candidate, candidates, inherits_docstring
from improver.analyzers.docstring.describe import Described, describe
from improver.analyzers.docstring.insertion import insertion
from improver.analyzers.docstring.knowledge import Knowledge, module_knowledge
from improver.analyzers.docstring.titles import title, why
from improver.analyzers.docstring.writing import write
from improver.facts import Facts
from improver.ports import Example, Untouched
from improver.values import Category, Proposal, Site, Skipped, Source, Style, Target

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Docstrings:
    """Document what the code does and its signature does not tell.

    Only what follows from the code is written: the exceptions that a function raises and when, the
    cases in which it returns something special, what a generator leaves out, what ``None`` stands for.
    A function of which nothing of the kind can be said is left alone, and so are overloads,
    setters, overridden methods with a documented original, and whatever is marked with
    ``# improver: skip`` or ``# improver: skip[docstrings]`` on its first line or the line above.

    Parameters:
        public_only: leave names with a leading underscore, and nested functions, alone.
        coverage: ``provable`` to write where there is something to tell; ``all`` to write wherever
            a true sentence can be made.
    """

    public_only: bool = True
    coverage: Literal["provable", "all"] = "provable"

    promises: ClassVar[Category] = Category.DOCSTRINGS
    examples: ClassVar[tuple[Example | Untouched, ...]] = (
        Example(
            """
            def scale(values, factor):
                if factor == 0:
                    raise ValueError(factor)
                return Scaled(values, factor)
            """,
            """
            def scale(values, factor):
                \"\"\"Return ``Scaled(values, factor)``.

                Raises:
                    ValueError: If ``factor`` is ``0``.
                \"\"\"
                if factor == 0:
                    raise ValueError(factor)
                return Scaled(values, factor)
            """,
            why="when an exception is raised cannot be read off the signature",
        ),
        Example(
            """
            def seconds(span):
                if span.end is None:
                    return None
                return span.end - span.start
            """,
            """
            def seconds(span):
                \"\"\"Return ``span.end - span.start``, or ``None`` if ``span.end`` is ``None``.\"\"\"
                if span.end is None:
                    return None
                return span.end - span.start
            """,
            why="the special case is what a caller has to reckon with",
        ),
        Example(
            """
            class Depot:
                parcels: list[Parcel]

                def add(self, parcel):
                    if parcel.weight < 0:
                        raise ValueError("negative weight")
                    self.parcels.append(parcel)
            """,
            """
            class Depot:
                parcels: list[Parcel]

                def add(self, parcel):
                    \"\"\"Append ``parcel`` to ``self.parcels``.

                    Raises:
                        ValueError: If ``parcel.weight`` is negative.
                    \"\"\"
                    if parcel.weight < 0:
                        raise ValueError("negative weight")
                    self.parcels.append(parcel)
            """,
            why="what is done to a list is said in English where the class shows that it is one",
        ),
        Example(
            """
            def port(text: str):
                try:
                    return int(text)
                except ValueError:
                    raise SettingsError(text) from None
            """,
            """
            def port(text: str):
                \"\"\"Return ``int(text)``.

                Raises:
                    SettingsError: If ``int(text)`` raises ``ValueError``.
                \"\"\"
                try:
                    return int(text)
                except ValueError:
                    raise SettingsError(text) from None
            """,
            why="whoever handles the error needs to know which one to expect",
        ),
        Untouched(
            """
            @app.command
            def serve(port):
                if port < 0:
                    raise ValueError(port)
                return run(port)
            """,
            why="what a decorator makes of a function is not known, and it may read the docstring",
        ),
        Untouched(
            """
            def settle(queue):
                queue.settle()
                if not queue.items:
                    raise LookupError
                queue.close()
            """,
            why="what is true after a call need not have been true before",
        ),
    )

    def analyze(self, source: Source, target: Target, facts: Facts) -> Iterator[Proposal | Skipped]:
        """Docstrings for one file.

        Raises:
            SyntaxError: the file is not Python that this interpreter understands.
        """
        tree = parsed(source.content)
        lines = _LINE_END.split(source.content.decode("latin-1"))
        knowledge: Knowledge | None = None
        for one in candidates(tree, lines, public_only=self.public_only):
            knowledge = knowledge or module_knowledge(tree)
            if inherits_docstring(one, knowledge):
                continue
            described = describe(one, knowledge, everything=self.coverage == "all")
            if described is not None:
                yield from proposed(source, one, described, target.style)


def parsed(content: bytes) -> ast.Module:
    """The tree of a file.

    Raises:
        SyntaxError: it is not Python that this interpreter understands.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(content)
    except ValueError as error:
        raise SyntaxError(str(error)) from error


def proposed(source: Source, one: Candidate, described: Described, style: Style) -> Iterator[Proposal | Skipped]:
    """The proposal that writes a description, or why it cannot be written there."""
    name = one.qualified_name.removesuffix(".__init__")
    edit = insertion(source.content, source.path, one.node, lambda indent: _written(described, style, indent))
    if isinstance(edit, Skipped):
        yield Skipped("docstrings", edit.reason)
    else:
        yield Proposal(
            analyzer="docstrings",
            rule="missing-docstring",
            site=Site(source.path, one.node.lineno, one.qualified_name),
            title=title(name, described.learned),
            why=why(name, described.learned, described.raises),
            edits=(edit,),
            context=ast.dump(one.node),
        )


def _written(described: Described, style: Style, indent: str) -> tuple[str, ...]:
    """The first of the descriptions that fits."""
    problem: ValueError | None = None
    for description in described.descriptions:
        try:
            return write(description, style, indent, described.kind)
        except ValueError as error:
            problem = error
    raise problem or ValueError("there is nothing to write")
