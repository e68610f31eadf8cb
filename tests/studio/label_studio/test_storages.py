"""Images that are fetched for an export or a report."""

import pytest
import requests

from studio.errors import MediaError
from studio.label_studio.storages import _without_token


def test_an_image_on_the_web_that_does_not_come_is_an_error_without_its_signed_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(address: str, timeout: float) -> None:
        raise requests.ConnectionError(f"no route to {address}")

    monkeypatch.setattr(requests, "get", refuse)
    with pytest.raises(MediaError, match="does not come: ConnectionError") as error:
        _without_token("https://images.example.org/a.png?signature=secret")
    assert "secret" not in str(error.value)
