"""Trees are filled from objects alone, as a checkout would have them, and nothing of them is left."""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improver import process
from improver.errors import RunFailed
from improver.git import Repository
from improver.sandbox.conversion import converted, looks_binary
from improver.sandbox.paths import link_leaves, objection
from improver.sandbox.worktree import Tree, Worktrees
from improver.sandbox.writing import Writer
from improver.store import Store
from improver.values import Change, FileChange

GIT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


@dataclass
class Project:
    """A repository with a commit, and the trees made from it."""

    top: Path
    state: Path

    def git(self, *words: str, stdin: bytes = b"") -> str:
        done = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *words],
            cwd=self.top,
            env=GIT,
            input=stdin,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def trees(self) -> Worktrees:
        repository = Repository.open(self.top)
        return Worktrees(Store.open(self.state, repository), repository, self.state / "trees")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project", tmp_path / "state")
    made.top.mkdir()
    made.git("init", "-q")
    return made


def reasons(tree: Tree) -> dict[str, str]:
    return {skipped.what: skipped.reason for skipped in tree.left_out}


def test_files_modes_links_and_odd_names_are_as_git_has_them(project: Project) -> None:
    odd = os.fsdecode(b"odd\n\xff\t\"'")
    (project.top / "a/b").mkdir(parents=True)
    (project.top / "a/b/run").write_text("run")
    (project.top / "a/b/run").chmod(0o755)
    (project.top / "a/-rf").write_bytes(b"\0\r\n")
    (project.top / odd).write_text("odd")
    (project.top / "link").symlink_to("a/b/run")
    commit = project.commit()
    with project.trees() as trees:
        tree = trees.base_tree(commit)
        assert tree.left_out == ()
        assert sorted(os.listdir(tree.files)) == sorted(["a", "link", odd])
        assert (tree.files / "a/-rf").read_bytes() == b"\0\r\n"
        assert os.access(tree.files / "a/b/run", os.X_OK)
        assert (tree.files / odd).stat().st_mode & 0o111 == 0
        assert (tree.files / "link").readlink() == Path("a/b/run")
        assert trees.base_tree(commit) is tree


def test_the_tree_is_the_commits_and_not_the_checkouts(project: Project) -> None:
    (project.top / "file").write_text("committed")
    commit = project.commit()
    (project.top / "file").write_text("edited")
    (project.top / "untracked").write_text("")
    with project.trees() as trees:
        files = trees.base_tree(commit).files
        assert [path.name for path in files.iterdir()] == ["file"], "git's pointer is not in the tree"
        assert (files / "file").read_text() == "committed"


