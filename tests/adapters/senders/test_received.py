"""A mail that came back: its signatures checked with published keys, its links and pictures, and what others claim."""

import pytest

from proca_web.adapters.senders import resolver as asking
from proca_web.adapters.senders import signatures
from proca_web.adapters.senders.resolver import Resolver, organisation
from proca_web.domain.senders import received
from proca_web.domain.senders.findings import Kind
from proca_web.domain.senders.received import Received
from proca_web.domain.senders.sender import NotAnswered
from tests.adapters.senders import name_server
from tests.adapters.senders.signing import DkimKey, mail


def kinds(raw: bytes, where: str, *, strict: bool = False) -> list[Kind]:
    """What its signatures show."""
    signed = signatures.of(raw, Resolver(where))
    found = received.of_signatures(Received(raw).domain, signed, organisation, strict=strict)
    return [finding.kind for finding in found]


@pytest.mark.parametrize(
    ("domain", "selector", "strict", "said"),
    [
        ("good.example", "s1", True, [Kind.DKIM_GOOD]),
        ("mail.good.example", "s1", False, [Kind.DKIM_GOOD]),
        ("mail.good.example", "s1", True, [Kind.DKIM_UNALIGNED]),
        ("other.example", "s1", False, [Kind.DKIM_UNALIGNED]),
        ("good.example", "weak", False, [Kind.DKIM_GOOD, Kind.DKIM_WEAK]),
        ("good.example", "short", False, [Kind.DKIM_SHORT]),
        ("good.example", "gone", False, [Kind.DKIM_KEY]),
    ],
)
def test_a_signature_is_judged_by_its_domain_and_its_key(
    resolver: str, keys: dict[str, DkimKey], domain: str, selector: str, strict: bool, said: list[Kind]
) -> None:
    assert kinds(keys[selector].signed(mail(), domain, selector), resolver, strict=strict) == said


def test_a_mail_without_a_signature_and_one_that_was_changed(resolver: str, keys: dict[str, DkimKey]) -> None:
    assert kinds(mail(), resolver) == [Kind.DKIM_NONE]
    signed = keys["s1"].signed(mail(), "good.example")
    assert kinds(signed.replace(b"This is it", b"That is it"), resolver) == [Kind.DKIM_BROKEN]
    assert kinds(signed.replace(b"Org One", b"Org Two"), resolver) == [Kind.DKIM_BROKEN]


def test_line_ends_of_a_saved_file_and_an_mbox_line_do_no_harm(resolver: str, keys: dict[str, DkimKey]) -> None:
    signed = keys["s1"].signed(mail(), "good.example").replace(b"\r\n", b"\n")
    assert kinds(signed, resolver) == [Kind.DKIM_GOOD]
    assert kinds(b"From a@example.org Tue Dec  1 08:00:00 2026\n" + signed, resolver) == [Kind.DKIM_GOOD]


def test_of_two_signatures_the_one_that_stands_for_from_counts(resolver: str, keys: dict[str, DkimKey]) -> None:
    twice = keys["s1"].signed(keys["s1"].signed(mail(), "good.example"), "other.example")
    assert kinds(twice, resolver) == [Kind.DKIM_GOOD]


@pytest.mark.parametrize(
    "header", [b"DKIM-Signature: v=1; a=rsa-sha256; nonsense\r\n", b"DKIM-Signature: \r\n", b"x\r\n"]
)
def test_damaged_signatures_are_bad_ones(resolver: str, header: bytes) -> None:
    assert kinds(header + mail(), resolver)[0] in (Kind.DKIM_KEY, Kind.DKIM_BROKEN, Kind.DKIM_NONE)


def test_a_key_that_could_not_be_asked_for_is_no_verdict(
    keys: dict[str, DkimKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.2)
    with name_server.silent() as where, pytest.raises(NotAnswered):
        kinds(keys["s1"].signed(mail(), "good.example"), where)


def said(raw: bytes) -> dict[Kind, dict[str, str]]:
    return {finding.kind: dict(finding.facts) for finding in Received(raw).findings("localhost")}


def test_our_own_mail_shows_no_tracking() -> None:
    assert said(mail()) == {}


def test_rewritten_links_and_pictures_are_seen() -> None:
    assert said(mail(link="https://click.example.net/x?u=http://localhost/")) == {
        Kind.LINKS_REWRITTEN: {"host": "localhost"}
    }
    assert list(said(mail(more='<img src="https://open.example.net/1.gif" width="1">'))) == [Kind.PIXEL]


@pytest.mark.parametrize(
    ("header", "kind", "results"),
    [
        (
            "mx.example.net; spf=pass (a (b) c=d) smtp.mailfrom=x; dkim=pass header.d=x; dmarc=pass",
            Kind.RECEIVER_GOOD,
            "spf=pass, dkim=pass, dmarc=pass",
        ),
        (
            "mx.example.net 1;\r\n\tspf=softfail; dkim=pass;\r\n dmarc=fail (p=none)",
            Kind.RECEIVER_BAD,
            "spf=softfail, dkim=pass, dmarc=fail",
        ),
        ("mx.example.net; spf=fail; dkim=pass", Kind.RECEIVER_BAD, "spf=fail, dkim=pass"),
        ("mx.example.net; none", None, ""),
    ],
)
def test_what_the_mailbox_says_is_told_as_its_own_words(header: str, kind: Kind | None, results: str) -> None:
    found = said(
        f"Authentication-Results: {header}\r\nAuthentication-Results: forged; dmarc=none\r\n".encode() + mail()
    )
    assert found == ({kind: {"receiver": "mx.example.net", "said": results}} if kind else {})
