"""Flask-Mail bound to our connections: its settings, and which kind of connection there is."""

from pathlib import Path
from typing import Any

import flask_mail
from flask import current_app

from proca_web.adapters.mail import routes
from proca_web.adapters.mail.folder import FolderConnection
from proca_web.adapters.mail.own_servers import OwnServer
from proca_web.adapters.mail.public_only import PublicConnection
from proca_web.adapters.mail.smtp import SafeConnection
from proca_web.config import MailSettings, Settings
from proca_web.config.transports import Transport


class SafeMail(flask_mail.Mail):
    """Flask-Mail bound to our connections."""

    def connect(self) -> SafeConnection:
        """A connection to the mail server, or to the demo's folder."""
        return connect()


def connect(org: str = "") -> SafeConnection:
    """A connection of the current app, not opened yet: to the mail server of that org, or to the instance's.

    A password of an org's own server is read here and kept by the connection alone. Raises OSError, UnicodeDecodeError.
    """
    if current_app.config["MAILBOX_DIR"]:
        return FolderConnection(current_app.extensions["mail"])
    transport = routes.own(current_app).get(org) if org else None
    return connect_to(transport) if transport is not None else SafeConnection(current_app.extensions["mail"])


def connect_to(transport: Transport) -> SafeConnection:
    """A connection to that mail server; to one that an org entered itself, into the world only (but in a demo)."""
    settings: Settings = current_app.extensions["proca_settings"]
    if current_app.config["MAILBOX_DIR"]:
        return FolderConnection(current_app.extensions["mail"])
    if not isinstance(transport, OwnServer):
        return SafeConnection(_state(transport, transport.password()))
    state = _state(transport, transport.password_under(settings.secret_keys))
    return SafeConnection(state) if settings.is_demo else PublicConnection(state)


def _state(transport: Transport, password: str) -> Any:
    given = MailSettings(
        server=transport.server,
        port=transport.port,
        tls=transport.tls,
        username=transport.username,
        password=password,
        sender=transport.sender,
    )
    return flask_mail.Mail().init_mail(mail_config(given, None))


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
