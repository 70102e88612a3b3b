"""Each provider is told to count no click in the words it documents; a server that nobody knows is told nothing."""

from email import message_from_bytes, policy

import pytest

from proca_web.domain.delivery.click_tracking import headers_of, in_words

TOLD = {
    "smtp.mailgun.org": b"X-Mailgun-Track: no\r\nX-Mailgun-Track-Clicks: no\r\nX-Mailgun-Track-Opens: no\r\n",
    "smtp.postmarkapp.com": b"X-PM-TrackLinks: None\r\nX-PM-TrackOpens: false\r\n",
    "in-v3.mailjet.com": b"X-Mailjet-TrackOpen: 0\r\nX-Mailjet-TrackClick: 0\r\n",
    "smtp.eu.sparkpostmail.com": b'X-MSYS-API: {"options": {"open_tracking": false, "click_tracking": false}}\r\n',
    "SMTP.SendGrid.net.": b'X-SMTPAPI: {"filters": {"clicktrack": {"settings": {"enable": 0,\r\n'
    b' "enable_text": false}}, "opentrack": {"settings": {"enable": 0}}}}\r\n',
}


@pytest.mark.parametrize("server", TOLD)
def test_a_known_server_gets_the_header_its_provider_documents(server: str) -> None:
    assert headers_of(server) == TOLD[server]
    assert all(len(line) <= 78 for line in headers_of(server).split(b"\r\n"))
    assert "to rewrite no link" in in_words(server)[0]


def test_a_folded_header_reads_as_one_value() -> None:
    read = message_from_bytes(TOLD["SMTP.SendGrid.net."] + b"\r\n", policy=policy.default)["X-SMTPAPI"]
    assert read == (
        '{"filters": {"clicktrack": {"settings": {"enable": 0, "enable_text": false}}, '
        '"opentrack": {"settings": {"enable": 0}}}}'
    )


@pytest.mark.parametrize("server", ["localhost", "smtp.example.org", "notsendgrid.net", "mailgun.org.example.net", ""])
def test_a_server_that_nobody_knows_is_told_nothing(server: str) -> None:
    assert headers_of(server) == b""
    assert in_words(server) == []


@pytest.mark.parametrize(
    "server", ["email-smtp.eu-west-1.amazonaws.com", "smtp-relay.brevo.com", "smtp.mandrillapp.com"]
)
def test_a_provider_without_such_a_header_is_named_to_the_operator(server: str) -> None:
    assert headers_of(server) == b""
    assert "do it in its settings" in in_words(server)[0]


def test_what_postmark_cannot_be_told_by_a_header_is_said() -> None:
    assert "switch open tracking off in its settings" in in_words("smtp.postmarkapp.com")[0]
