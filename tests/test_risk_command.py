"""`improver risk` and what is built on it: verdict, reasons, exit code; and nothing of the repository changed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from checkout import SOURCE, Answer, Checkout, Shell, command, shop, snapshot

from improver.cli import main

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTED = SOURCE.replace(b"each=2):\n", b'each=2):\n    """Return the price."""\n')
COMMENTED = SOURCE + b"# The end.\n"
WRAPPED = SOURCE.replace(b"count * each", b"(count * each)")
HINTED = SOURCE.replace(b"(count, each=2):", b"(count: int, each: int = 2) -> int:")
BEHAVING = SOURCE.replace(b"count * each", b"each * count")
IGNORING = SOURCE.replace(b"count * each", b"count * each  # noqa")
READER = b"import sys\n\n\ndef explain(thing):\n    sys.stdout.write(thing.__doc__)\n"


@pytest.fixture
def project(tmp_path: Path) -> Checkout:
    return shop(tmp_path / "shop")


@pytest.fixture
def shell(tmp_path: Path, project: Checkout) -> Shell:
    """The installed command, in a process of its own."""
    return Shell.make(tmp_path, project.path)


@dataclass(frozen=True)
class Command:
    """The same command in this process, which starts sooner."""

    at: Path
    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def __call__(self, *words: str, at: Path | None = None, **environ: str) -> Answer:
        with self.patch.context() as patch:
            patch.chdir(at or self.at)
            for name, value in environ.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as caught:
                main(words)
        out, err = self.capture.readouterr()
        assert isinstance(caught.value.code, int)
        return Answer(caught.value.code, out, err)


@pytest.fixture
def improver(
    tmp_path: Path, project: Checkout, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.setenv("IMPROVER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.delenv("GIT_INDEX_FILE", raising=False)
    return Command(project.path, monkeypatch, capsys)


def stage(project: Checkout, files: Mapping[str, bytes]) -> None:
    project.write(files)
    project.git("add", "-A")


# The verdict

VERDICTS: dict[str, tuple[dict[str, bytes], str, list[str], bool]] = {
    "nothing differs": ({}, "no difference", [], True),
    "only layout differs": ({"shop.py": WRAPPED}, "formatting only: proven", ["formatting"], True),
    "a comment is harmless": ({"shop.py": COMMENTED}, "docs only: proven", ["comments"], True),
    "a docstring is harmless": ({"shop.py": DOCUMENTED}, "docs only: proven", ["docstrings"], True),
    "hints alone are not docs": ({"shop.py": HINTED}, "annotations only: proven", ["annotations"], True),
    "other operands are behaviour": ({"shop.py": BEHAVING}, "not proven: behaviour", ["behaviour"], False),
    "a comment that gives orders": ({"shop.py": IGNORING}, "not proven: directives", ["directives"], False),
    "a test judges": ({"tests/test_shop.py": b"# none\n"}, "not proven: judges", ["judges"], False),
    "a text file is not understood": ({"notes.txt": b"hello\n"}, "not proven: other", ["other"], False),
    "a docstring beside a text file": (
        {"shop.py": DOCUMENTED, "notes.txt": b"hello\n"}, "not proven: other", ["docstrings", "other"], False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VERDICTS)
def test_the_first_line_is_the_verdict_and_the_document_says_the_same(
    project: Checkout, improver: Command, name: str
) -> None:
    files, label, categories, auto = VERDICTS[name]
    project.commit(files)
    before = snapshot(project.path)
    document = improver("risk", "HEAD~1", "--json").expect(0).document
    assert (document["label"], document["categories"], document["auto_approve"]) == (label, categories, auto)
    assert document["files"] == len(files)
    assert improver("risk", "HEAD~1").expect(0).out.splitlines()[0] == label
    assert snapshot(project.path) == before


def test_the_document_has_the_fields_of_the_contract(project: Checkout, improver: Command) -> None:
    """Schema, approval, categories, route, reasons; and the trees that the proof is bound to."""
    project.commit({"shop.py": DOCUMENTED})
    document = improver("risk", "HEAD~1", "--json").expect(0).document
    assert document["schema"] == 1
    assert set(document) >= {"auto_approve", "categories", "route", "because", "label", "files", "base", "head"}
    assert document["base"] == project.git("rev-parse", "HEAD~1")
    assert document["head"] == project.git("rev-parse", "HEAD^{tree}")


def test_a_reason_names_file_line_and_reader(project: Checkout, improver: Command) -> None:
    """Who reads the docstring stands beside it, so that nobody needs to search."""
    project.commit(
        {"explain.py": READER, "use.py": b"from explain import explain\nfrom shop import price\nexplain(price)\n"}
    )
    project.commit({"shop.py": DOCUMENTED})
    answer = improver("risk", "HEAD~1").expect(0, "not proven: behaviour", "shop.py:", "explain.py:5", "Next", "verify")
    assert "needs a person" in answer.said


def test_a_reader_that_the_same_diff_adds_counts(project: Checkout, improver: Command) -> None:
    """The docstring is read once both are there, so it is named too."""
    project.commit({"shop.py": DOCUMENTED, "explain.py": READER + b"\n\nfrom shop import price\nexplain(price)\n"})
    document = improver("risk", "HEAD~1", "--json").expect(0).document
    assert not document["auto_approve"]
    assert any("shop.py" in reason and "explain.py" in reason for reason in document["because"]), document


def test_a_reader_that_the_same_diff_takes_away_counts(project: Checkout, improver: Command) -> None:
    project.commit({"explain.py": READER + b"\n\nfrom shop import price\nexplain(price)\n"})
    project.commit({"shop.py": DOCUMENTED, "explain.py": b""})
    document = improver("risk", "HEAD~1", "--json").expect(0).document
    assert any("shop.py" in reason and "explain.py" in reason for reason in document["because"]), document


# What is required

REQUIREMENTS: dict[str, tuple[bytes, str, int]] = {
    "what was asked for": (DOCUMENTED, "docstrings", 0),
    "blanks and commas too many": (DOCUMENTED, " docstrings, comments,", 0),
    "softer than asked for": (COMMENTED, "docstrings", 0),
    "formatting is softer than all": (WRAPPED, "comments", 0),
    "docs and layout at once": (DOCUMENTED + b"\n\n# The end.\n", "docstrings,comments", 0),
    "harder than asked for": (DOCUMENTED, "comments", 3),
    "softer than one and harder than the other": (HINTED, "comments,docstrings", 3),
    "behaviour": (BEHAVING, "docstrings,comments", 3),
    "behaviour is never proven": (BEHAVING, "behaviour", 3),
    "a directive": (IGNORING, "docstrings,comments", 3),
    "nothing was changed": (SOURCE, "docstrings", 0),
}


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_exit_3_unless_the_requirement_is_met(project: Checkout, improver: Command, name: str) -> None:
    content, require, code = REQUIREMENTS[name]
    stage(project, {"shop.py": content})
    before = snapshot(project.path, ask_git=False)
    answer = improver("risk", "--staged", "--require", require)
    answer.expect(code, *(("is not proven to be only", "next:") if code else ()))
    assert snapshot(project.path, ask_git=False) == before


# Any two trees


def _tag(project: Checkout) -> tuple[str, str]:
    project.git("tag", "-a", "-m", "one", "v1", "HEAD~1")
    return "v1", "HEAD"


def _stash(project: Checkout) -> tuple[str, str]:
    project.write({"shop.py": DOCUMENTED + b"# Stashed.\n"})
    project.git("stash")
    return "HEAD~1", "stash@{0}"


TREES: dict[str, Callable[[Checkout], tuple[str, str]]] = {
    "commits": lambda project: (project.git("rev-parse", "HEAD~1"), project.git("rev-parse", "HEAD")),
    "short names": lambda project: (project.git("rev-parse", "--short", "HEAD~1"), "@"),
    "trees": lambda project: (project.git("rev-parse", "HEAD~1^{tree}"), project.git("rev-parse", "HEAD^{tree}")),
    "tree by path": lambda project: ("HEAD~1:", "main:"),
    "tag": _tag,
    "stash": _stash,
}


@pytest.mark.parametrize("name", TREES)
def test_any_word_that_names_a_tree_will_do(project: Checkout, improver: Command, name: str) -> None:
    project.commit({"shop.py": DOCUMENTED})
    base, head = TREES[name](project)
    before = snapshot(project.path)
    improver("risk", base, head).expect(0, "docs only: proven")
    assert snapshot(project.path) == before


def test_a_bare_repository_will_do(tmp_path: Path, project: Checkout, improver: Command) -> None:
    """A forge has no checkout, and none is needed."""
    project.commit({"shop.py": DOCUMENTED})
    bare = project.clone(tmp_path / "bare.git", "--bare")
    before = snapshot(bare.path)
    improver("risk", "HEAD~1", at=bare.path).expect(0, "docs only: proven")
    assert snapshot(bare.path) == before


def test_a_linked_worktree_has_an_index_of_its_own(tmp_path: Path, project: Checkout, improver: Command) -> None:
    project.git("worktree", "add", "-q", str(tmp_path / "linked"))
    linked = Checkout(tmp_path / "linked")
    stage(linked, {"shop.py": DOCUMENTED})
    improver("risk", "--staged", at=linked.path).expect(0, "docs only: proven")
    improver("risk", "--staged").expect(0, "no difference")


def test_a_repository_of_sha256_will_do(tmp_path: Path, improver: Command) -> None:
    project = Checkout.make(tmp_path / "long", {"shop.py": SOURCE}, object_format="sha256")
    stage(project, {"shop.py": DOCUMENTED})
    improver("risk", "--staged", "--require", "docstrings", at=project.path).expect(0, "docs only: proven")
    project.git("commit", "-q", "-m", "Document")
    improver("risk", "HEAD~1", at=project.path).expect(0, "docs only: proven")


def test_before_the_first_commit_all_that_is_staged_is_new(tmp_path: Path, improver: Command) -> None:
    project = Checkout.make(tmp_path / "young")
    stage(project, {"shop.py": SOURCE})
    improver("risk", "--staged", at=project.path).expect(0, "not proven: other", "shop.py: a new file")
    improver("risk", "--staged", "--require", "docstrings", at=project.path).expect(3)


def test_a_shallow_clone_says_how_to_get_its_base(tmp_path: Path, project: Checkout, improver: Command) -> None:
    base = project.git("rev-parse", "HEAD")
    project.commit({"shop.py": DOCUMENTED})
    clone = project.clone(tmp_path / "shallow", "--depth=1")
    before = snapshot(clone.path)
    for word in ("HEAD~1", "HEAD^1", base):
        improver("risk", word, at=clone.path).expect(2, "There is no commit", "git fetch --deepen")
    assert snapshot(clone.path) == before


def test_an_unrelated_history_is_only_another_tree(project: Checkout, improver: Command) -> None:
    project.git("checkout", "-q", "--orphan", "other")
    project.commit({"shop.py": DOCUMENTED})
    improver("risk", "main", "other").expect(0, "docs only: proven")


def test_several_projects_are_one_repository(tmp_path: Path, improver: Command) -> None:
    """All of them are read as a whole, and the strictest policy and every pattern of judges count."""
    settings = b'[project]\nname = "%s"\nversion = "1"\n'
    files = {f"{name}/{file}": content for name in ("one", "two") for file, content in (
        ("pyproject.toml", settings % name.encode()), ("shop.py", SOURCE), ("golden.py", SOURCE),
    )}  # fmt: skip
    project = Checkout.make(tmp_path / "many", files)
    project.commit({"one/shop.py": DOCUMENTED})
    improver("risk", "HEAD~1", at=project.path).expect(0, "docs only: proven", "approved by rule")
    project.commit({"two/.improver/review/policy.toml": b'[docstrings]\nroute = "human"\n'})
    project.commit({"two/pyproject.toml": settings % b"two" + b'[tool.improver]\njudges = ["golden.py"]\n'})
    project.commit({"two/shop.py": DOCUMENTED})
    improver("risk", "HEAD~1", at=project.path).expect(0, "docs only: proven", "needs a person")
    project.commit({"two/golden.py": DOCUMENTED})
    improver("risk", "HEAD~1", at=project.path).expect(0, "not proven: judges")


# What is staged


def test_staged_is_held_against_the_base_that_is_named(project: Checkout, improver: Command) -> None:
    project.commit({"shop.py": BEHAVING})
    stage(project, {"shop.py": BEHAVING + b"# The end.\n"})
    improver("risk", "--staged").expect(0, "docs only: proven")
    improver("risk", "HEAD~1", "--staged").expect(0, "not proven: behaviour")


def test_what_is_not_staged_does_not_count(project: Checkout, improver: Command) -> None:
    """Neither the working tree nor a file that is only intended to be added will be committed."""
    stage(project, {"shop.py": DOCUMENTED})
    project.write({"shop.py": BEHAVING, "later.py": SOURCE, "unknown.py": SOURCE})
    project.git("add", "-N", "later.py")
    improver("risk", "--staged", "--require", "docstrings,comments").expect(0, "docs only: proven")


def test_conflicts_must_be_resolved_first(project: Checkout, improver: Command) -> None:
    project.git("checkout", "-q", "-b", "theirs")
    project.commit({"shop.py": SOURCE + b"A = 1\n"})
    project.git("checkout", "-q", "main")
    project.commit({"shop.py": SOURCE + b"A = 2\n"})
    subprocess.run(
        ["git", "merge", "-q", "theirs"], cwd=project.path, capture_output=True, check=False, env=_identity()
    )
    before = snapshot(project.path, ask_git=False)
    answer = improver("risk", "--staged", "--require", "docstrings")
    answer.expect(1, "shop.py has conflicts that are not resolved", "git add")
    assert snapshot(project.path, ask_git=False) == before


def _identity() -> dict[str, str]:
    names = {f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return {"PATH": os.defpath, "HOME": "/nonexistent", **names}


def _hooked(project: Checkout, tmp_path: Path) -> dict[str, str]:
    """The environment of an owner whose every commit must be docs only."""
    hook = project.path / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    words = shlex.join([*command(), "risk", "--staged", "--require", "docstrings,comments"])
    hook.write_text(f"#!/bin/sh\nexec {words} >{tmp_path}/said 2>&1\n")
    hook.chmod(0o755)
    return {**_identity(), "IMPROVER_STATE_DIR": str(tmp_path / "state"), "LC_ALL": "C.UTF-8"}


@pytest.mark.parametrize(
    "words", [("-m", "x"), ("-a", "-m", "x"), ("-m", "x", "shop.py"), ("-i", "-m", "x", "shop.py")], ids=" ".join
)
def test_a_hook_judges_what_git_is_about_to_commit(project: Checkout, tmp_path: Path, words: tuple[str, ...]) -> None:
    """`git commit -a` and `git commit FILE` build an index of their own, which is not the checkout's."""
    environ = _hooked(project, tmp_path)
    stage(project, {"shop.py": DOCUMENTED})
    project.write({"shop.py": BEHAVING})
    done = subprocess.run(
        ["git", "commit", "-q", *words], cwd=project.path, env=environ, check=False, capture_output=True
    )
    refused = words != ("-m", "x")
    assert (done.returncode != 0) is refused, (done, (tmp_path / "said").read_text())
    assert ("behaviour" in (tmp_path / "said").read_text()) is refused


