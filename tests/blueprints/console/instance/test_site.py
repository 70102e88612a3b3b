"""The site as a whole, as whoever runs it sees it: a line on every page, a test mail, and what all organisations do."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.config import Settings
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.outcome import Outcome
from proca_web.models import Campaign
from proca_web.services.instance import banner, mail_trial
from proca_web.services.petitions.showing import everywhere
from proca_web.services.staff import outbox
from tests import factories
from tests.blueprints.console.people.staffing import plain, post
from tests.factories import World

OPERATOR = "operator@example.org"
HOME, BANNER, TRIAL = "/console/home/", "/console/home/banner", "/console/home/test-mail"


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    return factories.settings(tmp_path, sqlite_url)


@pytest.fixture
def operator(world: World) -> FlaskClient:
    return world.signed_in(OPERATOR)


def test_a_line_is_looked_at_shown_on_every_page_and_taken_off(world: World, operator: FlaskClient) -> None:
    visitor = world.app.test_client()
    looked = post(operator, f"{BANNER}/look", banner="We move <house> tonight.")
    assert "We move &lt;house&gt; tonight." in looked.text
    assert "tonight" not in visitor.get("/p/trees").text
    shown = post(operator, BANNER, banner=" We  move <house>\n tonight. ")
    assert "stands on every page now" in operator.get(shown.location).text
    for path in ("/", "/p/trees", "/login"):
        assert "We move &lt;house&gt; tonight." in visitor.get(path).text
    assert "the notice on all pages: – → We move &lt;house&gt; tonight." in operator.get("/console/home/audit").text
    gone = post(operator, BANNER, banner="whatever stands here", act="remove")
    assert "No page shows a line any more" in operator.get(gone.location).text
    assert "tonight" not in visitor.get("/p/trees").text


def test_a_line_that_is_too_long_is_refused_and_kept_in_its_field(world: World, operator: FlaskClient) -> None:
    for path in (BANNER, f"{BANNER}/look"):
        answer = post(operator, path, banner="x" * 201)
        assert answer.status_code == 422
        assert "201 characters long" in answer.text
        assert "x" * 201 in answer.text
    with world.app.app_context(), reading() as session, pytest.raises(FieldsRefused):
        banner.put(session, "a\0b", None, clock.now())
    assert world.query("SELECT banner FROM instance") == [("",)]


def test_a_test_mail_goes_to_who_asks_and_the_screen_says_what_became_of_it(
    world: World, operator: FlaskClient
) -> None:
    assert operator.get(TRIAL).text.strip() == ""
    assert post(operator, TRIAL).location.startswith(HOME)
    assert "on its way to the mail server" in operator.get(TRIAL).text
    assert 'hx-trigger="every 2s"' in operator.get(HOME).text
    world.run("mail")
    (mail,) = world.mails()
    assert mail["to"] == OPERATOR
    assert mail["subject"].startswith("A test mail from")
    told = operator.get(TRIAL).text
    assert "The mail server took the test mail" in told
    assert "hx-get" not in told


def test_a_test_mail_that_is_refused_is_not_called_taken(world: World) -> None:
    with world.app.app_context(), writing() as session:
        (me, *_), now = outbox.operators(session), clock.now()
        mail_trial.ask(session, me, now)
        for outcome, refused in ((Outcome.ANSWERED, False), (Outcome.REFUSED, True)):
            mail = outbox.claim(session, now + timedelta(hours=1))
            assert mail is not None
            outbox.settle(session, mail, outcome, now)
            trial = mail_trial.newest(session, me)
            assert trial is not None
            assert (trial.is_refused, trial.taken_at, trial.attempts > 0) == (refused, None, True)


def test_campaigns_and_pages_of_all_organisations_are_found_and_lead_to_their_forms(
    world: World, operator: FlaskClient
) -> None:
    assert operator.get("/console/home/campaigns").location == "/console/home/all-campaigns"
    campaigns, pages = (operator.get(f"/console/home/all-{what}") for what in ("campaigns", "pages"))
    assert "/console/org-one/campaigns/trees/pages" in campaigns.text
    assert "/console/org-two/campaigns/trees/pages/trees-partner" in pages.text
    assert operator.get("/console/org-two/campaigns/trees/pages/trees-partner").status_code == 200
    assert "None of these" in operator.get("/console/home/all-pages?part=100%25&state=live").text
    assert world.signed_in("admin@org-one.example.org").get("/console/org-one/all-pages").status_code in (403, 404)


def test_each_choice_holds_what_stands_so_at_that_moment(world: World) -> None:
    now = clock.now()
    with world.app.app_context(), writing() as session:
        campaign = session.query(Campaign).one()
        for opens, closes, found_by in (
            (None, None, "live"),
            (now + timedelta(days=1), None, "planned"),
            (now - timedelta(days=2), now - timedelta(days=1), "ended"),
        ):
            campaign.opens_at, campaign.closes_at = opens, closes
            session.flush()
            found = {each for each in everywhere.CHOICES if everywhere.campaigns(session, now, each)}
            assert found == {"", found_by}
        assert everywhere.campaigns(session, now, part=campaign.title.upper()[1:4])
        assert not everywhere.campaigns(session, now, part="%")


def test_the_operators_page_shows_how_long_mails_wait_and_nobody_who_signed(
    world: World, operator: FlaskClient
) -> None:
    assert world.sign(world.app.test_client()).status_code == 303
    page = plain(operator.get(HOME).text)
    assert "Mails, by the server they leave by" in page
    assert "less than a minute" in page
    for path in (HOME, "/console/home/all-campaigns", "/console/home/all-pages"):
        assert "ada@" not in operator.get(path).text.lower()
