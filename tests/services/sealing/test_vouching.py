"""A key that was slipped in or brought back with SQL: nothing is sealed to it, nothing is stored, people are told."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as some
from nacl.signing import SigningKey

from proca_web.adapters import key_guard
from proca_web.adapters.database import reading, writing
from proca_web.adapters.encryption import active_key
from proca_web.domain.errors import NoActiveKey
from proca_web.extensions import db, encryption
from proca_web.models import Org
from proca_web.services.instance import invariants
from proca_web.services.keys import activating, registering
from proca_web.services.sealing.vouching import Vouching
from proca_web.web import page_cache
from tests.databases import ON_SQLITE
from tests.factories import World
from tests.key_holder import Holder, fingerprint, label

STRANGER = Holder("stranger")
PEOPLE = ["admin@org-one.example.org", "operator@example.org"]
Swap = Callable[[World], None]


@pytest.fixture
def kept(world: World) -> World:
    """A world whose log is in the guard's memory."""
    world.run("keys", "mail")
    return world


def active(world: World, org: str = "org-one") -> int:
    """The number of the org's active key."""
    rows = world.query(
        "SELECT k.id FROM public_keys k JOIN orgs o ON o.id = k.org_id "
        "WHERE o.name = :org AND k.role = 'recipient' AND k.kind = 'recipient' AND k.status = 'active'",
        org=org,
    )
    return int(rows[0][0])


def change(world: World, key: int, **columns: object) -> None:
    """Write other values into a key's row."""
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    world.execute(f"UPDATE public_keys SET {assignments} WHERE id = :id", id=key, **columns)


def endorsement(org: str, public: bytes, log_index: int, signer: SigningKey, role: str = "recipient") -> bytes:
    """What endorses a key (protocol 5), signed with raw PyNaCl."""
    message = b"".join(len(text).to_bytes(4, "big") + text.encode() for text in (org, role))
    return signer.sign(label("org-key") + message + public + log_index.to_bytes(8, "big")).signature


def columns_of(world: World, key: int) -> dict[str, object]:
    """What makes a key row: taken from one, it can be written over another."""
    names = ("public", "sign_public", "fingerprint", "endorsement", "log_index")
    (row,) = world.query(f"SELECT {', '.join(names)} FROM public_keys WHERE id = :id", id=key)
    return dict(row._mapping)


def _add(world: World, org: str, holder: Holder, role: str = "recipient") -> int:
    """A key that its org brings in the regular way."""
    with world.app.app_context(), writing() as session:
        now = datetime.now(UTC)
        owner = session.scalars(db.select(Org).where(Org.name == org)).one()
        sign = bytes(holder.sign.verify_key)
        given = registering.Registration(holder.public, sign, role)
        key = registering.register(session, owner, given, None, now)
        activating.make_active(session, encryption.source.home, owner, key, now, proof="possession", continuity="first")
        number = key.id
    world.run("keys", "mail")
    return number


# What whoever can write to the database may try


def _public_replaced(world: World) -> None:
    change(world, active(world), public=STRANGER.public, fingerprint=STRANGER.fingerprint)


def _row_with_an_endorsement_by_a_stranger(world: World) -> None:
    made_up = endorsement("org-one", STRANGER.public, 1, STRANGER.sign)
    change(
        world, active(world), public=STRANGER.public, fingerprint=STRANGER.fingerprint, endorsement=made_up, log_index=1
    )


def _row_without_an_endorsement(world: World) -> None:
    change(world, active(world), public=STRANGER.public, fingerprint=STRANGER.fingerprint, endorsement=None)


def _another_place_in_the_log(world: World) -> None:
    change(world, active(world), log_index=2)


def _an_impossible_place_in_the_log(world: World) -> None:
    change(world, active(world), log_index=-1)


def _another_orgs_key(world: World) -> None:
    """Of an org that is here by right and would like to read more."""
    copied = columns_of(world, active(world, "org-two"))
    change(world, active(world, "org-two"), status="pending")
    change(world, active(world), **copied)


def _another_orgs_row_moved(world: World) -> None:
    change(world, active(world), status="retired")
    world.execute(
        "UPDATE public_keys SET org_id = (SELECT id FROM orgs WHERE name = 'org-one') WHERE id = :id",
        id=active(world, "org-two"),
    )


