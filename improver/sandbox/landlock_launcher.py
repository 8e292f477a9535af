"""Builds walls around itself and becomes the program. Started as a script, with nothing but the standard library.

Three processes: the *guard*, which dies with improver or by its hand; the *keeper*, out of its session, which ends
all that was started as soon as the program or the guard has ended; and the program. Only the keeper's Landlock
domain holds the program's, so that it can signal everything inside and nothing else, and cannot be signalled.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import stat
import struct
import sys
from contextlib import suppress
from typing import Any, NoReturn

with suppress(ImportError):  # the module is read on Windows, and never run there
    import resource

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_BENEATH = 1
_OF_FILES = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15
_SIGNALS = 1 << 1
_DEATH, _REAPER, _NO_NEW, _SECCOMP, _DROP, _AMBIENT, _SECUREBITS = 1, 36, 38, 22, 24, 47, 28
_CAPABILITIES_VERSION = 0x20080522
_LOCKED = 0x2F
_LAST_CAPABILITY = 63
if sys.platform != "win32":
    _LIBRARY = ctypes.CDLL(None, use_errno=True)


def main(config: dict[str, Any], status: int) -> None:
    """Run what is configured, and say on `status` how it ended."""
    os.set_inheritable(status, False)
    _die_with(config["parent"])
    guard = os.getpid()
    try:
        _rule_over_what_follows(config["parent"])
    except OSError as error:
        _say(status, failed=str(error))
        return
    start, end = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        os.close(end)
        _keep(config, status, start, guard)
    os.close(start)
    os.waitpid(keeper, 0)
    _end_all()  # nothing is left, unless the keeper was ended by the system for want of memory


def _rule_over_what_follows(*outside: int) -> None:
    """Begin a domain that later processes belong to, and get those of them that lose their parent."""
    _set(_NO_NEW, 1)
    _set(_REAPER, 1)
    _restrict(_ruleset(0, 0, _SIGNALS))
    for other in outside:
        _must_not_reach(other)


def _keep(config: dict[str, Any], status: int, guard_alive: int, guard: int) -> NoReturn:
    """Start the program, wait for its end or the guard's, and end everything."""
    try:
        os.setsid()
        _rule_over_what_follows(guard, config["parent"])
        _say(status, keeper=os.getpid())
        wake, code = _waker(), None
        keeper = os.getpid()
        child = os.fork()
        if child == 0:
            _become(config, status, keeper)
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        poll.register(guard_alive, select.POLLIN)
        while code is None and all(number != guard_alive for number, _ in poll.poll()):
            os.read(wake, 1024)
            code = _reaped(child)
        _end_all()
        if code is None:  # improver may be gone as well
            shutil.rmtree(config["scratch"], ignore_errors=True)
        else:
            _say(status, exit=code)
    except BaseException as error:
        _say(status, failed=str(error))
    os._exit(0)


def _must_not_reach(other: int) -> None:
    """Whoever is outside must be out of reach before anything is signalled."""
    try:
        os.kill(other, 0)
    except OSError:
        return
    raise OSError("the kernel lets signals out")


def _waker() -> int:
    start, end = os.pipe()
    os.set_blocking(start, False)
    os.set_blocking(end, False)
    signal.set_wakeup_fd(end, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return start


def _reaped(child: int) -> int | None:
    """Take away all that ended; the child's exit code, if it is among them."""
    code = None
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
    return code


def _end_all() -> None:
    """Kill all of the domain in one step, which no fork outruns, until none is left."""
    with suppress(ChildProcessError):
        while True:
            with suppress(OSError):
                os.kill(-1, signal.SIGKILL)
            os.waitpid(-1, 0)


def _become(config: dict[str, Any], status: int, keeper: int) -> NoReturn:
    try:
        _die_with(keeper)
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        _be_the_first_to_lack_memory()
        for kind, value in config["limits"]:
            resource.setrlimit(kind, (value, value))
        os.chdir(config["workdir"])
        _confine(config)
        _close_all_but(status)
    except BaseException as error:
        _say(status, failed=f"{error}")
        os._exit(126)
    try:
        os.execvpe(config["argv"][0], config["argv"], config["environ"])  # noqa: S606
    except OSError as error:
        os.write(2, f"{config['argv'][0]}: {error.strerror}\n".encode(errors="replace"))
    except ValueError as error:
        _say(status, failed=f"{error}")
    os._exit(127)


def _confine(config: dict[str, Any]) -> None:
    """From here on nothing is given back."""
    rules = _ruleset(config["files"], config["network"], config["scopes"])
    for path, rights in [*config["rules"], (f"/proc/{os.getpid()}", config["own"])]:
        _allow(rules, path, rights)
    _drop_capabilities()
    _restrict(rules)
    code = bytes.fromhex(config["filter"])
    steps = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, ctypes.addressof(steps)))
    _set(_SECCOMP, 2, ctypes.addressof(program))


def _ruleset(files: int, network: int, scopes: int) -> int:
    asked = struct.pack("=QQQ", files, network, scopes)
    return _call(_CREATE, asked, ctypes.c_size_t(len(asked)), ctypes.c_uint(0))


def _allow(rules: int, path: str, rights: int) -> None:
    """Let a file or a folder and all below it be used; what is not there needs no rule."""
    try:
        found = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not stat.S_ISDIR(os.fstat(found).st_mode):
        rights &= _OF_FILES
    rule = struct.pack("=Qi", rights, found)
    _call(_ADD, ctypes.c_int(rules), ctypes.c_int(_BENEATH), rule, ctypes.c_uint(0))
    os.close(found)


def _restrict(rules: int) -> None:
    _call(_RESTRICT, ctypes.c_int(rules), ctypes.c_uint(0))
    os.close(rules)


def _drop_capabilities() -> None:
    """All of them, also those that a root's next program would gain."""
    with suppress(OSError):
        _set(_SECUREBITS, _LOCKED)
    for number in range(_LAST_CAPABILITY + 1):
        with suppress(OSError):
            _set(_DROP, number)
    with suppress(OSError):
        _set(_AMBIENT, 4)
    header = struct.pack("=Ii", _CAPABILITIES_VERSION, 0)
    if _LIBRARY.capset(header, bytes(24)) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _be_the_first_to_lack_memory() -> None:
    with suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("500")


def _close_all_but(kept: int) -> None:
    os.closerange(3, kept)
    os.closerange(kept + 1, 1 << 20)


def _die_with(parent: int) -> None:
    _set(_DEATH, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _set(option: int, *values: int) -> None:
    words = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    if _LIBRARY.prctl(ctypes.c_int(option), *words) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}: {os.strerror(ctypes.get_errno())}")


def _call(number: int, *words: Any) -> int:
    answer = int(_LIBRARY.syscall(ctypes.c_long(number), *words))
    if answer < 0:
        raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
    return answer


def _say(status: int, **what: object) -> None:
    with suppress(OSError):
        os.write(status, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    with os.fdopen(int(sys.argv[1]), "rb") as _stream:
        _config = json.load(_stream)
    main(_config, int(sys.argv[2]))
