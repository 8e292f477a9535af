"""Improver's own repository sees the target's objects, adds to them, and leaves the target as it was."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from repositories import Checkout

from improver.errors import GitFailed, RunFailed
from improver.git import Repository
from improver.store import Person, Store

ADA = Person("Ada Lovelace", "ada@example.org")
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
FILES = {"a.py": b"a = 1\n", "b/c.py": b"c = 3\r\n", "b/new\nline-\udcff.py": b"\xff\0\n", "gone.py": b"x\n"}


@pytest.fixture(params=["sha1", "sha256"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Checkout:
    return Checkout.make(tmp_path / "project", FILES, request.param)


@pytest.fixture
def plain(tmp_path: Path) -> Checkout:
    return Checkout.make(tmp_path / "plain", FILES)


def _opened(project: Checkout, tmp_path: Path) -> tuple[Repository, Store]:
    target = Repository.open(project.path)
    return target, Store.open(tmp_path / "state" / target.fingerprint, target)


def _commit(store: Store, tree: str, parents: list[str], message: str = "Say more\n") -> str:
    return store.commit(tree, parents, message, ADA, ADA, NOON)


def test_the_store_reads_what_the_target_has(project: Checkout, tmp_path: Path) -> None:
    """Nothing is copied, and every object is there; new commits are seen without being told."""
    target, store = _opened(project, tmp_path)
    assert store.repository.read(target.resolve("HEAD"), "a.py") == (b"a = 1\n", "100644")
    later = project.commit({"a.py": b"a = 2\n"})
    assert store.repository.read(later, "a.py") == (b"a = 2\n", "100644")


def test_a_tree_differs_only_where_it_was_told_to(project: Checkout, tmp_path: Path) -> None:
    """Contents are written byte for byte under any name, files go and come, modes are kept."""
    target, store = _opened(project, tmp_path)
    head = target.resolve("HEAD")
    project.git("config", "core.autocrlf", "true")
    files = {
        "a.py": (b"a = 1\r\n\0", "100755"),
        "b/new\nline-\udcff.py": (b"", "100644"),
        "-n/e w.py": (b"\xfe", "100644"),
        "gone.py": None,
    }
    tree = store.write_tree(head, files)
    found = {entry.path: entry for entry in store.repository.entries(tree)}
    contents = store.repository.blobs(entry.oid for entry in found.values())
    assert {path: (contents[entry.oid], entry.mode) for path, entry in found.items()} == {
        "b/c.py": (b"c = 3\r\n", "100644"),
        **{path: value for path, value in files.items() if value},
    }
    assert store.write_tree(head, {}) == target.tree_of(head)
    assert store.write_tree("", {}) == store.git.hash_object("-t", "tree", "--stdin").decode().strip()


@pytest.mark.parametrize("path", ["../out", ".git/hooks/post-commit", "/abs", "a/../../x", "b/.GIT/config", "git~1/x"])
def test_no_tree_leads_out_or_into_git(plain: Checkout, tmp_path: Path, path: str) -> None:
    """Paths that a checkout could not hold safely are refused."""
    target, store = _opened(plain, tmp_path)
    with pytest.raises(GitFailed):
        store.write_tree(target.resolve("HEAD"), {path: (b"x", "100644")})


def test_a_commit_has_its_author_date_and_words(project: Checkout, tmp_path: Path) -> None:
    """The commit is made of what was given and nothing else; the same words give the same name."""
    target, store = _opened(project, tmp_path)
    head = target.resolve("HEAD")
    made = [_commit(store, target.tree_of(head), [head], "Tïtle\n\n# not a comment\n") for _ in range(2)]
    assert made[0] == made[1]
    lines = store.git.cat_file("commit", made[0]).decode().split("\n")
    who = f"Ada Lovelace <ada@example.org> {int(NOON.timestamp())} +0000"
    assert lines == [
        f"tree {target.tree_of(head)}",
        f"parent {head}",
        f"author {who}",
        f"committer {who}",
        "",
        "Tïtle",
        "",
        "# not a comment",
        "",
    ]


def test_nothing_of_the_target_changes_until_objects_are_sent(plain: Checkout, tmp_path: Path) -> None:
    """Trees, commits and worktrees leave every byte of the target alone; sending adds objects and no ref."""
    before, untouched = plain.photograph(), plain.photograph(".git/objects")
    target, store = _opened(plain, tmp_path)
    head = target.resolve("HEAD")
    commit = _commit(store, store.write_tree(head, {"a.py": (b"a = 2\n", "100644")}), [head])
    store.worktree_add(tmp_path / "tree", commit)
    store.worktree_remove(tmp_path / "tree")
    assert plain.photograph() == before
    store.send(target, [commit], [head])
    assert target.read(commit, "a.py") == (b"a = 2\n", "100644")
    assert target.blobs([commit])  # the commit itself arrived, not only its name
    added = {name for name in plain.photograph() if name not in before and not name.endswith(" when")}
    assert sum(1 for name in added if len(Path(name).parts) == 4) == 3, "a blob, a tree and a commit"
    assert plain.photograph(".git/objects") == untouched
    plain.git("fsck", "--strict")


def test_hooks_of_the_user_do_not_run(plain: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the user's template folder nor their hooks reach the store."""
    home = tmp_path / "home"
    (home / "template/hooks").mkdir(parents=True)
    hook = home / "template/hooks/post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
    hook.chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[init]\n templateDir = {home}/template\n[core]\n hooksPath = {home}/template/hooks\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", f"{home}/template")
    target, store = _opened(plain, tmp_path)
    store.worktree_add(tmp_path / "tree", target.resolve("HEAD"))
    assert not (tmp_path / "ran").exists()
    assert not list((store.repository.top).glob("hooks/*"))


