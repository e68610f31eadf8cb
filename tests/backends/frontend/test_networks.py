"""The list of addresses that Label Studio may not call, and the hole in it."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.frontend.networks import DEFAULT_BANNED_SUBNETS, banned_subnets, parse_hole


def is_banned(address: str, subnets: list[str]) -> bool:
    return any(ip_address(address) in ip_network(subnet) for subnet in subnets)


def test_only_the_hole_is_opened() -> None:
    subnets = banned_subnets([parse_hole("127.0.0.1/32"), parse_hole("10.128.0.7")])
    assert not is_banned("127.0.0.1", subnets)
    assert not is_banned("10.128.0.7", subnets)
    for address in ("127.0.0.2", "127.0.1.1", "10.128.0.6", "10.128.0.8", "169.254.169.254", "::1"):
        assert is_banned(address, subnets), address


def test_without_holes_the_list_is_label_studios_own() -> None:
    assert [ip_network(s) for s in banned_subnets([])] == [
        ip_network(s) for s in DEFAULT_BANNED_SUBNETS
    ]


@given(st.ip_addresses(v=4, network="172.16.0.0/12"), st.integers(min_value=16, max_value=32))
def test_an_address_is_banned_exactly_when_it_was_and_is_outside_the_hole(address, prefix) -> None:
    hole = parse_hole(f"{ip_network(f'{address}/{prefix}', strict=False)}")
    subnets = banned_subnets([hole])
    for probe in (hole[0], hole[-1], address):
        assert not is_banned(str(probe), subnets)
    for probe in (ip_address(int(hole[0]) - 1), ip_address(int(hole[-1]) + 1)):
        expected = is_banned(str(probe), list(DEFAULT_BANNED_SUBNETS))
        assert is_banned(str(probe), subnets) == expected


def test_an_ipv6_hole_leaves_ipv4_alone() -> None:
    subnets = banned_subnets([parse_hole("::1")])
    assert not is_banned("::1", subnets)
    assert is_banned("127.0.0.1", subnets)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("169.254.169.254", "credentials"),
        ("169.254.0.0/16", "credentials"),
        ("fe80::1", "credentials"),
        ("10.0.0.0/8", "too wide"),
        ("0.0.0.0/0", "too wide"),
        ("::/0", "too wide"),
        ("localhost", "not an address or network"),
        ("127.0.0.1/24", "not an address or network"),
    ],
)
def test_a_dangerous_or_unreadable_hole_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_hole(text)
