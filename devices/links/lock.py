"""One program at a time on one port: a lock on a file that is named after the port.

The lock is the kernel's (flock), so a process that is killed leaves none behind; the file says who
holds it. A port is locked before it is opened, for opening one may reset the board behind it.
"""

import contextlib
import ipaddress
import os
import socket
import stat
import sys
import time
from pathlib import Path

from devices.errors import LinkError

if sys.platform != "win32":
    import fcntl

_LOOPBACK = ipaddress.IPv4Address("127.0.0.1")
_ATTEMPTS = 5
_PAUSE_S = 0.05


class PortLock:
    """Ours from construction to `release`; raises LinkError in 0.3 s where another holds it."""

    def __init__(self, name: str, key: str) -> None:
        self._fd = -1
        self._owner = os.getpid()
        self._path = _folder(name) / f"{key}.lock"
        self._fd = _taken(name, self._path)

    def release(self) -> None:
        """Let others have the port; a second call does nothing."""
        if self._fd < 0:
            return
        if self._owner == os.getpid():  # a fork of ours lets go of its copy alone
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(self._fd)
        self._fd = -1

    __del__ = release


def locked(name: str, key: str | None) -> PortLock | None:
    """Return the lock of the port `key`; `name` stands in the error.

    None where there is no key, and on Windows, which hands out a serial port only once by itself.
    """
    return None if key is None or sys.platform == "win32" else PortLock(name, key)


def serial_key(path: str) -> str | None:
    """Return the key of a serial port, the same for every name it has; None where it is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - not a path on Windows
    except (OSError, ValueError):
        return None
    if not stat.S_ISCHR(found.st_mode):
        return None
    return f"tty-{os.major(found.st_rdev)}-{os.minor(found.st_rdev)}"


def tcp_key(host: str, port: int) -> str:
    """Return the key of a serial server's TCP port, the same for every name of its host."""
    try:
        resolved = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4][0]
        address = ipaddress.ip_address(str(resolved).partition("%")[0])
    except (OSError, UnicodeError, ValueError):
        return f"tcp-{host.lower().encode().hex()[:128]}-{port}"
    return f"tcp-{_LOOPBACK if address == ipaddress.IPv6Address('::1') else address}-{port}"


def holder(key: str) -> int | None:
    """Return the process id that holds the port `key`, 0 where it is unknown; None: it is free."""
    if sys.platform == "win32":
        return None
    try:
        fd = os.open(_place() / f"{key}.lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return None if _try(fd, shared=True) else _pid_in(fd)
    finally:
        os.close(fd)


def _taken(name: str, path: Path) -> int:
    """Return the descriptor of the locked file; one that its last holder removed is made anew."""
    while True:
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LinkError(f"{name}: cannot make the lock file {path} ({error})") from error
        if not _try_for_a_while(fd):
            pid = _pid_in(fd)
            os.close(fd)
            raise LinkError(in_use(name, pid))
        if _is_at(fd, path):
            os.ftruncate(fd, 0)
            os.write(fd, str(os.getpid()).encode())
            return fd
        os.close(fd)


def in_use(name: str, pid: int) -> str:
    """Return the line about a port that process `pid` holds, 0 where it is unknown."""
    if pid == os.getpid():
        return f"{name}: this process has the port open already; name each device once"
    who = f"process {pid}" if pid else "another process"
    return f"{name}: {who} is using the port; wait for it to end, or end it"


def _try_for_a_while(fd: int) -> bool:
    """Lock; a look by `holder`, or a program that is just ending, is waited for."""
    for _ in range(_ATTEMPTS):
        if _try(fd):
            return True
        time.sleep(_PAUSE_S)
    return _try(fd)


def _try(fd: int, *, shared: bool = False) -> bool:
    try:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _pid_in(fd: int) -> int:
    text = os.pread(fd, 20, 0)
    return int(text) if text.isdigit() else 0


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.lstat())
    except OSError:
        return False


def _place() -> Path:
    """Return the folder of this user's locks, which no environment variable moves."""
    return Path(f"/tmp/tinygate-{os.getuid()}")  # noqa: S108 - checked for owner and mode


def _folder(name: str) -> Path:
    place = _place()
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
    except OSError as error:
        raise LinkError(f"{name}: cannot make the lock folder {place} ({error})") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise LinkError(f"{name}: {place} is not a folder of this user's alone; remove it")
    return place
