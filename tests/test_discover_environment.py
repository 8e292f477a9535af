"""An environment counts only if the project's imports and its test tools resolve in it."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from improver.discover import FolderTree, discover, find_environment
from improver.discover.build_settings import Build
from improver.discover.imports import needed_imports
from improver.discover.installation import Reach, belongings
from improver.errors import SandboxMissing, UsageError
from improver.judges import is_judge
from improver.ports import Ask, Completed
from improver.process import run
from improver.sandbox.jail import stand
from improver.settings import ProjectSettings, Settings
from improver.values import Environment, Missing, Source

NO_SETTINGS = Settings()
PROJECT = "[project]\nname = 'thing'\ndependencies = ['needed>=1', 'other; sys_platform == \"win32\"']\n"
FILES = {"pyproject.toml": PROJECT, "thing/__init__.py": "import needed\n", "test_thing.py": "import pytest\n"}


@dataclass
class Asking:
    """Starts interpreters without walls, and remembers what was asked to be in reach."""

    asked: list[tuple[tuple[str, ...], tuple[Path, ...]]] = field(default_factory=list)

    def __call__(self, argv: Sequence[str], binds: Sequence[Path], *, stdin: bytes = b"") -> Completed:
        self.asked.append((tuple(argv), tuple(binds)))
        return run(argv, environ={}, stdin=stdin, seconds=60)


@dataclass(frozen=True)
class Machine:
    """A home with a project in it."""

    home: Path

    @property
    def project(self) -> Path:
        return self.home / "project"

    def write(self, files: Mapping[str, str], folder: str = "project") -> Machine:
        for name, content in files.items():
            place = self.home / folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
        return self

    def venv(self, place: str, *modules: str) -> Path:
        """A virtual environment without pip, holding empty modules of the given names."""
        prefix = self.home / place
        done = run([sys.executable, "-m", "venv", "--without-pip", str(prefix)], environ={}, seconds=60)
        assert done.returncode == 0, done.stderr
        for module in modules:
            (self.site(prefix) / f"{module}.py").touch()
        return prefix

    def site(self, prefix: Path) -> Path:
        return prefix / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"

    def find(
        self, ask: Ask | None = None, settings: Settings = NO_SETTINGS, folder: str = "project", **environ: str
    ) -> Environment | Missing:
        tree = FolderTree(self.project)
        target = discover(self.home / folder, settings.project, tree, judges=is_judge)
        return find_environment(target, settings, ask or Asking(), {"HOME": str(self.home), **environ})


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "home").write(FILES)


def origin(found: Environment | Missing) -> str:
    assert isinstance(found, Environment), found
    return found.origin


def checksum(path: Path) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(str(path).encode()).digest()).decode()[:8]


def test_the_environment_of_the_project_is_found_with_all_it_needs(machine: Machine) -> None:
    prefix = machine.venv("project/.venv", "needed", "pytest")
    found = machine.find()
    assert isinstance(found, Environment)
    assert (found.origin, found.prefix, found.version) == (".venv", prefix, sys.version_info[:2])
    assert found.python == prefix / "bin/python"
    base = Path(sys.base_prefix).resolve()
    assert any(base.is_relative_to(bind) for bind in found.binds)
    assert prefix in found.binds


PLACES: list[object] = [
    pytest.param("project/.venv", lambda m: {}, ".venv", id=".venv"),
    pytest.param("project/venv", lambda m: {}, "venv", id="venv"),
    pytest.param("active", lambda m: {"VIRTUAL_ENV": str(m.home / "active")}, "$VIRTUAL_ENV", id="active"),
    pytest.param("conda", lambda m: {"CONDA_PREFIX": str(m.home / "conda")}, "$CONDA_PREFIX", id="conda"),
    pytest.param("project/.tox/py311", lambda m: {}, ".tox/py311", id="tox"),
    pytest.param("project/.nox/tests-3-11", lambda m: {}, ".nox/tests-3-11", id="nox"),
    pytest.param(".pyenv/versions/mine", lambda m: {"PYENV_VERSION": "mine"}, "$PYENV_VERSION", id="pyenv"),
    pytest.param("on-path", lambda m: {"PATH": str(m.home / "on-path/bin")}, "on PATH", id="PATH"),
]


@pytest.mark.parametrize(("place", "environ", "expected"), PLACES)
def test_places(machine: Machine, place: str, environ: Callable[[Machine], dict[str, str]], expected: str) -> None:
    machine.venv(place, "needed", "pytest")
    assert origin(machine.find(**environ(machine))).endswith(expected)


def test_places_of_tools_that_hash_the_path_of_the_project(machine: Machine) -> None:
    """Poetry's, hatch's and pdm's environments are found by their names; none of the tools is started."""
    name = checksum(machine.project.resolve())
    for place in (
        f".cache/pypoetry/virtualenvs/thing-{name}-py3.11",
        f".local/share/hatch/env/virtual/thing/{name}/thing",
    ):
        prefix = machine.venv(place, "needed", "pytest")
        found = machine.find()
        assert isinstance(found, Environment)
        assert found.prefix == prefix
        (machine.site(prefix) / "needed.py").unlink()
    prefix = machine.venv("pdm-env", "needed", "pytest")
    machine.write({".pdm-python": f"{prefix}/bin/python\n"})
    assert origin(machine.find()) == ".pdm-python"