# What a diff may hold


def _rename(project: Checkout) -> None:
    project.git("mv", "shop.py", "store.py")


def _copy(project: Checkout) -> None:
    stage(project, {"copy.py": SOURCE})


def _delete(project: Checkout) -> None:
    project.git("rm", "-q", "shop.py")


def _mode(project: Checkout) -> None:
    project.git("update-index", "--chmod=+x", "shop.py")


def _link(project: Checkout) -> None:
    (project.path / "shop.py").unlink()
    (project.path / "shop.py").symlink_to("pyproject.toml")
    project.git("add", "-A")


def _submodule(project: Checkout) -> None:
    project.git("update-index", "--add", "--cacheinfo", f"160000,{project.git('rev-parse', 'HEAD')},vendor")


def _moved_submodule(project: Checkout) -> None:
    _submodule(project)
    project.git("commit", "-q", "-m", "Add")
    _submodule(project)


def _no_submodule(project: Checkout) -> None:
    _submodule(project)
    project.git("commit", "-q", "-m", "Add")
    project.git("rm", "-q", "--cached", "vendor")


def _binary(project: Checkout) -> None:
    stage(project, {"shop.py": SOURCE + b"# \0\n"})


def _large(project: Checkout) -> None:
    stage(project, {"shop.py": SOURCE + b"# x" * (3 << 20)})


