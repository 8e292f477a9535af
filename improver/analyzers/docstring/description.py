"""What a docstring is to say, before it is laid out in a project's convention."""

from __future__ import annotations

from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Description:
    """The sentences of one docstring.

    Texts carry no indentation and no line breaks; code inside of them stands between double backticks.

    Parameters:
        summary: one line that ends with a period.
        details: paragraphs that follow it.
        parameters: names, with stars only for ``*args`` and ``**kwargs``, and what is known of each.
        returns: what the caller gets; empty when the summary says it.
        yields: what each step gives; empty when the summary says it.
        raises: exceptions as the code names them, and when each is raised.
    """

    summary: str
    details: tuple[str, ...] = ()
    parameters: Pairs = ()
    returns: str = ""
    yields: str = ""
    raises: Pairs = ()
