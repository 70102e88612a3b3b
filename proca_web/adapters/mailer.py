"""Mail out: letters rendered from three files each, and the way to the mail server.

What SMTP says about a recipient is told as an Outcome; its text, which may hold the address, is never logged.
"""

import binascii
import secrets
import smtplib
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address
from email.utils import formatdate
from typing import ClassVar

import flask_mail
from flask import Flask
from flask_babel import force_locale

from proca_web.adapters import clock, links
from proca_web.adapters.bounces import envelope
from proca_web.adapters.smtp import SafeConnection, connect
from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.encoding import encode
from proca_web.crypto.labels import digest
from proca_web.domain.outcome import Outcome
from proca_web.domain.transient import State
from proca_web.services.signatures.mailing import DueMail, PageOfMail

_CRLF = "\r\n"
_FIRST_PAUSE, _LONGEST_PAUSE = 10.0, 300.0
_TEMPLATES = {State.SENDING: "confirm_signature", State.THANKS_SENDING: "thank_you"}
_SHORT = 66


class Letter(flask_mail.Message):
    """A message as multipart/alternative, its bodies quoted-printable; written straight as RFC 5322 and 2045 have it.

    Flask-Mail's own puts bodies in as they are, and servers refuse lines beyond 998 bytes; going through the standard
    library's message objects takes as long as everything else about a mail together (decision 36).
    """

    sender_name = ""
    envelope_sender = ""
    handed_back: Mapping[str, str] = {}
    _always: ClassVar = {
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "MIME-Version": "1.0",
    }

    def as_bytes(self) -> bytes:
        """The message as it goes over the wire."""
        boundary = f"=_{secrets.token_hex(12)}"
        reply_to = _address(str(self.reply_to)) if self.reply_to else ""
        headers = {
            "From": mailbox(self.sender_name, str(self.sender)),
            "To": _bare(str(self.recipients[0])),
            "Subject": _text("Subject", self.subject),
            "Date": formatdate(self.date),
            "Message-ID": self.msgId,
            **({"Reply-To": reply_to} if reply_to else {}),
            **self.handed_back,
            **self._always,
            "Content-Type": f'multipart/alternative; boundary="{boundary}"',
        }
        lines = [f"{name}: {value}" for name, value in headers.items()]
        for kind, body in (("plain", self.body), ("html", self.html)):
            if body is not None:
                lines += ["", f"--{boundary}", f'Content-Type: text/{kind}; charset="utf-8"']
                lines += ["Content-Transfer-Encoding: quoted-printable", "", _quoted_printable(body)]
        return "\r\n".join([*lines, f"--{boundary}--", ""]).encode("ascii")


def mailbox(name: str, address: str) -> str:
    """A display name and an address as a header has them: whatever the name holds, it is text."""
    shown = _one_line(name)
    if not shown:
        return address
    if _is_plain(shown):
        return str(Address(display_name=shown, addr_spec=address))
    return f"{_encoded('From', shown)}{_CRLF} <{address}>"


def _text(name: str, value: str) -> str:
    shown = _one_line(value)
    return shown if _is_plain(shown) else _encoded(name, shown)


def _is_plain(text: str) -> bool:
    """Whether it can stand as it is: short, ASCII, and nothing that a reader would take for an encoded word."""
    return text.isascii() and len(text) <= _SHORT and "=?" not in text


def _encoded(name: str, text: str) -> str:
    return Header(text, "utf-8", header_name=name).encode(linesep=_CRLF)


def _one_line(text: str) -> str:
    """Without line breaks and other control characters."""
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())


def _address(text: str) -> str:
    """An address of an org as a header has it; empty where it is none, a reply then goes to the sender."""
    with suppress(ValueError, IndexError, HeaderParseError):
        address = str(Address(addr_spec=text.strip()))
        return address if address.isascii() else ""
    return ""


def _bare(address: str) -> str:
    if not address.isascii() or not address.isprintable() or " " in address:
        raise ValueError("not an address for a header")
    return address


def _quoted_printable(body: str) -> str:
    lines = body.replace("\r\n", "\n").replace("\n", _CRLF)
    return binascii.b2a_qp(lines.encode(), istext=True).decode("ascii")


