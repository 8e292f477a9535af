"""What scripts read: the JSON documents of the command line, and patches that `git apply` takes."""

from __future__ import annotations

import base64
import difflib
import hashlib
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from improver.edits import change_of
from improver.errors import ImproverError
from improver.summary import RunSummary
from improver.values import (
    Change,
    Decision,
    Dossier,
    Evidence,
    FileChange,
    NotApplicable,
    Proposal,
    Risk,
    Route,
    Skipped,
)

SCHEMA = 1
_CONTEXT = 3
_GITLINK = "160000"
_BINARY_LINE = 52
_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def dossier_document(dossier: Dossier) -> dict[str, Any]:
    """A dossier as `propose --json` and `show --json` print it."""
    first = dossier.proposals[0] if dossier.proposals else None
    return {
        "id": dossier.id,
        "analyzer": first.analyzer if first else "",
        "rule": first.rule if first else "",
        "title": _title(dossier.proposals),
        "why": "\n".join(dict.fromkeys(proposal.why for proposal in dossier.proposals)),
        "sites": [_site(proposal) for proposal in dossier.proposals],
        "risk": {
            "categories": [category.word for category in dossier.risk.categories],
            "because": list(dossier.risk.because),
        },
        "evidence": evidence_documents(dossier.evidence),
        "not_applicable": not_applicable_documents(dossier.not_applicable),
        "decision": decision_document(dossier.decision),
        "patch": patch(dossier.change),
    }


def _title(proposals: Sequence[Proposal]) -> str:
    if not proposals:
        return ""
    more = len(proposals) - 1
    return f"{proposals[0].title} (and {more} more)" if more else proposals[0].title


def scan_document(proposals: Sequence[Proposal], change: Change) -> dict[str, Any]:
    """Proposals of one dossier as `scan --json` prints them: without evidence and decision.

    Parameters:
        change: what they change together.
    """
    first = proposals[0]
    return {
        "id": hashlib.sha256("\0".join(sorted(each.fingerprint for each in proposals)).encode()).hexdigest()[:8],
        "analyzer": first.analyzer,
        "rule": first.rule,
        "title": first.title,
        "why": first.why,
        "sites": [_site(proposal) for proposal in proposals],
        "patch": patch(change),
    }


def scan_report(
    proposals: Sequence[Proposal], skipped: Sequence[Skipped], contents: Mapping[str, bytes]
) -> dict[str, Any]:
    """What `scan --json` prints.

    Parameters:
        contents: the files that the proposals are about, by path.
    """
    dossiers = [
        scan_document([each], change_of("", [each], lambda path: (contents[path], "100644"))) for each in proposals
    ]
    return {"schema": SCHEMA, "dossiers": dossiers, "skipped": skipped_documents(skipped)}


def propose_document(run: RunSummary, dossiers: Sequence[Dossier]) -> dict[str, Any]:
    """What `propose --json` prints."""
    about = asdict(run)
    del about["skipped"]
    return {
        "schema": SCHEMA,
        "run": {**about, "notes": list(run.notes)},
        "dossiers": [dossier_document(dossier) for dossier in dossiers],
        "skipped": skipped_documents(run.skipped),
    }


def verify_document(dossier: Dossier, base: str, head: str) -> dict[str, Any]:
    """What `verify --json` prints.

    Parameters:
        base, head: as the user named them.
    """
    whole = dossier_document(dossier)
    kept = {key: whole[key] for key in ("risk", "evidence", "not_applicable", "decision")}
    return {"schema": SCHEMA, "base": base, "head": head, **kept}


def risk_document(risk: Risk, decision: Decision) -> dict[str, Any]:
    """A risk as `improver risk --json` prints it."""
    return {
        "schema": SCHEMA,
        "auto_approve": decision.route is Route.AUTO,
        "categories": [category.word for category in risk.categories],
        "route": decision.route.word,
        "because": [*risk.because, *decision.because],
    }


def decision_document(decision: Decision) -> dict[str, Any]:
    """Who decides, and why."""
    return {"route": decision.route.word, "because": list(decision.because)}


