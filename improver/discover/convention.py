"""The docstring convention: what the settings say, else what most docstrings follow."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from improver.discover.settings_files import SettingsFiles, table, text
from improver.discover.tree import BaseTree, Entry, ancestors, join

_NAMES = {"google": "google", "numpy": "numpy", "numpydoc": "numpy", "sphinx": "sphinx", "rest": "sphinx"}
_NAMES |= {"reStructuredText": "sphinx", "restructuredtext": "sphinx", "epytext": "sphinx"}
_GOOGLE = re.compile(rb"^[ \t]+(?:Args|Arguments|Returns|Raises|Yields|Parameters|Attributes):[ \t]*\r?$", re.MULTILINE)
_NUMPY = re.compile(
    rb"^[ \t]*(?:Parameters|Returns|Raises|Yields|Attributes|Other Parameters)[ \t]*\r?\n[ \t]*-{4,}[ \t]*\r?$",
    re.MULTILINE,
)
_SPHINX = re.compile(rb"^[ \t]+:(?:param|returns?|raises?|rtype|type|arg|yields?)\b[^:\n]*:", re.MULTILINE)
_SAMPLE_FILES = 60
_SAMPLE_BYTES = 2_000_000
_ENOUGH = 2


def docstring_convention(
    project: str, ruff: object, files: SettingsFiles, sources: Sequence[Entry], tree: BaseTree
) -> str:
    """``google``, ``numpy`` or ``sphinx``."""
    said = (_NAMES.get(name.strip("\"'")) for name in _said(project, ruff, files))
    settled = next(filter(None, said), None)
    return settled or _followed(sources, tree) or _of_documentation(project, files) or "google"


def _said(project: str, ruff: object, files: SettingsFiles) -> Iterator[str]:
    for settings in (table(ruff, "lint", "pydocstyle"), table(ruff, "pydocstyle")):
        yield text(settings.get("convention"))
    tool = table(files.toml(join(project, "pyproject.toml")), "tool")
    yield text(table(tool, "pydocstyle").get("convention"))
    yield text(table(tool, "pydoclint").get("style"))
    for name in (".pydocstyle", ".pydocstyle.ini", "setup.cfg", "tox.ini", ".flake8", ".darglint"):
        sections = files.ini(join(project, name))
        yield sections.get("pydocstyle", {}).get("convention", "")
        flake8 = sections.get("flake8", {})
        yield flake8.get("docstring-convention", "") or flake8.get("docstring_convention", "")
        yield flake8.get("docstring_style", "") or sections.get("darglint", {}).get("docstring_style", "")
    yield "numpy" if "numpydoc_validation" in tool else ""
    for folder in ancestors(project):
        for name in ("mkdocs.yml", "mkdocs.yaml"):
            found = re.search(r"^\s*docstring_style:\s*[\"']?(\w+)", files.text(join(folder, name)), re.MULTILINE)
            yield found[1] if found else ""


def _followed(sources: Sequence[Entry], tree: BaseTree) -> str:
    """What most sections of a sample look like; empty where there are hardly any."""
    counts: Counter[str] = Counter()
    room = _SAMPLE_BYTES
    step = max(1, len(sources) // _SAMPLE_FILES)
    chosen = [entry.path for entry in sources[::step] if entry.size < _SAMPLE_BYTES // 4]
    for content in tree.read_many(chosen).values():
        if b'"""' not in content and b"'''" not in content:
            continue
        room -= len(content)
        if room < 0:
            break
        counts["numpy"] += len(_NUMPY.findall(content))
        counts["sphinx"] += bool(_SPHINX.search(content)) and len(_SPHINX.findall(content)) // 2 + 1
        counts["google"] += len(_GOOGLE.findall(content))
    name, count = max(counts.items(), key=lambda item: item[1], default=("", 0))
    return name if count >= _ENOUGH else ""


def _of_documentation(project: str, files: SettingsFiles) -> str:
    for name in ("docs/conf.py", "doc/conf.py", "docs/source/conf.py", "doc/source/conf.py"):
        conf = files.text(join(project, name))
        if not conf:
            continue
        if "numpydoc" in conf or re.search(r"^napoleon_google_docstring\s*=\s*False", conf, re.MULTILINE):
            return "numpy"
        return "google" if "napoleon" in conf else "sphinx"
    return ""
