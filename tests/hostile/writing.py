"""Projects that change what is not theirs, or touch processes of others."""

from __future__ import annotations

from hostile.case import Case, Harm


def _changes(name: str, code: str) -> Case:
    return Case(name, Harm.CHANGED, code)


def _touches(name: str, code: str, *, root: bool = False) -> Case:
    return Case(name, Harm.TOUCHED, code, root=root)


def _gains(name: str, code: str) -> Case:
    """It gains what only root has at all."""
    return Case(name, Harm.GAINED, code, root=True)


_REMOUNT = """
libc.mount(None, str(environment).encode(), None, 32 | 4096, None)
(environment / "lib/module.py").write_text("evil")
"""

_NESTED = """
CLONE_NEWUSER, CLONE_NEWNS = 0x10000000, 0x00020000
if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0:
    print("GAINED")
"""

_OPEN_HANDLE = """
class Handle(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint), ("kind", ctypes.c_int), ("data", ctypes.c_ubyte * 128)]

handle, mount = Handle(128), ctypes.c_int()
top = os.open(".", os.O_RDONLY)
assert libc.name_to_handle_at(-100, b"plan.json", ctypes.byref(handle), ctypes.byref(mount), 0) == 0
if libc.open_by_handle_at(top, ctypes.byref(handle), os.O_RDONLY) >= 0:
    print("GAINED")
"""

WRITING = (
    _changes("overwrites a file outside", "(outside / 'secret').write_text('gone')"),
    _changes("makes a file outside", "(outside / 'mark').touch()"),
    _changes("removes a file outside", "(outside / 'secret').unlink()"),
    _changes("renames a file outside", "(outside / 'secret').rename(outside / 'other')"),
    _changes("makes a program outside executable", "(outside / 'tool').chmod(0o4755)"),
    _changes("sets a time outside", "os.utime(outside / 'secret', (0, 0))"),
    _changes("writes through a link", "(results / 'l').symlink_to(outside / 'mark')\n(results / 'l').write_text('x')"),
    _changes("hangs a hard link on a file outside", "os.link(outside / 'secret', outside / 'second')"),
    _changes("takes a folder outside away", "import shutil\nshutil.rmtree(outside)"),
    _changes("adds to the start of every shell", "(home / '.bashrc').write_text('evil')"),
    _changes("adds a key to home", "(home / '.ssh/authorized_keys').write_text('evil')"),
    _changes("adds a module that every Python loads", "(environment / 'lib/evil.pth').write_text('import evil')"),
    _changes("overwrites a module of the environment", "(environment / 'lib/module.py').write_text('evil')"),
    _changes(
        "allows itself to write, then overwrites",
        "environment.chmod(0o777)\n(environment / 'lib/module.py').chmod(0o666)\n"
        "(environment / 'lib/module.py').write_text('evil')",
    ),
    _changes("mounts the environment writable", _REMOUNT),
    _changes(
        "puts a hook into the repository",
        """
(checkout / ".git/hooks").mkdir(exist_ok=True)
(checkout / ".git/hooks/pre-commit").write_text("#!/bin/sh")
""",
    ),
    _changes(
        "sets a program in git's settings",
        """
subprocess.run(["git", "config", "core.fsmonitor", "./evil"], cwd=checkout, check=True)
""",
    ),
    _changes(
        "removes objects of the repository",
        """
for path in (checkout / ".git/objects").glob("??/*"):
    path.unlink()
""",
    ),
    _changes("moves a branch", "(checkout / '.git/refs/heads/evil').write_text('0' * 40)"),
    _changes(
        "commits",
        """
words = ["git", "-c", "user.name=Eve", "-c", "user.email=eve@example.org", "commit", "-qm", "evil", "--allow-empty"]
subprocess.run(words, cwd=checkout, check=True)
""",
    ),
    _changes("rewrites its own source", "(checkout / 'behaviour.py').write_text('pass')"),
    _changes("rewrites its own tests", "Path('test_behaviour.py').write_text('def test_it(): pass')"),
    _changes("removes itself", "Path('behaviour.py').unlink()\nPath('plan.json').unlink()"),
    _changes("puts modules that shadow others beside itself", "Path('json.py').write_text('evil')"),
    _changes("writes below the root of another process", "Path(f'/proc/{victim}/root{outside}/mark').touch()"),
    _changes("writes in the folder of another process", "Path(f'/proc/{victim}/cwd/mark').touch()"),
    _changes(
        "names files to trick whoever reads them",
        r"""
for name in ("-rf", "a\nb", "\x1b[2J", " ", "~", "$(touch x)", ".GIT", "nul", "x" * 255):
    Path(name).touch()
""",
    ),
    _changes(
        "locks a folder and nests others without end",
        """
Path("locked").mkdir()
Path("locked/file").touch()
for _ in range(300):
    os.mkdir("deep"); os.chdir("deep")
""",
    ),
    _touches("kills another process", "os.kill(victim, signal.SIGKILL)"),
    _touches("stops another process", "os.kill(victim, signal.SIGSTOP)\ntime.sleep(0.05)"),
    _touches("kills a group of processes", "os.killpg(victim, signal.SIGKILL)"),
    _touches("kills by a descriptor", "signal.pidfd_send_signal(os.pidfd_open(victim), signal.SIGKILL)"),
    _touches("slows another process down", "os.setpriority(os.PRIO_PROCESS, victim, 19)"),
    _touches("limits another process", "resource.prlimit(victim, resource.RLIMIT_NOFILE, (8, 8))"),
    _touches("offers another process to the kernel", "Path(f'/proc/{victim}/oom_score_adj').write_text('900')"),
    _touches("pins another process", "os.sched_setaffinity(victim, {min(os.sched_getaffinity(0))})"),
    _gains("makes a user namespace of its own", _NESTED),
    _gains("opens a file by its handle", _OPEN_HANDLE),
    _gains("becomes root", "os.setuid(0)\nprint('GAINED')"),
    _gains("becomes somebody else", "os.setgroups([])\nos.setuid(1)\nprint('GAINED')"),
    _gains("makes a device file", "os.mknod(results / 'null', 0o020666, os.makedev(1, 3))\nprint('GAINED')"),
    _gains("changes its root", "os.chroot(results)\nprint('GAINED')"),
    _gains("opens a setting of the kernel", "open('/proc/sys/kernel/core_pattern', 'r+')\nprint('GAINED')"),
    _gains("reads the system's passwords", "open('/etc/shadow')\nprint('GAINED')"),
    _gains("writes over the system's programs", "open('/usr/bin/env', 'r+b')\nprint('GAINED')"),
    _gains("rewrites the names of hosts", "open('/etc/hosts', 'r+')\nprint('GAINED')"),
)
