"""Mail out: rendered from three files each and handed to the mail server.

What SMTP says about a recipient is told as an Outcome; its text, which may hold the address, is never logged.
"""

import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from email.charset import QP, Charset
from email.mime.text import MIMEText
from typing import ClassVar

import flask_mail
from flask import Flask, render_template
from flask_babel import force_locale

from proca_web.crypto.encoding import encode
from proca_web.crypto.labels import digest
from proca_web.domain.transient import State
from proca_web.services.mailing import DueMail, Outcome, PageOfMail
from proca_web.web.smtp import SafeConnection, connect

_ENHANCED = re.compile(rb"\b([45]\.\d{1,3}\.\d{1,3})\b")
_REFUSALS = (550, 551, 553)

# Flask-Mail sends bodies as they are; lines beyond 998 bytes are refused by servers, quoted-printable has none.
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP


class Letter(flask_mail.Message):
    """A message whose bodies are quoted-printable."""

    def _mimetext(self, text: str | None, subtype: str = "plain") -> MIMEText:
        return MIMEText(text or "", _subtype=subtype, _charset=_UTF8)  # type: ignore[arg-type]


class Post:
    """One run of the worker over due mails: keeps a connection, opens it again after a fault."""

    _templates: ClassVar = {State.SENDING: "confirm_signature", State.THANKS_SENDING: "thank_you"}

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._connection: SafeConnection | None = None

    def deliver(self, due: DueMail, page: PageOfMail) -> Outcome:
        """Hand one mail to the server and say how that went."""
        letter = self._write(due, page)
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
        url = self._app.config["PUBLIC_URL"]
        values = {
            "page": page,
            "first_name": due.waiting.first_name,
            "repeat": due.repeat,
            "testing": due.testing,
            "page_url": f"{url}/p/{page.name}",
            "confirm_url": f"{url}/confirm/{encode(due.waiting.token)}",
        }
        with force_locale(page.locale):
            subject, body, html = (
                render_template(f"email/{name}/{part}", **values) for part in ("subject.txt", "body.txt", "body.html")
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
