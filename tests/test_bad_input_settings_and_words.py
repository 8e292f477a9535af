"""Wrong words and wrong settings: a sentence that helps and exit code 2, as JSON when asked for; nothing changed."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from checkout import SOURCE, Checkout, Shell, shop, snapshot


@pytest.fixture
def project(tmp_path: Path) -> Checkout:
    return shop(tmp_path / "shop")


@pytest.fixture
def shell(tmp_path: Path, project: Checkout) -> Shell:
    return Shell.make(tmp_path, project.path)


PYTHON = ("--python", sys.executable)
WRONG: dict[str, tuple[tuple[str, ...], int, tuple[str, ...]]] = {
    "unknown command": (("propse",), 2, ("propse", "--help")),
    "unknown option": (("scan", "--nope"), 2, ("--nope", "improver scan --help")),
    "unknown analyzer": (("scan", "--analyzer", "docstring"), 2, ("docstring", "Did you mean `docstrings`?")),
    "unknown analyzer for propose": (("propose", "-a", "lint"), 2, ("lint", "docstrings")),
    "analyzer with a path": (("scan", "-a", "../docstrings"), 2, ("analyzer",)),
    "unknown pipeline": (("propose", "--pipeline", "propos"), 2, ("pipeline `propos`", "Did you mean `propose`?")),
    "pipeline with a path": (("propose", "--pipeline", "../../etc/passwd"), 2, ("cannot be the name of a pipeline",)),
    "empty pipeline": (("propose", "--pipeline", ""), 0, ()),
    "budget that is no time": (("propose", "--budget", "soon"), 2, ("`soon` is not a time", "90s")),
    "budget of nothing": (("propose", "--budget", "0"), 2, ("is not a time",)),
    "negative budget": (("propose", "--budget=-5m"), 2, ("is not a time",)),
    "endless budget": (("propose", "--budget", "9" * 400 + "h"), 2, ("is not a time",)),
    "negative limit": (("propose", "--limit", "-1"), 2, ("limit",)),
    "limit that is no number": (("propose", "--limit", "many"), 2, ("limit",)),
    "python that does not exist": (("propose", "--python", "/nowhere/python"), 2, ("/nowhere/python", "--python")),
    "python that is a folder": (("propose", "--python", "/tmp"), 2, ("/tmp", "--python")),
    "python that is no interpreter": (("propose", "--python", "/bin/true"), 2, ("/bin/true", "--python")),
    "python that may not be started": (("propose", "--python", "/etc/passwd"), 2, ("/etc/passwd", "--python")),
    "python that is on no PATH": (
        ("propose", "--python", "python9.99"),
        2,
        ("python9.99 (--python) is no interpreter",),
    ),
    "version that is on no PATH": (("propose", "--python", "9.99"), 2, ("9.99 (--python) is no interpreter",)),
    "repository that does not exist": (("propose", "--repo", "nowhere"), 2, ("nowhere does not exist",)),
    "repository with a null byte": (("risk", "--repo", "a\\0b"), 2, ("does not exist",)),
    "repository that is a file": (("scan", "--repo", "shop.py"), 0, ()),
    "path that does not exist": (("propose", "nowhere.py"), 2, ("nowhere.py does not exist",)),
    "path of scan that does not exist": (("scan", "nowhere.py"), 2, ("nowhere.py does not exist",)),
    "path outside of the repository": (("propose", "/etc"), 2, ("/etc",)),
    "path above the repository": (("propose", ".."), 2, ("lies outside of",)),
    "no commit of that name": (("risk", "nowhere"), 2, ("There is no commit `nowhere`",)),
    "commit that is an option": (("risk", "--", "--all"), 2, ("cannot name a commit",)),
    "commit that is empty": (("risk", ""), 2, ("cannot name a commit",)),
    "head of no commit": (("verify", "HEAD", "nowhere"), 2, ("nowhere",)),
    "two questions at once": (("risk", "HEAD", "HEAD", "--staged"), 2, ("--staged",)),
    "unknown category": (("risk", "--require", "docstring"), 2, ("docstring", "Did you mean `docstrings`?")),
    "unknown id": (("show", "0123abcd"), 2, ("0123abcd", "improver show")),
    "id that is none": (("show", "../../x"), 2, ("../../x",)),
    "id that is empty": (("show", ""), 2, ("There is no proposal",)),
    "id with a wildcard": (("show", "%"), 2, ("%",)),
    "reject without a reason": (("reject", "0123abcd"), 2, ("--because",)),
    "reject with an empty reason": (("reject", "0123abcd", "--because", " "), 2, ("reason",)),
    "reject nothing": (("reject", "--because", "no"), 2, ("'ids'",)),
    "accept nothing": (("accept",), 2, ("'ids'",)),
    "accept what is unknown": (("accept", "0123abcd"), 2, ("0123abcd",)),
    "unknown sandbox": (("propose", "--sandbox", "bubblewrp"), 2, ("bubblewrp", "bubblewrap")),
    "configuration that does not exist": (
        ("propose", "--config", "/nowhere/config.toml"),
        2,
        ("/nowhere/config.toml",),
    ),
    "configuration that is a folder": (("propose", "--config", "/tmp"), 2, ("/tmp", "cannot be read")),
    "bundle in no folder": (("propose", "--bundle", "/nowhere/bundle.json"), 2, ("--bundle",)),
    "bundle that is a folder": (("propose", "--bundle", "/tmp"), 2, ("--bundle",)),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_words_are_answered_with_what_would_be_right(project: Checkout, shell: Shell, name: str) -> None:
    words, code, phrases = WRONG[name]
    before = snapshot(project.path)
    shell(*words).expect(code, *phrases)
    assert snapshot(project.path) == before
    assert not shell.left_behind()


JSON_ERRORS = {
    "usage": ("scan", "--nope", "--json"),
    "command": ("propse", "--json"),
    "path": ("scan", "nowhere.py", "--json"),
    "commit": ("risk", "nowhere", "--json"),
    "id": ("show", "0123abcd", "--json"),
    "budget": ("propose", "--budget", "soon", "--json"),
    "verify": ("verify", "nowhere", "--json"),
}


@pytest.mark.parametrize("name", JSON_ERRORS)
def test_an_error_is_one_json_document_when_json_was_asked_for(shell: Shell, name: str) -> None:
    answer = shell(*JSON_ERRORS[name])
    assert answer.code == 2
    assert set(answer.document["error"]) >= {"kind", "message", "remedy"}
    assert not answer.err


@pytest.mark.parametrize("words", [("scan",), ("show",), ("risk",), ("doctor",)], ids=" ".join)
def test_an_answer_is_one_json_document_with_its_schema(shell: Shell, words: tuple[str, ...]) -> None:
    answer = shell(*words, "--json")
    assert answer.document["schema"] == 1
    assert not answer.err


def test_what_is_not_proven_is_still_one_document(project: Checkout, shell: Shell) -> None:
    project.commit({"shop.py": SOURCE + b"A = 1\n"})
    answer = shell("risk", "HEAD~1", "--require", "docstrings", "--json")
    assert answer.code == 3
    assert answer.document["categories"] == ["behaviour"]


PROJECT_SETTINGS = {
    "unknown key": (b"[tool.improver]\nexlude = []\n", "unknown key `exlude`. Did you mean `exclude`?"),
    "wrong type": (b"[tool.improver]\nexclude = 'tests'\n", "`exclude`: expected a list, found a string"),
    "unknown convention": (b"[tool.improver]\nconvention = 'epytext'\n", "expected google, numpy or sphinx"),
    "option unknown": (b"[tool.improver.docstrings]\ncovrage = 'all'\n", "Did you mean `coverage`?"),
    "option of the wrong type": (b"[tool.improver.docstrings]\ncoverage = 3\n", "`coverage`"),
    "option of an unknown value": (
        b"[tool.improver.docstrings]\ncoverage = 'most'\n",
        "expected `provable` or `all`, found `most`",
    ),
    "analyzer that is no table": (b"[tool.improver]\ndocstrings = true\n", "expected a table of its options"),
    "pattern that is none": (b"[tool.improver]\njudges = ['!']\n", "judges"),
    "limits are not theirs to set": (b"[tool.improver]\nseconds = 9999\n", "unknown key `seconds`"),
    "binds are not theirs to set": (b"[tool.improver]\nbinds = ['/']\n", "unknown key `binds`"),
    "pipeline that is none": (b"[tool.improver]\npipeline = 'nightli'\n", "There is no pipeline `nightli`"),
    "python that is none": (b"[tool.improver]\npython = 'nowhere/python'\n", "nowhere/python"),
    "python elsewhere": (b"[tool.improver]\npython = '../../../bin/sh'\n", "python"),
    "negative line": (b"[tool.improver]\nline-length = -5\n", "line-length"),
    "roots elsewhere": (b"[tool.improver]\nsource-roots = ['../..']\n", "source-roots"),
    "roots that are absolute": (b"[tool.improver]\nsource-roots = ['/etc']\n", "source-roots"),
}


@pytest.mark.parametrize("name", PROJECT_SETTINGS)
def test_project_settings_that_make_no_sense_are_named(tmp_path: Path, name: str) -> None:
    content, words = PROJECT_SETTINGS[name]
    project = shop(tmp_path / "shop", {"pyproject.toml": content})
    Shell.make(tmp_path, project.path)("propose").expect(2, words)


def test_settings_in_two_files_are_refused(tmp_path: Path) -> None:
    files = {"pyproject.toml": b"[tool.improver]\n", ".improver/settings.toml": b"line-length = 80\n"}
    project = shop(tmp_path / "shop", files)
    shell = Shell.make(tmp_path, project.path)
    for command in ("scan", "propose", "show"):
        answer = shell(command)
        if command != "show":
            answer.expect(2, "Settings stand in two places", "Keep one of them")


def test_settings_that_are_not_committed_are_named_first_and_not_used(project: Checkout, shell: Shell) -> None:
    content = (project.path / "pyproject.toml").read_bytes()
    project.write({"pyproject.toml": content + b"[tool.improver]\nexclude = ['shop.py']\n"})
    answer = shell("propose").expect(0, "`price`", "not used until committed", "--settings-from-worktree")
    assert answer.out.index("not used until committed") < answer.out.index("`price`")
    tried = shell("propose", "--settings-from-worktree").expect(0, "settings are those of the working tree")
    assert "`price`" not in tried.out


def test_what_was_tried_with_settings_of_the_worktree_cannot_be_accepted(project: Checkout, shell: Shell) -> None:
    document = shell("propose", "--settings-from-worktree", "--json").expect(0).document
    shell("accept", document["dossiers"][0]["id"]).expect(2, document["dossiers"][0]["id"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"secondz = 5\n", "Did you mean `seconds`?"),
        (b"seconds = 'long'\n", "expected a number, found a string"),
        (b"seconds = -1\n", "seconds"),
        (b"memory-mb = 0\n", "memory-mb"),
        (b"processes = -1\n", "processes"),
        (b"[limits\n", "is not TOML"),
        (b"\xff", "is not UTF-8"),
        (b"binds = ['relative']\n", "binds"),
        (b"sandbox = 'none'\n", "none"),
    ],
    ids=lambda value: value.decode(errors="replace").strip() if isinstance(value, bytes) else "",
)
def test_the_users_settings_are_read_strictly(tmp_path: Path, shell: Shell, content: bytes, words: str) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(content)
    shell("propose", "--config", str(file)).expect(2, words)


def test_two_projects_cannot_be_named_at_once(tmp_path: Path) -> None:
    files = {f"{name}/{file}": content for name in ("one", "two") for file, content in _project(name).items()}
    both = Checkout.make(tmp_path / "both", files)
    shell = Shell.make(tmp_path, both.path)
    shell("propose").expect(2, "one", "two", "Name one")
    shell("scan").expect(2, "one", "two", "Name one")
    shell("propose", "one/one.py", "two/two.py").expect(2, "belong to two projects")
    shell("scan", "one", "two").expect(2, "belong to two projects")
    shell("propose", "--repo", "one").expect(0, "`price`", "one")


def _project(name: str) -> dict[str, bytes]:
    return {"pyproject.toml": f'[project]\nname = "{name}"\nversion = "1"\n'.encode(), f"{name}.py": SOURCE}


def proposed(shell: Shell, *words: str) -> list[str]:
    """The ids of what is proposed without a run."""
    return [each["id"] for each in shell("propose", "--json", *words).expect(0).document["dossiers"]]


def test_accept_makes_one_branch_and_touches_nothing_else(project: Checkout, shell: Shell) -> None:
    (found,) = proposed(shell)
    before = snapshot(project.path)
    shell("accept", found).expect(0, "1 commit")
    after = snapshot(project.path)
    refs = {name for name in after if before.get(name) != after[name] and not name.startswith(b".git/objects")}
    branch = f"improver/missing-docstring-{found}".encode()
    assert {name for name in refs if b"/" in name and not name.endswith((b"/heads", b"/refs", b"improver"))} <= {
        b".git/refs/heads/" + branch,
        b".git/logs/refs/heads/" + branch,
    }, refs
    assert project.git("branch", "--format=%(refname:short)").split() == [branch.decode(), "main"]
    shell("accept", found).expect(2, "exists", "--branch")
    shell("propose").expect(0, "they were accepted before")


def test_accept_does_not_take_a_branch_that_exists(project: Checkout, shell: Shell) -> None:
    (found,) = proposed(shell)
    project.git("branch", "mine")
    before = snapshot(project.path)
    shell("accept", found, "--branch", "mine").expect(2, "The branch `mine` exists", "--branch")
    shell("accept", found, "--branch", "mine/too").expect(2, "stands in the way")
    for bad in ("a..b", "-x", "@{-1}", "x\ny"):
        shell("accept", found, f"--branch={bad}").expect(2, "cannot be the name of a branch")
    assert snapshot(project.path) == before


def test_a_stale_proposal_is_not_accepted(project: Checkout, shell: Shell) -> None:
    (found,) = proposed(shell)
    project.commit({"shop.py": SOURCE.replace(b"count * each", b"count * each + 0")})
    before = snapshot(project.path)
    for more in ((), ("--apply",)):
        shell("accept", found, *more).expect(1, "shop.py", "Nothing was written", "Run `improver propose` again")
    assert snapshot(project.path) == before


def test_a_proposal_for_a_file_that_is_gone_is_not_accepted(project: Checkout, shell: Shell) -> None:
    (found,) = proposed(shell)
    project.git("rm", "-q", "shop.py")
    project.commit()
    shell("accept", found).expect(1, "shop.py is no longer there")


def test_apply_overwrites_no_change(project: Checkout, shell: Shell) -> None:
    (found,) = proposed(shell)
    project.write({"shop.py": SOURCE + b"# mine\n"})
    before = snapshot(project.path)
    shell("accept", found, "--apply").expect(2, "shop.py", "No file was written")
    assert snapshot(project.path) == before


def test_apply_writes_the_file_and_nothing_else(project: Checkout, shell: Shell) -> None:
    (found,) = proposed(shell)
    head, index = project.git("rev-parse", "HEAD"), (project.path / ".git/index").read_bytes()
    shell("accept", found, "--apply").expect(0, "shop.py", "git diff")
    assert b'"""' in project.raw("diff")
    assert (project.git("rev-parse", "HEAD"), (project.path / ".git/index").read_bytes()) == (head, index)
    changed = (project.path / "shop.py").read_bytes()
    shell("accept", found, "--apply").expect(0)
    assert (project.path / "shop.py").read_bytes() == changed


