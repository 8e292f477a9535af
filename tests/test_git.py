"""Git is asked about repositories of every kind; nothing of the target's runs and nothing changes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from repositories import Checkout

from improver.errors import GitFailed, UsageError
from improver.git import Repository, find_git, find_place
from improver.values import FileChange, Missing

ODD = {
    "plain.py": b"a = 1\n",
    "with space.py": b"b = 2\n",
    "-dash.py": b"c = 3\n",
    "new\nline.py": b"d = 4\n",
    "not-utf8-\udcff.py": b"e = 5\n",
    'quote".py': b"f = 6\n",
    "tab\t.py": b"g = 7\n",
    "ü/ß.py": b"h = 8\n",
    ":(glob)*.py": b"i = 9\n",
    "empty.py": b"",
}


@pytest.fixture
def project(tmp_path: Path) -> Checkout:
    return Checkout.make(tmp_path / "project", ODD)


def test_a_repository_is_found_from_any_place_in_it(project: Checkout) -> None:
    """The top is the same whether one asks from the top, a folder or a file."""
    for path in (project.path, project.path / "ü", project.path / "ü/ß.py", project.path / ".git"):
        repository = Repository.open(path)
        assert (repository.top, repository.bare, repository.object_format) == (project.path, False, "sha1")


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_odd_names_come_back_as_they_are(tmp_path: Path, object_format: str) -> None:
    """Entries and contents survive newlines, quotes, dashes, pathspec magic and bytes that are not UTF-8."""
    project = Checkout.make(tmp_path / "project", ODD, object_format)
    repository = Repository.open(project.path)
    entries = repository.entries(repository.resolve("HEAD"))
    contents = repository.blobs(entry.oid for entry in entries)
    assert {entry.path: contents[entry.oid] for entry in entries} == ODD
    assert {entry.path: entry.size for entry in entries} == {path: len(content) for path, content in ODD.items()}
    for path, content in ODD.items():
        assert repository.read("HEAD", path) == (content, "100644")
    assert repository.read("HEAD", "absent.py") is None
    assert repository.read("HEAD", "ü") is None
    assert len(repository.null_oid) == len(repository.resolve("HEAD"))


def test_modes_and_kinds_are_told(project: Checkout) -> None:
    """A link, a program and a plain file differ by mode."""
    (project.path / "link").symlink_to("plain.py")
    (project.path / "with space.py").chmod(0o755)
    project.commit()
    modes = {entry.path: entry.mode for entry in Repository.open(project.path).entries("HEAD")}
    assert (modes["link"], modes["with space.py"], modes["plain.py"]) == ("120000", "100755", "100644")


@pytest.mark.parametrize("path", ["", "nowhere"], ids=["outside of git", "an absent path"])
def test_what_is_no_repository_is_said(tmp_path: Path, path: str) -> None:
    """The message names the path, and the remedy leads on."""
    with pytest.raises(UsageError) as caught:
        Repository.open(tmp_path / path)
    assert str(tmp_path / path) in str(caught.value)


def test_outside_of_git_the_remedy_needs_no_git(tmp_path: Path) -> None:
    """Whoever has no repository can still scan."""
    assert isinstance(find_place(tmp_path), Missing)
    with pytest.raises(UsageError, match="improver scan"):
        Repository.open(tmp_path)


def test_an_empty_repository_asks_for_a_commit(tmp_path: Path) -> None:
    """A repository opens before its first commit, and HEAD is explained."""
    repository = Repository.open(Checkout.make(tmp_path / "empty").path)
    with pytest.raises(UsageError, match="has no commit yet"):
        repository.resolve("HEAD")
    with pytest.raises(UsageError, match="has no commit yet"):
        repository.staged_changes()
    for question in (repository.entries, repository.tree_of):
        with pytest.raises(UsageError, match="has no commit yet"):
            question("HEAD")
    assert repository.status().branch == "main"


@pytest.mark.parametrize("rev", ["-h", "--all", "", "a\nb", "a\0b", "nothing", "HEAD:plain.py", "main..HEAD", "\udcff"])
def test_words_that_name_no_commit_are_refused(project: Checkout, rev: str) -> None:
    """No word of the user's is read as an option, a range or a file."""
    with pytest.raises(UsageError):
        Repository.open(project.path).resolve(rev)


