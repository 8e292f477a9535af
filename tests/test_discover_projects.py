"""A path belongs to the nearest project above it, and source roots follow the project's layout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from improver.discover import FolderTree, discover, find_project, projects
from improver.discover.tree import ancestors, folder_of, inside, join
from improver.errors import SettingsError, UsageError
from improver.judges import is_judge
from improver.settings import ProjectSettings

PROJECT = '[project]\nname = "thing"\n'
NO_SETTINGS = ProjectSettings()


def lay(top: Path, *paths: str, **contents: str) -> FolderTree:
    """Files in a folder: empty ones, and those with a content under a name such as `pyproject_toml`."""
    for path in paths:
        name, _, content = path.partition("=")
        place = top / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    return FolderTree(top)


def roots(top: Path, *paths: str, settings: ProjectSettings = NO_SETTINGS) -> tuple[str, ...]:
    return discover(top, settings, lay(top, *paths), judges=is_judge).source_roots


def test_the_nearest_project_above_a_path_is_taken(tmp_path: Path) -> None:
    tree = lay(tmp_path, f"pyproject.toml={PROJECT}", f"packages/a/pyproject.toml={PROJECT}", "packages/a/src/a/b.py")
    assert find_project(tmp_path / "packages/a/src/a/b.py", tmp_path, tree) == tmp_path / "packages/a"
    assert find_project(tmp_path / "packages", tmp_path, tree) == tmp_path


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param("setup.py=from setuptools import setup\nsetup(name='x')\n", id="setup.py that calls setup"),
        pytest.param("setup.cfg=[metadata]\nname = x\n", id="setup.cfg with metadata"),
        pytest.param("pyproject.toml=[build-system]\nrequires = []\n", id="pyproject.toml with a build system"),
        pytest.param("pyproject.toml=[tool.poetry]\nname = 'x'\n", id="poetry's pyproject.toml"),
        pytest.param("pyproject.toml=[tool.improver]\n", id="settings for improver"),
    ],
)
def test_what_makes_a_folder_a_project(tmp_path: Path, settings: str) -> None:
    name, _, content = settings.partition("=")
    tree = lay(tmp_path, f"pyproject.toml={PROJECT}", f"sub/{name}={content}", "sub/a.py")
    assert find_project(tmp_path / "sub/a.py", tmp_path, tree) == tmp_path / "sub"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("sub/pyproject.toml=[tool.ruff]\nline-length = 99\n", id="only a formatter's settings"),
        pytest.param("sub/setup.py=VALUE = 1\n", id="a module that is called setup"),
        pytest.param("sub/setup.cfg=[flake8]\nmax-line-length = 99\n", id="only a linter's settings"),
        pytest.param("sub/pyproject.toml=not = = toml", id="broken settings"),
    ],
)
def test_what_does_not(tmp_path: Path, path: str) -> None:
    tree = lay(tmp_path, f"pyproject.toml={PROJECT}", path, "sub/a.py")
    assert find_project(tmp_path / "sub/a.py", tmp_path, tree) == tmp_path


def test_a_setup_module_inside_of_a_package_makes_no_project(tmp_path: Path) -> None:
    tree = lay(
        tmp_path, f"pyproject.toml={PROJECT}", "thing/__init__.py", "thing/setup.py=def setup(): pass\nsetup()\n"
    )
    assert projects(tree) == ("",)


def test_a_top_with_several_projects_lists_them_and_asks(tmp_path: Path) -> None:
    tree = lay(tmp_path, f"a/pyproject.toml={PROJECT}", f"b/pyproject.toml={PROJECT}", "pyproject.toml=[tool.ruff]\n")
    with pytest.raises(UsageError) as raised:
        find_project(tmp_path, tmp_path, tree)
    assert "a, b" in str(raised.value)
    assert "`a`" in raised.value.remedy


def test_a_workspace_without_code_of_its_own_asks_too(tmp_path: Path) -> None:
    workspace = f"{PROJECT}[tool.uv.workspace]\nmembers = ['a', 'b']\n"
    tree = lay(tmp_path, f"pyproject.toml={workspace}", f"a/pyproject.toml={PROJECT}", f"b/pyproject.toml={PROJECT}")
    with pytest.raises(UsageError):
        find_project(tmp_path, tmp_path, tree)


def test_the_only_project_below_is_taken(tmp_path: Path) -> None:
    tree = lay(tmp_path, f"python/pyproject.toml={PROJECT}", f"tests/data/x/pyproject.toml={PROJECT}", "README.md")
    assert find_project(tmp_path, tmp_path, tree) == tmp_path / "python"


def test_a_folder_of_packages_without_settings_is_a_project(tmp_path: Path) -> None:
    tree = lay(tmp_path, "six.py", "a/__init__.py", f"a/x/pyproject.toml={PROJECT}", f"b/pyproject.toml={PROJECT}")
    assert find_project(tmp_path, tmp_path, tree) == tmp_path


def test_a_path_outside_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for path in (tmp_path / "elsewhere", tmp_path / "in/../../x", Path("/")):
        with pytest.raises(UsageError):
            find_project(path, tmp_path / "in", FolderTree(tmp_path / "in"))


def test_files_of_a_nested_project_are_left_to_it(tmp_path: Path) -> None:
    tree = lay(tmp_path, f"pyproject.toml={PROJECT}", "a.py", f"demo/pyproject.toml={PROJECT}", "demo/b.py")
    target = discover(tmp_path, ProjectSettings(), tree, judges=is_judge)
    assert [source.path for source in target.sources] == ["a.py"]
    assert any(item.reason == "belongs to another project" for item in target.left_out)


def test_a_file_that_is_named_is_the_only_source(tmp_path: Path) -> None:
    tree = lay(tmp_path, f"pyproject.toml={PROJECT}", "thing/__init__.py", "thing/a.py", "thing/b.py")
    target = discover(tmp_path / "thing/a.py", ProjectSettings(), tree, judges=is_judge)
    assert [source.path for source in target.sources] == ["thing/a.py"]
    assert target.source_roots == ("",)


def test_an_empty_folder_is_an_empty_project(tmp_path: Path) -> None:
    target = discover(tmp_path, ProjectSettings(), FolderTree(tmp_path), judges=is_judge)
    assert (target.sources, target.project, target.source_roots) == ((), "", ("",))


LAYOUTS = [
    pytest.param(["src/thing/__init__.py", "tests/__init__.py", "docs/conf.py"], ("src",), id="src layout"),
    pytest.param(["thing/__init__.py", "thing/sub/__init__.py", "tests/__init__.py"], ("",), id="flat"),
    pytest.param(["thing.py", "setup.py"], ("",), id="single module"),
    pytest.param(["src/thing.py"], ("src",), id="single module in src"),
    pytest.param(["src/org/thing/__init__.py"], ("src",), id="namespace package in src"),
    pytest.param(["src/thing/__init__.py", "hatch_build.py"], ("src",), id="a build hook beside src"),
    pytest.param(
        ["backend/app/__init__.py", "backend/app/a.py=from app import b\n"], ("backend",), id="in a subfolder"
    ),
    pytest.param(["org/thing/__init__.py", "org/thing/a.py=import org.thing.b\n"], ("",), id="namespace, as imported"),
    pytest.param(["org/thing/__init__.py", "thing/__init__.py"], ("",), id="a nested one beside a flat one"),
    pytest.param(["thing/y/__init__.py"], ("",), id="namespace, as the project is named"),
    pytest.param(["lib/thing/__init__.py"], ("lib",), id="lib layout"),
    pytest.param(["README.md"], ("",), id="nothing"),
]


@pytest.mark.parametrize(("paths", "expected"), LAYOUTS)
def test_roots_by_layout(tmp_path: Path, paths: list[str], expected: tuple[str, ...]) -> None:
    assert roots(tmp_path, f"pyproject.toml={PROJECT}", *paths) == expected


BUILDS = [
    pytest.param("pyproject.toml=[tool.setuptools.packages.find]\nwhere = ['code']\n", id="setuptools, find where"),
    pytest.param("pyproject.toml=[tool.setuptools]\npackage-dir = {'' = 'code'}\n", id="setuptools, package-dir"),
    pytest.param(
        "pyproject.toml=[tool.setuptools]\npackage-dir = {thing = 'code/thing'}\n", id="setuptools, one package"
    ),
    pytest.param("setup.cfg=[options]\npackage_dir =\n    = code\n", id="setup.cfg, package_dir"),
    pytest.param("setup.cfg=[options.packages.find]\nwhere = code\n", id="setup.cfg, find where"),
    pytest.param("setup.py=from setuptools import *\nsetup(package_dir={'': 'code'})\n", id="setup.py, package_dir"),
    pytest.param(
        "setup.py=from setuptools import *\nsetup(packages=find_packages('code'))\n", id="setup.py, find_packages"
    ),
    pytest.param("pyproject.toml=[tool.hatch.build.targets.wheel]\npackages = ['code/thing']\n", id="hatch"),
    pytest.param("pyproject.toml=[[tool.poetry.packages]]\ninclude = 'thing'\nfrom = 'code'\n", id="poetry"),
    pytest.param("pyproject.toml=[tool.pdm.build]\npackage-dir = 'code'\n", id="pdm"),
    pytest.param("pyproject.toml=[tool.maturin]\npython-source = 'code'\n", id="maturin"),
    pytest.param("pyproject.toml=[tool.uv.build-backend]\nmodule-root = 'code'\n", id="uv"),
]


@pytest.mark.parametrize("build", BUILDS)
def test_roots_by_build_settings(tmp_path: Path, build: str) -> None:
    assert roots(tmp_path, build, "code/thing/__init__.py", "code/thing/a.py") == ("code",)


def test_settings_decide_alone_and_stay_inside(tmp_path: Path) -> None:
    settings = ProjectSettings(source_roots=("one", "./two/"))
    assert roots(tmp_path, "src/a/__init__.py", "one/a.py", "two/b.py", settings=settings) == ("one", "two")
    for bad in ("../x", "/etc", "a/../../b"):
        with pytest.raises(SettingsError):
            roots(tmp_path, settings=ProjectSettings(source_roots=(bad,)))


@pytest.mark.parametrize(
    "build",
    [
        pytest.param("[tool.setuptools]\npackage-dir = 3\n", id="a number"),
        pytest.param("[tool.poetry]\npackages = 'x'\n[tool.hatch]\nbuild = []\n", id="strings and lists"),
        pytest.param("[project]\nname = 1\ndependencies = {}\n[tool]\nsetuptools_scm = 1\npdm = 1\n", id="all wrong"),
        pytest.param("[tool.setuptools.packages]\nfind = {where = ['../..', '/etc']}\n", id="outside"),
        pytest.param("tool = 1\nproject = []\n", id="no tables"),
    ],
)
def test_nonsense_in_build_settings_is_no_crash(tmp_path: Path, build: str) -> None:
    assert roots(tmp_path, f"pyproject.toml={build}", "thing/__init__.py") == ("",)


parts = st.text("abc._-", min_size=1, max_size=4).filter(lambda part: part not in (".", ".."))
folders = st.lists(parts, max_size=4).map("/".join)


@given(folder=folders, name=parts)
def test_paths_join_and_split(folder: str, name: str) -> None:
    """A joined path lies in its folder, and its folder is what it was joined to."""
    path = join(folder, name)
    assert folder_of(path) == folder
    assert inside(path, folder)
    assert ancestors(folder)[-1] == ""
    assert all(inside(path, above) for above in ancestors(folder))


@given(folder=folders.filter(bool), name=parts)
def test_a_sibling_with_the_same_beginning_lies_outside(folder: str, name: str) -> None:
    assert not inside(folder + name, folder)


KEYS = (
    *("project", "project.name", "project.dependencies", "project.requires-python", "project.classifiers"),
    *("project.scripts", "project.optional-dependencies", "dependency-groups", "tool", "tool.setuptools"),
    *("tool.setuptools.package-dir", "tool.setuptools.packages.find.where", "tool.setuptools_scm", "tool.hatch.build"),
    *(
        "tool.hatch.build.targets.wheel.packages",
        "tool.poetry.packages",
        "tool.poetry.group",
        "tool.poetry.dependencies",
    ),
    *("tool.pdm.version", "tool.maturin.python-source", "tool.uv.build-backend.module-root", "tool.uv.workspace"),
    *("tool.black.line-length", "tool.ruff.extend", "tool.ruff.lint.pydocstyle", "tool.ruff.line-length", "tool.ruff"),
    *("tool.pylint.format", "tool.pydoclint.style", "tool.pytest.ini_options.addopts", "tool.pytest.ini_options"),
)
ODD = ("1", "true", "''", "'../..'", '"a\\u0000b"', "[1]", "['', {}]", "{a = ['x']}", "{'' = {b = 1}}", "1979-05-27")


@pytest.mark.parametrize("key", KEYS)
def test_any_value_under_a_known_key_is_no_crash(tmp_path: Path, key: str) -> None:
    """Whatever stands there, the roots stay inside and the line length stays sane."""
    for value in ODD:
        tree = lay(tmp_path, f"pyproject.toml={key} = {value}\n", "thing/__init__.py=", "test_a.py=")
        target = discover(tmp_path, NO_SETTINGS, tree, judges=is_judge)
        assert not any(".." in root or root.startswith("/") for root in target.source_roots)
        assert 40 <= target.style.line_length < 400


def test_settings_that_are_no_files_are_no_settings(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    os.mkfifo(tmp_path / "setup.cfg")
    tree = lay(tmp_path, "thing/__init__.py")
    assert len(discover(tmp_path, NO_SETTINGS, tree, judges=is_judge).sources) == 1
    for name in ("pyproject.toml", "setup.cfg", "nothing", "../x", "a\0b"):
        with pytest.raises(FileNotFoundError):
            tree.read(name)