def test_no_hook_and_no_filter_of_the_target_runs(project: Project, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (project.top / ".gitattributes").write_text("* filter=evil\n")
    (project.top / "file").write_text("as it is")
    commit = project.commit()
    project.git("config", "filter.evil.smudge", f"touch '{mark}'; cat")
    project.git("config", "filter.evil.required", "true")
    project.git("config", "core.fsmonitor", f"touch '{mark}'")
    (project.top / ".git/hooks").mkdir(exist_ok=True)
    (project.top / ".git/hooks/post-checkout").write_text(f"#!/bin/sh\ntouch '{mark}'\n")
    (project.top / ".git/hooks/post-checkout").chmod(0o755)
    with project.trees() as trees:
        assert (trees.base_tree(commit).files / "file").read_text() == "as it is"
    assert not mark.exists()


def test_links_that_leave_the_tree_are_dropped_and_said(project: Project) -> None:
    (project.top / "deep").mkdir()
    links = {"absolute": "/etc/passwd", "up": "../secret", "deep/two": "../../x", "zigzag": "deep/../../x"}
    for name, target in links.items():
        (project.top / name).symlink_to(target)
    (project.top / "deep/good").symlink_to("../file")
    (project.top / "file").write_text("")
    commit = project.commit()
    with project.trees() as trees:
        tree = trees.base_tree(commit)
        assert set(reasons(tree)) == set(links)
        assert (tree.files / "deep/good").is_symlink()
        assert not any(os.path.lexists(tree.files / name) for name in links)


def test_a_tree_with_a_git_folder_in_it_is_written_without_it(project: Project) -> None:
    blob = project.git("hash-object", "-w", "--stdin", stdin=b"[core]\nfsmonitor = evil\n")
    inner = project.git("mktree", stdin=f"100644 blob {blob}\tconfig\n".encode())
    entries = f"040000 tree {inner}\t.GIT\n100644 blob {blob}\tGIT~1\n100644 blob {blob}\tgood\n"
    tree_oid = project.git("mktree", stdin=entries.encode())
    commit = project.git("commit-tree", tree_oid, "-m", "x")
    with project.trees() as trees:
        tree = trees.base_tree(commit)
        assert [path.name for path in tree.files.iterdir()] == ["good"]
        assert len(tree.left_out) == 2


def test_line_ends_and_encodings_are_as_a_checkout_has_them(project: Project) -> None:
    """Git itself is the judge: a checkout made by git has the same bytes."""
    rules = (
        "*.bat text eol=crlf\n*.auto text=auto eol=crlf\n*.no -text eol=crlf\n*.u16 working-tree-encoding=UTF-16LE\n"
    )
    (project.top / ".gitattributes").write_text(rules + "*.bom text working-tree-encoding=UTF-16LE-BOM eol=crlf\n")
    contents = {
        "a.bat": b"one\ntwo\n",
        "b.auto": b"one\ntwo\n",
        "c.auto": b"one\0\ntwo\n",
        "d.no": b"one\n",
        "e.u16": "ä\n".encode("utf-16-le"),
        "f.bom": b"\xff\xfe" + "ä\r\n".encode("utf-16-le"),
        "g.txt": b"one\ntwo\r\n",
    }
    for name, content in contents.items():
        (project.top / name).write_bytes(content)
    commit = project.commit()
    project.git("rm", "-q", "--cached", "-r", ".")
    for name in contents:
        (project.top / name).unlink()
    project.git("reset", "-q", "--hard")
    with project.trees() as trees:
        tree = trees.base_tree(commit)
        made = {name: (tree.files / name).read_bytes() for name in contents}
        assert made == {name: (project.top / name).read_bytes() for name in contents}
        changed = Change(commit, (FileChange("a.bat", b"one\ntwo\n", b"three\n"),))
        assert (trees.changed_tree(tree, changed).files / "a.bat").read_bytes() == b"three\r\n"


def test_an_unknown_encoding_is_said(project: Project) -> None:
    (project.top / "file.x").write_text("text")
    project.commit()
    (project.top / ".gitattributes").write_text("*.x working-tree-encoding=klingon\n")
    project.git("add", ".gitattributes")
    project.git("commit", "-q", "-m", "x")
    with project.trees() as trees:
        tree = trees.base_tree(project.git("rev-parse", "HEAD"))
    assert "klingon" in reasons(tree)["file.x"]


def test_lfs_objects_that_are_there_replace_their_pointers(project: Project) -> None:
    (project.top / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    content = b"large"
    oid = hashlib.sha256(content).hexdigest()
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 5\n"
    (project.top / "there.bin").write_text(pointer.format(oid))
    (project.top / "absent.bin").write_text(pointer.format("0" * 64))
    (project.top / "pointer.txt").write_text(pointer.format(oid))
    commit = project.commit()
    stored = project.top / ".git/lfs/objects" / oid[:2] / oid[2:4] / oid
    stored.parent.mkdir(parents=True)
    stored.write_bytes(content)
    with project.trees() as trees:
        tree = trees.base_tree(commit)
        assert (tree.files / "there.bin").read_bytes() == content
        assert (tree.files / "pointer.txt").read_text() == pointer.format(oid)
    assert list(reasons(tree)) == ["absent.bin"]
    assert "git lfs pull" in reasons(tree)["absent.bin"]


def test_submodules_that_are_there_are_filled_by_object_id(project: Project, tmp_path: Path) -> None:
    library = Project(tmp_path / "library", tmp_path / "other")
    library.top.mkdir()
    library.git("init", "-q")
    (library.top / "module.py").write_text("first")
    library.commit()
    project.git("submodule", "--quiet", "add", str(library.top), "vendor/library")
    commit = project.commit()
    (project.top / "vendor/library/module.py").write_text("edited")
    with project.trees() as trees:
        assert (trees.base_tree(commit).files / "vendor/library/module.py").read_text() == "first"
    project.git("submodule", "--quiet", "deinit", "--force", "vendor/library")
    with project.trees() as trees:
        assert "git submodule update" in reasons(trees.base_tree(commit))["vendor/library"]


def test_a_changed_tree_has_the_change_and_leaves_the_base_alone(project: Project) -> None:
    for name in ("same", "edit", "gone/deep/file", "becomes"):
        (project.top / name).parent.mkdir(parents=True, exist_ok=True)
        (project.top / name).write_text("before")
    commit = project.commit()
    change = Change(
        commit,
        (
            FileChange("becomes", b"before", None),
            FileChange("becomes/folder", None, b"new", mode_after="100755"),
            FileChange("edit", b"before", b"after"),
            FileChange("gone/deep/file", b"before", None),
        ),
    )
    with project.trees() as trees:
        base = trees.base_tree(commit)
        tree = trees.changed_tree(base, change)
        assert tree.left_out == ()
        found = sorted(str(path.relative_to(tree.files)) for path in tree.files.rglob("*"))
        assert found == ["becomes", "becomes/folder", "edit", "same"]
        assert (tree.files / "edit").read_text() == "after"
        assert os.access(tree.files / "becomes/folder", os.X_OK)
        assert (base.files / "edit").read_text() == "before"
        assert (base.files / "gone/deep/file").exists()
        assert trees.changed_tree(base, change) is tree
        trees.forget(tree)
        assert not tree.files.exists()
        assert trees.changed_tree(base, change) is not tree


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(FileChange("../out", None, b"x"), id="up"),
        pytest.param(FileChange("/tmp/out", None, b"x"), id="absolute"),
        pytest.param(FileChange(".Git/config", None, b"x"), id="git folder"),
        pytest.param(FileChange("sub/.git./hooks/x", None, b"x"), id="git folder with a dot"),
        pytest.param(FileChange("link", None, b"/etc", mode_after="120000"), id="link"),
        pytest.param(FileChange("inside/file", None, b"x"), id="through a link"),
        pytest.param(FileChange("module", None, b"x", mode_after="160000"), id="submodule"),
        pytest.param(FileChange("x" * 300, None, b"x"), id="too long"),
    ],
)
def test_a_change_that_may_not_be_written_is_said_and_not_written(project: Project, bad: FileChange) -> None:
    (project.top / "folder").mkdir()
    (project.top / "folder/kept").write_text("kept")
    (project.top / "inside").symlink_to("folder")
    (project.top / ".gitattributes").write_text("*.bat text eol=crlf\n")
    commit = project.commit()
    with project.trees() as trees:
        tree = trees.changed_tree(trees.base_tree(commit), Change(commit, (bad,)))
        assert list(reasons(tree)) == [bad.path]
        assert sorted(path.name for path in tree.files.rglob("*")) == [".gitattributes", "folder", "inside", "kept"]