def _attributes(project: Checkout) -> None:
    stage(project, {".gitattributes": b"* text=auto\n"})


HELD = {
    "renamed": (_rename, "shop.py: a file that was deleted"),
    "copied": (_copy, "copy.py: a new file"),
    "deleted": (_delete, "shop.py: a file that was deleted"),
    "mode": (_mode, "shop.py: its mode became 100755"),
    "file to link": (_link, "shop.py: its mode became 120000"),
    "submodule added": (_submodule, "vendor: a submodule"),
    "submodule moved": (_moved_submodule, "vendor: a submodule"),
    "submodule removed": (_no_submodule, "vendor: a file that was deleted"),
    "binary": (_binary, "shop.py: binary"),
    "larger than is read": (_large, "shop.py: larger than 4 MiB, so it was not read"),
    "attributes": (_attributes, ".gitattributes: has a say in what passes"),
}


@pytest.mark.parametrize("name", HELD)
def test_what_is_no_edit_of_a_plain_file_is_never_proven(project: Checkout, improver: Command, name: str) -> None:
    change, reason = HELD[name]
    change(project)
    if name == "submodule moved":
        other = project.git("rev-parse", "HEAD")
        project.git("update-index", "--cacheinfo", f"160000,{other},vendor")
    before = snapshot(project.path, ask_git=False)
    improver("risk", "--staged", "--require", "docstrings,comments").expect(3, "not proven", reason)
    assert snapshot(project.path, ask_git=False) == before


