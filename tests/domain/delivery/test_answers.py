"""What servers really answer, and what it means: for the recipient, for the connection, for the pace."""

import pytest

from proca_web.domain.delivery import servers
from proca_web.domain.delivery.answers import Reply, Step, Wish, of_answer
from proca_web.domain.outcome import Outcome

SLOWER = [
    (454, "Throttling failure: Maximum sending rate exceeded."),
    (454, "Throttling failure: Daily message quota exceeded."),
    (454, "TLS not available due to temporary reason"),
    (450, "4.2.1 Peak SMTP relay limit exceeded for customer"),
    (550, "5.4.5 Daily user sending limit exceeded"),
    (550, "5.7.1 Daily SMTP relay limit exceeded for user"),
    (421, "4.7.0 Too many messages, slow down"),
    (451, "4.7.1 Rate limit exceeded"),
    (550, "Too many messages. Try again in 92 seconds"),
    (452, "4.3.2 message rate limit, try later"),
]
OF_THE_RECIPIENT = [
    (450, "4.2.0 Greylisted, try again in 300 seconds"),
    (451, "4.7.1 Greylisting in action, please come back later"),
    (452, "4.2.2 The mailbox is over its message quota"),
    (450, "4.2.2 user over quota, daily limit of messages"),
    (451, "4.3.0 Temporary lookup failure"),
]


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize(("code", "text"), SLOWER)
def test_throttling_is_never_about_a_recipient(step: Step, code: int, text: str) -> None:
    reply = of_answer(step, code, text.encode())
    assert (reply.outcome, reply.wish) == (Outcome.ANSWERED, Wish.SLOWER)


@pytest.mark.parametrize(("code", "text"), OF_THE_RECIPIENT)
def test_what_puts_one_recipient_off_slows_nobody_else_down(code: int, text: str) -> None:
    assert of_answer(Step.RCPT, code, text.encode()) == Reply(Outcome.ANSWERED, is_put_off=True)


@pytest.mark.parametrize(
    ("code", "text", "reply"),
    [
        (421, "4.4.5 Too many connections from your host", Reply(Outcome.ANSWERED, Wish.FEWER_CONNECTIONS)),
        (421, "too many concurrent SMTP connections", Reply(Outcome.ANSWERED, Wish.FEWER_CONNECTIONS)),
        (421, "closing", Reply(Outcome.ANSWERED, Wish.FEWER_MAILS)),
        (421, "only 20 messages per connection", Reply(Outcome.ANSWERED, Wish.FEWER_MAILS, 20)),
        (550, "5.1.1 unknown, too many mails to it", Reply(Outcome.REFUSED)),
        (550, "no such user", Reply(Outcome.ANSWERED)),
    ],
)
def test_what_is_meant_for_the_connection(code: int, text: str, reply: Reply) -> None:
    assert of_answer(Step.RCPT, code, text.encode()) == reply


def test_what_a_server_says_about_our_own_address_refuses_nobody() -> None:
    assert of_answer(Step.MAIL, 550, b"5.1.1 who are you").outcome is Outcome.ANSWERED


@pytest.mark.parametrize(
    ("server", "setting", "connections", "each"),
    [
        ("smtp.postmarkapp.com", 0, 10, 500),
        ("SMTP.SendGrid.net.", 0, 10, 500),
        ("smtp.mailersend.net", 0, 64, 5),
        ("smtp.mailersend.net", 3, 3, 5),
        ("mail.authsmtp.com", 0, 5, 500),
        ("postmarkapp.com.example.org", 0, 64, 500),
        ("localhost", 0, 64, 500),
        ("localhost", 200, 200, 500),
    ],
)
def test_what_providers_ask_for_is_kept_to_unless_a_setting_says_otherwise(
    server: str, setting: int, connections: int, each: int
) -> None:
    kept = servers.ceiling(server, setting)
    assert (kept.connections, kept.mails_each) == (connections, each)


def test_the_operator_reads_what_a_limit_means() -> None:
    assert servers.in_words("mail.example.org", 0) == []
    (said,) = servers.in_words("smtp.sendgrid.net", 0)
    assert "at most 10 connections to the mail server (SendGrid asks for it): about 38 to 48 mails a second" in said
    (said,) = servers.in_words("mail.example.org", 4)
    assert "(PROCA_MAIL_CONNECTIONS): about 15 to 19" in said
    assert len(servers.in_words("smtp.mailersend.net", 0)) == 2
    assert "carry about 256 mails a second" in servers.measured("mail.example.org", 0, 0.25)
    assert "more than 1000" in servers.measured("mail.example.org", 0, 0.0)