def test_a_branch_that_looks_like_a_path_and_a_tag_resolve(project: Checkout) -> None:
    """Names, annotated tags, short names and expressions all lead to the commit."""
    project.git("tag", "-a", "v1", "-m", "one")
    project.git("branch", "plain.py")
    repository = Repository.open(project.path)
    head = project.git("rev-parse", "HEAD")
    assert {repository.resolve(rev) for rev in ("HEAD", "v1", "refs/heads/plain.py", head[:10], "HEAD~0")} == {head}
    assert repository.tree_of("v1") == project.git("rev-parse", "HEAD^{tree}") == repository.tree_of("HEAD:")


@pytest.mark.parametrize("broken", ["gitdir: ../nowhere\n", "nonsense", "", "gitdir: \0"])
def test_a_broken_git_file_is_explained(tmp_path: Path, broken: str) -> None:
    """A `.git` file that leads nowhere is a sentence, not a traceback."""
    (tmp_path / ".git").write_text(broken)
    with pytest.raises(GitFailed):
        Repository.open(tmp_path)


def test_a_repository_of_a_later_form_is_explained(project: Checkout) -> None:
    """What this git cannot read, it says itself."""
    project.git("config", "core.repositoryFormatVersion", "1")
    project.git("config", "extensions.unheardOf", "true")
    with pytest.raises(GitFailed, match="unknown repository extension"):
        Repository.open(project.path)