NAMES = ["a b.py", "new\nline.py", "-dash.py", "--all", "not-utf8-\udcff.py", "*.py", "[red]x[/red].py", "\u202egpj.py"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_file_may_have_any_name(tmp_path: Path, improver: Command, name: str) -> None:
    """A name is never taken for an option, a pattern or markup, and what hides in it is spelled out."""
    project = Checkout.make(tmp_path / "odd", {name: SOURCE})
    stage(project, {name: BEHAVING if name.endswith(".py") else b"text\n"})
    summary = tmp_path / "summary.md"
    answer = improver("risk", "--staged", "--summary", str(summary), at=project.path).expect(0, "not proven")
    assert "\u202e" not in answer.out + summary.read_text()
    assert "\udcff" not in answer.out
    stem = name.removesuffix(".py").strip("\u202e").partition("\n")[0].partition("\udcff")[0]
    assert stem in answer.out, answer


def test_no_program_of_the_repository_is_run(tmp_path: Path, project: Checkout, improver: Command) -> None:
    """Filters, text conversions and external diffs are programs of whoever wrote the diff."""
    mark = tmp_path / "mark"
    project.commit({".gitattributes": b"*.py filter=evil diff=evil\n"})
    for key in ("filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv", "diff.evil.command", "diff.external"):
        project.git("config", key, f"touch {mark}")
    oid = project.git("hash-object", "-w", "--no-filters", "--stdin", stdin=DOCUMENTED)
    project.git("update-index", "--cacheinfo", f"100644,{oid},shop.py")
    mark.unlink(missing_ok=True)
    improver("risk", "--staged", GIT_EXTERNAL_DIFF=f"touch {mark}").expect(0, "docs only: proven")
    assert not mark.exists()


def test_thousands_of_files_are_counted_and_the_reasons_capped(project: Checkout, improver: Command) -> None:
    for number in range(3000):
        (project.path / f"page{number}.txt").write_text(str(number))
    project.git("add", "-A")
    answer = improver("risk", "--staged").expect(0, "A change in 3,000 files", "more reasons")
    assert len(answer.out.splitlines()) < 60
    assert improver("risk", "--staged", "--json").document["files"] == 3000


# Wrong words

WRONG: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "no such base": (("risk", "nowhere"), ("There is no commit `nowhere`", "git log --all")),
    "no such head": (("risk", "HEAD", "nowhere"), ("There is no commit `nowhere`",)),
    "a file is no tree": (("risk", "HEAD:shop.py"), ("There is no commit `HEAD:shop.py`",)),
    "a range": (("risk", "HEAD..main"), ("names a range", "improver risk HEAD main")),
    "a range with three dots": (("risk", "HEAD...main"), ("names a range", "improver risk HEAD main")),
    "a category with a slip": (("risk", "--require", "docstring"), ("Did you mean `docstrings`?", "comments")),
    "no category": (("risk", "--require", ","), ("names no category",)),
    "staged against two": (("risk", "HEAD", "HEAD", "--staged"), ("leave out the second",)),
    "summary in no folder": (("risk", "--summary", "/nowhere/summary.md"), ("--summary", "cannot be written")),
    "outputs that are a folder": (("risk", "--outputs", "/tmp"), ("--outputs", "cannot be written")),
    "a base that is an option": (("risk", "--", "--output=x"), ("cannot name a commit",)),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_words_get_a_sentence_a_remedy_and_exit_code_2(project: Checkout, improver: Command, name: str) -> None:
    words, phrases = WRONG[name]
    before = snapshot(project.path)
    improver(*words).expect(2, *phrases)
    assert snapshot(project.path) == before


# For CI


@dataclass(frozen=True)
class Runner:
    """What a CI service gives to the steps of a composite action; the interpreter that installs it is ours."""

    folder: Path
    checkout: Path
    action: Mapping[str, Any]

    @classmethod
    def make(cls, folder: Path, checkout: Path) -> Runner:
        yaml = pytest.importorskip("yaml")
        (folder / "runner/improver/bin").mkdir(parents=True)
        start = folder / "runner/improver/bin/improver"
        start.write_text(f'#!/bin/sh\nexec {shlex.join(command())} "$@"\n')
        start.chmod(0o755)
        for name in ("summary", "outputs"):
            (folder / name).write_text("before\n")
        return cls(folder, checkout, yaml.safe_load((ROOT / ".github/actions/risk/action.yml").read_text()))

    def __call__(self, **inputs: str) -> Answer:
        """Run the step that reads the risk as the service would: the script from a file, in the shell it names."""
        step = self.action["runs"]["steps"][-1]
        given = {name: str(each.get("default", "")) for name, each in self.action["inputs"].items()} | inputs
        contexts = {f"inputs.{name}": value for name, value in given.items()}
        contexts |= {"github.workspace": str(self.checkout), "runner.temp": str(self.folder / "runner")}
        script = self.folder / "step.sh"
        script.write_text(step["run"])
        environ = {name: _filled(_filled(value, contexts), contexts) for name, value in step["env"].items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=_filled(step["working-directory"], contexts),
            env={**self.environ, **environ},
            capture_output=True,
            check=False,
        )
        return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))

    @property
    def environ(self) -> dict[str, str]:
        named = {"GITHUB_OUTPUT": "outputs", "GITHUB_STEP_SUMMARY": "summary", "RUNNER_TEMP": "runner"}
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GITHUB_ACTION_PATH": str(ROOT / ".github/actions/risk"),
            **{name: str(self.folder / value) for name, value in named.items()},
        }

    @property
    def summary(self) -> str:
        return (self.folder / "summary").read_text()

    @property
    def outputs(self) -> dict[str, str]:
        lines = (self.folder / "outputs").read_text().removeprefix("before\n").splitlines()
        return dict(line.split("=", 1) for line in lines)


