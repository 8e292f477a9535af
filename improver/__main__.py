"""`python -m improver`: the same as the command."""

from __future__ import annotations

from improver.cli import main

if __name__ == "__main__":
    main()
