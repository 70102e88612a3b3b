"""Reports by mail: which of our mails came back for good; other answers, delays and forgeries say nothing."""

from email.message import EmailMessage

import pytest

from proca_web.adapters.bounces import dsn
from tests.adapters.bounces.given import MESSAGE_ID, OURS

# As Postfix writes it.
POSTFIX = f"""\
Return-Path: <>
X-Original-To: {OURS}
Delivered-To: bounces@example.org
Received: by mail.example.org (Postfix) id 4XYZ; Tue, 3 Feb 2026 19:26:39 +0000 (UTC)
Date: Tue, 3 Feb 2026 19:26:39 +0000 (UTC)
From: MAILER-DAEMON@mail.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {OURS}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="4XYZ.1/mail.example.org"

This is a MIME-encapsulated message.

--4XYZ.1/mail.example.org
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

<jane@example.com>: host mx.example.com said: 550 5.1.1 User unknown

--4XYZ.1/mail.example.org
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.org
X-Postfix-Queue-ID: 4XYZ
Arrival-Date: Tue, 3 Feb 2026 19:26:38 +0000 (UTC)

Final-Recipient: rfc822; jane@example.com
Original-Recipient: rfc822;jane@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--4XYZ.1/mail.example.org
Content-Description: Undelivered Message Headers
Content-Type: text/rfc822-headers

Return-Path: <{OURS}>
From: Org One <petitions@example.org>
Message-ID: {MESSAGE_ID}
Subject: Please confirm

--4XYZ.1/mail.example.org--
"""


def named(text: str) -> tuple[str, ...] | None:
    report = dsn.report_in(text.encode())
    return report.named_in if report else None


def report(*recipients: dict[str, str], returned: str = "", sender: str = "<>") -> str:
    """A report on those recipients, as a mail server writes it."""
    status = "\n".join("".join(f"{name}: {value}\n" for name, value in each.items()) for each in recipients)
    parts = [
        "Content-Type: text/plain\n\nwords for people\n",
        f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n{status}",
        *([f"Content-Type: message/rfc822\n\n{returned}\n"] if returned else []),
    ]
    head = f"Return-Path: {sender}\nTo: {OURS}\nMIME-Version: 1.0\n"
    head += 'Content-Type: multipart/report; report-type=delivery-status; boundary="line"\n\n'
    return head + "".join(f"--line\n{part}\n" for part in parts) + "--line--\n"


FAILED = {"Final-Recipient": "rfc822; jane@example.com", "Action": "failed", "Status": "5.1.1"}


def test_a_report_of_postfix_names_our_mail() -> None:
    assert named(POSTFIX) == (OURS, "bounces@example.org", OURS, f"<{OURS}>", MESSAGE_ID)


def test_line_ends_of_the_network_are_read_too() -> None:
    assert named(POSTFIX.replace("\n", "\r\n")) == named(POSTFIX)


def test_a_report_without_the_mail_names_it_by_where_it_was_sent_to() -> None:
    assert named(report(FAILED)) == (OURS,)


def test_a_whole_mail_that_came_back_names_itself() -> None:
    returned = f"From: petitions@example.org\nMessage-ID: {MESSAGE_ID}\n\nDear Zofia"
    assert named(report(FAILED, returned=returned)) == (OURS, MESSAGE_ID)


@pytest.mark.parametrize("returned", ["no headers at all", "\nnothing but a body", " "])
def test_a_mail_that_came_back_without_headers_is_no_obstacle(returned: str) -> None:
    assert named(report(FAILED, returned=returned)) == (OURS,)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", "", "failed, perhaps"])
def test_only_a_failure_is_one(action: str) -> None:
    assert named(report(FAILED | {"Action": action})) is None


@pytest.mark.parametrize(
    ("fields", "is_gone"),
    [
        ({"Status": "5.1.1 (bad destination mailbox address)"}, True),
        ({"Status": "5.0.0", "Diagnostic-Code": "smtp; 550 5.1.1 User unknown"}, True),
        ({"Status": "", "Diagnostic-Code": "smtp;550-5.1.10 no mail here"}, True),
        ({"Action": "FAILED "}, True),
        ({"Status": "4.4.7"}, False),
        ({"Status": "5.2.2"}, False),
        ({"Status": "5.7.1", "Diagnostic-Code": "smtp; 550 5.1.1 User unknown"}, False),
        ({"Status": "5.0.0", "Diagnostic-Code": "smtp; 550 no"}, False),
    ],
)
def test_the_code_decides(fields: dict[str, str], is_gone: bool) -> None:
    assert (named(report(FAILED | fields)) is not None) is is_gone


def test_of_several_recipients_all_must_be_gone() -> None:
    other = FAILED | {"Final-Recipient": "rfc822; john@example.com"}
    assert named(report(FAILED, other)) == (OURS,)
    for better in (
        {"Action": "delivered", "Status": "2.0.0"},
        {"Action": "delayed", "Status": "4.4.1"},
        {"Status": "5.7.1"},
    ):
        assert named(report(FAILED, other | better)) is None


@pytest.mark.parametrize("sender", ["<jane@example.com>", "mailer-daemon@example.com", "", "<>, <x@example.com>"])
def test_a_report_that_somebody_sent_is_none(sender: str) -> None:
    assert named(report(FAILED, sender=sender)) is None


def test_a_mailbox_that_does_not_keep_the_sender_is_read() -> None:
    assert named(POSTFIX.replace("Return-Path: <>\n", "", 1)) == named(POSTFIX)


def test_a_holiday_answer_is_no_report() -> None:
    away = EmailMessage()
    away["Return-Path"], away["To"], away["Auto-Submitted"] = "<>", OURS, "auto-replied (vacation)"
    away["Subject"] = "Out of office: 550 5.1.1"
    away.set_content("Status: 5.1.1\nAction: failed\n")
    assert named(away.as_string()) is None


def test_a_report_that_somebody_passes_on_is_none() -> None:
    head = f"To: {OURS}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=outer\n\n"
    assert named(f"{head}--outer\nContent-Type: message/rfc822\n\n{POSTFIX}\n--outer--\n") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\xff" * 1000,
        b"Content-Type: multipart/report\n\n",
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\nAction: failed\n",
        b"Content-Type: multipart/report; boundary=x; charset*=nothing'%ff\n\n--x\n\n--x--",
        b"".join(b"Content-Type: multipart/report; boundary=b%d\n\n--b%d\n" % (each, each) for each in range(3000)),
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/rfc822\n\n" * 500,
        POSTFIX.encode().replace(b"5.1.1\n", b"=?utf-8?b?NS4xLjE=?=\n"),
        POSTFIX.encode()[: len(POSTFIX) // 2],
    ],
)
def test_no_message_stops_the_reading(content: bytes) -> None:
    assert dsn.report_in(content) is None
