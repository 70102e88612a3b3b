"""Who gets a copy: three choices, what each means for a person, and that a change counts once all are told."""

from collections.abc import Callable, Iterator
from itertools import product

import pytest
from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters.database import writing
from proca_web.domain.campaign_words import Terms
from proca_web.domain.errors import CampaignRefused, FieldsRefused
from proca_web.extensions import encryption
from proca_web.models import ActionPage, ConsentText, PublicKey
from proca_web.services.petitions import wordings
from proca_web.services.petitions.making.coalition import (
    approving,
    choices,
    ending,
    inviting,
    joining,
    receivers,
    terms,
)
from tests import factories
from tests.databases import ON_BOTH
from tests.factories import World
from tests.services.petitions.coalition.acting import NOW, org, page, trees


@pytest.fixture
def session(world: World) -> Iterator[Session]:
    with world.app.test_request_context(), force_locale("en"), writing() as session:
        yield session


def renewing(session: Session) -> Callable[[ActionPage], object]:
    return lambda page: wordings.refresh(session, page, gettext, encryption.vouching, NOW)


def ask(session: Session, chosen: str) -> bool:
    return terms.ask(session, trees(session), chosen, None, renewing(session), encryption.vouching, NOW)


def say_yes(session: Session, name: str = "org-two") -> bool:
    return terms.say_yes(session, trees(session), org(session, name), None, renewing(session), encryption.vouching, NOW)


def shown(session: Session) -> str:
    text = wordings.current(session, page(session).id)
    assert text is not None
    return text.body


def in_force(session: Session) -> tuple[bool, bool]:
    return page(session).delivery, trees(session).force_delivery


# The coalition table of the design, written out: always copied, and by whose yes.
ALWAYS = {Terms.PARTNER: {"partner"}, Terms.BOTH: {"partner", "lead"}, Terms.LEAD: {"lead"}}


@pytest.mark.parametrize("chosen", Terms)
def test_a_choice_means_what_the_table_of_the_coalition_says(chosen: Terms) -> None:
    assert [(way.to_partner, way.to_lead) for way in choices.ways(chosen)] == [
        (partner, lead) for lead, partner in product((False, True), repeat=2)
    ]
    for way in choices.ways(chosen):
        for who, said, gets in (("partner", way.to_partner, way.partner), ("lead", way.to_lead, way.lead)):
            assert gets.copy == (who in ALWAYS[chosen] or said)
            assert gets.may_write == said


@ON_BOTH
def test_all_stays_as_it_was_until_the_partner_says_yes(session: Session) -> None:
    before = shown(session)
    assert not ask(session, Terms.BOTH)
    assert (in_force(session), shown(session)) == ((True, False), before)
    assert [each.name for each in terms.waits_for(session, trees(session))] == ["org-two"]
    assert say_yes(session)
    assert in_force(session) == (True, True)
    assert "I ask Org Two and Org One to count" in shown(session)
    assert terms.waits_for(session, trees(session)) == []


def test_a_form_opened_before_is_shown_again_so_nobody_gets_a_copy_unsaid(world: World) -> None:
    client = world.app.test_client()
    with world.app.test_request_context(), force_locale("en"), writing() as session:
        old = wordings.current(session, page(session).id)
        assert old is not None
        seen = old.hash
        ask(session, Terms.BOTH)
        say_yes(session)
    answer = world.sign(client, "trees-partner", wording=seen)
    assert answer.status_code == 422
    assert "This text has changed" in answer.text
    assert world.query("SELECT count(*) FROM actions") == [(0,)]
    with world.app.app_context(), writing() as session:
        new = wordings.current(session, page(session).id)
        assert new is not None
        now = new.hash
    assert world.sign(client, "trees-partner", wording=now).status_code == 303
    assert len(world.query("SELECT 1 FROM contacts")) == 2


