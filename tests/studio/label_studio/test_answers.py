"""Label Studio's refusals become sentences."""

import pytest
from pydantic import SecretStr

from studio.errors import RefusedError, WrongTokenError
from studio.label_studio.answers import reason_in, refusal
from studio.label_studio.connection import Connection

CONNECTION = Connection("http://127.0.0.1:8080", SecretStr("secret-token"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"validation_errors": {"title": ["Too short."]}}, "title: Too short."),
        (
            {"validation_errors": {"non_field_errors": ["No <a href='x'>backend</a>\n there."]}},
            "No backend there.",
        ),
        ({"detail": "Invalid token."}, "Invalid token."),
        ("<html><h1>Bad Gateway</h1></html>", "Bad Gateway"),
    ],
)
def test_the_reason_is_found_in_the_body(body: object, reason: str) -> None:
    assert reason_in(body) == reason


def test_a_refused_token_is_another_error_than_a_refused_request() -> None:
    error = refusal(CONNECTION, "listing", 401, {"detail": "Invalid token."})
    assert isinstance(error, WrongTokenError)
    assert "secret-token" not in str(error)
    assert isinstance(refusal(CONNECTION, "listing", 500, "<html>"), RefusedError)
