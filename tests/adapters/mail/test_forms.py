"""Finished forms: what is filled into them reads exactly as if the whole template had been rendered for that person."""

import re
import unicodedata
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import pytest
from flask import Flask
from flask_babel import force_locale, format_decimal, gettext
from markupsafe import escape

from proca_web.adapters.database import reading
from proca_web.adapters.mail import forms
from proca_web.adapters.mail import reading as reading_of
from proca_web.adapters.mail.forms import Forms
from proca_web.adapters.mail.letters import Letter, Mail
from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.crypto.encoding import encode
from proca_web.domain.campaign_words import PageMail
from proca_web.domain.messages import LANGUAGES
from proca_web.domain.pages import mail_words
from proca_web.domain.pages.mail_words import MailWords
from proca_web.domain.transient import State
from proca_web.services.petitions.making import mail_pages
from proca_web.services.petitions.making.mail_pages import PageOfMail
from proca_web.services.signatures.mailing import DueMail
from tests.databases import ON_SQLITE
from tests.factories import World

pytestmark = ON_SQLITE  # a text is a text
TOKEN = bytes(range(32))
NAMES = [
    "Zofia",
    ".",
    ".hidden",
    "a\r\n.\r\nQUIT",
    "two\nlines",
    "bare\rreturn",
    "x" * 200,
    "ü" * 200,
    "dots. " * 40,
    "O’Neil & <b>Sons</b> \"quoted\" 'single'",
    "%(name)s %s {{ name }} {% if %}",
    "=3D=\r\n=",
    "--boundary--",
    "صوفيا",
    "🌳" * 50,
    "\x00 and \x1b",
    "trailing space ",
    "\ttab",
    "",
]
_LINE_END = re.compile(r"\r\n?|\n")


@pytest.fixture(params=[*LANGUAGES, "ar"])
def page(world: World, request: pytest.FixtureRequest) -> PageOfMail:
    """What mails of a page say, with lines that begin with a dot, in each language and from right to left."""
    with world.app.app_context(), reading() as session:
        read = mail_pages.page_of(session, 1)
    return replace(read, locale=request.param, demand=".first\n.\n" + "long words " * 100, title="Trees & Parks.")


def due(state: State = State.SENDING, name: str = "Zofia", email: str = "zofia@example.org", **more: bool) -> DueMail:
    """One mail to send."""
    said = {"repeat": False, "testing": False} | more
    return DueMail(1, state, 1, b"r" * 16, **said, confirm_days=14, waiting=Waiting(email, name, TOKEN))


def read(mail: Mail) -> EmailMessage:
    """As a server and then a mail program read it."""
    lines = mail.wire.split(b"\r\n")
    assert lines[-2:] == [b".", b""]
    assert b"." not in lines[:-2]
    assert all(b"\n" not in line and b"\r" not in line and len(line) < 998 for line in lines)
    message = b"\r\n".join(line[1:] if line[:1] == b"." else line for line in lines[:-2])
    return cast(EmailMessage, message_from_bytes(message + b"\r\n", policy=policy.default))


def rendered(app: Flask, mail: DueMail, page: PageOfMail, part: str) -> str:
    """The template as a whole."""
    kind = {
        State.SENDING: "confirm_again" if mail.repeat else "confirm_signature",
        State.REMINDING: "reminder",
        State.THANKS_SENDING: "thank_you",
    }[mail.state]
    withdraw = TOKEN if mail.state is State.THANKS_SENDING else transient_seal.withdraw_token(TOKEN)
    of = PageMail.THANK_YOU if mail.state is State.THANKS_SENDING else PageMail.CONFIRM
    values = {
        "page": page,
        "first_name": mail.waiting.first_name,
        "repeat": mail.repeat,
        "testing": mail.testing,
        "logo": "",
        "page_url": f"http://localhost/p/{page.name}",
        "confirm_url": f"http://localhost/confirm/{encode(TOKEN)}",
        "withdraw_url": f"http://localhost/withdraw/{encode(withdraw)}",
    }
    put_in = {name: getattr(page, name) for name in ("title", "demand", "addressee", "org")}
    put_in |= {"first_name": mail.waiting.first_name, "days": str(page.confirm_days)}
    put_in |= {"confirm_link": values["confirm_url"]}
    put_in |= {"share_link": f"{values['page_url']}?utm_source=share&utm_medium=thank_you_mail"}
    with force_locale(page.locale):
        put_in["number"] = format_decimal(1)  # nobody has been counted yet, but whoever reads it
        words = page.words.get(of) if not mail.repeat else None
        words = words or mail_words.suggested(of, gettext, repeat=mail.repeat)
        values |= {"put_in": put_in, "blocks": mail_words.blocks(words.body, [] if page.addressee else ["addressee"])}
        values |= {name: mail_words.pieces(getattr(words, name)) for name in ("subject", "preheader")}
        return app.jinja_env.get_template(f"email/signatures/{kind}/{part}").render(values)


