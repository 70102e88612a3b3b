"""A page in another language speaks it from the form to the deleted signature, and in every mail."""

import hashlib
import html
import re
from collections.abc import Callable, Iterator

import pytest
from babel import Locale
from babel.support import NullTranslations
from flask.testing import FlaskClient

from proca_web.adapters import catalogue
from proca_web.adapters.wordings import refresh_wordings
from proca_web.web import page_cache
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World
from tests.house.catalogues import texts
from tests.house.test_catalogues import PUT_IN

PAGE = "trees-partner"
# What is not ours to translate: what the orgs wrote, what a person typed, names of networks, addresses and codes.
GIVEN = """Neighbours for street trees Petitions We ask the city council to protect every street tree First Second
paragraph Keep our signatures for months keep Org One Two OO OT org-one org-two e.V Zofia WhatsApp Telegram Bluesky Mastodon UTC proca_web SHA SHA-256 utm
""".split()
IN_LANGUAGE = re.compile(r"<(?:title|option)\b|<[^>]*>")


class Foreign(NullTranslations):
    """Every text of the catalogue in letters that no text of ours has."""

    def gettext(self, message: str) -> str:
        return strange(message) if message in texts() else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return strange(msgid1 if n == 1 else msgid2) if (msgid1, msgid2) in texts() else msgid1

    ugettext, ungettext = gettext, ngettext


def strange(text: str) -> str:
    """The same with what is put into it."""
    pieces = re.split(f"({PUT_IN.pattern})", text)
    return "".join(piece if n % 2 else re.sub(r"[A-Za-z]", "ж", piece) for n, piece in enumerate(pieces))


@pytest.fixture
def in_german(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The pages in German, whose wordings were renewed for it."""
    world.execute("UPDATE action_pages SET locale = 'de'")
    with world.app.test_request_context():
        refresh_wordings()
    page_cache.forget(world.app)
    return world


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch, world: World) -> World:
    monkeypatch.setattr(catalogue, "compiled", lambda language: Foreign() if language == "de" else NullTranslations())
    return world


Seen = dict[str, str]


def everything(world: World, client: FlaskClient, clock: FakeClock) -> Seen:
    """What somebody reads who signs, is reminded, confirms, looks at it, deletes it; and everybody else."""
    seen: Seen = {}

    def get(name: str, path: str, status: int = 200) -> None:
        page_cache.forget(world.app)
        answer = client.get(path)
        assert answer.status_code == status, (name, answer.status_code)
        seen[name] = answer.text

    def post(name: str, path: str, **fields: str) -> None:
        answer = client.post(path, data=fields, follow_redirects=True)
        seen[name] = answer.text

    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    for name in ("", "/sign", "/check-inbox", "/thanks"):
        get(f"page{name}", f"/p/{PAGE}{name}")
    seen["faults"] = world.sign(client, PAGE, first_name="", email="@", country="XX", postcode="?" * 40, opt_in="?").text
    seen["doubt"] = world.sign(client, PAGE, email="zofia@gmial.com").text
    assert world.sign(client, PAGE, opt_in="yes", lead_opt_in="no").status_code == 303
    world.run("mail")
    link = world.link()
    get("ask", link)
    clock.forward(hours=25)
    world.run("sweep", "mail")
    assert world.sign(client, PAGE, email="no@example.org").status_code == 303
    world.run("mail")
    post("rejected", world.link() + "/reject")
    get("gone", world.link(), 410)
    post("unblocked", world.link() + "/unblock")
    assert client.post(link).status_code == 303
    world.run("accept", "mail", "release", "mail")
    get("signature", link)
    assert world.sign(client, PAGE).status_code == 303
    world.run("mail")
    post("again", world.link())
    world.run("accept", "mail", "release", "mail")
    withdraw = next(
        found[0] for mail in reversed(world.mails()) if (found := re.search(r"/withdraw/[\w-]+", mail["text"]))
    )
    get("withdraw", withdraw)
    post("withdrawn", withdraw)
    post("withdrawn twice", withdraw)
    get("agreed", f"/consent/{wording(world)}")
    get("no page", "/p/nothing", 404)
    get("half a link", "/confirm/abc", 410)
    world.execute("UPDATE campaigns SET status = 'closed', closed_at = :now", now=clock())
    get("closed", f"/p/{PAGE}")
    seen["too late"] = world.sign(client, PAGE).text
    for number, mail in enumerate(world.mails()):
        for part in ("subject", "text", "html"):
            seen[f"mail {number} {part}"] = mail[part]
    return seen


def wording(world: World) -> str:
    return str(world.query("SELECT hash FROM consent_texts WHERE locale = 'de' LIMIT 1")[0][0])


def read(markup: str) -> Iterator[str]:
    """What a person sees or hears of a page or mail."""
    markup = re.sub(r"<(style|script|code)\b.*?</\1>|<option\b.*?</option>", " ", markup, flags=re.DOTALL)
    for spoken in re.findall(r' (?:alt|aria-label|title|placeholder|data-(?!url|count-url)[a-z]+)="([^"]*)"', markup):
        yield html.unescape(spoken)
    for text in re.split(r"<[^>]*>", markup):
        yield html.unescape(text)


def not_translated(text: str) -> set[str]:
    text = re.sub(r"https?://\S+|\S+@\S+|/\w+/\S+", " ", text)
    return {word for word in re.findall(r"[A-Za-z][\w’-]+", text)}


@ON_SQLITE
def test_no_word_is_left_in_english(foreign: World, in_german: World, client: FlaskClient, clock: FakeClock) -> None:
    months = {*Locale("de").months["format"]["wide"].values(), *Locale("de").months["format"]["abbreviated"].values()}
    left = {
        name: words
        for name, text in everything(in_german, client, clock).items()
        if (words := {word for piece in read(text) for word in not_translated(piece)} - set(GIVEN) - months)
    }
    assert left == {}
