"""Mutants of harmless changes: none of them may be certified.

    python benchmarks/risk_mutants.py REPOSITORY...

From the history of each repository come the changes of single files that improver certifies; each gets one change of
behaviour more. Every mutant is proven to differ by the yardstick (`risk_yardstick.py`): the code without docstrings
and annotations compiles to something else, or the kind of mutation says why it acts all the same. A reader is planted
only where the change without it is certified. Each mutant that is certified is printed in full, and makes the exit
code 1.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import risk_mutations_constants
import risk_mutations_expressions
import risk_mutations_hints
import risk_mutations_signatures
import risk_mutations_statements
import risk_mutations_text
from measuring import own_cpu, say, table
from risk_history import History, context_of
from risk_mutation import MUTATIONS, Code, Mutation, functions
from risk_mutations_files import CHANGE_MUTATIONS
from risk_mutations_readers import OF_ANNOTATIONS, OF_DOCSTRINGS
from risk_yardstick import DOCUMENTED, KINDS, kind_of, same_code

from improver.judge.risk import RiskContext, read_risk
from improver.values import Change, FileChange

_TRIES = 4
_GROUPS = {
    risk_mutations_expressions.__name__: "expressions",
    risk_mutations_constants.__name__: "constants",
    risk_mutations_statements.__name__: "statements",
    risk_mutations_signatures.__name__: "signatures",
    risk_mutations_text.__name__: "text",
    risk_mutations_hints.__name__: "annotations",
}


@dataclass(frozen=True)
class Harmless:
    """A change of one file that improver certifies, from a real history."""

    where: str
    file: FileChange
    context: RiskContext
    files: dict[str, bytes] = field(repr=False)


@dataclass
class Tally:
    """What became of one repository's mutants, by kind."""

    name: str
    bases: int = 0
    cpu: float = 0.0
    tried: Counter[str] = field(default_factory=Counter)
    certified: Counter[str] = field(default_factory=Counter)
    holes: list[str] = field(default_factory=list)

    def judge(self, kind: str, base: Harmless, files: tuple[FileChange, ...], context: RiskContext, why: str) -> None:
        """Count a mutant, and keep it when it is certified."""
        self.tried[kind] += 1
        if read_risk(Change("base", files), context).certified:
            self.certified[kind] += 1
            self.holes.append(f"{kind}: {base.where}\n{why}\n{_difference(base.file, files)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPOSITORY")
    parser.add_argument("--mutants", type=int, default=700, help="of each repository, planted readers apart")
    parser.add_argument("--readers", type=int, default=3, help="planted readers of each kind and repository")
    parser.add_argument("--bases", type=int, default=40, help="harmless changes of each repository")
    parser.add_argument("--limit", type=int, default=1500, help="commits that are looked through for them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="repositories done at once")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.jobs) as pool:
        tallies = list(pool.map(mutated, arguments.repositories, [arguments] * len(arguments.repositories)))
    print(table(_by_repository(tallies)), "\n")
    print(table(_by_kind(tallies)))
    holes = [hole for tally in tallies for hole in tally.holes]
    for hole in holes:
        print(f"\nCERTIFIED {hole}")
    sys.exit(1 if holes else 0)


def mutated(place: Path, arguments: argparse.Namespace) -> Tally:
    """Try the mutants of one repository."""
    warnings.simplefilter("ignore")
    history = History(place)
    tally, chance = Tally(history.name), Random(arguments.seed)
    started = own_cpu()
    try:
        bases = list(harmless(history, arguments.bases, arguments.limit))
    finally:
        history.close()
    tally.bases = len(bases)
    _mutate(bases, arguments.mutants, chance, tally)
    for kind, templates in (("docstring", OF_DOCSTRINGS), ("annotation", OF_ANNOTATIONS)):
        for name, template in templates.items():
            _plant(kind, name, template, bases, arguments.readers, chance, tally)
    tally.cpu = own_cpu() - started
    say(f"{tally.name}: {tally.bases} harmless changes, {sum(tally.tried.values())} mutants, {tally.cpu:.0f} s CPU")
    return tally


def harmless(history: History, most: int, limit: int) -> Iterator[Harmless]:
    """The newest changes of single Python files that are certified, each path at most three times."""
    count, paths = 0, Counter[str]()
    for commit in history.commits(limit):
        for blob in commit.blobs:
            file = history.change(blob)
            if count >= most:
                return
            if not _is_harmless(file) or paths[file.path] >= 3:
                continue
            context = history.context(commit.parent)
            if read_risk(Change("base", (file,)), context).certified:
                count += 1
                paths[file.path] += 1
                yield Harmless(
                    f"{history.name} {commit.oid[:10]} {file.path}", file, context, history.files(commit.parent)
                )


def _is_harmless(file: FileChange) -> bool:
    if file.before is None or file.after is None or file.mode_before != file.mode_after:
        return False
    return file.path.endswith(".py") and kind_of(file.before, file.after) in KINDS


def _mutate(bases: list[Harmless], most: int, chance: Random, tally: Tally) -> None:
    """Mutants of all kinds, the rarest kinds first, spread over the changes."""
    kinds = [*MUTATIONS, *CHANGE_MUTATIONS]
    for number, base in enumerate(bases):
        code = Code(base.file.after or b"", base.file.before or b"")
        wanted = (most - sum(tally.tried.values())) // (len(bases) - number)
        chance.shuffle(kinds)
        for kind in sorted(kinds, key=lambda one: tally.tried[one.name])[: wanted + wanted // 4]:
            if isinstance(kind, Mutation):
                _mutate_text(base, code, kind, chance, tally)
            else:
                tally.judge(kind.name, base, kind.make(base.file, chance), base.context, kind.acts)


def _mutate_text(base: Harmless, code: Code, kind: Mutation, chance: Random, tally: Tally) -> None:
    for _ in range(_TRIES):
        content = kind.make(code, chance)
        if content is None:
            return
        if content != code.content and _is_proven(code.before, content, kind):
            file = FileChange(base.file.path, base.file.before, content, base.file.mode_before, base.file.mode_after)
            tally.judge(kind.name, base, (file,), base.context, kind.acts or "the code differs")
            return


def _is_proven(before: bytes, content: bytes, kind: Mutation) -> bool:
    """Whether a mutant is Python, and differs from the version before the change."""
    try:
        if not kind.acts:
            compile(content, "mutant", "exec", dont_inherit=True)
        return content != before if kind.acts else not same_code(before, content)
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        return False


def _plant(kind: str, name: str, template: str, bases: list[Harmless], most: int, chance: Random, tally: Tally) -> None:
    """A reader somewhere in the repository, for something that is certified without it."""
    done = 0
    for base in chance.sample(bases, min(len(bases), most * 3)):
        target = _read_thing(kind, base, chance, only_functions="__code__" in template)
        if target is None or done >= most:
            continue
        file, thing = target
        done += 1
        reader = template.replace("MODULE", _module(file.path)).replace("THING", thing).replace("PATH", file.path)
        path = "tests/test_planted.py" if name == "a test" else "planted.py"
        context = context_of({**base.files, path: reader.encode(), file.path: file.before or b""})
        tally.judge(f"reader of a {kind}: {name}", base, (file,), context, reader)


def _module(path: str) -> str:
    return (
        path.removesuffix(".py").removesuffix("/__init__").removeprefix("src/").removeprefix("lib/").replace("/", ".")
    )


def _read_thing(kind: str, base: Harmless, chance: Random, *, only_functions: bool) -> tuple[FileChange, str] | None:
    """A change that adds to one docstring, or hints to one function, and is certified; with the name of the thing."""
    code = Code(base.file.after or b"")
    tops = [node for node in code.tree.body if isinstance(node, DOCUMENTED[1:]) and not node.decorator_list]
    tops = [node for node in tops if not node.name.startswith("_")]  # `help` of a module leaves the others out
    if only_functions:
        tops = [node for node in tops if not isinstance(node, ast.ClassDef)]
    chance.shuffle(tops)
    for node in tops[:6]:
        after = _described(code, node) if kind == "docstring" else _hinted(code, node)
        if after is None:
            continue
        file = FileChange(base.file.path, code.content, after)
        if read_risk(Change("base", (file,)), base.context).certified:
            return file, node.name
    return None


def _described(code: Code, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bytes | None:
    first = node.body[0]
    if not code.is_alone(first):
        return None
    return code.insert(code.span(first)[0], b'"""It."""\n' + code.indent(first))


def _hinted(code: Code, node: ast.AST) -> bytes | None:
    if node not in functions(code):
        return None
    plain = [argument for argument in node.args.args if argument.annotation is None]  # type: ignore[attr-defined]
    return code.insert(code.span(plain[0])[1], b": int") if plain else None


def _difference(base: FileChange, files: Iterable[FileChange]) -> str:
    """The mutant as a diff from the version before."""
    text = ""
    for file in files:
        old, new = (
            (side or b"").decode("utf-8", "backslashreplace").splitlines() for side in (file.before, file.after)
        )
        lines = difflib.unified_diff(
            old, new, f"a/{base.path} {file.mode_before}", f"b/{file.path} {file.mode_after}", n=1
        )
        text += "\n".join(line.rstrip("\n") for line in list(lines)[:60]) + "\n"
    return text


def _by_repository(tallies: list[Tally]) -> Iterator[list[str]]:
    yield ["repository", "harmless changes", "mutants", "kinds", "certified", "CPU s"]
    for tally in tallies:
        tried, certified = sum(tally.tried.values()), sum(tally.certified.values())
        yield [tally.name, f"{tally.bases}", f"{tried:,}", f"{len(tally.tried)}", f"{certified}", f"{tally.cpu:.0f}"]
    tried = sum((tally.tried for tally in tallies), Counter[str]())
    certified = sum((tally.certified for tally in tallies), Counter[str]())
    figures = [f"{sum(tried.values()):,}", f"{len(tried)}", f"{sum(certified.values())}"]
    yield [
        "**all**",
        f"{sum(tally.bases for tally in tallies)}",
        *figures,
        f"{sum(tally.cpu for tally in tallies):.0f}",
    ]


def _by_kind(tallies: list[Tally]) -> Iterator[list[str]]:
    yield ["of", "kind", *(tally.name for tally in tallies), "certified"]
    groups = {kind.name: _GROUPS[kind.make.__module__] for kind in MUTATIONS}
    groups.update({kind.name: "the change" for kind in CHANGE_MUTATIONS})
    tried = sum((tally.tried for tally in tallies), Counter[str]())
    for kind in [*groups, *sorted(set(tried) - set(groups))]:
        certified = sum(tally.certified[kind] for tally in tallies)
        yield [groups.get(kind, "a reader"), kind, *(str(tally.tried[kind]) for tally in tallies), str(certified)]


if __name__ == "__main__":
    main()
