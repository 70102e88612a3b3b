"""A mail server that an org enters is one of the world: nothing in our own network is reached through us."""

import socket
from collections.abc import Callable
from typing import Any

import pytest
from flask_mail import Mail

from proca_web.adapters.mail import public_only
from proca_web.adapters.mail.extension import mail_config
from proca_web.adapters.mail.public_only import PrivateServer, PublicConnection
from proca_web.config import MailSettings
from tests import relay


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "2001:4860:4860::8888"])
def test_addresses_of_the_world_are_reached(address: str) -> None:
    assert public_only.is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1"),
        *("::1", "::", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::"),
    ],
)
def test_addresses_of_our_own_network_are_not(address: str) -> None:
    assert not public_only.is_public(address)


def connection(server: str, port: int) -> PublicConnection:
    mail = MailSettings(server, port, "none", "", "", "a@example.org")
    return PublicConnection(Mail().init_mail(mail_config(mail, None)))


def test_no_connection_is_made_to_this_machine() -> None:
    with relay.running() as own:
        for name in ("localhost", "127.0.0.1", "0x7f.1", "2130706433"):
            with pytest.raises(PrivateServer):
                connection(name, own.port).configure_host()
        assert own.taken == []


def test_a_name_with_one_private_address_is_refused_and_what_was_looked_at_is_what_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [["1.1.1.1", "10.0.0.1"], ["1.1.1.1", "1.0.0.1"], ["127.0.0.1"]]
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(0, 0, 0, "", (address, port)) for address in answers[len(asked) - 1]]

    connected = refusing()
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(socket, "create_connection", connected)
    with pytest.raises(PrivateServer):
        connection("mixed.example", 587).configure_host()
    with pytest.raises(ConnectionRefusedError):
        connection("rebinding.example", 587).configure_host()
    assert asked == ["mixed.example", "rebinding.example"], "a name is asked once"
    assert connected.to == [("1.1.1.1", 587), ("1.0.0.1", 587)]  # type: ignore[attr-defined]


def refusing() -> Callable[..., None]:
    """Nobody answers; `to` says where it was tried."""

    def create_connection(address: tuple[str, int], *_: object, **__: object) -> None:
        create_connection.to.append(address)  # type: ignore[attr-defined]
        raise ConnectionRefusedError

    create_connection.to = []  # type: ignore[attr-defined]
    return create_connection
