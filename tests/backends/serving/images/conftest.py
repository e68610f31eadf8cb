"""Servers on this machine that end with their test."""

from collections.abc import Callable, Iterator

import pytest

from tests.backends.serving.images.servers import Asked, Reply, Server

Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers: `serve(answer)` with a function, or `serve(reply)` for always the same."""
    started: list[Server] = []

    def start(answer: Callable[[Asked], Reply] | Reply, tls=None) -> Server:
        server = Server(answer if callable(answer) else lambda asked: answer, tls)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
