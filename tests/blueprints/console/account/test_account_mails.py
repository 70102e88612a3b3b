"""What is mailed to the holder of an account: each is sent, can be read, and leads only to pages with a button."""

import re
from pathlib import Path

from proca_web.domain.messages import STAFF_LANGUAGES
from tests.blueprints.console.account.person import NEW, OWNER, Person, links, mails
from tests.factories import PASSWORD, FakeClock, World

TEMPLATES = Path(__file__).parents[4] / "templates" / "email" / "staff" / "account"
KINDS = sorted(f"account-{path.stem}" for path in TEMPLATES.glob("*.txt"))
WANTED = "anna@org-one.example.org"
TOKEN = "[A-Za-z0-9_-]{43}"
LEADS_TO = re.compile(rf"http://localhost/(account/|forgot|reset/{TOKEN}|account/address/{TOKEN})")


def live_through_everything(world: World, locale: str) -> list[dict[str, str]]:
    """Whatever is mailed about an account happens; the mails."""
    person = Person(world)
    person.sign_in()
    person.act("/account/", name="Anna Berg", locale=locale)
    person.act("/account/address", email=WANTED)
    person.post("/account/password", "/account/password", present=PASSWORD, password=NEW)
    person.post("/forgot", "/forgot", email=OWNER)
    world.run("mail")
    link = next(link for link in links(world) if link.startswith("/reset/"))
    Person(world).post(link, link, password="another bridge over lakes")
    Person(world, address="192.0.2.9").sign_in("another bridge over lakes")
    for number in range(10):
        Person(world, address=f"198.51.100.{number}").sign_in("wrong")
    world.run("mail")
    return world.mails()


def test_every_mail_about_an_account_is_sent_and_can_be_read(world: World, clock: FakeClock) -> None:
    for locale in STAFF_LANGUAGES:
        sent = live_through_everything(world, locale)
        told = world.query("SELECT kind FROM outbox WHERE state = 'sent' AND kind LIKE 'account-%' ORDER BY kind")
        assert sorted({kind for (kind,) in told}) == KINDS
        about = [mail for mail in sent if "localhost" in mail["subject"]]
        assert {mail["to"] for mail in about} == {OWNER, WANTED}
        assert len(about) >= len(KINDS)
        for mail in about:
            assert re.fullmatch(r"[^\r\n{}%]{10,100}", mail["subject"])
            for part in (mail["text"], mail["html"]):
                assert len(part) > 150
                assert not re.search(r"[{}]|%\(|Undefined|None", re.sub("(?s)<head>.*</head>", "", part)), part
                assert PASSWORD not in part
                assert NEW not in part
                for url in re.findall(r"https?://[^\s\"'<>]+", part):
                    assert LEADS_TO.fullmatch(url.rstrip(".")), url


def test_a_mail_about_a_password_names_nobody(world: World, clock: FakeClock) -> None:
    """Whoever reads it over somebody's shoulder, or in the wrong mailbox, learns of no organisation."""
    live_through_everything(world, "")
    for text in mails(world, about="password"):
        assert "Org One" not in text
        assert "org-one" not in text


def test_no_secret_is_written_down_on_the_way(world: World, clock: FakeClock) -> None:
    live_through_everything(world, "")
    rows = repr([world.query(f"SELECT * FROM {table}") for table in ("outbox", "account_links", "audit_entries")])
    for link in links(world):
        assert link.rpartition("/")[2][16:] not in rows
    assert NEW not in rows
