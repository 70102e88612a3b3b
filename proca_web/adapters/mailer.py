"""Mail out: rendered from three files each and handed to the mail server.

What SMTP says about a recipient is told as an Outcome; its text, which may hold the address, is never logged.
"""

import binascii
import re
import secrets
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from email.header import Header
from email.utils import formatdate
from typing import ClassVar

import flask_mail
from flask import Flask
from flask_babel import force_locale

from proca_web.adapters import links
from proca_web.adapters.smtp import SafeConnection, connect
from proca_web.crypto.encoding import encode
from proca_web.crypto.labels import digest
from proca_web.domain.outcome import Outcome
from proca_web.domain.transient import State
from proca_web.services.signatures.mailing import DueMail, PageOfMail

_ENHANCED = re.compile(rb"\b([45]\.\d{1,3}\.\d{1,3})\b")
_REFUSALS = (550, 551, 553)
_CRLF = "\r\n"


class Letter(flask_mail.Message):
    """A message as multipart/alternative, its bodies quoted-printable; written straight as RFC 5322 and 2045 have it.

    Flask-Mail's own puts bodies in as they are, and servers refuse lines beyond 998 bytes; going through the standard
    library's message objects takes as long as everything else about a mail together.
    """

    def as_bytes(self) -> bytes:
        """The message as it goes over the wire."""
        boundary = f"=_{secrets.token_hex(12)}"
        headers = {
            "Subject": self.subject,
            "From": flask_mail.sanitize_address(self.sender),
            "To": ", ".join(flask_mail.sanitize_addresses(self.recipients)),
            "Date": formatdate(self.date),
            "Message-ID": self.msgId,
            **({"Reply-To": flask_mail.sanitize_address(self.reply_to)} if self.reply_to else {}),
            **(self.extra_headers or {}),
            "MIME-Version": "1.0",
            "Content-Type": f'multipart/alternative; boundary="{boundary}"',
        }
        lines = [_header(name, value) for name, value in headers.items()]
        for kind, body in (("plain", self.body), ("html", self.html)):
            if body is not None:
                lines += ["", f"--{boundary}", f'Content-Type: text/{kind}; charset="utf-8"']
                lines += ["Content-Transfer-Encoding: quoted-printable", "", _quoted_printable(body)]
        return "\r\n".join([*lines, f"--{boundary}--", ""]).encode("ascii")


def _header(name: str, value: str) -> str:
    """A header line, folded and encoded where it is long or not ASCII; flask_mail refuses line breaks before."""
    if value.isascii() and len(name) + len(value) < 76:
        return f"{name}: {value}"
    return f"{name}: {Header(value, header_name=name).encode(linesep=_CRLF)}"


def _quoted_printable(body: str) -> str:
    lines = body.replace("\r\n", "\n").replace("\n", _CRLF)
    return binascii.b2a_qp(lines.encode(), istext=True).decode("ascii")


class Post:
    """One run of the worker over due mails: keeps a connection, opens it again after a fault."""

    _templates: ClassVar = {State.SENDING: "confirm_signature", State.THANKS_SENDING: "thank_you"}

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._connection: SafeConnection | None = None

    def deliver(self, due: DueMail, page: PageOfMail) -> Outcome:
        """Write one supporter's mail, hand it to the server and say how that went."""
        return self.hand_over(self._write(due, page))

    def hand_over(self, letter: Letter) -> Outcome:
        """Hand a letter to the server and say how that went."""
        try:
            connection = self._connected()
            connection.begin()
            connection.send(letter)
            return Outcome.SENT
        except smtplib.SMTPRecipientsRefused as refusal:
            code, answer = next(iter(refusal.recipients.values()))
            return Outcome.REFUSED if _is_final(code, answer) else self._failed("RCPT", code)
        except smtplib.SMTPDataError as error:
            if _enhanced(error.smtp_error).startswith(b"5.1."):
                return Outcome.REFUSED
            return self._failed("DATA", error.smtp_code)
        except smtplib.SMTPResponseException as error:
            return self._failed(type(error).__name__, error.smtp_code)
        except (OSError, smtplib.SMTPException) as error:
            return self._failed(type(error).__name__)

    def close(self) -> None:
        """End the connection, if one is open."""
        connection, self._connection = self._connection, None
        if connection is not None and connection.host is not None:
            with _quiet():
                connection.host.quit()

    def _connected(self) -> SafeConnection:
        if self._connection is None:
            connection = connect()
            connection.__enter__()
            self._connection = connection
        return self._connection

    def _failed(self, step: str, code: int | None = None) -> Outcome:
        reached = self._connection is not None and self._connection.reached_data
        self._app.logger.error("mail: the server failed us at %s%s", step, f" with {code}" if code else "")
        self.close()
        return Outcome.FAILED_AFTER_DATA if reached else Outcome.FAILED

    def _write(self, due: DueMail, page: PageOfMail) -> Letter:
        name = self._templates[due.state]
        values = {
            "page": page,
            "first_name": due.waiting.first_name,
            "repeat": due.repeat,
            "testing": due.testing,
            "page_url": links.url(self._app, "action_page.show", page=page.name),
            "confirm_url": links.url(self._app, "confirm.show", token=encode(due.waiting.token)),
        }
        with force_locale(page.locale):
            subject, body, html = (
                self._app.jinja_env.get_template(f"email/signatures/{name}/{part}").render(values)
                for part in ("subject.txt", "body.txt", "body.html")
            )
        letter = Letter(
            subject=" ".join(subject.split()),
            recipients=[due.waiting.email],
            body=body,
            html=html,
            sender=(page.org, self._app.config["MAIL_DEFAULT_SENDER"]),
            reply_to=page.reply_to or None,
            extra_headers={"Auto-Submitted": "auto-generated"},
        )
        letter.msgId = self._message_id(name, due.action_ref)
        return letter

    def _message_id(self, name: str, action_ref: bytes) -> str:
        # The same mail sent twice after a crash has the same id, so that mailboxes can tell; it reveals no action.
        domain = self._app.config["MAIL_DEFAULT_SENDER"].rpartition("@")[2]
        return f"<{encode(digest(16, 'message-id', name.encode() + action_ref))}@{domain}>"


@contextmanager
def _quiet() -> Iterator[None]:
    try:
        yield
    except (OSError, smtplib.SMTPException):
        return


def _enhanced(answer: bytes | str) -> bytes:
    found = _ENHANCED.search(answer if isinstance(answer, bytes) else answer.encode())
    return found[1] if found else b""


def _is_final(code: int, answer: bytes) -> bool:
    """Whether a refusal at RCPT is about this recipient and for good (protocol 6)."""
    enhanced = _enhanced(answer)
    return enhanced.startswith(b"5.1.") if enhanced else code in _REFUSALS


def test_faults(address: str) -> list[str]:
    """Send a test mail; what went wrong as sentences without the address."""
    letter = Letter(
        subject="proca_web: mail works", recipients=[address], body="This is the test mail you asked for.\n"
    )
    try:
        with connect() as connection:
            connection.send(letter)
    except (OSError, smtplib.SMTPException) as error:
        return [f"the test mail could not be sent ({type(error).__name__}); check the PROCA_MAIL_* settings"]
    return []
