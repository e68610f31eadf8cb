"""Becomes the program of its arguments, which then ends when the process that started it ends.

    python -I bound.py PARENT_PID PROGRAM ARGUMENT...

Without this a supervisor killed by SIGKILL would leave its services behind. Only Linux offers it;
elsewhere the next start ends what was left (see strays.py).
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main() -> None:
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # It ended before the signal was asked for.
        sys.exit("the supervisor is gone")
    os.execv(program[0], program)


main()
