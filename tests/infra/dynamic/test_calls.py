"""The sentences that a failed call to Google becomes."""

import pytest
from google.api_core.exceptions import Forbidden, RetryError, ServiceUnavailable
from google.auth.exceptions import DefaultCredentialsError
from requests.exceptions import ConnectionError

from infra.dynamic.calls import COMPUTE, endpoint, is_not_enabled, short, worded
from infra.dynamic.credentials import CredentialsError


class Failed(RuntimeError):
    """As a room's own error."""


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (CredentialsError("the key is no JSON"), "the key is no JSON"),
        (DefaultCredentialsError("none"), "gcloud auth application-default login"),
        (Forbidden("not yours"), "Could not look: not yours"),
        (RetryError("late", ServiceUnavailable("busy")), "the API goes on to fail (503 busy)."),
        (ConnectionError("refused"), "the API cannot be reached (refused)."),
    ],
)
def test_whatever_goes_wrong_is_said_in_a_sentence(fault: Exception, said: str) -> None:
    with pytest.raises(Failed) as told, worded("look", "the API", Failed):
        raise fault
    assert str(told.value).startswith("Could not look")
    assert said in str(told.value)


def test_the_engine_is_shown_the_last_error_alone() -> None:
    fault = Failed("said")
    fault.__cause__ = ValueError("inside")
    with pytest.raises(Failed) as told, short(Failed):
        raise fault
    assert str(told.value) == "said"
    assert told.value.__cause__ is None
    assert told.value.__suppress_context__


@pytest.mark.parametrize(
    ("address", "is_plain"),
    [
        ("", False),
        ("https://compute.example.com/v1/", False),
        ("http://127.0.0.1:8080/v1/", True),
        ("http://localhost/v1/", True),
        ("http://[::1]/v1/", True),
    ],
)
def test_plain_http_is_for_this_computer(
    address: str, is_plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COMPUTE, address)
    assert endpoint(COMPUTE) == (address, is_plain)


@pytest.mark.parametrize("host", ["compute.example.com", "127.0.0.1.example.com", "10.0.0.1"])
def test_plain_http_to_another_computer_is_refused(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(COMPUTE, f"http://{host}/v1/")
    with pytest.raises(CredentialsError, match=f"{COMPUTE} is http://{host}"):
        endpoint(COMPUTE)


def test_an_api_that_is_off_is_told_from_a_role_that_is_missing() -> None:
    # https://cloud.google.com/apis/docs/troubleshooting, and a missing role as Compute words it.
    off = "Compute Engine API has not been used in project 123 before or it is disabled."
    assert is_not_enabled(off)
    assert not is_not_enabled("Required 'compute.disks.list' permission for 'projects/p'")
