"""Who calls: every way to write an address leads to one unit, and what is no address to none."""

from ipaddress import ip_address

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from proca_web.web.arriving import client
from proca_web.web.arriving.client import Client


def asked(peer: str, forwarded: str | None = None) -> Request:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return Request(EnvironBuilder(environ_base={"REMOTE_ADDR": peer}, headers=headers).get_environ())


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("203.0.113.5", "203.0.113.5"),
        (" 203.0.113.5:41001 ", "203.0.113.5"),
        ("203.0.113.5:_port", "203.0.113.5"),
        ("[2001:db8:1::5]:41001", "2001:db8:1::5"),
        ('"[2001:db8:1::5]:41001"', "2001:db8:1::5"),
        ("[2001:db8:1::5]", "2001:db8:1::5"),
        ("2001:db8:1::5", "2001:db8:1::5"),
        ("2001:DB8:1::5", "2001:db8:1::5"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:443", "fe80::1"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("::ffff:cb00:7105", "203.0.113.5"),
        ("[::ffff:203.0.113.5]:8080", "203.0.113.5"),
        ("64:ff9b::203.0.113.5", "203.0.113.5"),
        ("64:ff9b::cb00:7105", "203.0.113.5"),
        ("[64:ff9b:1::203.0.113.5]:1", "203.0.113.5"),
    ],
)
def test_an_address_is_the_same_however_it_is_written(written: str, meant: str) -> None:
    assert client.read(written) == ip_address(meant)


@pytest.mark.parametrize(
    "written", ["", "unknown", "_hidden", "-", "203.0.113.5:", "203.0.113.256", "[::1", "a:b", "\u0663.1.1.1"]
)
def test_what_is_no_address_is_none(written: str) -> None:
    assert client.read(written) is None


def test_an_ipv6_network_is_one_household() -> None:
    first, same, other = (client.of(asked(f"2001:db8:1:{end}"), 0) for end in ("2::1", "2:ffff::9", "3::1"))
    assert first == same != other


def test_a_server_bound_to_ipv6_tells_ipv4_visitors_apart() -> None:
    one, two = (client.of(asked(f"::ffff:{address}"), 0) for address in ("203.0.113.5", "198.51.100.7"))
    assert one != two
    assert one == client.of(asked("203.0.113.5"), 0)


def test_the_last_proxies_are_believed_and_nobody_before_them() -> None:
    visitor = client.of(asked("203.0.113.5"), 0)
    assert client.of(asked("127.0.0.1", "192.0.2.1, 203.0.113.5:1"), 1) == visitor
    assert client.of(asked("127.0.0.1", "192.0.2.1, 203.0.113.5:1, [2001:db8::9]:2"), 2) == visitor
    assert client.of(asked("203.0.113.5", "192.0.2.1"), 0) == visitor


@pytest.mark.parametrize("forwarded", [None, "", "unknown", "203.0.113.5, _hidden"])
def test_without_a_word_of_the_proxy_nobody_is_known(forwarded: str | None) -> None:
    found = client.of(asked("127.0.0.1", forwarded), 1)
    assert not found.is_known
    assert found != client.of(asked("127.0.0.1"), 0)


def test_a_socket_without_addresses_knows_nobody() -> None:
    assert client.of(asked(""), 0) == Client(b"", is_known=False)
    assert client.of(asked("", "203.0.113.5"), 1) == client.of(asked("203.0.113.5"), 0)
