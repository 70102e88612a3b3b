"""Mail out: rendered from three files each, over TLS with a checked certificate, bounded in time.

What SMTP says about a recipient is told as an Outcome; its text, which may hold the address, is never logged.
"""

import json
import os
import re
import secrets
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.charset import QP, Charset
from email.mime.text import MIMEText
from pathlib import Path
from typing import Any, ClassVar

import flask_mail
from flask import Flask, current_app, render_template
from flask_babel import force_locale

from proca_web.config import MailSettings
from proca_web.crypto.encoding import encode
from proca_web.crypto.labels import digest
from proca_web.domain.transient import State
from proca_web.services.mailing import DueMail, Outcome, PageOfMail

TIMEOUT_SECONDS = 15
MAILS_A_CONNECTION = 50
_ENHANCED = re.compile(rb"\b([45]\.\d{1,3}\.\d{1,3})\b")
_REFUSALS = (550, 551, 553)

# Flask-Mail sends bodies as they are; lines beyond 998 bytes are refused by servers, quoted-printable has none.
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP


class _MarksData:
    """An SMTP connection that remembers whether a message was handed over."""

    reached_data = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        """DATA, and the mark that it was begun."""
        self.reached_data = True
        result: tuple[int, bytes] = super().data(msg)  # type: ignore[misc]
        return result


class _Plain(_MarksData, smtplib.SMTP):
    pass


class _Encrypted(_MarksData, smtplib.SMTP_SSL):
    pass


class SafeConnection(flask_mail.Connection):
    """Flask-Mail's connection with a certificate check and a timeout, which the original lacks."""

    def configure_host(self) -> smtplib.SMTP:
        """Connect, encrypt and log in."""
        state = self.mail
        context = ssl.create_default_context()
        host: smtplib.SMTP
        if state.use_ssl:
            host = _Encrypted(state.server, state.port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            host = _Plain(state.server, state.port, timeout=TIMEOUT_SECONDS)
        if state.use_tls:
            host.starttls(context=context)
        if state.username and state.password:
            host.login(state.username, state.password)
        return host

    @property
    def reached_data(self) -> bool:
        """Whether the last message was handed over to the server."""
        return getattr(self.host, "reached_data", False)

    def begin(self) -> None:
        """Forget the mark of the message before."""
        if isinstance(self.host, _MarksData):
            self.host.reached_data = False


class FolderConnection(SafeConnection):
    """The demo's mail: one file a message, in a folder that /mailbox shows; never in a database or log."""

    def configure_host(self) -> Any:
        """Nothing to connect to."""
        return None

    def send(self, message: flask_mail.Message, envelope_from: Any = None) -> None:
        """Write the message down."""
        folder: Path = current_app.config["MAILBOX_DIR"]
        content = {
            "to": message.recipients[0],
            "subject": message.subject,
            "text": message.body,
            "html": message.html,
            "sent_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        draft = folder / f".{name}"
        draft.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
        os.replace(draft, folder / f"{name}.json")


class SafeMail(flask_mail.Mail):
    """Flask-Mail bound to our connections."""

    def connect(self) -> SafeConnection:
        """A connection to the mail server, or to the demo's folder."""
        return connect()


def connect() -> SafeConnection:
    """A connection of the current app, not opened yet."""
    kind = FolderConnection if current_app.config["MAILBOX_DIR"] else SafeConnection
    return kind(current_app.extensions["mail"])


class Letter(flask_mail.Message):
    """A message whose bodies are quoted-printable."""

    def _mimetext(self, text: str | None, subtype: str = "plain") -> MIMEText:
        return MIMEText(text or "", _subtype=subtype, _charset=_UTF8)  # type: ignore[arg-type]


def mail_config(settings: MailSettings, mailbox_dir: Path | None) -> dict[str, Any]:
    """Flask-Mail's configuration keys. Debug output is off whatever the app's: it would print addresses."""
    return {
        "MAIL_SERVER": settings.server,
        "MAIL_PORT": settings.port,
        "MAIL_USE_TLS": settings.tls == "starttls",
        "MAIL_USE_SSL": settings.tls == "ssl",
        "MAIL_USERNAME": settings.username or None,
        "MAIL_PASSWORD": settings.password or None,
        "MAIL_DEFAULT_SENDER": settings.sender,
        "MAIL_MAX_EMAILS": MAILS_A_CONNECTION,
        "MAIL_DEBUG": False,
        "MAIL_SUPPRESS_SEND": False,
        "MAILBOX_DIR": mailbox_dir,
    }


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
