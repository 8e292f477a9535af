"""Who decides on a change: a pure, total function of policy, risk and evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from improver.errors import SettingsError
from improver.strict import parse_toml, read_table, suggestion
from improver.values import Category, Decision, Dossier, Evidence, NotApplicable, Risk, Route, Verdict

# What may go without a person, and only with a certificate. No policy makes this longer.
LOW_RISK = frozenset({Category.FORMATTING, Category.COMMENTS, Category.DOCSTRINGS, Category.ANNOTATIONS})
_CATEGORIES = {category.word: category for category in Category}
_ROUTES = {route.word: route for route in Route}


@dataclass(frozen=True)
class Rule:
    """What holds for one category.

    Parameters:
        route: who decides when every gate below has passed.
        gates: the gates that must have passed.
        gates_where_applicable: gates that must have passed unless they had nothing to judge.
    """

    route: Route
    gates: tuple[str, ...] = ()
    gates_where_applicable: tuple[str, ...] = ()


@dataclass(frozen=True)
class Policy:
    """A rule for every category."""

    rules: Mapping[Category, Rule]


@dataclass(frozen=True)
class _RuleFile:
    """A rule as written."""

    route: str = ""
    gates: tuple[str, ...] = ()
    gates_where_applicable: tuple[str, ...] = ()


def load_policy(
    text: str,
    where: str = "review/policy.toml",
    project: str = "",
    project_where: str = ".improver/review/policy.toml",
    known_gates: Iterable[str] = (),
) -> Policy:
    """The built-in policy, made stricter by the project's.

    Parameters:
        text: the built-in policy, as TOML.
        where: its name, for messages.
        project: the project's own, which may leave out whatever it does not make stricter.
        known_gates: the gates there are; names that are none of them are errors. Unchecked when empty.

    Raises:
        SettingsError: a policy is malformed or incomplete, names something unknown, or the project's is softer.
    """
    gates = frozenset(known_gates)
    rules = {category: _rule(written, where) for category, (written, _) in _tables(text, where, gates).items()}
    for category in Category:
        if category not in rules:
            raise SettingsError(f"{where}: there is no rule for `{category.word}`.")
    for category, (written, given) in _tables(project, project_where, gates).items():
        own = _laid_over(rules[category], written, given)
        rules[category] = _stricter(rules[category], own, f"{project_where}, [{category.word}]")
    return Policy(rules)


def _tables(text: str, where: str, gates: frozenset[str]) -> dict[Category, tuple[_RuleFile, frozenset[str]]]:
    found = {}
    for word, table in parse_toml(text.encode(), where).items():
        if word not in _CATEGORIES:
            raise SettingsError(f"{where}: unknown category `{word}`.{suggestion(word, _CATEGORIES)}")
        place = f"{where}, [{word}]"
        if not isinstance(table, Mapping):
            raise SettingsError(f"{place}: expected a table.")
        rule = read_table(_RuleFile, table, place)
        if rule.route and rule.route not in _ROUTES:
            raise SettingsError(f"{place}, `route`: unknown route `{rule.route}`.{suggestion(rule.route, _ROUTES)}")
        for gate in (*rule.gates, *rule.gates_where_applicable):
            if gates and gate not in gates:
                raise SettingsError(f"{place}: unknown gate `{gate}`.{suggestion(gate, gates)}")
        found[_CATEGORIES[word]] = rule, frozenset(key.replace("-", "_") for key in table)
    return found


def _rule(written: _RuleFile, where: str) -> Rule:
    if not written.route:
        raise SettingsError(f"{where}: every rule needs a `route`.")
    return Rule(_ROUTES[written.route], written.gates, written.gates_where_applicable)


def _laid_over(base: Rule, written: _RuleFile, given: frozenset[str]) -> Rule:
    """A rule with what the project says of it in place of what was there."""
    rule = replace(base, route=_ROUTES[written.route]) if "route" in given and written.route else base
    if "gates" in given:
        rule = replace(rule, gates=written.gates)
    if "gates_where_applicable" in given:
        rule = replace(rule, gates_where_applicable=written.gates_where_applicable)
    return rule


def _stricter(base: Rule, own: Rule, place: str) -> Rule:
    """The project's rule, if it asks for at least as much."""
    if own.route < base.route:
        raise SettingsError(
            f"{place}: `{own.route.word}` is softer than the built-in `{base.route.word}`; "
            "a project may only make the policy stricter."
        )
    missing = [gate for gate in base.gates if gate not in own.gates]
    missing += [gate for gate in base.gates_where_applicable if gate not in (*own.gates, *own.gates_where_applicable)]
    if missing:
        raise SettingsError(
            f"{place}: the gate `{missing[0]}` is missing; a project may only make the policy stricter."
        )
    return own


