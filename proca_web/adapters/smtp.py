"""Connections to the mail server: encrypted with a checked certificate, bounded in time; the demo's is a folder.

Flask-Mail alone accepts any certificate and waits for ever; everything else of it is used as it is.
"""

import json
import os
import secrets
import smtplib
import ssl
import time
from base64 import b64encode
from functools import lru_cache
from pathlib import Path
from typing import Any

import flask_mail
from flask import current_app

from proca_web.adapters import clock
from proca_web.config import MailSettings
from proca_web.domain.outcome import Outcome, of_refusal

TIMEOUT_SECONDS = 15
LAST_DOT_SECONDS = 30  # servers look into a message before they take it
MAILS_A_CONNECTION = 50


@lru_cache(maxsize=1)
def _trusting_context() -> ssl.SSLContext:
    """Trusts who the machine trusts; made once, reading all those certificates takes 25 ms."""
    return ssl.create_default_context()


class _Speaks(smtplib.SMTP):
    """An SMTP connection that knows whether its last dot was answered, and takes any password (RFC 4616: UTF-8)."""

    is_dot_unanswered = False

    def send(self, s: Any) -> None:
        """To the server; the end of a message is remembered until something is answered."""
        super().send(s)
        self.is_dot_unanswered = isinstance(s, bytes) and s.endswith(b"\r\n.\r\n")

    def getreply(self) -> tuple[int, bytes]:
        """The server's answer."""
        if self.is_dot_unanswered and self.sock is not None:
            self.sock.settimeout(LAST_DOT_SECONDS)
        code, text = super().getreply()
        if code > 0:
            self.is_dot_unanswered = False
        if self.sock is not None:
            self.sock.settimeout(TIMEOUT_SECONDS)
        return code, text

    def login(self, user: str, password: str, *, initial_response_ok: bool = True) -> tuple[int, bytes]:
        """Log in; the library itself knows ASCII only."""
        if user.isascii() and password.isascii():
            return super().login(user, password, initial_response_ok=initial_response_ok)
        self.ehlo_or_helo_if_needed()
        offered = self.esmtp_features.get("auth", "").upper().split()
        if "PLAIN" in offered:
            steps = [f"AUTH PLAIN {_base64(f'{chr(0)}{user}{chr(0)}{password}')}"]
        elif "LOGIN" in offered:
            steps = ["AUTH LOGIN", _base64(user), _base64(password)]
        else:
            raise smtplib.SMTPNotSupportedError("the server offers no way to log in with this password")
        code, text = 0, b""
        for step in steps:
            code, text = self.docmd(step)
            if code not in (235, 334):
                break
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, text)
        return code, text


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")


class _Encrypted(_Speaks, smtplib.SMTP_SSL):
    pass


class SafeConnection(flask_mail.Connection):
    """Flask-Mail's connection with a certificate check and a timeout, which the original lacks."""

    def configure_host(self) -> smtplib.SMTP:
        """Connect, encrypt and log in."""
        state = self.mail
        host: smtplib.SMTP
        if state.use_ssl:
            host = _Encrypted(state.server, state.port, timeout=TIMEOUT_SECONDS, context=_trusting_context())
        else:
            host = _Speaks(state.server, state.port, timeout=TIMEOUT_SECONDS)
        try:
            if state.use_tls:
                host.starttls(context=_trusting_context())
            if state.username and state.password:
                host.login(state.username, state.password)
            host.ehlo_or_helo_if_needed()
        except BaseException:
            host.close()
            raise
        return host

    def hand_over(self, sender: str, recipient: str, message: flask_mail.Message) -> Outcome:
        """One message to one recipient, step by step. Raises OSError or SMTPException when the connection ends."""
        content = message.as_bytes()
        host = self.host
        assert host is not None
        if not _is_taken(host.mail(sender)[0]):
            return self._refused(Outcome.ANSWERED)
        code, answer = host.rcpt(recipient)
        if not _is_taken(code):
            return self._refused(of_refusal(code, answer))
        try:
            code, answer = host.data(content)
        except smtplib.SMTPDataError as error:
            return self._refused(of_refusal(error.smtp_code, _bytes(error.smtp_error)))
        if code < 200:
            raise smtplib.SMTPServerDisconnected("the last dot was answered with something that is no answer")
        self.num_emails += 1
        return Outcome.SENT if _is_taken(code) else self._refused(of_refusal(code, answer))

    @property
    def is_dot_unanswered(self) -> bool:
        """Whether a whole message went over and nothing came back."""
        return bool(getattr(self.host, "is_dot_unanswered", False))

    def _refused(self, outcome: Outcome) -> Outcome:
        """The connection is ready for the next message, or is closed; what was answered stands."""
        assert self.host is not None
        try:
            self.host.rset()
        except (OSError, smtplib.SMTPException):
            self.host.close()
        return outcome

    @property
    def is_used_up(self) -> bool:
        """Whether the next message needs a new connection."""
        host = self.host
        return host is not None and (self.num_emails >= self.mail.max_emails or host.sock is None)


def _is_taken(code: int) -> bool:
    return 200 <= code <= 299


def _bytes(answer: bytes | str) -> bytes:
    return answer if isinstance(answer, bytes) else answer.encode()


class FolderConnection(SafeConnection):
    """The demo's mail: one file a message, in a folder that /mailbox shows; never in a database or log."""

    def configure_host(self) -> Any:
        """Nothing to connect to."""
        return None

    def hand_over(self, sender: str, recipient: str, message: flask_mail.Message) -> Outcome:
        """Write the message down."""
        folder: Path = current_app.config["MAILBOX_DIR"]
        content = {
            "to": recipient,
            "subject": message.subject,
            "text": message.body,
            "html": message.html,
            "sent_at": clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        draft = folder / f".{name}"
        draft.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
        os.replace(draft, folder / f"{name}.json")
        return Outcome.SENT


class SafeMail(flask_mail.Mail):
    """Flask-Mail bound to our connections."""

    def connect(self) -> SafeConnection:
        """A connection to the mail server, or to the demo's folder."""
        return connect()


def connect() -> SafeConnection:
    """A connection of the current app, not opened yet."""
    kind = FolderConnection if current_app.config["MAILBOX_DIR"] else SafeConnection
    return kind(current_app.extensions["mail"])


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
