"""Projects that take too much, or that stay when they should be gone."""

from __future__ import annotations

from dataclasses import replace

from hostile.case import LIMITS, Case, Harm

_SHORT = replace(LIMITS, seconds=0.7)
_SMALL = replace(LIMITS, memory=64 << 20)


def _stays(name: str, code: str, *, stopped: str = "") -> Case:
    return Case(name, Harm.OUTLIVED, code, limits=_SHORT if stopped else LIMITS, stopped=stopped)


def _takes(name: str, stopped: str, code: str) -> Case:
    limits = _SMALL if stopped == "memory" else LIMITS
    return Case(name, Harm.GAINED, code + "\nprint('GAINED')", limits=limits, stopped=stopped)


def _floods(name: str, code: str) -> Case:
    return Case(name, Harm.FLOODED, code, stopped="output", refused=True)


_DAEMON = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        linger()
    os._exit(0)
"""

_CHAIN = """
if os.fork() == 0:
    for number in (0, 1, 2):
        os.close(number)
    for _ in range(100000):
        if os.fork(): os._exit(0)
        os.setsid()
        time.sleep(0.05)
"""

_MANY_SMALL = """
processes = []
for _ in range(4):
    code = "import time; x = b'x' * (24 << 20); print(1, flush=True); time.sleep(60)"
    processes.append(subprocess.Popen([sys.executable, "-S", "-c", code, token], stdout=subprocess.PIPE))
for process in processes: process.stdout.readline()
time.sleep(0.5)
for process in processes: process.kill()
"""

LASTING = (
    _stays("leaves a child", "if os.fork() == 0:\n    linger()"),
    _stays("leaves a child in a session of its own", "if os.fork() == 0:\n    os.setsid()\n    linger()"),
    _stays("leaves a daemon", _DAEMON),
    _stays(
        "leaves a child that ignores every signal",
        """
if os.fork() == 0:
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}: signal.signal(number, signal.SIG_IGN)
    linger()
""",
    ),
    _stays(
        "leaves a child that has stopped itself", "if os.fork() == 0:\n    os.setsid()\n    os.kill(os.getpid(), 19)"
    ),
    _stays("leaves a child that holds its output open", "if os.fork() == 0:\n    os.setsid()\n    time.sleep(3)"),
    _stays(
        "leaves another program",
        """
words = ["/bin/sh", "-c", "sleep 60; exit", token]
subprocess.Popen(words, stdin=-3, stdout=-3, stderr=-3, start_new_session=True)
""",
    ),
    _stays("changes its process id all the time", _CHAIN),
    _stays("leaves many", "for _ in range(12):\n    if os.fork() == 0:\n        os.setsid()\n        linger()"),
    _stays("ignores being told to end", "signal.signal(15, signal.SIG_IGN)\ntime.sleep(60)", stopped="time"),
    _stays(
        "never ends in a thread",
        """
signal.signal(15, signal.SIG_IGN)
threading.Thread(target=threading.Event().wait).start()
""",
        stopped="time",
    ),
    _stays("leaves a daemon, and waits", _DAEMON + "time.sleep(60)", stopped="time"),
    Case("leaves a file in shared memory", Harm.LEFT, "Path(f'/dev/shm/left-{token}').touch()"),
    Case("leaves a file where all may write", Harm.LEFT, "Path(f'/tmp/left-{token}').touch()"),
    _takes("takes memory", "memory", "x = b'x' * (160 << 20)\ntime.sleep(0.5)"),
    _takes("takes memory in many processes", "memory", _MANY_SMALL),
    _takes(
        "takes memory that all share",
        "memory",
        """
import mmap
x = mmap.mmap(-1, 160 << 20)
x.write(b"x" * (160 << 20))
time.sleep(0.5)
""",
    ),
    _takes(
        "takes memory in a file without a name",
        "memory",
        """
for number in [os.memfd_create("x") for _ in range(8)]: os.posix_fallocate(number, 0, 20 << 20)
time.sleep(0.5)
""",
    ),
    _takes(
        "starts many processes",
        "processes",
        """
children = []
for _ in range(60):
    children.append(os.fork())
    if children[-1] == 0: time.sleep(2); os._exit(0)
time.sleep(0.5)
for child in children: os.kill(child, 9)
""",
    ),
    Case(
        "starts many threads",
        Harm.GAINED,
        """
threading.stack_size(64 << 10)
for _ in range(800): threading.Thread(target=threading.Event().wait, daemon=True).start()
time.sleep(0.3)
print("GAINED", flush=True)
os._exit(0)
""",
        stopped="processes",
        refused=True,
    ),
    _takes("writes a file that is too large", "", "os.posix_fallocate(os.open(results / 'x', 66), 0, 30 << 20)"),
    _takes(
        "fills the disk with its results",
        "disk",
        """
for name in "abc": os.posix_fallocate(os.open(results / name, os.O_RDWR | os.O_CREAT), 0, 20 << 20)
time.sleep(1)
""",
    ),
    _takes(
        "fills the disk with its tree",
        "disk",
        """
for name in "abc": os.posix_fallocate(os.open(name, os.O_RDWR | os.O_CREAT), 0, 20 << 20)
time.sleep(1)
""",
    ),
    _takes(
        "fills the folder for what is temporary",
        "",
        """
import tempfile
with tempfile.TemporaryFile() as stream: os.posix_fallocate(stream.fileno(), 0, 20 << 20)
""",
    ),
    _takes(
        "fills home",
        "",
        """
with open(Path(os.environ["HOME"], "x"), "wb") as stream: os.posix_fallocate(stream.fileno(), 0, 20 << 20)
""",
    ),
    _takes(
        "raises its own limits",
        "",
        """
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
if hard != resource.RLIM_INFINITY: resource.setrlimit(resource.RLIMIT_FSIZE, (hard * 2, hard * 2))
""",
    ),
    Case(
        "prints without end",
        Harm.FLOODED,
        "for _ in range(400): os.write(1, b'x' * 65536)",
        stopped="output",
        refused=True,
    ),
    Case(
        "complains without end",
        Harm.FLOODED,
        "for _ in range(400): os.write(2, b'x' * 65536)",
        stopped="output",
        refused=True,
    ),
)
