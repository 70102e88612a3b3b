"""Mail over a real SMTP server: what is sent, over which connection, and what each answer leads to."""

import logging
import ssl
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from proca_web.adapters.mail import routes
from proca_web.adapters.mail.forms import Forms
from proca_web.adapters.mail.letters import Mail, mailbox
from proca_web.adapters.mail.trying import Tried, send_test
from proca_web.app import create_app
from proca_web.config import MailSettings, Settings
from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.encoding import encode
from proca_web.jobs import endings
from proca_web.jobs.mail import sender
from proca_web.services.petitions.making.mail_pages import PageOfMail
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.signatures.mailing import DueMail
from tests import factories, smtp_sink
from tests.factories import FakeClock, World
from tests.services.conftest import confirm_path, waiting_token
from tests.smtp_sink import LoginSink, Sink


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    """Settings on SQLite; which database it is makes no difference to mail."""
    return factories.settings(tmp_path, sqlite_url)


def post_to(settings: Settings, port: int, tls: str = "none", user: str = "", password: str = "") -> Flask:
    """An app whose mail goes to that port."""
    Keyring(settings.keyring_dir).prepare()
    mail = MailSettings("127.0.0.1", port, tls, user, password, "petitions@host.example.org")
    return create_app(replace(settings, mail=mail, mailbox_dir=None), check=False)


@pytest.fixture
def app(settings: Settings, sink: Sink) -> Flask:
    """An app whose mail goes to the sink."""
    return post_to(settings, sink.port)


@pytest.fixture
def states(world: World) -> "States":
    return States(world)