def _a_recovery_key_made_the_recipient(world: World) -> None:
    recovery = _add(world, "org-one", STRANGER, "recovery")
    change(world, active(world), status="retired")
    change(world, recovery, role="recipient")


def _back_to_active(world: World) -> None:
    old = active(world)
    world.rotate("org-one")
    world.run("keys", "mail")
    change(world, active(world), status="retired")
    change(world, old, status="active", ended_at=None)


def _revoked_and_back_to_active(world: World) -> None:
    key = active(world)
    with world.app.app_context(), writing() as session:
        owner = session.scalars(db.select(Org).where(Org.name == "org-one")).one()
        activating.revoke(session, encryption.source.home, owner, key, None, datetime.now(UTC))
    world.run("keys", "mail")
    change(world, key, status="active", ended_at=None)


SWAPS = [
    _public_replaced,
    _row_with_an_endorsement_by_a_stranger,
    _row_without_an_endorsement,
    _another_place_in_the_log,
    _an_impossible_place_in_the_log,
    _another_orgs_key,
    _another_orgs_row_moved,
    _a_recovery_key_made_the_recipient,
    _back_to_active,
    _revoked_and_back_to_active,
]
swaps = pytest.mark.parametrize("swap", SWAPS, ids=[swap.__name__.strip("_").replace("_", " ") for swap in SWAPS])


def faults(world: World) -> list[str]:
    """What `check` says."""
    keyring, home = world.app.extensions["proca_keyring"], key_guard.home_of(world.app)
    with world.app.app_context(), reading() as session:
        return invariants.faults(session, home.identity, keyring, datetime.now(UTC))


def alarms(world: World) -> list[str]:
    return sorted(mail["to"] for mail in world.mails() if "was changed in the database" in mail["subject"])


@ON_SQLITE
@swaps
def test_nothing_is_sealed_to_it_and_nothing_is_stored(kept: World, swap: Swap) -> None:
    swap(kept)
    client = kept.app.test_client()
    page_cache.forget(kept.app)
    assert kept.sign(client, opt_in="yes").status_code == 503
    for table in ("contacts", "actions", "transients", "supporters"):
        assert kept.query(f"SELECT count(*) FROM {table}") == [(0,)]
    shown = client.get("/p/trees")
    assert shown.status_code == 503
    assert STRANGER.fingerprint not in shown.text + client.get("/keys.json").text
    with kept.app.app_context(), pytest.raises(NoActiveKey):
        active_key("org-one", encryption.vouching)


@ON_SQLITE
@swaps
def test_owners_and_operator_are_told_and_check_says_so(
    kept: World, swap: Swap, caplog: pytest.LogCaptureFixture
) -> None:
    swap(kept)
    key, caplog.records[:] = active(kept), []
    assert alarms(kept) == []
    kept.run("keys", "mail")
    kept.run("keys", "mail")
    assert alarms(kept) == PEOPLE  # once a day
    said = [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]
    assert f"keys: key {key} is active, but not signed by the Home key; it is not used" in said
    assert "keys: org-one has no key in force; its live pages are refused" in said
    sentence = f"key {key} of org-one is active, but not signed by the Home key: it is not used"
    assert sentence in faults(kept)


def test_once_the_row_is_put_right_signatures_are_taken_again(kept: World, client: FlaskClient) -> None:
    key = active(kept)
    good = columns_of(kept, key)
    _public_replaced(kept)
    assert kept.sign(client).status_code == 503
    change(kept, key, **good)
    assert kept.sign(client).status_code == 303
    kept.run()
    assert client.post(kept.link()).status_code == 303
    kept.run()
    (row,) = kept.export("org-one")
    assert kept.open("org-one", row)["firstName"] == "Zofia"
    assert [fault for fault in faults(kept) if "key" in fault] == []


def test_the_first_refusal_tells_people_that_the_page_is_refused(kept: World, client: FlaskClient) -> None:
    _public_replaced(kept)
    assert kept.sign(client).status_code == 503
    kept.run("mail")
    told = [mail["to"] for mail in kept.mails()]
    assert sorted(told) == PEOPLE


def test_a_rotated_key_is_vouched_for_and_the_one_before_is_not(kept: World, client: FlaskClient) -> None:
    old = Holder("org-one", kept.secrets["org-one"])
    kept.rotate("org-one")
    kept.run("keys", "mail")
    assert kept.sign(client).status_code == 303
    with kept.app.app_context():
        assert active_key("org-one", encryption.vouching).public == bytes(kept.secrets["org-one"].public_key)
        assert encryption.vouching.ended == {old.fingerprint}


