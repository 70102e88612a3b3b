"""The canary: sign with unmistakable values, then look for them in every table, file, log, cookie, header and queue."""

import base64
import shutil
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.adapters.keyring import keyring_of, waiting_of
from proca_web.app import create_app
from proca_web.extensions import db, queue
from proca_web.models import ActionPage
from proca_web.services.petitions.making.launch import draft_links
from proca_web.services.sealing import worker_keys
from tests import worker
from tests.factories import CANARY, World
from tests.house.written import Listener, dump, files
from tests.key_holder import Holder, Owner

# Country and area are said to be readable; everything else must not be found.
VALUES = [value for name, value in CANARY.items() if name not in ("country", "street_number")]


def spellings(value: str) -> Iterator[bytes]:
    """A value as it may hide: as typed, in other cases, in base64 (each alignment), in hex, escaped."""
    for spelled in {value, value.lower(), value.upper()}:
        raw = spelled.encode()
        yield raw
        yield raw.hex().encode()
        yield spelled.encode("unicode_escape")
        for shift in range(3):
            inner = base64.b64encode(b"x" * shift + raw)
            yield inner[4 if shift else 0 : -4]


NEEDLES = {needle: value for value in VALUES for needle in spellings(value) if len(needle) >= 5}


def found_in(haystack: bytes) -> set[str]:
    return {value for needle, value in NEEDLES.items() if needle in haystack}


def assert_nowhere(world: World, log: Listener, answers: list, where: str) -> None:
    assert not found_in(dump(world)), f"{where}: in a table"
    for name, content in files(world.app.extensions["proca_settings"].data_dir).items():
        assert not found_in(content), f"{where}: in {name}"
    assert not found_in(log.heard), f"{where}: in a log"
    for answer in answers:
        assert not found_in(str(answer.headers).encode()), f"{where}: in a header"


@pytest.mark.parametrize("mode", ["session", "static", "throwaway"], indirect=True)
def test_the_canary_is_found_nowhere_at_any_step(world: World, client: FlaskClient, log: Listener) -> None:
    queue.consumer(world.app)  # the queue's file exists, so that it is searched too
    answers = [world.sign(client, "trees-partner", opt_in="yes", lead_opt_in="yes", **CANARY)]
    assert answers[0].status_code == 303
    assert not found_in(answers[0].data)
    assert_nowhere(world, log, answers, "after signing")

    world.run("mail")
    assert CANARY["email"] in world.mails()[0]["to"]
    assert_nowhere(world, log, answers, "after the mail")

    link = world.link()
    answers += [client.get(link), client.post(link), client.get(link)]
    assert not [answer for answer in answers if found_in(answer.data)]
    assert_nowhere(world, log, answers, "after confirming")

    world.run("release", "mail", "sweep")
    browser = world.signed_in("admin@org-one.example.org")
    answers += [browser.get("/console/org-one/"), browser.get("/console/org-one/exports/contacts.csv")]
    assert not found_in(answers[-1].data)
    assert_nowhere(world, log, answers, "at the end")
    assert world.query("SELECT count(*) FROM transients") == [(0,)]
    assert world.open("org-one", world.export("org-one")[0])["lastName"] == CANARY["last_name"]


def test_the_canary_is_in_nothing_that_keys_leave_behind(world: World, client: FlaskClient, log: Listener) -> None:
    assert world.sign(client, "trees-partner", opt_in="yes", lead_opt_in="yes", **CANARY).status_code == 303
    owner = Owner(world.signed_in("admin@org-one.example.org"), "org-one")
    assert owner.bring(Holder("org-one"), "recovery")["state"] == "active"
    assert owner.bring(Holder("org-one"))["state"] == "waiting"
    assert owner.post("/2/challenge").status_code == 200
    assert owner.post("/2/revoke", {"really": "yes"}).status_code == 200
    refused = world.sign(client, "trees", **CANARY)
    assert refused.status_code == 503
    world.run("sweep")
    for table in ("key_log", "key_challenges", "key_changes", "outbox", "audit_entries"):
        assert world.query(f"SELECT count(*) FROM {table}") != [(0,)], table
    assert [name for name in files(world.app.extensions["proca_settings"].data_dir) if "guard/key-log" in name]
    assert_nowhere(world, log, [refused], "after keys were changed")
    assert not found_in(refused.data)
    staff = [str(mail).encode() for mail in world.mails() if mail["to"] != CANARY["email"]]
    assert len(staff) > 3
    assert not [mail for mail in staff if found_in(mail)]


def test_a_test_signature_of_a_draft_is_as_secret_as_any(world: World, client: FlaskClient, log: Listener) -> None:
    world.execute("UPDATE action_pages SET status = 'draft'")
    world.execute(
        "INSERT INTO page_receivers (page_id, org_id, position) SELECT p.id, o.id, 1 FROM action_pages p, orgs o"
        " WHERE p.name = 'trees' AND o.name = 'org-two'"
    )
    with world.app.app_context(), writing() as session:
        page = session.scalars(select(ActionPage).where(ActionPage.name == "trees")).one()
        keys = world.app.extensions["proca_settings"].secret_keys
        link = f"/draft/{draft_links.make(session, keys, page, page.org_id, None, clock.now())}"
    answers = [client.post(link, data={"opt_in_org-two": "yes", **CANARY}), client.get(f"{link}?taken=yes")]
    assert [answer.status_code for answer in answers] == [303, 200]
    assert not [answer for answer in answers if found_in(answer.data)]
    assert world.query("SELECT count(*) FROM contacts") == [(2,)]
    world.run("mail")
    assert_nowhere(world, log, answers, "after a test")
    assert link.rpartition("/")[2].encode() not in log.heard


