"""Signed addresses, version 4 (cloud.google.com/storage/docs/authentication/canonical-requests)."""

import hashlib
import re
import time
from calendar import timegm
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, unquote

from tests.cloud.storage.refusal import Refused
from tests.cloud.storage.signatures import is_signed

ALGORITHM = "GOOG4-RSA-SHA256"
WEEK_SECONDS = 7 * 24 * 3600
EARLY_SECONDS = 900


def is_signed_url(query: str) -> bool:
    """Whether a query claims to be signed."""
    return "x-goog-signature=" in query.lower()


def signer(query: str) -> str:
    """Return the e-mail of the account that a signed address names, if its time is right.

    Raises:
        Refused: the query is malformed, or the address has expired or is not valid yet.
    """
    fields = _fields(query)
    try:
        email, day, _, service, kind = fields["x-goog-credential"].split("/")
        start = timegm(time.strptime(fields["x-goog-date"], "%Y%m%dT%H%M%SZ"))
        seconds = int(fields["x-goog-expires"])
        right = (
            (service, kind) == ("storage", "goog4_request")
            and fields["x-goog-date"].startswith(day)
            and "host" in fields["x-goog-signedheaders"].split(";")
            and fields["x-goog-algorithm"] == ALGORITHM
            and 0 < seconds <= WEEK_SECONDS
        )
    except (KeyError, ValueError):
        right, email, start, seconds = False, "", 0, 0
    if not right:
        raise Refused(400, "MalformedSecurityHeader", "Your request has a malformed header.")
    if time.time() > start + seconds:
        ended = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(start + seconds))
        details = f"Request signature expired at: {ended}"
        raise Refused(400, "ExpiredToken", "The provided token has expired.", Details=details)
    if time.time() < start - EARLY_SECONDS:
        raise Refused(403, "AccessDenied", "Access denied.")
    return email


def verify(
    method: str, path: str, query: str, headers: Mapping[str, str], keys: Iterable[str]
) -> None:
    """Return if one of the public `keys` signed this request.

    Args:
        headers: with names in lower case.

    Raises:
        Refused: none did.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    fields = _fields(query)
    signed = fields["x-goog-signedheaders"].split(";")
    canonical_query = "&".join(
        sorted(
            f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
            for name, value in pairs
            if name.lower() != "x-goog-signature"
        )
    )
    lines = "".join(f"{name}:{_trimmed(headers.get(name, ''))}\n" for name in signed)
    canonical = "\n".join(
        [
            "GET" if method == "HEAD" else method,  # an address for GET serves HEAD as well
            quote(unquote(path), safe="/~-_."),
            canonical_query,
            lines,
            ";".join(signed),
            headers.get("x-goog-content-sha256", "UNSIGNED-PAYLOAD"),
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    scope = fields["x-goog-credential"].split("/", 1)[1]
    message = "\n".join([ALGORITHM, fields["x-goog-date"], scope, digest]).encode()
    try:
        signature = bytes.fromhex(fields["x-goog-signature"])
    except ValueError:
        signature = b""
    if not any(is_signed(key, signature, message) for key in keys):
        raise Refused(
            403,
            "SignatureDoesNotMatch",
            "Access denied.",
            Details="The request signature we calculated does not match the signature you "
            "provided. Check your Google secret key and signing method.",
        )


def _fields(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    return {name.lower(): value for name, value in pairs if name.lower().startswith("x-goog-")}


def _trimmed(value: str) -> str:
    return re.sub(" +", " ", value.strip())