def test_git_that_does_not_know_the_user_is_said(project: Checkout, shell: Shell) -> None:
    (found,) = proposed(shell)
    (shell.home / ".gitconfig").unlink()
    shell("accept", found).expect(2, "git does not know who you are", "git config --global user.name")


def test_a_rejected_proposal_stays_away(project: Checkout, shell: Shell) -> None:
    (found,) = proposed(shell)
    shell("reject", found, "--because", "we like it bare").expect(0, found)
    shell("propose").expect(0, "a person rejected them before")
    shell("show", found).expect(0, "rejected")
    assert proposed(shell) == []


def test_an_id_that_fits_several_is_said(project: Checkout, shell: Shell) -> None:
    project.commit({f"more{number}.py": SOURCE for number in range(40)})
    ids = proposed(shell)
    first = next(id[0] for id in ids if sum(other[0] == id[0] for other in ids) > 1)
    shell("show", first).expect(2, "ambiguous", *[id for id in ids if id[0] == first][:10])


def with_bwrap_as(file: Path) -> tuple[str, ...]:
    """What starts a command on a machine whose bwrap is this file: a wall of its own hides the real one."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        pytest.skip("bubblewrap is needed to hide bubblewrap")
    return (bwrap, "--dev-bind", "/", "/", "--bind", str(file), str(Path(bwrap).resolve()), "--")


def test_without_walls_nothing_is_run_and_the_way_to_get_them_is_said(
    tmp_path: Path, project: Checkout, shell: Shell
) -> None:
    nothing = tmp_path / "nothing"
    nothing.write_bytes(b"")
    under = with_bwrap_as(nothing)
    before = snapshot(project.path)
    for words in (("propose",), ("verify", "HEAD", "HEAD")):
        shell(*words, under=under).expect(1, "bubblewrap", "install", "Nothing of the project was run")
    shell("doctor", under=under).said.index("install")
    shell("scan", under=under).expect(0, "`price`")
    shell("risk", under=under).expect(0)
    assert snapshot(project.path) == before


def test_a_bwrap_that_holds_nothing_is_found_out(tmp_path: Path, project: Checkout, shell: Shell) -> None:
    """The probe sees that a program inside can do what it should not, or that it was never started."""
    before = snapshot(project.path)
    for number, script in enumerate(("exit 0", "echo '{}'", "echo not '{}' >&2; exit 1")):
        false = tmp_path / f"false-{number}"
        false.write_text(f"#!/bin/sh\n{script}\n")
        false.chmod(0o755)
        answer = shell("propose", under=with_bwrap_as(false))
        if script != "echo '{}'":  # that one answers as a wall that holds would, and lies to everything else too
            answer.expect(1, "No sandbox stands on this machine")
    assert snapshot(project.path) == before


@pytest.mark.parametrize("command", ["scan", "show", "propose"])
def test_a_reader_that_has_seen_enough_is_no_error(project: Checkout, shell: Shell, command: str) -> None:
    """`improver ... | head -1`: the output is closed before everything was written."""
    project.commit({f"more{number}.py": SOURCE.replace(b"price", b"f%d" % number) * 3 for number in range(12)})
    if command == "show":
        shell("propose", "--limit", "0").expect(0)
    started = shell.start(command, *(("--diff",) if command == "scan" else ()))
    assert started.process.stdout is not None
    started.process.stdout.close()
    started.process.stdout = None
    answer = started.answer()
    assert (answer.code, answer.err) == (0, "")


@pytest.mark.parametrize(
    "environ",
    [{"TERM": "dumb"}, {"NO_COLOR": "1"}, {"COLUMNS": "40"}, {"COLUMNS": "0"}, {"COLUMNS": "x"}, {"TERM": ""}],
    ids=str,
)
def test_any_terminal_will_do(shell: Shell, environ: dict[str, str]) -> None:
    answer = shell("scan", "--diff", **environ).expect(0, "`price`")
    assert "\x1b" not in answer.out


def test_without_a_home_it_still_works(shell: Shell) -> None:
    shell("propose", HOME="/nonexistent").expect(0, "`price`")


LEDGERS = {
    "nonsense": b"this is no database, but it is long enough to be taken for one" * 100,
    "empty": b"",
    "cut off": b"SQLite format 3\0" + b"\x10\0\1\1\0\x40\x20\x20" + b"\0" * 40,
}


def ledger_of(shell: Shell) -> Path:
    (found,) = shell.state.glob("repositories/*/ledger*.sqlite*")
    return found


@pytest.mark.parametrize("name", LEDGERS)
def test_a_damaged_ledger_is_said_and_left_as_it_is(project: Checkout, shell: Shell, name: str) -> None:
    proposed(shell)
    file = ledger_of(shell)
    file.write_bytes(LEDGERS[name])
    if name == "empty":
        shell("show").expect(0, "Nothing waits")
        return
    for words in (("show",), ("propose",), ("accept", "0123abcd"), ("reject", "0123abcd", "--because", "no")):
        shell(*words).expect(1, str(file.parent), "ledger")
    assert file.read_bytes() == LEDGERS[name]


def test_a_ledger_of_a_newer_improver_is_left_alone(shell: Shell) -> None:
    import sqlite3

    proposed(shell)
    with sqlite3.connect(ledger_of(shell)) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    shell("show").expect(1, "was written by a newer improver", "Update improver")
    shell("propose").expect(1, "was written by a newer improver")


def test_a_ledger_that_is_a_folder_is_said(shell: Shell) -> None:
    proposed(shell)
    file = ledger_of(shell)
    file.unlink()
    file.mkdir()
    shell("show").expect(1, "ledger")


def with_nothing_writable_in(folder: Path) -> tuple[str, ...]:
    """What starts a command on a machine where a folder can only be read, also by root."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        pytest.skip("bubblewrap is needed to forbid writing")
    return (bwrap, "--dev-bind", "/", "/", "--ro-bind", str(folder), str(folder), "--")


