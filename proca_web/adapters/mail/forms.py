"""Supporters' mails as finished forms: rendered once for a page, a kind and a language, filled in for each person.

Only lines that hold a name or a link are encoded again: 43 instead of 650 µs a mail (decision 57). An org's own words
are in the form; new words of the page make a new one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import lru_cache

from flask import Flask
from flask_babel import force_locale, format_decimal, gettext
from markupsafe import escape

from proca_web.adapters import links
from proca_web.adapters.bounces import envelope
from proca_web.adapters.mail import filling, letters, routes
from proca_web.adapters.mail.filling import Line
from proca_web.adapters.mail.letters import Mail, as_wire, bare
from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.encoding import encode
from proca_web.crypto.labels import digest
from proca_web.domain.campaign_words import PageMail
from proca_web.domain.pages import mail_words
from proca_web.domain.transient import State
from proca_web.services.petitions.making.mail_pages import PageOfMail
from proca_web.services.signatures.mailing import DueMail

MOST_FORMS = 200
# Each kind's Message-IDs are made with its name, whatever its words.
_KINDS = {State.SENDING: "confirm_signature", State.REMINDING: "reminder", State.THANKS_SENDING: "thank_you"}
_REPEATED = "confirm_again"
# The mails whose words an org may write; those of the others, and to who had signed before, are the house's.
_WORDED = {"confirm_signature": PageMail.CONFIRM, "thank_you": PageMail.THANK_YOU}
_LOGO = "logo@mail"
_SHARED = "?utm_source=share&utm_medium=thank_you_mail"


@dataclass(frozen=True, slots=True)
class Form:
    """A message without its first headers: what stays as bytes ready for the wire, lines with marks as pieces."""

    page: PageOfMail
    parts: Sequence[bytes | Line] = field(repr=False)

    def filled(self, values: Sequence[str]) -> bytes:
        """With a person's values: name, confirm link, withdraw link, number, and the same four as HTML."""
        return b"".join([given if isinstance(given, bytes) else given.filled(values) for given in self.parts])


