"""The Home Org's next key: what it takes over, who vouches for it, and that processes with the old one fall silent."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from sqlalchemy.orm import Session

from proca_web.adapters import key_guard
from proca_web.adapters.database import reading, writing
from proca_web.app import create_app
from proca_web.crypto.keys import key_log as chains
from proca_web.crypto.keys.home import HomeKey, write_new_home_key
from proca_web.domain.errors import KeyAction, KeyLogBroken
from proca_web.extensions import db, encryption
from proca_web.models import Org
from proca_web.services.instance import invariants
from proca_web.services.keys import activating
from proca_web.services.keys import home as home_keys
from proca_web.services.keys import log as key_log
from proca_web.web import page_cache
from tests.crypto.making import new_home
from tests.databases import ON_SQLITE
from tests.factories import FakeClock, World
from tests.key_holder import Holder, Owner, label, unb64

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROWS = "SELECT id, kind, status, public, sign_public, endorsement, log_index FROM public_keys ORDER BY id"
LOG = "SELECT position, entry, hash, signature FROM key_log ORDER BY position"
both_ways = pytest.mark.parametrize("stolen", [False, True], ids=["in order", "stolen"])


@pytest.fixture
def kept(world: World) -> World:
    """A world whose log is in the guard's memory."""
    world.run("keys", "mail")
    return world


@pytest.fixture
def new(tmp_path: Path) -> HomeKey:
    """The next Home key, in a file beside the one in force."""
    write_new_home_key(tmp_path / "home.key.new")
    return HomeKey.from_file(tmp_path / "home.key.new")


def rotate(world: World, new: HomeKey, *, old: HomeKey | None = None, **more: Any) -> int:
    """One rotation, in a transaction of its own."""
    with world.app.app_context(), writing() as session:
        return home_keys.rotate(session, old or encryption.source.home, new, NOW, **more)


@pytest.fixture
def restarted(kept: World, tmp_path: Path) -> Iterator[World]:
    """The same instance with the new key's file in place, in a new process: made when it is first asked for."""
    world = World(kept.app, kept.secrets)
    yield world
    if world.app is not kept.app:
        with world.app.app_context():
            encryption.source.end()
            db.engine.dispose()


def restart(world: World, tmp_path: Path) -> None:
    """Begin a process with the new key."""
    (tmp_path / "home.key.new").replace(tmp_path / "home.key")
    world.app = create_app(world.app.extensions["proca_settings"])


def entries(world: World) -> list[dict[str, Any]]:
    return [json.loads(row[1]) for row in world.query(LOG)]


def org_keys(world: World) -> list[tuple[str, str, bytes, int, bytes]]:
    """Org, role, public key, place in the log and endorsement of every active key."""
    rows = world.query(
        "SELECT o.name, k.role, k.public, k.log_index, k.endorsement FROM public_keys k JOIN orgs o ON o.id = k.org_id "
        "WHERE k.kind = 'recipient' AND k.status = 'active' ORDER BY k.id"
    )
    return [(row[0], row[1], bytes(row[2]), row[3], bytes(row[4])) for row in rows]


def endorsed(org: str, role: str, public: bytes, log_index: int) -> bytes:
    """What the Home identity signs about a key (protocol 5)."""
    parts = b"".join(len(text).to_bytes(4, "big") + text.encode() for text in (org, role))
    return label("org-key") + parts + public + log_index.to_bytes(8, "big")


# What changes


def test_the_old_identity_signs_for_the_new_one_and_the_new_one_writes_it_down(kept: World, new: HomeKey) -> None:
    old = key_guard.home_of(kept.app)
    assert rotate(kept, new) == 2
    last = entries(kept)[-1]
    time = int(NOW.timestamp())
    assert (last["event"], last["index"], last["time"]) == ("home-rotate", 3, time)
    assert (unb64(last["identity"]), unb64(last["box"])) == (new.identity, new.box_public)
    said = label("home-rotate") + new.identity + new.box_public + time.to_bytes(8, "big")
    VerifyKey(old.identity).verify(said, unb64(last["statement"]))
    row = kept.query(LOG)[-1]
    written = label("keylog-entry") + (3).to_bytes(8, "big") + bytes(row[2])
    VerifyKey(new.identity).verify(written, bytes(row[3]))
    with pytest.raises(BadSignatureError):
        VerifyKey(old.identity).verify(written, bytes(row[3]))
    chain = chains.read([row[1] for row in kept.query(LOG)])
    assert [(home.identity, home.vouched) for home in chain.homes] == [(old.identity, True), (new.identity, True)]


