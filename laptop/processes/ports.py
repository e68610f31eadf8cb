"""Which loopback ports are free, and who holds those that are not."""

from __future__ import annotations

import errno
import socket

import psutil

from laptop.settings import HOST, LaptopError


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now; one on all addresses counts as well.

    Raises LaptopError for a port that this user may not listen on.
    """
    with socket.socket() as client:
        client.settimeout(0.5)
        # macOS lets a second server bind beside one on all addresses: so ask for an answer too.
        if client.connect_ex((HOST, port)) == 0:
            return False
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise LaptopError(
                    f"Only root may listen on port {port}. Use one above 1023: make demo PORT=8080"
                ) from None
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def holder(port: int) -> str | None:
    """`name (pid 123)` of the process that listens on the port, where the system tells."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:  # macOS tells root only
        return None
    for connection in connections:
        listens = connection.status == psutil.CONN_LISTEN
        if listens and connection.laddr and connection.laddr.port == port and connection.pid:
            try:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
            except psutil.Error:
                return None
    return None


def require_free(port: int, command: str = "make demo") -> None:
    """Raises LaptopError, with the holder's name if it can be known, when the port is in use.

    `command` is what the message proposes, with another port.
    """
    if is_free(port):
        return
    who = holder(port)
    raise LaptopError(
        f"Port {port} is in use{f' by {who}' if who else ''}. "
        f"Stop that program, or use another port: {command} PORT={port + 1}"
    )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as server:
        server.bind((HOST, 0))
        return server.getsockname()[1]


def free_or_other(preferred: int) -> int:
    """The preferred port, or any free one if it is taken."""
    return preferred if is_free(preferred) else free_port()
