"""Odd and broken repositories: a clear sentence, the right exit code, and nothing of the repository changed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from checkout import SHOP, SOURCE, Checkout, Shell, shop, snapshot

WORDS = {
    "propose": ("propose", "--python", sys.executable),
    "risk": ("risk", "HEAD", "HEAD"),
    "verify": ("verify", "HEAD", "HEAD", "--python", sys.executable),
    "show": ("show",),
    "accept": ("accept", "0123abcd"),
    "reject": ("reject", "0123abcd", "--because", "no"),
    "review": ("review",),
}


@pytest.fixture
def project(tmp_path: Path) -> Checkout:
    return shop(tmp_path / "shop")


@pytest.fixture
def shell(tmp_path: Path, project: Checkout) -> Shell:
    return Shell.make(tmp_path, project.path)


def plain(tmp_path: Path) -> Path:
    """A project that git knows nothing of."""
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "shop.py").write_bytes(SOURCE)
    (folder / "pyproject.toml").write_bytes(SHOP["pyproject.toml"])
    return folder


@pytest.mark.parametrize("name", WORDS)
def test_outside_of_git_every_command_that_needs_it_says_so(tmp_path: Path, name: str) -> None:
    folder = plain(tmp_path)
    before = snapshot(folder)
    Shell.make(tmp_path, folder)(*WORDS[name]).expect(2, "is not inside a git repository", "git init")
    assert snapshot(folder) == before


def test_outside_of_git_scan_works(tmp_path: Path) -> None:
    folder = plain(tmp_path)
    before = snapshot(folder)
    Shell.make(tmp_path, folder)("scan").expect(0, "`price`")
    assert snapshot(folder) == before


@pytest.mark.parametrize("name", ["propose", "risk", "verify"])
def test_without_a_commit_there_is_nothing_to_examine(tmp_path: Path, name: str) -> None:
    empty = Checkout.make(tmp_path / "empty")
    before = snapshot(empty.path)
    Shell.make(tmp_path, empty.path)(*WORDS[name]).expect(2, "has no commit yet", "Commit first")
    assert snapshot(empty.path) == before


def test_without_a_commit_nothing_waits(tmp_path: Path) -> None:
    empty = Checkout.make(tmp_path / "empty")
    Shell.make(tmp_path, empty.path)("show").expect(0, "Nothing waits")


def test_a_bare_repository_has_no_files_to_look_at(tmp_path: Path, project: Checkout, shell: Shell) -> None:
    bare = project.clone(tmp_path / "bare.git", "--bare")
    before = snapshot(bare.path)
    shell.propose(at=bare.path).expect(1, "is a bare repository", "Name a checkout")
    assert snapshot(bare.path) == before


def test_a_folder_named_git_that_is_none_is_explained(tmp_path: Path, shell: Shell) -> None:
    folder = plain(tmp_path)
    (folder / ".git").write_text("gitdir: /nowhere\n")
    shell.propose(at=folder).expect(1, "does not point to a git folder", "git worktree repair")


def test_a_damaged_head_is_explained(project: Checkout, shell: Shell) -> None:
    (project.path / ".git/HEAD").write_bytes(b"\0\xff nonsense")
    shell.propose().expect(1, "git")


def test_a_missing_object_is_explained(project: Checkout, shell: Shell) -> None:
    oid = project.git("rev-parse", "HEAD:shop.py")
    (project.path / ".git/objects" / oid[:2] / oid[2:]).unlink()
    shell.propose().expect(1, "the clone is partial or damaged", "Nothing was changed")


def test_a_broken_git_configuration_is_explained(project: Checkout, shell: Shell) -> None:
    (project.path / ".git/config").write_text("[core\nnonsense")
    shell.propose().expect(1, "git", "config")


def proposes_as_always(shell: Shell, at: Path, *notes: str) -> None:
    """It is analysed without a run (there is no environment), and nothing of the checkout changes."""
    before = snapshot(at)
    shell("propose", at=at).expect(0, "`price`", *notes)
    assert snapshot(at) == before
    assert not shell.left_behind()


def test_a_detached_head_is_examined_and_said(project: Checkout, shell: Shell) -> None:
    project.git("checkout", "-q", "--detach")
    proposes_as_always(shell, project.path, "HEAD is detached")


def test_a_shallow_clone_is_examined_and_said(tmp_path: Path, project: Checkout, shell: Shell) -> None:
    project.commit({"more.py": b"x = 1\n"})
    proposes_as_always(shell, project.clone(tmp_path / "shallow", "--depth=1").path, "the clone is shallow")


def test_a_partial_clone_is_examined_and_said(tmp_path: Path, project: Checkout, shell: Shell) -> None:
    project.git("config", "uploadpack.allowFilter", "true")
    project.commit({"gone.txt": b"old\n"})
    project.commit({"gone.txt": b"new\n"})
    partial = project.clone(tmp_path / "partial", "--filter=blob:none", "--no-local")
    proposes_as_always(shell, partial.path, "the clone is partial")


def test_a_partial_clone_never_fetches(tmp_path: Path, project: Checkout, shell: Shell) -> None:
    project.git("config", "uploadpack.allowFilter", "true")
    partial = project.clone(tmp_path / "partial", "--filter=blob:none", "--no-local", "--no-checkout")
    before = snapshot(partial.path)
    shell("propose", at=partial.path).expect(1, "the clone is partial", "nothing was fetched", "git fetch --refetch")
    assert snapshot(partial.path) == before


def test_a_linked_worktree_is_examined_and_its_repository_left_alone(
    tmp_path: Path, project: Checkout, shell: Shell
) -> None:
    project.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    before = snapshot(project.path)
    proposes_as_always(shell, tmp_path / "linked")
    assert snapshot(project.path) == before


@pytest.mark.parametrize("there", [True, False], ids=["checked out", "absent"])
def test_a_submodule_is_left_alone_and_said(tmp_path: Path, project: Checkout, shell: Shell, there: bool) -> None:
    inner = Checkout.make(tmp_path / "inner", {"inner.py": SOURCE})
    project.git("submodule", "add", "-q", f"file://{inner.path}", "inner")
    project.commit()
    if not there:
        project.git("submodule", "deinit", "-q", "-f", "inner")
    proposes_as_always(shell, project.path, "submodule")


def test_large_files_that_are_only_pointers_are_said(project: Checkout, shell: Shell) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"
    project.commit({".gitattributes": b"*.bin filter=lfs diff=lfs merge=lfs -text\n", "data.bin": pointer})
    proposes_as_always(shell, project.path, "LFS")


def test_a_source_file_that_is_a_pointer_is_not_analysed(project: Checkout, shell: Shell) -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"
    project.commit({".gitattributes": b"big.py filter=lfs diff=lfs merge=lfs -text\n", "big.py": pointer})
    proposes_as_always(shell, project.path, "LFS")


def test_uncommitted_changes_are_not_examined_and_said_first(project: Checkout, shell: Shell) -> None:
    project.write({"shop.py": b"def price(:\n", "new.py": SOURCE.replace(b"price", b"fresh")})
    project.write({"staged.py": b"x = 1\n"})
    project.git("add", "staged.py")
    before = snapshot(project.path)
    answer = shell("propose").expect(0, "`price`", "not committed; HEAD is examined without them")
    assert "fresh" not in answer.out
    assert answer.out.index("not committed") < answer.out.index("`price`")
    assert snapshot(project.path) == before


def test_a_merge_under_way_is_said(project: Checkout, shell: Shell) -> None:
    project.git("checkout", "-q", "-b", "other")
    project.commit({"shop.py": SOURCE + b"A = 1\n"})
    project.git("checkout", "-q", "main")
    project.commit({"shop.py": SOURCE + b"B = 1\n"})
    with pytest.raises(AssertionError):
        project.git("merge", "-q", "other")
    proposes_as_always(shell, project.path, "a merge is under way")


def test_without_python_there_is_nothing_to_do(tmp_path: Path) -> None:
    texts = Checkout.make(tmp_path / "texts", {"README": b"Words.\n"})
    shell = Shell.make(tmp_path, texts.path)
    before = snapshot(texts.path)
    shell("propose").expect(0, "Nothing to propose")
    shell("scan").expect(0, "Nothing to propose")
    assert snapshot(texts.path) == before


def test_another_owner_of_the_checkout_is_no_danger_and_no_obstacle(project: Checkout, shell: Shell) -> None:
    if os.geteuid():
        pytest.skip("only root can give a folder away")
    for path in (project.path, *project.path.rglob("*")):
        os.chown(path, 12345, 12345, follow_symlinks=False)
    proposes_as_always(shell, project.path)


def test_git_that_is_not_installed_is_said(tmp_path: Path, project: Checkout, shell: Shell) -> None:
    nothing = tmp_path / "no programs"
    nothing.mkdir()
    shell.propose(PATH=str(nothing)).expect(1, "git", "install")


HOSTILE = """
[core]
    fsmonitor = touch {mark}-fsmonitor
    pager = touch {mark}-pager
    editor = touch {mark}-editor
    sshCommand = touch {mark}-ssh
    askPass = touch {mark}-askpass
    hooksPath = {hooks}
    attributesFile = {hooks}/attributes
    alternateRefsCommand = touch {mark}-alternates
