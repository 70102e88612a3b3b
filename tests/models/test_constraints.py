"""What must always hold is refused by the schema itself, on both databases, whoever writes."""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError, StatementError

from proca_web.adapters.database import reading, writing
from proca_web.models import (
    Action,
    ActionPage,
    AuditEntry,
    Base,
    Campaign,
    ConsentText,
    Contact,
    Heartbeat,
    Org,
    PublicKey,
    Supporter,
    Transient,
    User,
)
from proca_web.services import heartbeats
from tests.factories import World

NOW = datetime(2026, 5, 17, 12, 30, 15, 123456, tzinfo=UTC)
Table = type[Base]
Values = dict[str, Any]


@dataclass
class Ground:
    """A world with one pending action, and the ids a row may refer to."""

    world: World
    org: int
    home: int
    page: int
    campaign: int
    recipient_key: int
    sign_key: int
    action: int = 0

    def put(self, table: Table, **changes: object) -> int:
        """Insert a good row with some values changed; its id."""
        with self.world.app.app_context(), writing() as session:
            done = session.execute(insert(table).values(GOOD[table](self) | changes))
            assert done.inserted_primary_key is not None
            return int(done.inserted_primary_key[0])

    def remove(self, table: Table, row: int) -> None:
        """Delete one row by its id."""
        with self.world.app.app_context(), writing() as session:
            session.execute(delete(table).where(table.__table__.primary_key.columns[0] == row))

    def count(self, table: Table) -> int:
        """How many rows there are."""
        return int(self.world.query(f"SELECT count(*) FROM {table.__tablename__}")[0][0])


@pytest.fixture
def ground(world: World) -> Ground:
    """The ids of the demo's world, and a pending action."""
    with world.app.app_context(), reading() as session:
        page = session.scalars(select(ActionPage).where(ActionPage.name == "trees")).one()
        keys = {key.kind: key for key in session.scalars(select(PublicKey).order_by(PublicKey.id.desc()))}
        key = session.scalars(select(PublicKey).where(PublicKey.org_id == page.org_id)).one()
        made = Ground(world, page.org_id, keys["home"].org_id, page.id, page.campaign_id, key.id, keys["home"].id)
    made.action = made.put(Action)
    return made


@contextmanager
def refusing(constraint: str) -> Iterator[None]:
    """The database itself refuses, and says which rule it was."""
    with pytest.raises(IntegrityError) as refusal:
        yield
    assert re.search(constraint, str(refusal.value.orig)), refusal.value.orig


def _unique() -> str:
    return f"row-{secrets.token_hex(4)}"


GOOD: dict[Table, Callable[[Ground], Values]] = {
    Org: lambda _: {"name": _unique(), "title": "Org", "created_at": NOW},
    User: lambda _: {"email": f"{_unique()}@example.org", "password_hash": "x", "created_at": NOW},
    Campaign: lambda g: {"name": _unique(), "title": "C", "org_id": g.org, "counted_at": NOW, "created_at": NOW},
    ActionPage: lambda g: {
        **{"name": _unique(), "title": "P", "demand": "D", "created_at": NOW},
        **{"campaign_id": g.campaign, "org_id": g.org, "fields": [], "required": []},
    },
    ConsentText: lambda g: {
        **{"action_page_id": g.page, "org_id": g.org, "locale": "en", "hash": "h", "body": "b", "parts": "{}"},
        **{"valid_from": NOW, "valid_until": NOW},
    },
    PublicKey: lambda g: {
        **{"org_id": g.org, "kind": "recipient", "status": "pending", "public": secrets.token_bytes(32)},
        **{"fingerprint": "f", "created_at": NOW},
    },
    Supporter: lambda g: {"campaign_id": g.campaign, "fingerprint": secrets.token_bytes(32), "created_at": NOW},
    AuditEntry: lambda g: {
        "org_id": g.org,
        "number": 901,
        "actor": "",
        "at": NOW,
        "event": "export",
        "hash": bytes(32),
    },
    Action: lambda g: {
        **{"ref": secrets.token_bytes(16), "action_page_id": g.page, "consent": "h", "created_at": NOW},
    },
    Contact: lambda g: {
        **{"action_id": g.action, "org_id": g.org, "contact_ref": secrets.token_bytes(16), "deliver": True},
        **{"payload": b"\x01" * 1040, "crypto_nonce": secrets.token_bytes(24), "given_at": NOW},
        **{"public_key_id": g.recipient_key, "sign_key_id": g.sign_key},
    },
    Transient: lambda g: {
        **{"action_id": g.action, "state": "to_send", "link_seal": b"l", "wait_key": 1, "wait_seal": b"w"},
        **{"sealed_at": NOW, "next_try": NOW, "created_at": NOW},
    },
}


