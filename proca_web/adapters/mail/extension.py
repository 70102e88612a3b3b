"""Flask-Mail bound to our connections: its settings, and which kind of connection there is."""

from pathlib import Path
from typing import Any

import flask_mail
from flask import current_app

from proca_web.adapters.mail.folder import FolderConnection
from proca_web.adapters.mail.smtp import SafeConnection
from proca_web.config import MailSettings


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
        "MAIL_CONNECTIONS": settings.connections,
        "MAIL_DEBUG": False,
        "MAIL_SUPPRESS_SEND": False,
        "MAILBOX_DIR": mailbox_dir,
    }
