"""Proposals are accepted, into a branch or into the working tree, or rejected.

No HEAD, index or existing branch is touched. Commits are built from the base's blobs and the edits
that were proven, never from a tree that a program ran in.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from improver.edits import change_of, conflicting
from improver.errors import NotProven, StaleProposal, UsageError
from improver.git import Repository
from improver.ledger import MAY_BECOME, Entry, Ledger, State
from improver.publish.workfiles import replace_files, require_replaceable
from improver.store import Person, Store
from improver.values import Change, Missing, Proposal, Verdict

Prove = Callable[[Change], str]
_WIDTH = 72


@dataclass(frozen=True, slots=True)
class Accepted:
    """A branch that now exists.

    Parameters:
        branch: its short name.
        commits: its commits over `base`, the oldest first.
    """

    branch: str
    base: str
    commits: tuple[str, ...]


def accept(
    repository: Repository,
    store: Store,
    ledger: Ledger,
    entries: Sequence[Entry],
    *,
    prove: Prove,
    branch: str = "",
) -> Accepted:
    """Make a branch with one commit for each proposal.

    Parameters:
        prove: called with the whole change unless just this was proven before; says why it does not hold, or
            nothing when it does.
        branch: its short name; `improver/<rule>-<id>` when empty.

    Raises:
        UsageError: the branch exists, cannot have that name, or git does not know who the user is.
        StaleProposal: a file that a proposal changes is no longer what it was.
        NotProven: the change as a whole does not hold; nothing was written.
        GitFailed: git refused to write.
    """
    _require_open(entries)
    person = author(repository)
    name = branch or _branch_name(entries)
    _require_name(repository, name)
    base, change = combined(repository, entries)
    commits = _commits(store, change, _proposals(entries), person)
    made = _made_before(repository, store, entries, name, (base, commits[-1]))
    if not made:
        _require_free(repository, name)
        _require_proof(repository, ledger, change, store.repository.tree_of(commits[-1]), prove)
        store.send(repository, commits[-1:], [base])
        repository.update_ref(f"refs/heads/{name}", commits[-1], who=(person.name, person.email))
    ledger.approve([entry.id for entry in entries], name)
    return Accepted(name, base, made or tuple(commits))


def apply_to_worktree(
    repository: Repository, store: Store, ledger: Ledger, entries: Sequence[Entry], *, prove: Prove
) -> tuple[str, ...]:
    """Write the proposals into the files of the checkout: all of them, or none.

    Returns:
        The paths that were written.

    Raises:
        UsageError: a file was changed since it was committed, or is a link.
        StaleProposal: a file that a proposal changes is no longer what it was.
        NotProven: the change as a whole does not hold.
        RunFailed: a file cannot be written.
    """
    _require_open(entries)
    _, change = combined(repository, entries)
    require_replaceable(repository.top, change.files)
    tree = store.tree_of(change)
    _require_proof(repository, ledger, change, tree, prove)
    replace_files(repository.top, change.files)
    ledger.approve([entry.id for entry in entries], "")
    return tuple(file.path for file in change.files)


def reject(ledger: Ledger, ids: Sequence[str], because: str) -> tuple[Entry, ...]:
    """Remember that a person does not want these proposals; they come back only when the code around them changes.

    Raises:
        UsageError: no reason is given, an id is unknown, or one is merged already.
    """
    return ledger.reject(ids, because)


def author(repository: Repository) -> Person:
    """Who the user is, as their own git has it.

    Raises:
        UsageError: git does not know.
    """
    name = repository.config("author.name") or repository.config("user.name")
    email = repository.config("author.email") or repository.config("user.email")
    if name and email:
        return Person(name, email)
    raise UsageError(
        "git does not know who you are, so the commits would have no author.",
        left="Nothing was written.",
        remedy="Run `git config --global user.name 'Your Name'` and `git config --global user.email you@example.org`.",
    )


def combined(repository: Repository, entries: Sequence[Entry]) -> tuple[str, Change]:
    """The commit to build on, and what the entries change there together.

    HEAD is built on when the files concerned are the same there; a proposal for files that moved on is stale.

    Raises:
        StaleProposal: a file is no longer what the proposal was made for.
        UsageError: two proposals collide.
    """
    head = repository.resolve("HEAD")
    proposals = _proposals(entries)
    for one, other in conflicting(proposals)[:1]:
        raise UsageError(
            f"`{one.title}` and `{other.title}` change the same lines of {one.site.path}.",
            left="Nothing was written.",
            remedy="Accept one of them, run `improver propose` again on the result, and accept the other.",
        )
    for entry in entries:
        _require_same(repository, entry, head)
    return head, change_of(head, proposals, lambda path: _read(repository, head, path))


def _require_same(repository: Repository, entry: Entry, head: str) -> None:
    for path in sorted({edit.path for proposal in entry.dossier.proposals for edit in proposal.edits}):
        proven = next((file for file in entry.dossier.change.files if file.path == path), None)
        if proven is None or (proven.before, proven.mode_before) != _read(repository, head, path):
            raise _stale(path, f"is not at HEAD what {entry.id} was proven on")


def _read(repository: Repository, commit: str, path: str) -> tuple[bytes, str]:
    found = repository.read(commit, path)
    if found is None:
        raise _stale(path, "is no longer there")
    return found


def _stale(path: str, what: str) -> StaleProposal:
    return StaleProposal(f"{path} {what}.", left="Nothing was written.", remedy="Run `improver propose` again.")


def _proposals(entries: Iterable[Entry]) -> tuple[Proposal, ...]:
    """Each proposal once, in the order of the entries."""
    found = {each.fingerprint: each for entry in entries for each in entry.dossier.proposals}
    return tuple(found.values())


def _commits(store: Store, change: Change, proposals: Sequence[Proposal], person: Person) -> list[str]:
    """One commit for each proposal, each on the one before; the last has the whole change."""
    now = datetime.now(UTC).astimezone()
    base = {file.path: (file.before or b"", file.mode_before) for file in change.files}
    commits = [change.base]
    for number, proposal in enumerate(proposals, start=1):
        so_far = change_of(change.base, proposals[:number], base.__getitem__)
        tree = store.tree_of(so_far)
        commits.append(store.commit(tree, commits[-1:], commit_message(proposal), person, person, now))
    return commits[1:]


def commit_message(proposal: Proposal) -> str:
    """The message of the commit that carries a proposal: title, reason, and trailers that machines read."""
    title = _one_line(proposal.title) or f"Apply {proposal.analyzer}"
    paragraphs = [textwrap.fill(_one_line(part), _WIDTH) for part in proposal.why.split("\n\n")]
    trailers = (
        f"Improver-Rule: {_one_line(proposal.analyzer)}/{_one_line(proposal.rule)}\n"
        f"Improver-Fingerprint: {proposal.fingerprint}\n"
    )
    return "\n\n".join(part for part in (title, *paragraphs, trailers) if part)


def _one_line(text: str) -> str:
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def _branch_name(entries: Sequence[Entry]) -> str:
    rules = {proposal.rule for entry in entries for proposal in entry.dossier.proposals}
    word = re.sub(r"[^a-z0-9]+", "-", min(rules).lower()).strip("-") if len(rules) == 1 else ""
    return f"improver/{word or 'improvements'}-{entries[0].id}"


def _require_name(repository: Repository, name: str) -> None:
    if not repository.may_name_branch(name):
        raise UsageError(
            f"{name!r} cannot be the name of a branch.",
            left="Nothing was written.",
            remedy="Give another name with `--branch`.",
        )


def _require_free(repository: Repository, name: str) -> None:
    for taken in repository.branches():
        if taken == name:
            raise UsageError(
                f"The branch `{name}` exists.",
                left="It is as it was.",
                remedy=f"Give another name with `--branch`, or delete it with `git branch -D {shlex.quote(name)}`.",
            )
        if taken.startswith(f"{name}/") or name.startswith(f"{taken}/"):
            raise UsageError(
                f"The branch `{taken}` stands in the way of `{name}`: git keeps one as a file, the other as a folder.",
                left="Nothing was written.",
                remedy="Give another name with `--branch`.",
            )


def _made_before(
    repository: Repository, store: Store, entries: Sequence[Entry], name: str, work: tuple[str, str]
) -> tuple[str, ...]:
    """The commits of a branch that a run made and was killed before it could say so."""
    there = repository.branches().get(name)
    if there is None or all(entry.branch == name for entry in entries):
        return ()
    base, tip = work
    made, wanted = (store.repository.history(base, end) for end in (there, tip))
    same = [commit.said for commit in made] == [commit.said for commit in wanted]
    return tuple(commit.oid for commit in made) if same else ()


def _require_open(entries: Sequence[Entry]) -> None:
    if not entries:
        raise UsageError("There is nothing to accept.", remedy="`improver review` lists what is there.")
    for entry in entries:
        if State.APPROVED not in MAY_BECOME[entry.state]:
            raise UsageError(f"{entry.id} is {entry.state.value} already.", left="Nothing was written.")


def _require_proof(repository: Repository, ledger: Ledger, change: Change, tree: str, prove: Prove) -> None:
    found = ledger.proof(repository.tree_of(change.base), tree)
    if not isinstance(found, Missing) and found and all(one.verdict is not Verdict.FAILED for one in found):
        return
    reason = prove(change)
    if reason:
        raise NotProven(
            f"Taken together and on the present HEAD, this does not hold: {reason}",
            left="Nothing was written.",
            remedy="Accept the proposals one by one, or run `improver propose` again.",
        )
