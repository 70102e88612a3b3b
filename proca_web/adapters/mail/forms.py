"""Supporters' mails as finished forms: rendered once for a page, a kind and a language, filled in for each person.

Only lines that hold a name or a link are encoded again: 43 instead of 650 µs a mail (decision 57).
"""

import re
import secrets
from binascii import b2a_qp
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache

from flask import Flask
from flask_babel import force_locale
from markupsafe import escape

from proca_web.adapters import links
from proca_web.adapters.bounces import envelope
from proca_web.adapters.mail import routes
from proca_web.adapters.mail.letters import (
    Mail,
    as_wire,
    bare,
    doubled,
    end,
    headers,
    new_boundary,
    part,
    quoted_printable,
)
from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.encoding import encode
from proca_web.crypto.labels import digest
from proca_web.domain.transient import State
from proca_web.services.signatures.mailing import DueMail, PageOfMail

MOST_FORMS = 200
# Each kind's Message-IDs are made with its name, whatever its words.
_KINDS = {State.SENDING: "confirm_signature", State.REMINDING: "reminder", State.THANKS_SENDING: "thank_you"}
_REPEATED = "confirm_again"
_NAME, _CONFIRM, _WITHDRAW = (f"proca{secrets.token_hex(8)}{letter}" for letter in "ncw")
_MARKS = {_NAME: 0, _CONFIRM: 1, _WITHDRAW: 2}
_MARK = re.compile(f"({_NAME}|{_CONFIRM}|{_WITHDRAW})")
_LINE_END = re.compile(r"\r\n?|\n")

# Text that stays, or the number of the value that stands there.
_Line = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A message without its first headers: what stays as bytes ready for the wire, lines with marks as pieces."""

    page: PageOfMail
    parts: Sequence[bytes | _Line] = field(repr=False)

    def filled(self, values: Sequence[str]) -> bytes:
        """With a person's values: name, confirm link, withdraw link, and the same three as HTML."""
        return b"".join([given if isinstance(given, bytes) else _encoded(given, values) for given in self.parts])


class Forms:
    """The forms of one process for one mail server: the instance's, or that of an org."""

    def __init__(self, app: Flask, org: str = "") -> None:
        self._app = app
        self._route = routes.of(app, org)
        self._forms: dict[tuple[State, int, bool, bool, bool], Form] = {}
        self._confirm, self._withdraw = (
            links.url(app, endpoint, token=_NAME).removesuffix(_NAME) for endpoint in ("confirm.show", "withdraw.show")
        )
        self._confirm_html, self._withdraw_html = str(escape(self._confirm)), str(escape(self._withdraw))

    def write(self, due: DueMail, page: PageOfMail, when: float) -> Mail:
        """One supporter's mail. Raises ValueError, without the address, where no header can hold it."""
        recipient, name, token = bare(due.waiting.email), due.waiting.first_name, due.waiting.token
        confirm = ""
        if due.state is not State.THANKS_SENDING:
            confirm, token = encode(token), transient_seal.withdraw_token(token)
        withdraw = encode(token) if token else ""
        plain = (name, self._confirm + confirm, self._withdraw + withdraw)
        form = self._form(due, page, has_withdraw=bool(withdraw))
        # The same mail sent twice after a crash has the same id, so that mailboxes can tell; it reveals no action.
        made_of = encode(digest(16, "message-id", _KINDS[due.state].encode() + due.action_ref))
        sender = self._route.address(page.mail_from)
        host = sender.rpartition("@")[2]
        head = f"To: {recipient}\r\nDate: {_date(int(when))}\r\nMessage-ID: <{made_of}@{host}>\r\n"
        for header, code in envelope.headers_of(self._app, due.action_ref).items():
            head += f"{header}: {code}\r\n"
        html = (str(escape(name)), self._confirm_html + confirm, self._withdraw_html + withdraw)
        wire = head.encode("ascii") + form.filled(plain + html)
        # An org's own server may not send for other domains: there a mail comes back to where it is from.
        return Mail(recipient, wire, sender if self._route.org else envelope.sender_of(self._app, due.action_ref))

    def _form(self, due: DueMail, page: PageOfMail, *, has_withdraw: bool) -> Form:
        key = (due.state, due.page_id, due.repeat, due.testing, has_withdraw)
        form = self._forms.get(key)
        if form is None or form.page is not page:
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            form = self._forms[key] = Form(page, tuple(_joined(self._parts(due, page, has_withdraw=has_withdraw))))
        return form

    def _parts(self, due: DueMail, page: PageOfMail, *, has_withdraw: bool) -> Iterator[bytes | _Line]:
        subject, plain, html = self._rendered(due, page, has_withdraw=has_withdraw)
        boundary = new_boundary()
        head = headers(page.sender_name, self._route.address(page.mail_from), subject, page.reply_to, boundary)
        yield _lines([*head, *part("plain", boundary)])
        yield from _body(plain, 0)
        yield _lines(part("html", boundary))
        yield from _body(html, len(_MARKS))
        yield as_wire("\r\n".join(end(boundary)).encode("ascii"))

    def _rendered(self, due: DueMail, page: PageOfMail, *, has_withdraw: bool) -> list[str]:
        values = {
            "page": page,
            "first_name": _NAME,
            "repeat": due.repeat,
            "testing": due.testing,
            "page_url": links.url(self._app, "action_page.show", page=page.slug),
            "confirm_url": _CONFIRM,
            "withdraw_url": _WITHDRAW if has_withdraw else "",
        }
        kind = _REPEATED if due.repeat and due.state is State.SENDING else _KINDS[due.state]
        where = f"email/signatures/{kind}"
        with force_locale(page.locale):
            return [
                self._app.jinja_env.get_template(f"{where}/{name}").render(values)
                for name in ("subject.txt", "body.txt", "body.html")
            ]


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return formatdate(second)


def _body(text: str, shift: int) -> Iterator[bytes | _Line]:
    for line in _LINE_END.split(text):
        pieces = _MARK.split(line)
        if len(pieces) == 1:
            yield doubled(quoted_printable(f"{line}\n").encode("ascii"))
        else:
            ended = (*pieces[:-1], pieces[-1] + "\r\n")
            yield tuple(_MARKS[piece] + shift if piece in _MARKS else piece for piece in ended)


def _lines(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def _joined(parts: Iterator[bytes | _Line]) -> Iterator[bytes | _Line]:
    """Neighbours that stay as they are become one."""
    ready = b""
    for given in parts:
        if isinstance(given, bytes):
            ready += given
        else:
            yield ready
            yield given
            ready = b""
    yield ready


def _encoded(line: _Line, values: Sequence[str]) -> bytes:
    text = "".join([values[piece] if isinstance(piece, int) else piece for piece in line])
    if "\r" in text[:-2] or "\n" in text[:-2]:
        return doubled(quoted_printable(text).encode("ascii"))
    encoded = b2a_qp(text.encode(), istext=True)
    return doubled(encoded) if b"." in encoded else encoded
