"""Asks the studio's own address for /health, as a labeler's browser would open it.

From the operator's computer, which may stand where labelers do not: outside `allowedRanges`, or
behind a firewall of its own. So that nobody answers is a failure only where everybody may ask. A
wrong certificate or answer is one always; certificates are checked as ever. Proxies of the
environment (HTTPS_PROXY) and a company's authorities (REQUESTS_CA_BUNDLE) are used.
"""

import socket
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import urlsplit

import requests

from infra.dynamic.readiness import Clock, Progress
from infra.dynamic.readiness_errors import NotReadyError

PATH = "/health"
TIMEOUT_SECONDS = 10.0
POLL_SECONDS = 3.0
# Time for a certificate, once the machine is ready.
SECONDS = 300.0
# Where this computer may be one of those that cannot reach it.
SECONDS_OF_FEW = 30.0

Reach = Literal["everybody", "few", "tunnel"]
Answer = Literal["healthy", "no answer", "wrong"]


@dataclass(frozen=True)
class Web:
    """A studio's address.

    Attributes:
        url: Its origin.
        reach: Who may open it: everybody, a few ranges of addresses, or who has the tunnel.
        address: The machine's own address, which a domain has to lead to; empty without a domain.
    """

    url: str
    reach: Reach
    address: str = ""

    @property
    def host(self) -> str:
        """The origin's host."""
        return urlsplit(self.url).hostname or ""


class Browser(Protocol):
    """Opens an address once; returns what came of it, and in words."""

    def __call__(self, url: str) -> tuple[Answer, str]: ...


def ask(url: str) -> tuple[Answer, str]:
    """Return what the address answers, and in words."""
    try:
        answer = requests.get(url, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.exceptions.SSLError as fault:
        return "wrong", f"its certificate is not valid: {_cause(fault)}"
    except requests.exceptions.RequestException as fault:
        return "no answer", _cause(fault)
    if answer.status_code != requests.codes.ok:
        return "wrong", f"it answers {answer.status_code}"
    return "healthy", "it answers"


def leads_to(host: str, address: str) -> bool:
    """Return whether the name leads to the address, as this computer sees it."""
    try:
        found = socket.getaddrinfo(host, None, family=socket.AF_INET)
    except OSError:
        return False
    return address in {str(entry[4][0]) for entry in found}


def check(web: Web, limit: float, progress: Progress, clock: Clock, browser: Browser = ask) -> None:
    """Return when the studio answers, or when this computer cannot judge that it does not.

    Args:
        web: Its address.
        limit: When to give up on a domain that does not lead to the machine yet, in seconds since
            the wait began: its owner may be about to change that.
        progress: Where it is told.
        clock: Time.
        browser: What opens the address.

    Raises:
        NotReadyError: if it answers wrongly, or does not answer though everybody may ask.
    """
    if web.reach == "tunnel":
        progress.tell("ready; its web port is reached through the tunnel only, not asked from here")
        return
    began = clock.now()
    while True:
        answer, words = browser(web.url + PATH)
        if answer == "healthy":
            progress.tell(f"ready; {web.url} answers")
            return
        waited = clock.now() - began
        if web.reach == "few" and answer == "no answer" and waited > SECONDS_OF_FEW:
            progress.tell(
                f"ready, it says; {web.url} cannot be reached from this computer ({words}),"
                " as it should be outside of allowedRanges"
            )
            return
        may_change = bool(web.address) and progress.seconds < limit
        if waited > SECONDS and not may_change:
            raise NotReadyError(
                f"The machine is ready, but {web.url} is not, as seen from this computer: {words}."
                f" {_remedy(web)} Then run pulumi up again: only this check is repeated."
            )
        progress.tell(f"ready; asking {web.url}: {words}{_hint(web)}")
        clock.sleep(POLL_SECONDS)


def _hint(web: Web) -> str:
    if web.address and not leads_to(web.host, web.address):
        return f". Point the domain at the machine: an A record {web.host} -> {web.address}"
    return ""


def _remedy(web: Web) -> str:
    if web.address and not leads_to(web.host, web.address):
        return f"Point the domain at the machine: an A record {web.host} -> {web.address}."
    return (
        "See whether a browser opens it. If it does, something between this computer and the"
        " machine is in the way; set atelier:readyMinutes to 0 here. If it does not, the log of the"
        " machine's web server tells why: sudo docker logs atelier-caddy-1"
        " (pulumi stack output ssh leads there)."
    )


def _cause(fault: BaseException) -> str:
    """The innermost reason, in the words of whoever met it."""
    reason: object = fault
    while True:
        inner = getattr(reason, "reason", None) or next(
            (arg for arg in getattr(reason, "args", ()) if isinstance(arg, BaseException)), None
        )
        if not isinstance(inner, BaseException):
            return str(reason)
        reason = inner
