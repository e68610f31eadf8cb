"""Which addresses Label Studio may call: its own banned subnets, minus a hole for the ML backends.

Label Studio 1.23.2 refuses ML backends on private addresses (``ML_BLOCK_LOCAL_IP`` and
``SSRF_PROTECTION_ENABLED``, both on by default). Switching those off would also let anybody who can
import a task by URL read the cloud's metadata server. Instead both stay on, and the list they share
is replaced by the same list without the backends' addresses (``USER_ADDITIONAL_BANNED_SUBNETS``).
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TypeVar

Network = IPv4Network | IPv6Network
N = TypeVar("N", IPv4Network, IPv6Network)

# label_studio/core/utils/io.py, validate_ip, version 1.23.2; a test compares the installed one.
DEFAULT_BANNED_SUBNETS: tuple[str, ...] = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "233.252.0.0/24",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "::/128",
    "::1/128",
    "::ffff:0:0/96",
    "::ffff:0:0:0/96",
    "64:ff9b::/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001:0000::/32",
    "2001:20::/28",
    "2001:db8::/32",
    "2002::/16",
    "fc00::/7",
    "fe80::/10",
    "ff00::/8",
)

# Where clouds serve credentials to whoever asks from inside the machine; never part of a hole.
METADATA_SUBNETS: tuple[str, ...] = ("169.254.0.0/16", "fe80::/10", "fd20:ce::/32")

# The smallest prefix a hole may have: a container network is a /16, a private range is wider.
WIDEST_HOLE_PREFIX = {4: 16, 6: 64}


def parse_hole(text: str) -> Network:
    """Read one address or CIDR network that Label Studio may call.

    Raises:
        ValueError: it is not an address or network, it is wider than a container network, or it
            touches a metadata address.
    """
    try:
        hole = ip_network(text.strip())
    except ValueError as error:
        raise ValueError(
            f"{text!r} is not an address or network ({error}); write for example 127.0.0.1/32"
        ) from None
    widest = WIDEST_HOLE_PREFIX[hole.version]
    if hole.prefixlen < widest:
        raise ValueError(
            f"{hole} is too wide: at most a /{widest}; name the backends' own addresses"
        )
    for metadata in METADATA_SUBNETS:
        if _same_version_overlap(hole, ip_network(metadata)):
            raise ValueError(
                f"{hole} touches {metadata}, where a cloud machine serves its credentials; "
                "give the backends another address"
            )
    return hole


def banned_subnets(
    holes: Iterable[Network], banned: Sequence[str] = DEFAULT_BANNED_SUBNETS
) -> list[str]:
    """Return ``banned`` without the addresses in ``holes``, as CIDR strings in a stable order."""
    remaining: list[Network] = [ip_network(subnet) for subnet in banned]
    for hole in holes:
        remaining = [piece for subnet in remaining for piece in _without(subnet, hole)]
    return [str(subnet) for subnet in remaining]


def _without(subnet: Network, hole: Network) -> list[Network]:
    if isinstance(subnet, IPv4Network) and isinstance(hole, IPv4Network):
        return list(_pieces(subnet, hole))
    if isinstance(subnet, IPv6Network) and isinstance(hole, IPv6Network):
        return list(_pieces(subnet, hole))
    return [subnet]


def _pieces(subnet: N, hole: N) -> list[N]:
    if not subnet.overlaps(hole):
        return [subnet]
    if subnet.subnet_of(hole):
        return []
    return sorted(subnet.address_exclude(hole))


def _same_version_overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