def test_nothing_is_left_even_after_an_error(project: Project) -> None:
    commit = project.commit()
    before = sorted(str(path) for path in project.top.rglob("*"))
    trees = project.trees()
    with pytest.raises(RunFailed), trees:
        trees.changed_tree(Tree(commit, trees.base_tree(commit).files / "gone"), Change(commit, ()))
    trees.close()
    store = Store.open(project.state, Repository.open(project.top))
    assert store.worktrees() == ()
    assert [path.name for path in (project.state / "trees").iterdir()] == ["lock"]
    assert sorted(str(path) for path in project.top.rglob("*")) == before


def test_while_it_lives_a_worktree_is_known_locked_and_not_pruned(project: Project) -> None:
    commit = project.commit()
    with project.trees() as trees:
        tree = trees.base_tree(commit)
        store = Store.open(project.state, Repository.open(project.top))
        store.worktree_prune()
        assert [worktree.path for worktree in store.worktrees()] == [tree.files]


def test_what_a_killed_run_left_is_taken_away_by_the_next_and_a_live_one_is_not(
    project: Project, tmp_path: Path
) -> None:
    (project.top / "file").write_text("x")
    commit = project.commit()
    script = tmp_path / "run.py"
    script.write_text(f"""
import os, signal, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from pathlib import Path
from improver.git import Repository
from improver.sandbox.worktree import Worktrees
from improver.store import Store
repository = Repository.open(Path({str(project.top)!r}))
state = Path({str(project.state)!r})
trees = Worktrees(Store.open(state, repository), repository, state / "trees")
trees.base_tree({commit!r})
os.kill(os.getpid(), signal.SIGKILL)
""")
    with project.trees() as alive:
        kept = alive.base_tree(commit)
        done = process.run([sys.executable, str(script)], environ=dict(os.environ), seconds=60)
        assert done.returncode == -signal.SIGKILL, done.stderr
        store = Store.open(project.state, Repository.open(project.top))
        assert len(store.worktrees()) == 2
        with project.trees() as trees:
            assert trees.sweep() == 0
            assert [worktree.path for worktree in store.worktrees()] == [kept.files]
        assert (kept.files / "file").read_text() == "x"


