"""What each word of the command line does: build the request, run the flow, show what came of it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from improver.answers import Written, dumped, out, print_json, progress_for
from improver.errors import NotProven, RunFailed, UsageError
from improver.values import Verdict

if TYPE_CHECKING:
    from improver.ledger import Ledger
    from improver.opening import Request
    from improver.values import Dossier


@dataclass(frozen=True, slots=True)
class Common:
    """The options that many commands share."""

    repo: Path | None = None
    config: Path | None = None
    python: Path | None = None
    sandbox: str | None = None
    allow_unsandboxed: bool = False
    allow_unsandboxed_with_secrets: bool = False
    json: bool = False
    verbose: bool = False
    settings_from_worktree: bool = False

    def request(self, paths: Sequence[Path] = (), analyzers: Sequence[str] = (), **more: Any) -> Request:
        """What the flow is asked for."""
        from improver.opening import Request

        _require_there(self.config)
        _require_first_flag(self)
        return Request(
            where=self.repo or Path(),
            paths=tuple(paths),
            analyzers=tuple(analyzers),
            python=self.python,
            config=self.config,
            sandbox=self.sandbox or "",
            allow_unsandboxed=self.allow_unsandboxed,
            allow_unsandboxed_with_secrets=self.allow_unsandboxed_with_secrets,
            settings_from_worktree=self.settings_from_worktree,
            **more,
        )


def _require_first_flag(common: Common) -> None:
    if common.allow_unsandboxed_with_secrets and not common.allow_unsandboxed:
        raise UsageError(
            "--allow-unsandboxed-with-secrets says more of --allow-unsandboxed, which was not given.",
            left="Nothing of the project was run.",
            remedy="Leave it out, or give both.",
        )


def _require_there(config: Path | None) -> None:
    own = os.environ.get("IMPROVER_CONFIG")
    named = config or (Path(own) if own else None)
    if named is not None and not named.exists():
        how = "--config" if config else "IMPROVER_CONFIG"
        raise UsageError(f"{named} ({how}) does not exist.", remedy="Leave it out to use your usual settings.")


def _require_writable(bundle: Path | None) -> None:
    """Better now than after minutes of proving."""
    if bundle is None:
        return
    where = bundle if bundle.exists() else bundle.parent
    if bundle.is_dir() or not bundle.parent.is_dir() or not os.access(where, os.W_OK):
        raise UsageError(
            f"{bundle} (--bundle) cannot be written.", remedy="Name a file in a folder that exists and is yours."
        )


def propose(
    common: Common,
    paths: Sequence[Path],
    analyzers: Sequence[str],
    pipeline: str | None,
    limit: int | None,
    budget: str,
    bundle: Path | None,
) -> None:
    """`improver propose`."""
    from improver import flow, render
    from improver.views import terminal

    _require_writable(bundle)
    request = common.request(paths, analyzers, pipeline=pipeline or "", limit=limit, budget=budget)
    with progress_for(common.json) as progress:
        done = flow.propose(request, progress)
    document = render.propose_document(done.summary, done.dossiers)
    if bundle is not None:
        bundle.write_text(dumped(document), encoding="utf-8")
    if common.json:
        print_json(document)
        return
    console = out()
    if common.verbose:
        for dossier in done.dossiers:
            terminal.show_dossier(console, dossier)
            console.print()
    terminal.show_run(console, done.summary, done.dossiers)


def scan(common: Common, paths: Sequence[Path], analyzers: Sequence[str], diff: bool) -> None:
    """`improver scan`."""
    from improver import render, static

    with progress_for(common.json) as progress:
        found = static.scan(common.request(paths, analyzers), progress)
    if common.json:
        print_json(
            render.scan_report(found.scan.proposals, found.scan.skipped, {s.path: s.content for s in found.sources})
        )
        return
    from improver.views import terminal

    terminal.show_scan(out(), found.scan.proposals, found.scan.skipped, diff, found.sources)


def risk(common: Common, base: str, head: str | None, staged: bool, require: str, written: Written) -> None:
    """`improver risk`."""
    from improver import render, static

    if staged and head is not None:
        raise UsageError("--staged is held against one commit or tree; leave out the second.")
    _require_two_words("risk", base, head)
    requirement = static.Requirement.read(require)
    written.require_writable()
    index = os.environ.get("GIT_INDEX_FILE", "") if staged else ""
    found = static.assess(common.request(), base, head or "HEAD", staged=staged, index=index)
    document = {
        **render.risk_document(found.risk, found.decision),
        "label": found.risk.label,
        "files": len(found.change.files),
        "base": found.change.base,
        "head": found.head,
    }
    written.write(found.risk, found.decision, document)
    if common.json:
        print_json(document)
    else:
        from improver.views import certificate

        certificate.show_risk(out(), found.risk, found.decision, len(found.change.files), _verify_words(base, head))
    requirement.hold(found.risk)


def _require_two_words(command: str, base: str, head: str | None) -> None:
    if ".." in base and head is None and not set(":{") & set(base):
        first, _, second = base.partition("..")
        words = shlex.join(["improver", command, first or "HEAD", second.lstrip(".") or "HEAD"])
        raise UsageError(f"`{base}` names a range of commits, not a tree.", remedy=f"Name both ends: `{words}`.")


def _verify_words(base: str, head: str | None) -> str:
    """What to type to hear the gates, where there is a tree that they can be heard on."""
    return "" if head is None and base == "HEAD" else shlex.join(["improver", "verify", base, head or "HEAD"])


def verify(common: Common, base: str, head: str | None) -> None:
    """`improver verify`."""
    from improver import flow, render
    from improver.judge.policy import unproven

    _require_two_words("verify", base, head)
    examined = head or "HEAD"
    with progress_for(common.json) as progress:
        dossier, policy = flow.verify(common.request(), base, examined, progress)
    if common.json:
        print_json({**render.verify_document(dossier, base, examined), "label": dossier.risk.label})
    else:
        from improver.views import terminal

        terminal.show_verify(out(), dossier, examined)
    missing = unproven(policy, dossier) or _unheard(dossier)
    if missing:
        raise NotProven(
            f"Not proven: {'; '.join(missing)}.",
            left="Nothing was changed.",
            remedy="The evidence above says what each gate found.",
        )


def _unheard(dossier: Dossier) -> tuple[str, ...]:
    """Where nothing differs, the base itself is examined: a gate that could not be heard on it proves nothing."""
    if dossier.change.files:
        return ()
    inconclusive = [found.gate for found in dossier.evidence if found.verdict is Verdict.INCONCLUSIVE]
    return tuple(f"the gate `{gate}` is inconclusive at the base" for gate in inconclusive)


def show(common: Common, id: str | None) -> None:
    """`improver show`."""
    from improver import render
    from improver.ledger import State
    from improver.views import terminal

    with _ledger(common) as ledger:
        entries = ledger.entries(State.PENDING) if id is None else (ledger.find(id),)
    if common.json:
        print_json(
            {"schema": 1, "dossiers": [{**render.dossier_document(e.dossier), "state": e.state.value} for e in entries]}
        )
    elif id is None:
        terminal.show_waiting(out(), [(entry.dossier, entry.state.value) for entry in entries])
    else:
        terminal.show_dossier(out(), entries[0].dossier, entries[0].state.value)


def review(common: Common) -> None:
    """`improver review`: everything that waits, one after the other."""
    from improver.ledger import State
    from improver.publish import reject as refuse
    from improver.views import terminal

    with _ledger(common) as ledger:
        waiting = ledger.entries(State.PENDING)
    if not waiting:
        out().print("Nothing waits. Run `improver propose`.", markup=False)
        return
    taken = []
    for number, entry in enumerate(waiting, start=1):
        console = out()
        terminal.show_dossier(console, entry.dossier)
        answer = typer.prompt(
            f"\n{number} of {len(waiting)}: accept, reject, leave, quit", default="leave", show_default=True
        )
        word = next(
            (word for word in ("accept", "reject", "quit") if word.startswith(answer.strip().lower()[:6] or "-")), ""
        )
        if word == "quit":
            break
        if word == "accept":
            taken.append(entry.id)
        elif word == "reject":
            because = typer.prompt("Why (it is remembered)")
            with _ledger(common) as ledger:
                refuse(ledger, [entry.id], because)
    if taken:
        accept(common, taken, "", apply=False)


def accept(common: Common, ids: Sequence[str], branch: str, apply: bool) -> None:
    """`improver accept`."""
    from improver import flow

    if apply and branch:
        raise UsageError("--apply makes no branch; leave out --apply or --branch.", left="Nothing was written.")

    with progress_for(common.json) as progress:
        done = flow.accept(common.request(), ids, branch, apply, progress)
    console = out()
    if isinstance(done, tuple):
        console.print(f"Changed {', '.join(done)} in the working tree; nothing was committed.", markup=False)
        console.print("Look at it with `git diff`.", markup=False)
        return
    count = len(done.commits)
    console.print(f"Branch {done.branch}: {count} commit{'s' if count != 1 else ''} on {done.base[:12]}.", markup=False)
    console.print(
        f"Look at it with `git log -p {done.base[:12]}..{done.branch}`; take it with `git merge {done.branch}`.",
        markup=False,
    )


def reject(common: Common, ids: Sequence[str], because: str) -> None:
    """`improver reject`."""
    from improver.publish import reject as refuse

    with _ledger(common) as ledger:
        for entry in refuse(ledger, list(ids), because):
            out().print(f"Rejected {entry.id}: {entry.dossier.proposals[0].title}", markup=False)
    out().print("They come back only when the code around them changes.", markup=False)


def demo(common: Common, folder: Path | None, quick: bool) -> None:
    """`improver demo`."""
    from improver import demonstration
    from improver.views import sample, terminal

    with progress_for(common.json) as progress:
        done = demonstration.run(common.request(), folder, progress)
    console = out()
    sample.show_intro(console, done.project)
    terminal.show_run(console, done.proposed.summary, done.proposed.dossiers, suggest=False)
    if quick:
        shutil.rmtree(done.project)
    else:
        sample.show_next(console, done.project, done.proposed.dossiers, _program())


def _program() -> str:
    """How this improver is started: by its name where that leads to it, else by its path."""
    found = shutil.which("improver")
    own = Path(sys.argv[0]).absolute()
    if found and own.name == "improver" and not Path(found).samefile(own):
        return shlex.quote(str(own))
    return "improver" if found or own.name != "improver" else shlex.quote(str(own))


def doctor(common: Common) -> None:
    """`improver doctor`."""
    from improver import checkup
    from improver.views import lists

    found = checkup.examine(common.request())
    if common.json:
        rows = [{**asdict(check), "name": check.name.strip()} for check in found]
        print_json({"schema": 1, "checks": rows})
    else:
        lists.show_checks(out(), [(c.name, c.ok, c.needed, c.found, c.remedy) for c in found])
    stopped = any(check.stops for check in found)
    if common.json and stopped:
        raise typer.Exit(RunFailed.exit_code)  # the document says it all
    if stopped:
        raise RunFailed("Something is missing.", remedy="The lines above say how to get it.")


def _ledger(common: Common) -> Ledger:
    from improver.git import Repository
    from improver.opening import ledger_of
    from improver.settings import places

    return ledger_of(Repository.open(common.repo or Path()), places(config=common.config))
