"""How many plain additions of docstrings and hints are certified, in real projects.

    python benchmarks/risk_additions.py FOLDER...

Each folder is an unpacked source distribution or a checkout. Additions are made at functions, classes and modules that
a seed chooses: a docstring where there is none, a sentence more in the one there is, hints for one function, and where
a function is annotated the step from its hints taken off to what is written. Each is judged alone, in the context of
the whole project; tests are left out, since they judge. What is *ordinary* is told without improver: no packaging, no
decorator but the usual ones, no class with keywords, nothing whose `__doc__` or annotations some file asks for by name.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from measuring import own_cpu, say, table
from risk_edits import described, hinted, lengthened, stripped
from risk_history import context_of
from risk_mutation import Code
from risk_reasons import Refusals
from risk_yardstick import FUNCTIONS, Thing, parsed, same_code, things

from improver.judge.context import asks_for
from improver.judge.risk import RiskContext, read_risk
from improver.judges import is_test
from improver.values import Change, FileChange

GOAL = 90
WHATS = ("docstring added", "docstring lengthened", "hints added", "hints as written")
_TEST = re.compile(r"(?:^|/)(?:tests?|testing|docs?|examples?|benchmarks?|scripts?|tools)/|(?:^|/)(?:test_[^/]*|[^/]*_tests?|conftest|setup|noxfile|conf)\.py$")  # fmt: skip  # noqa: E501
_USUAL = re.compile(
    r"(?:functools\.)?(?:wraps|lru_cache|cache|cached_property|total_ordering)|property|staticmethod|classmethod"
    r"|(?:abc\.)?abstract(?:method|property)|(?:contextlib\.)?(?:async)?contextmanager|(?:t|typing)?\.?overload"
    r"|\w+\.(?:setter|getter|deleter)|(?:t|typing)?\.?(?:final|override)"
)


@dataclass
class Tally:
    """What became of one project's additions.

    Parameters:
        tried, certified: by what was added and whether it is ordinary.
    """

    name: str
    cpu: float = 0.0
    tried: Counter[tuple[str, bool]] = field(default_factory=Counter)
    certified: Counter[tuple[str, bool]] = field(default_factory=Counter)
    refusals: dict[bool, Refusals] = field(default_factory=lambda: {True: Refusals(), False: Refusals()})


@dataclass(frozen=True)
class Project:
    """What is known of one project.

    Parameters:
        codes: its Python files, by path.
        asked: the names, and the files, that somebody asks about in so many words.
    """

    codes: Mapping[str, Code] = field(repr=False)
    context: RiskContext
    asked: frozenset[str]
    chance: Random


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--most", type=int, default=200, help="additions of each sort and project")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="projects done at once")
    parser.add_argument("--examples", action="store_true", help="more examples of each rule")
    arguments = parser.parse_args()
    count = len(arguments.folders)
    with ProcessPoolExecutor(arguments.jobs) as pool:
        tallies = list(pool.map(tried, arguments.folders, [arguments.most] * count, [arguments.seed] * count))
    print(table(_rows(tallies)), "\n")
    for ordinary in (True, False):
        refusals = Refusals()
        for tally in tallies:
            refusals.merge(tally.refusals[ordinary])
        print(f"Refused, {'ordinary' if ordinary else 'not ordinary'}:\n")
        print(table(refusals.rows()), "\n")
        if arguments.examples:
            print(*refusals.more(), "", sep="\n")


def tried(folder: Path, most: int, seed: int) -> Tally:
    """Try the additions of one project."""
    tally, started = Tally(folder.name), own_cpu()
    project = _project(folder, seed)
    codes = {path: code for path, code in project.codes.items() if not is_test(path)}
    places = [(path, thing) for path, code in codes.items() for thing in things(code.tree)]
    project.chance.shuffle(places)
    for what in WHATS:
        count = 0
        for path, thing in places:
            if count == most:
                break
            count += _try(what, path, thing, project, tally)
    tally.cpu = own_cpu() - started
    say(f"{tally.name}: {sum(tally.tried.values())} additions, {tally.cpu:.0f} s CPU")
    return tally


def _project(folder: Path, seed: int) -> Project:
    files = dict(_files(folder))
    codes = {path: Code(content) for path, content in files.items() if path.endswith(".py") and _parses(content)}
    return Project(codes, context_of(files), frozenset(_asked_for(files)), Random(seed))


def _try(what: str, path: str, thing: Thing, project: Project, tally: Tally) -> bool:
    """Judge one addition; whether there was one to make."""
    sides = _sides(what, project.codes[path], thing, project)
    if sides is None or not _is_plain(*sides):
        return False
    ordinary = _is_ordinary(path, thing, what, project.asked)
    risk = read_risk(Change("base", (FileChange(path, *sides),)), project.context)
    tally.tried[what, ordinary] += 1
    if risk.certified:
        tally.certified[what, ordinary] += 1
    else:
        tally.refusals[ordinary].add(f"{tally.name}: {what} to `{thing.name}`", risk)
    return True


def _sides(what: str, code: Code, thing: Thing, project: Project) -> tuple[bytes, bytes] | None:
    before: bytes | None = code.content
    after: bytes | None = code.content
    if what == "docstring added":
        after = described(code, thing) if ast.get_docstring(thing.node) is None else None
    elif what == "docstring lengthened":
        after = lengthened(code, thing)
    elif not isinstance(thing.node, FUNCTIONS):
        return None
    elif what == "hints added":
        after = hinted(code, thing.node, project.context.python, project.chance)
    else:
        before = stripped(code, thing.node)
    return None if before is None or after is None else (before, after)


def _is_plain(before: bytes, after: bytes) -> bool:
    """Whether the edit came out as it was meant, so that nothing but text and hints differs."""
    try:
        return before != after and same_code(before, after)
    except (SyntaxError, ValueError):
        return False


def _is_ordinary(path: str, thing: Thing, what: str, asked: frozenset[str]) -> bool:
    """Whether nothing is known that reads it, as far as a person sees at a glance."""
    if _TEST.search(path) or thing.name in asked:
        return False
    if isinstance(thing.node, ast.Module):
        return path not in asked and Path(path).stem not in asked
    around = (thing.node, *(node for node in thing.around if isinstance(node, ast.ClassDef)))
    if not all(_USUAL.fullmatch(_decorator(one)) for node in around for one in node.decorator_list):
        return False
    return what.startswith("docstring") or not any(isinstance(node, ast.ClassDef) and node.keywords for node in around)


def _decorator(node: ast.expr) -> str:
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def _asked_for(files: Mapping[str, bytes]) -> Iterator[str]:
    """The names, and the files, whose docstring, source or annotations somebody asks for in so many words."""
    words = re.compile(
        r"(\w+)\.__(?:doc|annotations)__|(?:getdoc|getsource|signature|get_type_hints|help)\((?:\w+\.)*(\w+)"
    )
    for path, content in files.items():
        text = content.decode("utf-8", "replace")
        for match in words.finditer(text):
            yield match.group(1) or match.group(2)
        if re.search(r"(?<![\w.])__doc__", text):
            yield path


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            file = Path(place) / name
            path = file.relative_to(folder).as_posix()
            if asks_for(path) and file.is_file() and not file.is_symlink():
                yield path, file.read_bytes()


def _parses(content: bytes) -> bool:
    try:
        parsed(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _rows(tallies: list[Tally]) -> Iterator[list[str]]:
    yield ["project", "what", "tried", "certified", "share", "ordinary", "certified", "share", f"{GOAL} %"]
    total = Tally("**all**")
    for tally in tallies:
        total.tried.update(tally.tried)
        total.certified.update(tally.certified)
    for tally in (*tallies, total):
        for what in WHATS:
            if tally.tried[what, True] + tally.tried[what, False]:
                yield _row(tally, what, (what,))
        yield _row(tally, "**all**", WHATS)


def _row(tally: Tally, word: str, whats: tuple[str, ...]) -> list[str]:
    every = [
        sum(counts[what, ordinary] for what in whats for ordinary in (True, False))
        for counts in (tally.tried, tally.certified)
    ]
    plain = [sum(counts[what, True] for what in whats) for counts in (tally.tried, tally.certified)]
    reached = 100 * plain[1] >= GOAL * plain[0]
    return [
        *(tally.name, word, f"{every[0]:,}", f"{every[1]:,}", _share(every[1], every[0])),
        *(f"{plain[0]:,}", f"{plain[1]:,}", _share(plain[1], plain[0]), "reached" if reached else "**missed**"),
    ]


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"


if __name__ == "__main__":
    sys.exit(main())
