"""Everything that can stop a run, with what to say about it.

Each error says what happened, what was left as it was, and what to do next; the command line
turns it into those sentences (or one JSON document) and into its exit code.

    ImproverError                      exit
    ├── RunFailed                       1    the run could not be carried out
    │   ├── GitFailed                   1    git refused or is missing
    │   ├── SandboxMissing              1    no wall stands, so nothing was run
    │   ├── LedgerUnusable              1    corrupt, newer than this version, or not writable
    │   ├── StaleProposal               1    the code moved on since the proposal was made
    │   └── PluginBroken                1    an analyzer, gate or view does not load
    ├── UsageError                      2    wrong words on the command line
    │   └── SettingsError               2    wrong words in a settings file
    ├── NotProven                       3    a proof was asked for and does not hold
    └── Interrupted                   130    the user pressed Ctrl-C
"""

from __future__ import annotations

from typing import ClassVar


class ImproverError(Exception):
    """A run that cannot go on.

    Parameters:
        message: what happened, as one or more sentences.
        left: what was left as it was ("Nothing was written.").
        remedy: what the user can do next; empty when there is nothing.
    """

    exit_code: ClassVar[int] = 1
    kind: ClassVar[str] = "run-failed"

    def __init__(self, message: str, *, left: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.left = left
        self.remedy = remedy

    def __str__(self) -> str:
        return " ".join(part for part in (self.message, self.left, self.remedy) if part)


class RunFailed(ImproverError):
    """The run could not be carried out."""


class GitFailed(RunFailed):
    """Git refused what was asked of it, or is not installed."""

    kind = "git"


class SandboxMissing(RunFailed):
    """No sandbox could be proven on this machine, so none of the target's code was run."""

    kind = "sandbox"


class LedgerUnusable(RunFailed):
    """The ledger is damaged, was written by a newer version, or cannot be written."""

    kind = "ledger"


class StaleProposal(RunFailed):
    """The code that a proposal would change is no longer what was proven."""

    kind = "stale"


class PluginBroken(RunFailed):
    """A plug-in does not load; a check must not vanish silently."""

    kind = "plugin"


class UsageError(ImproverError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = 2
    kind = "usage"


class SettingsError(UsageError):
    """A settings file holds something that is not understood."""

    kind = "settings"


class NotProven(ImproverError):
    """A proof was asked for and does not hold."""

    exit_code = 3
    kind = "not-proven"


class Interrupted(ImproverError):
    """The user asked to stop."""

    exit_code = 130
    kind = "interrupted"
