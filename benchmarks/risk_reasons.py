"""Reasons of a risk reading grouped by rule, with what a person would think of a refusal for it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from improver.values import Risk

RIGHT, CAUTIOUS, LOSS = "right", "cautious", "a loss"

# The first that fits a reason names its rule. Right: somebody does read it, or the file has a say in what passes.
# Cautious: nothing is known against it, and nothing is known for it. A loss: it should have been seen through.
_RULES: tuple[tuple[str, str, str], ...] = (
    (r"has a say in what passes|says what is installed", "a file that judges", RIGHT),
    (r"gives orders", "a directive came, went or moved", RIGHT),
    (r"names the interpreter|encoding of the file", "shebang or encoding", RIGHT),
    (r"shows something else|look like others", "characters that hide something", RIGHT),
    (r"examples in a docstring are run", "doctest runs the example", RIGHT),
    (r"coverage settings leave out", "coverage leaves the line out, or not any more", RIGHT),
    (r"its lines or its source are read", "lines or source are read", RIGHT),
    (r"was there before, and others may rely", "a public annotation changed", RIGHT),
    (r"body of a class", "annotation in the body of a class", RIGHT),
    (r"makes the name local or declares it", "bare annotation", RIGHT),
    (r"known at run time only", "read by something that is known at run time only", CAUTIOUS),
    (r"the decorator `[^`]*`:", "a decorator that is known to read", RIGHT),
    (r"the decorator `[^`]*` \(.*uses", "a decorator of the repository that may look", CAUTIOUS),
    (r"the decorator .* is not known", "a decorator that is not known", CAUTIOUS),
    (r"the base class .* is not known", "a base class that is not known", CAUTIOUS),
    (r"the base class `[^`]*` \(.*uses", "a base class of the repository that may look", CAUTIOUS),
    (r"the base class", "a base class that is known to read", RIGHT),
    (r"does not parse here, and may read", "a file of the repository does not parse", CAUTIOUS),
    (r"is read: [^:]*\btests?\b[^:]*:|is read: (?:[^:]*/)?(?:test_[^/:]*|conftest)\.py:", "a test reads it", RIGHT),
    (r"is read: .*imports `", "its file, or one that names it, imports a reader", RIGHT),
    (r"is read:", "code reads it by its name", RIGHT),
    (r"may not exist at that point", "annotation: a name that may not exist", CAUTIOUS),
    (r"needs Python 3", "annotation: newer than the oldest Python", RIGHT),
    (r"is not known to be a class|not known to evaluate", "annotation: not known to be a type", CAUTIOUS),
    (r"the annotation of .* acts", "annotation: another reason", CAUTIOUS),
    (r"an import was added|parts became", "statements came or went", LOSS),
    (r" became | differs| has other constants|new warning", "the code was found to differ", LOSS),
    (r"does not parse|nested too deeply|cut into tokens|larger than", "cannot be read", CAUTIOUS),
)
_COMPILED = tuple((re.compile(pattern), rule, opinion) for pattern, rule, opinion in _RULES)


def rule_of(reason: str) -> tuple[str, str]:
    """The rule behind a reason, and what a person would think of it."""
    for pattern, rule, opinion in _COMPILED:
        if pattern.search(reason):
            return rule, opinion
    return f"another reason: {re.sub(r'`[^`]*`|[^ ]*[0-9][^ ]*', '*', reason.partition(': ')[2])[:80]}", LOSS


@dataclass
class Refusals:
    """How often each rule was the first reason not to certify, with a few examples of each."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    most: int = 3

    def add(self, where: str, risk: Risk) -> str:
        """Count a refusal and say what a person would think of it.

        Parameters:
            where: how to find the change again.
        """
        reason = risk.because[0] if risk.because else "no reason was given"
        rule, opinion = rule_of(reason)
        self.counts[rule, opinion] += 1
        if len(self.examples[rule]) < self.most:
            self.examples[rule].append(f"{where}: {reason}")
        return opinion

    def merge(self, other: Refusals) -> None:
        """Take another's in."""
        self.counts.update(other.counts)
        for rule, examples in other.examples.items():
            own = self.examples[rule]
            own += examples[: max(0, self.most - len(own))]

    def of(self, opinion: str) -> int:
        """How many refusals a person would think so of."""
        return sum(count for (_, other), count in self.counts.items() if other == opinion)

    def rows(self) -> Iterable[list[str]]:
        """Rules, opinions and counts, most frequent first; then the examples of each."""
        yield ["rule", "this is", "refused", "for example"]
        for (rule, opinion), count in self.counts.most_common():
            first = self.examples[rule][0] if self.examples[rule] else ""
            yield [rule, opinion, f"{count:,}", first.replace("|", "\\|")[:240]]

    def more(self) -> Iterable[str]:
        """The examples that the table had no room for."""
        for (rule, _), _count in self.counts.most_common():
            yield from (f"- {rule}: {example}" for example in self.examples[rule][1:])
