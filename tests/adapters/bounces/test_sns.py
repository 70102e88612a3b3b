"""Amazon SNS: what it signed for our topic is read; another signer, topic, host or form is not; nothing is fetched."""

import base64
import logging
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.bounces import ses, sns
from proca_web.adapters.bounces.proofs import CannotTell, NotProven, Sent
from proca_web.config import Settings
from tests import factories
from tests.adapters.bounces import given
from tests.adapters.bounces.given import MESSAGE_ID, OURS, sent
from tests.adapters.bounces.signing import Signer

TOPIC = "arn:aws:sns:us-east-1:123456789012:SES_Events"


@pytest.fixture(scope="module")
def amazon(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    """Whoever signs in Amazon's name."""
    return Signer(tmp_path_factory.mktemp("amazon"))


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, amazon: Signer) -> list[tuple[str, str]]:
    """What was asked of Amazon's host, which answers with its certificate."""
    asked: list[tuple[str, str]] = []

    def fetch(host: str, path: str) -> bytes:
        asked.append((host, path))
        return amazon.certificate

    monkeypatch.setattr(sns, "fetch", fetch)
    return asked


@pytest.fixture
def read(app: Flask, fetched: list) -> Iterator[Callable[..., list[tuple[str, ...]]]]:
    """What SES reports."""

    def read(message: Any) -> list[tuple[str, ...]]:
        return [report.named_in for report in ses.reports(sent(message), TOPIC)]

    with app.app_context():
        yield read


@pytest.mark.parametrize("version", ["1", "2"])
def test_the_example_of_the_documentation_is_read(read, amazon: Signer, version: str, fetched: list) -> None:
    assert read(amazon.notification(given.ses(), TOPIC, version)) == [(OURS, MESSAGE_ID)]
    assert fetched == [("sns.us-east-1.amazonaws.com", "/SimpleNotificationService-12345abcde.pem")]


def test_a_subject_is_signed_too(read, amazon: Signer) -> None:
    assert read(amazon.notification(given.ses(), TOPIC, subject="Amazon SES Email Event Notification"))


def test_events_of_a_configuration_set_are_read(read, amazon: Signer) -> None:
    event = given.ses()
    event["eventType"] = event.pop("notificationType")
    assert read(amazon.notification(event, TOPIC)) == [(OURS, MESSAGE_ID)]


RECIPIENT = given.ses()["bounce"]["bouncedRecipients"][0]


@pytest.mark.parametrize(
    "changes",
    [
        {"bounceType": "Transient"},
        {"bounceType": "Undetermined"},
        {"bouncedRecipients": []},
        {"bouncedRecipients": None},
        {"bouncedRecipients": [{"emailAddress": "jane@example.com"}]},
        {"bouncedRecipients": [RECIPIENT, {"emailAddress": "john@example.com"}]},
        {"bouncedRecipients": [RECIPIENT | {"status": "5.2.2"}]},
    ],
)
def test_what_is_not_surely_about_the_recipient_changes_nothing(read, amazon: Signer, changes: dict) -> None:
    assert read(amazon.notification(given.ses(**changes), TOPIC)) == []


@pytest.mark.parametrize(
    "message", [{"notificationType": "Complaint"}, {"notificationType": "Delivery"}, [], "x", None]
)
def test_other_notifications_change_nothing(read, amazon: Signer, message: Any) -> None:
    assert read(amazon.notification(message, TOPIC)) == []


def test_the_sentence_that_comes_with_a_new_topic_changes_nothing(read, amazon: Signer) -> None:
    message = amazon.notification({}, TOPIC)
    message["Message"] = "Successfully validated SNS topic for Amazon SES event publishing."
    assert read(amazon.sign(message)) == []


@pytest.mark.parametrize("member", ["Message", "MessageId", "Timestamp", "Type", "Subject", "Signature"])
def test_a_changed_message_proves_nothing(read, amazon: Signer, member: str) -> None:
    message = amazon.notification(given.ses(), TOPIC)
    for value in ("changed", None, 1, ["x"], "\ud800"):
        with pytest.raises(NotProven):
            read(message | {member: value, **({"Subject": "a new one"} if member == "Subject" else {})})


@pytest.mark.parametrize("version", ["0", "3", "", None, 2.5])
def test_a_signature_of_another_kind_proves_nothing(read, amazon: Signer, version: Any, fetched: list) -> None:
    with pytest.raises(NotProven):
        read(amazon.notification(given.ses(), TOPIC) | {"SignatureVersion": version})
    assert fetched == []


