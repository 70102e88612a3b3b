"""Each provider's documented report, its proof, and what comes near either of them."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest

from proca_web.adapters.bounces import brevo, mailgun, postmark, standard
from proca_web.adapters.bounces.proofs import NotProven, Sent
from proca_web.domain.bounce import Report
from tests.adapters.bounces import given
from tests.adapters.bounces.given import MESSAGE_ID, NOW, OURS, SECRET, sent

Reader = Callable[[Sent, str], Iterable[Report]]


def read(reader: Reader, request: Sent, secret: str = SECRET) -> list[tuple[str, ...]]:
    return [report.named_in for report in reader(request, secret)]


def test_postmarks_example_is_read() -> None:
    assert read(postmark.reports, sent(given.postmark(), **given.basic())) == [("CODE",)]


@pytest.mark.parametrize(
    ("changes", "is_gone"),
    [
        ({"RecordType": None}, True),
        ({"Details": "Test bounce details"}, True),
        ({"Details": "action: failed\r\n"}, True),
        ({"Type": "BadEmailAddress", "Details": ""}, True),
        ({"Details": "smtp;550 5.7.1 blocked"}, False),
        ({"Details": "smtp;452 4.2.2 mailbox full"}, False),
        ({"Type": "SoftBounce"}, False),
        ({"Type": "Transient"}, False),
        ({"Type": "AutoResponder"}, False),
        ({"Type": "Blocked"}, False),
        ({"Type": ["HardBounce"]}, False),
        ({"RecordType": "SpamComplaint"}, False),
        ({"RecordType": "SubscriptionChange"}, False),
    ],
)
def test_postmarks_own_words_count_where_there_is_no_code(changes: dict, is_gone: bool) -> None:
    assert bool(read(postmark.reports, sent(given.postmark(**changes), **given.basic()))) is is_gone


def test_brevos_example_is_read() -> None:
    named = ("CODE", "201798300811.5787683@relay.domain.com")
    assert read(brevo.reports, sent(given.brevo(), **given.basic())) == [named]
    assert read(brevo.reports, sent(given.brevo(), Authorization=f"Bearer {SECRET}")) == [named]


def test_brevos_batches_are_read() -> None:
    events = [given.brevo("A"), given.brevo(event="delivered"), given.brevo("B"), "no event"]
    assert [named[0] for named in read(brevo.reports, sent(events, **given.basic()))] == ["A", "B"]


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": "server is down"},
        {"reason": " RecipientError: 550 5.5.0 Requested action not taken: mailbox unavailable."},
        {"event": "soft_bounce"},
        {"event": "deferred"},
        {"event": "blocked", "reason": "blocked : due to blacklist user"},
        {"event": "spam"},
        {"event": "invalid_email", "reason": "whose address?"},
        {"reason": None},
    ],
)
def test_brevos_hard_bounce_without_one_of_the_codes_changes_nothing(changes: dict) -> None:
    assert read(brevo.reports, sent(given.brevo(**changes), **given.basic())) == []


@pytest.mark.parametrize("reader", [postmark.reports, brevo.reports])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        given.basic("another password"),
        given.basic(""),
        given.basic(SECRET[:-1]),
        given.basic("", SECRET),
        {"Authorization": f"Basic {SECRET}"},
        {"Authorization": "Basic é"},
        {"Authorization": "Bearer"},
        {"Authorization": f"Digest {SECRET}"},
        {"Authorization": SECRET},
    ],
)
def test_without_the_password_nothing_is_read(reader: Reader, headers: dict[str, str]) -> None:
    with pytest.raises(NotProven):
        read(reader, sent(b"not even looked at", **headers))


@pytest.mark.parametrize("reader", [postmark.reports, brevo.reports])
@pytest.mark.parametrize("body", [b"", b"no json", b"[" * 100_000, b"\xff", b"1" * 5000])
def test_a_body_that_is_no_json_is_said_to_be_none(reader: Reader, body: bytes) -> None:
    with pytest.raises(ValueError, match="^no JSON$"):
        read(reader, sent(body, **given.basic()))


@pytest.mark.parametrize("reader", [postmark.reports, brevo.reports])
@pytest.mark.parametrize("document", [None, 1, "text", [], {}, [[]], {"Type": "HardBounce"}, {"event": "hard_bounce"}])
def test_a_document_of_another_form_names_nothing(reader: Reader, document: object) -> None:
    assert not [named for named in read(reader, sent(document, **given.basic())) if named]


def test_mailguns_example_is_read() -> None:
    assert read(mailgun.reports, sent(given.mailgun())) == [(OURS, MESSAGE_ID.strip("<>"))]


def test_mailguns_own_list_of_bounced_addresses_changes_nothing() -> None:
    status = {"attempt-no": 1, "message": "", "code": 605, "enhanced-code": "", "session-seconds": 0.0}
    status["description"] = "Not delivering to previously bounced address"
    assert read(mailgun.reports, sent(given.mailgun(reason="suppress-bounce", **{"delivery-status": status}))) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"severity": "temporary"},
        {"event": "delivered"},
        {"event": "complained"},
        {"delivery-status": {"code": 550, "message": "5.7.1 spam"}},
        {"delivery-status": {"code": 498, "message": "No MX for nomx.example.com"}},
        {"delivery-status": None},
    ],
)
def test_any_other_event_of_mailgun_changes_nothing(changes: dict) -> None:
    assert read(mailgun.reports, sent(given.mailgun(**changes))) == []


@pytest.mark.parametrize("late", [timedelta(minutes=16), timedelta(minutes=-16), timedelta(days=400)])
def test_an_old_report_of_mailgun_proves_nothing(late: timedelta) -> None:
    with pytest.raises(NotProven):
        read(mailgun.reports, sent(given.mailgun(), at=NOW + late))


def test_a_report_of_mailgun_holds_for_fifteen_minutes() -> None:
    assert read(mailgun.reports, sent(given.mailgun(), at=NOW + timedelta(minutes=14)))


@pytest.mark.parametrize(
    "proof",
    [
        None,
        "text",
        {},
        {"signature": "0" * 64},
        {"token": "other"},
        {"timestamp": "1" * 5000},
        {"timestamp": "²"},
        {"timestamp": None},
        {"token": None},
        {"signature": None},
        {"signature": ["a"]},
        {"signature": "\ud800"},
        {"token": "\ud800"},
    ],
)
def test_a_changed_signature_of_mailgun_proves_nothing(proof: object) -> None:
    document = given.mailgun()
    document["signature"] = document["signature"] | proof if isinstance(proof, dict) and proof else proof
    with pytest.raises(NotProven):
        read(mailgun.reports, sent(document))


@pytest.mark.parametrize("document", [b"no json", None, 1, [], {}, {"event-data": {}}])
def test_what_mailgun_never_sends_proves_nothing(document: object) -> None:
    with pytest.raises(NotProven):
        read(mailgun.reports, sent(document))


BODY = given.standard(status="5.1.1", envelope=OURS, message_id=MESSAGE_ID)


def test_an_event_signed_as_standard_webhooks_is_read() -> None:
    assert read(standard.reports, sent(BODY, **given.signed_as_standard(BODY))) == [(OURS, MESSAGE_ID)]


def test_the_signature_is_that_of_the_standards_own_vector() -> None:
    """The reference library's test: its secret, its headers, its payload; the event itself is none of ours."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    headers = {
        "webhook_id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook_timestamp": "1614265330",
        "webhook_signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    then = NOW.fromtimestamp(1614265330, NOW.tzinfo)
    assert read(standard.reports, sent(body, then, **headers), secret) == []
    assert read(standard.reports, sent(body, then, **headers), secret.removeprefix("whsec_")) == []
    with pytest.raises(NotProven):
        read(standard.reports, sent(body + b" ", then, **headers), secret)


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook_id": "another"},
        {"webhook_timestamp": "1"},
        {"webhook_timestamp": ""},
        {"webhook_signature": ""},
        {"webhook_signature": "v1,"},
        {"webhook_signature": "v2,abc v1a,abc"},
        {"webhook_signature": "v1,é"},
    ],
)
def test_a_changed_header_proves_nothing(changes: dict[str, str]) -> None:
    with pytest.raises(NotProven):
        read(standard.reports, sent(BODY, **given.signed_as_standard(BODY) | changes))


def test_a_changed_body_another_key_and_an_old_event_prove_nothing() -> None:
    right = given.signed_as_standard(BODY)
    late = NOW + timedelta(minutes=6)
    for request in (sent(BODY + b" ", **right), sent(BODY, late, **right), sent(BODY)):
        with pytest.raises(NotProven):
            read(standard.reports, request)
    with pytest.raises(NotProven):
        read(standard.reports, sent(BODY, **right), "another-secret-of-another")


@pytest.mark.parametrize(
    "data", [{"status": "5.7.1"}, {"status": "4.4.7"}, {}, {"status": "", "diagnostic": "421 4.1.1 x"}]
)
def test_an_event_without_one_of_the_codes_changes_nothing(data: dict) -> None:
    body = given.standard(envelope=OURS, **data)
    assert read(standard.reports, sent(body, **given.signed_as_standard(body))) == []


def test_nothing_of_what_was_sent_shows() -> None:
    assert "john" not in repr(sent(given.postmark(), **given.basic()))