def test_the_top_of_the_repository_is_looked_at_too(machine: Machine) -> None:
    machine.write({f"sub/{name}": content for name, content in FILES.items()})
    machine.venv("project/.venv", "needed", "pytest")
    assert origin(machine.find(folder="project/sub")) == ".venv"


def test_one_that_lacks_something_is_passed_over(machine: Machine) -> None:
    machine.venv("project/.venv", "pytest")
    machine.venv("project/venv", "needed", "pytest")
    assert origin(machine.find()) == "venv"


def test_none_names_what_was_looked_at_what_is_missing_and_the_command(machine: Machine) -> None:
    machine.venv("project/.venv", "pytest")
    found = machine.find()
    assert isinstance(found, Missing)
    assert ".venv lacks `needed`" in found.reason
    assert found.remedy == "Run `.venv/bin/pip install -e . pytest`."


def test_nothing_there_says_where_it_was_looked_for(machine: Machine) -> None:
    found = machine.find()
    assert isinstance(found, Missing)
    assert "poetry" in found.reason


def test_the_one_that_is_named_is_the_only_one_asked(machine: Machine) -> None:
    named = machine.venv("named")
    machine.venv("project/.venv", "needed", "pytest")
    found = machine.find(settings=Settings(python=named / "bin/python"))
    assert isinstance(found, Missing)
    assert "--python lacks" in found.reason
    (machine.site(named) / "needed.py").touch()
    (machine.site(named) / "pytest.py").touch()
    assert origin(machine.find(settings=Settings(python=named))) == "--python"
    with pytest.raises(UsageError):
        machine.find(settings=Settings(python=machine.home / "nothing"))


def test_the_projects_settings_do_not_lead_out_of_the_checkout(machine: Machine) -> None:
    machine.venv("project/own", "needed", "pytest")
    inside = Settings(project=ProjectSettings(python="own/bin/python"))
    assert origin(machine.find(settings=inside)) == "the project's settings"
    for python in ("../elsewhere/bin/python", "/usr/bin/python3"):
        with pytest.raises(UsageError):
            machine.find(settings=Settings(project=ProjectSettings(python=python)))


