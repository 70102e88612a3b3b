"""A new key without the old one's signature: it ends by itself, bears crashes and races, and is shown for 90 days."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from proca_web.adapters.database import reading
from proca_web.extensions import encryption
from proca_web.services.keys import activating
from proca_web.services.keys import directory as key_directory
from proca_web.web import page_cache
from tests.factories import FakeClock, World
from tests.key_desk import keys, second_owner
from tests.key_holder import Holder, Owner

WAITS = {"hours": 72}
PEOPLE = {"admin@org-one.example.org", "second@org-one.example.org", "operator@example.org"}


@pytest.fixture
def other(world: World, owner: Owner, clock: FakeClock) -> Owner:
    """A second owner of org-one, who was there before any change."""
    made = second_owner(world)
    clock.forward(minutes=1)
    return made


@pytest.fixture
def new() -> Holder:
    """Who holds the key that is to replace org-one's."""
    return Holder("org-one")


@pytest.fixture
def waiting(owner: Owner, other: Owner, new: Holder) -> int:
    """The number of a key that waits for the second person and for 72 hours."""
    done = owner.bring(new)
    assert done["state"] == "waiting"
    return int(done["id"])


def events(world: World) -> list[str]:
    """What the key log says, in order, about org-one after its first key."""
    entries = [json.loads(text) for (text,) in world.query("SELECT entry FROM key_log ORDER BY position")]
    return [entry["event"] for entry in entries if entry.get("org") == "org-one"][1:]


def changes(world: World) -> list[str]:
    return [status for (status,) in world.query("SELECT status FROM key_changes ORDER BY id")]


def told(world: World, words: str) -> list[str]:
    """Who got a mail with these words in its subject."""
    return sorted(mail["to"] for mail in world.mails() if words in mail["subject"])


def everything(world: World) -> list[Any]:
    """All that the life of keys is written down in."""
    tables = ("public_keys", "key_changes", "key_log", "outbox", "audit_entries")
    rows = [(table, world.query(f"SELECT * FROM {table}")) for table in tables]
    return [(table, sorted(tuple(map(str, row)) for row in found)) for table, found in rows]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(act) for act in acts]]


def test_a_change_that_nobody_approves_ends_after_14_days_and_everybody_hears_of_it(
    world: World, waiting: int, new: Holder, clock: FakeClock
) -> None:
    clock.forward(days=13, hours=23)
    world.run("keys", "mail")
    assert changes(world) == ["open"]
    assert told(world, "was cancelled") == []
    clock.forward(hours=2)
    world.run("keys", "mail")
    assert (changes(world), keys(world)) == (["cancelled"], [("recipient", "active")])
    assert events(world) == ["discontinuity", "cancel"]
    assert set(told(world, "was cancelled")) == PEOPLE
    assert all(new.fingerprint in mail["text"] for mail in world.mails() if "was cancelled" in mail["subject"])


def test_who_cancels_tells_everybody_once(world: World, other: Owner, waiting: int) -> None:
    assert other.post(f"/{waiting}/cancel").json == {"state": "gone"}
    world.run("mail", "sweep")
    assert sorted(PEOPLE) == told(world, "was cancelled")
    assert sorted(PEOPLE) == told(world, "without its signature")


@pytest.mark.parametrize("days_of_waiting", [0, 4])
def test_yes_and_no_at_the_same_time_end_in_one_of_the_two(
    world: World, owner: Owner, other: Owner, waiting: int, clock: FakeClock, days_of_waiting: int
) -> None:
    clock.forward(days=days_of_waiting)
    yes, no = at_once(lambda: other.post(f"/{waiting}/approve"), lambda: owner.post(f"/{waiting}/cancel"))
    assert yes.status_code in (200, 404)
    world.run("keys", "mail")
    if days_of_waiting and yes.status_code == 200:
        assert (yes.json, no.status_code) == ({"state": "active"}, 409)
        assert (changes(world), events(world)) == (["done"], ["discontinuity", "retire", "activate"])
        assert keys(world) == [("recipient", "retired"), ("recipient", "active")]
    else:
        assert no.json == {"state": "gone"}
        assert (changes(world), events(world)) == (["cancelled"], ["discontinuity", "cancel"])
        assert keys(world) == [("recipient", "active")]


