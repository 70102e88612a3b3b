"""An org's console at a glance: numbers by its own days, and what waits for it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.domain.campaign_words import Dimension, Span
from proca_web.domain.words import DayEvent
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Comment, Count, Org, Partner, Transient
from proca_web.services.petitions import pages
from proca_web.services.petitions.glance import figures, live, waiting
from proca_web.services.petitions.showing import standing
from proca_web.services.staff import audit
from tests.factories import World, page_settings

NOON = datetime(2026, 12, 1, 12, 20, tzinfo=UTC)


def org_one(session: Session) -> Org:
    return session.scalars(select(Org).where(Org.name == "org-one")).one()


def came(session: Session, page: int, at: datetime, number: int) -> None:
    session.add(
        Count(
            action_page_id=page,
            hour=at.replace(minute=0),
            span=Span.HOUR,
            event=DayEvent.CONFIRMED,
            dimension=Dimension.ALL,
            value="",
            number=number,
        )
    )


def test_today_begins_at_the_midnight_of_the_org_and_yesterday_ends_at_this_hour(world: World) -> None:
    with world.app.app_context(), writing() as session:
        org = org_one(session)
        org.time_zone = "Asia/Tokyo"  # where it is 21:20, and midnight was at 15:00 UTC
        page = session.scalars(select(ActionPage.id).where(ActionPage.org_id == org.id)).first()
        assert page is not None
        for hours, number in ((0, 1), (21, 10), (22, 100), (23, 1000), (24, 10_000), (45, 100_000), (24 * 8, 7)):
            came(session, page, NOON - timedelta(hours=hours), number)
        session.flush()
        found = figures.of(session, org, NOON)
    assert found.today == 11
    assert found.yesterday_by_now == 110_000  # from 24 hours ago on back to midnight; what came later is not compared
    assert found.week == 111_111
    assert found.by.hour == 22
    assert len(found.days) == figures.CHART_DAYS


def test_who_has_a_link_in_the_mailbox_is_counted_for_the_org_whose_page_it_is(world: World) -> None:
    world.sign(world.app.test_client())
    world.run("mail")
    with world.app.app_context(), reading() as session:
        assert session.scalar(select(Transient.state)) == "waiting"
        two = session.scalars(select(Org).where(Org.name == "org-two")).one()
        numbers = [figures.of(session, org, clock.now()).waiting for org in (org_one(session), two)]
    assert numbers == [1, 0]


def kinds(session: Session, org: Org, ends: datetime | None = None) -> dict[str, int]:
    look = standing.look(session, encryption.vouching, clock.now(), lambda _org: False)
    shown = live.of(session, org, look)
    return {each.kind: each.number for each in waiting.of(session, org, shown, ends, look, encryption.vouching)}


def test_what_waits_is_told_with_the_most_urgent_first(world: World) -> None:
    client, now = world.app.test_client(), clock.now()
    with world.app.app_context(), reading() as session:
        assert kinds(session, org_one(session)) == {}
    world.sign(client)
    world.run("mail")
    client.post(world.link())
    world.run("release")
    with world.app.app_context(), writing() as session:
        org = org_one(session)
        page = session.scalars(select(ActionPage).where(ActionPage.org_id == org.id)).first()
        assert page is not None
        draft = pages.add_page(session, "unborn", page.campaign, org, page_settings(), now)
        ((action,),) = world.query("SELECT id FROM actions")
        session.add(Comment(action_id=action, page_id=page.id, created_at=now))
        session.add(Partner(campaign_id=page.campaign_id, org_id=org.id, created_at=now, until=now + timedelta(days=3)))
        session.flush()
        found = kinds(session, org, now + timedelta(days=6, hours=1))
        assert list(found) == ["key", "invitation", "draft", "comments", "people"]
        assert found["key"] == 6
        assert found["people"] == 1
        assert found["draft"] > 0
        audit.record(session, org.id, None, "export", "", clock.now())
        session.delete(draft)
        session.flush()
        assert "people" not in kinds(session, org)


def test_a_page_without_its_key_waits_first_and_is_shown_as_stopped(world: World) -> None:
    world.execute("UPDATE public_keys SET status = 'revoked' WHERE kind = 'recipient'")
    with world.app.app_context(), reading() as session:
        assert next(iter(kinds(session, org_one(session)))) == "stopped"
    page = world.signed_in("admin@org-one.example.org").get("/console/org-one/").text
    assert "takes no signatures" in page
    assert "stopped: no key" in page


def test_who_may_only_look_is_told_of_nothing_to_do(world: World) -> None:
    world.execute("UPDATE memberships SET role = 'viewer' WHERE org_id = (SELECT id FROM orgs WHERE name = 'org-one')")
    page = world.signed_in("admin@org-one.example.org").get("/console/org-one/").text
    assert "Nothing waits for you." in page
    assert "Download them" not in page


@pytest.mark.parametrize("signed", [0, 3])
def test_the_overview_asks_the_same_questions_whatever_was_signed(world: World, signed: int) -> None:
    for number in range(signed):
        world.sign(world.app.test_client(), email=f"ada{number}@example.org")
    asked: list[str] = []
    with world.app.app_context(), reading() as session:
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", lambda _c, _cur, statement, *_rest: asked.append(statement))
        look = standing.look(session, encryption.vouching, clock.now(), lambda _org: False)
        asked.clear()
        org = org_one(session)
        shown = live.of(session, org, look)
        figures.of(session, org, clock.now())
        waiting.of(session, org, shown, None, look, encryption.vouching)
    assert len(asked) <= 14
