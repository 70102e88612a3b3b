"""Mails to staff about keys, over a real SMTP server: what each says, and what the server's answers lead to."""

import re
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from proca_web.adapters.database import writing
from proca_web.adapters.mail.extension import connect
from proca_web.adapters.notices import write
from proca_web.app import create_app
from proca_web.config import MailSettings, Settings
from proca_web.domain import key_life
from proca_web.domain.outcome import Outcome
from proca_web.domain.words import Alarm, KeyEvent
from proca_web.extensions import db
from proca_web.models import Membership, User
from proca_web.services.instance import alarms
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.staff import outbox
from proca_web.services.staff.outbox import DueNotice
from tests import factories
from tests.factories import CANARY, FakeClock, World
from tests.key_holder import Holder, Owner
from tests.smtp_sink import Sink

OWNER, OPERATOR = "admin@org-one.example.org", "operator@example.org"
TEMPLATES = Path(__file__).parents[2] / "templates" / "email" / "staff"
KINDS = sorted(path.stem for path in TEMPLATES.glob("*.txt") if path.stem.startswith(("key-", "alarm")))


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    """Settings on SQLite; which database it is makes no difference to mail."""
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def app(settings: Settings, sink: Sink) -> Flask:
    """An app whose mail goes to the sink."""
    Keyring(settings.keyring_dir).prepare()
    mail = MailSettings("127.0.0.1", sink.port, "none", "", "", "petitions@host.example.org")
    return create_app(replace(settings, mail=mail, mailbox_dir=None), check=False)