def test_a_state_folder_that_cannot_be_written_is_an_error_with_a_remedy(project: Project) -> None:
    project.commit()
    repository = Repository.open(project.top)
    store = Store.open(project.state, repository)
    (project.state / "file").write_text("")
    with pytest.raises(RunFailed, match="cannot be written"):
        Worktrees(store, repository, project.state / "file/trees")


def test_a_run_that_is_being_made_is_waited_for(project: Project) -> None:
    """Two runs at once do not sweep each other's folders before they are locked."""
    project.commit()
    with project.trees() as trees, (project.state / "trees/lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(lock, fcntl.LOCK_UN)
        assert trees.sweep() == 0


def test_writing_never_follows_a_link(tmp_path: Path) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    tree.mkdir()
    outside.mkdir()
    (tree / "folder").symlink_to(outside)
    (tree / "file").symlink_to(outside / "file")
    with Writer(tree) as writer:
        assert writer.write("folder/new", b"x", "100644")
        assert writer.write("file", b"x", "100644")
        assert writer.remove("folder/new")
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "a//b",
        "a/../b",
        "./a",
        ".git",
        "a/.GIT/b",
        ".git ",
        ".git.",
        "git~1",
        "GIT~2",
        ".g\u200cit",
        ".git::$DATA",
        "a\0b",
    ],
)
def test_a_path_that_git_would_not_check_out_is_refused(path: str) -> None:
    assert objection(path)


@pytest.mark.parametrize("path", ["a", ".gitignore", "git/x", ".github/x", "a.git/x", "git~", "a\nb", "-rf", "..."])
def test_an_ordinary_path_is_not_refused(path: str) -> None:
    assert objection(path) == ""


@given(st.lists(st.sampled_from(["..", ".", "a", "b", ""]), max_size=6), st.integers(0, 3))
def test_a_link_that_is_kept_ends_in_the_tree(parts: list[str], depth: int) -> None:
    """Whatever names on its way are themselves, a kept link climbs no higher than the tree's top."""
    path, target = "/".join(["d"] * depth + ["link"]), "/".join(parts)
    if not link_leaves(path, target):
        place = os.path.normpath("/".join(["top", "tree"] + ["d"] * depth) + "/" + target)
        assert place == "top/tree" or place.startswith("top/tree/")


@given(st.binary(max_size=200))
def test_line_ends_of_what_looks_binary_stay(content: bytes) -> None:
    result, _ = converted(content, {"text": "auto", "eol": "crlf"})
    if looks_binary(content):
        assert result == content
    assert result.replace(b"\r\n", b"\n") == content.replace(b"\r\n", b"\n")
