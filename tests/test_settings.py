"""Settings are read strictly: what is not understood is an error that names file and key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from improver.errors import SettingsError, UsageError
from improver.pipeline import built_in_names, load_pipeline, seconds_of
from improver.settings import ProjectSettings, places, read_project, read_user

KNOWN = frozenset({"docstrings"})


def files(**named: str) -> Callable[[str], bytes | None]:
    texts = {"pyproject.toml": named.get("pyproject"), ".improver/settings.toml": named.get("own")}
    return lambda path: text.encode() if (text := texts.get(path)) is not None else None


def test_without_settings_the_defaults_hold() -> None:
    assert read_project(files(), KNOWN) == ProjectSettings()
    assert read_project(files(pyproject="[tool.black]\n"), KNOWN) == ProjectSettings()


def test_dashes_and_underscores_are_the_same_and_options_go_to_their_analyzer() -> None:
    text = '[tool.improver]\nline-length = 100\nsource_roots = ["lib"]\n[tool.improver.docstrings]\ncoverage = "all"'
    settings = read_project(files(pyproject=text), KNOWN)
    assert (settings.line_length, settings.source_roots) == (100, ("lib",))
    assert settings.analyzers == {"docstrings": {"coverage": "all"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("[tool.improver]\nline-lenght = 3", "Did you mean `line-length`?", id="a slip of the pen"),
        pytest.param('[tool.improver]\nline-length = "3"', "expected a whole number, found a string", id="type"),
        pytest.param("[tool.improver]\nline-length = true", "expected a whole number", id="a bool is no number"),
        pytest.param("[tool.improver]\ncarry = [1]", "expected a string", id="type within a list"),
        pytest.param("[tool.improver]\ndocstrings = 3", "expected a table", id="options that are no table"),
        pytest.param("[tool]\nimprover = 3", "expected a table", id="no table"),
        pytest.param('tool = "improver"', "expected a table", id="tool is no table"),
        pytest.param('[tool.improver]\nconvention = "javadoc"', "google, numpy or sphinx", id="unknown convention"),
        pytest.param("[tool.improver", "is not TOML", id="broken"),
        pytest.param("[tool.improver]\n[tool.improver.analyzers]\n", "under its own name", id="analyzers table"),
    ],
)
def test_what_is_not_understood_is_an_error(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_project(files(pyproject=text), KNOWN)
    assert said in str(caught.value)
    assert "pyproject.toml" in str(caught.value)


def test_settings_in_two_places_are_refused() -> None:
    with pytest.raises(SettingsError, match="Keep one of them"):
        read_project(files(pyproject="[tool.improver]\n", own=""), KNOWN)


def test_the_users_file_sets_limits_and_a_missing_one_sets_none(tmp_path: Path) -> None:
    assert read_user(tmp_path / "none.toml").limits.processes == 256
    (tmp_path / "config.toml").write_text('memory-mb = 10\nsandbox = "bubblewrap"\n')
    user = read_user(tmp_path / "config.toml")
    assert (user.limits.memory, user.sandbox) == (10 << 20, "bubblewrap")
    (tmp_path / "config.toml").write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="not UTF-8"):
        read_user(tmp_path / "config.toml")


def test_state_and_settings_go_where_the_environment_says(tmp_path: Path) -> None:
    found = places({"IMPROVER_STATE_DIR": str(tmp_path), "IMPROVER_CONFIG": "c.toml"})
    assert found.state == tmp_path
    assert found.cache.is_relative_to(tmp_path)
    assert found.config == Path("c.toml")


def test_every_built_in_pipeline_loads() -> None:
    for name in built_in_names("pipelines"):
        assert load_pipeline(name, lambda _: None).analyzers


def test_a_projects_own_pipeline_wins_and_an_unknown_one_is_named() -> None:
    assert load_pipeline("propose", lambda _: b'analyzers = ["x"]\ngates = []').analyzers == ("x",)
    with pytest.raises(UsageError, match="Did you mean `propose`"):
        load_pipeline("propos", lambda _: None)
    with pytest.raises(UsageError, match="cannot be the name"):
        load_pipeline("../x", lambda _: None)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("2m", 120), ("1.5h", 5400), ("", None)])
def test_a_time_is_read_as_people_write_it(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["soon", "-1m", "0s", "1d", "1m30"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        seconds_of(text)