def test_an_interpreter_that_the_repository_holds_is_never_asked(machine: Machine) -> None:
    """Whoever wrote it chose what it reaches."""
    prefix = machine.venv("project/interpreter", "needed", "pytest")
    (prefix / ".gitignore").unlink(missing_ok=True)  # newer Pythons keep what they make out of git
    tree = FolderTree(machine.project)
    settings = Settings(project=ProjectSettings(python="interpreter/bin/python"))
    target = discover(machine.project, settings.project, tree, judges=is_judge)
    asking = Asking()
    found = find_environment(target, settings, asking, {"HOME": str(machine.home)}, tree)
    assert isinstance(found, Missing)
    assert "is part of the repository" in found.reason
    assert asking.asked == []


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        pytest.param("#!/bin/sh\necho no\nexit 3\n", "cannot be started", id="fails"),
        pytest.param("#!/bin/sh\necho '[]'\n", "not understood", id="wrong answer"),
        pytest.param(
            '#!/bin/sh\necho \'{"version": [3, 6], "prefix": "", "missing": [], "tools": {}}\'\n', "older", id="old"
        ),
        pytest.param("#!/bin/sh\nhead -c 2000000 /dev/zero\n", "too much", id="floods"),
    ],
)
def test_an_interpreter_that_was_named_and_lies_is_refused(machine: Machine, script: str, reason: str) -> None:
    fake = machine.home / "fake/bin/python"
    machine.write({"bin/python": script}, "fake")
    fake.chmod(0o755)
    with pytest.raises(UsageError, match=reason):
        machine.find(settings=Settings(python=fake))


def test_editable_installs_and_path_files_are_in_reach_and_the_checkout_is_not(machine: Machine) -> None:
    prefix = machine.venv("project/.venv", "needed", "pytest")
    sibling, mapped = machine.home / "sibling/src", machine.home / "mapped"
    machine.write({"src/other.py": ""}, "sibling").write({"pkg/__init__.py": ""}, "mapped")
    machine.write({"id": "secret"}, ".ssh")
    lines = [str(sibling), str(machine.home / ".ssh"), str(machine.home), "/", str(machine.project), "import os"]
    (machine.site(prefix) / "x.pth").write_text("\n".join(lines))
    finder = f"MAPPING = {{'pkg': {str(mapped / 'pkg')!r}}}\n"
    (machine.site(prefix) / "__editable___pkg_finder.py").write_text(finder)
    binds = belongings(prefix / "bin/python", Reach(machine.home, machine.project))
    assert {sibling, mapped, prefix} <= set(binds)
    assert not {machine.home, machine.home / ".ssh", Path("/"), machine.project} & set(binds)


def test_links_are_in_reach_at_both_ends(tmp_path: Path) -> None:
    """An interpreter behind a linked folder is found under either name."""
    machine = Machine(tmp_path / "home").write(FILES)
    real = machine.venv("store/python-1.2.3", "needed", "pytest")
    (machine.home / "store/python-1").symlink_to("python-1.2.3")
    binds = belongings(machine.home / "store/python-1/bin/python", Reach(machine.home, machine.project))
    assert {real, machine.home / "store/python-1"} <= set(binds)


def test_a_hostile_pyvenv_cfg_reaches_nothing(machine: Machine) -> None:
    prefix = machine.venv("project/.venv", "needed", "pytest")
    machine.write({"python3": ""}, "private")
    (prefix / "pyvenv.cfg").write_text(f"home = {machine.home}/private\n")
    binds = belongings(prefix / "bin/python", Reach(machine.home, machine.project))
    assert not any((machine.home / "private").is_relative_to(bind) for bind in binds)


IMPORTS = [
    pytest.param({"thing/__init__.py": "import a\nfrom b.c import d\n"}, ("a", "b"), id="at the margin"),
    pytest.param({"thing/__init__.py": "try:\n    import a\nexcept ImportError:\n    a = None\n"}, (), id="optional"),
    pytest.param({"thing/__init__.py": "if TYPE_CHECKING:\n    import a\n"}, (), id="for type checkers"),
    pytest.param({"thing/__init__.py": "def f():\n    import a\n"}, (), id="in a function"),
    pytest.param({"thing/__init__.py": '"""\nimport a\n"""\n'}, (), id="in a docstring"),
    pytest.param({"thing/__init__.py": "import os, msvcrt, thing.x\n"}, (), id="Python's own and its own"),
    pytest.param({"thing/__init__.py": "from . import x\n", "thing/x.py": "import a\n"}, ("a",), id="reached"),
    pytest.param({"thing/__init__.py": "", "thing/contrib.py": "import a\n"}, (), id="not reached"),
    pytest.param({"thing/__init__.py": "", "thing/x.py": "import declared\n"}, ("declared",), id="declared"),
    pytest.param({"thing/__init__.py": "", "thing/x.py": '"""\nimport declared\n"""\n'}, (), id="only talked of"),
    pytest.param({"thing.py": "import a\n"}, ("a",), id="single module"),
    pytest.param({"thing/__init__.py": "def (:\n"}, (), id="broken"),
    pytest.param(
        {"thing/__init__.py": "from ..... import x\nfrom .x import *\n", "thing/x.py": "import a\n"}, ("a",), id="dots"
    ),
]


