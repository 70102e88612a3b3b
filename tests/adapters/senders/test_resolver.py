"""The name server is asked for what it has, with little patience, and its silence is told from an empty answer."""

import subprocess
import sys
from ipaddress import ip_address

import pytest

from proca_web.adapters import clock
from proca_web.adapters.senders import resolver as asking
from proca_web.adapters.senders.resolver import Resolver, organisation
from proca_web.domain.senders import judging
from proca_web.domain.senders.findings import Kind
from proca_web.domain.senders.sender import NotAnswered, Sender
from tests.adapters.senders import name_server


def test_a_real_name_server_is_read(resolver: str) -> None:
    names = Resolver(resolver)
    assert sorted(names.texts("good.example")) == ["unrelated=1", "v=spf1 a:relay.example -all"]
    assert names.exchangers("good.example") == ["mx.good.example"]
    assert names.exchangers("null.example") == ["."]
    assert names.addresses("relay.example") == [ip_address("192.0.2.25"), ip_address("2001:db8::25")]
    assert names.addresses("[2001:db8::1]") == [ip_address("2001:db8::1")]


@pytest.mark.parametrize("name", ["nowhere.example", "a..b", "x" * 70 + ".example", "ü.example", "mx.good.example"])
def test_what_has_no_such_record_or_is_no_name_has_nothing(resolver: str, name: str) -> None:
    names = Resolver(resolver)
    assert (names.texts(name), names.exchangers(name), names.addresses(name)) == ([], [], [])


@pytest.mark.parametrize(
    ("domain", "envelope", "kinds"),
    [
        ("good.example", "good.example", {Kind.DMARC_GOOD, Kind.SPF_GOOD}),
        ("news.good.example", "good.example", {Kind.DMARC_GOOD, Kind.SPF_GOOD}),
        ("bare.example", "good.example", {Kind.DMARC_NONE, Kind.SPF_UNALIGNED, Kind.SPF_GOOD}),
        ("null.example", "null.example", {Kind.DMARC_WATCHES, Kind.MX_NULL, Kind.SPF_RELAY}),
        ("twice.example", "twice.example", {Kind.DMARC_SEVERAL, Kind.SPF_SEVERAL}),
        ("nowhere.example", "nowhere.example", {Kind.DMARC_NONE, Kind.MX_NONE, Kind.SPF_NONE}),
    ],
)
def test_good_and_bad_domains_are_told_apart(resolver: str, domain: str, envelope: str, kinds: set[Kind]) -> None:
    found = judging.judge([Sender(domain, envelope, "relay.example")], Resolver(resolver), organisation)
    assert {finding.kind for finding in found} == kinds


def test_silence_is_no_answer_and_ends_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.2)
    with name_server.silent() as where:
        began = clock.monotonic()
        with pytest.raises(NotAnswered, match="did not answer within"):
            judging.judge([Sender("good.example", "good.example", "relay.example")], Resolver(where), organisation)
        assert clock.monotonic() - began < 2
        with pytest.raises(NotAnswered, match="took too long"):
            Resolver(where, patience=0).texts("good.example")


def test_a_switch_in_the_settings_asks_nobody() -> None:
    with pytest.raises(NotAnswered, match="PROCA_MAIL_RESOLVER is off"):
        Resolver("off")


def test_public_suffixes_are_nobodys() -> None:
    assert organisation("news.example.co.uk") == "example.co.uk"
    assert organisation("co.uk") == "co.uk"


def test_a_web_process_loads_none_of_it() -> None:
    late = ("dkim", "publicsuffixlist", "dns.resolver")
    code = f"import sys, proca_web.app; print([module for module in {late} if module in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