def _filled(text: str, contexts: Mapping[str, str]) -> str:
    for name, value in contexts.items():
        text = text.replace(f"${{{{ {name} }}}}", value)
    return text


@pytest.fixture
def runner(tmp_path: Path, project: Checkout) -> Runner:
    return Runner.make(tmp_path, project.path)


def test_the_action_labels_a_merge_of_docs(project: Checkout, runner: Runner) -> None:
    """As on a pull request: what is checked out is the merge, and its first parent is the present tip."""
    project.git("checkout", "-q", "-b", "docs/price")
    project.commit({"shop.py": DOCUMENTED})
    project.git("checkout", "-q", "main")
    project.commit({"other.txt": b"moved on\n"})
    project.git("merge", "-q", "--no-ff", "-m", "Merge", "docs/price")
    runner().expect(0, "docs only: proven")
    assert runner.outputs == {
        "label": "docs only: proven", "auto_approve": "true", "categories": "docstrings", "route": "auto",
    }  # fmt: skip
    assert runner.summary.startswith("before\n### docs only: proven\n")


def test_the_action_says_why_not(project: Checkout, runner: Runner) -> None:
    project.commit({"shop.py": BEHAVING})
    runner().expect(0)
    assert runner.outputs["auto_approve"] == "false"
    assert "shop.py:" in runner.summary
    assert "needs a person" in runner.summary