def test_two_owners_who_open_a_change_at_the_same_time_make_one(world: World, owner: Owner, other: Owner) -> None:
    ready = []
    for who in (owner, other):
        holder = Holder("org-one")
        number = who.register(holder)
        assert who.prove(number, holder).status_code == 200
        ready.append((who, number))
    answers = at_once(*(lambda who=who, number=number: who.post(f"/{number}/activate") for who, number in ready))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert (changes(world), events(world)) == (["open"], ["discontinuity"])


@pytest.mark.parametrize(
    "death",
    [
        "DELETE FROM public_keys WHERE status = 'pending'",
        "UPDATE public_keys SET status = 'revoked' WHERE status = 'pending'",
    ],
)
def test_an_approved_change_whose_key_is_gone_ends_without_effect(
    world: World, other: Owner, waiting: int, clock: FakeClock, death: str
) -> None:
    assert other.post(f"/{waiting}/approve").json["state"] == "waiting"
    world.execute(death)
    clock.forward(**WAITS)
    world.run("keys", "mail")
    assert changes(world) == ["cancelled"]
    assert keys(world)[0] == ("recipient", "active")
    assert events(world) == ["discontinuity"]


def test_a_change_that_is_due_is_made_once_however_often_the_sweep_runs(
    world: World, other: Owner, waiting: int, clock: FakeClock
) -> None:
    other.post(f"/{waiting}/approve")
    clock.forward(**WAITS)
    at_once(lambda: world.run("keys", "mail"), lambda: world.run("keys", "mail"))
    assert (changes(world), events(world)) == (["done"], ["discontinuity", "retire", "activate"])
    world.run("keys", "mail")  # mails that the other sweep had under way
    before = everything(world)
    world.run("keys", "mail")
    clock.forward(days=20)
    assert other.post(f"/{waiting}/approve").status_code == 409
    world.run("keys", "mail")
    assert everything(world) == before
    assert told(world, "is active").count("second@org-one.example.org") == 1


def test_the_second_yes_is_written_down_once(world: World, other: Owner, waiting: int) -> None:
    first, again = (other.post(f"/{waiting}/approve") for _ in range(2))
    assert first.json == again.json
    assert world.query("SELECT count(*) FROM audit_entries WHERE event = 'key-approve'") == [(1,)]


@pytest.mark.parametrize("place", ["make_active", "endorse", "_drop_other_changes"])
def test_a_crash_in_the_middle_leaves_the_old_key_and_the_next_sweep_goes_on(
    world: World, other: Owner, waiting: int, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    other.post(f"/{waiting}/approve")
    clock.forward(**WAITS)
    real = getattr(activating, place)

    def crash(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        raise OSError("the power is gone")

    world.run("mail")
    before = everything(world)
    with monkeypatch.context() as patch:
        patch.setattr(activating, place, crash)
        world.run("sweep")
    assert everything(world) == before
    world.run("sweep")
    assert (changes(world), keys(world)) == (["done"], [("recipient", "retired"), ("recipient", "active")])


def test_what_came_without_the_old_keys_word_is_said_for_90_days(
    world: World, owner: Owner, other: Owner, waiting: int, clock: FakeClock
) -> None:
    def broken() -> dict[str, bool]:
        with world.app.app_context(), reading() as session:
            published = key_directory.published(session, encryption.vouching, clock())
        return {key.org: key.broken for key in published if key.role == "recipient"}

    def page() -> str:
        page_cache.forget(world.app)
        return world.app.test_client().get("/keys").text

    other.post(f"/{waiting}/approve")
    clock.forward(**WAITS)
    assert broken() == {"org-one": False, "org-two": False}
    assert owner.post(f"/{waiting}/activate").json == {"state": "active"}
    assert broken() == {"org-one": True, "org-two": False}
    assert "without the old key’s signature" in page()
    clock.forward(days=89, hours=23)
    assert broken()["org-one"]
    clock.forward(hours=2)
    assert broken() == {"org-one": False, "org-two": False}
    assert "without the old key’s signature" not in page()


def test_a_key_that_the_old_one_signed_for_is_never_called_broken(
    world: World, owner: Owner, new: Holder, clock: FakeClock
) -> None:
    old = Holder("org-one", world.secrets["org-one"])
    assert owner.bring(new, rotation=old.successor(new, int(clock().timestamp())))["state"] == "active"
    with world.app.app_context(), reading() as session:
        published = key_directory.published(session, encryption.vouching, clock())
    assert [key.broken for key in published if key.public == new.public] == [False]