@pytest.mark.parametrize("table", GOOD)
def test_the_good_row_each_case_starts_from_is_accepted(ground: Ground, table: Table) -> None:
    ground.put(table)
    assert ground.count(table) >= 1


TOMBSTONE: Values = {
    **{"erased": True, "seq": 1, "payload": None, "crypto_nonce": None, "public_key_id": None, "sign_key_id": None}
}
REMINDING = {"state": "reminding", "waiting_since": NOW}
REFUSED: list[tuple[str, Table, Values, str]] = [
    ("a contact without payload", Contact, {"payload": None}, "sealed_or_erased"),
    ("a contact without nonce", Contact, {"crypto_nonce": None}, "sealed_or_erased"),
    ("a contact without the org's key", Contact, {"public_key_id": None}, "sealed_or_erased"),
    ("a contact without a sender", Contact, {"sign_key_id": None}, "sealed_or_erased"),
    ("a payload of 1,039 bytes", Contact, {"payload": b"x" * 1039}, "sealed_or_erased"),
    ("an empty payload", Contact, {"payload": b""}, "sealed_or_erased"),
    ("a nonce of 23 bytes", Contact, {"crypto_nonce": b"x" * 23}, "sealed_or_erased"),
    ("a nonce of 25 bytes", Contact, {"crypto_nonce": b"x" * 25}, "sealed_or_erased"),
    ("an erased copy that still has its payload", Contact, {"erased": True, "seq": 1}, "sealed_or_erased"),
    ("an erased copy that was never released", Contact, TOMBSTONE | {"seq": None}, "sealed_or_erased"),
    ("an erased copy with a key reference", Contact, TOMBSTONE | {"public_key_id": 1}, "sealed_or_erased"),
    ("a short contact_ref", Contact, {"contact_ref": b"x" * 15}, "contact_ref_length"),
    ("a copy for an unknown part", Contact, {"role": "reader"}, "ck_contacts_role"),
    ("a copy sealed by somebody else", Contact, {"sealed_by": "operator"}, "ck_contacts_sealed_by"),
    ("a public key of 31 bytes", PublicKey, {"public": b"x" * 31}, "public_length"),
    ("a public key of 33 bytes", PublicKey, {"public": b"x" * 33}, "public_length"),
    ("a sign key of 31 bytes", PublicKey, {"sign_public": b"x" * 31}, "sign_public_length"),
    ("a certificate of 202 bytes", PublicKey, {"certificate": b"x" * 202}, "certificate_length"),
    ("a key of an unknown kind", PublicKey, {"kind": "secret"}, "ck_public_keys_kind"),
    ("a key in an unknown state", PublicKey, {"status": "lost"}, "ck_public_keys_status"),
    ("six days to confirm", Campaign, {"confirm_days": 6}, "confirm_days"),
    ("31 days to confirm", Campaign, {"confirm_days": 31}, "confirm_days"),
    ("a negative counter", Campaign, {"supporter_count": -1}, "supporter_count"),
    ("a campaign in an unknown state", Campaign, {"status": "open"}, "ck_campaigns_status"),
    ("a page in an unknown state", ActionPage, {"status": "open"}, "ck_action_pages_status"),
    ("a comment with an unknown policy", ActionPage, {"comment": "clear"}, "ck_action_pages_comment"),
    ("an address readable for a reminder of no known time", Transient, {"state": "waiting"}, "reminded_since"),
    ("a reminder under way of no known time", Transient, {"state": "reminding"}, "reminded_since"),
    ("a reminder without link_seal", Transient, REMINDING | {"link_seal": None}, "link_seal"),
    ("a sealed address without its key's name", Transient, {"wait_key": None}, "wait_seal_has_key"),
    ("a key's name without a sealed address", Transient, {"wait_seal": None}, "wait_seal_has_key"),
    ("a mail to send without link_seal", Transient, {"link_seal": None}, "link_seal"),
    ("a mail being sent without link_seal", Transient, {"state": "sending", "link_seal": None}, "link_seal"),
    ("a transient in an unknown state", Transient, {"state": "done"}, "ck_transients_state"),
    ("an accepted action without its time", Action, {"status": "accepted"}, "accepted_at"),
    ("a withdrawn action without its time", Action, {"status": "withdrawn"}, "accepted_at"),
    ("a pending action with a time of acceptance", Action, {"accepted_at": NOW}, "accepted_at"),
    ("an action in an unknown state", Action, {"status": "new", "accepted_at": NOW}, "ck_actions_status"),
    ("a short action ref", Action, {"ref": b"x" * 15}, "ref_length"),
    ("a short fingerprint", Supporter, {"fingerprint": b"x" * 31}, "fingerprint_length"),
]


