"""Connections that go to a checked address and end with their image's budget.

Only `_new_conn`, urllib3's one place that opens a socket, is replaced: host name, Host header, SNI
and certificate check stay those of the address in the task.

Proxies from the environment are not used (urllib3's PoolManager never reads them): a proxy would
do the look-up itself, out of reach of the guard, and would be asked for private addresses in our
name.
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, cast

import certifi
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context

from backends.serving.images.budget import Budget

# One backend process answers with 16 threads: a connection for each to the same host is enough.
_CONNECTIONS_PER_HOST = 16
_HOSTS = 16
# A host that does not answer must leave time for its other addresses and for a retry.
_CONNECT_SHARE = 1 / 3

_current: ContextVar[Budget | None] = ContextVar("image_budget", default=None)

Lookup = Callable[[str, int], list[str]]


@contextmanager
def spending(budget: Budget) -> Iterator[None]:
    """Every read of this thread's connections is bounded by `budget`."""
    token = _current.set(budget)
    try:
        yield
    finally:
        _current.reset(token)


# A time-out of a socket starts anew with every byte, so a server that drips one byte at a time
# could hold a thread for ever. Each read gets what is left of the image's time instead.
def _limit(connected: socket.socket) -> None:
    if (budget := _current.get()) is not None:
        connected.settimeout(budget.remaining())


class _PlainSocket(socket.socket):
    def recv_into(self, buffer, nbytes: int = 0, flags: int = 0) -> int:
        _limit(self)
        return super().recv_into(buffer, nbytes, flags)


class _TlsSocket(ssl.SSLSocket):
    def recv_into(self, buffer, nbytes: int | None = None, flags: int = 0) -> int:
        _limit(self)
        return super().recv_into(buffer, nbytes, flags)


def tls_context() -> ssl.SSLContext:
    """Verifies against the system's certificates and certifi's (macOS has no system file)."""
    context = create_urllib3_context()
    context.load_default_certs()
    context.load_verify_locations(certifi.where())
    return context


@cache
def usual_tls_context() -> ssl.SSLContext:
    """The one `tls_context` of all who bring none: it takes long to read so many certificates."""
    return tls_context()


def pool_manager(lookup: Lookup, context: ssl.SSLContext) -> PoolManager:
    """A pool whose connections are opened to the addresses that `lookup` answers.

    `lookup(host, port)` returns numeric addresses; what it raises reaches the caller of the
    request, except OSError, which counts as a name that does not resolve.
    """
    context.sslsocket_class = _TlsSocket

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _open(self, lookup)

    class Tls(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _open(self, lookup)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = cast(Any, Plain)

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = cast(Any, Tls)

    pools = PoolManager(_HOSTS, maxsize=_CONNECTIONS_PER_HOST, ssl_context=context, retries=False)
    pools.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}
    return pools


def _open(connection: HTTPConnection, lookup: Lookup) -> socket.socket:
    port = connection.port or connection.default_port
    try:
        addresses = lookup(connection.host, port)
    except OSError as error:
        raise NameResolutionError(connection.host, connection, _as_gaierror(error)) from error
    failure: OSError | None = None
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        opened = _PlainSocket(family, socket.SOCK_STREAM)
        try:
            opened.settimeout(_connect_seconds(connection))
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.connect((address, port))
        except OSError as error:
            opened.close()
            failure = error
            continue
        except BaseException:
            opened.close()
            raise
        return opened
    raise NewConnectionError(connection, f"no connection: {failure}") from failure


def _connect_seconds(connection: HTTPConnection) -> float | None:
    if (budget := _current.get()) is not None:
        return min(budget.remaining(), budget.seconds * _CONNECT_SHARE)
    # Outside of any image: the Google client's look at a bucket, from a thread of its own.
    return connection.timeout


def _as_gaierror(error: OSError) -> socket.gaierror:
    return error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))