class States:
    """Reads the states of all transients."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __call__(self) -> list[str]:
        return [state for (state,) in self.world.query("SELECT state FROM transients ORDER BY action_id")]


def test_the_confirmation_says_who_asked_what_and_how_to_ignore_it(
    world: World, client: FlaskClient, sink: Sink
) -> None:
    world.sign(client)
    token = waiting_token(world)
    world.run("mail")
    (message,) = sink.messages()
    assert message["To"] == "zofia@example.org"
    assert message["From"] == "Org One <petitions@host.example.org>"
    assert message["Reply-To"] == "hello@org-one.example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Subject"] == "Please confirm: Keep our street trees"
    for part in ("plain", "html"):
        body = message.get_body((part,))
        assert body is not None
        text = body.get_content()
        taking_back = f"http://localhost/withdraw/{encode(transient_seal.withdraw_token(token))}"
        assert 0 < text.index(f"http://localhost{confirm_path(token)}") < text.index(taking_back)
        assert "You can take your signature back at any time" in text
        for said in ("Zofia", "Org One", "not counted until", "14 days", "org-one e.V.", "/privacy"):
            assert said in text, (part, said)


def test_the_thank_you_comes_after_the_confirmation_with_a_withdraw_link_of_its_own(
    world: World, client: FlaskClient, sink: Sink
) -> None:
    world.sign(client)
    token = waiting_token(world)
    world.run("mail")
    client.post(confirm_path(token))
    world.run("release", "mail")
    thanks = sink.messages()[1]
    assert thanks["Subject"] == "Thank you for signing: Keep our street trees"
    body = thanks.get_body(("plain",))
    assert body is not None
    assert "/confirm/" not in body.get_content()
    assert f"/withdraw/{encode(transient_seal.withdraw_token(token))}" in body.get_content()
    assert "utm_source=share" in body.get_content()


def test_no_line_of_a_mail_is_longer_than_servers_take(world: World, client: FlaskClient, sink: Sink) -> None:
    world.execute("UPDATE action_pages SET demand = :long", long="word " * 600)
    world.sign(client)
    world.run("mail")
    assert max(len(line) for line in sink.envelopes[0].original_content.splitlines()) < 998


def test_a_name_cannot_put_headers_or_html_into_a_mail(world: World, client: FlaskClient, sink: Sink) -> None:
    world.execute("UPDATE action_pages SET title = :t", t="Trees & <b>birds</b>\r\nBcc: evil@example.org")
    world.sign(client, first_name="O’Neil")
    world.run("mail")
    (message,) = sink.messages()
    assert message["Bcc"] is None
    html = message.get_body(("html",))
    assert html is not None
    assert "<b>birds" not in html.get_content()


def test_one_connection_carries_many_mails(world: World, client: FlaskClient, sink: Sink) -> None:
    for number in range(12):
        world.sign(client, email=f"person{number}@example.org")
    world.run("mail")
    assert len(sink.envelopes) == 12
    assert sink.connections == 1
    assert {tuple(envelope.rcpt_tos) for envelope in sink.envelopes} == {(f"person{n}@example.org",) for n in range(12)}


def test_a_mail_sent_again_has_the_same_message_id_and_link(world: World, client: FlaskClient, sink: Sink) -> None:
    world.sign(client)
    world.run("mail")
    world.execute("UPDATE transients SET state = 'to_send', wait_key = NULL, wait_seal = NULL")
    assert sink.messages()[0]["Message-ID"].endswith("@host.example.org>")
    sink.envelopes.clear()
    sink.at_data = "451 later"
    world.sign(client, email="again@example.org")
    world.run("mail")
    world.execute("UPDATE transients SET next_try = '2020-01-01 00:00:00.000000' WHERE wait_seal IS NOT NULL")
    sink.at_data = "250 OK"
    world.run("mail")
    first, second = sink.messages()
    assert first["Message-ID"] == second["Message-ID"]
    assert first.get_body(("plain",)).get_content() == second.get_body(("plain",)).get_content()


SURELY = [
    "550 5.1.1 unknown",
    "550 5.1.2 no such system",
    "553 5.1.3 bad syntax",
    "551 5.1.6 moved",
    "556 5.1.10 null mx",
]
NOT_SURELY = [
    "450 busy",
    "450 5.1.1 they contradict themselves",
    "451 4.3.0 later",
    "550 no such user",
    "551 elsewhere",
    "553 bad mailbox",
    "550 5.1.7 your sender has bad syntax",
    "550 5.1.8 your sender's domain does not exist",
    "550 5.1.0 address rejected",
    "550 5.7.1 your server is blocked, see rule 5.1.1",
    "550 5.1.11 nobody gave this number out",
    "552 full",
    "554 no",
]


@pytest.mark.parametrize("step", ["at_rcpt", "at_data"])
def test_an_answer_surely_about_the_recipient_purges(
    world: World, client: FlaskClient, sink: Sink, states: States, step: str
) -> None:
    for number, answer in enumerate(SURELY, 1):
        setattr(sink, step, answer)
        assert world.sign(client, email=f"person{number}@example.org").status_code == 303
        world.run("mail")
        assert states() == [], answer
        assert world.query("SELECT count(*) FROM contacts") == [(0,)]
        assert world.ends() == {"refused": number}


@pytest.mark.parametrize("step", ["at_rcpt", "at_data"])
def test_any_other_answer_keeps_the_signature(
    world: World, client: FlaskClient, sink: Sink, states: States, step: str
) -> None:
    for number, answer in enumerate(NOT_SURELY, 1):
        setattr(sink, step, answer)
        assert world.sign(client, email=f"person{number}@example.org").status_code == 303
        world.run("mail")
        assert states() == ["to_send"] * number, answer
        assert world.query("SELECT DISTINCT attempts, unsure FROM transients") == [(0, 0)]


def test_an_answer_counts_only_while_the_relay_takes_other_mail(
    world: World, client: FlaskClient, sink: Sink, clock: FakeClock
) -> None:
    world.sign(client, email="taken@example.org")
    world.run("mail")
    sink.at_rcpt = "450 not this one"
    world.sign(client, email="deferred@example.org")
    for attempts in (1, 2):
        world.run("mail")
        assert world.query("SELECT attempts FROM transients WHERE state = 'to_send'") == [(attempts,)]
        clock.forward(minutes=6)
    clock.forward(hours=1)
    world.run("mail")
    assert world.query("SELECT attempts FROM transients WHERE state = 'to_send'") == [(2,)]


def test_a_line_cut_after_the_last_dot_leaves_an_end_that_nobody_knows(
    world: World, client: FlaskClient, sink: Sink, states: States, clock: FakeClock
) -> None:
    sink.at_data = "drop"
    world.sign(client)
    for unsure, minutes in ((1, 10), (2, 60), (3, 1440)):
        world.run("mail")
        del world.app.extensions["proca_mail"]  # a worker that does not pause
        assert states() == ["to_send"]
        assert world.query("SELECT attempts, unsure FROM transients") == [(0, unsure)]
        clock.forward(minutes=minutes - 1)
        world.run("mail")
        assert len(sink.envelopes) == unsure
        clock.forward(minutes=2)
    assert world.ends() == {"unsure": 3}


TITLES = [
    "Friends of the Trees, Berlin",
    "Bäume, Parks & Gärten e.V.",
    "Trees; Parks",
    "Trees > Cars",
    "Cars < Trees",
    "trees@work e.V.",
    "Trees: Berlin",
    "[Trees] Berlin",
    'The "Green" League',
    "Back\\slash",
    "(Berlin)",
    "=?utf-8?q?Trees?=",
    "🌳",
    "أصدقاء الأشجار",
    "Trees\r\nBcc: evil@example.org",
    "Trees\x00 and\x1b parks",
]


@pytest.mark.parametrize("title", TITLES)
def test_the_title_of_an_org_is_text_in_the_sender_and_never_syntax(title: str) -> None:
    raw = f"From: {mailbox(title, 'petitions@example.org')}\r\nTo: a@example.org\r\n\r\n".encode("ascii")
    message = message_from_bytes(raw, policy=policy.default)
    (sender,) = message["From"].addresses
    shown = " ".join(title.replace("\x00", " ").replace("\x1b", " ").split())
    assert (sender.display_name, sender.addr_spec) == (shown, "petitions@example.org")
    assert message.keys() == ["From", "To"]


@pytest.mark.parametrize("title", ["Grün und Blau " * 12, "Long and plain " * 12, "x" * 150, "ü" * 200])
def test_a_long_title_is_folded_and_its_first_line_is_not_empty(title: str) -> None:
    lines = f"From: {mailbox(title, 'petitions@example.org')}".split("\r\n")
    assert len(lines[0]) > len("From: ") + 10
    assert max(map(len, lines)) <= 78
    assert str(make_header(decode_header("".join(lines[:-1])[6:]))) == title.strip()


@pytest.mark.parametrize("title", ["Trees, Parks > Cars", 'trees@work: "e.V."', "Bäume; Gärten"])
def test_mail_leaves_from_our_address_whatever_the_org_is_called(
    world: World, client: FlaskClient, sink: Sink, title: str
) -> None:
    world.execute("UPDATE orgs SET title = :title WHERE name = 'org-one'", title=title)
    world.sign(client)
    world.run("mail")
    assert sink.envelopes[0].mail_from == "petitions@host.example.org"
    (message,) = sink.messages()
    (sender,) = message["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (title, "petitions@host.example.org")
    assert message["X-Auto-Response-Suppress"] == "All"


def test_a_mail_that_cannot_be_written_is_set_aside_and_the_others_leave(
    world: World, client: FlaskClient, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = Forms.write

    def write(forms: Forms, due: DueMail, page: PageOfMail, when: float) -> Mail:
        if due.waiting.email.startswith("second"):
            raise UnicodeError("second@example.org")
        return written(forms, due, page, when)

    monkeypatch.setattr(Forms, "write", write)
    for name in ("first", "second", "third"):
        world.sign(client, email=f"{name}@example.org")
    world.run("mail")
    assert sorted(recipient for envelope in sink.envelopes for recipient in envelope.rcpt_tos) == [
        "first@example.org",
        "operator@example.org",  # an alarm
        "third@example.org",
    ]
    assert world.query("SELECT attempts, unsure FROM transients WHERE state = 'to_send'") == [(0, 0)]
    assert world.query("SELECT name, reason FROM faults") == [("mail of the page trees", "UnicodeError")]


def tried(app: Flask) -> Tried:
    """A test mail by the instance's mail server."""
    with app.app_context():
        route = routes.of(app, "")
        return send_test("operator@example.org", route, route.address(""))


