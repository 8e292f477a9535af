"""Whether every touched module that imported at base still does."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

from improver.judge.plural import counted
from improver.ports import Completed, Hearing, Trial
from improver.values import Environment, Evidence, FileChange, Measure, NotApplicable, Verdict

NAMED = 3
_SCRIPTS = frozenset({"setup", "conftest", "noxfile", "manage", "tasks", "fabfile", "__main__"})
_SPARE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Tried:
    """What importing one module gave."""

    ok: bool
    error: str = ""
    file: str = ""
    late: bool = False


@dataclass(frozen=True, slots=True)
class Imports:
    """Every touched module that imported at base still does, in a fresh interpreter of the target.

    Files that no `import` reaches (scripts, files outside of the source roots) are left alone, and
    a module that cannot be imported at base is not judged.

    Parameters:
        seconds: how long one import may take.
    """

    seconds: float = 30.0

    def examine(self, hearing: Hearing) -> Evidence | NotApplicable:
        """Import the touched modules at base and, where that works, in the changed tree."""
        touched = _touched(hearing)
        if not touched:
            return NotApplicable("imports", "no module that can be imported is changed")
        environment = hearing.target.environment
        if not isinstance(environment, Environment):
            return _evidence(Verdict.INCONCLUSIVE, f"Nothing was imported: {environment.reason}.")
        base = self._at_base(hearing, sorted(touched))
        working = [module for module in sorted(touched) if module in base and base[module].ok]
        if not working:
            return _nothing_works(base, sorted(touched))
        changed = self._import(hearing, hearing.changed, working)
        return _judged(working, changed, touched, hearing)

    def _at_base(self, hearing: Hearing, modules: Sequence[str]) -> Mapping[str, _Tried]:
        """The base's results: kept for each commit and interpreter, and asked only once."""
        commit, environment = hearing.change.base, hearing.target.environment
        if not commit or not isinstance(environment, Environment):
            return self._import(hearing, hearing.base, modules)
        asked: dict[str, _Tried] = {}

        def answer(module: str) -> list[Any] | None:
            if not asked:
                asked.update(self._import(hearing, hearing.base, modules))
            found = asked.get(module)
            return [found.ok, found.error, found.file, found.late] if found else None

        where = f"{commit}:{environment.python}:{environment.version}:{sorted(environment.tools.items())}"
        kept = {
            module: hearing.keep(f"imports:{where}:{module}:{self.seconds}", partial(answer, module))
            for module in modules
        }
        return {module: _Tried(*found) for module, found in kept.items() if found is not None}

    def _import(self, hearing: Hearing, trial: Trial, modules: Sequence[str]) -> Mapping[str, _Tried]:
        token = secrets.token_hex(12)
        asked = {"modules": list(modules), "seconds": self.seconds, "token": token}
        script = resources.files("improver.judge.gates").joinpath("_import_each.py").read_text()
        roots = ":".join(str(trial.at / root) for root in hearing.target.source_roots)
        done = trial.run(
            [str(trial.python), "-c", script],
            stdin=json.dumps(asked).encode(),
            environ={"PYTHONPATH": roots},
            seconds=self.seconds * len(modules) + _SPARE_SECONDS,
            writable=True,
        )
        return _read(done, token)


def _read(done: Completed, token: str) -> Mapping[str, _Tried]:
    """The answers in what was printed; whatever else is printed there is no answer."""
    found: dict[str, _Tried] = {}
    for line in done.stdout.decode("ascii", "replace").splitlines():
        mark, _, text = line.partition(" ")
        if mark == token:
            _take(text, found)
    return found


def _take(text: str, found: dict[str, _Tried]) -> None:
    try:
        answer = json.loads(text)
    except ValueError:
        return
    match answer:
        case {"module": str(module), "ok": bool(ok)} if module not in found:
            error, file = " ".join(str(answer.get("error", "")).split()), str(answer.get("file", ""))
            found[module] = _Tried(ok, error[:400], file, bool(answer.get("late")))


def _touched(hearing: Hearing) -> dict[str, FileChange]:
    """The changed files that an `import` reaches, by the module's name."""
    files = (file for file in hearing.change.files if file.before is not None)
    return {name: file for file in files if (name := _module(hearing, file.path))}


def _module(hearing: Hearing, path: str) -> str:
    """The dotted name of a file; empty when it is a script or lies outside of the source roots."""
    file = PurePosixPath(path)
    if file.suffix != ".py" or path in hearing.target.judges:
        return ""
    for root in sorted(hearing.target.source_roots, key=len, reverse=True):
        if file.is_relative_to(root or "."):
            return _dotted(hearing, file.relative_to(root or "."), root)
    return ""


def _dotted(hearing: Hearing, inner: PurePosixPath, root: str) -> str:
    parts = [*inner.parts[:-1], inner.stem]
    if parts[-1] in _SCRIPTS or not all(part.isidentifier() for part in parts):
        return ""
    packaged = all(
        (hearing.base.files / root / folder / "__init__.py").is_file() for folder in inner.parents if folder.name
    )
    if not packaged and root == hearing.target.project:
        return ""
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _nothing_works(base: Mapping[str, _Tried], modules: Sequence[str]) -> Evidence:
    first = modules[0]
    tried = base.get(first)
    reason = tried.error if tried else "the interpreter gave no answer"
    text = f"Of {counted(len(modules), 'touched module')} none can be imported at base: {first}: {reason}."
    return _evidence(Verdict.INCONCLUSIVE, text, {"modules": 0})


def _judged(
    working: Sequence[str], changed: Mapping[str, _Tried], touched: Mapping[str, FileChange], hearing: Hearing
) -> Evidence:
    measures: dict[str, Measure] = {"modules": len(working), "not_judged": len(touched) - len(working)}
    silent = [module for module in working if module not in changed or changed[module].late]
    failed = [module for module in working if module in changed and not changed[module].ok and module not in silent]
    if failed:
        told = "; ".join(f"{module}: {changed[module].error}" for module in failed[:NAMED])
        return _evidence(
            Verdict.FAILED, f"{counted(len(failed), 'module')} can no longer be imported: {told}.", measures
        )
    if silent:
        why = changed[silent[0]].error if silent[0] in changed else "the interpreter gave no answer"
        return _evidence(Verdict.INCONCLUSIVE, f"{silent[0]} could not be tried: {why}.", measures)
    for module in working:
        if not _from_tree(changed[module].file, touched[module].path, hearing):
            text = f"{module} was imported from {changed[module].file}, not from the tree that was examined."
            return _evidence(Verdict.INCONCLUSIVE, text, measures)
    return _evidence(Verdict.PASSED, f"{counted(len(working), 'touched module')} imported as before.", measures)


def _from_tree(file: str, path: str, hearing: Hearing) -> bool:
    return file in (str(hearing.changed.at / path), str((hearing.changed.at / path).resolve()))


def _evidence(verdict: Verdict, summary: str, measures: Mapping[str, Measure] | None = None) -> Evidence:
    return Evidence("imports", verdict, summary, measures or {})