def write(app: Flask, due: DueMail, page: PageOfMail) -> Letter:
    """One supporter's mail."""
    kind = _TEMPLATES[due.state]
    token = due.waiting.token
    values = {
        "page": page,
        "first_name": due.waiting.first_name,
        "repeat": due.repeat,
        "testing": due.testing,
        "page_url": links.url(app, "action_page.show", page=page.name),
    }
    if due.state is State.SENDING:
        values["confirm_url"] = links.url(app, "confirm.show", token=encode(token))
        token = transient_seal.withdraw_token(token)
    values["withdraw_url"] = links.url(app, "withdraw.show", token=encode(token)) if token else ""
    with force_locale(page.locale):
        subject, body, html = (
            app.jinja_env.get_template(f"email/signatures/{kind}/{part}").render(values)
            for part in ("subject.txt", "body.txt", "body.html")
        )
    sender = app.config["MAIL_DEFAULT_SENDER"]
    letter = Letter(subject=subject, recipients=[due.waiting.email], body=body, html=html, sender=sender)
    letter.sender_name, letter.reply_to = page.org, page.reply_to or None
    letter.envelope_sender = envelope.sender_of(app, due.action_ref)
    letter.handed_back = envelope.headers_of(app, due.action_ref)
    # The same mail sent twice after a crash has the same id, so that mailboxes can tell; it reveals no action.
    made_of = digest(16, "message-id", kind.encode() + due.action_ref)
    letter.msgId = f"<{encode(made_of)}@{sender.rpartition('@')[2]}>"
    return letter


class Transport:
    """The way to the mail server: one connection, logged in before anything is claimed; it pauses when it fails."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.name = f"{app.config['MAIL_SERVER']}:{app.config['MAIL_PORT']}"
        self._connection: SafeConnection | None = None
        self._pause = _FIRST_PAUSE
        self._closed_until = 0.0
        self._was_cut = False
        self._fault = ""

    def take_fault(self) -> str:
        """The kind of error by which it failed since this was last asked; empty when it did not."""
        fault, self._fault = self._fault, ""
        return fault

    def is_ready(self) -> bool:
        """Whether a logged-in connection is open; opens one, unless this transport pauses."""
        if self._connection is not None and self._connection.is_used_up:
            self.close()
        if self._connection is None and clock.monotonic() >= self._closed_until:
            try:
                connection = connect()
                connection.__enter__()
                self._connection = connection
            except Exception as error:  # settings that no library takes are a connection that fails, too
                self._failed("connecting", error)
        return self._connection is not None

    def hand_over(self, letter: Letter) -> Outcome:
        """Hand a letter to the server and say how that went; the transport must be ready."""
        connection = self._connection
        assert connection is not None
        try:
            sender = letter.envelope_sender or self._app.config["MAIL_DEFAULT_SENDER"]
            outcome = connection.hand_over(sender, str(letter.recipients[0]), letter)
        except (OSError, smtplib.SMTPException) as error:
            outcome = Outcome.UNSURE if connection.is_dot_unanswered else Outcome.CUT
            self._app.logger.error("mail: the server failed us (%s, %s)", type(error).__name__, outcome.value)
            self.abort()
            if self._was_cut:
                self._failed("sending", error)
            self._was_cut = True
            return outcome
        if outcome is Outcome.ANSWERED:
            self._app.logger.error("mail: the server failed us (%s)", outcome.value)
        self._was_cut, self._pause = False, _FIRST_PAUSE
        return outcome

    def close(self) -> None:
        """End the connection, if one is open."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.host is not None:
            with suppress(OSError, smtplib.SMTPException):
                connection.host.quit()

    def abort(self) -> None:
        """End the connection without a word, whoever waits for an answer on it."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.host is not None:
            with suppress(OSError):
                connection.host.close()

    def _failed(self, step: str, error: Exception) -> None:
        self._app.logger.critical("mail: %s failed (%s); a pause of %d s", step, type(error).__name__, self._pause)
        self._fault = type(error).__name__
        self._closed_until = clock.monotonic() + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)


def test_faults(address: str) -> list[str]:
    """Send a test mail; what went wrong as sentences without the address."""
    letter = Letter(
        subject="proca_web: mail works", recipients=[address], body="This is the test mail you asked for.\n"
    )
    letter.msgId = f"<{secrets.token_hex(16)}@{str(letter.sender).rpartition('@')[2]}>"
    try:
        with connect() as connection:
            outcome = connection.hand_over(str(letter.sender), address, letter)
    except Exception as error:
        return [f"the test mail could not be sent ({type(error).__name__}); check the PROCA_MAIL_* settings"]
    if outcome is not Outcome.SENT:
        return [f"the mail server did not take the test mail ({outcome.value})"]
    return []
