"""One request and its answer: limits, time and retries, without any opinion about redirects."""

import random
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from urllib3 import BaseHTTPResponse
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    IncompleteRead,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import Timeout
from urllib3.util.url import Url

from backends.serving.images.budget import Body, Budget
from backends.serving.images.connections import pool_manager, spending
from backends.serving.images.errors import ImageRefused, ImageUnreachable
from backends.serving.images.guard import Guard, Refusal

_RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
_RETRIED_ERRORS = (ConnectTimeoutError, NewConnectionError, ProtocolError, IncompleteRead)
_FIRST_PAUSE_SECONDS = 0.2
_CHUNK_BYTES = 256 * 1024
_HEADERS = {
    "Accept": "image/*,*/*;q=0.5",
    # Images are compressed already; a compressed answer only makes the declared size a guess.
    "Accept-Encoding": "identity",
    "User-Agent": "atelier-backend",
}


@dataclass(frozen=True)
class Answer:
    """Status, headers, and for 200 and 201 the body, read to its end and rewound."""

    status: int
    headers: dict[str, str] = field(repr=False)
    body: Body | None


class Transport:
    """Asks hosts that have been admitted; thread-safe, connections are pooled."""

    def __init__(self, guard: Guard, retries: int, tls: ssl.SSLContext) -> None:
        self._retries = retries
        # Two pools, so that a connection opened for Label Studio, which may be at a private
        # address, never serves an address that only the allow-list admitted.
        self._pools = {
            operators: pool_manager(
                lambda host, port, operators=operators: guard.addresses(
                    host, port, operators=operators
                ),
                tls,
            )
            for operators in (False, True)
        }

    def exchange(
        self,
        url: Url,
        budget: Budget,
        *,
        operators: bool,
        headers: dict[str, str] | None = None,
        payload: bytes | None = None,
    ) -> Answer:
        """GETs `url`, or POSTs `payload`; redirects are answers like others.

        operators: the host is the operator's own and may be at a private address.
        Raises ImageUnreachable, ImageTooLarge, and ImageRefused when the host leads to an address
        that must not be asked.
        """
        tries = 0
        while True:
            tries += 1
            pause = _FIRST_PAUSE_SECONDS * 2 ** (tries - 1) * random.uniform(0.5, 1.0)
            try:
                answer = self._once(url, budget, operators, headers or {}, payload)
            except _RETRIED_ERRORS as error:
                failure = f"{_host(url)} cannot be reached ({_reason(error)})"
            else:
                if answer.status not in _RETRIED_STATUSES:
                    return answer
                failure = f"{_host(url)} answered {answer.status}"
                pause = max(pause, _retry_after(answer.headers.get("retry-after")))
            if tries > self._retries:
                raise ImageUnreachable(f"{budget.image}: {failure}, {tries} times")
            if pause >= budget.remaining():
                raise ImageUnreachable(
                    f"{budget.image}: {failure}, and the next try in {pause:.1f} s would come "
                    f"after the {budget.seconds:g} s allowed"
                )
            time.sleep(pause)

    def _once(
        self,
        url: Url,
        budget: Budget,
        operators: bool,
        headers: dict[str, str],
        payload: bytes | None,
    ) -> Answer:
        seconds = budget.remaining()
        try:
            with (
                spending(budget),
                self._pools[operators].request(
                    "GET" if payload is None else "POST",
                    url.url,
                    body=payload,
                    headers=_HEADERS | headers,
                    timeout=Timeout(connect=seconds, read=seconds),
                    redirect=False,
                    retries=False,
                    preload_content=False,
                ) as response,
            ):
                lowered = {name.lower(): value for name, value in response.headers.items()}
                body = _read(response, budget) if response.status in (200, 201) else None
                if body is None:
                    _empty(response)
                return Answer(response.status, lowered, body)
        except _RETRIED_ERRORS:
            raise
        except Refusal as refusal:
            raise ImageRefused(f"{budget.image}: {refusal}") from refusal
        except (ReadTimeoutError, TimeoutError) as error:
            raise budget.spent() from error
        except SSLError as error:
            raise ImageUnreachable(
                f"{budget.image}: no TLS connection to {_host(url)} ({_reason(error)})"
            ) from error
        except HTTPError as error:
            raise ImageUnreachable(
                f"{budget.image}: {_host(url)} sent an answer that cannot be read "
                f"({type(error).__name__})"
            ) from error


def _read(response: BaseHTTPResponse, budget: Budget) -> Body:
    declared = response.headers.get("content-length", "")
    if declared.isdecimal():
        budget.check_size(int(declared))
    body = Body(budget)
    for chunk in response.stream(_CHUNK_BYTES, decode_content=True):
        body.write(chunk)
    body.seek(0)
    return body


def _empty(response: BaseHTTPResponse) -> None:
    """Reads a short body that nobody wants, so that the connection can be used again."""
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) <= _CHUNK_BYTES:
        response.drain_conn()


def _retry_after(value: str | None) -> float:
    """Seconds that the server asks for, as a number or as a date; 0 when it does not say."""
    if not value:
        return 0.0
    if value.strip().isdecimal():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _host(url: Url) -> str:
    return url.netloc or ""


def _reason(error: Exception) -> str:
    """What went wrong below, without urllib3's object addresses and without the query."""
    if isinstance(error, NewConnectionError):
        return str(error.__cause__ or "no connection")
    if isinstance(error, SSLError):
        return str(getattr(error.args[0], "verify_message", "") or "TLS handshake failed")
    if isinstance(error, ConnectTimeoutError):
        return "no answer to the connection"
    return "the connection broke"
