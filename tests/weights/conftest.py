from collections.abc import Iterator

import pytest

from tests.weights.host import Host, serving
from weights import download


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A server of the test's own; the pauses between tries are short."""
    monkeypatch.setattr(download, "FIRST_PAUSE_SECONDS", 0.01)
    for name in ("HTTP_PROXY", "http_proxy", "WEIGHTS_MIRROR", "ATELIER_CATALOGUE"):
        monkeypatch.delenv(name, raising=False)
    with serving() as served:
        yield served
