import socket
from collections.abc import Iterator

import pytest

from tests.e2e.demo import Demo
from tests.e2e.network import OwnNetwork, can_be_made


@pytest.fixture(scope="session")
def network() -> Iterator[OwnNetwork | None]:
    """The network that the demo and the browser run in; None where none can be made."""
    if not can_be_made():
        yield None
        return
    network = OwnNetwork()
    network.enter()
    yield network
    network.leave()


@pytest.fixture(scope="session")
def demo(network: OwnNetwork | None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`make demo DETACH=1` from an empty state, with the environments that are there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Not the user's own folder of backups.
    backups = tmp_path_factory.mktemp("backups")
    demo = Demo(tmp_path_factory.mktemp("demo"), port, {"ATELIER_BACKUPS": str(backups)})
    demo.up()
    yield demo
    demo.stop()