@pytest.mark.parametrize(("table", "changes", "constraint"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_the_schema_refuses(ground: Ground, table: Table, changes: Values, constraint: str) -> None:
    before = ground.count(table)
    with refusing(constraint):
        ground.put(table, **changes)
    assert ground.count(table) == before


@pytest.mark.parametrize("days", [7, 30])
def test_a_campaign_may_give_7_to_30_days_to_confirm(ground: Ground, days: int) -> None:
    assert ground.put(Campaign, confirm_days=days)


@pytest.mark.parametrize("state", ["thanks_to_send", "thanks_sending", "to_accept"])
def test_an_accepted_address_waits_without_a_link(ground: Ground, state: str) -> None:
    assert ground.put(Transient, state=state, link_seal=None) == ground.action


def test_a_withdrawn_copy_stays_as_a_tombstone_without_content(ground: Ground) -> None:
    ground.put(Contact, **TOMBSTONE)
    ((payload, key),) = ground.world.query("SELECT payload, public_key_id FROM contacts")
    assert (payload, key) == (None, None)


def test_a_sender_uses_a_nonce_once(ground: Ground) -> None:
    nonce = secrets.token_bytes(24)
    ground.put(Contact, crypto_nonce=nonce)
    another = ground.put(Action)
    with refusing("sign_key_id"):
        ground.put(Contact, crypto_nonce=nonce, action_id=another)
    other_sender = ground.put(PublicKey, kind="sender", org_id=ground.home)
    assert ground.put(Contact, crypto_nonce=nonce, action_id=another, sign_key_id=other_sender)


def test_an_org_has_one_copy_of_an_action_in_each_role(ground: Ground) -> None:
    ground.put(Contact)
    ground.put(Contact, role="recovery")
    with refusing("action_id"):
        ground.put(Contact)


def test_a_place_in_an_export_is_given_once(ground: Ground) -> None:
    ground.put(Contact, seq=7)
    with refusing(r"seq|released"):
        ground.put(Contact, seq=7, action_id=ground.put(Action))


def test_an_org_has_one_active_key_in_each_role(ground: Ground) -> None:
    with refusing(r"org_id|one_active"):
        ground.put(PublicKey, status="active")
    ground.put(PublicKey, status="active", role="recovery")
    with refusing(r"org_id|one_active"):
        ground.put(PublicKey, status="active", role="recovery")
    for status in ("pending", "retired", "revoked"):
        ground.put(PublicKey, status=status)


def test_the_home_org_may_have_many_senders_at_once(ground: Ground) -> None:
    for _ in range(2):
        ground.put(PublicKey, kind="sender", status="active", org_id=ground.home)


def test_there_is_one_home_org(ground: Ground) -> None:
    with refusing(r"is_home|one_home"):
        ground.put(Org, is_home=True)


def test_a_page_has_one_current_wording(ground: Ground) -> None:
    with refusing(r"action_page_id|current"):
        ground.put(ConsentText, valid_until=None)


@pytest.mark.parametrize("name", ["confirm_id", "withdraw_id"])
def test_a_link_leads_to_one_action(ground: Ground, name: str) -> None:
    ground.put(Action, **{name: b"x" * 32})
    with refusing(name):
        ground.put(Action, **{name: b"x" * 32})


def test_a_person_signs_a_campaign_once_until_forgotten(ground: Ground) -> None:
    ground.put(Supporter, fingerprint=b"x" * 32)
    with refusing("fingerprint"):
        ground.put(Supporter, fingerprint=b"x" * 32)
    for _ in range(2):
        ground.put(Supporter, fingerprint=None)


@pytest.mark.parametrize("key", ["recipient_key", "sign_key"])
def test_a_key_that_a_contact_refers_to_cannot_be_deleted(ground: Ground, key: str) -> None:
    ground.put(Contact)
    with refusing("(?i)foreign key"):
        ground.remove(PublicKey, getattr(ground, key))


@pytest.mark.parametrize(("table", "row"), [(Org, "org"), (Campaign, "campaign"), (ActionPage, "page")])
def test_what_others_refer_to_cannot_be_deleted(ground: Ground, table: Table, row: str) -> None:
    with refusing("(?i)foreign key"):
        ground.remove(table, getattr(ground, row))


@pytest.mark.parametrize("change", [{"public_key_id": 10**6}, {"sign_key_id": 10**6}, {"org_id": 10**6}])
def test_a_contact_refers_to_rows_that_exist(ground: Ground, change: Values) -> None:
    with refusing("(?i)foreign key"):
        ground.put(Contact, **change)


def test_an_action_takes_its_copies_and_its_clear_data_along(ground: Ground) -> None:
    ground.put(Contact)
    ground.put(Transient)
    ground.remove(Action, ground.action)
    assert ground.count(Contact) == ground.count(Transient) == 0


@pytest.mark.parametrize("table", [table for table in GOOD if table is not Transient])
def test_an_id_is_never_given_again(ground: Ground, table: Table) -> None:
    first = ground.put(table)
    ground.remove(table, first)
    assert ground.put(table) > first


def test_a_time_comes_back_as_the_same_moment_in_utc(ground: Ground) -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    row = ground.put(User, created_at=elsewhere)
    with ground.world.app.app_context(), reading() as session:
        came_back = session.get_one(User, row).created_at
    assert came_back == NOW
    assert came_back.utcoffset() == timedelta(0)


def test_a_statement_takes_and_gives_the_same_times(ground: Ground) -> None:
    with ground.world.app.app_context(), writing() as session:
        heartbeats.beat(session, "x", NOW.astimezone(timezone(timedelta(hours=-8))))
        assert heartbeats.last_beat(session, "x") == NOW


def test_a_naive_time_is_refused_before_it_reaches_the_database(ground: Ground) -> None:
    with pytest.raises(StatementError, match="a naive time"):
        ground.put(User, created_at=NOW.replace(tzinfo=None))
    with ground.world.app.app_context(), pytest.raises(StatementError, match="a naive time"), writing() as session:
        heartbeats.beat(session, "x", NOW.replace(tzinfo=None))
    assert ground.count(Heartbeat) == 0
