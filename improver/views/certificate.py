"""What a diff can alter, as text for people, as Markdown for a pull request, and as lines for a CI service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from improver.values import Category, Decision, Risk
from improver.views.parts import heading, indented, print_decision, print_next, print_reasons
from improver.views.words import ROUTES, clean, counted

MOST_REASONS = 20


def show_risk(console: Console, risk: Risk, decision: Decision, files: int | None = None, verify: str = "") -> None:
    """The verdict in one line, the reasons with file and line, who decides, and what to do next.

    Parameters:
        files: how many files differ.
        verify: the command that hears the gates; empty where there is none.
    """
    console.print(Text(risk.label, style="bold green" if risk.certified else "bold yellow"))
    if said := _said(risk, files):
        console.print(indented(Text(said)))
    print_reasons(console, _shown(risk.because))
    heading(console, "Decision")
    print_decision(console, decision)
    print_next(console, _next(risk, verify))


def _said(risk: Risk, files: int | None) -> str:
    """What is in the diff, in one sentence."""
    if not risk.categories:
        return "Nothing differs."
    where = f" in {counted(files, 'file')}" if files is not None else ""
    words = [category.word for category in risk.categories if risk.certified or category <= Category.ANNOTATIONS]
    said = f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
    if risk.certified:
        return f"{said.capitalize()}{where}; nothing that runs, or that is read at run time, differs."
    return f"A change{where}{f', {said} among it' if words else ''}."


def _shown(because: Sequence[str]) -> list[str]:
    hidden = len(because) - MOST_REASONS
    return [
        *because[:MOST_REASONS],
        *([f"and {counted(hidden, 'more reason')}; --json has them"] if hidden > 0 else []),
    ]


def _next(risk: Risk, verify: str) -> list[tuple[str, str]]:
    if not verify or not risk.categories:
        return []
    return [(verify, "hear the gates that a rule asks for" if risk.certified else "hear what the tests say of it")]


def markdown(risk: Risk, decision: Decision, files: int) -> str:
    """The verdict as Markdown. What comes from the diff stands in code spans that it cannot leave."""
    reasons = [f"- {_code(reason)}" for reason in _shown(risk.because)]
    lines = [f"### {risk.label}", "", _said(risk, files), "", *reasons, *([""] if reasons else [])]
    lines += [f"Decision: **{ROUTES[decision.route][0]}**", ""]
    lines += [f"- {_code(reason)}" for reason in _shown(decision.because)]
    return "\n".join(lines) + "\n\n"


def _code(text: str) -> str:
    """A code span that holds exactly this text: longer fences than it has itself, no line break, no padding lost."""
    plain = clean(text).replace("\t", " ")
    longest = max((len(run) for run in _runs(plain)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {plain} {fence}"


def _runs(text: str) -> list[str]:
    return "".join(character if character == "`" else " " for character in text).split()


def output_lines(document: Mapping[str, Any]) -> str:
    """The verdict as ``name=value`` lines; every value is made of words of ours."""
    values = {
        "label": document["label"],
        "auto_approve": "true" if document["auto_approve"] else "false",
        "categories": ",".join(document["categories"]),
        "route": document["route"],
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


__all__ = ["markdown", "output_lines", "show_risk"]
