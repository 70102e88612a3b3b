"""Mail that does not leave: signers are told, operators are alarmed, and after hours pages pause and say why."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from proca_web.adapters import database
from proca_web.adapters.alive import late_mail
from proca_web.adapters.database import writing
from proca_web.config import Settings
from proca_web.domain.errors import Unavailable
from proca_web.domain.transient import State
from proca_web.models import Transient
from proca_web.services.signatures import mailing
from proca_web.web.presentation import duration
from tests import factories
from tests.factories import FakeClock, World

PAUSED = "Signing is paused"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Pages pause after two hours."""
    return factories.settings(tmp_path, database_url, PROCA_MAIL_STALLED_HOURS="2")


@pytest.fixture
def later(world: World, client: FlaskClient, clock: FakeClock) -> Callable[..., None]:
    """Somebody has signed, no mail has left since, and so much time has passed."""
    assert world.sign(client, email="first@example.org").status_code == 303

    def later(**distance: float) -> None:
        clock.forward(**distance)
        forget(world.app)

    return later


def forget(app: Flask) -> None:
    """Ten seconds are over for whoever asked before, and what was rendered."""
    app.extensions.pop("proca_late_mail", None)
    app.extensions["proca_page_cache"].clear()


def test_mail_that_is_two_minutes_late_is_worth_no_word(
    world: World, client: FlaskClient, later: Callable[..., None]
) -> None:
    later(minutes=2)
    assert "late at the moment" not in client.get("/p/trees/check-inbox").text
    assert "late" not in world.signed_in("admin@org-one.example.org").get("/console/org-one/").text


def test_later_mail_is_told_to_who_signs_and_to_the_org(
    world: World, client: FlaskClient, later: Callable[..., None]
) -> None:
    later(minutes=12)
    assert "Mails leave about 12 minutes late at the moment." in client.get("/p/trees/check-inbox").text
    answer = world.sign(client, email="second@example.org", headers={"HX-Request": "true"})
    assert "about 12 minutes late" in answer.text
    for path in ("", "campaigns"):
        page = world.signed_in("admin@org-one.example.org").get(f"/console/org-one/{path}").text
        assert "Mails leave 12 minutes late." in page, path
        assert "paused" not in page
    instance = world.signed_in("operator@example.org").get("/console/home/").text
    assert "12 minutes" in instance
    assert "</svg> slow</span>" in instance


def test_after_a_quarter_of_an_hour_operators_are_alarmed_until_it_has_left(
    world: World, client: FlaskClient, clock: FakeClock, later: Callable[..., None]
) -> None:
    world.run("mail")
    later(minutes=16)
    world.run("sweep")
    assert world.query("SELECT kind FROM alarms") == []
    assert world.sign(client, email="second@example.org").status_code == 303
    later(minutes=16)
    world.run("sweep")
    assert [kind for (kind,) in world.query("SELECT kind FROM alarms")] == ["late-mail"]
    assert client.get("/health").get_json()["alarms"] == ["late-mail"]
    (sentence,) = world.query("SELECT sentence FROM alarms")[0]
    assert sentence == "confirmation mails leave 16 minutes late; after 2 hours pages pause"


def test_after_hours_the_page_says_why_it_takes_nothing_and_nothing_typed_is_lost(
    world: World, client: FlaskClient, later: Callable[..., None]
) -> None:
    later(hours=2, minutes=1)
    for path in ("/p/trees", "/p/trees/sign"):
        page = client.get(path)
        assert page.status_code == 200
        assert PAUSED in page.text
        assert "sign-form" not in page.text
    assert PAUSED in client.get("/p/trees/sign", headers={"HX-Request": "true"}).text
    refused = world.sign(client, email="second@example.org", first_name="Unmistakable")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "3600")
    assert "Our mails leave hours late at the moment" in refused.text
    assert 'value="Unmistakable"' in refused.text
    assert world.query("SELECT count(*) FROM actions") == [(1,)]
    part = world.sign(client, email="second@example.org", headers={"HX-Request": "true"})
    assert (part.status_code, part.headers["HX-Retarget"], part.headers["Retry-After"]) == (503, "#notice", "3600")
    assert PAUSED in part.text
    assert "trees" not in client.get("/").text
    assert "paused: mail is late" in world.signed_in("admin@org-one.example.org").get("/console/org-one/").text