@pytest.mark.parametrize("offered", [["PLAIN"], ["LOGIN"]])
def test_a_password_may_hold_any_letters(settings: Settings, offered: list[str]) -> None:
    sink = LoginSink(password="Schlüssel ключ", offered=offered)
    controller = smtp_sink.start_with_login(sink)
    try:
        world = factories.make_world(post_to(settings, sink.port, "none", "würzburg", "Schlüssel ключ"))
        world.sign(world.app.test_client())
        world.run("mail")
        assert (len(sink.envelopes), sink.logins) == (1, 1)
        assert tried(world.app).faults == []
    finally:
        controller.stop()


@pytest.mark.parametrize("password", ["wrong", "Schlüssel", "\U0001f511"])
def test_a_wrong_password_touches_no_row_and_ends_in_no_traceback(settings: Settings, password: str) -> None:
    sink = LoginSink(password="right")
    controller = smtp_sink.start_with_login(sink)
    try:
        world = factories.make_world(post_to(settings, sink.port, "none", "user", password))
        world.sign(world.app.test_client())
        before = world.query("SELECT * FROM transients")
        world.run("mail", "sweep")
        assert world.query("SELECT * FROM transients") == before
        assert world.query("SELECT name FROM faults") == [(f"127.0.0.1:{sink.port}",)]
        (said,) = tried(world.app).faults
        assert said.startswith(f"the test mail could not be sent by 127.0.0.1:{sink.port} (SMTPAuthenticationError)")
    finally:
        controller.stop()


