"""Installed copies of the target's modules are covered by the tree's, and nothing else of the environment is."""

from __future__ import annotations

from pathlib import Path

import pytest

from improver.sandbox.cell import Bind
from improver.sandbox.shadows import built, shadows
from improver.values import Environment, Missing, Source, Target

CASES = {
    "a package": (("src",), ("src/shop/__init__.py", "src/shop/part.py"), "shop/__init__.py", ["src/shop"]),
    "a package in a package": (("",), ("shop/__init__.py", "shop/in/__init__.py"), "shop/in/x.py", ["shop"]),
    "a single module": (("",), ("shop.py",), "shop.py", ["shop.py"]),
    "a package in a namespace": (("src",), ("src/acme/shop/__init__.py",), "acme/shop/__init__.py", ["src/acme/shop"]),
    "a module in a namespace": (("src",), ("src/acme/shop.py",), "acme/shop.py", ["src/acme/shop.py"]),
    "another distribution of the namespace": (("src",), ("src/acme/shop/__init__.py",), "acme/other/__init__.py", []),
    "the deepest source root counts": (("", "src"), ("src/shop/__init__.py",), "src/shop/__init__.py", []),
    "a package where a module was": (("",), ("shop/__init__.py",), "shop.py", []),
    "files outside of the source roots": (("src",), ("tools/shop.py",), "tools/shop.py", []),
}


@pytest.mark.parametrize(("roots", "sources", "installed", "covering"), CASES.values(), ids=CASES)
def test_what_covers_a_copy(
    roots: tuple[str, ...], sources: tuple[str, ...], installed: str, covering: list[str], tmp_path: Path
) -> None:
    tree, site = tmp_path / "tree", tmp_path / "venv/lib/python3.11/site-packages"
    for file in (*(tree / source for source in sources), site / installed):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    environment = Environment(tmp_path / "venv/bin/python", (3, 11), tmp_path / "venv")
    target = Target(tmp_path, "", "", tuple(Source(path, b"") for path in sources), roots, environment=environment)
    found = list(shadows(target, tree))
    assert [bind.source.relative_to(tree).as_posix() for bind in found] == covering
    assert all(bind.target.is_relative_to(site) and not bind.writable for bind in found)


def test_an_editable_install_and_no_environment_need_no_cover(tmp_path: Path) -> None:
    site = tmp_path / "venv/lib/python3.11/site-packages"
    site.mkdir(parents=True)
    (tmp_path / "tree/shop").mkdir(parents=True)
    (site / "shop").symlink_to(tmp_path / "tree/shop")
    source = (Source("shop/__init__.py", b""),)
    environment = Environment(tmp_path / "venv/bin/python", (3, 11), tmp_path / "venv")
    assert not list(shadows(Target(tmp_path, "", "", source, ("",), environment=environment), tmp_path / "tree"))
    nowhere = Target(tmp_path, "", "", source, ("",), environment=Missing("environment", "none"))
    assert not list(shadows(nowhere, tmp_path / "tree"))


def test_what_the_build_wrote_into_the_copy_lies_in_the_tree(tmp_path: Path) -> None:
    """Compiled modules and version files that the tree lacks; nothing by a link, nothing where the tree has its own."""
    tree, site = tmp_path / "tree", tmp_path / "venv/lib/python3.11/site-packages"
    for name in ("__init__.py", "inner/__init__.py", "inner/_version.py"):
        (tree / "src/shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / "src/shop" / name).touch()
    for name in (
        "__init__.py",
        "_speed.so",
        "_version.py",
        "inner/_version.py",
        "gone/_other.so",
        "data.txt",
        "old.py",
    ):
        (site / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (site / "shop" / name).touch()
    (site / "shop/_leak.so").symlink_to(tmp_path / "secret")
    (tmp_path / "secret").touch()
    environment = Environment(tmp_path / "venv/bin/python", (3, 11), tmp_path / "venv")
    source = (Source("src/shop/__init__.py", b""),)
    target = Target(tmp_path / "repo", "", "", source, ("src",), environment=environment)
    found = list(built(target, tree))
    assert found == [
        Bind(site / "shop" / name, tmp_path / "repo/src/shop" / name) for name in ("_speed.so", "_version.py")
    ]
    covering = list(shadows(target, tree, found))
    assert covering == [
        Bind(tree / "src/shop", site / "shop"),
        *(Bind(site / "shop" / name, site / "shop" / name) for name in ("_speed.so", "_version.py")),
    ]