[diff]
    external = touch {mark}-external
[diff "mark"]
    command = touch {mark}-diff
    textconv = touch {mark}-textconv
[filter "mark"]
    clean = touch {mark}-clean
    smudge = touch {mark}-smudge
    process = touch {mark}-process
    required = true
[merge "mark"]
    driver = touch {mark}-merge
[alias]
    status = !touch {mark}-alias
    rev-parse = !touch {mark}-alias
    cat-file = !touch {mark}-alias
[gpg]
    program = touch {mark}-gpg
[commit]
    gpgSign = true
[credential]
    helper = !touch {mark}-credential
[uploadpack]
    packObjectsHook = touch {mark}-pack
[log]
    showSignature = true
[interactive]
    diffFilter = touch {mark}-interactive
[trailer "mark"]
    command = touch {mark}-trailer
    key = Improver-Rule
"""


def test_no_program_that_the_repository_names_is_ever_started(tmp_path: Path, project: Checkout, shell: Shell) -> None:
    """Hooks, filters, monitors, drivers, aliases and pagers of the target's own settings do not run."""
    project.commit({".gitattributes": b"* filter=mark diff=mark merge=mark\n"})
    project.write({"shop.py": SOURCE + b"# changed\n"})
    marks, hooks = tmp_path / "marks", tmp_path / "hooks"
    marks.mkdir()
    hooks.mkdir()
    (hooks / "attributes").write_text("* filter=mark diff=mark\n")
    for folder in (hooks, project.path / ".git/hooks"):
        for name in ("post-checkout", "reference-transaction", "pre-commit", "post-commit", "post-index-change"):
            (folder / name).write_text(f"#!/bin/sh\ntouch {marks}/hook-{name}\n")
            (folder / name).chmod(0o755)
    with (project.path / ".git/config").open("a") as settings:
        settings.write(HOSTILE.format(mark=marks / "m", hooks=hooks))
    before = snapshot(project.path, ask_git=False)
    shell("propose", GIT_EXTERNAL_DIFF=f"touch {marks}/environ", GIT_PAGER=f"touch {marks}/environ").expect(0)
    assert snapshot(project.path, ask_git=False) == before
    shell("risk", "--staged").expect(0)
    shell("scan").expect(0)
    found = shell("show", "--json").expect(0).document["dossiers"][0]["id"]
    shell("accept", found).expect(0, "Branch improver/")
    assert sorted(mark.name for mark in marks.iterdir()) == []