def test_a_server_that_offers_no_way_for_this_password_touches_no_row(settings: Settings) -> None:
    sink = LoginSink(password="Schlüssel", offered=[])
    controller = smtp_sink.start_with_login(sink)
    try:
        world = factories.make_world(post_to(settings, sink.port, "none", "user", "Schlüssel"))
        world.sign(world.app.test_client())
        world.run("mail")
        assert world.query("SELECT state, attempts FROM transients") == [("to_send", 0)]
        assert world.query("SELECT reason FROM faults") == [("SMTPNotSupportedError",)]
    finally:
        controller.stop()


def test_a_server_that_refuses_our_own_address_says_nothing_about_a_recipient(
    world: World, client: FlaskClient, sink: Sink, states: States
) -> None:
    sink.at_mail = "550 5.1.1 not from you"
    world.sign(client)
    world.run("mail")
    assert states() == ["to_send"]
    assert world.query("SELECT attempts, unsure FROM transients") == [(0, 0)]


def test_an_answer_to_the_last_dot_that_is_none_ends_the_connection_and_keeps_the_signature(
    world: World, client: FlaskClient, sink: Sink, states: States
) -> None:
    sink.at_data = "150 hm"
    world.sign(client)
    world.run("mail")
    assert states() == ["to_send"]


def test_what_was_answered_stands_when_the_line_is_cut_right_after_it(
    world: World, client: FlaskClient, sink: Sink, states: States
) -> None:
    sink.at_rcpt, sink.at_reset = "550 5.1.1 unknown", "drop"
    world.sign(client, email="unknown@example.org")
    world.run("mail")
    assert states() == []
    sink.at_rcpt = "250 OK"
    world.sign(client)
    world.run("mail")
    assert (states(), sink.connections) == (["waiting"], 2)


def test_the_test_mail_says_what_the_server_answered_and_not_to_whom(world: World, sink: Sink) -> None:
    sink.at_rcpt = "550 5.1.1 unknown"
    (said,) = tried(world.app).faults
    assert said.startswith(f"the mail server 127.0.0.1:{sink.port} did not take the test mail")
    assert "operator" not in said


