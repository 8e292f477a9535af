"""The command and `python -m improver`: the same, and quiet when it is interrupted while it loads."""

from __future__ import annotations

import sys


def start() -> None:
    """Run the command line; an interruption that comes before it can explain itself ends with its code alone."""
    try:
        from improver.cli import main  # noqa: PLC0415 - loading takes long enough to be interrupted

        main()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)


if __name__ == "__main__":
    start()
