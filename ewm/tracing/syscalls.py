"""The seccomp filter as raw BPF: system calls that a traced program never needs get EPERM.

Everything else is allowed, so that no Python version breaks: what remains open is bounded by landlock and rlimits.
clone is refused unless it makes a thread; clone3 answers ENOSYS, so that libc falls back to clone. A signal goes to the
program's own process only: abort() and raise() are the program's affair.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Any

ARCHES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # linux/audit.h
# name: (x86_64, aarch64), None where it does not exist
DENIED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198), "socketpair": (53, 199), "connect": (42, 203), "accept": (43, 202), "accept4": (288, 242),
    "bind": (49, 200), "listen": (50, 201), "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269),
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430),
    "open_by_handle_at": (304, 265), "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "syslog": (103, 116),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104),
    "reboot": (169, 142), "personality": (135, 92), "setrlimit": (160, 164), "acct": (163, 89), "swapon": (167, 224),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "sethostname": (170, 161),
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452), "chown": (92, None),
    "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "futimesat": (261, None), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "shmget": (29, 194), "semget": (64, 190), "msgget": (68, 186),
    "mq_open": (240, 180), "setpgid": (109, 154), "setsid": (112, 157), "setpriority": (141, 140),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    "sched_setaffinity": (203, 122), "setuid": (105, 146), "setgid": (106, 144), "capset": (126, 91),
}  # fmt: skip
CLONE, CLONE3, PRLIMIT, TGKILL = (56, 220), 435, (302, 261), (234, 131)
# what a zygote itself must do
CHILD_ONLY = frozenset(("fork", "vfork", "kill", "pidfd_open", "setpgid", "setrlimit"))
CLONE_THREAD = 0x10000
ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
LOAD, JUMP, EQUAL, ABOVE, BITS, END = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06  # BPF: ld abs, ja, jeq, jge, jset, ret
NUMBER, ARCH, ARGS = 0, 4, 16  # offsets in struct seccomp_data


VERDICT = [(END, 0, 0, ALLOW), (END, 0, 0, EPERM)]
OWN = 0x0E0E0E0E  # the child's number goes there
Row = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    def __init__(self, rows: list[tuple[int, int, int, int]]):
        self.text = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *row) for row in rows))
        super().__init__(len(rows), ctypes.addressof(self.text))


def filters(machine: str) -> tuple[Any, Any, Any]:
    """Two struct sock_fprog for prctl(PR_SET_SECCOMP, 2, ...): for the zygote once, and the rest for each child.

    The third holds whose the rest will be: its value is to be the child's number. Installing costs by length. KeyError
    where the numbers are not known.
    """
    column, arch = ARCHES[machine]
    base: dict[int, list[Row]] = {}
    rest: dict[int, list[Row]] = {CLONE3: [(END, 0, 0, ENOSYS)]}
    for name, numbers in DENIED.items():
        if (number := numbers[column]) is not None:
            (rest if name in CHILD_ONLY else base)[number] = [(END, 0, 0, EPERM)]
    rest[CLONE[column]] = [(LOAD, 0, 0, ARGS), (BITS, 0, 1, CLONE_THREAD), *VERDICT]
    # asking is allowed, setting not: both halves of the pointer
    rest[PRLIMIT[column]] = [
        (LOAD, 0, 0, ARGS + 16),
        (EQUAL, 0, 3, 0),
        (LOAD, 0, 0, ARGS + 20),
        (EQUAL, 0, 1, 0),
        *VERDICT,
    ]
    rest[TGKILL[column]] = [(LOAD, 0, 0, ARGS), (EQUAL, 0, 1, OWN), *VERDICT]
    head = [(LOAD, 0, 0, ARCH), (EQUAL, 1, 0, arch), (END, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    head += [(ABOVE, 0, 1, 0x40000000), (END, 0, 0, EPERM)]  # x32 numbers
    rows = [*head, *_tree(sorted(rest.items()))]
    second = _Program(rows)
    whose = 8 * [row[3] for row in rows].index(OWN) + 4
    return _Program([*head, *_tree(sorted(base.items()))]), second, ctypes.c_uint32.from_buffer(second.text, whose)


def _tree(cases: list[tuple[int, list[Row]]]) -> list[Row]:
    """By halves: the kernel tries a new filter on every call there is, at every fork."""
    if len(cases) <= 2:
        return [row for number, rows in cases for row in ((EQUAL, 0, len(rows), number), *rows)] + [(END, 0, 0, ALLOW)]
    middle = len(cases) // 2
    left, right = _tree(cases[:middle]), _tree(cases[middle:])
    return [(ABOVE, 0, 1, cases[middle][0]), (JUMP, 0, 0, len(left)), *left, *right]