def test_a_server_that_is_away_is_asked_less_and_less_often(
    settings: Settings, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment, tries = 0.0, 0
    monkeypatch.setattr("proca_web.adapters.clock.monotonic", lambda: moment)

    def connect(_org: str) -> None:
        nonlocal tries
        tries += 1
        raise ConnectionRefusedError

    monkeypatch.setattr(sender, "connect", connect)
    world = factories.make_world(post_to(settings, free_port))
    world.sign(world.app.test_client())
    for pause in (10, 20, 40, 80, 160, 300, 300):
        before = tries
        world.run("mail")
        assert tries == before + 1
        moment += pause - 1
        world.run("mail")
        assert tries == before + 1
        moment += 1
    assert world.query("SELECT state, attempts, unsure FROM transients") == [("to_send", 0, 0)]


def test_after_a_fault_the_other_mails_still_go_out(
    world: World, client: FlaskClient, sink: Sink, states: States
) -> None:
    sink.at_data = "drop"
    world.sign(client, email="first@example.org")
    world.run("mail")
    sink.at_data = "250 OK"
    world.sign(client, email="second@example.org")
    world.run("mail")
    assert states() == ["to_send", "waiting"]


def test_no_server_at_all_keeps_everything(settings: Settings, free_port: int) -> None:
    world = factories.make_world(post_to(settings, free_port))
    world.sign(world.app.test_client())
    world.run("mail")
    assert world.query("SELECT state, attempts, unsure FROM transients") == [("to_send", 0, 0)]


def test_an_smtp_error_never_reaches_the_log_with_the_address(
    world: World, client: FlaskClient, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for at_rcpt, at_data in (
        ("550 no <secret.person@example.org>", "250"),
        ("250 OK", "554 secret.person@example.org"),
    ):
        sink.at_rcpt, sink.at_data = at_rcpt, at_data
        world.sign(client, email="secret.person@example.org", first_name="Geheimnamia")
        world.run("mail")
    ours = [record for record in caplog.records if record.name != "mail.log"]  # the sink's own log is not ours
    said = " ".join(f"{record.getMessage()} {record.exc_text}" for record in ours)
    assert "the server failed us" in said
    assert "secret.person" not in said
    assert "Geheimnamia" not in said


@pytest.mark.parametrize("tls", ["starttls", "ssl"])
def test_a_certificate_nobody_vouches_for_is_refused(settings: Settings, tmp_path: Path, tls: str) -> None:
    context, _ = smtp_sink.self_signed(tmp_path)
    sink = Sink()
    controller = smtp_sink.start(sink, context, at_once=tls == "ssl")
    try:
        world = factories.make_world(post_to(settings, sink.port, tls))
        world.sign(world.app.test_client())
        world.run("mail")
        assert sink.envelopes == []
        assert world.query("SELECT state, unsure FROM transients") == [("to_send", 0)]
    finally:
        controller.stop()


@pytest.mark.parametrize("tls", ["starttls", "ssl"])
def test_a_trusted_certificate_is_accepted(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls: str
) -> None:
    context, certificate = smtp_sink.self_signed(tmp_path)
    sink = Sink()
    controller = smtp_sink.start(sink, context, at_once=tls == "ssl")
    trusting = ssl.create_default_context
    monkeypatch.setattr("proca_web.adapters.mail.smtp._trusting_context", lambda: trusting(cafile=str(certificate)))
    try:
        world = factories.make_world(post_to(settings, sink.port, tls))
        world.sign(world.app.test_client())
        world.run("mail")
        assert len(sink.envelopes) == 1
    finally:
        controller.stop()


@pytest.mark.parametrize("tls", ["starttls", "ssl"])
def test_a_certificate_that_has_expired_keeps_every_mail_and_is_told_until_there_is_another(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: FakeClock, tls: str
) -> None:
    trusting, sink = ssl.create_default_context, Sink()
    monkeypatch.setattr(
        "proca_web.adapters.mail.smtp._trusting_context", lambda: trusting(cafile=str(tmp_path / "smtp.pem"))
    )
    app = None
    for days, state, faults in ((-1, "to_send", [("SSLCertVerificationError",)]), (2, "waiting", [])):
        context, _ = smtp_sink.self_signed(tmp_path, days)
        controller = smtp_sink.start(sink, context, at_once=tls == "ssl")
        try:
            if app is None:
                app = post_to(settings, sink.port, tls)
                world = factories.make_world(app)
                world.sign(app.test_client())
            else:
                app.config["MAIL_PORT"] = app.extensions["mail"].port = sink.port
                clock.forward(minutes=6)
                monkeypatch.setattr("proca_web.adapters.clock.monotonic", lambda: 1e9)  # the pause is over
            world.run("mail")
            assert world.query("SELECT DISTINCT state, attempts, unsure FROM transients") == [(state, 0, 0)]
            assert world.query("SELECT reason FROM faults") == faults
        finally:
            controller.stop()


def test_nobody_is_mailed_twice_because_a_lease_ran_out(
    world: World, client: FlaskClient, sink: Sink, clock: FakeClock, states: States
) -> None:
    def slowly(envelope: object) -> None:
        clock.forward(minutes=4)
        with world.app.app_context():
            endings.end_leases(world.app, clock())

    sink.meanwhile = slowly
    for number in range(6):
        world.sign(client, email=f"person{number}@example.org")
    world.run("mail")
    assert len({envelope.rcpt_tos[0] for envelope in sink.envelopes}) == len(sink.envelopes) == 6
    assert states() == ["waiting"] * 6


def test_a_mail_speaks_the_direction_of_its_language_and_keeps_the_words_of_others_apart(
    world: World, client: FlaskClient, sink: Sink
) -> None:
    world.execute("UPDATE action_pages SET locale = 'ar'")
    world.execute("UPDATE orgs SET title = :title WHERE name = 'org-one'", title="Trees & Parks!")
    world.sign(client)
    token = waiting_token(world)
    world.run("mail")
    client.post(confirm_path(token))
    world.run("mail")
    for message in sink.messages():
        html = message.get_body(("html",)).get_content()
        inside = html[html.index("<body") :]
        assert 'dir="rtl"' in inside
        assert "<bdi>Trees &amp; Parks!</bdi>" in inside
        assert "<bdi>Zofia</bdi>" in inside
        assert "&lt;bdi" not in inside
        assert "prefers-color-scheme: dark" in html
