"""What the kernel is asked to refuse inside, whoever asks: a filter over system calls, made as data."""

from __future__ import annotations

import errno
import re
import struct
from collections.abc import Iterator

_DENIED = """
  acct=163/89 add_key=248/217 adjtimex=159/171 bind=49/200 bpf=321/280 chroot=161/51
     clock_adjtime=305/266 clock_settime=227/112 connect=42/203 delete_module=176/106 fanotify_init=300/262
     fanotify_mark=301/263 finit_module=313/273 fsconfig=431/431 fsmount=432/432 fsopen=430/430
     fspick=433/433 init_module=175/105 inotify_init=253/ inotify_init1=294/26 inotify_add_watch=254/27
     io_uring_enter=426/426 io_uring_register=427/427 io_uring_setup=425/425 ioperm=173/ iopl=172/
     ioprio_set=251/30 kcmp=312/272 kexec_file_load=320/294 kexec_load=246/104 keyctl=250/219
     listen=50/201 lookup_dcookie=212/18 memfd_secret=447/447 migrate_pages=256/238 mount=165/40
     mount_setattr=442/442 move_mount=429/429 move_pages=279/239 mq_open=240/180 mq_unlink=241/181
     msgctl=71/187 msgget=68/186 msgrcv=70/188 msgsnd=69/189 nfsservctl=180/42 open_by_handle_at=304/265
     open_tree=428/428 perf_event_open=298/241 pidfd_getfd=438/438 pivot_root=155/41
     process_madvise=440/440 process_mrelease=448/448 process_vm_readv=310/270 process_vm_writev=311/271
     ptrace=101/117 quotactl=179/60 quotactl_fd=443/443 reboot=169/142 request_key=249/218 semctl=66/191
     semget=64/190 semop=65/193 semtimedop=220/192 setdomainname=171/162 sethostname=170/161 setns=308/268
     settimeofday=164/170 shmat=30/196 shmctl=31/195 shmdt=67/197 shmget=29/194
     swapoff=168/225 swapon=167/224 syslog=103/116 umount2=166/39 unshare=272/97 userfaultfd=323/282
     vhangup=153/58
"""
_IDLE = """
  chmod=90/ fchmod=91/52 fchmodat=268/53 fchmodat2=452/452 chown=92/ fchown=93/55 lchown=94/
     fchownat=260/54 utime=132/ utimes=235/ futimesat=261/ utimensat=280/88 setxattr=188/5
     lsetxattr=189/6 fsetxattr=190/7 removexattr=197/14 lremovexattr=198/15 fremovexattr=199/16
"""
_JUDGED = """
  clone=56/220 clone3=435/435 socket=41/198 socketpair=53/199 prlimit64=302/261 sched_setaffinity=203/122
     sched_setparam=142/118 sched_setscheduler=144/119 sched_setattr=314/274 setpriority=141/140
     ioctl=16/29
"""
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NEWEST = 462
_FOREIGN = 0x40000000
_NEW_NAMESPACES = 0x7E020000
_ASKED = (0x5412, 0x541C, 0x40086602, 0x401C5820)
"""Typing into a terminal (TIOCSTI, TIOCLINUX), and flags of files (FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR)."""
_LOCAL, _STREAM, _PACKETS = 1, 1, 5
_KIND_OF_SOCKET = 0xF

_LOAD, _AND, _EQUAL, _AT_LEAST, _ANY, _ANSWER = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16


def program(machine: str) -> bytes:
    """The filter, as the kernel reads it; empty for a machine that it was not written for.

    It refuses sockets other than connected local pairs, other processes and namespaces, keys, mounts, and what
    is younger than this list. Changes of modes, owners, times and attributes do nothing and report success:
    Landlock does not see them, and whoever copies a file makes them.

    Parameters:
        machine: its name, as the system gives it (``x86_64``).
    """
    if machine not in _ARCHITECTURES:
        return b""
    return b"".join(_steps(_ARCHITECTURES[machine], list(_ARCHITECTURES).index(machine)))


def _steps(architecture: int, column: int) -> Iterator[bytes]:
    yield _step(_LOAD, _ARCHITECTURE)
    yield _step(_EQUAL, architecture, yes=1)
    yield _step(_ANSWER, _KILL)
    yield _step(_LOAD, _NUMBER)
    yield from _when(_AT_LEAST, _FOREIGN, _FAIL | errno.ENOSYS)
    yield from _when(_AT_LEAST, _NEWEST + 1, _FAIL | errno.ENOSYS)
    for number in _numbers(_DENIED, column).values():
        yield from _when(_EQUAL, number, _FAIL | errno.EPERM)
    for number in _numbers(_IDLE, column).values():
        yield from _when(_EQUAL, number, _FAIL)
    judged = _numbers(_JUDGED, column)
    yield from _when(_EQUAL, judged.pop("clone3"), _FAIL | errno.ENOSYS)  # libraries fall back to clone
    yield from _when(_EQUAL, judged.pop("socket"), _FAIL | errno.ENETUNREACH)
    for name, number in judged.items():
        steps = tuple(_judge(name))
        yield _step(_EQUAL, number, no=len(steps))
        yield from steps
    yield _step(_ANSWER, _ALLOW)


def _judge(name: str) -> Iterator[bytes]:
    """What decides about a call by its arguments."""
    refused = _FAIL | errno.EPERM
    match name:
        case "clone":
            yield _argument(0)
            yield from _when(_ANY, _NEW_NAMESPACES, refused)
        case "ioctl":
            yield _argument(1)
            for word in _ASKED:
                yield from _when(_EQUAL, word, refused)
        case "socketpair":
            yield _argument(0)
            yield from _unless(_EQUAL, _LOCAL, refused)
            yield _argument(1)
            yield _step(_AND, _KIND_OF_SOCKET)
            yield _step(_EQUAL, _STREAM, yes=2)
            yield from _unless(_EQUAL, _PACKETS, refused)
        case _:  # of oneself alone
            yield _argument(1 if name == "setpriority" else 0)
            yield from _unless(_EQUAL, 0, refused)
    yield _step(_ANSWER, _ALLOW)


def _argument(index: int) -> bytes:
    return _step(_LOAD, _ARGUMENTS + 8 * index)  # the lower half, first on both machines


def _when(test: int, value: int, answer: int) -> Iterator[bytes]:
    yield _step(test, value, no=1)
    yield _step(_ANSWER, answer)


def _unless(test: int, value: int, answer: int) -> Iterator[bytes]:
    yield _step(test, value, yes=1)
    yield _step(_ANSWER, answer)


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)


def _numbers(table: str, column: int) -> dict[str, int]:
    """The calls of a table by name; some do not exist on every machine."""
    found = re.findall(r"(\w+)=(\d*)/(\d*)", table)
    return {name: int(numbers[column]) for name, *numbers in found if numbers[column]}