def test_a_damaged_object_is_explained(project: Checkout) -> None:
    """A blob that is gone is named with a remedy."""
    oid = project.git("rev-parse", "HEAD:plain.py")
    (project.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(GitFailed, match=oid):
        Repository.open(project.path).read("HEAD", "plain.py")


def test_a_linked_worktree_shares_the_state_of_its_repository(project: Checkout, tmp_path: Path) -> None:
    """Both checkouts have one ledger, and each its own HEAD."""
    project.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    linked = Checkout(tmp_path / "linked")
    commit = linked.commit({"plain.py": b"a = 2\n"})
    here, there = Repository.open(project.path), Repository.open(linked.path)
    assert (there.top, there.place.linked, there.resolve("HEAD")) == (linked.path, True, commit)
    assert here.fingerprint == there.fingerprint
    assert here.resolve("HEAD") != commit
    assert (there.status().linked, there.status().detached, here.status().linked) == (True, True, False)
    assert there.read("HEAD", "plain.py") == (b"a = 2\n", "100644")


def test_a_submodule_is_a_repository_and_an_entry(project: Checkout, tmp_path: Path) -> None:
    """The outer repository lists it as a commit; from inside, its own files are seen."""
    inner = Checkout.make(tmp_path / "inner", {"inner.py": b"x = 1\n"})
    project.git("submodule", "--quiet", "add", f"file://{inner.path}", "part")
    project.commit()
    outer = Repository.open(project.path)
    entry = next(entry for entry in outer.entries("HEAD") if entry.path == "part")
    assert (entry.mode, entry.kind, entry.size) == ("160000", "commit", -1)
    assert outer.status().submodules == ("part",)
    assert not outer.status().linked
    part = Repository.open(project.path / "part")
    assert (part.top, [entry.path for entry in part.entries("HEAD")]) == (project.path / "part", ["inner.py"])
    assert not part.status().linked
    assert part.fingerprint != outer.fingerprint


def test_a_submodule_that_moves_is_a_change(project: Checkout, tmp_path: Path) -> None:
    """Settings that hide submodules do not hide them here."""
    inner = Checkout.make(tmp_path / "inner", {"inner.py": b"x = 1\n"})
    project.git("submodule", "--quiet", "add", f"file://{inner.path}", "part")
    base = project.commit()
    Checkout(project.path / "part").commit({"inner.py": b"x = 2\n"})
    head = project.commit()
    project.git("config", "diff.ignoreSubmodules", "all")
    (change,) = Repository.open(project.path).changes(base, head).files
    assert (change.path, change.mode_before, change.mode_after) == ("part", "160000", "160000")
    assert change.before is not None
    assert change.before.startswith(b"Subproject commit ")


def test_a_shallow_clone_says_how_to_get_more(project: Checkout, tmp_path: Path) -> None:
    """HEAD works; what lies beyond the cut is explained."""
    project.commit({"plain.py": b"a = 2\n"})
    shallow = Repository.open(project.clone(tmp_path / "shallow", "--depth=1").path)
    assert shallow.status().shallow
    assert shallow.read("HEAD", "plain.py") == (b"a = 2\n", "100644")
    with pytest.raises(UsageError, match="--unshallow"):
        shallow.resolve("HEAD~1")


def test_a_partial_clone_is_read_without_fetching(project: Checkout, tmp_path: Path) -> None:
    """What is there is read; what is not is named, and nothing is fetched for it."""
    project.git("config", "uploadpack.allowFilter", "true")
    project.commit({"plain.py": b"a = 2\n"})
    clone = project.clone(tmp_path / "partial", "--filter=blob:none")
    clone.git("config", "protocol.file.allow", "always")
    repository = Repository.open(clone.path)
    before = clone.photograph()
    assert repository.status().partial
    assert repository.read("HEAD", "plain.py") == (b"a = 2\n", "100644")
    assert {entry.path for entry in repository.entries("HEAD~1")} == set(ODD)
    with pytest.raises(GitFailed, match="partial"):
        repository.read("HEAD~1", "plain.py")
    assert clone.photograph() == before


def test_a_bare_repository_opens_and_has_no_status(project: Checkout, tmp_path: Path) -> None:
    """Trees of a bare repository are read; a question about its files is refused."""
    repository = Repository.open(project.clone(tmp_path / "bare.git", "--bare").path)
    assert repository.bare
    assert repository.read("HEAD", "plain.py") == (b"a = 1\n", "100644")
    with pytest.raises(GitFailed, match="bare"):
        repository.status()


def test_git_dir_of_the_user_is_not_followed(
    project: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables of a surrounding git, as in a hook, do not lead elsewhere."""
    other = Checkout.make(tmp_path / "other", {"x.py": b""})
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", "/nonexistent/index")
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/nonexistent")
    repository = Repository.open(project.path)
    assert repository.read("HEAD", "plain.py") == (b"a = 1\n", "100644")
    assert repository.status().clean


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_another_owner_is_no_obstacle(project: Checkout) -> None:
    """A checkout that belongs to somebody else is read like any other."""
    for path in (project.path, *project.path.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)
    repository = Repository.open(project.path)
    assert repository.status().clean
    assert repository.read("HEAD", "plain.py") == (b"a = 1\n", "100644")
    assert repository.config("remote.origin.url") == ""


def test_status_tells_staged_dirty_untracked_and_ignored_apart(project: Checkout) -> None:
    """Each path stands in its own list, odd names too."""
    project.commit({".gitignore": b"*.log\nbuild/\n"})
    project.write({"with space.py": b"staged\n", "new\nfile": b"", "run.log": b"", "build/out.py": b""})
    project.git("add", "with space.py")
    project.write({"-dash.py": b"dirty\n", "not-utf8-\udcff.py": b"dirty\n"})
    repository = Repository.open(project.path)
    status = repository.status()
    assert status.staged == ("with space.py",)
    assert set(status.dirty) == {"-dash.py", "not-utf8-\udcff.py"}
    assert status.untracked == ("new\nfile",)
    assert not status.clean
    assert set(repository.ignored()) == {"run.log", "build/"}
    (staged,) = repository.staged_changes().files
    assert staged == FileChange("with space.py", b"b = 2\n", b"staged\n")


def test_what_the_user_ignores_everywhere_is_ignored(
    project: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user's own list counts, in its usual place or a named one."""
    home = tmp_path / "home"
    (home / ".config/git").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (home / ".config/git/ignore").write_text("*.swp\n")
    (home / "mine").write_text("*.bak\n")
    project.write({"a.swp": b"", "b.bak": b""})
    assert Repository.open(project.path).ignored() == ("a.swp",)
    (home / ".gitconfig").write_text("[core]\n excludesFile = ~/mine\n")
    assert Repository.open(project.path).ignored() == ("b.bak",)


def _conflicting(project: Checkout) -> None:
    project.git("checkout", "-q", "-b", "other")
    project.commit({"plain.py": b"a = 'other'\n"})
    project.git("checkout", "-q", "main")
    project.commit({"plain.py": b"a = 'main'\n"})


@pytest.mark.parametrize(
    ("words", "under_way"),
    [(("merge", "other"), "merge"), (("rebase", "other"), "rebase"), (("cherry-pick", "other"), "cherry-pick")],
)
def test_work_that_is_under_way_is_named(project: Checkout, words: tuple[str, ...], under_way: str) -> None:
    """A merge, rebase or cherry-pick that stopped is told with its conflicts."""
    _conflicting(project)
    with pytest.raises(AssertionError):
        project.git(*words)
    status = Repository.open(project.path).status()
    assert (status.under_way, status.conflicts) == (under_way, ("plain.py",))


def test_a_detached_head_has_no_branch(project: Checkout) -> None:
    """Detached is told, and branches are listed by their short names."""
    project.git("checkout", "-q", "--detach")
    project.git("branch", "topic/one")
    repository = Repository.open(project.path)
    head = repository.resolve("HEAD")
    assert repository.status().detached
    assert repository.branches() == {"main": head, "topic/one": head}


@pytest.mark.parametrize("words", [["--no-sparse-index"], ["--sparse-index"]], ids=["plain index", "sparse index"])
def test_a_sparse_checkout_is_clean_and_whole(project: Checkout, words: list[str]) -> None:
    """Files that the user left out of the checkout are neither dirty nor absent from HEAD."""
    project.commit({"one/a.py": b"", "two/deep/b.py": b"b\n"})
    project.git("sparse-checkout", "init", "--cone", *words)
    project.git("sparse-checkout", "set", "one")
    before = project.photograph()
    repository = Repository.open(project.path)
    assert not (project.path / "two").exists()
    assert repository.status().clean
    assert repository.read("HEAD", "two/deep/b.py") == (b"b\n", "100644")
    assert repository.attributes(["two/deep/b.py"], ["text"], "HEAD") == {"two/deep/b.py": {"text": "unspecified"}}
    assert project.photograph() == before


@pytest.mark.parametrize("folder", ["plain", 'a:b"c\\d'])
def test_what_is_staged_in_a_sparse_checkout_is_told_without_writing(tmp_path: Path, folder: str) -> None:
    """Git may need trees that it does not have; they do not land in the target."""
    project = Checkout.make(tmp_path / folder, {"one/a.py": b"a\n", "one/b.py": b"", "two/deep/c.py": b"c\n"})
    project.git("sparse-checkout", "init", "--cone", "--sparse-index")
    project.git("sparse-checkout", "set", "one")
    project.write({"one/a.py": b"staged\n"})
    project.git("add", "one/a.py")
    before = project.photograph().keys()
    (change,) = Repository.open(project.path).staged_changes().files
    assert (change.path, change.after) == ("one/a.py", b"staged\n")
    assert project.photograph().keys() == before


def test_a_checkout_of_a_bare_repository_is_no_bare_one(project: Checkout, tmp_path: Path) -> None:
    """Some keep only linked worktrees of a bare repository."""
    bare = project.clone(tmp_path / "project.git", "--bare")
    bare.git("worktree", "add", "-q", str(tmp_path / "main"), "main")
    repository = Repository.open(tmp_path / "main")
    assert not repository.bare
    assert repository.status().clean
    assert repository.status().branch == "main"
    assert repository.fingerprint == Repository.open(bare.path).fingerprint


def test_a_circle_of_links_is_no_place(tmp_path: Path) -> None:
    """A path that leads to itself does not exist."""
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises((UsageError, GitFailed)):
        Repository.open(tmp_path / "circle")


def test_a_git_folder_elsewhere_is_followed(tmp_path: Path) -> None:
    """A checkout may keep its git folder apart, or behind a link."""
    (tmp_path / "kept").mkdir()
    apart = Checkout(tmp_path / "apart")
    apart.path.mkdir()
    apart.git("init", "-q", "--separate-git-dir", str(tmp_path / "kept/git"))
    apart.commit({"a.py": b"a\n"})
    assert Repository.open(apart.path).read("HEAD", "a.py") == (b"a\n", "100644")
    (apart.path / ".git").unlink()
    (apart.path / ".git").symlink_to(tmp_path / "kept/git")
    assert Repository.open(apart.path).status().clean


@pytest.mark.sandbox
def test_a_read_only_checkout_is_read(project: Checkout, tmp_path: Path) -> None:
    """Nothing needs to be written to the repository to ask it everything; what is sent to it is refused."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        pytest.skip("needs bubblewrap")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from improver.errors import GitFailed\n"
        "from improver.git import Repository\n"
        "from improver.store import Store\n"
        "target = Repository.open(Path(sys.argv[1]))\n"
        "head = target.resolve('HEAD')\n"
        "assert target.status().clean\n"
        "assert target.attributes(['plain.py'], ['text'], head)\n"
        "store = Store.open(Path(sys.argv[2]), target)\n"
        "(oid,) = store.write_blobs([b'new'])\n"
        "store.worktree_add(Path(sys.argv[2]) / 'tree', head)\n"
        "try:\n"
        "    target.update_ref('refs/heads/new', head)\n"
        "except GitFailed as error:\n"
        "    print(error)\n"
    )
    where = [str(project.path), str(tmp_path / "state")]
    walls = [bwrap, "--dev-bind", "/", "/", "--ro-bind", where[0], where[0], "--"]
    environ = {"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": os.defpath}
    done = subprocess.run(
        [*walls, sys.executable, "-c", code, *where], env=environ, capture_output=True, text=True, check=False
    )
    if done.stderr.startswith("bwrap:"):
        pytest.skip(done.stderr)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Read-only file system" in done.stdout


def test_large_files_elsewhere_are_noticed(project: Checkout) -> None:
    """A rule for Git LFS in any folder is enough."""
    assert not Repository.open(project.path).status().lfs
    project.commit({"data/.gitattributes": b"*.bin filter=lfs diff=lfs merge=lfs -text\n"})
    assert Repository.open(project.path).status().lfs


def test_attributes_are_those_of_the_tree(project: Checkout) -> None:
    """What stands in the tree counts, not what lies in the checkout now."""
    base = project.commit({".gitattributes": b"*.py text eol=crlf linguist-generated\n-dash.py -text\n"})
    project.write({".gitattributes": b"*.py eol=lf\n"})
    before = project.photograph()
    found = Repository.open(project.path).attributes(
        ["plain.py", "-dash.py", "new\nline.py"], ["eol", "text", "linguist-generated", "filter"], base
    )
    expected = {"eol": "crlf", "text": "set", "linguist-generated": "set", "filter": "unspecified"}
    assert found == {"plain.py": expected, "-dash.py": {**expected, "text": "unset"}, "new\nline.py": expected}
    assert project.photograph() == before


def test_changes_are_whole_files_with_modes(project: Checkout) -> None:
    """Additions, deletions, edits and modes come back with contents; a rename is an addition and a deletion."""
    base = project.git("rev-parse", "HEAD")
    (project.path / "plain.py").rename(project.path / "renamed.py")
    (project.path / "with space.py").chmod(0o755)
    head = project.commit({"-dash.py": b"c = 4\n"})
    project.git("config", "diff.renames", "copies")
    change = Repository.open(project.path).changes(base, head)
    assert change.base == base
    assert {file.path: file for file in change.files} == {
        "-dash.py": FileChange("-dash.py", b"c = 3\n", b"c = 4\n"),
        "plain.py": FileChange("plain.py", b"a = 1\n", None, "100644", ""),
        "renamed.py": FileChange("renamed.py", None, b"a = 1\n", "", "100644"),
        "with space.py": FileChange("with space.py", b"b = 2\n", b"b = 2\n", "100644", "100755"),
    }
    assert Repository.open(project.path).changes(head, head).files == ()


def test_two_trees_can_be_compared(project: Checkout) -> None:
    """Any two tree-ish names will do."""
    repository = Repository.open(project.path)
    assert {file.path for file in repository.changes("HEAD:", "HEAD:ü").files} == {*ODD, "ß.py"}


def test_replaced_objects_are_not_believed(project: Checkout) -> None:
    """A replacement that git would show instead of a blob does not hide what is committed."""
    other = project.git("hash-object", "-w", "--stdin", stdin=b"forged\n")
    project.git("replace", project.git("rev-parse", "HEAD:plain.py"), other)
    assert Repository.open(project.path).read("HEAD", "plain.py") == (b"a = 1\n", "100644")


def test_the_users_own_name_is_found(project: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's configuration counts for it, and the repository's own comes first."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.gitconfig").write_text("[user]\n name = Grace\n email = grace@example.org\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    repository = Repository.open(project.path)
    assert (repository.config("user.name"), repository.config("user.email")) == ("Grace", "grace@example.org")
    project.git("config", "user.name", "Ada")
    assert repository.config("user.name") == "Ada"
    assert repository.remote_url() == ""


def test_a_ref_is_made_once_and_moved_only_from_where_it_stood(project: Checkout) -> None:
    """An existing ref is never overwritten."""
    first = project.git("rev-parse", "HEAD")
    second = project.commit({"plain.py": b"a = 2\n"})
    repository = Repository.open(project.path)
    repository.update_ref("refs/heads/new", first)
    with pytest.raises(GitFailed):
        repository.update_ref("refs/heads/new", second)
    with pytest.raises(GitFailed):
        repository.update_ref("refs/heads/new", second, second)
    repository.update_ref("refs/heads/new", second, first)
    assert repository.branches()["new"] == second
    with pytest.raises(UsageError):
        repository.update_ref("refs/heads/a..b", second)


def _mined(project: Checkout, marker: Path) -> None:
    """Settings that start a program whenever git gives them a chance to."""
    alarm = project.path.parent / "alarm"
    alarm.write_text(f"#!/bin/sh\necho $0 $@ >> '{marker}'\ncat\n")
    alarm.chmod(0o755)
    hooks = ("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc", "post-commit", "fsmonitor")
    for hook in hooks:
        (project.path / ".git/hooks" / hook).write_bytes(alarm.read_bytes())
        (project.path / ".git/hooks" / hook).chmod(0o755)
    project.commit({".gitattributes": b"* filter=mine diff=mine\nplain.py filter=a=b.c\n"})
    for key in (
        "core.fsmonitor",
        "diff.external",
        "diff.mine.command",
        "diff.mine.textconv",
        "filter.mine.clean",
        "filter.mine.smudge",
        "filter.a=b.c.process",
        "core.pager",
        "core.sshCommand",
        "core.gitProxy",
        "core.askPass",
        "core.editor",
        "gpg.program",
        "core.alternateRefsCommand",
        "credential.helper",
        "alias.status",
    ):
        project.git("config", key, str(alarm) if key != "alias.status" else f"!{alarm}")
    project.git("config", "filter.mine.required", "true")
    project.git("config", "core.untrackedCache", "true")
    project.git("config", "core.splitIndex", "true")
    project.git("config", "protocol.ext.allow", "always")
    project.git("config", "remote.origin.url", f"ext::{alarm}")
    project.git("config", "remote.origin.promisor", "true")
    project.write({"plain.py": b"dirty\n", "with space.py": b"dirty\n"})
    marker.unlink(missing_ok=True)


def _refused(question: Callable[..., object], *words: object) -> None:
    with pytest.raises((GitFailed, UsageError)):
        question(*words)


QUESTIONS: dict[str, Callable[[Repository], object]] = {
    "status": lambda repository: repository.status(),
    "ignored": lambda repository: repository.ignored(),
    "attributes": lambda repository: repository.attributes(["plain.py"], ["filter", "diff"], "HEAD"),
    "changes": lambda repository: repository.changes("HEAD~1", "HEAD"),
    "staged": lambda repository: repository.staged_changes(),
    "entries": lambda repository: repository.entries("HEAD"),
    "absent objects": lambda repository: _refused(repository.blobs, ["1" * 40]),
    "an absent commit": lambda repository: _refused(repository.resolve, "2" * 40),
    "config": lambda repository: repository.config("user.name"),
    "branches": lambda repository: repository.branches(),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS.keys())
def test_no_question_starts_a_program_or_changes_a_byte(
    project: Checkout, tmp_path: Path, question: Callable[[Repository], object]
) -> None:
    """Hooks, filters, drivers, monitors, helpers and remotes of the target stay silent."""
    marker = tmp_path / "marker"
    _mined(project, marker)
    before = _Still(project.path).photograph()
    question(Repository.open(project.path))
    assert not marker.exists(), marker.read_text()
    assert _Still(project.path).photograph() == before


class _Still(Checkout):
    """A checkout whose photograph asks git nothing, since asking would set off the alarms."""

    def git(self, *words: str, stdin: bytes = b"") -> str:
        return ""


def test_the_mines_are_live(project: Checkout, tmp_path: Path) -> None:
    """The settings of the test above do start programs when git is asked without care."""
    marker = tmp_path / "marker"
    _mined(project, marker)
    environ = {"PATH": os.defpath, "HOME": "/nonexistent"}
    subprocess.run(["git", "diff"], cwd=project.path, env=environ, capture_output=True, check=False)
    assert marker.exists()


def test_a_dirty_file_with_a_filter_is_unsure(project: Checkout, tmp_path: Path) -> None:
    """Only the filter could tell whether such a file differs, so this is said and no more."""
    _mined(project, tmp_path / "marker")
    status = Repository.open(project.path).status()
    assert set(status.unsure) >= {"plain.py", "with space.py"}
    assert status.dirty == ()


def test_a_git_inside_of_the_repository_is_not_used(project: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    """The PATH may lead into the checkout; the git that lies there never runs."""
    marker = project.path / "ran"
    fake = project.path / "bin/git"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
    fake.chmod(0o755)
    monkeypatch.chdir(project.path)
    monkeypatch.setenv("PATH", f"{fake.parent}:bin:.:{os.environ['PATH']}")
    assert not find_git(project.path).is_relative_to(project.path)
    Repository.open(project.path).resolve("HEAD")
    assert not marker.exists()


def test_a_missing_git_is_explained(project: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git the message says how to get it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitFailed, match="apt install git"):
        Repository.open(project.path)


@pytest.mark.parametrize("said", ["git version 2.20.1", "not git at all"])
def test_an_old_git_is_refused(project: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """A git that is too old, or none, is refused before it is asked anything else."""
    fake = tmp_path / "bin/git"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\necho {said}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent))
    with pytest.raises(GitFailed):
        Repository.open(project.path)


def test_git_python_is_imported_only_when_a_repository_is_opened() -> None:
    """Work without git does not wait for GitPython."""
    code = "import sys, improver.git; assert 'git' not in sys.modules"
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-P", "-c", code], env={"PYTHONPATH": str(root)}, check=False)
    assert done.returncode == 0


def test_no_child_stays(project: Checkout) -> None:
    """GitPython's wish for a persistent child is refused."""
    git = Repository.open(project.path).git
    with pytest.raises(TypeError):
        git.execute(["git", "cat-file", "--batch"], as_process=True)


def test_the_name_of_the_state_folder_is_plain_and_stable(tmp_path: Path) -> None:
    """It holds no odd character, differs between repositories, and stays when commits come."""
    names = set()
    for folder in ("a b\n", "..x", "é", "-", "x" * 200):
        project = Checkout.make(tmp_path / folder / "..." / folder)
        name = Repository.open(project.path).fingerprint
        project.commit({"a.py": b""})
        assert Repository.open(project.path).fingerprint == name
        assert all(character.isascii() and (character.isalnum() or character in "._-") for character in name)
        assert not name.startswith((".", "-"))
        names.add(name)
    assert len(names) == 5