@pytest.mark.parametrize(("files", "expected"), IMPORTS)
def test_needed_imports(files: dict[str, str], expected: tuple[str, ...]) -> None:
    sources = [Source(path, content.encode()) for path, content in files.items()]
    assert needed_imports(sources, ("",), Build(dependencies=("declared",))) == expected


REMEDIES = [
    pytest.param({"uv.lock": ""}, "uv sync", id="uv"),
    pytest.param({"poetry.lock": ""}, "poetry install", id="poetry"),
    pytest.param({"pdm.lock": ""}, "pdm install", id="pdm"),
    pytest.param({"Pipfile": ""}, "pipenv install --dev", id="pipenv"),
    pytest.param({"pyproject.toml": PROJECT + "[tool.hatch.envs.default]\n"}, "hatch env create", id="hatch"),
    pytest.param(
        {"pyproject.toml": PROJECT + "[project.optional-dependencies]\ndocs = []\ntests = ['pytest']\n"},
        "python3 -m venv .venv && .venv/bin/pip install -e '.[tests]'",
        id="an extra with pytest",
    ),
    pytest.param(
        {"pyproject.toml": PROJECT + "[dependency-groups]\ndev = ['pytest']\n"},
        "python3 -m venv .venv && .venv/bin/pip install -e . --group dev",
        id="a dependency group",
    ),
    pytest.param(
        {"requirements-dev.txt": "pytest\n"},
        "python3 -m venv .venv && .venv/bin/pip install -e . -r requirements-dev.txt",
        id="a requirements file",
    ),
]


@pytest.mark.parametrize(("files", "command"), REMEDIES)
def test_the_command_for_the_projects_tool(machine: Machine, files: dict[str, str], command: str) -> None:
    found = machine.write(files).find()
    assert isinstance(found, Missing)
    assert found.remedy == f"Run `{command}`."


def test_plug_ins_that_the_settings_of_pytest_use_are_needed(machine: Machine) -> None:
    machine.write({"pytest.ini": "[pytest]\naddopts = --timeout=5\n"})
    prefix = machine.venv("project/.venv", "needed", "pytest")
    found = machine.find()
    assert isinstance(found, Missing)
    assert "lacks `pytest_timeout`" in found.reason
    (machine.site(prefix) / "pytest_timeout.py").touch()
    assert origin(machine.find()) == ".venv"


def test_tools_that_the_shelf_has_may_be_absent_but_an_environment_with_them_is_better(machine: Machine) -> None:
    machine.write({"pytest.ini": "[pytest]\naddopts = -n auto --cov=thing\n"})
    machine.venv("project/.venv", "needed")
    assert origin(machine.find()) == ".venv"
    machine.venv("project/venv", "needed", "pytest", "pytest_cov", "xdist")
    assert origin(machine.find()) == "venv"


@pytest.mark.sandbox
def test_behind_real_walls(tmp_path: Path) -> None:
    """The environment in the checkout, its base and a sibling named by a `.pth` are all in reach inside."""
    try:
        jail = stand(Settings())
    except SandboxMissing as reason:
        pytest.skip(str(reason))
    machine = Machine(tmp_path / "home").write(FILES).write({"src/needed.py": ""}, "sibling")
    prefix = machine.venv("project/.venv", "pytest")
    (machine.site(prefix) / "x.pth").write_text(str(machine.home / "sibling/src"))
    found = machine.find(ask=jail.ask)
    assert origin(found) == ".venv"
    assert os.fspath(machine.home / "sibling/src") in {os.fspath(bind) for bind in getattr(found, "binds", ())}
