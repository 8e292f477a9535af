"""Lays out the folder that makes the target's interpreter take the probe along."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from improver.observe.believe import Canaries
from improver.observe.origins import module_names
from improver.values import Target

MODULE = "improver_probe"
PLUGIN = "improver_probe_plugin"
_SITECUSTOMIZE = f"import {MODULE}\n{MODULE}.arrive()\n"


@dataclass(frozen=True, slots=True)
class ProbeFolder:
    """Where one run finds the probe and puts its results.

    Parameters:
        probe: the folder that stands first on PYTHONPATH.
        results: the folder that the run may write to; `scratch` is a folder in it.
        token: how the names of the results begin.
    """

    probe: Path
    results: Path
    token: str
    shelf: tuple[Path, ...]
    environ: Mapping[str, str]

    @property
    def scratch(self) -> Path:
        """Where the run keeps what nobody reads."""
        return self.results / "scratch"


def lay(  # noqa: PLR0913 - one keyword for each setting of the probe
    folder: Path,
    target: Target,
    at: Path,
    *,
    seed: int,
    shelf: tuple[Path, ...] = (),
    select: Sequence[str] = (),
    canaries: Canaries | None = None,
    coverage: Sequence[str] = (),
) -> ProbeFolder:
    """Write the probe and its settings into an empty folder.

    Parameters:
        at: where the tree is seen from inside.
        select: the ids of the tests to run; all when empty.
        coverage: which files coverage is measured of, as patterns; none when empty.
    """
    probe, results, token = folder / "probe", folder / "results", secrets.token_hex(12)
    roots = [str(at / root) for root in target.source_roots]
    made = ProbeFolder(probe, results, token, shelf, _environ(probe, roots, results, seed))
    probe.mkdir()
    made.scratch.mkdir(parents=True)
    settings = {
        "token": token,
        "results": str(results),
        "scratch": str(made.scratch),
        "at": str(at),
        "roots": roots,
        "names": sorted({name.partition(".")[0] for name in module_names(target)}),
        "shelf": [str(path) for path in shelf],
        "canaries": canaries.settings() if canaries else None,
        "seed": seed,
        "coverage": list(coverage),
        "pythonpath": made.environ["PYTHONPATH"],
    }
    for name in ("probe.py", "probe_plugin.py"):
        source = resources.files("improver.observe").joinpath(name).read_bytes()
        (probe / f"improver_{name}").write_bytes(source)
    (probe / "sitecustomize.py").write_text(_SITECUSTOMIZE)
    (probe / "settings.json").write_text(json.dumps(settings))
    if select:
        (probe / "select.json").write_text(json.dumps(sorted(set(select))))
    return made


def _environ(probe: Path, roots: Sequence[str], results: Path, seed: int) -> dict[str, str]:
    return {
        "PYTHONPATH": ":".join([str(probe), *roots]),
        "PYTHONHASHSEED": str(seed),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(results / "scratch" / "hypothesis"),
        "COVERAGE_CORE": "ctrace",
    }
