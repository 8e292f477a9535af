"""What a user can do where bubblewrap does not stand, narrowest first."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

_INSTALL = {
    "debian": "sudo apt install bubblewrap",
    "ubuntu": "sudo apt install bubblewrap",
    "fedora": "sudo dnf install bubblewrap",
    "rhel": "sudo dnf install bubblewrap",
    "arch": "sudo pacman -S bubblewrap",
    "alpine": "sudo apk add bubblewrap",
    "suse": "sudo zypper install bubblewrap",
    "opensuse": "sudo zypper install bubblewrap",
    "nixos": "add pkgs.bubblewrap to the environment",
}
_APPARMOR = (
    "AppArmor keeps ordinary programs from making user namespaces here. Load the distribution's profile for bwrap: "
    "`sudo apt install apparmor-profiles && "
    "sudo cp /usr/share/apparmor/extra-profiles/bwrap-userns-restrict /etc/apparmor.d/ && "
    "sudo apparmor_parser -r /etc/apparmor.d/bwrap-userns-restrict`. "
    "In throw-away CI: `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`."
)
_CONTAINER = (
    "This is a container, and its profile forbids namespaces or mounting /proc. Run improver outside of it, or start "
    "it with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined "
    "--security-opt systempaths=unconfined`."
)
_NOT_LINUX = (
    "Bubblewrap needs Linux. Run propose and verify in WSL2, a Linux virtual machine, a dev container or the nightly "
    "job; scan, risk, show, review and report work here."
)
_LANDLOCK_ENOUGH = 6
_LANDLOCK_OLD = (
    "The sandbox landlock needs Linux 6.12 or newer, with `landlock` among its security modules "
    "(`cat /sys/kernel/security/lsm`; add it by the kernel's word `lsm=`), and in a container a profile that lets "
    "the calls landlock_create_ruleset, landlock_add_rule and landlock_restrict_self pass."
)
REDUCED = (
    "`--sandbox landlock` is a reduced sandbox that needs no namespaces; what it does not hold is written into the "
    "evidence."
)
UNSANDBOXED = (
    "`--allow-unsandboxed` would run the project's code with your own rights: your files, keys and network are in its "
    "reach, and the evidence says so."
)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")[:4096].strip()
    except OSError:
        return ""


def advice(words: str, read: Callable[[str], str] = _read, platform: str = sys.platform) -> str:
    """The narrowest remedy for this system.

    Parameters:
        words: what the system said, or ``not installed`` or ``old``.
        read: the content of a file of the system, empty where there is none.
    """
    if platform != "linux":
        return _NOT_LINUX
    if words == "not installed":
        return f"Install it: {_install(read)}."
    if words == "old":
        return f"Install a newer one: {_install(read)}."
    return _kernel(words, read)


def landlock_advice(version: int, platform: str = sys.platform) -> str:
    """What helps where Landlock does not stand.

    Parameters:
        version: of the kernel's Landlock, 0 where it has none.
    """
    if platform != "linux":
        return _NOT_LINUX
    return "Use bubblewrap: leave `--sandbox landlock` out." if version >= _LANDLOCK_ENOUGH else _LANDLOCK_OLD


def _kernel(words: str, read: Callable[[str], str]) -> str:
    if read("/proc/sys/user/max_user_namespaces") == "0":
        return "User namespaces are switched off: `sudo sysctl -w user.max_user_namespaces=10000`."
    if read("/proc/sys/kernel/unprivileged_userns_clone") == "0":
        return "User namespaces are switched off: `sudo sysctl -w kernel.unprivileged_userns_clone=1`."
    if read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
        return _APPARMOR
    if _in_container(read):
        return _CONTAINER
    if re.search(r"uid map|RTM_NEWADDR|namespace|Operation not permitted|Permission denied", words):
        return "The kernel or a security module forbids user namespaces; allow them for bwrap."
    return "Try `bwrap --unshare-all --ro-bind / / true` to see what this system forbids."


def _in_container(read: Callable[[str], str]) -> bool:
    marks = any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv"))
    return marks or bool(re.search(r"docker|containerd|kubepods|lxc", read("/proc/1/cgroup")))


def _install(read: Callable[[str], str]) -> str:
    names = re.findall(r'^ID(?:_LIKE)?="?([^"\n]*)', read("/etc/os-release"), re.MULTILINE)
    for name in " ".join(names).split():
        if name in _INSTALL:
            command = _INSTALL[name]
            return f"`{command}`" if command.startswith("sudo") else command
    return "the package `bubblewrap` of your distribution (the one of that name on PyPI is something else)"
