"""Walls can be taken away on the command line alone, and not while secrets would be in reach."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from checkout import Shell, shop

from improver.errors import UsageError
from improver.sandbox.environ import require_no_secrets, secrets_in

UNSANDBOXED = "--allow-unsandboxed"
WITH_SECRETS = "--allow-unsandboxed-with-secrets"

TEST = """
def test_it():
    try:
        open(MARK, "w").close()
    except OSError:
        pass
"""


class Spy:
    """A project whose test leaves a file outside when nothing keeps it from doing so."""

    def __init__(self, folder: Path) -> None:
        self.mark = folder / "mark"
        test = TEST.replace("MARK", repr(str(self.mark)))
        self.checkout = shop(folder / "shop", {"tests/test_mark.py": test.encode()})
        self.shell = Shell.make(folder, self.checkout.path)

    @property
    def ran_freely(self) -> bool:
        """Whether the test ran without walls."""
        return self.mark.exists()

    def verify(self, *words: str, **environ: str) -> tuple[int, str]:
        answer = self.shell("verify", "HEAD", "HEAD", "--python", sys.executable, *words, **environ)
        assert "Traceback" not in answer.said
        return answer.code, answer.said


@pytest.fixture
def spy(tmp_path: Path) -> Spy:
    return Spy(tmp_path)


SECRETS: Mapping[str, str] = {
    "GH_TOKEN": "x",
    "GITHUB_TOKEN": "x",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x",
    "CI_JOB_TOKEN": "x",
    "IMPROVER_APPROVER_TOKEN": "x",
    "AWS_SESSION": "x",
    "AWS_ACCESS_KEY_ID": "x",
    "client_secret": "x",
    "DB_PASSWORD": "x",
    "GOOGLE_APPLICATION_CREDENTIALS": "x",
    "SIGNING_KEY": "x",
    "SERVICE_PAT": "x",
    "HARMLESS": "gh" + "p_" + "a" * 30,
    "DATABASE_URL": "postgres://me:word@example.org/shop",
    "HTTPS_PROXY": "http://me:word@proxy.example.org",
}
HARMLESS: Mapping[str, str] = {
    "GH_TOKEN": "",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "TOKENIZERS_PARALLELISM": "false",
    "KEYBOARD": "de",
    "PATH": "/usr/bin",
    "MONKEYS": "3",
    "HTTPS_PROXY": "http://proxy.example.org:3128",
    "REMOTE": "ssh://git@example.org/shop",
}


@pytest.mark.parametrize("name", SECRETS)
def test_what_opens_something_is_told_by_its_name_or_value(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        require_no_secrets({name: SECRETS[name]})


@pytest.mark.parametrize("name", HARMLESS)
def test_what_opens_nothing_is_no_reason(name: str) -> None:
    assert secrets_in({name: HARMLESS[name]}) == ()


def test_the_refusal_names_what_to_unset_and_shows_no_value(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        require_no_secrets({"GH_TOKEN": "do-not-show", "A_KEY": "do-not-show"})
    assert "env -u A_KEY -u GH_TOKEN improver" in caught.value.remedy
    assert "do-not-show" not in str(caught.value)


@pytest.mark.parametrize("words", [("verify", "HEAD", "HEAD"), ("propose",), ("accept", "abc")], ids=lambda w: w[0])
def test_a_token_in_the_environment_keeps_the_walls(spy: Spy, words: tuple[str, ...]) -> None:
    answer = spy.shell(*words, UNSANDBOXED, GH_TOKEN="hidden-value")
    answer.expect(2, "GH_TOKEN", "Nothing of the project was run", WITH_SECRETS)
    assert "hidden-value" not in answer.said
    assert not spy.ran_freely


def test_the_second_flag_lets_it_run_and_the_evidence_says_with_what_in_reach(spy: Spy) -> None:
    words = ("verify", "HEAD", "HEAD", "--python", sys.executable, UNSANDBOXED, WITH_SECRETS, "--json")
    document = spy.shell(*words, GH_TOKEN="hidden-value").document
    assert spy.ran_freely
    said = {each["measures"].get("sandbox") for each in document["evidence"] if each["gate"] == "tests"}
    assert said == {"none, with GH_TOKEN in reach"}
    assert "hidden-value" not in str(document)


def test_without_secrets_the_first_flag_is_enough_and_header_and_evidence_say_so(spy: Spy) -> None:
    answer = spy.shell("propose", "--python", sys.executable, UNSANDBOXED, "--json")
    assert answer.code == 0, answer
    assert spy.ran_freely
    run = answer.document["run"]
    assert run["sandbox"] == "none"
    assert any("without a sandbox" in note for note in run["notes"])
    evidence = [each for dossier in answer.document["dossiers"] for each in dossier["evidence"]]
    assert {each["measures"]["sandbox"] for each in evidence if each["gate"] == "tests"} == {"none"}
    spy.shell("show", answer.document["dossiers"][0]["id"]).expect(0, "It ran without a sandbox (none).")


def test_the_second_flag_alone_is_a_mistake(spy: Spy) -> None:
    spy.shell("verify", "HEAD", "HEAD", WITH_SECRETS).expect(2, UNSANDBOXED, "give both")
    assert not spy.ran_freely


FLAGS = ("allow-unsandboxed", "allow_unsandboxed", "allow-unsandboxed-with-secrets", "allow_unsandboxed_with_secrets")


@pytest.mark.parametrize("flag", FLAGS)
def test_the_users_settings_cannot_take_the_walls_away(spy: Spy, tmp_path: Path, flag: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"{flag} = true\n")
    code, said = spy.verify("--config", str(config))
    assert (code, spy.ran_freely) == (2, False), said
    assert flag in said


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("file", ["pyproject.toml", ".improver/settings.toml"])
def test_the_repository_cannot_take_the_walls_away(spy: Spy, file: str, flag: str) -> None:
    table = "[tool.improver]\n" if file == "pyproject.toml" else ""
    spy.checkout.commit({file: f"{table}{flag} = true\n".encode()})
    code, said = spy.verify()
    assert (code, spy.ran_freely) == (2, False), said
    assert flag in said


@pytest.mark.parametrize("where", ["user", "repository", "command line"])
def test_no_sandbox_is_no_sandboxs_name(spy: Spy, tmp_path: Path, where: str) -> None:
    config = tmp_path / "config.toml"
    config.write_text('sandbox = "none"\n' if where == "user" else "")
    if where == "repository":
        spy.checkout.commit({"pyproject.toml": b'[tool.improver]\nsandbox = "none"\n'})
    words = ("--sandbox", "none") if where == "command line" else ()
    code, said = spy.verify("--config", str(config), *words)
    assert (code, spy.ran_freely) == (2, False), said


@pytest.mark.sandbox
def test_the_environment_cannot_take_the_walls_away(spy: Spy, tmp_path: Path) -> None:
    names = ("ALLOW_UNSANDBOXED", "UNSANDBOXED", "VERIFY_ALLOW_UNSANDBOXED", "ALLOW_UNSANDBOXED_WITH_SECRETS")
    environ = {f"{prefix}{name}": "1" for name in names for prefix in ("", "IMPROVER_")}
    code, said = spy.verify("--json", **environ)
    assert not spy.ran_freely
    assert code == 0, said
    assert '"sandbox": "bubblewrap"' in said


def with_bwrap_as(file: Path) -> tuple[str, ...]:
    """What starts a command on a machine whose bwrap is this file: a wall of its own hides the real one."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        pytest.skip("bubblewrap is needed to hide bubblewrap")
    return (bwrap, "--dev-bind", "/", "/", "--bind", str(file), str(Path(bwrap).resolve()), "--")