def test_the_action_fails_where_a_requirement_is_not_met_and_labels_all_the_same(
    project: Checkout, runner: Runner
) -> None:
    project.commit({"shop.py": BEHAVING})
    runner(require="docstrings,comments").expect(3, "is not proven to be only")
    assert runner.outputs["label"] == "not proven: behaviour"


HOSTILE_WORDS = ["--help", "$(touch mark)`touch mark`", '"; touch mark; "', "x\ny=1"]


@pytest.mark.parametrize("word", HOSTILE_WORDS, ids=ascii)
def test_no_input_of_the_action_is_taken_for_a_command_or_an_option(runner: Runner, word: str) -> None:
    for name in ("base", "head", "require"):
        assert runner(**{name: word}).code == 2
    assert not list(runner.folder.rglob("mark"))
    assert runner.outputs == {}


def test_a_file_name_cannot_leave_its_place_in_the_summary(project: Checkout, runner: Runner) -> None:
    name = "``` \n# Approved <img src=x> [a](b) @team ````.txt"
    project.commit({name: b""})
    runner().expect(0)
    line = next(line for line in runner.summary.splitlines() if "Approved" in line)
    assert line.startswith("- ````` ")
    assert line.endswith(" `````")
    assert line.count("`````") == 2


def test_the_action_lets_no_text_into_a_script(runner: Runner) -> None:
    """An expression inside a script is replaced before the shell sees it; in the environment it stays a value."""
    steps = runner.action["runs"]["steps"]
    assert runner.action["runs"]["using"] == "composite"
    for step in steps:
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"
    assert set(runner.action["outputs"]) == {"label", "auto_approve", "categories", "route"}
    assert not (ROOT / "action.yml").exists()