def test_worktrees_are_listed_removed_and_forgotten(plain: Checkout, tmp_path: Path) -> None:
    """An empty worktree stands at its commit; removed or lost ones leave no trace."""
    target, store = _opened(plain, tmp_path)
    head = target.resolve("HEAD")
    first, second = tmp_path / "trees/a b", tmp_path / "trees/-c\nd"
    for path in (first, second):
        store.worktree_add(path, head)
        assert [entry.name for entry in path.iterdir()] == [".git"]
    assert {(tree.path, tree.commit) for tree in store.worktrees()} == {(first, head), (second, head)}
    (first / "locked").mkdir()
    (first / "locked/file").write_bytes(b"")
    (first / "locked").chmod(stat.S_IRUSR)
    (first / "link").symlink_to(plain.path)
    store.worktree_remove(first)
    store.worktree_remove(first)
    assert not first.exists()
    assert (plain.path / "a.py").exists()
    (second / ".git").unlink()
    second.rmdir()
    store.worktree_prune()
    assert store.worktrees() == ()


def test_many_runs_at_once_share_one_store(plain: Checkout, tmp_path: Path) -> None:
    """Opening, writing and adding worktrees in parallel neither waits nor fails."""
    target = Repository.open(plain.path)
    head = target.resolve("HEAD")

    def work(number: int) -> str:
        store = Store.open(tmp_path / "state", Repository.open(plain.path))
        tree = store.write_tree(head, {"a.py": (b"a = %d\n" % (number % 3), "100644")})
        commit = _commit(store, tree, [head], str(number % 3))
        store.worktree_add(tmp_path / f"tree{number}", commit)
        return commit

    with ThreadPoolExecutor(6) as pool:
        commits = list(pool.map(work, range(12)))
    store = Store.open(tmp_path / "state", target)
    assert len(set(commits)) == 3
    assert len(store.worktrees()) == 12
    assert sorted(path.name for path in (tmp_path / "state").iterdir()) == ["objects.git"]


