"""The upgrade that brings the key log: keys that receive already are endorsed, once, and never after the log began."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from nacl.signing import VerifyKey

from proca_web.adapters import key_guard
from proca_web.adapters.database import reading, writing
from proca_web.extensions import db, encryption
from proca_web.models import PublicKey
from proca_web.services.instance import invariants
from proca_web.services.keys import adopting
from proca_web.web import page_cache
from tests.factories import World
from tests.key_holder import Holder, label, unb64

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEYS = "SELECT id, status, public, endorsement, log_index, expires_at FROM public_keys ORDER BY id"
LOG = "SELECT position, entry, hash, signature FROM key_log ORDER BY position"


@pytest.fixture
def older(world: World) -> World:
    """The rows as the version before the key log left them: an active key has no endorsement and never expires."""
    world.rotate("org-two")
    world.execute("DELETE FROM key_log")
    world.execute("UPDATE public_keys SET endorsement = NULL, log_index = NULL, expires_at = NULL, sign_public = NULL "
                  "WHERE kind = 'recipient'")  # fmt: skip
    page_cache.forget(world.app)
    return world


def adopt(world: World, now: datetime = NOW) -> int:
    with world.app.app_context(), writing() as session:
        return adopting.adopt(session, encryption.source.home, now)


def test_the_keys_that_receive_are_endorsed_and_written_down_in_their_order(older: World) -> None:
    home = key_guard.home_of(older.app)
    assert adopt(older) == 2
    log = [json.loads(row[1]) for row in older.query(LOG)]
    assert [(entry["event"], entry.get("org")) for entry in log] == [
        ("home", None),
        ("activate", "org-one"),
        ("activate", "org-two"),
    ]
    assert (unb64(log[0]["identity"]), unb64(log[0]["box"])) == (home.identity, home.box_public)
    for place, entry in enumerate(log[1:], 1):
        org = entry["org"]
        assert unb64(entry["public"]) == bytes(older.secrets[org].public_key)
        assert (entry["proof"], entry["continuity"], entry["replaces"], entry["sign_public"]) == (
            *("operator", "first"),
            *("", ""),
        )
        parts = b"".join(len(text).to_bytes(4, "big") + text.encode() for text in (org, "recipient"))
        message = label("org-key") + parts + unb64(entry["public"]) + place.to_bytes(8, "big")
        VerifyKey(home.identity).verify(message, unb64(entry["endorsement"]))


def test_signatures_are_refused_before_and_taken_after_it(older: World, client: FlaskClient) -> None:
    assert older.sign(client).status_code == 503
    adopt(older, datetime.now(UTC))
    assert older.sign(client).status_code == 303
    older.run()
    with older.app.app_context(), reading() as session:
        keyring, home = older.app.extensions["proca_keyring"], key_guard.home_of(older.app)
        found = invariants.faults(session, home.identity, keyring, datetime.now(UTC))
    assert [fault for fault in found if "key" in fault] == []


def test_adopted_keys_live_for_24_months_from_then_on(older: World) -> None:
    adopt(older)
    with older.app.app_context(), reading() as session:
        limits = session.scalars(db.select(PublicKey.expires_at).where(PublicKey.log_index.is_not(None))).all()
    assert limits == [datetime(2028, 3, 1, 12, tzinfo=UTC)] * 2


def test_keys_that_had_ended_or_wait_are_left_alone(older: World) -> None:
    ended = "SELECT * FROM public_keys WHERE kind = 'recipient' AND status <> 'active'"
    before = older.query(ended)
    assert len(before) == 1
    adopt(older)
    assert older.query(ended) == before


def _another_key(world: World) -> None:
    world.execute(
        "UPDATE public_keys SET public = :public, endorsement = NULL WHERE kind = 'recipient' AND status = 'active' "
        "AND org_id = (SELECT id FROM orgs WHERE name = 'org-one')",
        public=Holder("stranger").public,
    )


def _no_endorsements(world: World) -> None:
    world.execute("UPDATE public_keys SET endorsement = NULL, log_index = NULL WHERE kind = 'recipient'")


def _all_but_the_first_entry_gone(world: World) -> None:
    world.execute("DELETE FROM key_log WHERE position > 0")
    _no_endorsements(world)


@pytest.mark.parametrize(
    "change", [lambda _: None, _another_key, _no_endorsements, _all_but_the_first_entry_gone],
    ids=["unchanged", "another key", "no endorsements", "all but the first entry gone"],
)  # fmt: skip
def test_once_the_log_has_begun_nothing_is_adopted_again(older: World, change: Callable[[World], None]) -> None:
    adopt(older)
    change(older)
    before = older.query(KEYS), older.query(LOG)
    assert adopt(older) == 0
    assert (older.query(KEYS), older.query(LOG)) == before


def test_an_instance_without_org_keys_begins_its_log_too(older: World) -> None:
    older.execute("UPDATE public_keys SET status = 'retired' WHERE kind = 'recipient'")
    assert adopt(older) == 0
    assert len(older.query(LOG)) == 1
    assert adopt(older) == 0
    assert len(older.query(LOG)) == 1
