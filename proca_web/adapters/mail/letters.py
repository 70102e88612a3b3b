"""Letters as RFC 5322 and 2045 have them: multipart/alternative, quoted-printable, whatever the words are.

Flask-Mail's own puts bodies in as they are, and servers refuse lines beyond 998 bytes; going through the standard
library's message objects takes as long as everything else about a mail together (decision 38).
"""

import base64
import binascii
import re
import secrets
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.header import Header
from email.headerregistry import Address
from email.utils import formatdate

import flask_mail

_CRLF = "\r\n"
_SHORT = 66
_ONE_ADDRESS = re.compile(r"[!-;=?-~]+@[!-;=?-~]+", re.ASCII)
_LINE_ENDS = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it goes over the wire: to whom, and the message with its dots doubled and the last one at its end.

    `sender` is the envelope's: where reports about this mail go; empty: to everybody's address.
    """

    recipient: str = field(repr=False)
    wire: bytes = field(repr=False)
    sender: str = field(default="", repr=False)


class Letter(flask_mail.Message):
    """A message of its own: a mail to staff, the test mail."""

    sender_name = ""

    def as_bytes(self) -> bytes:
        """The message as it is read."""
        boundary = new_boundary()
        reply_to = str(self.reply_to) if self.reply_to else ""
        lines = [
            f"To: {bare(str(self.recipients[0]))}",
            f"Date: {formatdate(self.date)}",
            f"Message-ID: {self.msgId}",
            *headers(self.sender_name, str(self.sender), self.subject, reply_to, boundary),
        ]
        for kind, body in (("plain", self.body), ("html", self.html)):
            if body is not None:
                lines += [*part(kind, boundary), quoted_printable(body)]
        return _CRLF.join([*lines, *end(boundary)]).encode("ascii")

    def as_mail(self) -> Mail:
        """The message as it goes over the wire."""
        return Mail(bare(str(self.recipients[0])), as_wire(self.as_bytes()))


def new_boundary() -> str:
    """A line that no body can hold: quoted-printable writes every = as =3D (RFC 2045, 6.7)."""
    return f"=_{secrets.token_hex(12)}"


def headers(sender_name: str, sender: str, subject: str | None, reply_to: str, boundary: str) -> list[str]:
    """The headers that do not depend on whom a mail goes to, and when; no subject is one that does."""
    answers_to = _address(reply_to) if reply_to else ""
    return [
        f"From: {mailbox(sender_name, sender)}",
        *([subject_line(subject)] if subject is not None else []),
        *([f"Reply-To: {answers_to}"] if answers_to else []),
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
    ]


def part(kind: str, boundary: str) -> list[str]:
    """What stands above a body."""
    type_ = f'Content-Type: text/{kind}; charset="utf-8"'
    return ["", f"--{boundary}", type_, "Content-Transfer-Encoding: quoted-printable", ""]


def related(boundary: str) -> list[str]:
    """What stands above a body that shows a picture of its own (RFC 2387)."""
    return [f'Content-Type: multipart/related; type="text/html"; boundary="{boundary}"']


def picture(name: str, png: bytes, boundary: str) -> list[str]:
    """A picture that the body before it shows by this name."""
    head = [f"--{boundary}", "Content-Type: image/png", "Content-Transfer-Encoding: base64", f"Content-ID: <{name}>"]
    lines = base64.encodebytes(png).decode("ascii").split()
    return ["", *head, 'Content-Disposition: inline; filename="logo.png"', "", *lines]


def end(boundary: str) -> list[str]:
    """What stands below the last body."""
    return [f"--{boundary}--", ""]


def as_wire(message: bytes) -> bytes:
    """A message with its dots doubled and the last one at its end (RFC 5321, 4.5.2)."""
    return doubled(message) + b".\r\n"


def doubled(lines: bytes) -> bytes:
    """Whole lines, a dot before each that begins with one."""
    doubled_inside = lines.replace(b"\r\n.", b"\r\n..")
    return b"." + doubled_inside if doubled_inside[:1] == b"." else doubled_inside


def mailbox(name: str, address: str) -> str:
    """A display name and an address as a header has them: whatever the name holds, it is text."""
    shown = _one_line(name)
    if not shown:
        return address
    if _is_plain(shown):
        return str(Address(display_name=shown, addr_spec=address))
    return f"{_encoded('From', shown)}{_CRLF} <{address}>"


def subject_line(subject: str) -> str:
    """A subject as a header: whatever it holds, it is text of one line."""
    shown = _one_line(subject)
    return f"Subject: {shown if _is_plain(shown) else _encoded('Subject', shown)}"


def _is_plain(text: str) -> bool:
    """Whether it can stand as it is: short, ASCII, and nothing that a reader would take for an encoded word."""
    return text.isascii() and len(text) <= _SHORT and "=?" not in text


def _encoded(name: str, text: str) -> str:
    return Header(text, "utf-8", header_name=name).encode(linesep=_CRLF)


def _one_line(text: str) -> str:
    """Without line breaks and other control characters."""
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())


def _address(text: str) -> str:
    """An address of an org as a header has it; empty where it is none, a reply then goes to the sender."""
    with suppress(ValueError, IndexError, HeaderParseError):
        address = str(Address(addr_spec=text.strip()))
        return address if address.isascii() else ""
    return ""


def bare(address: str) -> str:
    """The address, where a header and a command can hold it. Raises ValueError, without it."""
    if _ONE_ADDRESS.fullmatch(address) is None:
        raise ValueError("not an address for a header")
    return address


def quoted_printable(body: str) -> str:
    """A body's lines, encoded; however they ended."""
    return binascii.b2a_qp(_LINE_ENDS.sub(_CRLF, body).encode(), istext=True).decode("ascii")
