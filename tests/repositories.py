"""Real git repositories for tests, made with the git of the machine and no settings of its user."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ENVIRON = {
    "PATH": os.defpath,
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_DATE": "1700000000 +0000",
}


@dataclass(frozen=True)
class Checkout:
    """A checkout that a test acts on as its owner would."""

    path: Path

    @classmethod
    def make(cls, path: Path, files: Mapping[str, bytes] | None = None, object_format: str = "sha1") -> Checkout:
        path.mkdir(parents=True)
        made = cls(path)
        made.git("init", "-q", "-b", "main", f"--object-format={object_format}")
        if files:
            made.commit(files)
        return made

    def git(self, *words: str, stdin: bytes = b"") -> str:
        return self.raw(*words, stdin=stdin).decode("utf-8", "surrogateescape").strip()

    def raw(self, *words: str, stdin: bytes = b"") -> bytes:
        command = ["git", "-c", "protocol.file.allow=always", *words]
        done = subprocess.run(command, cwd=self.path, env=ENVIRON, input=stdin, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def write(self, files: Mapping[str, bytes]) -> None:
        for name, content in files.items():
            file = Path(os.fsdecode(os.fsencode(self.path) + b"/" + name.encode("utf-8", "surrogateescape")))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def commit(self, files: Mapping[str, bytes] | None = None, message: str = "Change") -> str:
        self.write(files or {})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def clone(self, path: Path, *words: str) -> Checkout:
        self.git("clone", "-q", *words, f"file://{self.path}", str(path))
        return Checkout(path)

    def photograph(self, *but: str) -> dict[str, object]:
        """Everything that git keeps and everything in the checkout, but for paths that begin so."""
        seen: dict[str, object] = {}
        for file in sorted(self.path.rglob("*")):
            name = str(file.relative_to(self.path))
            if name.startswith(but):
                continue
            if file.is_symlink():
                seen[name] = str(file.readlink())
            else:
                seen[name] = file.read_bytes() if file.is_file() else "folder"
                seen[f"{name} when"] = file.stat().st_mtime_ns if file.is_file() else 0
        seen["refs"] = self.git("for-each-ref")
        seen["worktrees"] = self.git("worktree", "list", "--porcelain")
        seen["status"] = self.git("status", "--porcelain=v2", "--branch")
        return seen
