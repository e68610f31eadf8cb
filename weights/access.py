"""How an address is asked: directly or by a mirror, through a proxy, with whose right."""

import http.client
import importlib.util
import ssl
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, cast
from urllib.parse import quote, unquote, urlsplit

from weights.errors import WeightsError

SCHEMES = ("https", "http", "gs", "file")
GOOGLE = "https://storage.googleapis.com"
TIMEOUT_SECONDS = 60
"""How long a server may say nothing."""


def nobody() -> str | None:
    """Ask as nobody, which is enough for a public object."""
    return None


@dataclass(frozen=True)
class Access:
    """How to reach the hosts of weights.

    Attributes:
        mirror: where copies of all files are, or nothing. https://HOST/PATH is then asked for at
            MIRROR/HOST/PATH; addresses in gs:// and file:// are read where they are.
        google_token: returns an access token for gs:// addresses, or None to ask as nobody.
        google: where gs:// addresses are asked for.
    """

    mirror: str = ""
    google_token: Callable[[], str | None] = nobody
    google: str = GOOGLE

    def address(self, url: str) -> str:
        """Return the address that is really asked for `url`."""
        parts = urlsplit(url)
        if self.mirror and parts.scheme in ("https", "http"):
            query = f"?{parts.query}" if parts.query else ""
            return f"{self.mirror.rstrip('/')}/{parts.netloc}{parts.path}{query}"
        return url

    def request(
        self, url: str, headers: Mapping[str, str], method: str = "GET"
    ) -> urllib.request.Request:
        """Return the request for `url`, which is an address or one that `address` returned.

        Raises:
            WeightsError: it cannot be asked: a password in it, or no host.
        """
        parts = urlsplit(url)
        token = None
        if parts.scheme == "gs":
            # As a path: an object's name may hold any character.
            path = quote(unquote(parts.path))
            url, token = f"{self.google}/{parts.netloc}{path}", self.google_token()
        elif "@" in parts.netloc:
            raise WeightsError(f"{shown(url)} has a password in it; give an address without one")
        request = urllib.request.Request(url, headers=dict(headers), method=method)
        if token:
            # Not sent to where a redirect leads.
            request.add_unredirected_header("Authorization", f"Bearer {token}")
        return request


def answer(
    request: urllib.request.Request, *handlers: urllib.request.BaseHandler
) -> http.client.HTTPResponse:
    """Return the open answer to a request, after redirects; a file:// address has one too.

    Proxies and the machine's own certificates are those of the environment: HTTPS_PROXY, NO_PROXY,
    SSL_CERT_FILE.

    Raises:
        OSError, http.client.HTTPException: as urllib does.
    """
    opener = urllib.request.build_opener(*_certificates(), *handlers)
    opened = cast(IO[bytes], opener.open(request, timeout=TIMEOUT_SECONDS))
    return cast(http.client.HTTPResponse, opened)


def shown(url: str) -> str:
    """Return an address as a log may hold it: one that is signed has its signature behind the ?."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _certificates() -> list[urllib.request.BaseHandler]:
    """Return nothing where Python finds the machine's authorities. Where it finds none, as that of
    python.org does on macOS, those of certifi, if it is installed."""
    known = ssl.get_default_verify_paths()
    if known.cafile or known.capath or importlib.util.find_spec("certifi") is None:
        return []
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    return [urllib.request.HTTPSHandler(context=context)]
