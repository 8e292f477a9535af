"""Which modules of others the project needs before anything of it can be imported."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence

from improver.discover.build_settings import Build, normal
from improver.discover.tree import inside
from improver.values import Source

_AT_MARGIN = re.compile(rb"^(?:import|from)[ \t]+([A-Za-z_]\w*)", re.MULTILINE)
_ELSEWHERE = frozenset(
    {"win32api", "win32con", "win32gui", "win32file", "win32com", "pywintypes", "pythoncom", "winreg", "AppKit"}
    | {"Foundation", "objc", "Quartz", "java", "org", "com", "js", "pyodide", "machine", "micropython"}
)
_OTHER_NAMES = {
    "yaml": "pyyaml",
    "PIL": "pillow",
    "dateutil": "python-dateutil",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "sklearn": "scikit-learn",
    "attr": "attrs",
    "dotenv": "python-dotenv",
    "jwt": "pyjwt",
    "git": "gitpython",
    "serial": "pyserial",
    "google": "protobuf",
    "OpenSSL": "pyopenssl",
    "Crypto": "pycryptodome",
    "psycopg2": "psycopg2-binary",
    "github": "pygithub",
}
_MAX_FILES = 4000


def needed_imports(sources: Sequence[Source], roots: Sequence[str], build: Build) -> tuple[str, ...]:
    """Top-level names of modules that are neither the project's own nor Python's, in the order they are met.

    Needed is what importing the project's packages imports without a condition, and what it declares and imports
    anywhere at the margin. An import under ``try``, ``if`` or in a function is not.
    """
    modules = _modules(sources, roots)
    own = {name.partition(".")[0] for name in modules}
    found: dict[str, None] = {}
    for name in _reached(modules, own):
        found.update(dict.fromkeys(_foreign(modules[name], own)))
    declared = {name for name in _at_margin(sources, own) if _is_declared(name, build.dependencies)}
    confirmed = (name for source in sources if declared for name in _confirmed(source, declared, own))
    found.update(dict.fromkeys(confirmed))
    return tuple(found)


def modules_of(distributions: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The modules that a distribution may hold, by its name; what every environment can do without is left out."""
    others: dict[str, list[str]] = {}
    for module, name in _OTHER_NAMES.items():
        others.setdefault(name, []).append(module)
    wanted = (name for name in distributions if name not in ("pip", "setuptools", "wheel"))
    return {name: (name.replace("-", "_"), *others.get(name, ())) for name in wanted}


def _modules(sources: Sequence[Source], roots: Sequence[str]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for source in sources:
        root = next((root for root in roots if inside(source.path, root)), None)
        if root is None:
            continue
        path = source.path[len(root) + 1 :] if root else source.path
        parts = path.removesuffix(".py").split("/")
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = source
    return found


def _reached(modules: Mapping[str, Source], own: set[str]) -> Iterator[str]:
    """The modules that importing the outermost packages imports without a condition."""
    waiting = [name for name in sorted(modules) if _is_outermost(name, modules)]
    seen: set[str] = set()
    while waiting and len(seen) < _MAX_FILES:
        name = waiting.pop(0)
        if name in seen or name not in modules:
            continue
        seen.add(name)
        yield name
        is_package = modules[name].path.endswith("__init__.py")
        for imported in _statements(modules[name].content):
            waiting += _own_names(imported, name, is_package)


def _is_outermost(name: str, modules: Mapping[str, Source]) -> bool:
    above = name.rpartition(".")[0]
    if above:
        return modules[name].path.endswith("__init__.py") and above not in modules
    return modules[name].path.endswith("__init__.py") or len(modules) == 1


def _own_names(node: ast.Import | ast.ImportFrom, module: str, is_package: bool) -> Iterator[str]:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        base = node.module or ""
        if node.level:
            parts = module.split(".") if is_package else module.split(".")[:-1]
            parts = parts[: len(parts) - node.level + 1]
            base = ".".join([*parts, base] if base else parts)
        names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
    for name in names:
        parts = name.split(".")
        yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))


def _foreign(source: Source, own: set[str]) -> Iterator[str]:
    for node in _statements(source.content):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            names = [node.module or ""] if not node.level else []
        for name in names:
            top = name.partition(".")[0]
            if _is_foreign(top, own):
                yield top


def _is_foreign(top: str, own: set[str]) -> bool:
    return bool(top) and top not in own and top not in sys.stdlib_module_names and top not in _ELSEWHERE


def _statements(content: bytes) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports at the margin; those under a condition do not count."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in module.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def _at_margin(sources: Sequence[Source], own: set[str]) -> set[str]:
    found = {name for source in sources for name in _AT_MARGIN.findall(source.content)}
    return {name.decode() for name in found if _is_foreign(name.decode(), own)}


def _confirmed(source: Source, wanted: set[str], own: set[str]) -> Iterator[str]:
    """Those of the wanted names that the file really imports: a docstring may only talk of it."""
    names = {name.decode() for name in _AT_MARGIN.findall(source.content)} & wanted
    if names:
        found = names & set(_foreign(source, own))
        wanted -= found
        yield from sorted(found)


def _is_declared(name: str, dependencies: Sequence[str]) -> bool:
    return normal(name) in dependencies or _OTHER_NAMES.get(name, "") in dependencies