class Forms:
    """The forms of one process for one mail server: the instance's, or that of an org."""

    def __init__(self, app: Flask, org: str = "") -> None:
        self._app = app
        self._route = routes.of(app, org)
        self._forms: dict[tuple[State, int, bool, bool, bool], Form] = {}
        self._confirm, self._withdraw = (
            links.url(app, endpoint, token=filling.NAME).removesuffix(filling.NAME)
            for endpoint in ("confirm.show", "withdraw.show")
        )

    def write(self, due: DueMail, page: PageOfMail, when: float) -> Mail:
        """One supporter's mail. Raises ValueError, without the address, where no header can hold it."""
        token, confirm = due.waiting.token, ""
        if due.state is not State.THANKS_SENDING:
            confirm, token = encode(token), transient_seal.withdraw_token(token)
        withdraw = encode(token) if token else ""
        return self.write_with(due, page, when, self._confirm + confirm, withdraw and self._withdraw + withdraw)

    def write_with(self, due: DueMail, page: PageOfMail, when: float, confirm: str, withdraw: str) -> Mail:
        """The same with links that are given. Raises ValueError, as `write`."""
        recipient, name = bare(due.waiting.email), due.waiting.first_name
        form = self._form(due, page, has_withdraw=bool(withdraw))
        # The same mail sent twice after a crash has the same id, so that mailboxes can tell; it reveals no action.
        made_of = encode(digest(16, "message-id", _KINDS[due.state].encode() + due.action_ref))
        sender = self._route.address(page.mail_from)
        host = sender.rpartition("@")[2]
        head = f"To: {recipient}\r\nDate: {_date(int(when))}\r\nMessage-ID: <{made_of}@{host}>\r\n"
        for header, code in envelope.headers_of(self._app, due.action_ref).items():
            head += f"{header}: {code}\r\n"
        number = _number(page.people, page.locale)
        html = (str(escape(name)), str(escape(confirm)), str(escape(withdraw)), number)
        wire = head.encode("ascii") + form.filled((name, confirm, withdraw, number, *html))
        # An org's own server may not send for other domains: there a mail comes back to where it is from.
        return Mail(recipient, wire, sender if self._route.org else envelope.sender_of(self._app, due.action_ref))

    def _form(self, due: DueMail, page: PageOfMail, *, has_withdraw: bool) -> Form:
        key = (due.state, due.page_id, due.repeat, due.testing, has_withdraw)
        form = self._forms.get(key)
        if form is not None and form.page is page:
            return form
        if form is not None and form.page == page:  # read again, and it says the same
            form = replace(form, page=page)
        else:
            if len(self._forms) >= MOST_FORMS:
                self._forms.clear()
            form = Form(page, filling.joined(self._parts(due, page, has_withdraw=has_withdraw)))
        self._forms[key] = form
        return form

    def _parts(self, due: DueMail, page: PageOfMail, *, has_withdraw: bool) -> Iterator[bytes | Line]:
        subject, plain, html = self._rendered(due, page, has_withdraw=has_withdraw)
        boundary, inner = letters.new_boundary(), letters.new_boundary()
        head = letters.headers(page.sender_name, self._route.address(page.mail_from), None, page.reply_to, boundary)
        yield filling.subject(subject)
        yield filling.fixed([*head, *letters.part("plain", boundary)])
        yield from filling.body(plain, 0)
        if page.logo:
            yield filling.fixed(["", f"--{boundary}", *letters.related(inner), *letters.part("html", inner)])
        else:
            yield filling.fixed(letters.part("html", boundary))
        yield from filling.body(html, len(filling.MARKS))
        if page.logo:
            yield filling.fixed([*letters.picture(_LOGO, page.logo, inner), *letters.end(inner)])
        yield as_wire("\r\n".join(letters.end(boundary)).encode("ascii"))

    def _rendered(self, due: DueMail, page: PageOfMail, *, has_withdraw: bool) -> list[str]:
        kind = _REPEATED if due.repeat and due.state is State.SENDING else _KINDS[due.state]
        where = f"email/signatures/{kind}"
        with force_locale(page.locale):
            values = self._values(kind, due, page, has_withdraw=has_withdraw)
            return [
                self._app.jinja_env.get_template(f"{where}/{name}").render(values)
                for name in ("subject.txt", "body.txt", "body.html")
            ]

    def _values(self, kind: str, due: DueMail, page: PageOfMail, *, has_withdraw: bool) -> dict[str, object]:
        page_url = links.url(self._app, "action_page.show", page=page.slug)
        put_in = {
            mail_words.FIRST_NAME: filling.NAME,
            mail_words.TITLE: page.title,
            mail_words.DEMAND: page.demand,
            mail_words.ADDRESSEE: page.addressee,
            mail_words.ORG: page.org,
            mail_words.DAYS: str(page.confirm_days),
            mail_words.NUMBER: filling.NUMBER,
            mail_words.CONFIRM_LINK: filling.CONFIRM,
            mail_words.SHARE_LINK: page_url + _SHARED,
        }
        return {
            "page": page,
            "first_name": filling.NAME,
            "repeat": due.repeat,
            "testing": due.testing,
            "page_url": page_url,
            "confirm_url": filling.CONFIRM,
            "withdraw_url": filling.WITHDRAW if has_withdraw else "",
            "logo": _LOGO if page.logo else "",
            "put_in": put_in,
            **(_words(_WORDED[kind], page, put_in, repeat=due.repeat) if kind in _WORDED else {}),
        }


def _words(kind: PageMail, page: PageOfMail, put_in: Mapping[str, str], *, repeat: bool) -> dict[str, object]:
    """The org's own words, or the house's: always to who had signed before, whom the org's would tell otherwise."""
    own = None if repeat else page.words.get(kind)
    words = own or mail_words.suggested(kind, gettext, repeat=repeat)
    empty = [name for name, value in put_in.items() if not value]
    return {
        "subject": mail_words.pieces(words.subject),
        "preheader": mail_words.pieces(words.preheader),
        "blocks": mail_words.blocks(words.body, empty),
    }


@lru_cache(maxsize=4)
def _date(second: int) -> str:
    return formatdate(second)


@lru_cache(maxsize=64)
def _number(people: int, locale: str) -> str:
    with force_locale(locale):
        return str(format_decimal(people))
