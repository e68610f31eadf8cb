"""How this service shows Label Studio who it is.

A legacy token is sent as it is. A personal access token is a refresh token: it buys an access
token, valid for five minutes, which is kept and shared by all threads.
"""

import base64
import binascii
import json
import threading
import time

from urllib3.util.url import Url

from backends.serving.images.budget import Budget
from backends.serving.images.errors import ImageDenied, ImageUnreachable
from backends.serving.images.transport import Transport

_REFRESH_PATH = "/api/token/refresh/"
# Label Studio's access tokens last 300 s; a margin for the way and for clocks.
_ACCESS_SECONDS = 240.0


class Token:
    """Makes the Authorization header for Label Studio, and for nobody else."""

    def __init__(self, key: str | None, label_studio: Url | None, transport: Transport) -> None:
        self._key = key
        self._label_studio = label_studio
        self._transport = transport
        self._lock = threading.Lock()
        self._access: str | None = None
        self._access_until = 0.0

    def header(self, budget: Budget) -> dict[str, str]:
        """The header, or nothing when no key is set. Raises ImageDenied, ImageUnreachable."""
        if self._key is None or self._label_studio is None:
            return {}
        if not _is_personal(self._key):
            return {"Authorization": f"Token {self._key}"}
        with self._lock:
            if self._access is None or time.monotonic() >= self._access_until:
                self._access = self._exchange(self._key, self._label_studio, budget)
                self._access_until = time.monotonic() + _ACCESS_SECONDS
            return {"Authorization": f"Bearer {self._access}"}

    def renew(self, refused: dict[str, str]) -> bool:
        """Forgets the access token that was refused; False when there is nothing newer to try."""
        if not refused or not _is_personal(self._key or ""):
            return False
        with self._lock:
            if refused.get("Authorization") == f"Bearer {self._access}":
                self._access = None
            return True

    def _exchange(self, key: str, label_studio: Url, budget: Budget) -> str:
        url = label_studio._replace(path=(label_studio.path or "") + _REFRESH_PATH)
        answer = self._transport.exchange(
            url,
            budget,
            operators=True,
            headers={"Content-Type": "application/json"},
            payload=json.dumps({"refresh": key}).encode(),
        )
        if answer.status == 401:
            raise ImageDenied(
                f"{budget.image}: Label Studio refuses the personal access token; make a new one "
                "and set LABEL_STUDIO_API_KEY"
            )
        if answer.body is not None:
            try:
                access = json.load(answer.body)["access"]
            except (ValueError, KeyError, TypeError):
                access = None
            # A header of a line break and more would be a second header.
            if isinstance(access, str) and access.isascii() and access.isprintable():
                return access
        raise ImageUnreachable(
            f"{budget.image}: Label Studio answered {answer.status} without an access token when "
            "the personal access token was shown"
        )


def _is_personal(key: str) -> bool:
    """Whether `key` is a JSON web token, as personal access tokens are."""
    head, *rest = key.split(".")
    if len(rest) != 2:
        return False
    try:
        return "alg" in json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (binascii.Error, ValueError, TypeError):
        return False