def words_of(subject: str) -> list[str]:
    """As a header has them: of one line, without control characters."""
    return "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in subject).split()


def lines_of(text: str) -> list[str]:
    return _LINE_END.split(text.rstrip("\r\n"))


OWN = {
    PageMail.CONFIRM: MailWords(
        "{first_name}: {title}",
        "Of {org}, {first_name}",
        "Dear {first_name}, <b>\n.\n{confirm_link}\n\nhttps://example.org/?a=b&c. {days}",
    ),
    PageMail.THANK_YOU: MailWords("{number}, {first_name}", "", "{first_name}\n{number}\n{share_link}\nyours, {org}"),
}


@pytest.mark.parametrize("whose", ["the house's", "own"])
@pytest.mark.parametrize("kind", ["confirmation", "test", "confirmation again", "reminder", "thanks", "thanks again"])
def test_a_filled_form_reads_as_the_template_does(world: World, page: PageOfMail, kind: str, whose: str) -> None:
    page = replace(page, words=OWN) if whose == "own" else page
    states = {"thanks": State.THANKS_SENDING, "reminder": State.REMINDING}
    state = states.get(kind.partition(" ")[0], State.SENDING)
    more = {"repeat": kind.endswith("again"), "testing": kind == "test"}
    with world.app.app_context():
        made = Forms(world.app)
        for name in NAMES:
            mail = due(state, name, **more)
            message = read(made.write(mail, page, 0.0))
            assert words_of(message["Subject"]) == words_of(rendered(world.app, mail, page, "subject.txt"))
            for part, file in (("plain", "body.txt"), ("html", "body.html")):
                body = message.get_body((part,))
                assert body is not None
                assert lines_of(body.get_content()) == lines_of(rendered(world.app, mail, page, file)), name
        assert len(made._forms) == 1


def test_a_thank_you_without_a_link_has_none(world: World, page: PageOfMail) -> None:
    mail = replace(due(State.THANKS_SENDING), waiting=Waiting("zofia@example.org", "Zofia"))
    with world.app.app_context():
        body = read(Forms(world.app).write(mail, page, 0.0)).get_body(("plain",))
    assert body is not None
    assert "/withdraw/" not in body.get_content()


def test_headers_are_those_of_a_letter_and_name_nobody_else(world: World, page: PageOfMail) -> None:
    with world.app.app_context():
        message = read(Forms(world.app).write(due(), page, 0.0))
    assert sorted(message.keys()) == sorted(
        ["To", "Date", "Message-ID", "From", "Subject", "Reply-To", "Auto-Submitted", "X-Auto-Response-Suppress"]
        + ["MIME-Version", "Content-Type"]
    )
    assert message["To"] == "zofia@example.org"
    assert message["Date"] == "Thu, 01 Jan 1970 00:00:00 -0000"


def test_what_an_org_changed_is_in_the_next_mail(world: World, page: PageOfMail) -> None:
    with world.app.app_context():
        made = Forms(world.app)
        made.write(due(), page, 0.0)
        message = read(made.write(due(), replace(page, title="Other words"), 0.0))
    assert "Other words" in message["Subject"]


def test_forms_of_pages_long_gone_are_forgotten(
    world: World, page: PageOfMail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "MOST_FORMS", 3)
    with world.app.app_context():
        made = Forms(world.app)
        for number in range(10):
            made.write(replace(due(), page_id=number), page, 0.0)
    assert len(made._forms) <= 3


@pytest.mark.parametrize(
    "address",
    ["a b@example.org", "a\r\nBcc: x@example.org", "a>@example.org", "<a@example.org", "ü@example.org", "a", ""],
)
def test_an_address_that_no_command_can_hold_is_refused_without_its_text(
    world: World, page: PageOfMail, address: str
) -> None:
    with world.app.app_context(), pytest.raises(ValueError, match="^not an address for a header$"):
        Forms(world.app).write(due(email=address), page, 0.0)