def test_a_topic_of_somebody_else_proves_nothing(read, amazon: Signer, fetched: list) -> None:
    """Everybody may have a topic at Amazon, and it signs for all of them."""
    with pytest.raises(NotProven):
        read(amazon.notification(given.ses(), "arn:aws:sns:us-east-1:666666666666:SES_Events"))
    assert fetched == []


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
        "https://evil.example/sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/?Action=Publish&x=/SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/../SimpleNotificationService-1.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem\r\nHost: evil.example",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem?x",
        "https://s3.amazonaws.com/bucket/SimpleNotificationService-1.pem",
        "/SimpleNotificationService-1.pem#",
        "",
        None,
        7,
    ],
)
def test_a_certificate_from_elsewhere_is_not_fetched(read, amazon: Signer, url: Any, fetched: list) -> None:
    with pytest.raises(NotProven):
        read(amazon.notification(given.ses(), TOPIC) | {"SigningCertURL": url})
    assert fetched == []


@pytest.mark.parametrize("message", [b"no json", b"[" * 100_000, None, [], {}, "text", {"TopicArn": TOPIC}])
def test_what_amazon_never_sends_proves_nothing(read, message: Any, fetched: list) -> None:
    with pytest.raises(NotProven):
        read(message)
    assert fetched == []


def test_somebody_elses_signature_proves_nothing(read, amazon: Signer, tmp_path: Path) -> None:
    message = amazon.notification(given.ses(), TOPIC)
    for signature in (
        Signer(tmp_path).sign(message)["Signature"],
        "no base64!",
        "",
        base64.b64encode(b"x" * 256).decode(),
    ):
        with pytest.raises(NotProven):
            read(message | {"Signature": signature})


def test_a_certificate_is_fetched_once(read, amazon: Signer, fetched: list) -> None:
    for _ in range(3):
        assert read(amazon.notification(given.ses(), TOPIC))
    assert len(fetched) == 1


def test_a_certificate_that_cannot_be_had_is_asked_for_after_a_pause(
    read, amazon: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, now = [], [1000.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])

    def fetch(host: str, path: str) -> bytes:
        asked.append(path)
        return b"not a certificate" if len(asked) == 1 else amazon.certificate

    monkeypatch.setattr(sns, "fetch", fetch)
    for _ in range(5):
        with pytest.raises(CannotTell):
            read(amazon.notification(given.ses(), TOPIC))
    assert len(asked) == 1
    now[0] += 11
    assert read(amazon.notification(given.ses(), TOPIC))


def test_a_host_that_does_not_answer_is_no_proof_and_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no route to jane@example.com")

    monkeypatch.setattr("http.client.HTTPSConnection.connect", refuse)
    with pytest.raises(CannotTell) as told:
        sns.fetch("sns.us-east-1.amazonaws.com", "/SimpleNotificationService-1.pem")
    assert told.value.__cause__ is None


def test_a_certificate_whose_host_is_not_amazons_is_refused(tmp_path: Path) -> None:
    """The TLS library checks it: a server with a certificate of its own is one that does not answer."""
    server = Signer(tmp_path).serve_tls()
    try:
        with pytest.raises(CannotTell):
            sns.fetch(f"localhost:{server.port}", "/SimpleNotificationService-1.pem")
    finally:
        server.stop()


def test_the_operator_is_told_how_to_confirm_a_subscription(
    read, amazon: Signer, fetched: list, caplog: pytest.LogCaptureFixture
) -> None:
    message = amazon.subscription(TOPIC)
    with caplog.at_level(logging.INFO):
        assert read(message) == []
    link = "https://sns.us-east-1.amazonaws.com?Action=ConfirmSubscription&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A"
    (line,) = caplog.messages
    assert f"{link}123456789012%3ASES_Events&Token={message['Token']}" in line
    assert len(fetched) == 1  # the certificate, and nothing else


@pytest.mark.parametrize("token", ["x\ncritical: all is lost", "https://evil.example", ""])
def test_a_token_of_another_form_is_not_shown(
    read, amazon: Signer, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    message = amazon.subscription(TOPIC)
    message["Token"] = token
    assert read(amazon.sign(message)) == []
    assert caplog.messages == []


def test_a_subscription_that_amazon_did_not_sign_is_not_told(
    read, amazon: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(NotProven):
        read(amazon.subscription(TOPIC) | {"Token": "0" * 64})
    assert caplog.messages == []


def test_the_signature_covers_line_for_line_what_amazon_documents(amazon: Signer) -> None:
    message = amazon.notification({}, TOPIC, subject="My First Message")
    names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    signed = "".join(f"{name}\n{message[name]}\n" for name in names).encode()
    (amazon.folder / "signature").write_bytes(base64.b64decode(message["Signature"]))
    verify = ["openssl", "dgst", "-sha256", "-verify", "public", "-signature", "signature"]
    subprocess.run(verify, cwd=amazon.folder, input=signed, check=True, capture_output=True)


def test_a_request_shows_nothing() -> None:
    assert "Message" not in repr(sent({"Message": "secret"}))
    assert isinstance(sent({}), Sent)
