"""Accepting makes one branch and nothing else; applying writes all files or none; a refusal is remembered."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from dossiers import dossier, proposal
from repositories import Checkout

from improver.errors import GitFailed, NotProven, RunFailed, StaleProposal, UsageError
from improver.git import Repository
from improver.ledger import Entry, Ledger, State
from improver.publish import accept, apply_to_worktree, commit_message, reject
from improver.publish.workfiles import replace_files
from improver.store import Store
from improver.values import Change, Evidence, FileChange, Proposal, Verdict

FILES = {"a.py": b"x = 1\n", "pkg/b c.py": b"y = 2\r\nz = 3\r\n", "latin.py": b"# coding: latin-1\ns = '\xe9'"}
HEADER = proposal("a.py", 0, name="a", title="Say what a is for")
BELOW = proposal("a.py", 6, after=b"# more\n", name="a.x", title="Say what x is")
OTHER = proposal("pkg/b c.py", 7, b"z", b"zz", name="b", title="Rename z")
LATIN = proposal("latin.py", 18, after=b"'''\xe9'''\n", name="latin", title="Say what s is")


@dataclass
class Desk:
    """All that a person's decision needs."""

    project: Checkout
    repository: Repository
    store: Store
    ledger: Ledger
    asked: list[Change] = field(default_factory=list)
    answer: str = ""

    def prove(self, change: Change) -> str:
        self.asked.append(change)
        return self.answer

    def recorded(self, *groups: tuple[Proposal, ...]) -> list[Entry]:
        head = self.repository.resolve("HEAD")
        made = [dossier(head, FILES, group) for group in groups]
        self.ledger.record({}, made)
        return [self.ledger.find(each.id) for each in made]

    def accept(self, entries: list[Entry], branch: str = "") -> tuple[str, ...]:
        accepted = accept(self.repository, self.store, self.ledger, entries, prove=self.prove, branch=branch)
        assert self.project.git("rev-parse", f"refs/heads/{accepted.branch}") == accepted.commits[-1]
        return accepted.commits

    def apply(self, entries: list[Entry]) -> tuple[str, ...]:
        return apply_to_worktree(self.repository, self.store, self.ledger, entries, prove=self.prove)


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    project = Checkout.make(tmp_path / "project", FILES, getattr(request, "param", "sha1"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.gitconfig").write_text("[user]\n name = Ada Lovelace\n email = ada@example.org\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    repository = Repository.open(project.path)
    with Ledger.open(tmp_path / "state") as ledger:
        yield Desk(project, repository, Store.open(tmp_path / "state", repository), ledger)


@pytest.mark.parametrize("desk", ["sha1", "sha256"], indirect=True)
def test_a_branch_has_one_commit_for_each_proposal(desk: Desk) -> None:
    """Each commit carries its own part, its words and the user's name; together they are the whole change."""
    head = desk.repository.resolve("HEAD")
    commits = desk.accept(desk.recorded((HEADER, BELOW), (OTHER,), (LATIN,)), "improve/all")
    assert desk.project.git("rev-list", "--reverse", f"{head}..improve/all").split() == list(commits)
    log = desk.project.git("log", "--reverse", "--format=%an <%ae>|%cn|%s", f"{head}..improve/all").splitlines()
    assert log == [
        f"Ada Lovelace <ada@example.org>|Ada Lovelace|{each.title}" for each in (HEADER, BELOW, OTHER, LATIN)
    ]
    read = {path: desk.repository.read(commits[-1], path) for path in FILES}
    assert read == {
        "a.py": (b'"""Say it."""\nx = 1\n# more\n', "100644"),
        "pkg/b c.py": (b"y = 2\r\nzz = 3\r\n", "100644"),
        "latin.py": (b"# coding: latin-1\n'''\xe9'''\ns = '\xe9'", "100644"),
    }
    assert desk.repository.read(commits[0], "a.py") == (b'"""Say it."""\nx = 1\n', "100644")
    trailers = desk.project.git("log", "-1", "--format=%(trailers:only)", commits[0]).splitlines()
    assert trailers == [
        "Improver-Rule: docstrings/missing-docstring",
        f"Improver-Fingerprint: {HEADER.fingerprint}",
    ]
    desk.project.git("fsck", "--strict")


def test_accepting_adds_one_ref_and_objects_and_nothing_else(desk: Desk) -> None:
    """HEAD, index, checkout, settings, hooks and worktrees are byte for byte what they were, dirty or not."""
    desk.project.write({"a.py": b"dirty\n", "new.py": b"", "pkg/b c.py": b"staged\n"})
    desk.project.git("add", "pkg/b c.py")
    entries = desk.recorded((HEADER,))
    own = (".git/objects", ".git/refs/heads/improver", ".git/logs/refs/heads/improver")
    before = desk.project.photograph(*own)
    refs = desk.project.git("for-each-ref", "--format=%(refname)").split()
    desk.accept(entries)
    name = f"refs/heads/improver/missing-docstring-{entries[0].id}"
    assert desk.project.git("for-each-ref", "--format=%(refname)").split() == sorted([*refs, name])
    after = desk.project.photograph(*own)
    folders = {".git/refs/heads", ".git/logs/refs/heads", "refs"}
    assert {key: value for key, value in after.items() if key not in folders} == {
        key: value for key, value in before.items() if key not in folders
    }


def test_no_program_of_the_target_runs(desk: Desk, tmp_path: Path) -> None:
    """Hooks and filters that any commit, checkout or ref update would set off stay silent."""
    alarm = tmp_path / "alarm"
    alarm.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\ncat\n")
    alarm.chmod(0o755)
    for hook in ("pre-commit", "commit-msg", "post-commit", "reference-transaction", "post-checkout", "pre-receive"):
        (desk.project.path / ".git/hooks" / hook).symlink_to(alarm)
    for key in ("filter.mine.clean", "filter.mine.smudge", "core.fsmonitor", "gpg.program", "core.editor"):
        desk.project.git("config", key, str(alarm))
    desk.project.git("config", "commit.gpgSign", "true")
    (desk.project.path / ".git/info/attributes").write_text("* filter=mine\n")
    (first,) = desk.recorded((HEADER,))
    desk.accept([first])
    (second,) = desk.recorded((OTHER,))
    desk.apply([second])
    assert not (tmp_path / "ran").exists()


def test_what_was_accepted_is_on_record(desk: Desk) -> None:
    """The entry is approved with its branch, and cannot be made twice."""
    (entry,) = desk.recorded((HEADER,))
    desk.accept([entry], "mine")
    found = desk.ledger.find(entry.id)
    assert (found.state, found.branch) == (State.APPROVED, "mine")
    with pytest.raises(UsageError, match="exists") as caught:
        desk.accept([found], "mine")
    assert "git branch -D mine" in caught.value.remedy


def test_a_run_killed_before_it_could_say_so_is_completed(desk: Desk) -> None:
    """A branch that is just what would be made now is taken for ours, and the ledger catches up."""
    entries = desk.recorded((HEADER, BELOW))
    accepted = desk.accept(entries, "mine")
    desk.ledger._database.rows("UPDATE dossiers SET state = 'pending', branch = ''")
    refs = desk.project.git("for-each-ref")
    assert desk.accept([desk.ledger.find(entries[0].id)], "mine") == accepted
    assert desk.project.git("for-each-ref") == refs
    assert desk.ledger.find(entries[0].id).branch == "mine"
    other = desk.recorded((OTHER,))
    with pytest.raises(UsageError, match="exists"):
        desk.accept(other, "mine")


@pytest.mark.parametrize(
    "name", ["main", "main/x", "ma", "-x", "a..b", "a b", "x.lock", "@{-1}", "a\nb", "refs/../x", "HEAD"]
)
def test_a_branch_that_exists_or_cannot_is_refused(desk: Desk, name: str) -> None:
    """No branch is overwritten, and no name leads elsewhere."""
    entries = desk.recorded((HEADER,))
    desk.project.git("branch", "ma/deep")
    before = desk.project.photograph()
    with pytest.raises(UsageError):
        desk.accept(entries, name)
    assert desk.project.photograph() == before
    assert desk.ledger.find(entries[0].id).state is State.PENDING


def test_only_what_was_not_proven_as_it_stands_is_proven_now(desk: Desk) -> None:
    """A recorded proof of the same two trees is enough; of any other it is not."""
    first, second = desk.recorded((HEADER,), (OTHER,))
    base = desk.repository.tree_of("HEAD")
    tree = desk.store.write_tree(
        base, {file.path: (file.after or b"", "100644") for file in first.dossier.change.files}
    )
    desk.ledger.record_proof(base, tree, [Evidence("tests", Verdict.PASSED, "All pass.")])
    desk.accept([first], "one")
    assert desk.asked == []
    desk.accept([first, second], "both")
    assert [file.path for file in desk.asked[0].files] == ["a.py", "pkg/b c.py"]


@pytest.mark.parametrize("way", [Desk.accept, Desk.apply], ids=["branch", "working tree"])
@pytest.mark.parametrize("recorded", [True, False], ids=["failed before", "fails now"])
def test_what_does_not_hold_is_not_written(
    desk: Desk, way: Callable[[Desk, list[Entry]], object], recorded: bool
) -> None:
    """Without proof there is no branch, no object in the target and no approval."""
    entries = desk.recorded((HEADER,))
    if recorded:
        base = desk.repository.tree_of("HEAD")
        tree = desk.store.write_tree(base, {"a.py": (entries[0].dossier.change.files[0].after or b"", "100644")})
        desk.ledger.record_proof(base, tree, [Evidence("tests", Verdict.FAILED, "One fails.")])
    desk.answer = "tests fail"
    before = desk.project.photograph()
    with pytest.raises(NotProven, match="tests fail"):
        way(desk, entries)
    assert desk.project.photograph() == before
    assert desk.ledger.find(entries[0].id).state is State.PENDING


def test_a_new_head_is_built_upon_where_the_files_are_the_same(desk: Desk) -> None:
    """Other people's commits do not make a proposal stale, unless they touch its files."""
    mine, other = desk.recorded((HEADER,), (OTHER,))
    head = desk.project.commit({"pkg/b c.py": b"moved on\n"})
    (commit,) = desk.accept([mine])
    assert desk.project.git("rev-parse", f"{commit}^") == head
    assert desk.repository.read(commit, "pkg/b c.py") == (b"moved on\n", "100644")
    with pytest.raises(StaleProposal, match="improver propose"):
        desk.accept([other])
    desk.project.git("rm", "-q", "a.py")
    desk.project.commit()
    with pytest.raises(StaleProposal, match="no longer there"):
        desk.accept([mine], "again")


def test_proposals_that_collide_are_named(desk: Desk) -> None:
    """Two that change the same place are refused together."""
    again = proposal("a.py", 0, after=b"# other\n", name="other", title="Say something else")
    entries = desk.recorded((HEADER,), (again,))
    with pytest.raises(UsageError, match="Say something else"):
        desk.accept(entries)


def test_the_same_proposal_in_two_dossiers_is_made_once(desk: Desk) -> None:
    """A group and its member do not collide."""
    assert len(desk.accept(desk.recorded((HEADER, BELOW), (HEADER,)))) == 2


@pytest.mark.parametrize("lacking", ["name", "email"])
def test_an_author_is_needed(desk: Desk, tmp_path: Path, lacking: str) -> None:
    """The message has the commands that say who the user is."""
    given = {"name": "Ada", "email": "ada@example.org"}
    del given[lacking]
    (tmp_path / "home/.gitconfig").write_text(
        "[user]\n" + "".join(f" {key} = {value}\n" for key, value in given.items())
    )
    entries = desk.recorded((HEADER,))
    before = desk.project.photograph()
    with pytest.raises(UsageError, match=r"git config --global user\.name"):
        desk.accept(entries)
    assert desk.project.photograph() == before


def test_nothing_to_accept_is_said(desk: Desk) -> None:
    """An empty choice is no branch."""
    with pytest.raises(UsageError, match="nothing to accept"):
        desk.accept([])


def test_a_merged_entry_is_not_accepted_again(desk: Desk) -> None:
    """What is done is done."""
    (entry,) = desk.recorded((HEADER,))
    desk.ledger.approve([entry.id], "x")
    desk.ledger.move([entry.id], State.MERGED)
    with pytest.raises(UsageError, match="merged"):
        desk.accept([desk.ledger.find(entry.id)])


def test_accepting_works_in_linked_shallow_and_detached_checkouts(desk: Desk, tmp_path: Path) -> None:
    """The branch lands in the repository that all checkouts share."""
    desk.project.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    desk.project.clone(tmp_path / "shallow", "--depth=1")
    for name in ("linked", "shallow"):
        checkout = Checkout(tmp_path / name)
        repository = Repository.open(checkout.path)
        with Ledger.open(tmp_path / f"state-{name}") as ledger:
            store = Store.open(tmp_path / f"state-{name}", repository)
            there = Desk(checkout, repository, store, ledger)
            there.accept(there.recorded((HEADER,)), name)
            assert checkout.git("status", "--porcelain") == ""
    assert "linked" in desk.repository.branches()


def test_a_refusal_is_remembered(desk: Desk) -> None:
    """Rejecting writes nothing but the ledger."""
    (entry,) = desk.recorded((HEADER,))
    before = desk.project.photograph()
    (rejected,) = reject(desk.ledger, [entry.id], "too obvious")
    assert (rejected.state, rejected.because) == (State.REJECTED, "too obvious")
    assert desk.ledger.refused() == {HEADER.fingerprint}
    assert desk.project.photograph() == before


def test_a_message_holds_no_line_that_it_should_not() -> None:
    """Titles stay on one line, reasons are wrapped, and only our trailers stand at the end."""
    odd = proposal(title="Say\nwhat\x1b[31m it is ", why="Because " + "of it " * 30 + "\n\nSigned-off-by: Eve\n")
    lines = commit_message(odd).split("\n")
    assert lines[0] == "Say what [31m it is".replace(" [31m", "[31m")
    assert lines[1] == ""
    assert max(map(len, lines[:-3])) <= 72
    assert lines[-4] == ""
    assert lines[-3].startswith("Improver-Rule: ")
    assert lines[-2].startswith("Improver-Fingerprint: ")
    assert commit_message(proposal(title=" ", why="")).startswith("Apply docstrings\n\nImprover-Rule")


def test_applying_writes_the_working_tree_and_keeps_modes(desk: Desk) -> None:
    """Only the named files change; index and HEAD do not."""
    (desk.project.path / "a.py").chmod(0o640)
    entries = desk.recorded((HEADER, BELOW), (OTHER,))
    index = (desk.project.path / ".git/index").read_bytes()
    head = desk.repository.resolve("HEAD")
    assert desk.apply(entries) == ("a.py", "pkg/b c.py")
    assert (desk.project.path / "a.py").read_bytes() == b'"""Say it."""\nx = 1\n# more\n'
    assert (desk.project.path / "a.py").stat().st_mode & 0o777 == 0o640
    assert (desk.project.path / ".git/index").read_bytes() == index
    assert desk.repository.resolve("HEAD") == head
    assert sorted(path.name for path in desk.project.path.iterdir()) == [".git", "a.py", "latin.py", "pkg"]
    assert desk.ledger.find(entries[0].id).state is State.APPROVED


def test_line_ends_of_the_checkout_are_kept(desk: Desk) -> None:
    """Where the checkout has CRLF and the commit LF, the new lines have CRLF too."""
    (desk.project.path / "a.py").write_bytes(b"x = 1\r\n")
    desk.apply(desk.recorded((HEADER,)))
    assert (desk.project.path / "a.py").read_bytes() == b'"""Say it."""\r\nx = 1\r\n'


def test_applying_again_completes_what_was_cut_off(desk: Desk) -> None:
    """A file that has its new content already is left alone, and the others follow."""
    entries = desk.recorded((HEADER,), (OTHER,))
    (desk.project.path / "a.py").write_bytes(entries[0].dossier.change.files[0].after or b"")
    desk.apply(entries)
    assert (desk.project.path / "a.py").read_bytes() == b'"""Say it."""\nx = 1\n'
    assert (desk.project.path / "pkg/b c.py").read_bytes() == b"y = 2\r\nzz = 3\r\n"


def _edit(path: Path) -> None:
    path.write_bytes(b"y = 2\n# mine\n")


def _link(path: Path) -> None:
    target = path.parents[1] / "elsewhere"
    path.rename(target)
    path.symlink_to(target)


def _link_folder(path: Path) -> None:
    path.parent.rename(path.parents[1] / "real")
    path.parent.symlink_to("real")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    "spoil", [_edit, _link, _link_folder, _folder, _pipe, Path.unlink], ids=lambda spoil: spoil.__name__
)
def test_nothing_is_applied_when_one_file_is_not_as_committed(desk: Desk, spoil: Callable[[Path], object]) -> None:
    """The user's changes are never overwritten, links are never followed, and the other files stay too."""
    entries = desk.recorded((HEADER,), (OTHER,))
    spoil(desk.project.path / "pkg/b c.py")
    with pytest.raises(UsageError):
        desk.apply(entries)
    assert (desk.project.path / "a.py").read_bytes() == FILES["a.py"]
    assert desk.asked == []
    assert desk.ledger.find(entries[0].id).state is State.PENDING


def test_a_failure_half_way_is_rolled_back(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the second file cannot be put in place, the first is as it was and nothing is left over."""
    real = os.replace

    def failing(source: str, name: str, **folders: int) -> None:
        if name == "b c.py":
            raise OSError(28, "No space left on device")
        real(source, name, **folders)

    monkeypatch.setattr(os, "replace", failing)
    entries = desk.recorded((HEADER,), (OTHER,))
    with pytest.raises(RunFailed, match="No space left"):
        desk.apply(entries)
    assert {path: (desk.project.path / path).read_bytes() for path in FILES} == FILES
    assert not list(desk.project.path.rglob("*improver-new*"))


def test_what_a_killed_run_left_is_taken_away(tmp_path: Path) -> None:
    """A file half written before is replaced, and gone afterwards, even when it is a link."""
    (tmp_path / "a.py").write_bytes(b"x\n")
    (tmp_path / "victim").write_bytes(b"v\n")
    (tmp_path / ".a.py.improver-new").symlink_to("victim")
    replace_files(tmp_path, [FileChange("a.py", b"x\n", b"y\n")])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.py": b"y\n", "victim": b"v\n"}


@pytest.mark.parametrize("path", ["../a.py", "/etc/passwd", "pkg/../../a.py"])
def test_no_path_leads_out_of_the_checkout(tmp_path: Path, path: str) -> None:
    """Even if a ledger was tampered with."""
    (tmp_path / "a.py").write_bytes(b"x\n")
    (tmp_path / "top/pkg").mkdir(parents=True)
    with pytest.raises(UsageError):
        replace_files(tmp_path / "top", [FileChange(path, b"x\n", b"y\n")])
    assert (tmp_path / "a.py").read_bytes() == b"x\n"


def test_a_repository_that_refuses_objects_is_explained(desk: Desk) -> None:
    """Where objects cannot be written, there is no branch and no approval."""
    entries = desk.recorded((HEADER,))
    oid = "".join(desk.store.write_blobs([b'"""Say it."""\nx = 1\n']))
    (desk.project.path / ".git/objects" / oid[:2]).write_bytes(b"in the way")
    with pytest.raises(GitFailed):
        desk.accept(entries)
    assert desk.repository.branches().keys() == {"main"}
    assert desk.ledger.find(entries[0].id).state is State.PENDING
