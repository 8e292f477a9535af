"""The target's repository, asked and never changed; only `update_ref` writes, and only publishing calls it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from improver.errors import GitFailed, UsageError
from improver.git.changes import RAW, capped, file_changes, require_merged
from improver.git.objects import Commit, Entry, to_entry
from improver.git.place import Place, find_place
from improver.git.program import find_git
from improver.git.records import batch, records, shown, to_bytes, to_path, to_word
from improver.git.scratch import scratch
from improver.git.status import Status, read_status
from improver.values import Change, Missing

if TYPE_CHECKING:
    from improver.git.command import Git


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository and one checkout of it.

    Parameters:
        place: its folders.
        object_format: ``sha1`` or ``sha256``.
        git: the command, for what has no method here.
    """

    place: Place
    object_format: str
    git: Git = field(repr=False, compare=False)

    @classmethod
    def open(cls, path: Path) -> Repository:
        """The repository that holds a file or folder.

        Raises:
            UsageError: the path does not exist, or lies in no repository.
            GitFailed: git is missing or too old, or the repository cannot be read.
        """
        place = find_place(path)
        if isinstance(place, Missing):
            raise UsageError(place.reason, remedy=place.remedy)
        git = _command(place)
        return cls(place, to_word(git.rev_parse("--show-object-format")) or "sha1", git)

    @property
    def top(self) -> Path:
        """The top of the checkout."""
        return self.place.top

    @property
    def bare(self) -> bool:
        """Whether there is no checkout."""
        return self.place.bare

    @property
    def fingerprint(self) -> str:
        """A name for this repository's folder in the state: the same for all its checkouts."""
        own = self.place.common_dir
        name = own.parent.name if own.name == ".git" else own.name
        key = hashlib.sha256(os.fsencode(own) + b"\0" + self.object_format.encode()).hexdigest()
        return f"{re.sub(r'[^A-Za-z0-9._-]', '_', name)[:40].lstrip('.-') or 'repository'}-{key[:12]}"

    @property
    def null_oid(self) -> str:
        """The name of no object."""
        return "0" * (64 if self.object_format == "sha256" else 40)

    def resolve(self, rev: str) -> str:
        """The commit that a user's word names.

        Raises:
            UsageError: there is no such commit; for a repository without commits this is said.
        """
        oid = self._peel(rev, "commit")
        if oid:
            return oid
        if rev == "HEAD":
            raise UsageError(
                f"The repository at {self.top} has no commit yet.",
                remedy="Commit first: `git add -A && git commit`. `improver scan` needs no commit.",
            )
        raise UsageError(f"There is no commit `{shown(rev)}` in {self.top}.", remedy=self._where_it_may_be())

    def tree_of(self, rev: str) -> str:
        """The tree that a commit, tag or tree names.

        Raises:
            UsageError: there is none.
        """
        oid = self._peel(rev, "tree")
        if not oid:
            self.resolve("HEAD")  # an empty repository has a better explanation
            raise UsageError(f"`{shown(rev)}` names no tree in {self.top}.", remedy=self._where_it_may_be())
        return oid

    def entries(self, treeish: str, under: str = "") -> tuple[Entry, ...]:
        """Every file of a tree, links and submodules included, in git's order.

        Parameters:
            treeish: a commit or tree; an object's name, as `resolve` gives it, saves a question.
            under: only this file or what lies in this folder.
        """
        words = ["-r", "-z", "--full-tree", "-l", self._named(treeish), *(["--", under] if under else [])]
        status, output, _ = self.git.ls_tree(*words, with_extended_output=True)
        if status:  # sizes of objects that were never fetched cannot be told
            words.remove("-l")
            output = self.git.ls_tree(*words)
        return tuple(to_entry(record) for record in records(output))

    def blobs(self, oids: Iterable[str]) -> dict[str, bytes]:
        """The content of objects, by their names.

        Raises:
            GitFailed: an object is not there.
        """
        wanted = list(dict.fromkeys(oids))
        if not wanted:
            return {}
        asked = "".join(f"{oid}\n" for oid in wanted).encode()
        status, output, _ = self.git.cat_file("--batch", istream=asked, with_extended_output=True)
        found = batch(output)
        absent = [oid for oid in wanted if oid not in found]
        if absent or status:
            raise self._absent(absent)
        return found

    def read(self, treeish: str, path: str) -> tuple[bytes, str] | None:
        """Content and mode of one file of a tree; ``None`` where there is no such file."""
        found = [entry for entry in self.entries(treeish, path) if entry.path == path and entry.kind == "blob"]
        return (self.blobs([found[0].oid])[found[0].oid], found[0].mode) if found else None

    def ignored(self) -> tuple[str, ...]:
        """What lies in the checkout and git ignores, by the user's own list too; a folder ends in ``/``."""
        users = self.config("core.excludesFile") or os.environ.get("XDG_CONFIG_HOME", "~/.config") + "/git/ignore"
        settings = ("-c", f"core.excludesFile={Path(users).expanduser()}")
        words = ("--others", "--ignored", "--exclude-standard", "--directory", "-z")
        return tuple(map(to_path, records(self.git.execute(["git", *settings, "ls-files", *words]))))

    def attributes(self, paths: Sequence[str], names: Sequence[str], treeish: str) -> dict[str, dict[str, str]]:
        """The given gitattributes of paths, as a tree has them: ``set``, ``unset``, ``unspecified`` or a value."""
        if not paths:
            return {}
        asked = b"".join(to_bytes(path) + b"\0" for path in paths)
        with scratch() as folder:
            env = {"GIT_INDEX_FILE": f"{folder}/index"}
            whole = ("-c", "core.sparseCheckout=false", "-c", "index.sparse=false")
            self.git.execute(["git", *whole, "read-tree", self._named(treeish)], env=env)
            output = self.git.check_attr("--cached", "--stdin", "-z", *names, istream=asked, env=env)
        words = records(output)
        found: dict[str, dict[str, str]] = {path: {} for path in paths}
        for path, name, value in zip(words[::3], words[1::3], words[2::3], strict=True):
            found[to_path(path)][to_path(name)] = to_path(value)
        return found

    def status(self) -> Status:
        """In what state the checkout is; no filter runs and the index stays as it is."""
        return read_status(self.git, self.place)

    def changes(self, base: str, head: str, *, most: int = 0) -> Change:
        """What differs between two trees, with whole contents; nothing counts as a rename.

        Parameters:
            most: bytes of the largest content to read; a larger one is `TOO_LARGE` instead. 0 reads all.

        Raises:
            UsageError: one of them does not exist.
            GitFailed: an object is not there.
        """
        first = self.treeish(base)
        output = self.git.diff_tree(*RAW, first, self.treeish(head))
        return Change(first, file_changes(output, capped(self.git, self.blobs, most)))

    def staged_changes(self, base: str = "HEAD", *, most: int = 0, index: str = "") -> Change:
        """What differs between a tree and the index.

        Parameters:
            most: as for `changes`.
            index: another index file than the checkout's own, as git names one to its hooks.

        Raises:
            UsageError: there is no commit yet.
            RunFailed: conflicts are not resolved, so that what will be committed is not known.
        """
        first = self.resolve(base) if base == "HEAD" else self.treeish(base)
        own = str(self.place.objects).replace("\\", "\\\\").replace('"', '\\"')
        with scratch() as folder:  # git writes trees when an index is sparse
            env = {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": f'"{own}"'}
            env |= {"GIT_INDEX_FILE": str(self.top / index)} if index else {}
            output = self.git.diff_index("--cached", "--ita-invisible-in-index", *RAW, first, env=env)
        require_merged(output)
        return Change(first, file_changes(output, capped(self.git, self.blobs, most)))

    def start(self) -> str:
        """The commit of HEAD; before the first one the tree without files, which git knows without having it."""
        return self._peel("HEAD", "commit") or to_word(self.git.hash_object("-t", "tree", "--stdin"))

    def treeish(self, rev: str) -> str:
        """The commit that a word names, else the tree.

        Raises:
            UsageError: there is neither.
        """
        return self._peel(rev, "commit") or self._peel(rev, "tree") or self.resolve(rev)

    def history(self, base: str, tip: str) -> tuple[Commit, ...]:
        """The commits that one commit has over another, the oldest first."""
        words = ("--reverse", "--topo-order", "--no-show-signature", "--format=%H%x00%T%n%B%x00", "-z")
        output = self.git.log(*words, f"{base}..{tip}", "--")
        parts = [part for part in records(output) if part]
        return tuple(Commit(to_word(oid), said) for oid, said in zip(parts[::2], parts[1::2], strict=True))

    def config(self, key: str) -> str:
        """One setting of git as the user has it, their own configuration included; empty when unset."""
        own = {name: os.environ.get(name) for name in ("HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL")}
        own["GIT_CONFIG_NOSYSTEM"] = None
        status, output, _ = self.git.execute(["git", "config", "-z", "--get", key], env=own, with_extended_output=True)
        return "" if status else to_path(output.rstrip(b"\0"))

    def remote_url(self, name: str = "origin") -> str:
        """The address of a remote as its repository has it; empty where there is none."""
        return self.config(f"remote.{name}.url")

    def branches(self) -> dict[str, str]:
        """The commit of every local branch, by its short name."""
        output = self.git.for_each_ref("--format=%(objectname) %(refname)", "refs/heads/")
        pairs = (line.split(b" ", 1) for line in output.splitlines())
        return {to_path(name).removeprefix("refs/heads/"): oid.decode() for oid, name in pairs}

    def may_name_branch(self, name: str) -> bool:
        """Whether git allows a branch of this short name; abbreviations such as ``@{-1}`` are no names."""
        if "\0" in name:
            return False
        status, output, _ = self.git.check_ref_format("--branch", name, with_extended_output=True)
        return not status and to_path(output).removesuffix("\n") == name

    def update_ref(self, name: str, new: str, old: str = "", who: tuple[str, str] = ("improver", "improver")) -> None:
        """Move a ref from one commit to another, or make it.

        Parameters:
            name: the whole name (``refs/heads/...``).
            old: where it must stand now; empty when it must not exist.
            who: name and address for the log of the ref.

        Raises:
            UsageError: git does not allow such a name.
            GitFailed: it stands elsewhere, or cannot be written.
        """
        status, _, _ = self.git.check_ref_format(name, with_extended_output=True)
        if status:
            raise UsageError(f"`{shown(name)}` cannot be the name of a branch.")
        env = {"GIT_COMMITTER_NAME": who[0], "GIT_COMMITTER_EMAIL": who[1]}
        self.git.update_ref("-m", "improver", "--", name, new, old or self.null_oid, env=env)

    def _named(self, treeish: str) -> str:
        is_name = len(treeish) == len(self.null_oid) and set(treeish) <= set("0123456789abcdef")
        return treeish if is_name else self.tree_of(treeish)

    def _peel(self, rev: str, kind: str) -> str:
        if not rev or rev.startswith("-") or any(character in rev for character in "\0\n"):
            raise UsageError(f"`{shown(rev)}` cannot name a commit.")
        found = self._verified(rev) if ":" in rev else rev  # what follows a colon belongs to a path or a message
        return found and self._verified(f"{found}^{{{kind}}}")

    def _verified(self, rev: str) -> str:
        words = ("--verify", "--quiet", "--end-of-options", rev)
        status, output, _ = self.git.rev_parse(*words, with_extended_output=True)
        return "" if status else to_word(output)

    def _where_it_may_be(self) -> str:
        if (self.place.common_dir / "shallow").exists():
            return "The clone is shallow: `git fetch --deepen=100` brings more of its history, `--unshallow` all of it."
        return "`git log --all --oneline` lists what is there."

    def _absent(self, oids: Sequence[str]) -> GitFailed:
        named = f"Object {oids[0]} is" if len(oids) == 1 else f"{len(oids)} objects are"
        return GitFailed(
            f"{named} not in {self.place.objects}: the clone is partial or damaged.",
            left="Nothing was changed, and nothing was fetched.",
            remedy="Bring them with `git fetch --refetch --filter=blob:limit=1g`, or clone without `--filter`.",
        )


def _command(place: Place) -> Git:
    program = find_git(outside=place.top)
    for name in [name for name in os.environ if name.startswith("GIT_PYTHON")]:
        del os.environ[name]
    os.environ["GIT_PYTHON_GIT_EXECUTABLE"] = str(program)  # GitPython asks for its version when imported
    os.environ["GIT_PYTHON_REFRESH"] = "quiet"
    from improver.git.command import Git  # noqa: PLC0415 - 60 ms that work without git need not wait for

    return Git(program, place)