def test_a_link_that_somebody_has_still_counts(
    world: World, client: FlaskClient, clock: FakeClock, later: Callable[..., None]
) -> None:
    world.run("mail")
    link = world.link()
    assert world.sign(client, email="second@example.org").status_code == 303
    later(hours=3)
    assert PAUSED in client.get("/p/trees").text
    assert client.post(link).status_code == 303
    world.run("release")
    assert client.get("/p/trees/count.json").get_json()["count"] == 1


def test_when_mail_leaves_again_the_page_takes_signatures(
    world: World, client: FlaskClient, later: Callable[..., None]
) -> None:
    later(hours=3)
    assert world.sign(client, email="second@example.org").status_code == 503
    world.run("mail")
    forget(world.app)
    assert world.sign(client, email="second@example.org").status_code == 303
    assert "sign-form" in client.get("/p/trees").text


def test_a_page_without_double_opt_in_goes_on(world: World, client: FlaskClient, later: Callable[..., None]) -> None:
    world.execute("UPDATE action_pages SET double_opt_in = false WHERE name = 'trees-partner'")
    later(hours=3)
    assert world.sign(client, "trees-partner", email="second@example.org", opt_in="yes").status_code == 303
    assert "/p/trees-partner" in client.get("/").text


def test_a_domain_that_takes_nothing_for_hours_pauses_no_petition(
    world: World, client: FlaskClient, clock: FakeClock, later: Callable[..., None]
) -> None:
    for _ in range(30):
        clock.forward(minutes=10)
        with world.app.app_context(), writing() as session:
            (held,) = session.scalars(select(Transient.action_id).where(Transient.state == State.TO_SEND)).all()
            session.execute(update(Transient).values(state=State.SENDING))
            mailing.hand_back(session, State.SENDING, [held], clock() + timedelta(minutes=8))
    later(minutes=9)
    assert world.query("SELECT attempts, unsure FROM transients") == [(0, 0)]
    assert world.sign(client, email="second@example.org").status_code == 303


@pytest.mark.parametrize("change", ["attempts = 1", "unsure = 1"])
def test_a_mail_that_a_relay_has_answered_or_may_have_taken_stalls_nobody(
    world: World, client: FlaskClient, later: Callable[..., None], change: str
) -> None:
    world.execute(f"UPDATE transients SET {change}")
    later(hours=3)
    assert world.sign(client, email="second@example.org").status_code == 303


def test_a_closed_page_says_that_it_is_closed(world: World, client: FlaskClient, later: Callable[..., None]) -> None:
    world.execute("UPDATE campaigns SET status = 'closed'")
    later(hours=3)
    assert PAUSED not in client.get("/p/trees").text
    assert world.sign(client, email="second@example.org").status_code == 410


def test_a_stored_signature_is_answered_even_when_the_delay_cannot_be_asked_any_more(
    world: World, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_mail, "LOOK_EVERY_SECONDS", -1.0)  # every look asks anew
    calls: list[int] = []

    def away() -> object:
        calls.append(1)
        if len(calls) > 1:
            raise Unavailable("away")
        return database.reading()

    monkeypatch.setattr(late_mail, "reading", away)
    answer = world.sign(client, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert calls == [1]
    assert world.query("SELECT count(*) FROM actions") == [(1,)]


def test_the_database_is_asked_once_in_ten_seconds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(late_mail.mail_delay, "of", lambda *_: asked.append(1) or timedelta(0))
    moments = iter([100.0, 100.0, 105.0, 109.9, 110.0, 110.0])
    monkeypatch.setattr(late_mail, "monotonic", lambda: next(moments))
    with world.app.app_context():
        for _ in range(4):
            late_mail.now(world.app)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(121, "2 minutes"), (59 * 60, "59 minutes"), (119 * 60, "119 minutes"), (7201, "2 hours"), (200_000, "2 days")],
)
def test_a_delay_is_told_in_the_largest_unit_of_which_there_are_two(app: Flask, seconds: int, told: str) -> None:
    with app.test_request_context():
        assert duration(timedelta(seconds=seconds)) == told