def test_a_letter_of_its_own_ends_every_line_as_the_wire_wants_it(world: World) -> None:
    with world.app.app_context():
        letter = Letter(subject="s", recipients=["a@example.org"], body=".\n.two\rthree\r\n", sender="b@example.org")
        letter.msgId = "<1@example.org>"
        message = read(letter.as_mail())
    body = message.get_body(("plain",))
    assert body is not None
    assert lines_of(body.get_content()) == [".", ".two", "three"]


@pytest.mark.parametrize(
    "name", ["{confirm_link}", "{{title}}", "http://evil.example", "<b>bold</b>", "a\r\nBcc: b@c.d"]
)
@pytest.mark.parametrize("state", [State.SENDING, State.THANKS_SENDING])
def test_a_first_name_is_text_wherever_own_words_put_it(
    world: World, page: PageOfMail, name: str, state: State
) -> None:
    with world.app.app_context():
        message = read(Forms(world.app).write(due(state, name), replace(page, words=OWN), 0.0))
    assert message["Bcc"] is None
    assert words_of(name)[0] in words_of(message["Subject"])[0] or words_of(name)[0] in words_of(message["Subject"])[1]
    html = message.get_body(("html",))
    assert html is not None
    assert f"<bdi>{escape(name)}</bdi>".splitlines() == [
        line for line in f"<bdi>{escape(name)}</bdi>".splitlines() if line in html.get_content()
    ]
    assert 'href="http://evil' not in html.get_content()


HOSTILE = [
    MailWords(
        "<b>Hi</b>\r\nBcc: evil@example.org",
        '"><script>alert(1)</script>',
        "<img src=x onerror=alert(1)>\n{confirm_link}",
    ),
    MailWords("x" * 10_000, "x" * 10_000, "x" * 10_000 + "\n{confirm_link}\n" + "https://example.org/" + "y" * 10_000),
    MailWords(
        "\u202eהצילו {org}", "\u05d0" * 300, "\u202e\u05d0\u05d1 {title} \u2066\n.\n{confirm_link}\n{{{unknown}}} {}"
    ),
    MailWords("%(title)s {{ 7*7 }} {% raw %}", "%s", "%(title)s {{ 7*7 }}\n{confirm_link}\n--\n=_00"),
]


@pytest.mark.parametrize("words", HOSTILE, ids=["markup", "long", "right to left", "templates"])
def test_hostile_words_are_text_in_every_part(world: World, page: PageOfMail, words: MailWords) -> None:
    with world.app.app_context():
        message = read(Forms(world.app).write(due(), replace(page, words={PageMail.CONFIRM: words}), 0.0))
    assert message["Bcc"] is None
    assert "49" not in str(message["Subject"])
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    assert f"/confirm/{encode(TOKEN)}" in plain.get_content()
    for bad in ("<script", "<img", "<b>Hi"):
        assert bad not in html.get_content()
    assert "7*7" in plain.get_content() or words is not HOSTILE[3]


def test_new_words_are_taken_up_at_once_and_a_new_number_makes_no_new_form(world: World, page: PageOfMail) -> None:
    with world.app.app_context():
        made = Forms(world.app)
        first = replace(page, words=OWN, people=7)
        subjects = [
            read(made.write(due(State.THANKS_SENDING), each, 0.0))["Subject"]
            for each in (first, replace(first, people=8), replace(first, words={}))
        ]
        (form,) = made._forms.values()
    assert [subject.partition(",")[0] for subject in subjects[:2]] == ["7", "8"]
    assert "Zofia" not in subjects[2]
    assert form.page.words == {}


def test_who_had_signed_before_is_thanked_in_the_houses_words(world: World, page: PageOfMail) -> None:
    with world.app.app_context():
        mail = due(State.THANKS_SENDING, repeat=True)
        message = read(Forms(world.app).write(mail, replace(page, words=OWN), 0.0))
    said = {"en": "You had already signed", "de": "Sie hatten schon unterschrieben"}
    assert said.get(page.locale, said["en"]) in message["Subject"]


def test_a_logo_comes_with_the_mail_and_is_loaded_from_nowhere(world: World, page: PageOfMail) -> None:
    logo = b"\x89PNG\r\n" + bytes(range(256)) * 9
    with world.app.app_context():
        mail = Forms(world.app).write(due(), replace(page, logo=logo), 0.0)
    message = read(mail)
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert [part.get_content() for part in pictures] == [logo]
    html = message.get_body(("html",))
    assert html is not None
    assert f'src="cid:{pictures[0]["Content-ID"].strip("<>")}"' in html.get_content()
    assert not re.search(r'src="https?:', html.get_content())
    assert "data:image/png;base64," in (reading_of.read(mail).html or "")
