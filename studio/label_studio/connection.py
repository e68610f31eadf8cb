"""Where Label Studio is, and the token that it accepts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from studio.errors import StudioError
from studio.project.encodings import read_text


@dataclass(frozen=True)
class Connection:
    """Label Studio's address without a trailing slash, and an API token."""

    url: str
    token: SecretStr


def read_connection(
    environment: Mapping[str, str], url: str | None = None, token_file: Path | None = None
) -> Connection:
    """Return the connection; options win over the environment.

    A token is never an option itself: command lines can be read by everybody on a machine.

    Raises:
        StudioError: naming everything that is missing or malformed.
    """
    problems = []
    url = (url or environment.get("LABEL_STUDIO_URL", "")).rstrip("/")
    if not url:
        problems.append("it has no address; start the demo, set LABEL_STUDIO_URL or give --url")
    elif urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        problems.append(f"{url!r} is not an address like http://127.0.0.1:8080")
    token = environment.get("LABEL_STUDIO_API_KEY", "").strip()
    if token_file is not None:
        try:
            token = read_text(token_file).strip()
        except OSError as error:
            problems.append(f"cannot read the token from {token_file}: {error.strerror}")
    if not token and not problems[1:]:
        problems.append("there is no token; set LABEL_STUDIO_API_KEY or give --token-file")
    if problems:
        raise StudioError("cannot connect to Label Studio: " + "; ".join(problems))
    return Connection(url, SecretStr(token))