def test_after_a_theft_the_old_identity_says_nothing(kept: World, new: HomeKey) -> None:
    assert rotate(kept, new, stolen=True) == 2
    last = entries(kept)[-1]
    assert (last["event"], unb64(last["identity"])) == ("home-anew", new.identity)
    assert "statement" not in last
    chain = chains.read([row[1] for row in kept.query(LOG)])
    assert [home.vouched for home in chain.homes] == [True, False]


@both_ways
def test_every_active_key_is_endorsed_anew_at_its_old_place(kept: World, new: HomeKey, stolen: bool) -> None:
    before = org_keys(kept)
    rotate(kept, new, stolen=stolen)
    after = org_keys(kept)
    assert [key[:4] for key in after] == [key[:4] for key in before]
    for *facts, endorsement in after:
        VerifyKey(new.identity).verify(endorsed(*facts), endorsement)
    assert not {key[4] for key in after} & {key[4] for key in before}


@both_ways
def test_one_home_key_is_in_force_and_the_one_before_keeps_its_row(kept: World, new: HomeKey, stolen: bool) -> None:
    old = key_guard.home_of(kept.app)
    rotate(kept, new, stolen=stolen)
    rows = kept.query("SELECT status, public, sign_public FROM public_keys WHERE kind = 'home' ORDER BY id")
    assert [(row[0], bytes(row[1]), bytes(row[2])) for row in rows] == [
        ("retired", old.box_public, old.identity),
        ("active", new.box_public, new.identity),
    ]


def test_keys_that_had_ended_are_not_endorsed_again(kept: World, new: HomeKey) -> None:
    kept.rotate("org-one")
    kept.run("keys", "mail")
    ended = "SELECT public, status, endorsement FROM public_keys WHERE kind = 'recipient' AND status <> 'active'"
    before = kept.query(ended)
    assert len(before) == 1
    assert rotate(kept, new) == 2
    assert kept.query(ended) == before


# What stays


@both_ways
def test_rows_from_before_open_as_they_did_and_new_ones_are_taken(
    kept: World, client: FlaskClient, new: HomeKey, restarted: World, tmp_path: Path, stolen: bool
) -> None:
    def sign(world: World, name: str) -> None:
        browser = world.app.test_client()
        assert world.sign(browser, first_name=name, email=f"{name}@example.org").status_code == 303
        world.run()
        assert browser.post(world.link()).status_code == 303
        world.run()

    sign(kept, "before")
    rotate(kept, new, stolen=stolen)
    restart(restarted, tmp_path)
    sign(restarted, "after")
    opened = [restarted.open("org-one", row) for row in restarted.export("org-one")]
    assert [person["firstName"] for person in opened] == ["before", "after"]
    assert opened[0]["_meta"]["home"] != opened[1]["_meta"]["home"]
    restarted.run("keys", "mail")
    with restarted.app.app_context(), reading() as session:
        keyring = restarted.app.extensions["proca_keyring"]
        found = invariants.faults(session, new.identity, keyring, datetime.now(UTC))
    assert [fault for fault in found if "key" in fault.lower()] == []
    assert [line.event for line in keyring.guard.memory().lines][3:] == ["home-anew" if stolen else "home-rotate"]


def test_a_rotation_that_is_rolled_back_changes_nothing(kept: World, new: HomeKey) -> None:
    before = kept.query(ROWS), kept.query(LOG)
    with kept.app.app_context(), Session(db.engine) as session:
        assert home_keys.rotate(session, encryption.source.home, new, NOW) == 2
        session.rollback()
    assert (kept.query(ROWS), kept.query(LOG)) == before


# What is refused


SLIPPED_IN = {
    "another public half": "UPDATE public_keys SET public = :public WHERE kind = 'recipient' AND id = :id",
    "no endorsement": "UPDATE public_keys SET endorsement = NULL WHERE kind = 'recipient' AND id = :id",
    "another place in the log": "UPDATE public_keys SET log_index = log_index + 1 WHERE id = :id",
    "another role": "UPDATE public_keys SET role = 'recovery' WHERE id = :id",
}