def test_the_canary_is_not_logged_when_something_breaks(world: World, client: FlaskClient, log: Listener) -> None:
    world.execute("ALTER TABLE transients RENAME TO lost")
    try:
        for page in ("trees", "trees-partner"):
            answer = world.sign(client, page, **CANARY)
            assert answer.status_code == 500
            assert not found_in(answer.data)
    finally:
        world.execute("ALTER TABLE lost RENAME TO transients")
    assert b"unexpected" in log.heard
    assert not found_in(log.heard)


def test_the_token_of_a_link_is_not_logged_when_something_breaks(
    world: World, client: FlaskClient, log: Listener
) -> None:
    world.sign(client)
    world.run("mail")
    link = world.link()
    world.execute("ALTER TABLE transients RENAME TO lost")
    try:
        assert [act(link).status_code for act in (client.get, client.post)] == [500, 500]
    finally:
        world.execute("ALTER TABLE lost RENAME TO transients")
    assert b"unexpected" in log.heard
    assert link.removeprefix("/confirm/").encode() not in log.heard


def test_the_token_of_a_link_is_written_nowhere(world: World, client: FlaskClient, log: Listener) -> None:
    world.sign(client)
    world.run("mail")
    link = world.link()
    token = link.removeprefix("/confirm/")
    raw = base64.urlsafe_b64decode(token + "=")
    for act in (client.get, client.post, client.get):
        assert token not in str(act(link).headers)
    world.run("release", "mail")
    places = {"database": dump(world), "log": log.heard, **files(world.app.extensions["proca_settings"].data_dir)}
    for place, content in places.items():
        assert token.encode() not in content, place
        assert raw not in content, place


def test_a_web_host_keeps_nothing_that_opens_what_it_took(world: World, log: Listener) -> None:
    settings = world.app.extensions["proca_settings"]
    own = settings.data_dir / "web"
    own.mkdir(mode=0o700)
    shutil.copytree(settings.keyring_dir / "guard", own / "guard")
    web = create_app(replace(settings, keyring_dir=own, worker_key_dir=own / "worker"), check=False)
    worker.has_key(world.app)
    browser = worker.alone(web)
    answers = [world.sign(browser, **CANARY)]
    world.run("mail")
    link = world.link()
    answers.append(browser.post(link))
    assert [answer.status_code for answer in answers] == [303, 303]
    token = base64.urlsafe_b64decode(link.removeprefix("/confirm/") + "=")
    assert_nowhere(world, log, answers, "after a web host has taken it")
    for place, content in {"database": dump(world), **files(settings.data_dir)}.items():
        assert token not in content, place
    assert [part.name for part in own.iterdir()] == ["guard"]
    ((seal,),) = world.query("SELECT wait_seal FROM transients")
    with web.app_context(), reading() as session, worker_keys.opener(session, keyring_of(web)) as opener:
        assert opener.open(bytes(seal)) is None
    pair = waiting_of(web)._pair
    assert pair is not None
    waiting_of(web).end()
    assert pair._secret.is_wiped
    assert not pair._shared
    worker.accept(world.app)
    assert world.query("SELECT status FROM actions") == [("accepted",)]
    with web.app_context():
        web.extensions["proca_encryption"].end()
        db.engine.dispose()


def test_the_search_itself_finds_what_is_there(world: World) -> None:
    world.execute("UPDATE orgs SET reply_to = :x WHERE name = 'org-one'", x=f"<{CANARY['email']}>")
    hidden = base64.b64encode(b"ab" + CANARY["last_name"].encode()).decode()
    world.execute("UPDATE orgs SET reply_to = :x WHERE name = 'org-two'", x=hidden)
    assert found_in(dump(world)) == {CANARY["email"], CANARY["last_name"]}


def test_of_a_public_comment_only_what_its_writer_chose_is_readable_until_it_is_withdrawn(
    world: World, client: FlaskClient, log: Listener
) -> None:
    said = {"comment": "Warblerwoods", "comment_is_shown": "yes", "comment_named": "yes"}
    assert world.sign(client, "trees-partner", opt_in="yes", **CANARY, **said).status_code == 303
    world.run()
    link = world.link()
    client.post(link)
    world.run()
    assert found_in(dump(world)) == {CANARY["first_name"]}
    assert world.query("SELECT state FROM comments") == [("waiting",)]
    client.post(f"{link}/reject")
    assert found_in(dump(world)) == set()
    assert said["comment"].encode() not in dump(world)
    assert not found_in(log.heard)
    assert said["comment"].encode() not in log.heard
