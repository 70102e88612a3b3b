"""The launch list: what stops, what is asked for and what is advised; ticks, test codes and links to a draft."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.domain.campaign_words import LaunchTick
from proca_web.domain.errors import BadSetting, NotReady, UnknownToken
from proca_web.extensions import encryption
from proca_web.models import ActionPage, AuditEntry, MailText, OpeningCode, Org, PageReceiver, PublicKey
from proca_web.services.petitions.making.launch import draft_links, going_live, opening_codes, steps, ticks
from proca_web.services.petitions.making.launch.words import Grade, Standing
from proca_web.services.petitions.showing import standing

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
KEYS = ("today's secret", "yesterday's secret")


def named(session: Session, name: str) -> ActionPage:
    return session.scalars(select(ActionPage).where(ActionPage.name == name)).one()


def key_of(session: Session, org_id: int) -> PublicKey:
    return session.scalars(select(PublicKey).where(PublicKey.org_id == org_id, PublicKey.kind == "recipient")).one()


@pytest.fixture
def page(session: Session) -> ActionPage:
    """The lead's page, a draft with nothing done."""
    found = named(session, "trees")
    found.status = "draft"
    session.flush()
    return found


def found(session: Session, page: ActionPage, *, late: bool = False) -> dict[tuple[str, str], steps.Step]:
    look = standing.look(session, encryption.vouching, NOW, lambda _org: late)
    listed = steps.of_page(session, page, look, encryption.vouching)
    return {(step.what, step.org.name): step for step in listed}


def lacking(session: Session, page: ActionPage) -> set[tuple[str, str]]:
    return {key for key, step in found(session, page).items() if step.is_missing}


def do_all(session: Session, page: ActionPage) -> None:
    page.addressee, page.body = "The city council", "Trees cool the streets."
    ticks.tick(session, page, LaunchTick.MAILS_SEEN, page.org_id, None, NOW)
    for org in session.scalars(select(Org).where(~Org.is_home)).all():
        for what in (LaunchTick.TEST_OPENED, LaunchTick.APPROVED):
            ticks.tick(session, page, what, org.id, None, NOW)
    session.flush()


def go(session: Session, page: ActionPage) -> None:
    look = standing.look(session, encryption.vouching, NOW, lambda _org: False)
    going_live.go_live(session, page, look, gettext, encryption.vouching, None, NOW)


def test_a_page_goes_live_when_all_is_done_and_not_before(session: Session, page: ActionPage) -> None:
    assert lacking(session, page) == {("texts", "org-one"), ("mails", "org-one"), ("test", "org-one")}
    with pytest.raises(NotReady, match="texts, mails, test"):
        go(session, page)
    assert page.status == "draft"
    do_all(session, page)
    assert lacking(session, page) == set()
    go(session, page)
    assert page.status == "live"
    assert session.scalars(select(AuditEntry.event).order_by(AuditEntry.id.desc())).first() == "page-live"
    with pytest.raises(BadSetting):
        go(session, page)


def test_a_campaign_that_was_a_draft_begins_with_the_leads_page_only(session: Session, page: ActionPage) -> None:
    page.campaign.status = "draft"
    do_all(session, page)
    partner = named(session, "trees-partner")
    partner.status = "draft"
    do_all(session, partner)
    assert lacking(session, partner) == {("open", "org-two")}
    go(session, page)
    assert (page.campaign.status, lacking(session, partner)) == ("live", set())


def test_a_partners_page_needs_the_yes_and_the_opened_test_of_each(session: Session) -> None:
    partner = named(session, "trees-partner")
    assert {("test", "org-one"), ("test", "org-two"), ("yes", "org-one")} <= lacking(session, partner)
    assert ("yes", "org-two") not in found(session, partner)


def change_key(session: Session, page: ActionPage) -> None:
    key = key_of(session, page.org_id)
    key.fingerprint = "0000 " * 7 + "0000"


def change_mail(session: Session, page: ActionPage) -> None:
    session.add(MailText(page_id=page.id, kind="confirm", subject="Please", body="{link}", edited_at=NOW))


def change_demand(_: Session, page: ActionPage) -> None:
    page.demand = "Something else entirely."


@pytest.mark.parametrize(
    ("change", "unticked"),
    [
        (change_key, {("test", "org-two")}),
        (change_mail, {("mails", "org-two")}),
        (change_demand, {("yes", "org-one")}),
    ],
)
def test_what_a_tick_was_about_unticks_it_when_it_changes(
    session: Session, change: Callable[[Session, ActionPage], None], unticked: set[tuple[str, str]]
) -> None:
    partner = named(session, "trees-partner")
    do_all(session, partner)
    assert lacking(session, partner) == set()
    change(session, partner)
    session.flush()
    assert lacking(session, partner) == unticked


def end_key(session: Session, page: ActionPage) -> None:
    key_of(session, page.org_id).status = "revoked"


def pause(_: Session, page: ActionPage) -> None:
    page.status = "paused"


def close_campaign(_: Session, page: ActionPage) -> None:
    page.campaign.status = "closed"


def be_over(_: Session, page: ActionPage) -> None:
    page.campaign.closes_at = NOW - HOUR


def nothing(_: Session, page: ActionPage) -> None:
    assert page


