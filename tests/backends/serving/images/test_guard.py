"""Which hosts and addresses are refused."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.serving.images.guard import Guard, Refusal, literal, refusal

PUBLIC = "93.184.216.34"
PUBLIC_V6 = "2606:2800:220:1:248:1893:25c8:1946"
METADATA = ["169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200"]
METADATA += ["192.0.0.192", "fd00:ec2::254", "fd20:ce::254"]
PRIVATE = ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "127.8.8.8"]
PRIVATE += ["100.64.0.1", "198.18.0.1", "192.0.2.1", "::1", "fc00::1", "fd12:3456::1"]
PRIVATE += ["2001:db8::1", "2001:2::1", "3fff::1", "5f00::1", "100::1"]
NEVER = ["0.0.0.0", "0.1.2.3", "169.254.1.1", "224.0.0.1", "239.255.255.255", "255.255.255.255"]
NEVER += ["240.0.0.1", "::", "fe80::1", "fec0::1", "ff02::1"]
INSIDE_V6 = ["::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b:1::8.8.8.8"]
INSIDE_V6 += ["2002:808:808::1", "2001:0:808:808::1", "::8.8.8.8", "::ffff:127.0.0.1"]
# inet_aton reads each of these as an address; the second column says which.
ODD = ["2130706433", "0x7f000001", "017700000001", "127.1", "127.0.1", "0x7f.0.0.1", "0177.0.0.1"]
ODD += ["127.0.0.1.1", "1.2.3.0x", "256.1.1.1", "127.0.0.01", "0", "0x", "1:2", "fe80::1%%"]


def answering(*addresses: str) -> Guard:
    return Guard(frozenset(), lambda host, port: addresses)


@pytest.mark.parametrize("address", PRIVATE + NEVER + INSIDE_V6 + METADATA)
def test_a_name_that_leads_to_a_reserved_address_is_refused(address: str) -> None:
    with pytest.raises(Refusal, match="refused network address"):
        answering(address).addresses("images.example", 443, operators=False)


@pytest.mark.parametrize("address", NEVER + INSIDE_V6 + METADATA)
def test_metadata_and_never_routable_addresses_are_refused_to_the_operator_too(address) -> None:
    with pytest.raises(Refusal):
        answering(address).addresses("studio.example", 8080, operators=True)
    with pytest.raises(Refusal):
        answering().addresses(address, 8080, operators=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_the_operators_host_may_be_private_except_where_nothing_can_be_asked(address: str) -> None:
    assert answering(address).addresses("studio", 8080, operators=True) == [address]


def test_one_bad_answer_among_good_ones_refuses_the_host() -> None:
    with pytest.raises(Refusal):
        answering(PUBLIC, "10.0.0.1").addresses("images.example", 443, operators=False)


def test_public_addresses_are_returned_in_the_order_of_the_answer() -> None:
    guard = answering(PUBLIC_V6, PUBLIC)
    assert guard.addresses("images.example", 443, operators=False) == [PUBLIC_V6, PUBLIC]


def test_a_name_without_addresses_counts_as_a_failed_look_up() -> None:
    with pytest.raises(OSError, match="no address"):
        answering().addresses("images.example", 443, operators=False)


def test_a_literal_is_never_looked_up() -> None:
    guard = Guard(frozenset(), lambda host, port: pytest.fail(f"{host} was looked up"))
    assert guard.addresses("[::1]", 80, operators=False) == ["::1"]
    assert guard.addresses("127.0.0.1.", 80, operators=False) == ["127.0.0.1"]


@pytest.mark.parametrize(
    "host",
    [
        "metadata",
        "metadata.google.internal",
        "Metadata.Google.Internal.",
        "metadata.goog",
        "instance-data",
        "instance-data.ec2.internal",
        "x.metadata.google.internal",
    ],
)
def test_metadata_names_are_refused_before_any_look_up(host: str) -> None:
    with pytest.raises(Refusal, match="metadata"):
        answering(PUBLIC).addresses(host, 80, operators=True)


@pytest.mark.parametrize("host", ODD)
def test_odd_spellings_of_addresses_are_refused(host: str) -> None:
    with pytest.raises(Refusal, match="spelling"):
        literal(host)
    with pytest.raises(Refusal):
        answering(PUBLIC).addresses(host, 80, operators=True)


@pytest.mark.parametrize("host", ["a b", "a/b", "ünï", "", ".", "a..b", "\uff11\uff12\uff17.0.0.1"])
def test_what_is_no_host_name_is_refused(host: str) -> None:
    with pytest.raises(Refusal):
        answering(PUBLIC).addresses(host, 80, operators=False)


@pytest.mark.parametrize("host", ["example.com", "a-1.example", "my_host", "0x7f.example", "1.a"])
def test_ordinary_names_are_names(host: str) -> None:
    assert literal(host) is None


@given(st.ip_addresses())
def test_whatever_python_calls_not_global_is_refused(address) -> None:
    if not address.is_global or address.is_multicast or address.is_link_local:
        assert refusal(address, operators=False) is not None


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_cannot_hide_inside_an_ipv6_one(address) -> None:
    number = int(address)
    hidden = [
        ipaddress.IPv6Address(prefix | (number << shift))
        for prefix, shift in (
            (0, 0),
            (0xFFFF << 32, 0),
            (0xFFFF << 48, 0),
            (0x64FF9B << 96, 0),
            (0x2002 << 112, 80),
        )
    ]
    for disguise in hidden:
        if disguise != ipaddress.IPv6Address("::1"):  # which is loopback, and 0.0.0.1
            assert refusal(disguise, operators=True) is not None


@given(st.ip_addresses())
def test_the_operator_is_refused_nothing_that_the_public_may_have(address) -> None:
    if refusal(address, operators=False) is None:
        assert refusal(address, operators=True) is None


@pytest.mark.parametrize(("scheme", "host", "port", "allowed"), [
    ("https", "images.example", None, True),
    ("http", "images.example", None, True),
    ("http", "images.example", 80, True),
    ("https", "images.example.", None, True),
    ("https", "images.example", 8443, False),
    ("http", "images.example", 443, False),
    ("https", "a.images.example", None, False),
    ("https", "images.example.evil", None, False),
    ("http", "store.example", 9000, True),
    ("http", "store.example", None, False),
    ("http", "127.0.0.1", 9000, True),
    ("http", "127.0.0.1", 9001, False),
    ("http", "[::1]", 9000, True),
    ("https", "[2606::1]", None, True),
])  # fmt: skip
def test_the_allow_list_is_exact(scheme, host, port, allowed) -> None:
    listed = {"images.example", "store.example:9000", "127.0.0.1:9000"}
    listed |= {"[0:0::1]:9000", "[2606:0:0::1]"}
    assert Guard(frozenset(listed)).allows(scheme, host, port) is allowed
