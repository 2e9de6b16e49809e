"""Run a command that dies with its parent: with_parent.py PARENT_PID FROM:TO,... COMMAND...

Started as a program of its own, for code between fork and exec of a process with threads is unsafe.
Descriptor FROM becomes TO in the command.
"""

import ctypes
import fcntl
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Replace this process by the command."""
    parent, moves, *command = arguments
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):
        sys.exit(1)
    pairs = [tuple(map(int, move.split(":"))) for move in filter(None, moves.split(","))]
    above = max((target for _, target in pairs), default=0) + 1
    copies = [fcntl.fcntl(source, fcntl.F_DUPFD_CLOEXEC, above) for source, _ in pairs]
    for copy, (_, target) in zip(copies, pairs, strict=True):  # a target may be another's source
        os.dup2(copy, target, inheritable=True)
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
