"""A page's form: what passes, what is a sentence at its place, and who may change what."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain import rights
from proca_web.domain.campaign_words import CampaignEvent
from proca_web.domain.errors import FieldsRefused, RightGone
from proca_web.domain.staff_words import StaffRole
from proca_web.domain.words import Publication
from proca_web.extensions import encryption
from proca_web.models import ActionPage, AuditEntry, Campaign, ConsentText, Org
from proca_web.services.petitions.making import differences, editing
from proca_web.services.petitions.making.editing import Writer
from proca_web.services.petitions.making.writing import typed

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def one(session: Session, kind: type, name: str) -> Any:
    return session.scalars(select(kind).where(kind.name == name)).one()


def writer(role: StaffRole = StaffRole.OWNER) -> Writer:
    return Writer(1, rights.TABLE[role], NOW)


def faults(session: Session, **said: str) -> dict[str, str]:
    """What is wrong with a new campaign, by place."""
    org = one(session, Org, "org-one")
    whole = typed.of_new(org) | {"title": "Open the riverside", "demand": "Open it."} | said
    try:
        editing.found(session, org, whole, writer())
    except FieldsRefused as refusal:
        return {place: fault.text for place, fault in refusal.faults.items()}
    return {}


def made(session: Session, **said: str) -> ActionPage:
    org = one(session, Org, "org-one")
    whole = typed.of_new(org) | {"title": "Open the riverside", "demand": "Open it."} | said
    return editing.found(session, org, whole, writer())


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("title", ""),
        ("title", "x" * 10_000),
        ("title", "a\x07b"),
        ("title", "a\nb"),
        ("title", "\ud800"),
        ("demand", ""),
        ("demand", "x" * 501),
        ("body", "x" * 20_001),
        ("body", "a\x00b"),
        ("goal", "0"),
        ("goal", "-5"),
        ("goal", "1000000001"),
        ("goal", "many"),
        ("goal", "٣"),
        ("confirm_days", "6"),
        ("confirm_days", "31"),
        ("confirm_days", "x"),
        ("locale", "xx"),
        ("locale", "klingon"),
        ("default_country", "ZZ"),
        ("comment", "loud"),
        ("consent_style", "forced"),
        ("ask_phone", "perhaps"),
        ("next_step_url", "javascript:alert(1)"),
        ("next_step_url", "org.example.org"),
        ("slug", "No Name"),
        ("slug", "trees"),
        ("opens_at", "tomorrow"),
        ("opens_at", "0001-01-01T00:00"),
        ("closes_at", "2026-11-30T12:00"),
        ("milestone_1_number", "5"),
        ("milestone_1_day", "2027-02-30"),
        ("milestone_1_text", "We hand it over"),
        ("question_opt_in", "x" * 501),
    ],
)
def test_what_does_not_pass_is_a_sentence_at_its_place(session: Session, place: str, said: str) -> None:
    more = {"goal_kind": "fixed"} if place == "goal" else {}
    more |= {"next_step_label": "Next"} if place == "next_step_url" else {}
    more |= {"milestone_1_text": "We go"} if place == "milestone_1_day" else {}
    found = faults(session, **{place: said}, **more)
    expected = {"milestone_1_number": "milestone_1_text", "milestone_1_text": "milestone_1_number"}.get(place, place)
    assert list(found) == [expected]
    assert found[expected].endswith(".") or "https" in found[expected]


def test_it_cannot_close_before_it_opens(session: Session) -> None:
    found = faults(session, opens_at="2027-03-01T08:00", closes_at="2027-02-01T08:00")
    assert list(found) == ["closes_at"]


def test_titles_that_run_the_other_way_pass_as_they_are(session: Session) -> None:
    page = made(session, title="أنقذوا الأشجار", body="# أنقذوا\n\nالأشجار")
    assert page.title == "أنقذوا الأشجار"
    assert page.slug == "petition"


def test_a_new_campaign_is_a_draft_with_all_that_was_typed(session: Session) -> None:
    one(session, Org, "org-one").time_zone = "Europe/Berlin"
    page = made(
        session,
        addressee="The city council",
        ask_phone="needed",
        ask_postcode="off",
        goal_kind="fixed",
        goal="5000",
        opens_at="2027-01-07T08:00",
        closes_at="2027-07-01T23:59",
        milestone_1_number="1000",
        milestone_1_text="We go there",
        milestone_3_day="2027-03-31",
        milestone_3_text="We hand it over",
        share_whatsapp="I signed",
        question_opt_in="May we write to you about the river?",
        reminder="yes",
    )
    campaign = page.campaign
    assert (page.status, campaign.status, page.slug, campaign.name) == ("draft", "draft", *["open-the-riverside"] * 2)
    assert page.fields == ["first_name", "last_name", "email", "phone", "country"]
    assert page.required == ["email", "first_name", "phone"]
    assert page.milestones == [
        {"number": 1000, "text": "We go there"},
        {"day": "2027-03-31", "text": "We hand it over"},
    ]
    assert (page.share_texts, page.questions) == (
        {"whatsapp": "I signed"},
        {"opt_in": "May we write to you about the river?"},
    )
    assert (campaign.goal, campaign.reminder) == (5000, True)
    assert campaign.opens_at == datetime(2027, 1, 7, 7, tzinfo=UTC)
    assert campaign.closes_at == datetime(2027, 7, 1, 21, 59, tzinfo=UTC)
    form = editing.form_of(session, page, writer())
    assert (form.held["opens_at"], form.held["milestone_2_day"]) == ("2027-01-07T08:00", "2027-03-31")


def saved(session: Session, page: ActionPage, role: StaffRole = StaffRole.OWNER, **said: str) -> bool:
    return editing.save(session, page, said, writer(role), gettext, encryption.vouching)


def test_what_people_agree_to_begins_anew_where_its_words_change(session: Session) -> None:
    page = one(session, ActionPage, "trees")
    assert not saved(session, page, body="Another text")
    assert editing.renews(session, page, {"title": "More trees"}, writer(), gettext, encryption.vouching)
    assert not editing.renews(session, page, {"body": "Once more"}, writer(), gettext, encryption.vouching)
    assert page.title == "Keep our street trees"
    assert saved(session, page, title="More trees")
    shown = session.scalars(select(ConsentText).where(ConsentText.action_page_id == page.id)).all()
    assert [text.valid_until is None for text in shown] == [False, True]
    events = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(3)).all()
    assert [each.event for each in events] == [
        CampaignEvent.WORDING_CHANGED,
        CampaignEvent.PAGE_EDITED,
        CampaignEvent.PAGE_EDITED,
    ]
    assert '"title": ["Keep our street trees", "More trees"]' in events[1].detail
    assert (page.edits, page.edited_by) == (2, 1)


def test_a_translator_changes_words_and_nothing_else(session: Session) -> None:
    page = one(session, ActionPage, "trees")
    form = editing.form_of(session, page, writer(StaffRole.TRANSLATOR))
    assert set(form.places) == set(typed.TEXTS)
    saved(session, page, StaffRole.TRANSLATOR, body="Ein Text", addressee="Stadtrat")
    assert (page.body, page.addressee) == ("Ein Text", "Stadtrat")
    for place, said in (("ask_phone", "needed"), ("goal", "5"), ("question_opt_in", "Yes?"), ("slug", "other")):
        with pytest.raises(RightGone):
            saved(session, page, StaffRole.TRANSLATOR, **{place: said})


def test_only_the_lead_changes_what_all_pages_share(session: Session) -> None:
    page = one(session, ActionPage, "trees-partner")
    assert not set(typed.OF_CAMPAIGN) & set(editing.form_of(session, page, writer()).places)
    with pytest.raises(RightGone):
        saved(session, page, goal_kind="fixed", goal="10")


def test_what_is_saved_as_it_was_is_no_edit(session: Session) -> None:
    page = one(session, ActionPage, "trees")
    form = editing.form_of(session, page, writer())
    assert not saved(session, page, **form.held)
    assert page.edits == 0


def test_a_picture_of_another_org_is_not_taken(session: Session) -> None:
    page = one(session, ActionPage, "trees")
    saved(session, page, hero="99", body="x")
    assert page.hero_id is None


def test_a_closing_day_that_is_past_may_stay_where_it_was(session: Session) -> None:
    page = one(session, ActionPage, "trees")
    page.campaign.closes_at = NOW - timedelta(days=3)
    page.campaign.opens_at = NOW - timedelta(days=30)
    saved(session, page, body="It is over")
    assert page.body == "It is over"


def test_a_page_of_the_new_campaign_is_kept_a_draft(session: Session) -> None:
    page = made(session)
    assert not saved(session, page, title="Open the river")
    assert page.status == Publication.DRAFT
    assert session.scalars(select(ConsentText).where(ConsentText.action_page_id == page.id)).first() is None


def test_only_one_touched_it_so_it_is_merged() -> None:
    begun = differences.marks({"title": "A", "goal": "1", "body": "x"})
    merged = differences.merge(
        begun, {"title": "A", "goal": "2", "body": "y"}, {"title": "B", "goal": "1", "body": "z"}
    )
    assert merged.typed == {"title": "B", "goal": "2", "body": "z"}
    assert [change.place for change in merged.both] == ["body"]
    assert [change.place for change in merged.theirs] == ["goal"]
    assert [change.place for change in merged.mine] == ["title"]


def test_who_typed_the_same_is_asked_nothing() -> None:
    merged = differences.merge(differences.marks({"title": "A"}), {"title": "B"}, {"title": "B"})
    assert (merged.both, merged.typed) == ([], {"title": "B"})


def test_a_form_that_carries_no_marks_overwrites_nothing_unseen() -> None:
    merged = differences.merge({}, {"title": "B"}, {"title": "A"})
    assert [change.place for change in merged.both] == ["title"]


def test_pieces_tell_what_goes_and_what_comes() -> None:
    pieces = differences.pieces("a street is cooler now", "a street is six degrees cooler")
    assert "".join(each.text for each in pieces if not each.is_new) == "a street is cooler now"
    assert "".join(each.text for each in pieces if not each.is_gone) == "a street is six degrees cooler"
    assert any(each.is_new for each in pieces)


def test_two_campaigns_of_one_title_have_two_names(session: Session) -> None:
    first, second = made(session), made(session)
    assert (first.campaign.name, second.campaign.name) == ("open-the-riverside", "open-the-riverside-2")
    assert session.scalars(select(Campaign).where(Campaign.title == "Open the riverside")).all() != []
    assert made(session, title="New").campaign.name != "new"
