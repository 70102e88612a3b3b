"""Connections to the mail server: encrypted with a checked certificate, bounded in time; the demo's is a folder.

Flask-Mail alone accepts any certificate and waits for ever; everything else of it is used as it is.
"""

import json
import os
import secrets
import smtplib
import ssl
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import flask_mail
from flask import current_app

from proca_web.adapters import clock
from proca_web.config import MailSettings

TIMEOUT_SECONDS = 15
MAILS_A_CONNECTION = 50


@lru_cache(maxsize=1)
def _trusting_context() -> ssl.SSLContext:
    """Trusts who the machine trusts; made once, reading all those certificates takes 25 ms."""
    return ssl.create_default_context()


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
        host: smtplib.SMTP
        if state.use_ssl:
            host = _Encrypted(state.server, state.port, timeout=TIMEOUT_SECONDS, context=_trusting_context())
        else:
            host = _Plain(state.server, state.port, timeout=TIMEOUT_SECONDS)
        if state.use_tls:
            host.starttls(context=_trusting_context())
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
            "sent_at": clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
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