@pytest.mark.parametrize(
    ("change", "late", "stopped"),
    [
        (nothing, False, set()),
        (nothing, True, {"mail"}),
        (end_key, False, {"key"}),
        (pause, False, {"open"}),
        (close_campaign, False, {"open"}),
        (be_over, False, {"dates"}),
    ],
)
def test_the_list_says_that_a_live_page_is_stopped_exactly_when_signing_does(
    session: Session, change: Callable[[Session, ActionPage], None], late: bool, stopped: set[str]
) -> None:
    live = named(session, "trees")
    change(session, live)
    session.flush()
    listed = found(session, live, late=late)
    assert {step.what for step in listed.values() if step.is_missing and step.grade is Grade.STOPS} == stopped
    look = standing.look(session, encryption.vouching, NOW, lambda _org: late)
    assert bool(look.stops(live)) is bool(stopped)


def test_what_nears_is_said_before_it_stops(session: Session, page: ActionPage) -> None:
    page.campaign.closes_at = NOW + timedelta(days=3)
    key = key_of(session, page.org_id)
    key.expires_at = NOW + timedelta(days=20)
    session.flush()
    listed = found(session, page)
    assert [listed[what, "org-one"].state for what in ("key", "dates")] == [Standing.SOON] * 2
    page.campaign.opens_at = NOW + HOUR
    assert "opens by itself" in found(session, page)["dates", "org-one"].said.text


def test_advice_stops_nothing(session: Session, page: ActionPage) -> None:
    page.comment = "sealed"  # a sixth field
    do_all(session, page)
    advised = {step.what: step.state for step in found(session, page).values() if step.grade is Grade.ADVICE}
    assert advised == dict.fromkeys(("recovery", "picture", "share", "fields"), Standing.ADVICE)
    page.share_texts, page.comment = {"whatsapp": "Sign!"}, "off"
    advised = {step.what: step.state for step in found(session, page).values() if step.grade is Grade.ADVICE}
    assert (advised["share"], advised["fields"]) == (Standing.DONE, Standing.DONE)
    go(session, page)


def test_a_further_org_says_yes_and_opens_a_test_only_with_a_key(session: Session, page: ActionPage) -> None:
    org = session.scalars(select(Org).where(Org.name == "org-two")).one()
    page.receivers.append(PageReceiver(org=org, position=1))
    session.flush()
    assert {("test", "org-two"), ("yes", "org-two")} <= lacking(session, page)
    key_of(session, org.id).status = "revoked"
    session.flush()
    assert ("test", "org-two") not in found(session, page)


# Codes


def test_a_code_is_kept_as_a_hash_and_typed_in_any_shape(session: Session, page: ActionPage) -> None:
    code = opening_codes.make(session, page.id, KEYS[0], NOW)
    assert len(code) == 8
    assert set(code) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    (kept,) = session.scalars(select(OpeningCode.hash)).all()
    assert code.encode() not in kept
    for typed in (code, code.lower(), f" {code[:4]}-{code[4:]} ", code.replace("0", "O").replace("1", "l")):
        assert opening_codes.opens(session, page, typed, KEYS, NOW)
    other = named(session, "trees-partner")
    assert not opening_codes.opens(session, other, code, KEYS, NOW)
    for typed in ("", code[:-1], "x" * 10_000, "ÄÖÜ\ud800", code[::-1] + "Z"):
        assert not opening_codes.opens(session, page, typed, KEYS, NOW)
    assert not opening_codes.opens(session, page, code, KEYS, NOW + opening_codes.GOOD_FOR + HOUR)
    assert not opening_codes.opens(session, page, code, KEYS[1:], NOW)
    old = opening_codes.make(session, page.id, KEYS[1], NOW)
    assert opening_codes.opens(session, page, old, KEYS, NOW)


def test_old_codes_go(session: Session, page: ActionPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening_codes, "MOST", 3)
    codes = [opening_codes.make(session, page.id, KEYS[0], NOW) for _ in range(5)]
    assert [opening_codes.opens(session, page, code, KEYS, NOW) for code in codes] == [False, False, True, True, True]
    opening_codes.make(session, page.id, KEYS[0], NOW + opening_codes.GOOD_FOR + HOUR)
    assert len(session.scalars(select(OpeningCode)).all()) == 1


# Links


def test_a_link_shows_its_page_for_two_weeks_also_after_the_secret_changed(session: Session, page: ActionPage) -> None:
    token = draft_links.make(session, KEYS[1:], page, page.org_id, None, NOW)
    shown, until = draft_links.page_of(session, KEYS, token, NOW + timedelta(days=13))
    assert (shown, until) == (page, (NOW + timedelta(days=14)).replace(microsecond=0))
    for keys, given, now in (
        (KEYS, token, NOW + timedelta(days=14)),
        (KEYS[:1], token, NOW),
        (KEYS, token[:-1], NOW),
        (KEYS, "", NOW),
        (KEYS, "[1,99999999999]", NOW),
        (KEYS, replace_first(token), NOW),
    ):
        with pytest.raises(UnknownToken):
            draft_links.page_of(session, keys, given, now)


def replace_first(token: str) -> str:
    return ("A" if token[0] != "A" else "B") + token[1:]
