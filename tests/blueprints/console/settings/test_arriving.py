"""An org's settings: how its mails leave, what was found about them, and a button that has the worker ask again."""

from dataclasses import replace

import pytest

from proca_web.adapters.database import reading, writing
from proca_web.adapters.senders import own as senders
from proca_web.config.transports import Transport
from proca_web.domain.senders.findings import Finding, Kind
from proca_web.domain.senders.sender import Sender
from proca_web.services.instance import mail_domains
from tests.factories import FakeClock, World
from tests.key_holder import Owner

PATH = "/console/org-one/settings"
SENDER = Sender("host.example.org", "host.example.org", "smtp.sendgrid.net")


@pytest.fixture
def asking(world: World) -> World:
    """An instance with a mail server and a name server."""
    settings = world.app.extensions["proca_settings"]
    mail = replace(settings.mail, server=SENDER.relay, sender="petitions@host.example.org", resolver="127.0.0.1#9")
    world.app.extensions["proca_settings"] = replace(settings, mail=mail, mailbox_dir=None)
    world.app.config["MAILBOX_DIR"] = None
    return world


def press(owner: Owner) -> int:
    """Check again."""
    return owner.client.post(f"{PATH}/mail/check", data={"csrf_token": owner.token}).status_code


def test_the_page_says_how_mails_leave_and_what_to_publish(asking: World, owner: Owner, clock: FakeClock) -> None:
    found = [Finding(Kind.DMARC_NONE, {"domain": "host.example.org"}, '_dmarc.host.example.org TXT "v=DMARC1; p=none"')]
    with asking.app.app_context(), writing() as session:
        mail_domains.answered(session, [SENDER], found, clock())
    page = owner.client.get(PATH)
    assert page.status_code == 200
    for said in ("Org One", "petitions@host.example.org", "SendGrid (smtp.sendgrid.net)", "there is no record for"):
        assert said in page.text
    assert "_dmarc.host.example.org TXT &#34;v=DMARC1; p=none&#34;" in page.text
    assert "DKIM: not seen" in page.text
    assert "being asked" not in page.text


def test_check_again_has_the_worker_ask_and_asks_nobody_itself(
    asking: World, owner: Owner, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a request asked a name server")

    monkeypatch.setattr("proca_web.adapters.senders.resolver._opened", refuse)
    with asking.app.app_context(), writing() as session:
        mail_domains.answered(session, [SENDER], [], clock())
    clock.forward(minutes=1)
    assert press(owner) == 303
    assert "It is being asked" in owner.client.get(PATH).text
    with asking.app.app_context(), reading() as session:
        assert list(mail_domains.due(session, [SENDER], clock())) == ["host.example.org"]


def test_an_org_with_an_address_of_its_own_sees_its_own_domain(asking: World, owner: Owner) -> None:
    asking.execute("UPDATE orgs SET mail_from = 'a@one.example.org', mail_name = 'One <&>' WHERE name = 'org-one'")
    page = owner.client.get(PATH).text
    assert "a@one.example.org" in page
    assert "One &lt;&amp;&gt;" in page
    assert "name server of one.example.org" in page


def test_the_demo_says_that_its_mails_stay(world: World, owner: Owner) -> None:
    page = owner.client.get(PATH).text
    assert "this demonstration keeps its mails" in page
    assert "Check again" not in page
    assert press(owner) == 303
    assert world.query("SELECT count(*) FROM mail_domains") == [(0,)]


def test_a_silent_name_server_is_said(asking: World, owner: Owner, clock: FakeClock) -> None:
    with asking.app.app_context(), writing() as session:
        mail_domains.not_answered(session, [SENDER], "nobody is there", clock())
    assert "The last question had no answer" in owner.client.get(PATH).text


def test_an_org_with_a_mail_server_of_its_own_sees_that_one_and_its_domain(asking: World, owner: Owner) -> None:
    settings = asking.app.extensions["proca_settings"]
    own = Transport("org-one", "smtp.org-one.example", sender="mail@org-one.example")
    asking.app.extensions["proca_settings"] = replace(settings, transports={"org-one": own})
    text = owner.client.get(PATH).text
    assert "smtp.org-one.example, your own" in text
    assert "which this site uses" not in text
    with asking.app.app_context(), reading() as session:
        found = senders.senders(asking.app, session)
    assert Sender("org-one.example", "org-one.example", "smtp.org-one.example") in found
    assert SENDER in found
