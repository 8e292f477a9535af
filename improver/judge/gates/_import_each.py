"""Imports modules, each in a process of its own, and says which imported. Runs in the target's interpreter.

It reads one JSON document from standard input, ``{"modules": [...], "seconds": 30, "token": "..."}``,
and writes one line for each module: the token, then JSON. Standard library alone; Python 3.8 and newer.
"""

# Old interpreters, and nothing imported before it is needed:
# ruff: noqa: PTH100, UP031, PLC0415, SIM105

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST = 400


def main() -> None:
    """Answer on the real standard output, which the modules never see."""
    asked = json.load(sys.stdin)
    answers = os.dup(1)
    os.set_inheritable(answers, False)
    os.dup2(2, 1)
    sys.path[:] = [entry for entry in sys.path if entry]
    for name in asked["modules"]:
        found = _forked(name, asked["seconds"], answers)
        line = "%s %s\n" % (asked["token"], json.dumps(dict(found, module=name)))
        os.write(answers, line.encode("ascii"))


def _forked(name: str, seconds: float, answers: int) -> dict[str, Any]:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(answers)
        os.close(read)
        os.setpgid(0, 0)
        _in_child(name, write)
    os.close(write)
    try:
        said = _until(read, seconds)
    finally:
        os.close(read)
        _end(child)
    return said


def _in_child(name: str, write: int) -> None:
    status = 1
    try:
        os.write(write, json.dumps(_imported(name)).encode("ascii"))
        status = 0
    finally:
        os._exit(status)


def _imported(name: str) -> dict[str, Any]:
    import importlib

    try:
        module = importlib.import_module(name)
    except BaseException as error:  # SystemExit too: a module must not end the program
        text = "%s: %s" % (type(error).__name__, error)
        return {"ok": False, "error": text.encode("ascii", "backslashreplace").decode("ascii")[:LONGEST]}
    file = getattr(module, "__file__", None) or ""
    return {"ok": True, "file": os.path.abspath(file) if isinstance(file, str) and file else ""}


def _until(read: int, seconds: float) -> dict[str, Any]:
    """What the child says until it closes the pipe or the time is over."""
    deadline, said = time.monotonic() + seconds, b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([read], [], [], left)[0]:
            return {"ok": False, "late": True, "error": "it was not through after %g seconds" % seconds}
        part = os.read(read, 1 << 16)
        said += part
        if not part or said.endswith(b"}"):
            break
    try:
        return dict(json.loads(said.decode("ascii")))
    except ValueError:
        return {"ok": False, "error": "the process ended in the middle of the import"}


def _end(child: int) -> None:
    try:
        os.killpg(child, signal.SIGKILL)
    except OSError:  # it is not yet, or no longer, the leader of a group
        pass
    try:
        os.kill(child, signal.SIGKILL)
    finally:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