# A copy that not everybody gets


def _lead(world: World) -> None:
    change(world, active(world), public=STRANGER.public, fingerprint=STRANGER.fingerprint)
    page_cache.forget(world.app)


def test_an_optional_orgs_swapped_key_takes_its_checkbox_away_and_no_more(kept: World, client: FlaskClient) -> None:
    assert 'name="lead_opt_in"' in client.get("/p/trees-partner").text
    _lead(kept)
    shown = client.get("/p/trees-partner").text
    assert 'name="lead_opt_in"' not in shown
    assert 'name="opt_in"' in shown
    assert STRANGER.fingerprint not in shown
    assert kept.sign(client, "trees-partner").status_code == 303
    assert kept.query("SELECT o.name FROM contacts c JOIN orgs o ON o.id = c.org_id") == [("org-two",)]


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_a_form_that_names_an_org_with_a_swapped_key_is_asked_again(
    kept: World, client: FlaskClient, answer: str
) -> None:
    _lead(kept)
    again = kept.sign(client, "trees-partner", lead_opt_in=answer)
    assert again.status_code == 422
    assert 'name="lead_opt_in"' not in again.text
    assert "Zofia" in again.text
    assert kept.query("SELECT count(*) FROM contacts") == [(0,)]


def test_a_swapped_recovery_key_gets_no_copy_and_stops_nothing(kept: World, client: FlaskClient) -> None:
    recovery = _add(kept, "org-one", Holder("org-one"), "recovery")
    assert kept.sign(client).status_code == 303
    assert kept.query("SELECT count(*) FROM contacts") == [(2,)]
    change(kept, recovery, public=STRANGER.public, fingerprint=STRANGER.fingerprint)
    assert kept.sign(client, email="other@example.org").status_code == 303
    assert kept.query("SELECT count(*) FROM contacts") == [(3,)]
    kept.run("keys", "mail")
    assert alarms(kept) == PEOPLE


# The decision itself

HOME = SigningKey(b"h" * 32)
IDENTITY = bytes(HOME.verify_key)
PUBLIC = STRANGER.public


def test_an_endorsement_by_the_home_identity_is_accepted() -> None:
    assert Vouching(IDENTITY).accepts("org-one", "recipient", PUBLIC, 7, endorsement("org-one", PUBLIC, 7, HOME))


@pytest.mark.parametrize(
    "changed",
    [
        {"org": "org-two"},
        {"org": "org-on"},
        {"role": "recovery"},
        {"public": b"p" * 32},
        {"log_index": 8},
        {"log_index": -1},
        {"log_index": None},
        {"endorsement": None},
        {"endorsement": b""},
        {"endorsement": endorsement("org-one", PUBLIC, 7, STRANGER.sign)},
        {"endorsement": endorsement("org-one", PUBLIC, 7, HOME)[:-1]},
    ],
)
def test_anything_else_than_what_was_endorsed_is_not_accepted(changed: dict[str, object]) -> None:
    good = {"org": "org-one", "role": "recipient", "public": PUBLIC, "log_index": 7}
    good["endorsement"] = endorsement("org-one", PUBLIC, 7, HOME)
    assert Vouching(IDENTITY).accepts(**good)  # type: ignore[arg-type]
    assert not Vouching(IDENTITY).accepts(**(good | changed))  # type: ignore[arg-type]


def test_an_ended_key_is_not_accepted_however_well_endorsed() -> None:
    signed = endorsement("org-one", PUBLIC, 7, HOME)
    assert not Vouching(IDENTITY, frozenset({fingerprint(PUBLIC)})).accepts("org-one", "recipient", PUBLIC, 7, signed)
    assert Vouching(IDENTITY, frozenset({fingerprint(b"o" * 32)})).accepts("org-one", "recipient", PUBLIC, 7, signed)


@given(some.text(max_size=20), some.binary(max_size=40), some.integers(-(2**63), 2**63 - 1), some.binary(max_size=70))
def test_no_row_makes_it_raise(org: str, public: bytes, log_index: int, signature: bytes) -> None:
    assert not Vouching(IDENTITY).accepts(org, "recipient", public, log_index, signature)
