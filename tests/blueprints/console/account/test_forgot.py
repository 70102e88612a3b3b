"""A forgotten password: one link, once, for half an hour, to the address that is stored; nobody learns who has one."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import event

from proca_web.app import create_app
from proca_web.config import Settings
from proca_web.extensions import db
from tests.blueprints.console.account.person import NEW, OWNER, Person, events, links, mails
from tests.factories import FakeClock, World, form_token


@pytest.fixture
def visitor(world: World, clock: FakeClock) -> Person:
    return Person(world)


def ask(person: Person, email: str = OWNER):
    return person.post("/forgot", "/forgot", email=email)


def use(person: Person, link: str, password: str = NEW):
    return person.post(link, link, password=password)


def test_a_new_password_by_mail_ends_all_sessions_and_signs_nobody_in(visitor: Person, world: World) -> None:
    other = Person(world)
    other.sign_in()
    assert ask(visitor).headers["Location"] == "/forgot/sent"
    (link,) = links(world)
    assert 'name="password"' in visitor.get(link).text
    assert use(visitor, link).headers["Location"] == "/login"
    assert "Please sign in with the new one" in visitor.get("/login").text
    assert "Please sign in with the new one" not in visitor.get("/login").text
    assert (visitor.is_in(), other.is_in()) == (False, False)
    assert visitor.sign_in().status_code == 422
    assert visitor.sign_in(NEW).status_code == 303
    assert len(mails(world, about="was changed")) == 1
    assert "account-reset-done" in events(world)


def test_a_link_works_once(visitor: Person, world: World) -> None:
    ask(visitor)
    (link,) = links(world)
    token = form_token(visitor.client, link)
    assert use(visitor, link).status_code == 303
    again = Person(world)
    token = form_token(again.client)
    assert (
        again.client.post(link, data={"csrf_token": token, "password": "another bridge over lakes"}).status_code == 410
    )
    assert again.get(link).status_code == 410
    assert "/forgot" in again.get(link).text


def test_a_link_lasts_for_half_an_hour(visitor: Person, world: World, clock: FakeClock) -> None:
    ask(visitor)
    (link,) = links(world)
    clock.forward(minutes=29, seconds=59)
    assert visitor.get(link).status_code == 200
    clock.forward(seconds=1)
    assert visitor.get(link).status_code == 410


def test_a_newer_request_makes_older_links_void(visitor: Person, world: World) -> None:
    ask(visitor)
    ask(visitor)
    older, newer = links(world)
    assert (visitor.get(older).status_code, visitor.get(newer).status_code) == (410, 200)


def test_a_new_password_or_address_makes_links_void(person: Person, world: World) -> None:
    ask(person)
    (link,) = links(world)
    world.execute("UPDATE users SET email = 'else@example.org' WHERE email = :email", email=OWNER)
    assert person.get(link).status_code == 410
    world.execute("UPDATE users SET email = :email WHERE email = 'else@example.org'", email=OWNER)
    assert person.get(link).status_code == 200
    world.execute("UPDATE users SET password_hash = password_hash || ' ' WHERE email = :email", email=OWNER)
    assert person.get(link).status_code == 410


def test_the_link_is_derived_with_the_server_s_key_of_today_or_before(
    visitor: Person, world: World, settings: Settings
) -> None:
    ask(visitor)
    (link,) = links(world)
    for old, status in ((settings.secret_key, 200), ("", 410)):
        made = create_app(replace(settings, secret_key="another key " * 4, old_secret_key=old), check=False)
        assert made.test_client().get(link).status_code == status
        ended(made)


def ended(app: Flask) -> None:
    with app.app_context():
        app.extensions["proca_encryption"].end()
        db.engine.dispose()


def test_a_stolen_database_opens_no_link(visitor: Person, world: World) -> None:
    ask(visitor)
    (link,) = links(world)
    token = link.rpartition("/")[2]
    for table in ("account_links", "outbox", "users", "sign_in_tries", "audit_entries"):
        assert token[:16] not in repr(world.query(f"SELECT * FROM {table}"))


@pytest.mark.parametrize("token", ["A" * 43, "x", "A" * 44, "f" + "_" * 42, "ä" * 20])
def test_made_up_links_open_nothing(visitor: Person, token: str) -> None:
    assert visitor.get(f"/reset/{token}").status_code == 410


def test_the_answer_is_the_same_for_unknown_addresses(visitor: Person, world: World) -> None:
    answers = [ask(visitor, email) for email in (OWNER, "nobody@example.org", "nonsense", "", "ä\u2028@x")]
    assert {(answer.status_code, answer.headers.get("Location")) for answer in answers} == {(303, "/forgot/sent")}
    assert len(links(world)) == 1


def test_for_an_unknown_address_the_same_work_is_done(visitor: Person, world: World, clock: FakeClock) -> None:
    """By statements: a stopwatch tells little in a test, and something else on every machine."""
    done: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        done.append(statement.split("\n", maxsplit=1)[0])

    def work_for(email: str) -> list[str]:
        clock.forward(hours=3)
        done.clear()
        ask(visitor, email)
        # How a count is written down depends on when it was last moved, not on whose it is.
        return [each for each in done if "SAVEPOINT" not in each and not each.startswith("UPDATE sign_in_tries")]

    with world.app.app_context():
        engine = db.engine
    for email in (OWNER, "nobody@example.org"):
        ask(visitor, email)
    event.listen(engine, "before_cursor_execute", note)
    known, unknown = work_for(OWNER), work_for("nobody@example.org")
    assert len(known) > 8
    assert any("account_links" in statement for statement in unknown)
    assert unknown == known


def test_a_look_alike_gets_no_mail_of_its_own(visitor: Person, world: World) -> None:
    world.execute("UPDATE users SET email = 'kim@org-one.example.org' WHERE email = :email", email=OWNER)
    for typed in (
        "\u212aim@org-one.example.org",
        "KIM@ORG-ONE.EXAMPLE.ORG",
        "\uff4bim@org-one.example.org",
        "kım@org-one.example.org",
    ):
        ask(visitor, typed)
    world.run("mail")
    assert {mail["to"] for mail in world.mails()} == {"kim@org-one.example.org"}
    assert len(links(world, "kim@org-one.example.org")) == 2


def test_a_weak_password_is_refused_and_the_link_stays(visitor: Person, world: World) -> None:
    ask(visitor)
    (link,) = links(world)
    answer = use(visitor, link, "123456qwerty")
    assert answer.status_code == 422
    assert "100,000 most common" in answer.text
    assert use(visitor, link).status_code == 303


def test_a_locked_account_gets_no_link(visitor: Person, world: World, clock: FakeClock) -> None:
    world.execute("UPDATE users SET locked_at = :now WHERE email = :email", now=clock(), email=OWNER)
    assert ask(visitor).status_code == 303
    assert links(world) == []


def test_who_was_mailed_a_new_password_is_known_in_that_browser(visitor: Person, world: World) -> None:
    for _ in range(11):
        Person(world, address="198.51.100.9").sign_in("wrong")
    visitor.address = "192.0.2.9"
    assert visitor.sign_in().status_code == 429
    ask(visitor)
    (link,) = links(world)
    use(visitor, link)
    assert visitor.sign_in(NEW).status_code == 303


def test_a_form_that_was_open_for_too_long_is_shown_again(visitor: Person, world: World) -> None:
    answer = visitor.client.post("/forgot", data={"csrf_token": "old", "email": OWNER})
    assert answer.status_code == 422
    assert f'value="{OWNER}"' in answer.text
    ask(visitor)
    (link,) = links(world)
    answer = visitor.client.post(link, data={"csrf_token": "old", "password": NEW}, follow_redirects=True)
    assert "open for too long" in answer.text
    assert use(visitor, link).status_code == 303
