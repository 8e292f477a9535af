"""Dossiers as plain JSON data and back, without loss; what comes back is read as hostile input."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from improver.errors import RunFailed
from improver.values import (
    Category,
    Change,
    Decision,
    Dossier,
    Edit,
    Evidence,
    FileChange,
    Measure,
    NotApplicable,
    Proposal,
    Risk,
    Route,
    Site,
    Verdict,
)

FORM = 1


def dossier_to_json(dossier: Dossier) -> dict[str, Any]:
    """A dossier as JSON data that `dossier_from_json` turns back into an equal one.

    This is the form of the ledger and of bundles; people and scripts get that of `render`.
    """
    return {
        "form": FORM,
        "proposals": [_proposal(proposal) for proposal in dossier.proposals],
        "change": {"base": dossier.change.base, "files": [_file(file) for file in dossier.change.files]},
        "risk": {
            "categories": [category.word for category in dossier.risk.categories],
            "because": list(dossier.risk.because),
            "certified": dossier.risk.certified,
        },
        "evidence": [evidence_to_json(evidence) for evidence in dossier.evidence],
        "not_applicable": [{"gate": none.gate, "reason": none.reason} for none in dossier.not_applicable],
        "decision": {"route": dossier.decision.route.word, "because": list(dossier.decision.because)},
    }


def dossier_from_json(data: object) -> Dossier:
    """The dossier that was written as JSON data.

    Raises:
        RunFailed: it is not a dossier, or one of a newer version.
    """
    try:
        table = _table(data)
        if table["form"] != FORM:
            raise RunFailed("The dossier was written by another version of improver.", remedy="Update improver.")
        return Dossier(
            proposals=tuple(_read_proposal(item) for item in _list(table["proposals"])),
            change=_read_change(_table(table["change"])),
            risk=_read_risk(_table(table["risk"])),
            evidence=tuple(evidence_from_json(item) for item in _list(table["evidence"])),
            not_applicable=tuple(
                NotApplicable(_text(item["gate"]), _text(item["reason"])) for item in _list(table["not_applicable"])
            ),
            decision=_read_decision(_table(table["decision"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RunFailed(
            f"This is not a dossier: {type(error).__name__} at {error}.",
            left="Nothing was done with it.",
            remedy="Run `improver propose` again.",
        ) from error


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    """Evidence as JSON data."""
    return {
        "gate": evidence.gate,
        "verdict": evidence.verdict.value,
        "summary": evidence.summary,
        "measures": dict(evidence.measures),
    }


def evidence_from_json(data: object) -> Evidence:
    """The evidence that was written as JSON data.

    Raises:
        KeyError, TypeError, ValueError: it is no evidence.
    """
    table = _table(data)
    measures = {_text(name): _measure(value) for name, value in _table(table["measures"]).items()}
    return Evidence(_text(table["gate"]), Verdict(table["verdict"]), _text(table["summary"]), measures)


def _proposal(proposal: Proposal) -> dict[str, Any]:
    return {
        "analyzer": proposal.analyzer,
        "rule": proposal.rule,
        "site": {
            "path": _printable(proposal.site.path),
            "line": proposal.site.line,
            "qualified_name": proposal.site.qualified_name,
        },
        "title": proposal.title,
        "why": proposal.why,
        "context": proposal.context,
        "edits": [
            {
                "path": _printable(edit.path),
                "start": edit.start,
                "before": _bytes(edit.before),
                "after": _bytes(edit.after),
            }
            for edit in proposal.edits
        ],
    }


def _read_proposal(data: object) -> Proposal:
    table = _table(data)
    site = _table(table["site"])
    return Proposal(
        analyzer=_text(table["analyzer"]),
        rule=_text(table["rule"]),
        site=Site(_path(site["path"]), _number(site["line"]), _text(site["qualified_name"])),
        title=_text(table["title"]),
        why=_text(table["why"]),
        edits=tuple(
            Edit(_path(edit["path"]), _number(edit["start"]), _read_bytes(edit["before"]), _read_bytes(edit["after"]))
            for edit in map(_table, _list(table["edits"]))
        ),
        context=_text(table["context"]),
    )


def _file(file: FileChange) -> dict[str, Any]:
    return {
        "path": _printable(file.path),
        "before": None if file.before is None else _bytes(file.before),
        "after": None if file.after is None else _bytes(file.after),
        "mode_before": file.mode_before,
        "mode_after": file.mode_after,
    }


def _read_change(table: Mapping[str, Any]) -> Change:
    files = (
        FileChange(
            _path(file["path"]),
            None if file["before"] is None else _read_bytes(file["before"]),
            None if file["after"] is None else _read_bytes(file["after"]),
            _text(file["mode_before"]),
            _text(file["mode_after"]),
        )
        for file in map(_table, _list(table["files"]))
    )
    return Change(_text(table["base"]), tuple(files))


def _read_risk(table: Mapping[str, Any]) -> Risk:
    categories = tuple(Category[_text(word).upper()] for word in _list(table["categories"]))
    return Risk(categories, _texts(table["because"]), table["certified"] is True)


def _read_decision(table: Mapping[str, Any]) -> Decision:
    return Decision(Route[_text(table["route"]).upper()], _texts(table["because"]))


def _bytes(content: bytes) -> str | list[str]:
    """Text where it is text, so that people can read a bundle; else base 64 in a list of one."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return [base64.b64encode(content).decode("ascii")]


def _read_bytes(value: object) -> bytes:
    match value:
        case str():
            return value.encode("utf-8")
        case [str(encoded)]:
            try:
                return base64.b64decode(encoded, validate=True)
            except binascii.Error as error:
                raise ValueError("broken base 64") from error
        case _:
            raise TypeError("a place where a content is expected")


def _printable(path: str) -> str | list[str]:
    """JSON that leaves the machine has no lone surrogates: such a path goes as bytes."""
    return _bytes(path.encode("utf-8", "surrogateescape"))


def _path(value: object) -> str:
    return _read_bytes(value).decode("utf-8", "surrogateescape")


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError("a place where a table is expected")
    return value


def _list(value: object) -> Sequence[Any]:
    if not isinstance(value, list):
        raise TypeError("a place where a list is expected")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a place where text is expected")
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(item) for item in _list(value))


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a place where a number is expected")
    return value


def _measure(value: object) -> Measure:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError("a place where a measure is expected")