def decide(
    policy: Policy,
    risk: Risk,
    evidence: Sequence[Evidence],
    not_applicable: Sequence[NotApplicable] = (),
    *,
    ours: bool = True,
) -> Decision:
    """Who decides, and why. Never raises.

    Parameters:
        ours: whether improver made the change itself; then it may not touch what judges it.
    """
    refused = list(_refusals(risk, evidence, ours=ours))
    if refused:
        return Decision(Route.REFUSE, tuple(refused))
    words = [word for category in sorted(set(risk.categories)) for word in _objections(policy, category)]
    route = max([policy.rules[category].route for category in risk.categories], default=Route.AUTO)
    for category in sorted(set(risk.categories)):
        for reason in _unmet(policy.rules[category], category, evidence, not_applicable):
            route, words = max(route, Route.HUMAN), [*words, reason]
    if not risk.certified:
        route, words = max(route, Route.HUMAN), [*words, "it was not shown to leave the program as it is"]
    if any(category not in LOW_RISK for category in risk.categories):
        route = max(route, Route.HUMAN)
    if route is Route.AUTO:
        words = [f"{_spoken(risk)} with a certificate, and every gate that is asked for passed"]
        words = words if risk.categories else ["nothing is changed, and no gate failed"]
    return Decision(route, tuple(dict.fromkeys(words)))


def _spoken(risk: Risk) -> str:
    return " and ".join(category.word for category in sorted(set(risk.categories)))


def _refusals(risk: Risk, evidence: Sequence[Evidence], *, ours: bool) -> Iterable[str]:
    for gate in sorted({found.gate for found in evidence if found.verdict is Verdict.FAILED}):
        yield f"the gate `{gate}` failed"
    if ours and Category.JUDGES in risk.categories:
        yield "a proposal of improver's own may not alter what judges it"


def _objections(policy: Policy, category: Category) -> Iterable[str]:
    match policy.rules[category].route:
        case Route.REFUSE:
            yield f"the policy refuses {category.word}"
        case Route.HUMAN:
            yield f"the policy wants a person for {category.word}"
        case Route.AUTO:
            if category not in LOW_RISK:
                yield f"{category.word} always wants a person"


def _unmet(
    rule: Rule, category: Category, evidence: Sequence[Evidence], not_applicable: Sequence[NotApplicable]
) -> Iterable[str]:
    """Why the gates of a rule are not satisfied. Of several findings of one gate the worst counts."""
    verdicts: dict[str, set[Verdict]] = {}
    for found in evidence:
        verdicts.setdefault(found.gate, set()).add(found.verdict)
    absent = {gate.gate for gate in not_applicable}
    for gate in dict.fromkeys((*rule.gates, *rule.gates_where_applicable)):
        if gate not in verdicts:
            excused = gate in absent and gate not in rule.gates
            if not excused:
                yield f"the gate `{gate}`, asked for {category.word}, was not heard"
        elif Verdict.FAILED not in verdicts[gate] and verdicts[gate] != {Verdict.PASSED}:
            yield f"the gate `{gate}`, asked for {category.word}, is inconclusive"


def unproven(policy: Policy, dossier: Dossier) -> tuple[str, ...]:
    """Which gates keep a change from being proven: those that failed, and those asked for that did not pass."""
    found = [f"the gate `{each.gate}` failed" for each in dossier.evidence if each.verdict is Verdict.FAILED]
    for category in dossier.risk.categories:
        found += _unmet(policy.rules[category], category, dossier.evidence, dossier.not_applicable)
    return tuple(dict.fromkeys(found))


__all__ = ["LOW_RISK", "Policy", "Rule", "decide", "load_policy", "unproven"]
