"""The connection to Label Studio."""

from pathlib import Path

import pytest

from studio.errors import StudioError
from studio.label_studio.connection import read_connection

ENVIRONMENT = {"LABEL_STUDIO_URL": "http://127.0.0.1:8080/", "LABEL_STUDIO_API_KEY": "secret-token"}


def test_the_environment_says_where_and_options_win(tmp_path: Path) -> None:
    connection = read_connection(ENVIRONMENT)
    assert connection.url == "http://127.0.0.1:8080"
    assert connection.token.get_secret_value() == "secret-token"
    assert "secret-token" not in repr(connection)
    (tmp_path / "token").write_text("another\n")
    connection = read_connection(ENVIRONMENT, "https://label.example.org", tmp_path / "token")
    assert connection.url == "https://label.example.org"
    assert connection.token.get_secret_value() == "another"


def test_everything_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match=r"set LABEL_STUDIO_URL.*set LABEL_STUDIO_API_KEY"):
        read_connection({})
    with pytest.raises(StudioError, match="is not an address like"):
        read_connection({**ENVIRONMENT, "LABEL_STUDIO_URL": "127.0.0.1:8080"})
    with pytest.raises(StudioError, match="cannot read the token"):
        read_connection(ENVIRONMENT, None, tmp_path / "missing")
