"""Stands where `python FILE-or-MODULE ARGUMENTS` would: has `server` fork that, with our streams.

It ends as the forked process does, and takes it along when it is killed.
"""

import contextlib
import json
import os
import signal
import socket
import sys

SIGNALS = {signal.SIGTERM, signal.SIGINT}


def pass_on(number: int, _: object) -> None:
    with contextlib.suppress(ProcessLookupError):  # It has just ended; its status is on the way.
        os.kill(child, number)


# The forked process may be heard before its number comes here: until then a signal waits.
signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
with socket.socket(socket.AF_UNIX) as server:
    server.connect(os.environ["CLOUD_DOUBLE_WARM"])
    request = {"words": sys.argv[1:], "cwd": os.getcwd(), "env": dict(os.environ)}
    data = json.dumps(request).encode() + b"\n"
    sent = socket.send_fds(server, [data], [0, 1, 2])
    server.sendall(data[sent:])
    with server.makefile() as answers:
        child = int(answers.readline())
        for number in SIGNALS:
            signal.signal(number, pass_on)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        status = int(answers.readline())
sys.exit(status if status >= 0 else 128 - status)
