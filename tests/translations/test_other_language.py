"""A page in another language speaks it from the form to the deleted signature, and in every mail."""

import base64
import hashlib
import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from babel import Locale
from babel.support import NullTranslations
from flask.testing import FlaskClient
from sqlalchemy import select

from proca_web.adapters.database import writing
from proca_web.adapters.files import catalogue
from proca_web.adapters.wordings import refresh_wordings
from proca_web.domain.campaign_words import NewsKind
from proca_web.models import Campaign, Elsewhere, News
from proca_web.web import page_cache
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World
from tests.translations.catalogues import PUT_IN, texts

PAGE = "trees-partner"
# What is not ours to translate: what the orgs wrote, what a person typed, names of networks, addresses and codes.
GIVEN = set(
    re.findall(
        r"\S+",
        "Neighbours for street trees Petitions We ask the city council to protect every street tree First Second "
        "paragraph Keep our signatures for months keep Org One Two OO OT org-one org-two e.V Zofia WhatsApp Telegram "
        "Bluesky Mastodon UTC proca_web SHA SHA-256 localhost",
    )
)
MONTHS = {name for width in ("wide", "abbreviated") for name in Locale("de").months["format"][width].values()}


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
def in_german(world: World) -> World:
    """The pages in German with all there is to show, and their wordings renewed for it."""
    now = datetime.now(UTC)
    with world.app.app_context(), writing() as session:
        campaign = session.scalars(select(Campaign)).one()
        campaign.closes_at = now + timedelta(days=30)
        session.add(Elsewhere(campaign_id=campaign.id, label="1", number=21, day=now.date(), created_at=now))
        for page in campaign.pages:
            page.locale, page.addressee = "de", "1"
            page.milestones = [{"number": 2, "text": "1"}, {"number": 3, "text": "1"}]
            session.add(News(page_id=page.id, kind=NewsKind.OUTCOME, title="1", body="1", published_at=now))
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
    for name in ("", "/sign", "/check-inbox", "/thanks", "/sheet", "/comments"):
        get(f"page{name}", f"/p/{PAGE}{name}")
    seen["faults"] = world.sign(
        client, PAGE, first_name="", email="@", country="XX", postcode="?" * 40, opt_in="?"
    ).text
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
    left = {
        name: words
        for name, text in everything(in_german, client, clock).items()
        if (words := {word for piece in read(text) for word in not_translated(piece)} - GIVEN - MONTHS)
    }
    assert left == {}


@ON_SQLITE
def test_the_home_page_and_the_keys_speak_the_sites_language(
    foreign: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("/", "/?q=street", "/keys"):
        asked = [client.get(path, headers={"Accept-Language": tag}) for tag in ("de", "en", "fr")]
        assert {('<html lang="en"' in answer.text, answer.headers.get("Vary")) for answer in asked} == {
            (True, asked[0].headers.get("Vary"))
        }
    settings = foreign.app.extensions["proca_settings"]
    in_german = replace(settings, site=replace(settings.site, language="de"))
    monkeypatch.setitem(foreign.app.extensions, "proca_settings", in_german)
    page_cache.forget(foreign.app)
    for path in ("/", "/?q=street", "/keys"):
        shown = client.get(path, headers={"Accept-Language": "en"}).text
        assert {word for piece in read(shown) for word in not_translated(piece)} - GIVEN <= MONTHS, path


@ON_SQLITE
def test_a_campaign_is_told_in_the_sites_language_where_it_has_a_page_in_it(world: World, client: FlaskClient) -> None:
    world.execute("UPDATE action_pages SET locale = 'de', title = 'Bäume' WHERE name = 'trees'")
    shown = client.get("/").text
    assert '<a href="/p/trees-partner">Neighbours for street trees</a>' in shown
    assert '<a href="/p/trees" hreflang="de" lang="de">Deutsch</a>' in shown
    world.execute("UPDATE action_pages SET status = 'draft' WHERE name = 'trees-partner'")
    page_cache.forget(world.app)
    assert '<h2 lang="de"><a href="/p/trees">Bäume</a></h2>' in client.get("/").text


@ON_SQLITE
def test_the_console_stays_english_beside_a_german_page(in_german: World) -> None:
    browser = in_german.signed_in("admin@org-one.example.org")
    german = {"Accept-Language": "de"}
    console = "/console/org-one/campaigns/trees/pages"
    assert '<html lang="en"' in browser.get(console, headers=german).text
    shown = browser.get(f"{console}/trees/shown", headers=german).text
    assert ('<html lang="de"' in shown, "Jetzt unterschreiben" in shown) == (True, True)


@ON_SQLITE
def test_german_is_spoken_and_what_was_agreed_to_is_kept_word_for_word(in_german: World, client: FlaskClient) -> None:
    shown = html.unescape(client.get(f"/p/{PAGE}").text)
    assert '<html lang="de" dir="ltr">' in shown
    assert in_german.sign(client, PAGE, opt_in="yes", lead_opt_in="no").status_code == 303
    in_german.run("mail")
    client.post(in_german.link())
    in_german.run("accept", "mail", "release", "mail")
    assert [mail["subject"] for mail in in_german.mails()] == [
        "Bitte bestätigen: Neighbours for street trees",
        "Danke für Ihre Unterschrift: Neighbours for street trees",
    ]
    assert "Hallo Zofia,\n\ndanke, dass Sie „Neighbours for street trees“" in in_german.mails()[-1]["text"].replace(
        "\r", ""
    )
    ((consent,),) = in_german.query("SELECT consent FROM actions")
    body = client.get(f"/consent/{consent}.txt").data
    assert base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode().rstrip("=") == consent
    words = body.decode().split("\n\n")
    assert words[0].startswith("Mit meiner Unterschrift unter „Neighbours for street trees“ bitte ich Org Two")
    assert words[1] == (
        "[ ] Ja, Org Two darf mich auch per E\u2011Mail auf dem Laufenden halten. Das kann ich jederzeit widerrufen."
    )
    assert all(word.removeprefix("[ ] ") in shown for word in words[1:3])


@ON_SQLITE
def test_an_export_has_the_same_columns_and_words_in_every_language(world: World, client: FlaskClient) -> None:
    rows = []
    for locale in ("en", "de"):
        world.execute("UPDATE action_pages SET locale = :locale", locale=locale)
        with world.app.test_request_context():
            refresh_wordings()
        assert world.sign(client, PAGE, email=f"{locale}@example.org", opt_in="yes").status_code == 303
        world.run("mail")
        client.post(world.link())
        world.run("accept", "mail", "release", "mail")
        rows.append(world.export("org-two")[-1])
    english, german = rows
    assert list(english) == list(german)
    own = {name for name in english if english[name] != german[name]}
    assert own.isdisjoint({"campaign_name", "action_page_name", "action_type", "opt_in", "email_status"}), own
    assert own & {"custom_fields", "tracking", "org", "schema"} == set()
