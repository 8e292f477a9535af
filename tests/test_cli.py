"""The command line on the sample project: one real run, and what people do with it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from improver.cli import main
from improver.demo import make_project
from improver.git.start import start_repository

pytestmark = pytest.mark.sandbox


@dataclass(frozen=True)
class Sample:
    """A sample project with the dossiers of one run of `propose`."""

    project: Path
    state: Path
    document: dict[str, Any]

    def ids(self, route: str) -> list[str]:
        return [d["id"] for d in self.document["dossiers"] if d["decision"]["route"] == route]

    def git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.project, capture_output=True, text=True, check=True)
        return done.stdout.strip()


class Command:
    """The command line in this process; each call gives exit code, output and errors."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self.capture = capture

    def __call__(self, *words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(words)
        out, err = self.capture.readouterr()
        code = caught.value.code
        assert isinstance(code, int)
        return code, out, err


@pytest.fixture
def improver(capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(capsys)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    folder = tmp_path_factory.mktemp("sample")
    project = make_project(folder)
    start_repository(project, "Start", datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPROVER_STATE_DIR", str(folder / "state"))
        patch.setenv("COLUMNS", "200")
        patch.chdir(project)
        bundle = folder / "bundle.json"
        with pytest.raises(SystemExit) as caught:
            main(["propose", "--bundle", str(bundle)])
        assert caught.value.code == 0
        yield Sample(project, folder / "state", json.loads(bundle.read_text()))


def test_a_run_proves_most_by_rule_and_asks_a_person_where_the_docstring_is_read(sample: Sample) -> None:
    assert sample.ids("auto")
    human = [d for d in sample.document["dossiers"] if d["decision"]["route"] == "human"]
    assert ["__doc__" in " ".join(d["risk"]["because"]) for d in human] == [True]
    assert sample.ids("refuse") == []
    assert sample.git("status", "--short") == ""
    assert sample.git("branch", "--list", "improver/*") == ""


def test_every_dossier_has_the_fields_of_the_contract(sample: Sample) -> None:
    assert set(sample.document) == {"schema", "run", "dossiers", "skipped"}
    fields = {"id", "analyzer", "rule", "title", "why", "sites", "risk", "evidence", "not_applicable", "decision"}
    for dossier in sample.document["dossiers"]:
        assert set(dossier) == fields | {"patch"}
        heard = {each["gate"] for each in (*dossier["evidence"], *dossier["not_applicable"])}
        assert heard == {"scope", "syntax", "equivalence", "imports", "format", "security", "tests", "coverage"}


def test_git_applies_the_patch_of_a_dossier(sample: Sample, tmp_path: Path) -> None:
    (tmp_path / "one.patch").write_text(sample.document["dossiers"][0]["patch"])
    sample.git("apply", "--check", str(tmp_path / "one.patch"))


def test_a_second_run_finds_the_same_without_running_the_base_again(sample: Sample, improver: Command) -> None:
    code, out, _ = improver("propose", "--json")
    assert code == 0
    again = json.loads(out)
    assert [d["id"] for d in again["dossiers"]] == [d["id"] for d in sample.document["dossiers"]]
    assert again["run"]["tests"] == sample.document["run"]["tests"]


def test_show_lists_what_waits_and_shows_one_whole(sample: Sample, improver: Command) -> None:
    first = sample.ids("auto")[0]
    code, out, _ = improver("show")
    assert code == 0
    assert first in out
    code, out, _ = improver("show", first[:6])
    assert code == 0
    assert '+        """' in out
    assert "bandit" in out
    code, out, _ = improver("show", first, "--json")
    assert json.loads(out)["dossiers"][0]["id"] == first


def test_accept_makes_a_branch_and_touches_nothing_else(sample: Sample, improver: Command) -> None:
    first, second = sample.ids("auto")[:2]
    head, index = sample.git("rev-parse", "HEAD"), (sample.project / ".git/index").read_bytes()
    code, out, err = improver("accept", first, second, "--branch", "docs/two")
    assert code == 0, err
    assert "docs/two: 2 commits" in out
    assert sample.git("rev-list", "--count", "HEAD..docs/two") == "2"
    assert "Improver-Fingerprint: " in sample.git("log", "-1", "--format=%B", "docs/two")
    assert (sample.git("rev-parse", "HEAD"), (sample.project / ".git/index").read_bytes()) == (head, index)
    assert sample.git("status", "--short") == ""
    code, out, _ = improver("propose", "--json")
    assert not {first, second} & {d["id"] for d in json.loads(out)["dossiers"]}
    assert {"what": "proposals", "reason": "they were accepted before", "count": 2} in json.loads(out)["skipped"]


def test_what_is_rejected_does_not_come_back(sample: Sample, improver: Command) -> None:
    refused = sample.ids("human")[0]
    assert improver("reject", refused, "--because", "argparse prints it")[0] == 0
    code, out, _ = improver("propose", "--json")
    assert code == 0
    assert refused not in {d["id"] for d in json.loads(out)["dossiers"]}


def test_verify_proves_a_branch_and_says_what_it_found(sample: Sample, improver: Command) -> None:
    assert improver("accept", sample.ids("auto")[2], "--branch", "docs/third")[0] == 0
    code, out, _ = improver("verify", "HEAD", "docs/third")
    assert code == 0
    assert "approved by rule" in out
    code, out, _ = improver("verify", "HEAD", "docs/third", "--json")
    assert json.loads(out)["decision"]["route"] == "auto"


def test_a_change_that_breaks_a_test_is_not_proven(sample: Sample, improver: Command) -> None:
    broken = (sample.project / "src/waybill/units.py").read_text().replace("1000", "1001", 1)
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"],
        cwd=sample.project,
        input=broken,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    sample.git("update-index", "--cacheinfo", f"100644,{blob},src/waybill/units.py")
    tree = sample.git("write-tree")
    sample.git("read-tree", "HEAD")
    code, out, err = improver("verify", "HEAD", tree)
    assert code == 3
    assert "the gate `tests` failed" in err
    assert "test_parcels.py::test_a_parcel_shows_what_it_is" in out


def test_risk_reads_a_diff_without_running_it(sample: Sample, improver: Command) -> None:
    assert improver("accept", sample.ids("auto")[3], "--branch", "docs/fourth")[0] == 0
    code, out, _ = improver("risk", "HEAD", "docs/fourth", "--require", "docstrings")
    assert code == 0
    code, out, err = improver("risk", "HEAD", "docs/fourth", "--require", "comments")
    assert code == 3
    assert "it is also docstrings" in err
    code, out, _ = improver("risk", "HEAD", "docs/fourth", "--json")
    assert json.loads(out)["auto_approve"] is True


def test_scan_needs_neither_git_nor_a_sandbox(tmp_path: Path, improver: Command, sample: Sample) -> None:
    project = make_project(tmp_path)
    code, out, _ = improver("scan", str(project), "--json")
    assert code == 0
    found = json.loads(out)["dossiers"]
    assert {d["title"] for d in sample.document["dossiers"]} == {d["title"] for d in found}
    code, out, _ = improver("scan", "--diff", str(project))
    assert code == 0
    assert '+        """' in out


def test_doctor_says_what_is_here(sample: Sample, improver: Command) -> None:
    code, out, err = improver("doctor")
    assert code == 0, err
    assert "bubblewrap" in out


def test_the_demo_makes_runs_and_shows(tmp_path: Path, improver: Command) -> None:
    code, out, err = improver("demo", "--folder", str(tmp_path))
    assert code == 0, err
    assert "Approved by rule" in out
    assert "improver accept" in out
    assert (tmp_path / "waybill/.git").is_dir()


def test_a_review_takes_and_refuses(
    sample: Sample, improver: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    improver("propose", "--json")
    answers = iter(["leave", "quit"])
    monkeypatch.setattr("typer.prompt", lambda *_, **__: next(answers))
    code, out, err = improver("review")
    assert code == 0, err
    assert "Evidence" in out


@pytest.mark.parametrize("word", ["propose", "scan", "risk", "verify", "review", "show", "accept", "reject", "demo"])
def test_every_command_explains_itself(word: str, improver: Command) -> None:
    code, out, _ = improver(word, "--help")
    assert code == 0
    assert "Usage: improver" in out
