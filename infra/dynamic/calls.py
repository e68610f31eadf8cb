"""What all calls to Google's APIs share: the address, and the sentence that a failure becomes."""

# The client library has no types.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import os
from collections.abc import Generator
from contextlib import contextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit

from infra.dynamic.credentials import CredentialsError
from infra.settings.facts import WARNING

# The Google provider's own variables, so that both speak to the same place.
BUDGETS = "GOOGLE_BILLING_CUSTOM_ENDPOINT"
COMPUTE = "GOOGLE_COMPUTE_CUSTOM_ENDPOINT"
MONITORING = "GOOGLE_MONITORING_CUSTOM_ENDPOINT"
STORAGE = "GOOGLE_STORAGE_CUSTOM_ENDPOINT"
_NOT_ENABLED = ("SERVICE_DISABLED", "has not been used in project", "it is disabled")


def endpoint(variable: str) -> tuple[str, bool]:
    """Return the address that a variable gives an API, and whether it is plain http.

    Empty means Google's own. Where it is plain http, no credentials may be sent.

    Raises:
        CredentialsError: It is plain http, and not on this computer.
    """
    address = os.environ.get(variable, "")
    url = urlsplit(address)
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        raise CredentialsError(
            f"{variable} is {address}: credentials are not sent over plain http. Use https, or an"
            " address on this computer."
        )
    return address, url.scheme == "http"


def is_loopback(host: str) -> bool:
    """Return whether a host is this computer."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_not_enabled(said: str) -> bool:
    """Return whether Google's words for an error mean that the project has not enabled the API."""
    return any(words in said for words in _NOT_ENABLED)


def warn(text: str) -> None:
    """Say what went wrong without ending the update: `make` shows it at the end."""
    print(f"{WARNING}{text}", flush=True)


@contextmanager
def worded(what: str, api: str, error: type[RuntimeError]) -> Generator[None]:
    """Raise what goes wrong in a call as an error of ours, in a sentence.

    Args:
        what: What could not be done, as after "could not".
        api: The API's name.
        error: The class of the error.
    """
    # The client libraries take a second to import.
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError
    from requests.exceptions import RequestException

    try:
        yield
    except CredentialsError as fault:
        raise error(f"Could not {what}: {fault}") from None
    except GoogleAuthError as fault:
        raise error(
            f"Could not {what} without credentials ({fault})."
            " Run: gcloud auth application-default login"
        ) from fault
    except GoogleAPICallError as fault:
        raise error(f"Could not {what}: {fault.message}") from fault
    except RetryError as fault:
        # What a library that tries again itself raises in the end; no GoogleAPICallError.
        raise error(f"Could not {what}: {api} goes on to fail ({fault.cause}).") from fault
    except RequestException as fault:
        raise error(f"Could not {what}: {api} cannot be reached ({fault}).") from fault


@contextmanager
def short(*errors: type[RuntimeError]) -> Generator[None]:
    """Drop the causes of an error: the engine shows whole tracebacks, and the words come last."""
    try:
        yield
    except errors as fault:
        raise type(fault)(str(fault)) from None
