"""Where the target's code runs: a throw-away worktree behind walls, with limits."""
