"""Connections to the mail server: encrypted with a checked certificate, bounded in time, spoken to in few packets.

Flask-Mail alone accepts any certificate, waits for ever, and says one command after the other; its settings and its
way to connect are used as they are.
"""

import smtplib
import socket
import ssl
from base64 import b64encode
from contextlib import suppress
from functools import lru_cache
from typing import Any

import flask_mail

from proca_web.adapters.mail.letters import Mail
from proca_web.domain.delivery import click_tracking
from proca_web.domain.delivery.answers import SENT, Reply, Step, is_taken, of_answer

CONNECT_SECONDS = 10.0
COMMAND_SECONDS = 30.0
LAST_DOT_SECONDS = 120.0  # servers look into a message before they take it; RFC 5321 would wait ten minutes
_GOES_ON = 354
_CLOSES = 421


@lru_cache(maxsize=1)
def _trusting_context() -> ssl.SSLContext:
    """Trusts who the machine trusts; made once, reading all those certificates takes 25 ms."""
    return ssl.create_default_context()


@lru_cache(maxsize=1)
def _own_name() -> str:
    """What we greet with; asked once, a slow resolver takes seconds."""
    name = socket.getfqdn()
    return name if "." in name else "[127.0.0.1]"


class Speaks(smtplib.SMTP):
    """An SMTP connection that knows whether its last dot was answered, and takes any password (RFC 4616: UTF-8)."""

    is_dot_unanswered = False

    def finish(self, wire: bytes) -> tuple[int, bytes]:
        """A whole message in one go; it may be taken as soon as the last of it has left."""
        assert self.sock is not None
        self.sock.settimeout(LAST_DOT_SECONDS)
        self.send(wire)
        self.is_dot_unanswered = True
        code, text = self.getreply()
        self.is_dot_unanswered = code <= 0
        self.sock.settimeout(COMMAND_SECONDS)
        return code, text

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        sock = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # no stub has it; it is there to be overridden
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

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


class Encrypted(Speaks, smtplib.SMTP_SSL):
    """The same, encrypted from the first byte."""


class SafeConnection(flask_mail.Connection):
    """Flask-Mail's connection with a certificate check and a timeout, which the original lacks."""

    speaks: type[Speaks] = Speaks
    speaks_encrypted: type[Encrypted] = Encrypted
    host: Speaks | None
    is_pipelining = False
    _is_begun = False

    def configure_host(self) -> smtplib.SMTP:
        """Connect, encrypt and log in."""
        state = self.mail
        how: dict[str, Any] = {"timeout": CONNECT_SECONDS, "local_hostname": _own_name()}
        if state.use_ssl:
            host: Speaks = self.speaks_encrypted(state.server, state.port, context=_trusting_context(), **how)
        else:
            host = self.speaks(state.server, state.port, **how)
        try:
            if state.use_tls:
                host.starttls(context=_trusting_context())
            if state.username and state.password:
                host.login(state.username, state.password)
            host.ehlo_or_helo_if_needed()
        except BaseException:
            host.close()
            raise
        assert host.sock is not None
        host.sock.settimeout(COMMAND_SECONDS)
        self.is_pipelining = host.has_extn("pipelining")
        return host

    def deliver(self, sender: str, mail: Mail) -> Reply:
        """One message to one recipient. Raises OSError or SMTPException when the connection ends.

        Where the server takes it, the envelope is one packet and the message another (RFC 2920).
        """
        host = self.host
        assert host is not None
        if self._is_begun:
            host.rset()
        self._is_begun = True
        envelope = (f"MAIL FROM:<{sender}>\r\n", f"RCPT TO:<{mail.recipient}>\r\n", "DATA\r\n")
        refused = self._in_one(host, envelope) if self.is_pipelining else self._one_by_one(host, envelope)
        if refused is not None:
            return refused
        code, answer = host.finish(click_tracking.headers_of(self.mail.server) + mail.wire)
        if code < 200:
            raise smtplib.SMTPServerDisconnected("the last dot was answered with something that is no answer")
        self._is_begun = False
        self.num_emails += 1
        self._hear_end(code)
        return SENT if is_taken(code) else of_answer(Step.DOT, code, answer)

    def _one_by_one(self, host: Speaks, envelope: tuple[str, ...]) -> Reply | None:
        for step, command in zip(_ENVELOPE, envelope, strict=True):
            host.send(command)
            code, answer = host.getreply()
            if not _goes_on(step, code):
                self._hear_end(code)
                return of_answer(step, code, answer)
        return None

    def _in_one(self, host: Speaks, envelope: tuple[str, ...]) -> Reply | None:
        host.send("".join(envelope))
        refused = None
        for step in _ENVELOPE:
            code, answer = host.getreply()
            if refused is None and not _goes_on(step, code):
                refused = of_answer(step, code, answer)
            if code == _CLOSES:  # the other answers never come
                self._hear_end(code)
                return refused
        if refused is not None and code == _GOES_ON:
            with suppress(OSError, smtplib.SMTPException):  # what was answered stands
                host.docmd(".")  # a message to nobody: the server waits for one all the same
        return refused

    def _hear_end(self, code: int) -> None:
        if code == _CLOSES and self.host is not None:
            self.host.close()

    @property
    def is_dot_unanswered(self) -> bool:
        """Whether a whole message went over and nothing came back."""
        return self.host is not None and self.host.is_dot_unanswered

    @property
    def is_over(self) -> bool:
        """Whether the server has ended it."""
        return self.host is not None and self.host.sock is None

    def close(self) -> None:
        """Say good-bye and go; nobody waits for the answer."""
        if self.host is not None:
            with suppress(OSError, smtplib.SMTPException):
                self.host.send("QUIT\r\n")
            self.host.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def cut(self) -> None:
        """End it without a word, whoever waits for an answer on it: that thread wakes with an error."""
        if self.host is not None and self.host.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.host.sock, socket.SHUT_RDWR)


_ENVELOPE = (Step.MAIL, Step.RCPT, Step.DATA)


def _goes_on(step: Step, code: int) -> bool:
    return code == _GOES_ON if step is Step.DATA else is_taken(code)
