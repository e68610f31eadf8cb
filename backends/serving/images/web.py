"""From an http(s) address to bytes: who may be asked, what goes with the request, where it leads.

Redirects are followed by hand, three at most, and each is looked at as if it were the address in
the task. The Label Studio token goes to Label Studio's file paths only, and no longer once a
redirect has left Label Studio.
"""

import re
from dataclasses import replace

from urllib3.util.url import Url

from backends.serving.images.budget import Body, Budget
from backends.serving.images.errors import (
    ImageDenied,
    ImageNotFound,
    ImageRefused,
    ImageUnreachable,
)
from backends.serving.images.guard import Guard, Refusal, literal
from backends.serving.images.label_studio import Token
from backends.serving.images.sources import Reader, WebImage
from backends.serving.images.transport import Answer, Transport

_MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Where Label Studio sends a browser for an object in a bucket, by an address that it has signed.
_SIGNED_STORAGE = re.compile(
    r"storage\.googleapis\.com|(.+\.)?s3[.-]([a-z0-9-]+\.)*amazonaws\.com(\.cn)?"
    r"|[a-z0-9]+\.blob\.core\.windows\.net"
)
_KEY_ADVICE = "check LABEL_STUDIO_API_KEY, and that its owner may see the project"


class Web:
    """Fetches from Label Studio and from the hosts on the allow-list."""

    def __init__(self, reader: Reader, guard: Guard, transport: Transport, token: Token) -> None:
        self._reader = reader
        self._guard = guard
        self._transport = transport
        self._token = token

    def fetch(self, source: WebImage, budget: Budget) -> Body:
        """The file behind `source`. Raises any ImageError but ImageUnreadable."""
        came_from: WebImage | None = None
        for _ in range(_MAX_REDIRECTS + 1):
            self._admit(source, came_from)
            answer = self._ask(source, budget)
            if answer.status not in _REDIRECTS:
                return _accept(answer, source)
            location = answer.headers.get("location")
            if not location:
                raise ImageRefused(f"{source.image}: was redirected without an address")
            target = self._reader.follow(source.url, location, source.image)
            if target.label_studio and self._reader.path_below(target.url).startswith(
                "/user/login"
            ):
                raise ImageDenied(f"{source.image}: Label Studio asks to log in; {_KEY_ADVICE}")
            # Label Studio's address loses its rights when a foreign host names it: what is asked of
            # Label Studio must not be that host's choice.
            trusted = source.label_studio and target.label_studio
            came_from, source = source, replace(target, label_studio=trusted)
        raise ImageRefused(f"{source.image}: more than {_MAX_REDIRECTS} redirects")

    def _admit(self, source: WebImage, came_from: WebImage | None) -> None:
        """Raises ImageRefused unless this host may be asked, seen from where we come."""
        url = source.url
        scheme, host = url.scheme or "", url.host or ""
        if source.label_studio:
            return
        from_label_studio = came_from is not None and came_from.label_studio
        signed = scheme == "https" and url.port in (None, 443) and _SIGNED_STORAGE.fullmatch(host)
        if from_label_studio and signed:
            return
        try:
            literal(host)
        except Refusal as refusal:
            raise ImageRefused(f"{source.image}: {refusal}") from refusal
        if not self._guard.allows(scheme, host, url.port):
            what = "is on" if came_from is None else "was redirected to"
            raise ImageRefused(
                f"{source.image}: {what} {url.netloc}, which is not among the hosts that images "
                "may come from (IMAGE_HOSTS)"
            )

    def _ask(self, source: WebImage, budget: Budget) -> Answer:
        operators = source.label_studio
        if not self._reader.takes_token(source):
            return self._transport.exchange(source.url, budget, operators=operators)
        header = self._token.header(budget)
        answer = self._transport.exchange(source.url, budget, operators=operators, headers=header)
        if answer.status == 401 and self._token.renew(header):
            header = self._token.header(budget)
            answer = self._transport.exchange(
                source.url, budget, operators=operators, headers=header
            )
        return answer


def _accept(answer: Answer, source: WebImage) -> Body:
    if answer.status == 200 and answer.body is not None:
        return answer.body
    image, owner = source.image, _owner(source.url, source.label_studio)
    refused = f"{image}: {owner} refuses access ({answer.status})"
    if answer.status in (401, 403) and source.label_studio:
        raise ImageDenied(f"{refused}; {_KEY_ADVICE}")
    # No key of ours goes to another host: what it refuses now, it refuses until the address is
    # another one.
    if answer.status in (401, 403):
        raise ImageRefused(f"{refused}; it may need a signed address")
    if answer.status == 404 and source.label_studio and "/resolve/" in (source.url.path or ""):
        raise ImageNotFound(
            f"{image}: Label Studio has no storage for it in this project, or no such file (404)"
        )
    if answer.status in (404, 410):
        raise ImageNotFound(f"{image}: {owner} has no such file ({answer.status})")
    kind = ImageUnreachable if _may_pass(answer.status) else ImageRefused
    raise kind(f"{image}: {owner} answered {answer.status} instead of the file")


def _may_pass(status: int) -> bool:
    """Whether an answer speaks of the moment: of the server, of the rate, of a file behind Label
    Studio's resolver (424 is its word for a storage that did not answer).
    """
    return not 400 <= status < 500 or status in (408, 421, 423, 424, 425, 429)


def _owner(url: Url, label_studio: bool) -> str:
    return "Label Studio" if label_studio else str(url.netloc)