def evidence_documents(evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
    """What the gates found."""
    return [
        {"gate": each.gate, "verdict": each.verdict.value, "summary": each.summary, "measures": dict(each.measures)}
        for each in evidence
    ]


def not_applicable_documents(gates: Sequence[NotApplicable]) -> list[dict[str, str]]:
    """The gates that had nothing to judge."""
    return [{"gate": each.gate, "reason": each.reason} for each in gates]


def skipped_documents(skipped: Sequence[Skipped]) -> list[dict[str, Any]]:
    """What was not looked at."""
    return [{"what": each.what, "reason": each.reason, "count": each.count} for each in skipped]


def error_document(error: ImproverError) -> dict[str, Any]:
    """An error as every command with `--json` prints it."""
    message = " ".join(part for part in (error.message, error.left) if part)
    return {"schema": SCHEMA, "error": {"kind": error.kind, "message": message, "remedy": error.remedy}}


def patch(change: Change) -> str:
    """The change as a patch that `git apply` takes; what is not UTF-8 stands in git's binary form."""
    hasher = "sha256" if len(change.base) == 64 else "sha1"
    return "".join(_file_patch(file, hasher) for file in change.files)


def _site(proposal: Proposal) -> dict[str, Any]:
    site = proposal.site
    path = site.path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return {"path": path, "line": site.line, "qualified_name": site.qualified_name}


def _file_patch(file: FileChange, hasher: str) -> str:
    if (file.before, file.mode_before) == (file.after, file.mode_after):
        return ""
    old, new = _quoted(f"a/{file.path}"), _quoted(f"b/{file.path}")
    head = f"diff --git {old} {new}\n" + _modes(file)
    if file.before == file.after:
        return head
    same = f" {file.mode_after}" if file.mode_before == file.mode_after else ""
    head += f"index {_oid(file.before, file.mode_before, hasher)}..{_oid(file.after, file.mode_after, hasher)}{same}\n"
    before, after = _text(file.before), _text(file.after)
    if before is None or after is None:
        return head + "GIT binary patch\n" + _literal(file.after) + _literal(file.before)
    hunks = "".join(_hunks(_lines(before), _lines(after)))
    if not hunks:  # an empty file comes or goes
        return head
    names = (_name(old, file.before), _name(new, file.after))
    return f"{head}--- {names[0]}\n+++ {names[1]}\n{hunks}"


def _modes(file: FileChange) -> str:
    if file.before is None:
        return f"new file mode {file.mode_after}\n"
    if file.after is None:
        return f"deleted file mode {file.mode_before}\n"
    if file.mode_before != file.mode_after:
        return f"old mode {file.mode_before}\nnew mode {file.mode_after}\n"
    return ""


def _name(quoted: str, content: bytes | None) -> str:
    if content is None:
        return "/dev/null"
    return f"{quoted}\t" if " " in quoted else quoted


def _quoted(path: str) -> str:
    """A path as git writes it: in quotes and with octal escapes where it is not plain ASCII."""
    raw = path.encode("utf-8", "surrogateescape")
    if all(32 <= byte < 127 and byte not in _ESCAPES for byte in raw):
        return path
    escaped = (_ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in raw)
    return f'"{"".join(escaped)}"'


def _oid(content: bytes | None, mode: str, hasher: str) -> str:
    if content is None:
        return "0" * (64 if hasher == "sha256" else 40)
    if mode == _GITLINK:
        return content.decode("ascii").split()[-1]
    return hashlib.new(hasher, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _text(content: bytes | None) -> str | None:
    """The content as text; ``None`` where it is binary to git or not UTF-8."""
    if content is None:
        return ""
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> list[str]:
    """Lines as git sees them: ended by line feed alone."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop().removesuffix("\n")
    return [*lines, f"{last}\n\\ No newline at end of file\n"] if last else lines


def _hunks(before: list[str], after: list[str]) -> Iterator[str]:
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    start, end = max(0, start - _CONTEXT), max(0, end - _CONTEXT)
    matcher = difflib.SequenceMatcher(None, before[start : len(before) - end], after[start : len(after) - end])
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        (_, old_start, _, new_start, _), (_, _, old_end, _, new_end) = group[0], group[-1]
        yield f"@@ -{_span(start + old_start, start + old_end)} +{_span(start + new_start, start + new_end)} @@\n"
        for kind, old_from, old_to, new_from, new_to in group:
            if kind == "equal":
                yield from (f" {line}" for line in before[start + old_from : start + old_to])
            else:
                yield from (f"-{line}" for line in before[start + old_from : start + old_to])
                yield from (f"+{line}" for line in after[start + new_from : start + new_to])


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    """How many lines both begin with, found by halving: the comparing is left to lists."""
    low, high = 0, min(len(before), len(after))
    while low < high:
        middle = (low + high + 1) // 2
        if before[low:middle] == after[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _span(start: int, end: int) -> str:
    length = end - start
    first = start + 1 if length else start
    return f"{first}" if length == 1 else f"{first},{length}"


def _literal(content: bytes | None) -> str:
    """A whole content in git's binary form: deflated, base 85, each line headed by its length."""
    content = content or b""
    packed = zlib.compress(content, 9)
    lines = [packed[at : at + _BINARY_LINE] for at in range(0, len(packed), _BINARY_LINE)]
    return f"literal {len(content)}\n" + "".join(f"{_length(line)}{_encoded(line)}\n" for line in lines) + "\n"


def _length(line: bytes) -> str:
    return chr(ord("A") + len(line) - 1) if len(line) <= 26 else chr(ord("a") + len(line) - 27)


def _encoded(line: bytes) -> str:
    return base64.b85encode(line, pad=True).decode("ascii")
