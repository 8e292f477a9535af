"""A tree is tried where the checkout lies, with what its tests need, and nobody's files are written."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from walls import MINUTE, standing

from improver.ports import Completed, Limits
from improver.sandbox.copying import copy_tree, link_tree, remove_tree
from improver.sandbox.jail import Jail, Unsandboxed
from improver.sandbox.trial import SandboxTrial
from improver.values import Environment, Missing, Target

sandbox = pytest.mark.sandbox
VERSION = (sys.version_info.major, sys.version_info.minor)


@dataclass(frozen=True)
class Place:
    """A checkout with old code, and a tree with new code elsewhere."""

    checkout: Path
    tree: Path

    def target(self, **facts: object) -> Target:
        values: dict[str, object] = {"repository": self.checkout, "project": "", "base": "", "sources": ()}
        return Target(**{**values, "source_roots": ("src",), **facts})  # type: ignore[arg-type]

    def state(self) -> list[tuple[str, bytes]]:
        """Every file of the pristine tree."""
        files = (path for path in sorted(self.tree.rglob("*")) if path.is_file())
        return [(str(path.relative_to(self.tree)), path.read_bytes()) for path in files]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path / "check out", tmp_path / "state/tree")
    for folder, word in ((made.checkout, "old"), (made.tree, "new")):
        (folder / "src/pkg").mkdir(parents=True)
        (folder / "src/pkg/__init__.py").write_text(f"WORD = {word!r}\n")
        (folder / "tests").mkdir()
    (made.checkout / ".git").mkdir()
    (made.checkout / ".git/config").write_text("secret")
    (made.checkout / ".env").write_text("secret")
    return made


def python(trial: SandboxTrial, code: str, **words: object) -> Completed:
    done = trial.run([str(trial.python), "-c", code], **words)  # type: ignore[arg-type]
    assert not done.stderr, done.stderr
    return done


def trial_of(place: Place, limits: Limits = MINUTE, **facts: object) -> SandboxTrial:
    return SandboxTrial(standing(limits), place.tree, place.target(**facts))


@sandbox
@pytest.mark.parametrize("writable", [False, True])
def test_the_changed_code_is_imported_at_the_path_of_the_checkout(place: Place, writable: bool) -> None:
    with trial_of(place) as trial:
        done = python(trial, "import os, pkg; print(pkg.WORD, pkg.__file__, os.getcwd())", writable=writable)
    assert done.stdout.decode() == f"new {place.checkout}/src/pkg/__init__.py {place.checkout}\n"


@sandbox
def test_git_secrets_and_old_code_of_the_checkout_are_out_of_reach(place: Place) -> None:
    with trial_of(place, carried=(".git/config", "../state", ".env")) as trial:
        done = python(trial, "import os; print(sorted(os.listdir('.')))")
        assert [skipped.what for skipped in trial.left_out] == [".git/config", "../state", ".env"]
    assert done.stdout == b"['src', 'tests']\n"


@sandbox
def test_the_tree_is_read_only_unless_a_copy_is_asked_for(place: Place) -> None:
    before = place.state()
    code = """
import pathlib
for path in ("new", "src/pkg/__init__.py"):
    try: pathlib.Path(path).write_text("changed")
    except OSError: print("refused")
"""
    with trial_of(place) as trial:
        assert python(trial, code).stdout == b"refused\nrefused\n"
        assert python(trial, code, writable=True).stdout == b""
        assert python(trial, "import pkg; print(pkg.WORD)", writable=True).stdout == b"new\n"
    assert place.state() == before
    assert sorted(path.name for path in place.tree.parent.iterdir()) == ["tree"], "no copy is left"


@sandbox
def test_what_git_ignores_and_tests_need_lies_read_only_over_the_tree(place: Place) -> None:
    (place.checkout / "src/pkg/_version.py").write_text("VERSION = '1.2'\n")
    (place.checkout / "src/pkg.egg-info").mkdir()
    (place.checkout / "src/pkg.egg-info/PKG-INFO").write_text("Name: pkg\nVersion: 1.2\n")
    carried = ("src/pkg/_version.py", "src/pkg.egg-info/")
    code = """