def test_a_change_can_be_taken_back_and_an_old_yes_does_not_count_for_a_new_one(session: Session) -> None:
    ask(session, Terms.BOTH)
    terms.take_back(session, trees(session), None, NOW)
    with pytest.raises(CampaignRefused, match="Nothing waits"):
        say_yes(session)
    with pytest.raises(CampaignRefused, match="Nothing is asked"):
        terms.take_back(session, trees(session), None, NOW)
    assert not ask(session, Terms.LEAD)
    assert say_yes(session)
    assert in_force(session) == (False, False)
    assert not ask(session, Terms.BOTH)
    assert not ask(session, Terms.PARTNER)  # another wish before the answer
    assert not ask(session, Terms.BOTH)
    assert in_force(session) == (False, False)
    assert ask(session, Terms.LEAD)  # as it is
    assert trees(session).asked_terms == ""


def test_drafts_need_nobodys_yes(session: Session) -> None:
    page(session).status = "draft"
    session.flush()
    assert ask(session, Terms.LEAD)
    assert in_force(session) == (False, False)
    assert trees(session).partner_delivery is False


def test_the_last_yes_that_is_missing_can_be_that_of_a_partner_who_leaves(session: Session) -> None:
    other = factories.add_org(session, "org-three", None, NOW)
    made = joining.accept(
        session, other, inviting.invite(session, trees(session), None, "org-three", "", NOW).id, None, NOW
    )
    made.status = "live"
    session.flush()
    ask(session, Terms.LEAD)
    assert not say_yes(session)
    ending.end(session, trees(session), other, None, renewing(session), encryption.vouching, NOW)
    assert in_force(session) == (False, False)


def test_nobody_gets_every_copy_without_a_key(session: Session) -> None:
    ask(session, Terms.BOTH)
    for key in session.scalars(select(PublicKey).where(PublicKey.org_id == org(session, "org-one").id)):
        key.status = "revoked"
    session.flush()
    with pytest.raises(FieldsRefused) as refused:
        say_yes(session)
    assert refused.value.faults["copies"].values == {"org": "Org One"}
    assert in_force(session) == (True, False)


def test_what_is_no_choice_is_refused(session: Session) -> None:
    with pytest.raises(FieldsRefused):
        ask(session, "everybody")


@ON_BOTH
def test_a_page_has_at_most_two_further_orgs_and_only_of_its_campaign(session: Session) -> None:
    own, renew = page(session, "trees"), renewing(session)
    for number in ("three", "four", "five"):
        other = factories.add_org(session, f"org-{number}", None, NOW)
        waits = inviting.invite(session, trees(session), None, other.name, "", NOW)
        joining.accept(session, other, waits.id, None, NOW)
    outside = factories.add_org(session, "org-six", None, NOW)
    assert [each.name for each in receivers.choices(session, own)] == ["org-five", "org-four", "org-three", "org-two"]
    for names in (["org-two", "org-three", "org-four"], [outside.name], ["org-one"]):
        with pytest.raises(CampaignRefused):
            receivers.set_receivers(session, own, names, None, renew, NOW)
    receivers.set_receivers(session, own, ["org-four", "org-two"], None, renew, NOW)
    assert [each.name for each in receivers.of_page(session, own)] == ["org-four", "org-two"]
    receivers.set_receivers(session, own, ["org-two"], None, renew, NOW)
    ending.end(session, trees(session), org(session, "org-two"), None, renew, encryption.vouching, NOW)
    assert receivers.of_page(session, own) == []


def test_the_text_of_before_is_kept(session: Session) -> None:
    before = shown(session)
    ask(session, Terms.BOTH)
    say_yes(session)
    texts = session.scalars(select(ConsentText.body).where(ConsentText.action_page_id == page(session).id)).all()
    assert sorted(texts) == sorted([before, shown(session)])


def test_a_yes_of_the_lead_to_a_page_outlives_a_change_that_it_asked_for_itself(session: Session) -> None:
    own = page(session)
    approving.approve(session, trees(session), own, approving.mark(session, own), None, NOW)
    ask(session, Terms.BOTH)
    say_yes(session)
    assert approving.is_approved(session, own)


def test_pages_of_an_ended_partner_stay_as_they_were(session: Session) -> None:
    ending.end(session, trees(session), org(session, "org-two"), None, renewing(session), encryption.vouching, NOW)
    before = shown(session)
    assert ask(session, Terms.LEAD)
    assert (page(session).delivery, shown(session)) == (True, before)
