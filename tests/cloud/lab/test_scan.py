"""A port that answers late is open all the same."""

import asyncio
import socket

import pytest

from tests.cloud.lab import scan


@pytest.mark.parametrize("seconds", [20.0, 0.0])
def test_ports_that_accept_a_connection_are_open(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        monkeypatch.setattr(scan, "PORTS", [port, closed.getsockname()[1]])
        monkeypatch.setattr(scan, "SECONDS", seconds)
        assert asyncio.run(scan.open_ports("127.0.0.1")) == [port]
