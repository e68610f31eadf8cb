"""The studio's address as the operator's computer meets it: over TLS, for real."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.dynamic.readiness_web import ask, leads_to
from tests.cloud.gcp.state import Cloud
from tests.cloud.web import Web

pytestmark = pytest.mark.integration

URL = "https://198.51.100.7/health"


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """The address of a running machine, reached through a proxy as in many an office."""
    web = Web(Cloud(tmp_path / "cloud"), tmp_path)
    with web.cloud.open() as data:
        card = {"accessConfigs": [{"natIp": "198.51.100.7"}]}
        outputs = {"networkInterfaces": [card], "currentStatus": "RUNNING"}
        data["resources"]["compute.Instance atelier-dev"] = {"outputs": outputs}
    for name, value in web.env.items():
        monkeypatch.setenv(name, value)
    yield web
    web.close()


def test_a_healthy_studio_is_healthy(web: Web) -> None:
    assert ask(URL)[0] == "healthy"
    assert web.requests == ["/health"]


def test_a_certificate_of_nobody_known_is_wrong(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    answer, words = ask(URL)
    assert answer == "wrong"
    assert "self-signed certificate" in words
    assert web.requests == []


def test_an_error_page_is_wrong(web: Web) -> None:
    web.status = 502
    assert ask(URL) == ("wrong", "it answers 502")


def test_where_nobody_answers_is_told_apart(web: Web) -> None:
    web.status = None
    answer, words = ask(URL)
    assert answer == "no answer"
    assert "504" in words


def test_a_name_leads_to_an_address_or_not() -> None:
    assert leads_to("localhost", "127.0.0.1")
    assert not leads_to("localhost", "198.51.100.7")
    assert not leads_to("nowhere.invalid", "198.51.100.7")