# Hooks


def _hooks() -> list[dict[str, Any]]:
    yaml = pytest.importorskip("yaml")
    found: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    return found


def test_the_manifest_is_one_that_pre_commit_takes() -> None:
    clientlib = pytest.importorskip("pre_commit.clientlib")
    hooks = clientlib.load_manifest(str(ROOT / ".pre-commit-hooks.yaml"))
    assert [hook["id"] for hook in hooks] == ["improver-risk", "improver-docs-only"]
    for hook in hooks:
        assert hook["always_run"]
        assert not hook["pass_filenames"]
        assert hook["entry"].startswith("improver risk --staged")


@pytest.mark.parametrize(
    ("content", "codes"),
    [(DOCUMENTED, (0, 0)), (COMMENTED, (0, 0)), (HINTED, (0, 3)), (BEHAVING, (0, 3)), (SOURCE, (0, 0))],
    ids=["docstring", "comment", "hint", "behaviour", "nothing"],
)
def test_what_the_hooks_start_gives_the_right_exit_code(
    project: Checkout, shell: Shell, content: bytes, codes: tuple[int, int]
) -> None:
    stage(project, {"shop.py": content})
    for hook, code in zip(_hooks(), codes, strict=True):
        shell(*shlex.split(hook["entry"])[1:]).expect(code)


# Verify


@pytest.mark.sandbox
def test_verify_says_which_gate_failed(project: Checkout, shell: Shell) -> None:
    project.commit({"shop.py": SOURCE.replace(b"count * each", b"count + each + 1")})
    answer = shell("verify", "HEAD~1", "--python", sys.executable)
    answer.expect(3, "the gate `tests` failed", "tests/test_shop.py::test_price")