def test_a_shallow_target_can_be_built_upon(plain: Checkout, tmp_path: Path) -> None:
    """Where history is cut off, commits are made and sent all the same; so they are after it was completed."""
    plain.commit({"a.py": b"a = 2\n"})
    clone = plain.clone(tmp_path / "shallow", "--depth=1")
    target, store = _opened(clone, tmp_path)
    head = target.resolve("HEAD")
    commit = _commit(store, store.write_tree(head, {"a.py": (b"a = 3\n", "100644")}), [head])
    store.send(target, [commit], [head])
    assert target.read(commit, "a.py") == (b"a = 3\n", "100644")
    clone.git("fsck")
    clone.git("fetch", "-q", "--unshallow")
    _, store = _opened(clone, tmp_path)
    assert not (store.repository.top / "shallow").exists()
    assert store.repository.resolve(f"{commit}~2") == target.resolve("HEAD~1")


def test_a_partial_target_can_be_built_upon(plain: Checkout, tmp_path: Path) -> None:
    """A tree is written though some of its blobs were never fetched, and nothing is fetched for it."""
    plain.git("config", "uploadpack.allowFilter", "true")
    clone = plain.clone(tmp_path / "partial", "--filter=blob:none", "--no-checkout")
    clone.git("checkout", "-q", "HEAD", "--", "a.py")
    target, store = _opened(clone, tmp_path)
    head = target.resolve("HEAD")
    before = clone.photograph()
    commit = _commit(store, store.write_tree(head, {"a.py": (b"a = 3\n", "100644")}), [head])
    with pytest.raises(GitFailed, match="partial"):
        store.repository.read(head, "b/c.py")
    assert clone.photograph() == before
    store.send(target, [commit], [head])
    assert target.read(commit, "a.py") == (b"a = 3\n", "100644")


def test_a_target_that_borrows_objects_is_read_through(plain: Checkout, tmp_path: Path) -> None:
    """The alternates of the target count too."""
    plain.git("clone", "-q", "--shared", str(plain.path), str(tmp_path / "shared"))
    target, store = _opened(Checkout(tmp_path / "shared"), tmp_path)
    assert store.repository.read(target.resolve("HEAD"), "a.py") == (b"a = 1\n", "100644")


@pytest.mark.parametrize("name", ["new\nline", 'quote"', "back\\slash", "# hash", "ü-\udcff"])
def test_a_target_in_an_odd_folder_is_read(tmp_path: Path, name: str) -> None:
    """The folder's name may hold whatever a file system allows."""
    project = Checkout.make(tmp_path / name / "project", FILES)
    target, store = _opened(project, tmp_path)
    assert store.repository.read(target.resolve("HEAD"), "a.py") == (b"a = 1\n", "100644")


def test_a_folder_that_cannot_be_made_is_explained(plain: Checkout, tmp_path: Path) -> None:
    """The message names the folder, and the remedy another."""
    (tmp_path / "state").write_bytes(b"")
    with pytest.raises(RunFailed, match="IMPROVER_STATE_DIR"):
        Store.open(tmp_path / "state", Repository.open(plain.path))


def test_no_room_for_temporary_files_is_explained(
    plain: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The remedy names the variable that leads elsewhere."""
    target, store = _opened(plain, tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    for write in (lambda: store.write_blobs([b"x"]), lambda: target.attributes(["a.py"], ["text"], "HEAD")):
        with pytest.raises(RunFailed, match="TMPDIR"):
            write()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_target_that_cannot_be_written_refuses_what_is_sent(plain: Checkout, tmp_path: Path) -> None:
    """Sending to a read-only repository is a sentence."""
    target, store = _opened(plain, tmp_path)
    head = target.resolve("HEAD")
    commit = _commit(store, store.write_tree(head, {"a.py": (b"a = 2\n", "100644")}), [head])
    objects = plain.path / ".git/objects"
    objects.chmod(0o500)
    try:
        with pytest.raises(GitFailed):
            store.send(target, [commit], [head])
    finally:
        objects.chmod(0o700)
