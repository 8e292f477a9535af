"""Lays a description out as a docstring in the project's convention.

What comes out satisfies the pydocstyle rules of its convention and is left alone by black.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from improver.analyzers.docstring.description import Description, Pairs
from improver.values import Style

_QUOTES = '"""'
_TAB = 8

_TOKEN = re.compile(r"(?:``.+?``|[^ ])+")
_SENTENCE_END = re.compile(r"(?<![ (]e\.g)(?<![ (]i\.e)(?<![ (]vs)(?<![ (]cf)[.!?] +(?=[A-Z`])")
# Alone at the start of a line these would begin a list, a field, a directive or a doctest.
_MARKUP = re.compile(r"[-+*#•|=~^.]+|\d+[.)]|[(]?\w[.)]|:\w.*|>>>.*|\.\..*")
_SECTION = re.compile(
    r"""(arg|argument|attribute|error|example|hint|method|note|(keyword|other)[ ](arg|argument|param|parameter)
    |param|parameter|raise|receive|reference|return|tip|todo|warn|warning|yield)s?
    |attention|caution|danger|important|see[ ]also|short[ ]summary""",
    re.VERBOSE,
)


def write(description: Description, style: Style, indent: str, kind: str) -> tuple[str, ...]:
    """The lines of the whole string literal, quotes included.

    Parameters:
        indent: what stands before the literal; every line that is not blank begins with it.
        kind: ``module``, ``class`` or a kind of function; only functions return and yield.

    Raises:
        ValueError: the description cannot be written so that the docstring says exactly its texts:
            the summary is longer than a line, or a text holds what would end or alter the literal.
    """
    _check(description, kind)
    summary, *details = _summary_and_details(description, style, indent)
    body = [line for block in _blocks(details, description, style, indent) for line in ("", *block)]
    prefix = "r" if any("\\" in line for line in (summary, *body)) else ""
    opening = f"{indent}{prefix}{_QUOTES}{summary}"
    lines = (opening, *body, indent + _QUOTES) if body else (opening + _QUOTES,)
    if _width(lines[0]) > style.line_length:
        raise ValueError("the summary does not fit on one line")
    _check_value(lines, "\n".join((summary, *body, *([indent] if body else []))), indent)
    return lines


def room(style: Style, indent: str) -> int:
    """The longest summary, in characters, that fits on one line together with its quotes."""
    return style.line_length - _width(indent) - 2 * len(_QUOTES)


def _summary_and_details(description: Description, style: Style, indent: str) -> list[str]:
    """The summary, cut after its first sentence when all of it is longer than a line, and the paragraphs."""
    summary = " ".join(_tokens(description.summary))
    closing = "" if replace(description, summary="") != Description("") else _QUOTES
    opening = indent + "r" * ("\\" in summary) + _QUOTES
    if _width(opening + summary + closing) > style.line_length:
        for end in _SENTENCE_END.finditer(summary):
            if summary.count("``", 0, end.start()) % 2 == 0:
                return [summary[: end.start() + 1], summary[end.end() :], *description.details]
    return [summary, *description.details]


def _blocks(details: list[str], description: Description, style: Style, indent: str) -> Iterator[list[str]]:
    for paragraph in details:
        yield _wrap(paragraph, indent, indent, style)
    match style.convention:
        case "google":
            yield from _google(description, style, indent)
        case "numpy":
            yield from _numpy(description, style, indent)
        case "sphinx":
            yield from _sphinx(description, style, indent)
        case other:
            raise ValueError(f"there is no docstring convention called {other!r}")


def _google(description: Description, style: Style, indent: str) -> Iterator[list[str]]:
    inner = indent + _unit(indent)
    for heading, content in _sections(description, "Args"):
        lines = [f"{indent}{heading}:"]
        if isinstance(content, str):
            yield lines + _wrap(content, inner, inner, style)
            continue
        for name, text in content:
            lines += _wrap(text, f"{inner}{name}: ", inner + _unit(indent), style)
        yield lines


def _numpy(description: Description, style: Style, indent: str) -> Iterator[list[str]]:
    inner = indent + _unit(indent)
    for heading, content in _sections(description, "Parameters"):
        lines = [indent + heading, indent + "-" * len(heading)]
        if isinstance(content, str):
            yield lines + _wrap(content, indent, indent, style)
            continue
        for name, text in content:
            lines += [indent + name, *_wrap(text, inner, inner, style)]
        yield lines


def _sphinx(description: Description, style: Style, indent: str) -> Iterator[list[str]]:
    fields = [(f":param {name.lstrip('*')}:", text) for name, text in description.parameters]
    fields += [(f":{word}:", text) for word, text in _results(description)]
    fields += [(f":raises {name}:", text) for name, text in description.raises]
    lines: list[str] = []
    for name, text in fields:
        lines += _wrap(text, f"{indent}{name} ", indent + _unit(indent), style)
    if lines:
        yield lines


def _sections(description: Description, parameters: str) -> Iterator[tuple[str, str | Pairs]]:
    if description.parameters:
        yield parameters, description.parameters
    for word, text in _results(description):
        yield word.capitalize(), text
    if description.raises:
        yield "Raises", description.raises


def _results(description: Description) -> Iterator[tuple[str, str]]:
    for word, text in (("returns", description.returns), ("yields", description.yields)):
        if text:
            yield word, text


def _wrap(text: str, first: str, rest: str, style: Style) -> list[str]:
    """The text in lines; a token that is longer than a line stays whole."""
    lines = [first]
    fresh = True
    for token in _tokens(text):
        if not fresh and _width(f"{lines[-1]} {token}") > style.line_length:
            lines.append(rest)
            fresh = True
        lines[-1] += token if fresh else f" {token}"
        fresh = False
    if any(_misleading(line) for line in lines):
        raise ValueError("a line of the text would be read as a section or as a doctest")
    return lines


def _tokens(text: str) -> list[str]:
    """What may stand at the start of a line: words and whole pieces of code."""
    tokens: list[str] = []
    for token in _TOKEN.findall(text):
        if tokens and _MARKUP.fullmatch(token):
            tokens[-1] += f" {token}"
        else:
            tokens.append(token)
    return tokens


def _misleading(line: str) -> bool:
    words = line.strip().lower().removesuffix(":")
    return _SECTION.fullmatch(words) is not None or words.startswith((">>>", "..."))


def _unit(indent: str) -> str:
    return "\t" if "\t" in indent else "    "


def _width(text: str) -> int:
    if text.isascii():
        return len(text.expandtabs(_TAB))
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text.expandtabs(_TAB))


def _check(description: Description, kind: str) -> None:
    pairs = (*description.parameters, *description.raises)
    required = (description.summary, *description.details, *(text for pair in pairs for text in pair))
    if not all(text.strip() for text in required):
        raise ValueError("a text of the description is empty")
    if kind in ("module", "class") and (description.returns or description.yields):
        raise ValueError(f"a {kind} returns nothing and yields nothing")
    for text in (*required, description.returns, description.yields):
        if not text.isprintable():
            raise ValueError("a text holds a character that is not printable")
        if _QUOTES in text:
            raise ValueError("a text holds the quotes that end the docstring")
    if description.summary.strip().startswith('"'):
        raise ValueError("the summary begins with a quote")


def _check_value(lines: tuple[str, ...], wanted: str, indent: str) -> None:
    """Whatever was written, Python must read it as it was meant, and black must have nothing to pad."""
    try:
        value = ast.literal_eval("\n".join(lines).removeprefix(indent))
    except (SyntaxError, ValueError):
        value = None
    if value != wanted:
        raise ValueError("the text cannot be written as a string literal")
