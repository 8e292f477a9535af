"""Asks an interpreter, behind the walls, what it can import. Its answer is hostile input."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from improver.ports import Ask

TOOLS = (
    *("pytest", "pytest-cov", "pytest-xdist", "pytest-benchmark", "pytest-randomly", "pytest-timeout"),
    *("pytest-asyncio", "pytest-mock", "coverage", "hypothesis", "black", "ruff", "flake8", "flake8-docstrings"),
    *("pydocstyle", "pycodestyle", "mypy", "pyright", "bandit", "tox", "nox"),
)
MAX_BYTES = 1 << 20

SCRIPT = """
import json, sys
from importlib.util import find_spec
asked = json.load(sys.stdin)

def resolves(name):
    try:
        return find_spec(name) is not None
    except Exception:
        return False

def version(name):
    from importlib import metadata
    try:
        return metadata.version(name)
    except Exception:
        return ""

def is_installed(name):
    return any(version(spelled) for spelled in (name, name.replace("-", "_"), name.replace("-", ".")))

versions = {name: version(name) for name in asked["tools"]}
json.dump({
    "version": list(sys.version_info[:2]),
    "implementation": sys.implementation.name,
    "prefix": sys.prefix,
    "missing": [name for name in asked["imports"] if not resolves(name)] + [
        name
        for name, modules in asked["distributions"].items()
        if not is_installed(name) and not any(resolves(module) for module in modules)
    ],
    "tools": versions,
}, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an interpreter said.

    Parameters:
        problem: why there is no answer, empty when there is one.
        missing: the modules that it does not find, in the order asked, then the distributions.
    """

    version: tuple[int, int] = (0, 0)
    prefix: str = ""
    missing: tuple[str, ...] = ()
    tools: dict[str, str] = field(default_factory=dict)
    problem: str = ""


def interview(
    python: Path, binds: Sequence[Path], imports: Sequence[str], distributions: Mapping[str, Sequence[str]], ask: Ask
) -> Answer:
    """Ask for modules and distributions by name; nothing of them is imported.

    Parameters:
        distributions: for each the modules of which any shows that it is there under another name.
    """
    asked = json.dumps({"imports": imports, "distributions": distributions, "tools": TOOLS}).encode()
    try:
        completed = ask([str(python), "-I", "-c", SCRIPT], binds, stdin=asked)
    except OSError as error:
        return Answer(problem=f"cannot be started: {error.strerror}")
    if completed.returncode or completed.stopped:
        return Answer(problem=_why(completed.stderr, completed.stopped))
    return _read(completed.stdout, (*imports, *distributions))


def _why(stderr: bytes, stopped: str) -> str:
    lines = [line for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    last = "".join(character if character.isprintable() else " " for character in lines[-1]) if lines else ""
    did = f"was stopped ({stopped})" if stopped else "cannot be started"
    return f"{did}{': ' + last[:200] if last else ''}"


def _read(output: bytes, asked: Sequence[str]) -> Answer:
    if len(output) > MAX_BYTES:
        return Answer(problem="answers too much")
    try:
        said = json.loads(output)
        major, minor = said["version"]
        missing = set(said["missing"])
        tools = {name: str(said["tools"][name])[:100] for name in TOOLS if said["tools"].get(name)}
        answer = Answer(
            (int(major), int(minor)), str(said["prefix"]), tuple(name for name in asked if name in missing), tools
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Answer(problem="answers what is not understood")
    return answer if answer.version >= (3, 8) else Answer(problem="is older than Python 3.8")
