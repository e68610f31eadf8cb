"""What Label Studio's refusals mean, in words for the person at the keyboard."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import requests
from label_studio_sdk.core.api_error import ApiError

from studio.errors import NotReachableError, RefusedError, StudioError, WrongTokenError
from studio.label_studio.connection import Connection

TAG = re.compile(r"<[^>]+>")
PAGE_LENGTH = 300


@contextmanager
def explained(connection: Connection, doing: str) -> Iterator[None]:
    """Turn what SDK and HTTP raise into an error that names what was being done and what to do.

    Raises:
        NotReachableError: nobody answers at the address, or not in time.
        WrongTokenError: the token is not accepted.
        RefusedError: Label Studio refused for any other reason.
    """
    try:
        yield
    except ApiError as error:
        raise refusal(connection, doing, error.status_code or 0, error.body) from None
    except (httpx.TimeoutException, requests.Timeout):
        raise NotReachableError(
            f"{doing}: Label Studio at {connection.url} took too long to answer; "
            "its log may say why"
        ) from None
    except (httpx.TransportError, requests.ConnectionError) as error:
        raise NotReachableError(
            f"{doing}: nobody answers at {connection.url} ({_last_reason(error)}); "
            "is Label Studio running, and is LABEL_STUDIO_URL its address?"
        ) from None


def refusal(connection: Connection, doing: str, status: int, body: Any) -> StudioError:
    """Return the error for an answer whose HTTP ``status`` is not a success."""
    reason = reason_in(body)
    if status == 401:
        return WrongTokenError(
            f"{doing}: Label Studio at {connection.url} does not accept the token ({reason}). "
            "LABEL_STUDIO_API_KEY must be the token on its Account & Settings page"
        )
    return RefusedError(f"{doing}: Label Studio refused (HTTP {status}): {reason}")


def reason_in(body: Any) -> str:
    """Return Label Studio's own reason from the body of an error, as plain text."""
    if isinstance(body, dict):
        faults = body.get("validation_errors")
        if isinstance(faults, dict):
            return "; ".join(_fault(name, fault) for name, fault in faults.items())
        return _plain(str(body.get("detail") or body.get("error") or body))
    return _plain(str(body))[:PAGE_LENGTH]


def _fault(name: str, fault: Any) -> str:
    text = _plain(" ".join(map(str, fault)) if isinstance(fault, list) else str(fault))
    return text if name == "non_field_errors" else f"{name}: {text}"


def _plain(text: str) -> str:
    return " ".join(TAG.sub("", text).split())


def _last_reason(error: Exception) -> str:
    """The innermost words of a connection error; the outer ones repeat the address."""
    return str(error).rpartition(": ")[2].strip("')\"") or type(error).__name__