@ON_SQLITE
@both_ways
@pytest.mark.parametrize("sql", list(SLIPPED_IN.values()), ids=list(SLIPPED_IN))
def test_a_key_that_was_slipped_in_is_not_made_good(kept: World, new: HomeKey, sql: str, stolen: bool) -> None:
    key = kept.query("SELECT min(id) FROM public_keys WHERE kind = 'recipient'")[0][0]
    values = {"id": key, "public": Holder("org-one").public}
    kept.execute(sql, **{name: value for name, value in values.items() if f":{name}" in sql})
    before = kept.query(ROWS), kept.query(LOG)
    with pytest.raises(KeyAction, match=rf"^key {key} of org-one is active, but not signed by the Home key"):
        rotate(kept, new, stolen=stolen)
    assert (kept.query(ROWS), kept.query(LOG)) == before


def test_a_key_that_had_ended_and_was_brought_back_is_not_made_good(kept: World, new: HomeKey) -> None:
    old = Holder("org-one", kept.secrets["org-one"])
    kept.rotate("org-one")
    kept.execute("UPDATE public_keys SET status = 'retired' WHERE status = 'active' AND log_index = 4")
    kept.execute("UPDATE public_keys SET status = 'active' WHERE fingerprint = :old", old=old.fingerprint)
    with pytest.raises(KeyAction, match="not signed by the Home key"):
        rotate(kept, new, ended=frozenset({old.fingerprint}))


def test_a_key_that_is_not_in_force_cannot_name_its_successor(kept: World, new: HomeKey) -> None:
    before = kept.query(ROWS), kept.query(LOG)
    with pytest.raises(KeyAction, match="the Home key is not the one this database knows"):
        rotate(kept, new, old=new_home())
    assert (kept.query(ROWS), kept.query(LOG)) == before
    rotate(kept, new)
    with pytest.raises(KeyAction, match="the Home key is not the one this database knows"):
        rotate(kept, new_home())  # the process still holds the one from before


# A process that was not restarted


@both_ways
def test_a_process_with_the_old_key_takes_no_signatures_and_shows_no_directory(
    kept: World, client: FlaskClient, new: HomeKey, stolen: bool
) -> None:
    assert kept.sign(client).status_code == 303
    rotate(kept, new, stolen=stolen)
    page_cache.forget(kept.app)
    assert kept.sign(client, email="late@example.org").status_code == 503
    assert kept.query("SELECT count(*) FROM contacts") == [(1,)]
    assert [client.get(path).status_code for path in ("/keys", "/keys.json", "/keys/log.json")] == [503] * 3
    with kept.app.app_context():
        said = key_guard.fault(kept.app)
    assert said == "the key log does not lead to the Home key of this process; after a rotation, restart it"


def test_a_process_with_the_old_key_cannot_write_into_the_log(kept: World, new: HomeKey) -> None:
    owner = Owner(kept.signed_in("admin@org-one.example.org"), "org-one")
    (number,) = kept.query("SELECT id FROM public_keys WHERE kind = 'recipient' ORDER BY id LIMIT 1")[0]
    rotate(kept, new)
    before = kept.query(ROWS), kept.query(LOG)
    assert owner.post(f"/{number}/revoke", {"really": "yes"}).status_code == 503
    with kept.app.app_context(), writing() as session:
        org = session.scalars(db.select(Org).where(Org.name == "org-two")).one()
        key = activating.active_of(session, org, "recipient")
        assert key is not None
        with pytest.raises(KeyLogBroken, match="the Home key of this process is not in force any more; restart it"):
            key_log.append_about(session, encryption.source.home, "revoke", "org-two", key, NOW)
    assert (kept.query(ROWS), kept.query(LOG)) == before


def test_a_worker_with_the_old_key_notes_no_expiry_and_the_restarted_one_does(
    kept: World, new: HomeKey, clock: FakeClock, restarted: World, tmp_path: Path
) -> None:
    rotate(kept, new)
    clock.forward(days=740)
    kept.run("sweep")
    assert len(entries(kept)) == 4
    restart(restarted, tmp_path)
    restarted.run("sweep")
    assert [entry["event"] for entry in entries(restarted)][3:] == ["home-rotate", "expire", "expire"]
    with restarted.app.app_context():
        assert key_guard.fault(restarted.app) == ""
