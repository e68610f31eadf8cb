"""Free ports, busy ports and who holds them."""

import os
import socket

import pytest

from laptop.processes.ports import free_or_other, free_port, is_free, require_free
from laptop.settings import LaptopError


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_port_is_busy_while_somebody_listens_on_it_and_free_afterwards(address: str) -> None:
    with socket.socket() as server:
        server.bind((address, 0))
        server.listen()
        port = server.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


def test_a_busy_port_is_refused_with_its_holder_and_another_port_to_take() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with pytest.raises(LaptopError) as raised:
            require_free(port)
    message = str(raised.value)
    assert f"Port {port} is in use" in message
    assert f"(pid {os.getpid()})." in message
    assert f"make demo PORT={port + 1}" in message


def test_a_backend_takes_its_usual_port_or_another_that_is_free() -> None:
    usual = free_port()
    assert free_or_other(usual) == usual
    with socket.socket() as server:
        server.bind(("127.0.0.1", usual))
        server.listen()
        other = free_or_other(usual)
        assert other != usual
        assert is_free(other)
