"""A real SMTP server for tests: keeps what it is given, and answers each step as told."""

import ssl
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.ports import free_port


@dataclass
class Sink:
    """What the server got, and what it shall answer at each step."""

    port: int = 0
    at_mail: str = "250 OK"
    at_rcpt: str = "250 OK"
    at_data: str = "250 OK"
    at_reset: str = "250 OK"
    envelopes: list[Any] = field(default_factory=list)
    connections: int = 0
    meanwhile: Callable[[Any], None] | None = None

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]) -> Any:
        """Count connections."""
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """Take or refuse a sender."""
        if self.at_mail.startswith("250"):
            envelope.mail_from = address
        return self.at_mail

    async def handle_RSET(self, server: Any, session: Any, envelope: Any) -> str:
        """Begin anew; the word `drop` cuts the line instead."""
        if self.at_reset == "drop":
            server.transport.abort()
        return self.at_reset

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """Take or refuse a recipient."""
        if self.at_rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.at_rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take or refuse a message; the word `drop` cuts the line after the message arrived."""
        self.envelopes.append(envelope)
        if self.meanwhile is not None:
            self.meanwhile(envelope)
        if self.at_data == "drop":
            server.transport.abort()
            return "421 gone"
        return self.at_data

    def messages(self) -> list[EmailMessage]:
        """The messages as mail programs read them."""
        return [
            cast(EmailMessage, message_from_bytes(envelope.content, policy=policy.default))
            for envelope in self.envelopes
        ]


def start(sink: Sink, tls: ssl.SSLContext | None = None, *, at_once: bool = False) -> Controller:
    """Listen on a free port; `tls` offers STARTTLS, or `at_once` speaks nothing else."""
    sink.port = free_port()
    later = {} if at_once else {"tls_context": tls, "require_starttls": bool(tls)}
    context = tls if at_once else None
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port, ssl_context=context, **later)
    controller.start()
    return controller


def self_signed(folder: Path, days: int = 2) -> tuple[ssl.SSLContext, Path]:
    """A server context with a certificate nobody vouches for, and the certificate's file; -1 day: expired yesterday."""
    certificate, key, request = folder / "smtp.pem", folder / "smtp.key", folder / "smtp.csr"
    asked = f"openssl req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout {key} -out {request}"
    asked += " -addext subjectAltName=IP:127.0.0.1"
    signed = f"openssl x509 -req -in {request} -signkey {key} -days {days} -copy_extensions copy -out {certificate}"
    for command in (asked, signed):
        subprocess.run(command.split(), check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate


@dataclass
class LoginSink(Sink):
    """A server that wants a login; the password as UTF-8."""

    password: str = ""
    offered: list[str] = field(default_factory=lambda: ["PLAIN", "LOGIN"])
    logins: int = 0

    def __call__(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """Whether that is the password; of a wrong one, aiosmtpd has yet to tell the client."""
        self.logins += 1
        return AuthResult(success=data.password == self.password.encode(), handled=False)


def start_with_login(sink: LoginSink) -> Controller:
    """Listen on a free port, and offer a login."""
    sink.port = free_port()
    options: dict[str, Any] = {"auth_require_tls": False, "authenticator": sink}
    hidden = [name for name in ("PLAIN", "LOGIN") if name not in sink.offered]
    controller = Controller(sink, hostname="127.0.0.1", port=sink.port, auth_exclude_mechanism=hidden, **options)
    controller.start()
    return controller