@pytest.mark.sandbox
def test_doctor_shows_each_sandbox_and_what_it_would_mean_to_have_none(spy: Spy) -> None:
    checks = {each["name"]: each for each in spy.shell("doctor", "--json").document["checks"]}
    assert (checks["bubblewrap"]["ok"], checks["bubblewrap"]["needed"]) == (True, False)
    assert "your own rights" in checks["none"]["found"]
    assert not checks["none"]["ok"]
    assert not spy.ran_freely


@pytest.mark.sandbox
def test_doctor_says_which_secrets_keep_the_walls(spy: Spy) -> None:
    answer = spy.shell("doctor", GH_TOKEN="hidden-value")
    assert "It is refused as long as these are set: GH_TOKEN." in answer.said
    assert "hidden-value" not in answer.said


BROKEN: Mapping[str, tuple[str, str]] = {
    "apparmor": ("echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1", "setting up uid map"),
    "container": ("echo 'bwrap: Creating new namespace failed' >&2; exit 1", "Creating new namespace failed"),
    "speechless": ("exit 3", "it ended with 3 and said nothing"),
}


@pytest.mark.sandbox
@pytest.mark.parametrize("name", BROKEN)
def test_doctor_repeats_what_the_system_said_and_what_helps(spy: Spy, tmp_path: Path, name: str) -> None:
    script, words = BROKEN[name]
    broken = tmp_path / "broken"
    broken.write_text(f"#!/bin/sh\n{script}\n")
    broken.chmod(0o755)
    answer = spy.shell("doctor", "--json", under=with_bwrap_as(broken))
    assert answer.code == 1
    checks = {each["name"]: each for each in answer.document["checks"]}
    assert not checks["sandbox"]["ok"]
    assert words in checks["bubblewrap"]["found"]
    assert checks["bubblewrap"]["remedy"]
    assert "your own rights" in checks["none"]["found"]
    spy.shell("doctor", under=with_bwrap_as(broken)).said.index(words)


@pytest.mark.parametrize(
    ("reason", "required", "expected"),
    [
        ("no sandbox: it is not installed", "1", 1),
        ("needs bubblewrap", "1", 1),
        ("needs bubblewrap", "", 0),
        ("needs a compiler", "1", 0),
    ],
)
def test_where_a_sandbox_is_required_its_absence_is_no_reason_to_skip(
    tmp_path: Path, reason: str, required: str, expected: int
) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "test_it.py").write_text(f"import pytest\n\n\ndef test_it():\n    pytest.skip({reason!r})\n")
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    environ = {"PATH": "/usr/bin:/bin", "IMPROVER_REQUIRE_SANDBOX": required}
    assert subprocess.run(words, env=environ, capture_output=True, cwd=tmp_path, check=False).returncode == expected