import importlib.metadata, pkg, pkg._version
print(pkg.WORD, pkg._version.VERSION, importlib.metadata.version("pkg"))
try: open(pkg._version.__file__, "w")
except OSError: print("refused")
"""
    with trial_of(place, carried=carried) as trial:
        for writable in (False, True):
            assert python(trial, code, writable=writable).stdout == b"new 1.2 1.2\nrefused\n"
    assert [name for name, _ in place.state()] == ["src/pkg/__init__.py"]


@sandbox
def test_the_tree_wins_over_a_carried_file_of_the_same_name(place: Place) -> None:
    (place.checkout / "src/pkg/extra.py").write_text("")
    with trial_of(place, carried=("src/pkg", "src/pkg/__init__.py")) as trial:
        code = "import os, pkg; print(pkg.WORD, sorted(os.listdir('src/pkg')))"
        assert python(trial, code).stdout == b"new ['__init__.py', 'extra.py']\n"


@sandbox
def test_a_carried_file_is_never_followed_out_of_the_checkout(place: Place, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret")
    (place.checkout / "link.so").symlink_to(tmp_path / "key")
    (place.tree / "folder").symlink_to("src")
    (place.checkout / "folder").mkdir()
    (place.checkout / "folder/made.py").write_text("")
    with trial_of(place, carried=("link.so", "folder/made.py", "gone.so")) as trial:
        assert python(trial, "import os; print(os.path.exists('link.so'))").stdout == b"False\n"
        reasons = {skipped.what: skipped.reason for skipped in trial.left_out}
    assert reasons == {
        "link.so": "it is a link that leaves the checkout",
        "folder/made.py": "the tree has a link on the way to it",
        "gone.so": "it is not there any more",
    }
    assert [name for name, _ in place.state()] == ["src/pkg/__init__.py"]


def _venv(where: Path) -> Environment:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(where)], check=True, capture_output=True)
    package = next((where / "lib").glob("python*")) / "site-packages"
    (package / "dependency.py").write_text("WORD = 'found'\n")
    return Environment(where / "bin/python", VERSION, where)


@sandbox
@pytest.mark.parametrize("where", ["check out/.venv", "check out/tools/venv", "elsewhere/-v env"])
def test_an_environment_is_in_reach_in_the_checkout_and_under_tmp(place: Place, tmp_path: Path, where: str) -> None:
    environment = _venv(tmp_path / where)
    editable = next((environment.prefix / "lib").glob("python*")) / "site-packages/pkg.pth"
    editable.write_text(f"{place.checkout}/src\n")
    with trial_of(place, environment=environment, source_roots=()) as trial:
        assert trial.python == environment.python
        for writable in (False, True):
            done = python(trial, "import dependency, pkg; print(dependency.WORD, pkg.WORD)", writable=writable)
            assert done.stdout == b"found new\n"
    assert not (place.tree / ".venv").exists()


@sandbox
def test_an_environment_around_the_checkout_does_not_show_the_old_code(tmp_path: Path, place: Place) -> None:
    environment = _venv(tmp_path / "env")
    inner = Place(tmp_path / "env/project", place.tree)
    (inner.checkout / "src/pkg").mkdir(parents=True)
    (inner.checkout / "src/pkg/__init__.py").write_text("WORD = 'old'")
    with trial_of(inner, environment=environment) as trial:
        done = python(trial, "import dependency, pkg; print(dependency.WORD, pkg.WORD)")
    assert done.stdout == b"found new\n"


@sandbox
def test_a_bind_in_the_checkout_cannot_bring_the_old_code_back(place: Place) -> None:
    environment = Environment(Path(sys.executable), VERSION, Path(sys.prefix), (place.checkout, place.checkout / "src"))
    with trial_of(place, environment=environment) as trial:
        assert python(trial, "import pkg; print(pkg.WORD)").stdout == b"new\n"


@sandbox
def test_results_and_helpers_are_seen_at_their_own_paths_wherever_they_lie(place: Place, tmp_path: Path) -> None:
    for name in ("results", "check out/results"):
        results, helper = tmp_path / name, tmp_path / name / "../helper.py"
        results.mkdir()
        helper.write_text("print('helped')")
        helper = Path(os.path.normpath(helper))
        code = f"exec(open({str(helper)!r}).read()); open({str(results / 'report')!r}, 'w').write('written')"
        with trial_of(place) as trial:
            assert python(trial, code, results=results, helpers=[helper]).stdout == b"helped\n"
        assert (results / "report").read_text() == "written"
    assert [name for name, _ in place.state()] == ["src/pkg/__init__.py"]


@sandbox
def test_the_working_folder_is_the_projects_unless_another_is_named(place: Place) -> None:
    with trial_of(place, project="src") as trial:
        assert python(trial, "import os; print(os.getcwd())").stdout.decode() == f"{place.checkout}/src\n"
        assert python(trial, "import os; print(os.getcwd())", workdir="").stdout.decode() == f"{place.checkout}\n"


@sandbox
def test_source_roots_come_first_and_what_the_caller_adds_behind_them(place: Place, tmp_path: Path) -> None:
    with trial_of(place) as trial:
        path = trial.python_path(tmp_path)
        assert path == f"{place.checkout}/src{os.pathsep}{tmp_path}"
        done = python(trial, "import sys; print(sys.path[1:3])", environ={"PYTHONPATH": path})
    assert done.stdout.decode() == f"{[f'{place.checkout}/src', str(tmp_path)]}\n"


@sandbox
def test_disk_that_a_run_writes_is_limited_and_what_was_there_does_not_count(place: Place) -> None:
    (place.tree / "data").write_bytes(bytes(24 << 20))
    limits = replace(MINUTE, disk=16 << 20)
    with trial_of(place, limits) as trial:
        assert trial.run(["/bin/true"], writable=True).stopped == ""
        assert trial.run(["/bin/sleep", "0.3"], writable=True).stopped == ""
        code = "import os, time; f = open('big', 'wb'); os.posix_fallocate(f.fileno(), 0, 64 << 20); time.sleep(600)"
        assert trial.run([str(trial.python), "-c", code], writable=True).stopped == "disk"
    assert not list(place.tree.parent.glob("copy-*"))


@sandbox
def test_a_copy_is_removed_whatever_was_done_to_it(place: Place) -> None:
    code = """
