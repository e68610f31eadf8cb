"""A request as the endpoints see it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Request:
    """Header names are in lower case; the body is held in memory.

    `who` is filled in by the endpoint that finds it out: the caller's e-mail.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    who: str | None = None
    path: str = field(init=False)
    query_string: str = field(init=False)
    query: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.target)
        self.path, self.query_string = parts.path, parts.query
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))

    @property
    def base(self) -> str:
        """Scheme and host that the caller used."""
        return f"https://{self.headers.get('host', '')}"

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body or b"{}")
