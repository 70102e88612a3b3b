"""Mails about people, over a real SMTP server, read as the raw bytes that left: each says what it must, once."""

import re
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from proca_web.adapters.mail.extension import connect
from proca_web.adapters.notices import write
from proca_web.app import create_app
from proca_web.config import MailSettings, Settings
from proca_web.domain.outcome import Outcome
from proca_web.domain.staff_words import StaffEvent
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.staff import joining
from proca_web.services.staff.outbox import DueNotice
from tests import factories
from tests.smtp_sink import Sink

TO = "emre@org-one.example.org"
TEMPLATES = Path(__file__).parents[3] / "templates" / "email" / "staff" / "people"
KINDS = sorted(path.stem for path in TEMPLATES.glob("[a-z]*.txt"))
SAID = {
    "invite": ("Anna Berg invites you to Org One", "join as viewer", "good until 2026-12-08", TO),
    "join": ("Emre Aydın has joined Org One", "now exporter of Org One", "/console/org-one/people"),
    "add": ("You now belong to Org One", "as exporter", "/console/"),
    "role-change": ("Your role in Org One has changed", "were viewer of Org One and are now exporter"),
    "remove": ("You do not belong to Org One any more", "were viewer of Org One", "Your account stays"),
    "org-add": ("There is a new organisation on localhost: Org One", "Emre Aydın", TO, "no key yet"),
    "org-lock": ("Org One is locked on this site", "take no signatures", "What was signed before is kept"),
    "org-unlock": ("Org One is open again on this site", "take signatures where everything else is in order"),
}


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def app(settings: Settings, sink: Sink) -> Flask:
    """An app whose mail goes to the sink."""
    Keyring(settings.keyring_dir).prepare()
    mail = MailSettings("127.0.0.1", sink.port, "none", "", "", "petitions@host.example.org")
    return create_app(replace(settings, mail=mail, mailbox_dir=None), check=False)


def sent(app: Flask, sink: Sink, kind: str, title: str = "Org One", person: str = "Emre Aydın") -> bytes:
    """What stood on the wire."""
    detail = {
        **{"invitation": 7, "role": "viewer" if kind == "invite" else "exporter", "inviter": "Anna Berg"},
        **{"until": "2026-12-08", "person": person, "email": TO, "before": "viewer", "after": "exporter"},
    }
    event = next(event for event in StaffEvent if event == kind)
    notice = DueNotice(1, event.told, "org-one", title, TO, detail, "once", 1)
    with app.app_context(), connect() as connection:
        assert connection.deliver("petitions@host.example.org", write(app, notice).as_mail()).outcome is Outcome.SENT
    content = sink.envelopes[-1].original_content
    assert isinstance(content, bytes)
    return content


def test_every_template_is_one_that_is_told() -> None:
    assert sorted(SAID) == KINDS
    assert set(KINDS) <= set(StaffEvent)


@pytest.mark.parametrize("kind", KINDS)
def test_each_mail_says_what_happened_and_names_nothing_unfinished(app: Flask, sink: Sink, kind: str) -> None:
    raw = sent(app, sink, kind)
    assert b"\n.\r" not in raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    message = message_from_bytes(raw, policy=policy.default)
    subject, *rest = SAID[kind]
    assert message["Subject"] == subject
    assert message["To"] == TO
    assert message["Auto-Submitted"] == "auto-generated"
    for form in ("plain", "html"):
        part = message.get_body((form,))
        assert part is not None
        said = part.get_content()
        assert not re.search(r"%\(|\{\{|\{%|Undefined|None", said), (kind, said)
        for wanted in rest:
            assert re.search(wanted, said), (kind, form, wanted)


def test_the_link_of_an_invitation_stands_whole_in_both_parts_and_opens_with_this_key_alone(
    app: Flask, sink: Sink, settings: Settings
) -> None:
    message = message_from_bytes(sent(app, sink, "invite"), policy=policy.default)
    links = set()
    for form in ("plain", "html"):
        part = message.get_body((form,))
        assert part is not None
        links |= set(re.findall(r"http://localhost/invitation/[\w-]+", part.get_content()))
    (link,) = links
    token = urlsplit(link).path.rpartition("/")[2]
    assert token == joining.token(settings.secret_key, 7, "viewer", TO)
    for other in (("another key " * 4, 7, "viewer", TO), (settings.secret_key, 7, "owner", TO)):
        assert token != joining.token(*other)
    assert token != joining.token(settings.secret_key, 7, "viewer", "other@example.org")


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_org_or_a_person_is_called_writes_no_header_and_no_markup(app: Flask, sink: Sink, kind: str) -> None:
    hostile = "Trees\r\nBcc: all@example.org\r\n\r\n<script>x</script>"
    message = message_from_bytes(sent(app, sink, kind, title=hostile, person=hostile), policy=policy.default)
    assert message["Bcc"] is None
    html = message.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()
    assert sink.envelopes[-1].rcpt_tos == [TO]