import os
os.mkdir("locked"); open("locked/file", "w").close(); os.chmod("locked", 0)
for _ in range(1200): os.mkdir("d"); os.chdir("d")
os.symlink("/", "root")
"""
    with trial_of(place) as trial:
        trial.run([str(trial.python), "-c", code], writable=True)
    assert sorted(path.name for path in place.tree.parent.iterdir()) == ["tree"]


@sandbox
def test_a_project_that_asks_git_for_its_version_gets_a_repository_of_its_own(place: Place) -> None:
    (place.tree / "pyproject.toml").write_text("[build-system]\nrequires = ['setuptools-scm']\n")
    with trial_of(place) as trial:
        done = trial.run(["/bin/sh", "-c", "git log --format=%s && git status --short"], writable=True)
    assert done.stdout == b"base\n", done.stderr


@sandbox
def test_a_tighter_time_limit_holds_and_a_looser_one_does_not(place: Place) -> None:
    with trial_of(place, replace(MINUTE, seconds=0.5)) as trial:
        assert trial.run(["/bin/sleep", "600"], seconds=600).stopped == "time"


@sandbox
def test_a_checkout_that_is_reached_through_a_link_is_seen_at_both_paths(place: Place, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(place.checkout)
    with SandboxTrial(standing(), place.tree, replace(place.target(), repository=tmp_path / "link")) as trial:
        code = f"import pkg; print(pkg.WORD, open({str(place.checkout / 'src/pkg/__init__.py')!r}).read())"
        assert python(trial, code).stdout.startswith(b"new WORD = 'new'")


def test_without_walls_the_changed_code_is_run_in_a_copy(place: Place) -> None:
    (place.checkout / "src/pkg/_version.py").write_text("VERSION = 1\n")
    before = place.state()
    target = place.target(carried=("src/pkg/_version.py",))
    with SandboxTrial(Jail(Unsandboxed(), MINUTE), place.tree, target) as trial:
        code = "import pkg, pkg._version; print(pkg.WORD); open('x', 'x').close()"
        for _ in range(2):
            assert python(trial, code, writable=True).stdout == b"new\n"
    assert place.state() == before
    assert sorted(path.name for path in place.tree.parent.iterdir()) == ["tree"]


def test_without_an_environment_there_is_an_interpreter_without_improvers_packages(place: Place) -> None:
    trial = SandboxTrial(Jail(Unsandboxed()), place.tree, place.target(environment=Missing("environment", "none")))
    assert trial.python == Path(sys.executable).resolve()


def test_a_copy_has_everything_and_shares_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "a/b").mkdir(parents=True)
    (source / "a/b/run").write_text("x")
    (source / "a/b/run").chmod(0o755)
    (source / "a/link").symlink_to("b/run")
    (source / os.fsdecode(b"odd\n\xff")).write_bytes(b"y")
    copy_tree(source, tmp_path / "copy")
    link_tree(source, tmp_path / "linked")
    for made in (tmp_path / "copy", tmp_path / "linked"):
        assert sorted(os.listdir(made)) == sorted(os.listdir(source))
        assert (made / "a/link").readlink() == Path("b/run")
        assert os.access(made / "a/b/run", os.X_OK)
    (tmp_path / "copy/a/b/run").write_text("changed")
    assert (source / "a/b/run").read_text() == "x"
    remove_tree(tmp_path / "copy")
    remove_tree(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
