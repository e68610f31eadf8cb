"""Runs after the other tests of this folder, whose traffic it judges."""

import socket
import time

import pytest

from tests.e2e.demo import Demo
from tests.e2e.network import OwnNetwork

pytestmark = pytest.mark.integration


def test_nothing_asked_any_outside_host(demo: Demo, network: OwnNetwork | None) -> None:
    if network is None:
        pytest.skip("needs root and iproute2 on Linux: only our own network shows every packet")
    assert network.left == []


def test_the_watch_itself_sees_look_ups_and_connections(network: OwnNetwork | None) -> None:
    if network is None:
        pytest.skip("needs root and iproute2 on Linux: only our own network shows every packet")
    before = len(network.left)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.sendto(b"who is example.org", ("198.51.100.7", 53))
    with socket.socket() as probe:
        probe.setblocking(False)
        probe.connect_ex(("198.51.100.8", 443))
    expected = ("198.51.100.7:53", "example.org", "198.51.100.8:443")
    deadline = time.monotonic() + 30
    missing = expected
    while missing and time.monotonic() < deadline:
        time.sleep(0.1)
        seen = " ".join(network.left[before:]).replace("..", ".")
        missing = [one for one in expected if one not in seen]
    assert not missing
