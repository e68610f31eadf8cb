"""Which network addresses may be asked for an image.

Task data is written by people and by imports, so an address in it must not be a way into the
network that this service stands in (server-side request forgery). A host name is looked up once,
every answer is checked, and the connection goes to a checked address: a second look-up could answer
something else (DNS rebinding).

Kept apart: `operators` addresses (Label Studio itself, and address literals in the allow-list) may
be private, since the operator wrote them down. Metadata services, link-local, multicast,
unspecified and IPv4-inside-IPv6 addresses are refused for everybody.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Sequence[str]]

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
# What inet_aton takes for a number where a URL shows a host: 2130706433, 0x7f.1, 127.1, 0177.0.0.1.
# The rule is the URL standard's "ends in a number".
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")

_METADATA_NAMES = ("metadata", "metadata.google.internal", "metadata.goog", "instance-data")
_METADATA = frozenset(
    ipaddress.ip_address(address)
    for address in (
        "169.254.169.254",  # Google, AWS, Azure, most others
        "169.254.170.2",  # AWS containers
        "168.63.129.16",  # Azure's host agent: a public-looking address
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # Google
    )
)

# IANA's special-purpose registries, written out: ipaddress.is_global changes between Python
# patches.
_SPECIAL_V4 = tuple(
    (ipaddress.IPv4Network(network), kind)
    for network, kind in (
        ("10.0.0.0/8", "private"),
        ("172.16.0.0/12", "private"),
        ("192.168.0.0/16", "private"),
        ("127.0.0.0/8", "loopback"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
    )
)
_NEVER_V4 = tuple(
    (ipaddress.IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "unspecified"),
        ("169.254.0.0/16", "link-local"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved or broadcast"),
    )
)
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "3fff::/20", "2620:4f:8000::/48")
)
_NEVER_V6 = tuple(
    (ipaddress.IPv6Network(network), kind)
    for network, kind in (
        ("::/128", "unspecified"),
        ("::ffff:0:0/96", "IPv4 inside IPv6"),
        ("::ffff:0:0:0/96", "IPv4 inside IPv6"),
        ("64:ff9b::/96", "IPv4 inside IPv6 (NAT64)"),
        ("64:ff9b:1::/48", "IPv4 inside IPv6 (NAT64)"),
        ("2001::/32", "IPv4 inside IPv6 (Teredo)"),
        ("2002::/16", "IPv4 inside IPv6 (6to4)"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_LOOPBACK_V6 = ipaddress.IPv6Address("::1")
_COMPATIBLE_V6 = ipaddress.IPv6Network("::/96")


class Refusal(Exception):
    """Why a host or an address is not asked; the caller adds which image wanted it."""


def system_resolver(host: str, port: int) -> list[str]:
    """All addresses of `host`, in the system's order of preference. Raises OSError.

    The C library offers no time limit of its own for this call: /etc/resolv.conf rules (5 s a try).
    """
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


def literal(host: str) -> Address | None:
    """The address that `host` spells out, None for a name. Raises Refusal for odd spellings."""
    bare = host.removeprefix("[").removesuffix("]")
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    last = bare.rstrip(".").rpartition(".")[2]
    if ":" in bare or _NUMERIC_LABEL.fullmatch(last):
        raise Refusal(f"host {host} is an unusual spelling of a network address")
    return None


def refusal(address: Address, *, operators: bool) -> str | None:
    """The kind of `address` if it must not be asked, else None."""
    if address in _METADATA:
        return "metadata service"
    if isinstance(address, ipaddress.IPv4Address):
        return _first(address, _NEVER_V4) or (None if operators else _first(address, _SPECIAL_V4))
    if kind := _first(address, _NEVER_V6):
        return kind
    if address != _LOOPBACK_V6 and address in _COMPATIBLE_V6:
        return "IPv4 inside IPv6"
    if operators:
        return None
    if address not in _GLOBAL_V6:
        return "loopback" if address == _LOOPBACK_V6 else "private or reserved"
    return "reserved" if any(address in network for network in _SPECIAL_V6) else None


def _first(address: Address, table: Sequence[tuple]) -> str | None:
    return next((kind for network, kind in table if address in network), None)


class Guard:
    """Answers whether a host is on the allow-list, and at which addresses it may be asked."""

    def __init__(self, allowed_hosts: frozenset[str], resolver: Resolver = system_resolver) -> None:
        self._allowed = frozenset(_canonical(entry) for entry in allowed_hosts)
        self._resolver = resolver

    def allows(self, scheme: str, host: str, port: int | None) -> bool:
        """True when `host` is listed with this port, or without one and the port is the
        scheme's.
        """
        default = _DEFAULT_PORTS[scheme]
        name = _canonical(host)
        if (port or default) == default and name in self._allowed:
            return True
        return f"{name}:{port or default}" in self._allowed

    def addresses(self, host: str, port: int, *, operators: bool) -> list[str]:
        """Numeric addresses of `host` that may be connected to, all of them checked.

        operators: the host is the operator's own choice and may be private. A literal always counts
        as that, for the allow-list has been asked before. Raises Refusal, and OSError from DNS.
        """
        name = host.lower().rstrip(".")
        spelled = literal(name)
        if spelled is not None:
            answers: Sequence[str] = [str(spelled)]
        elif not _HOST.fullmatch(name):
            raise Refusal(f"host {host!r} is not a valid name")
        elif name in _METADATA_NAMES or name.endswith(
            (".metadata.google.internal", ".ec2.internal")
        ):
            raise Refusal(f"host {host} is a metadata service")
        else:
            answers = self._resolver(name, port)
        for answer in answers:
            kind = refusal(ipaddress.ip_address(answer), operators=operators or spelled is not None)
            if kind:
                raise Refusal(f"host {host} resolves to a refused network address ({kind})")
        if not answers:
            raise OSError(f"host {host} has no address")
        return list(answers)


def _canonical(entry: str) -> str:
    """`host` or `host:port` with IPv6 in brackets and in its shortest form."""
    bracketed = re.fullmatch(r"\[?([0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*)\]?(:[0-9]+)?", entry)
    if bracketed is None or ("[" not in entry and bracketed[2]):
        return entry.rstrip(".")
    try:
        return f"[{ipaddress.IPv6Address(bracketed[1])}]{bracketed[2] or ''}"
    except ValueError:
        return entry
