"""One test mail through a mail server that an org entered, and what the server said, in words an owner can use."""

import smtplib
import socket
import ssl

from proca_web.adapters.mail.extension import connect_to
from proca_web.adapters.mail.own_servers import OwnServer, PasswordLost
from proca_web.adapters.mail.public_only import PrivateServer
from proca_web.adapters.mail.trying import the_letter
from proca_web.domain.delivery.own_server import Step, answer

# Errors that say it all by their class; the first that fits.
_STEPS: tuple[tuple[type[Exception], Step], ...] = (
    (PasswordLost, Step.PASSWORD),
    (PrivateServer, Step.PRIVATE),
    (smtplib.SMTPAuthenticationError, Step.LOGIN),
    (smtplib.SMTPSenderRefused, Step.SENDER),
    (smtplib.SMTPRecipientsRefused, Step.RECIPIENT),
    (smtplib.SMTPDataError, Step.MESSAGE),
    (smtplib.SMTPNotSupportedError, Step.TLS),
    (smtplib.SMTPServerDisconnected, Step.ENDED),
    (smtplib.SMTPResponseException, Step.ENDED),
    (smtplib.SMTPException, Step.LOGIN),  # no way to log in that both know
    (ssl.SSLError, Step.TLS),
    (socket.gaierror, Step.NAME),
    (TimeoutError, Step.TIMEOUT),
    (OSError, Step.REFUSED),
)
_WANTS_LOGIN = 530


def prove(server: OwnServer, address: str, keys: tuple[str, ...]) -> tuple[bool, str]:
    """Send a test mail; whether it was taken, and what is kept of the answer. Inside the app's context."""
    hidden = [server.username]
    try:
        hidden.append(server.password_under(keys))
        mail = the_letter(address, server.sender).as_mail()
        with connect_to(server) as connection:
            if connection.host is None:  # a demo's folder
                connection.deliver(server.sender, mail)
            else:
                wire = mail.wire.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
                connection.host.sendmail(server.sender, [mail.recipient], wire)
    except (OSError, ValueError) as error:  # all of smtplib's are OSErrors; values are what no library takes
        return False, _told(error, hidden)
    return True, answer(Step.SENT)


def _told(error: Exception, hidden: list[str]) -> str:
    step = next((step for kind, step in _STEPS if isinstance(error, kind)), Step.ENDED)
    code, words = _said(error)
    if code == _WANTS_LOGIN or (step is Step.TLS and "AUTH" in str(error)):
        step = Step.LOGIN
    return answer(step, code, words, hidden)


def _said(error: Exception) -> tuple[int, bytes]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return next(iter(error.recipients.values()), (0, b""))
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return error.smtp_code, said if isinstance(said, bytes) else str(said).encode()
    return 0, b""
