"""Projects that look for what is not theirs."""

from __future__ import annotations

from hostile.case import Case, Harm


def _leaks(name: str, code: str, **links: str) -> Case:
    return Case(name, Harm.LEAKED, code, links={key.replace("_", "."): value for key, value in links.items()})


def _calls(name: str, code: str) -> Case:
    return Case(name, Harm.CALLED, code)


_SEARCH_MEMORY = """
with open(f"/proc/{victim}/maps") as maps, open(f"/proc/{victim}/mem", "rb", 0) as memory:
    for line in maps:
        if "[stack]" in line or "[heap]" in line:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            memory.seek(start)
            print(memory.read(end - start))
"""

_ATTACH = """
libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
if libc.ptrace(16, victim, None, None) == 0:
    print("GAINED")
    os.waitpid(victim, 0)
    libc.ptrace(17, victim, None, None)
"""

_SEGMENT = """
libc.shmat.restype = ctypes.c_void_p
segment = libc.shmget(plan["key"], 0, 0)
if segment >= 0:
    print(ctypes.string_at(libc.shmat(segment, None, 0o10000)))
"""

READING = (
    _leaks("reads a file outside", "print((outside / 'secret').read_text())"),
    _leaks("climbs out of its folder", "print(open(os.path.relpath(outside / 'secret')).read())"),
    _leaks(
        "reads through a link that it makes",
        "link = results / 'link'\nlink.symlink_to(outside / 'secret')\nprint(link.read_text())",
    ),
    _leaks("reads through a link of the repository", "print(open('notes.txt').read())", notes_txt="outside/secret"),
    _leaks("walks through a link to a folder", "print(open('folder.d/secret').read())", folder_d="outside"),
    _leaks(
        "makes a hard link to a file outside",
        "os.link(outside / 'secret', results / 'copy')\nprint((results / 'copy').read_text())",
    ),
    _leaks("reads a key below home", "print((home / '.ssh/id').read_text())"),
    _leaks("asks where home is", "print((Path.home() / '.netrc').read_text())"),
    _leaks("reads git's settings", "print((checkout / '.git/config').read_text())"),
    _leaks("reads the history", "print(subprocess.check_output(['git', 'log', '--all', '--format=%B'], cwd=checkout))"),
    _leaks("reads what git ignores", "print((checkout / '.env').read_text())"),
    _leaks("prints the environment", "print(dict(os.environ))"),
    _leaks("starts a shell that prints the environment", "print(subprocess.check_output(['/bin/sh', '-c', 'set']))"),
    _leaks(
        "reads the environment of all processes",
        """
for path in Path("/proc").glob("[0-9]*/environ"):
    try: print(path.read_bytes())
    except OSError: pass
""",
    ),
    _leaks(
        "reads the command lines of all processes",
        """
for path in Path("/proc").glob("[0-9]*/cmdline"):
    try: print(path.read_bytes())
    except OSError: pass
""",
    ),
    _leaks(
        "reads what another process has open",
        """
for path in Path(f"/proc/{victim}/fd").iterdir():
    if path.readlink().name == "secret": print(path.read_text())
""",
    ),
    _leaks(
        "reads below the root of another process", "print(Path(f'/proc/{victim}/root{outside}/secret').read_text())"
    ),
    _leaks("reads in the folder of another process", "print(Path(f'/proc/{victim}/cwd/secret').read_text())"),
    _leaks("searches the memory of another process", _SEARCH_MEMORY),
    Case("traces another process", Harm.GAINED, _ATTACH),
    _leaks(
        "reads what it inherits",
        """
for number in range(3, 256):
    try: print(os.pread(number, 1000, 0))
    except OSError: pass
""",
    ),
    _leaks("reads standard input", "print(sys.stdin.read())"),
    _leaks("reads a named segment of shared memory", "print(Path(f'/dev/shm/planted-{token}').read_text())"),
    _leaks("attaches a numbered segment of shared memory", _SEGMENT),
    _leaks(
        "copies a secret into its results",
        """
import shutil
shutil.copy(outside / "secret", results / "report.json")
print((results / "report.json").read_text())
""",
    ),
    _calls("connects over the loopback", "socket.create_connection(('127.0.0.1', plan['tcp']), 2)"),
    _calls("connects by another address of the loopback", "socket.create_connection(('0.0.0.0', plan['tcp']), 2)"),
    _calls(
        "connects by the long form of the address",
        """
with socket.socket(socket.AF_INET6) as stream:
    stream.connect((f"::ffff:127.0.0.1", plan["tcp"]))
""",
    ),
    _calls(
        "lets another program connect",
        """
code = f"import socket; socket.create_connection(('127.0.0.1', {plan['tcp']}), 2)"
subprocess.run([sys.executable, "-S", "-c", code], check=True)
""",
    ),
    _calls(
        "sends a datagram",
        """
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stream:
    stream.sendto(b"secret", ("127.0.0.1", plan["udp"]))
""",
    ),
    _calls(
        "asks the agent for keys",
        """
os.chdir(os.path.dirname(os.environ.get("SSH_AUTH_SOCK", outside / "agent")))
socket.socket(socket.AF_UNIX).connect("agent")
""",
    ),
    _calls("asks the container engine", "os.chdir(outside)\nsocket.socket(socket.AF_UNIX).connect('docker.sock')"),
    _calls("calls the bus", "socket.socket(socket.AF_UNIX).connect(plan['bus'])"),
    _calls(
        "writes to the log",
        """
os.chdir(outside)
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"line", "log")
""",
    ),
)