def test_a_state_folder_that_cannot_be_written_is_said(project: Checkout, shell: Shell) -> None:
    (found,) = proposed(shell)
    under = with_nothing_writable_in(shell.state)
    before = snapshot(project.path), snapshot(shell.state)
    for words in (("propose",), ("accept", found), ("reject", found, "--because", "no")):
        shell(*words, under=under).expect(1, str(shell.state), "IMPROVER_STATE_DIR")
    shell("scan", under=under).expect(0, "`price`")
    assert "IMPROVER_STATE_DIR" in shell("doctor", under=under).said
    assert (snapshot(project.path), snapshot(shell.state)) == before


def test_a_checkout_that_may_only_be_read_is_enough(project: Checkout, shell: Shell) -> None:
    under = with_nothing_writable_in(project.path)
    before = snapshot(project.path)
    found = shell("propose", "--json", under=under).expect(0).document["dossiers"][0]["id"]
    shell("accept", found, under=under).expect(1, "git", "Read-only file system")
    shell("accept", found, "--apply", under=under).expect(1, "shop.py", "Read-only file system")
    shell("show", found, under=under).expect(0, "pending")
    assert snapshot(project.path) == before


def test_a_full_disk_is_said(tmp_path: Path, project: Checkout, shell: Shell) -> None:
    import subprocess

    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(small)], check=False).returncode:
        pytest.skip("only who may mount can make a small disk")
    try:
        before = snapshot(project.path)
        answer = shell("propose", IMPROVER_STATE_DIR=str(small))
        answer.expect(1, str(small), "IMPROVER_STATE_DIR")
        assert snapshot(project.path) == before
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_the_bundle_is_what_json_prints(tmp_path: Path, shell: Shell) -> None:
    file = tmp_path / "bundle.json"
    document = shell("propose", "--json", "--bundle", str(file)).expect(0).document
    assert json.loads(file.read_text()) == document