def body(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content


def tell(world: World, clock: FakeClock, once: str, email: str = OWNER) -> None:
    """Tell a member of staff something."""
    with world.app.app_context(), writing() as session:
        place = session.scalars(db.select(Membership).join(User).where(User.email == email)).one()
        outbox.tell(session, KeyEvent.LACKING, place.org_id, [place.user_id], once, clock())


def live_through_everything(world: World, client: FlaskClient, clock: FakeClock) -> list[str]:
    """Let happen whatever staff hear of: a new key, a change and its end, expiry, loss, and tampering.

    Returns the kinds of the mails that were sent, one a mail.
    """
    sent: dict[int, str] = {}

    def work(job: str) -> None:
        world.run(job)
        sent.update(dict(map(tuple, world.query("SELECT id, kind FROM outbox WHERE state = 'sent'"))))

    owner = Owner(world.signed_in(OWNER), "org-one")
    assert world.sign(client, "trees-partner", opt_in="yes", **CANARY).status_code == 303
    assert owner.bring(Holder("org-one"), "recovery")["state"] == "active"
    change = owner.bring(Holder("org-one"))
    assert owner.post(f"/{change['id']}/cancel").status_code == 200
    work("mail")
    end = key_life.expiry(clock())
    for moment in (end - timedelta(days=80), end + timedelta(minutes=5)):
        clock.moment = moment
        work("sweep")
    assert owner.post("/2/revoke", {"really": "yes"}).status_code == 200
    world.execute("UPDATE public_keys SET endorsement = :none WHERE id = 3", none=bytes(64))
    world.execute("UPDATE key_log SET entry = replace(entry, 'org-two', 'org-six')")
    with world.app.app_context(), writing() as session:
        alarms.raise_(session, Alarm.QUEUE, clock(), fault="it does not answer")
    work("sweep")
    assert world.query("SELECT count(*) FROM outbox WHERE state <> 'sent'") == [(0,)]
    return list(sent.values())


def test_everything_staff_are_told_is_a_plain_mail_that_names_no_supporter_and_holds_no_link_that_acts(
    world: World, client: FlaskClient, clock: FakeClock, sink: Sink
) -> None:
    sent = live_through_everything(world, client, clock)
    assert sorted(set(sent)) == KINDS
    mails = [message for message in sink.messages() if message["To"] != CANARY["email"]]
    assert len(mails) == len(sent)
    orgs = "(org-one|org-two|home)"
    for message in mails:
        subject = message["Subject"]
        assert message["Auto-Submitted"] == "auto-generated", subject
        assert re.fullmatch(r"[^\r\n{}%]{10,100}", subject), subject
        assert message["To"] in (OWNER, "admin@org-two.example.org", OPERATOR), subject
        assert message["From"] == "petitions@host.example.org"
        assert re.fullmatch(r"<[^<>@\s]+@host\.example\.org>", message["Message-ID"]), subject
        for kind in ("plain", "html"):
            text = body(message, kind)
            assert len(text) > 100, subject
            assert not re.search(r"[{}]|%\(|Undefined|None", re.sub("(?s)<head>.*</head>", "", text)), (subject, text)
            assert not [value for value in CANARY.values() if len(value) > 4 and value in text], subject
            for url in re.findall(r"https?://[^\s\"'<>]+", text):
                assert re.fullmatch(rf"http://localhost/console/{orgs}/keys", url), (subject, url)
    assert len({message["Message-ID"] for message in mails}) == len(mails)


def test_the_mails_say_which_key_and_which_day(world: World, client: FlaskClient, clock: FakeClock, sink: Sink) -> None:
    end = key_life.expiry(clock())
    days = [f"{end + timedelta(days=more):%Y-%m-%d}" for more in (0, 30)]
    old = Holder("org-one", world.secrets["org-one"]).fingerprint
    live_through_everything(world, client, clock)
    mails = [message for message in sink.messages() if message["To"] == OWNER]
    (expires, recovery_expires) = [body(message) for message in mails if "key expires on" in message["Subject"]]
    assert all(said in expires for said in (old, *days))
    assert "your pages take no signatures" in expires
    assert "recovery key" not in expires
    assert "lost with its signatures" in recovery_expires
    assert "recovery key" in next(body(message) for message in mails if "A new key" in message["Subject"])
    assert old in next(body(message) for message in mails if "was revoked" in message["Subject"])


def notice_of(kind: str, title: str, role: str = "recipient") -> DueNotice:
    """A notice of that kind with every detail any of them has."""
    detail = {
        **{"fingerprint": "ABCD-EFGH", "role": role, "day": "2028-01-31", "stops": "2028-03-01"},
        **{"continuity": "broken", "due": "2028-01-31 12:00", "fault": "<b>entry 3</b>", "key": 7},
        **{"was": "active", "kind": "clock", "sentence": "the clock of <b>host</b> is off"},
    }
    return DueNotice(1, kind, "org-one", title, OWNER, detail, "once", 1)


@pytest.mark.parametrize("kind", ["key-expire-soon", "key-expire", "key-revoke"])
def test_pages_are_said_to_stop_only_when_they_do(app: Flask, kind: str) -> None:
    said = {}
    for role in ("recipient", "recovery"):
        with app.app_context():
            said[role] = write(app, notice_of(kind, "Org One", role)).body or ""
    stop = re.compile("your pages take no signatures|pages that always send you a copy take no signatures")
    assert stop.search(said["recipient"])
    assert not stop.search(said["recovery"])


def test_revoking_a_key_that_was_replaced_before_stops_no_page(app: Flask) -> None:
    notice = notice_of("key-revoke", "Org One")
    with app.app_context():
        said = write(app, replace(notice, detail={**notice.detail, "was": "retired"})).body or ""
    assert "your pages take signatures as they did" in said
    assert "take no signatures" not in said


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_org_is_called_cannot_write_headers_nor_markup(app: Flask, sink: Sink, kind: str) -> None:
    title = "Trees\r\nBcc: all@example.org\r\n\r\n<script>x</script>"
    with app.app_context(), connect() as connection:
        mail = write(app, notice_of(kind, title)).as_mail()
        assert connection.deliver("petitions@host.example.org", mail).outcome is Outcome.SENT
    (message,) = sink.messages()
    assert message["Bcc"] is None
    assert message["To"] == OWNER
    assert sink.envelopes[0].rcpt_tos == [OWNER]
    assert "<script" not in body(message, "html")
    assert "<b>" not in body(message, "html")


def test_a_mail_that_the_server_puts_off_is_tried_again(world: World, clock: FakeClock, sink: Sink) -> None:
    tell(world, clock, "a")
    sink.at_rcpt = "451 4.3.0 later"
    for minutes in (0, 1, 2, 4):
        clock.forward(minutes=minutes, seconds=5)
        world.run("mail")
    assert world.query("SELECT state, attempts FROM outbox") == [("to_send", 3)]
    sink.at_rcpt = "250 OK"
    clock.forward(minutes=8, seconds=5)
    world.run("mail")
    world.run("mail")
    assert [message["To"] for message in sink.messages()] == [OWNER]


def test_a_recipient_who_is_refused_for_good_is_left_alone_and_the_others_get_theirs(
    world: World, clock: FakeClock, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    tell(world, clock, "a")
    sink.at_rcpt = "550 5.1.1 no such person"
    world.run("mail")
    assert world.query("SELECT state FROM outbox") == [("sent",)]
    sink.at_rcpt = "250 OK"
    tell(world, clock, "b", OPERATOR)
    clock.forward(hours=3)
    world.run("sweep")
    assert [message["To"] for message in sink.messages()] == [OPERATOR]
    logged = [record.getMessage() for record in caplog.records if record.name != "mail.log"]  # the sink's own
    assert not [line for line in logged if OWNER in line]


def test_a_server_that_is_down_ends_the_try_and_not_the_worker(world: World, clock: FakeClock, sink: Sink) -> None:
    for once in "abc":
        tell(world, clock, once)
    sink.at_data = "drop"
    world.run("mail")
    assert world.query("SELECT DISTINCT state FROM outbox") == [("to_send",)]
    sink.at_data, sink.envelopes = "250 OK", []
    clock.forward(minutes=2, seconds=5)
    del world.app.extensions["proca_mail"]  # a worker that does not pause
    world.run("mail")
    assert [message["To"] for message in sink.messages()].count(OWNER) == 3
    others = [message["Subject"] for message in sink.messages() if message["To"] != OWNER]
    assert len(others) == 1, "operators hear once that no mail could leave"
