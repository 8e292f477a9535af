"""Files of the working tree are replaced whole: all of them, or none, and only those nobody has changed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from improver.errors import RunFailed, UsageError
from improver.values import FileChange

_LEFT = "No file was written."


@dataclass(frozen=True, slots=True)
class _Place:
    """A file seen from its own folder, which is held open so that no link can lead elsewhere."""

    change: FileChange
    folder: int
    name: str
    mode: int
    content: bytes

    @property
    def spare(self) -> str:
        """The file that is written first; the name is the same each time, so that a killed run leaves no second."""
        return f".{self.name}.improver-new"

    @property
    def wanted(self) -> bytes:
        """The new content, with the line ends that the file has in the working tree."""
        after = self.change.after or b""
        return after if self.content in (self.change.before, after) else _with_crlf(after)


def require_replaceable(top: Path, changes: Sequence[FileChange]) -> None:
    """Refuse what `replace_files` would refuse.

    Raises:
        UsageError: a file differs from the commit, is absent, or is reached through a link.
        RunFailed: a file cannot be read.
    """
    with ExitStack() as held:
        for change in changes:
            _find(top, change, held)


def replace_files(top: Path, changes: Sequence[FileChange]) -> None:
    """Give files of the working tree their new contents, keeping their permissions and line ends.

    Parameters:
        top: the top of the checkout.
        changes: files that exist before and after; ``before`` as the commit has it.

    Raises:
        UsageError: a file differs from the commit, is absent, or is reached through a link.
        RunFailed: a file cannot be read or written; all have their old contents.
    """
    with ExitStack() as held:
        places = [_find(top, change, held) for change in changes]
        try:
            for place in places:
                _write_spare(place, place.wanted)
            _swap(places)
        finally:
            for place in places:
                with suppress(FileNotFoundError):
                    os.unlink(place.spare, dir_fd=place.folder)


def _swap(places: Sequence[_Place]) -> None:
    done: list[_Place] = []
    try:
        for place in places:
            with _told(place.change.path, "written"):
                if _content(place.folder, place.name)[0] != place.content:
                    raise _changed(place.change.path)
                os.replace(place.spare, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
            done.append(place)
    except BaseException:
        for place in done:
            _write_spare(place, place.content)
            os.replace(place.spare, place.name, src_dir_fd=place.folder, dst_dir_fd=place.folder)
        raise


def _find(top: Path, change: FileChange, held: ExitStack) -> _Place:
    *folders, name = change.path.encode("utf-8", "surrogateescape").split(b"/")
    if any(step.lower() in (b"", b".", b"..", b".git") for step in (*folders, name)):
        raise UsageError(f"{change.path} leads out of the checkout.", left=_LEFT)
    with _told(change.path, "read"):
        folder = _opened(os.fsencode(top), None, held)
        for step in folders:
            folder = _opened(step, folder, held)
        content, mode = _content(folder, os.fsdecode(name))
    if change.before is None or change.after is None or content not in _expected(change.before, change.after):
        raise _changed(change.path)
    return _Place(change, folder, os.fsdecode(name), mode, content)


def _opened(name: bytes, within: int | None, held: ExitStack) -> int:
    links = 0 if within is None else os.O_NOFOLLOW
    folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | links, dir_fd=within)
    held.callback(os.close, folder)
    return folder


def _content(folder: int, name: str) -> tuple[bytes, int]:
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.ELOOP, "not a regular file")
        with os.fdopen(handle, "rb", closefd=False) as stream:
            return stream.read(), stat.S_IMODE(mode)
    finally:
        os.close(handle)


def _write_spare(place: _Place, content: bytes) -> None:
    with _told(place.change.path, "written"):
        with suppress(FileNotFoundError):
            os.unlink(place.spare, dir_fd=place.folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(place.spare, flags, 0o600, dir_fd=place.folder)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(handle, place.mode)
            os.fsync(handle)


def _expected(before: bytes, after: bytes) -> tuple[bytes, ...]:
    """What the file may hold: the committed content, or, where a run was killed half way, already the new one."""
    return before, _with_crlf(before), after, _with_crlf(after)


def _with_crlf(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _changed(path: str) -> UsageError:
    return UsageError(
        f"{path} differs from what is committed, and your changes would be overwritten.",
        left=_LEFT,
        remedy="Commit or stash them, or accept into a branch (without `--apply`).",
    )


@contextmanager
def _told(path: str, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise UsageError(f"{path} is reached through a link or is no file.", left=_LEFT) from error
        if error.errno == errno.ENOENT:
            raise UsageError(f"{path} is not in the working tree.", left=_LEFT) from error
        raise RunFailed(f"{path} cannot be {what}: {error.strerror}.", left=_LEFT) from error
