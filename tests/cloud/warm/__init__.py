"""Python processes that begin with Pulumi's SDK and the Google provider's package imported.

Each operation of the engine starts the program, and one that makes something starts the process of
the dynamic resources too; both spend most of their time on the same imports. Here one process does
them and forks for each (`server`), and a small one stands in the engine's tree for it (`client`).
What is the repository's own is never imported before the fork.
"""

import atexit
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent


def variables(path: str) -> dict[str, str]:
    """Return what leads the engine and its plugins to this process's own server.

    The server is started by the first call, and ends with this process.
    """
    return {
        "CLOUD_DOUBLE_WARM": str(server()),
        "CLOUD_DOUBLE_WARM_CLIENT": str(HERE / "client.py"),
        # There the engine finds our pulumi-resource-pulumi-python before the SDK's.
        "PATH": os.pathsep.join([str(HERE / "bin"), path]),
    }


@cache
def server() -> Path:
    """Start the server; return its socket.

    Raises:
        RuntimeError: it ended before it was ready; it has said why on stderr.
    """
    folder = Path(tempfile.mkdtemp(prefix="atelier-warm-"))
    process = subprocess.Popen(
        [sys.executable, "-u", str(HERE / "server.py"), str(folder / "socket")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(end, process, folder)
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise RuntimeError(f"the server of warm processes ended with {process.wait()}")
    return folder / "socket"


def end(process: subprocess.Popen[str], folder: Path) -> None:
    """Close the server's input, which ends it."""
    process.communicate()
    (folder / "socket").unlink(missing_ok=True)
    os.rmdir(folder)
