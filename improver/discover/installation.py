"""What belongs to an interpreter, read from the file system as data; it is never started to find out."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 1 << 20
_LONGEST_CHAIN = 16
_STORES = (Path("/nix/store"), Path("/gnu/store"))
_PRIVATE = frozenset({".ssh", ".gnupg", ".aws", ".kube", ".docker", ".password-store", ".mozilla", ".azure", ".config"})
_SITES = (
    "lib/python3*/site-packages",
    "lib/python3*/dist-packages",
    "lib/python3/dist-packages",
    "lib64/python3*/site-packages",
)


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be bound, and what never is.

    Parameters:
        home: the user's home; it is never bound as a whole, nor what is above it.
        repository: the checkout; of it only environments are bound.
    """

    home: Path
    repository: Path

    def allows(self, path: Path) -> bool:
        """Whether a folder or file may be bound."""
        places = (path, _resolved(path))
        if any(place == Path(place.anchor) or self.home.is_relative_to(place) for place in places):
            return False
        if any(_is_private(place, self.home) for place in places):
            return False
        if any(self.repository.is_relative_to(place) for place in places):
            return False
        in_checkout = any(place.is_relative_to(self.repository) for place in places)
        return path.exists() and (not in_checkout or is_environment(path))


def _is_private(place: Path, home: Path) -> bool:
    if not place.is_relative_to(home):
        return False
    parts = place.relative_to(home).parts
    return bool(parts) and parts[0] in _PRIVATE


def is_environment(folder: Path) -> bool:
    """Whether a folder is a virtual or conda environment."""
    return (folder / "pyvenv.cfg").is_file() or (folder / "conda-meta").is_dir()


def interpreter_of(prefix: Path) -> Path | None:
    """The interpreter of an environment or installation, ``None`` where there is none."""
    for name in ("python", "python3"):
        if (prefix / "bin" / name).exists():
            return prefix / "bin" / name
    return next((path for path in sorted(prefix.glob("bin/python3.*")) if path.name.count(".") == 1), None)


def prefix_of(python: Path) -> Path | None:
    """The environment or installation that an interpreter in a ``bin`` folder belongs to."""
    prefix = python.parent.parent
    if python.parent.name not in ("bin", "Scripts"):
        return None
    return prefix if is_environment(prefix) or any(prefix.glob("lib/python3*")) else None


def settings_of(prefix: Path) -> Mapping[str, str]:
    """What ``pyvenv.cfg`` says, keys in lower case; nothing where it is not a virtual environment."""
    text = _read(prefix / "pyvenv.cfg")
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip().lower(): value.strip() for key, _, value in pairs}


def belongings(python: Path, reach: Reach) -> tuple[Path, ...]:
    """Every folder and file that an interpreter needs and that may be bound, its links' ends too."""
    found: dict[Path, None] = {}
    prefixes: dict[Path, None] = {}
    for hop in _hops(python):
        prefix = prefix_of(hop)
        if prefix is not None:
            prefixes[prefix] = None
        else:
            found[hop] = None
    for prefix in tuple(prefixes):
        prefixes.update(dict.fromkeys(_bases(prefix)))
    for prefix in prefixes:
        found[prefix] = None
        found.update(dict.fromkeys(_targets(prefix)))
    for path in tuple(found):
        found[_resolved(path)] = None
    found.update(dict.fromkeys(store for store in _STORES if any(path.is_relative_to(store) for path in found)))
    return tuple(outermost(path for path in found if reach.allows(path)))


def outermost(paths: Iterator[Path]) -> list[Path]:
    """The paths that lie in none of the others, in order."""
    kept: list[Path] = []
    for path in sorted(set(paths)):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return kept


def _hops(python: Path) -> Iterator[Path]:
    path = python
    for _ in range(_LONGEST_CHAIN):
        yield path
        if not path.is_symlink():
            break
        path = Path(os.path.normpath(_resolved(path.parent) / path.readlink()))
    yield _resolved(python)


def _bases(prefix: Path) -> Iterator[Path]:
    home = settings_of(prefix).get("home", "")
    if not Path(home).is_absolute():
        return
    names = [path for path in sorted(Path(home).glob("python3*"))[:20] if path.is_file()]
    for path in names:
        for hop in _hops(path):
            base = prefix_of(hop)
            if base is not None and any(base.glob("lib/python3*/os.py")):
                yield base


def _targets(prefix: Path) -> Iterator[Path]:
    """Where ``.pth`` files and editable installs of the environment lead."""
    for pattern in _SITES:
        for site in sorted(prefix.glob(pattern))[:8]:
            for file in sorted(site.glob("*.pth"))[:500]:
                yield from _of_pth(file)
            for pattern_ in ("__editable__*.py", "_*_editable_loader.py", "_editable_*.py", "_*_editable.py"):
                for file in sorted(site.glob(pattern_))[:500]:
                    yield from _of_finder(file)
            for file in sorted(site.glob("*.egg-link"))[:500]:
                yield from _of_pth(file)


def _of_pth(file: Path) -> Iterator[Path]:
    for line in map(str.strip, _read(file).splitlines()[:1000]):
        if line and not line.startswith(("#", "import ", "import\t")):
            path = Path(os.path.normpath(file.parent / line))
            if path.is_dir():
                yield path


def _of_finder(file: Path) -> Iterator[Path]:
    """The absolute paths that an editable install's finder names, read and not run."""
    try:
        module = ast.parse(_read(file))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("/"):
            path = Path(os.path.normpath(node.value))
            if "\0" not in node.value and path.exists():
                yield path.parent if path.is_file() or (path / "__init__.py").exists() else path


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES).decode(errors="surrogateescape")
    except OSError:
        return ""


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path
