"""A folder for what git needs for the moment, such as an index of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from improver.errors import RunFailed


@contextmanager
def scratch() -> Iterator[str]:
    """A folder that is gone afterwards.

    Raises:
        RunFailed: it, or what is put into it, cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="improver-") as folder:
            yield folder
    except OSError as error:
        raise RunFailed(
            f"The folder for temporary files cannot be written: {error.strerror}.",
            left="The repository is as it was.",
            remedy="Free the disk, or set TMPDIR to a folder that you may write.",
        ) from error
