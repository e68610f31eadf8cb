"""Who reaches the studio, under which name, and with which certificate."""

import ipaddress
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from infra.settings.facts import EVERYWHERE
from infra.settings.fields import Settings
from infra.settings.findings import Finding, shown
from infra.settings.rules.rule import reads

# Source IP ranges a firewall rule: docs.cloud.google.com/vpc/docs/quota.
MAX_RANGES = 5000

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$)(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])")
_EMAIL = re.compile(rf"[A-Za-z0-9._%+-]+@(?:{_LABEL}\.)+[a-z]{{2,63}}", re.IGNORECASE)


@reads("allowed_ranges")
def allowed_ranges(settings: Settings) -> Iterator[Finding]:
    """Address ranges as a firewall takes them."""
    for text in settings.allowed_ranges:
        fault = range_fault(text)
        if fault:
            yield Finding("allowedRanges", f"{shown(text)} {fault[0]}", fault[1])


@reads("allowed_ranges")
def ranges_of_one_rule(settings: Settings) -> Iterator[Finding]:
    """As many as a firewall rule takes, and each once."""
    ranges = settings.allowed_ranges
    if len(ranges) > MAX_RANGES:
        yield Finding(
            "allowedRanges",
            f"there are {len(ranges)}, and a firewall rule takes {MAX_RANGES}",
            "Join neighbours into larger ranges, or set access to iap",
        )
    twice = next((text for text in ranges if ranges.count(text) > 1), None)
    if len(ranges) <= MAX_RANGES and twice:
        yield Finding(
            "allowedRanges", f"{shown(twice)} is there more than once", "Write each range once"
        )


@reads("allowed_ranges", "access")
def somebody_allowed(settings: Settings) -> Iterator[Finding]:
    """Ranges if, and only if, a port is open."""
    if settings.access == "public" and not settings.allowed_ranges:
        yield Finding(
            "allowedRanges",
            "the list is empty, so nobody could open the studio",
            f"Write your office's range as in 203.0.113.0/24, or {EVERYWHERE} for everybody,"
            " or set access to iap",
        )
    if settings.access == "iap" and settings.allowed_ranges not in ((), (EVERYWHERE,)):
        yield Finding(
            "allowedRanges",
            "access iap opens no port, so allowedRanges has no effect",
            "Remove allowedRanges, or set access to public",
        )


def range_fault(text: str) -> tuple[str, str] | None:
    """Return what is wrong with an address range and what to write, or None."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return ("is not an address range", "Write four numbers and a length, as in 203.0.113.0/24")
    if network.version != 4:
        return ("is IPv6, and the machine has an IPv4 address only", "Write an IPv4 range")
    if str(network) != text:
        single = "/" not in text
        return (
            "is an address without a length" if single else "has bits set after its length",
            f"Write {network}",
        )
    return None


@reads("access", "tls", "allowed_ranges")
def plain_to_everybody(settings: Settings) -> Iterator[Finding]:
    """Without a certificate passwords travel readable: to an office at most."""
    everybody = settings.access == "public" and EVERYWHERE in settings.allowed_ranges
    if settings.tls == "off" and everybody:
        yield Finding(
            "tls",
            "with tls off and the port open to everybody, anybody on the way can read passwords"
            " and masks",
            "Set tls to address, which needs no domain; or allowedRanges to your office's range as"
            " in 203.0.113.0/24, or access to iap",
        )


@reads("access", "tls")
def access(settings: Settings) -> Iterator[Finding]:
    """A certificate's issuer must reach the machine, which nobody can behind the tunnel."""
    if settings.access == "iap" and settings.tls != "off":
        yield Finding(
            "tls",
            f"access iap opens no port, so no certificate can be issued for tls {settings.tls}",
            "Set tls to off: the tunnel itself is encrypted",
        )


@reads("domain")
def domain(settings: Settings) -> Iterator[Finding]:
    """A name that a certificate can be for."""
    if settings.domain and not _DOMAIN.fullmatch(settings.domain):
        yield Finding(
            "domain",
            f"{shown(settings.domain)} is not a domain name",
            "Write the name alone, in lowercase, as in label.example.org: no https://, no path,"
            " no port",
        )


@reads("tls", "domain")
def domain_used(settings: Settings) -> Iterator[Finding]:
    """A domain if, and only if, the certificate is for one."""
    if settings.tls == "domain" and not settings.domain:
        yield Finding(
            "domain",
            "tls domain needs the name under which labelers open the studio",
            "Set domain, as in label.example.org, or set tls to address",
        )
    if settings.tls != "domain" and settings.domain:
        yield Finding(
            "domain",
            f"{shown(settings.domain)} is given, but tls is {settings.tls}",
            "Set tls to domain, or remove domain",
        )


@reads("acme_email")
def acme_email(settings: Settings) -> Iterator[Finding]:
    """Where the certificate's issuer writes to."""
    if settings.acme_email and not is_email(settings.acme_email):
        yield Finding(
            "acmeEmail",
            f"{shown(settings.acme_email)} is not an e-mail address",
            "Write one as in it@example.org, or nothing",
        )


@reads("tls", "acme_email")
def acme_email_used(settings: Settings) -> Iterator[Finding]:
    """An issuer's correspondent only where there is an issuer."""
    if settings.acme_email and settings.tls == "off":
        yield Finding(
            "acmeEmail", "with tls off no certificate is requested", "Remove acmeEmail, or set tls"
        )


def is_email(text: str) -> bool:
    """Return whether a text has an e-mail address's form."""
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None


@reads("cors_origins")
def cors_origins(settings: Settings) -> Iterator[Finding]:
    """Origins as browsers send them."""
    if "*" in settings.cors_origins and len(settings.cors_origins) > 1:
        yield Finding(
            "corsOrigins",
            '"*" already means every page on the internet',
            'Write ["*"] alone, or leave it out',
        )
    for origin in settings.cors_origins:
        if origin != "*" and not _is_origin(origin):
            yield Finding(
                "corsOrigins",
                f"{shown(origin)} is not an origin",
                "Write scheme and host as in https://label.example.org: no path, no slash at the"
                " end",
            )


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and text == f"{parts.scheme}://{parts.hostname}{port}"
        and " " not in text
    )