def test_an_interpreter_can_be_named_as_in_a_shell(tmp_path: Path, shell: Shell) -> None:
    """`--python python9.99` and `--python 9.99` mean what PATH has under that name."""
    found = tmp_path / "programs/python9.99"
    found.parent.mkdir()
    found.write_text("#!/bin/sh\nexit 3\n")
    found.chmod(0o755)
    path = f"{found.parent}{os.pathsep}{shell.home / 'bin'}"
    for word in ("python9.99", "9.99"):
        shell("propose", "--python", word, PATH=path).expect(2, f"{found} (--python)")


@pytest.mark.sandbox
def test_a_new_file_that_judges_by_the_projects_settings_is_one_for_risk_and_for_verify(tmp_path: Path) -> None:
    checkout = shop(tmp_path / "shop", {".improver/settings.toml": b'judges = ["rules/"]\n'})
    checkout.commit({"rules/new.py": b"LIMIT = 3\n"}, "Add a rule")
    shell = Shell.make(tmp_path, checkout.path)
    for command in ("risk", "verify"):
        document = json.loads(shell(command, "HEAD~1", "--json").out)
        assert "judges" in document.get("categories", document.get("risk", {}).get("categories")), command


def test_a_branch_and_apply_are_not_asked_for_at_once(project: Checkout, shell: Shell) -> None:
    (found,) = proposed(shell)
    before = snapshot(project.path)
    shell("accept", found, "--apply", "--branch", "mine").expect(2, "--apply", "--branch")
    assert snapshot(project.path) == before


@pytest.mark.parametrize("words", [("scan",), ("scan", "--json"), ("show", "--json")], ids=" ".join)
def test_an_output_that_is_full_is_said(shell: Shell, words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        started = shell.start(*words, out=full)
        started.answer().expect(1, "disk is full")


def test_settings_named_by_the_environment_must_be_there(shell: Shell) -> None:
    shell("scan", IMPROVER_CONFIG="/nowhere/config.toml").expect(2, "/nowhere/config.toml", "IMPROVER_CONFIG")
