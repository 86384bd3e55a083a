"""What is really refused: a child of the zygote attempts the forbidden acts, one after the other.

An act is refused if it fails the way that the wall in question makes it fail; any other failure proves nothing. Nothing
is left behind where an act succeeds. Runs inside the zygote, which stays slim: what an act imports, its child imports.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

DENIED = frozenset((errno.EPERM, errno.EACCES))
UNREACHABLE = frozenset((errno.ENETUNREACH, errno.EHOSTUNREACH))


def refused(prepare: Callable[[], None], attempts: dict[str, tuple[Callable[[], Any], frozenset[int]]]) -> set[str]:
    """Names of the acts that a child was refused, after `prepare()`."""
    inlet, outlet = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            prepare()
            for name, (act, how) in attempts.items():
                try:
                    act()
                except OSError as error:
                    if error.errno in how:
                        os.write(outlet, name.encode() + b" ")
                except RuntimeError:  # what threading makes of it
                    os.write(outlet, name.encode() + b" ")
        finally:
            os._exit(0)
    os.close(outlet)
    with open(inlet, "rb") as file:
        answer = file.read()
    os.waitpid(pid, 0)
    return set(answer.decode().split())


def acts(folder: str, file: str) -> dict[str, tuple[Callable[[], Any], frozenset[int]]]:
    """What a program may not do at L1 and L2; `folder` could be written and `file` read without landlock."""
    return {
        "read": (lambda: os.close(os.open(file, os.O_RDONLY)), DENIED),
        "write": (lambda: _create(folder + "/.ewm-probe"), DENIED),
        "stdlib": (lambda: os.close(os.open(os.__file__, os.O_RDONLY)), DENIED),
        "tcp": (_connect, DENIED),
        "socket": (_socket, DENIED),
        "fork": (_fork, DENIED),
        "kill": (lambda: os.kill(os.getppid(), 0), DENIED),
        "thread": (_thread, DENIED),
        "exec": (lambda: os.execv(os.__file__, ["x"]), frozenset((errno.EPERM,))),  # EACCES: it is no program anyway
    }


def hidden(outer: int) -> dict[str, tuple[Callable[[], Any], frozenset[int]]]:
    """What is out of sight at L3: the process `outer`, the machine's files, its network."""
    return {
        "processes": (lambda: os.kill(outer, 0), frozenset((errno.ESRCH,))),
        "files": (lambda: os.stat("/proc"), frozenset((errno.ENOENT,))),
        "network": (_send, UNREACHABLE),
    }


def _create(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    os.unlink(path)


def _fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _connect() -> None:
    import socket

    with socket.socket() as tcp:
        tcp.settimeout(0.2)
        tcp.connect(("127.0.0.1", 9))


def _socket() -> None:
    import socket

    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


def _send() -> None:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("192.0.2.1", 9))  # TEST-NET-1, RFC 5737: nothing is sent


def _thread() -> None:
    import threading

    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
