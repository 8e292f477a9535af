"""Who decides: the built-in policy, what a project may make of it, and laws that hold whatever it says."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improver.errors import SettingsError
from improver.judge.policy import LOW_RISK, Policy, Rule, decide, load_policy
from improver.values import Category, Evidence, NotApplicable, Risk, Route, Verdict

TEXT = (Path(__file__).resolve().parent.parent / "review" / "policy.toml").read_text(encoding="utf-8")
BUILT_IN = load_policy(TEXT)
GATES = ("scope", "syntax", "equivalence", "imports", "tests", "types")
CERTIFIED = Risk((Category.DOCSTRINGS,), (), certified=True)


def passed(*gates: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(gate, Verdict.PASSED, "") for gate in gates)


NEEDED = passed("scope", "syntax", "equivalence", "imports", "tests")


def test_a_certified_docstring_that_passed_everything_is_auto() -> None:
    decision = decide(BUILT_IN, CERTIFIED, NEEDED)
    assert decision.route is Route.AUTO
    assert decision.because


def test_a_project_without_tests_needs_none() -> None:
    assert decide(BUILT_IN, CERTIFIED, NEEDED[:-1], [NotApplicable("tests", "there are none")]).route is Route.AUTO


@pytest.mark.parametrize(
    ("risk", "evidence", "absent"),
    [
        pytest.param(CERTIFIED, NEEDED[:-1], (), id="tests were not heard"),
        pytest.param(CERTIFIED, NEEDED[1:], (), id="scope was not heard"),
        pytest.param(CERTIFIED, NEEDED[1:], (NotApplicable("scope", ""),), id="scope had nothing to judge"),
        pytest.param(
            CERTIFIED, (*NEEDED, Evidence("tests", Verdict.INCONCLUSIVE, "")), (), id="tests were inconclusive once"
        ),
        pytest.param(Risk((Category.DOCSTRINGS,)), NEEDED, (), id="no certificate"),
        pytest.param(Risk((Category.CACHING,), (), certified=True), NEEDED, (), id="a certificate on caching"),
        pytest.param(Risk((Category.TESTS,)), NEEDED, (), id="a new test"),
    ],
)
def test_a_person_decides(risk: Risk, evidence: tuple[Evidence, ...], absent: tuple[NotApplicable, ...]) -> None:
    decision = decide(BUILT_IN, risk, evidence, absent)
    assert decision.route is Route.HUMAN
    assert decision.because


def test_a_failed_gate_refuses_even_if_nobody_asked_for_it() -> None:
    decision = decide(BUILT_IN, CERTIFIED, (*NEEDED, Evidence("format", Verdict.FAILED, "")))
    assert decision.route is Route.REFUSE
    assert "format" in decision.because[0]


def test_our_own_change_of_a_judge_is_refused_and_anybody_elses_goes_to_a_person() -> None:
    risk = Risk((Category.JUDGES,))
    assert decide(BUILT_IN, risk, NEEDED, ours=True).route is Route.REFUSE
    assert decide(BUILT_IN, risk, NEEDED, ours=False).route is Route.HUMAN


# --- laws ---------------------------------------------------------------------------------------------------

categories = st.sets(st.sampled_from(Category))
risks = st.builds(lambda words, sure: Risk(tuple(sorted(words)), (), sure), categories, st.booleans())
evidences = st.lists(st.builds(Evidence, st.sampled_from(GATES), st.sampled_from(Verdict), st.just("")), max_size=8)
absences = st.lists(st.builds(NotApplicable, st.sampled_from(GATES), st.just("")), max_size=3)
gate_lists = st.lists(st.sampled_from(GATES), max_size=4).map(tuple)
policies = st.builds(
    Policy,
    st.fixed_dictionaries({c: st.builds(Rule, st.sampled_from(Route), gate_lists, gate_lists) for c in Category}),
)


@given(policies, risks, evidences, absences, st.booleans())
def test_there_is_always_a_decision_with_reasons(
    policy: Policy, risk: Risk, evidence: list[Evidence], absent: list[NotApplicable], ours: bool
) -> None:
    decision = decide(policy, risk, evidence, absent, ours=ours)
    assert decision.because


@given(policies, risks, st.sampled_from(Category), evidences, absences, st.booleans())
def test_an_added_category_never_makes_the_route_softer(
    policy: Policy, risk: Risk, more: Category, evidence: list[Evidence], absent: list[NotApplicable], ours: bool
) -> None:
    harder = Risk(tuple(sorted({*risk.categories, more})), risk.because, risk.certified)
    before = decide(policy, risk, evidence, absent, ours=ours)
    assert decide(policy, harder, evidence, absent, ours=ours).route >= before.route


@given(policies, risks, evidences, absences, st.sampled_from([Verdict.FAILED, Verdict.INCONCLUSIVE, None]), st.data())
def test_a_lost_pass_never_makes_the_route_softer(
    policy: Policy,
    risk: Risk,
    evidence: list[Evidence],
    absent: list[NotApplicable],
    becomes: Verdict | None,
    data: st.DataObject,
) -> None:
    places = [index for index, found in enumerate(evidence) if found.verdict is Verdict.PASSED]
    if not places:
        return
    index = data.draw(st.sampled_from(places))
    lost = [] if becomes is None else [Evidence(evidence[index].gate, becomes, "")]
    excused = {gate.gate for gate in absent}
    if becomes is None and evidence[index].gate in excused:
        return  # the gate now says that it has nothing to judge, which is another statement
    worse = [*evidence[:index], *lost, *evidence[index + 1 :]]
    assert decide(policy, risk, worse, absent).route >= decide(policy, risk, evidence, absent).route


@given(policies, risks, evidences, absences, st.randoms())
def test_the_order_of_evidence_does_not_matter(
    policy: Policy, risk: Risk, evidence: list[Evidence], absent: list[NotApplicable], chance: random.Random
) -> None:
    shuffled = list(evidence)
    chance.shuffle(shuffled)
    assert decide(policy, risk, shuffled, absent) == decide(policy, risk, evidence, absent)


@given(policies, risks, evidences, absences, st.booleans())
def test_nothing_but_certified_low_risk_is_ever_auto(
    policy: Policy, risk: Risk, evidence: list[Evidence], absent: list[NotApplicable], ours: bool
) -> None:
    if decide(policy, risk, evidence, absent, ours=ours).route is Route.AUTO:
        assert risk.certified
        assert set(risk.categories) <= LOW_RISK


# --- files --------------------------------------------------------------------------------------------------


def test_a_project_may_be_stricter() -> None:
    own = '[docstrings]\nroute = "human"\n[comments]\ngates = ["scope", "syntax", "equivalence", "imports", "format"]\n'
    policy = load_policy(TEXT, project=own)
    assert policy.rules[Category.DOCSTRINGS].route is Route.HUMAN
    assert policy.rules[Category.DOCSTRINGS].gates == BUILT_IN.rules[Category.DOCSTRINGS].gates
    assert "format" in policy.rules[Category.COMMENTS].gates
    assert policy.rules[Category.OTHER] == BUILT_IN.rules[Category.OTHER]


@pytest.mark.parametrize(
    ("own", "words"),
    [
        pytest.param('[behaviour]\nroute = "auto"\n', "softer", id="a softer route"),
        pytest.param('[docstrings]\ngates = ["scope"]\n', "`syntax` is missing", id="fewer gates"),
        pytest.param("[docstrings]\ngates-where-applicable = []\n", "`tests` is missing", id="no tests"),
        pytest.param('[docstring]\nroute = "human"\n', "Did you mean `docstrings`", id="an unknown category"),
        pytest.param('[docstrings]\nrout = "human"\n', "Did you mean `route`", id="an unknown key"),
        pytest.param('[docstrings]\nroute = "humane"\n', "Did you mean `human`", id="an unknown route"),
        pytest.param('[docstrings]\ngates = "scope"\n', "expected a list", id="a value of another type"),
        pytest.param('docstrings = "human"\n', "expected a table", id="no table"),
        pytest.param("[docstrings\n", "not TOML", id="no TOML"),
    ],
)
def test_a_project_may_not_be_softer_or_unclear(own: str, words: str) -> None:
    with pytest.raises(SettingsError, match=r"policy\.toml") as raised:
        load_policy(TEXT, project=own)
    assert words in str(raised.value)


def test_gates_that_do_not_exist_are_named() -> None:
    with pytest.raises(SettingsError, match="Did you mean `scope`"):
        load_policy(TEXT.replace('"scope"', '"scoop"'), known_gates=[*GATES, "coverage", "behaviour", "benchmarks"])


def test_the_built_in_policy_has_a_rule_for_everything() -> None:
    with pytest.raises(SettingsError, match="no rule for `other`"):
        load_policy(TEXT.replace("[other]", "[other_]").partition("[other_]")[0])
