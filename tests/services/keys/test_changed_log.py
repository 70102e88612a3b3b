"""A key log that was changed behind the server's back: no key is endorsed on top of it, and the operator is told."""

from datetime import UTC, datetime

import pytest

from tests.factories import FakeClock, World
from tests.key_holder import Holder, Owner

CHANGED = "UPDATE key_log SET entry = replace(entry, 'org-two', 'org-2wo') WHERE entry LIKE '%org-two%'"


@pytest.fixture
def owner(world: World) -> Owner:
    """The owner of org-one, signed in, while all is well."""
    world.run("keys", "mail")
    return Owner(world.signed_in("admin@org-one.example.org"), "org-one")


def test_no_key_becomes_active_on_top_of_it(world: World, owner: Owner) -> None:
    old, new = Holder("org-one", world.secrets["org-one"]), Holder("org-one")
    number = owner.register(new, rotation=old.successor(new, int(datetime.now(UTC).timestamp())))
    owner.prove(number, new)
    world.execute(CHANGED)
    before = world.query("SELECT id, status, endorsement FROM public_keys ORDER BY id")
    assert owner.post(f"/{number}/activate").status_code == 503
    assert owner.post(f"/{number}/approve").status_code == 503
    assert world.query("SELECT id, status, endorsement FROM public_keys ORDER BY id") == before


def test_a_stolen_key_is_revoked_all_the_same(world: World, owner: Owner) -> None:
    world.execute(CHANGED)
    (number,) = world.query("SELECT k.id FROM public_keys k JOIN orgs o ON o.id = k.org_id WHERE o.name = 'org-one'")
    assert owner.post(f"/{number[0]}/revoke", {"really": "yes"}).json == {"state": "revoked"}


def test_an_approved_change_waits_until_it_is_mended(world: World, owner: Owner, clock: FakeClock) -> None:
    clock.forward(minutes=1)
    waiting = owner.bring(Holder("org-one"))
    world.execute("UPDATE key_changes SET approved_at = opened_at, approved_by = 3")
    clock.forward(hours=73)
    world.execute(CHANGED)
    world.run("sweep")
    assert world.query("SELECT status FROM key_changes") == [("open",)]
    world.execute("UPDATE key_log SET entry = replace(entry, 'org-2wo', 'org-two')")
    world.run("sweep")
    assert world.query("SELECT status FROM public_keys WHERE id = :id", id=waiting["id"]) == [("active",)]


def test_the_operator_is_told_once_a_day_what_is_wrong(
    world: World, owner: Owner, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    world.execute(CHANGED)
    for _ in range(2):
        world.run("keys", "mail")
    told = [mail for mail in world.mails() if mail["subject"] == "The key log was changed"]
    assert [mail["to"] for mail in told] == ["operator@example.org"]
    assert "entry" in told[0]["text"]
    assert [record.levelname for record in caplog.records if record.message.startswith("key log: ")]
    clock.forward(hours=24)
    world.run("keys", "mail")
    assert len([mail for mail in world.mails() if mail["subject"] == "The key log was changed"]) == 2


def test_it_is_an_alarm_until_the_log_is_mended(world: World, owner: Owner, clock: FakeClock) -> None:
    world.execute(CHANGED)
    world.run("keys", "mail")
    assert "key-log" in world.app.test_client().get("/health").json["alarms"]
    world.execute("UPDATE key_log SET entry = replace(entry, 'org-2wo', 'org-two')")
    clock.forward(minutes=11)
    world.run("keys", "mail")
    assert "key-log" not in world.app.test_client().get("/health").json["alarms"]
