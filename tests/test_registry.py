"""Plug-ins are found by the name of their file, and one that does not load stops the run."""

from __future__ import annotations

import pytest

from improver.errors import SettingsError, UsageError
from improver.pipeline import load_pipeline
from improver.registry import analyzer_names, load_analyzers, load_gates


def test_every_analyzer_and_gate_of_the_built_in_pipeline_loads() -> None:
    pipeline = load_pipeline("propose", lambda _: None)
    assert [named.name for named in load_analyzers(pipeline.analyzers, {})] == list(pipeline.analyzers)
    assert [named.name for named in load_gates(pipeline.gates)] == list(pipeline.gates)


def test_every_analyzer_has_a_page_and_examples() -> None:
    for named in load_analyzers(sorted(analyzer_names()), {}):
        assert (type(named.plugin).__doc__ or "").strip(), f"{named.name} has no documentation"
        assert named.plugin.examples, f"{named.name} has no examples"


def test_a_wrong_name_or_option_says_what_there_is() -> None:
    with pytest.raises(UsageError, match="Did you mean `docstrings`"):
        load_analyzers(["docstring"], {})
    with pytest.raises(UsageError, match="There is no gate"):
        load_gates(["nonsense"])
    with pytest.raises(SettingsError, match=r"docstrings.*unknown key `nonsense`"):
        load_analyzers(["docstrings"], {"docstrings": {"nonsense": 1}})


def test_an_option_changes_the_version_under_which_results_are_kept() -> None:
    plain, other = (load_analyzers(["docstrings"], options)[0] for options in ({}, {"docstrings": {"coverage": "all"}}))
    assert plain.version != other.version
