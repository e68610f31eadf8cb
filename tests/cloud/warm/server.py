"""Forks processes with their imports done: `python server.py SOCKET`; ends when its input does.

A connection carries one request, JSON with `words`, `cwd` and `env` beside the three standard
streams as file descriptors, and gets the exit status in answer. Closed early, it kills the process.
"""

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NoReturn

REQUEST_BYTES = 1 << 20
GCP_MODULES = (
    "artifactregistry",
    "compute",
    "organizations",
    "projects",
    "secretmanager",
    "serviceaccount",
    "storage",
)


def import_what_takes_long() -> None:
    gc.disable()  # It would go through ten thousand classes again and again.
    import dill  # noqa: F401
    import pulumi.dynamic  # noqa: F401
    import pulumi_command  # noqa: F401
    import pulumi_docker_build  # noqa: F401
    from google.cloud import compute_v1  # noqa: F401

    for module in GCP_MODULES:
        # Lazy until something that is not there yet is asked for.
        hasattr(importlib.import_module(f"pulumi_gcp.{module}"), "loaded")
    gc.freeze()
    gc.enable()


def run(words: list[str], cwd: str, env: dict[str, str], streams: list[int]) -> NoReturn:
    """Become what `python WORDS` would be, where the first word is a file or a module."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 256)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    status = 1
    try:
        sys.argv = words
        sys.path[0:1] = [cwd, *filter(None, env.get("PYTHONPATH", "").split(os.pathsep))]
        if Path(words[0]).is_file():
            sys.path[0] = str(Path(words[0]).parent)
            runpy.run_path(words[0], run_name="__main__")
        else:
            runpy.run_module(words[0], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except BaseException as error:  # noqa: BLE001 (as the interpreter itself would)
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def attend(connection: socket.socket) -> None:
    """Fork what a connection asks for, wait for its end, and answer with its status."""
    data, streams, _, _ = socket.recv_fds(connection, REQUEST_BYTES, 3)
    while not data.endswith(b"\n"):
        data += connection.recv(REQUEST_BYTES)
    request: dict[str, Any] = json.loads(data)
    child = os.fork()
    if child == 0:
        run(request["words"], request["cwd"], request["env"], streams)
    ended = os.pidfd_open(child)
    connection.sendall(f"{child}\n".encode())
    if ended not in select.select([ended, connection], [], [])[0]:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    connection.sendall(f"{status}\n".encode())


def main() -> None:
    import_what_takes_long()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the terminal is for the tests.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Who attends a connection leaves no zombie.
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        print("ready", flush=True)
        while True:
            ready = select.select([listener, sys.stdin], [], [])[0]
            if sys.stdin in ready:
                return
            connection, _ = listener.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                try:
                    attend(connection)
                except OSError:  # The one who asked is gone.
                    os._exit(1)
                os._exit(0)
            connection.close()


if __name__ == "__main__":
    main()
