"""The key log as it is written, kept and published: no change of it passes, whoever makes it and however well."""

import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from proca_web.adapters import key_guard
from proca_web.adapters.database import reading, writing
from proca_web.domain.errors import KeyLogBroken
from proca_web.extensions import db, encryption
from proca_web.models import KeyLogEntry
from proca_web.services.instance import invariants
from proca_web.services.keys import log as key_log
from proca_web.services.sealing.guard import Guard
from proca_web.web import page_cache
from tests.databases import ON_SQLITE
from tests.factories import World
from tests.key_holder import Holder, Owner, b64, fingerprint, label, unb64

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
Row = tuple[int, str, bytes, bytes]
Signer = Callable[[bytes], bytes]


@pytest.fixture
def kept(world: World) -> World:
    """A world whose log of three entries is in the guard's memory."""
    world.run("keys", "mail")
    assert [entry["event"] for entry in entries(world)] == ["home", "activate", "activate"]
    assert len(guard_of(world).memory().lines) == 3
    return world


def guard_of(world: World) -> Guard:
    return key_guard.guard_of(world.app)


def identity_of(world: World) -> bytes:
    return key_guard.home_of(world.app).identity


def rows(world: World) -> list[Row]:
    found = world.query("SELECT position, entry, hash, signature FROM key_log ORDER BY position")
    return [(row[0], row[1], bytes(row[2]), bytes(row[3])) for row in found]


def entries(world: World) -> list[dict[str, Any]]:
    return [json.loads(text) for _, text, _, _ in rows(world)]


def put(world: World, log: list[Row]) -> None:
    """Write another log into the table, as whoever can write to the database would."""
    world.execute("DELETE FROM key_log")
    with world.app.app_context(), writing() as session:
        for position, entry, hash_, signature in log:
            session.add(
                KeyLogEntry(position=position, entry=entry, hash=hash_, signature=signature, at=datetime.now(UTC))
            )


def fault(world: World) -> str:
    """Why the log is not believed."""
    with world.app.app_context(), reading() as session, pytest.raises(KeyLogBroken) as broken:
        key_log.checked(session, identity_of(world), guard_of(world))
    return str(broken.value)


def sound(world: World) -> int:
    """The size of a log that is believed."""
    with world.app.app_context(), reading() as session:
        return key_log.checked(session, identity_of(world), guard_of(world))[1].size


def fetch(world: World, path: str) -> Any:
    page_cache.forget(world.app)
    return world.app.test_client().get(path)


def faults(world: World) -> list[str]:
    """What `check` says."""
    with world.app.app_context(), reading() as session:
        found = invariants.faults(session, identity_of(world), world.app.extensions["proca_keyring"], NOW)
    return [fault for fault in found if "worker" not in fault]


def entry_hash(previous: bytes, text: str) -> bytes:
    return hashlib.sha512(label("keylog") + previous + text.encode()).digest()[:32]


def rehashed(log: list[Row], start: int, change: Callable[[dict[str, Any]], None], sign: Signer) -> list[Row]:
    """The log with entry `start` changed and every link after it made to fit again."""
    made, last = log[:start], log[start - 1][2] if start else bytes(32)
    for position, old, _, _ in log[start:]:
        content = json.loads(old)
        if position == start:
            change(content)
        content["prev"] = b64(last)
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        last = entry_hash(last, text)
        made.append((position, text, last, sign(label("keylog-entry") + position.to_bytes(8, "big") + last)))
    return made


# Changed behind the server's back


def _set(**members: str) -> Callable[[dict[str, Any]], None]:
    return lambda content: content.update(members)


STRANGER = SigningKey(b"s" * 32)
ANOTHER_KEY = _set(public=b64(b"a" * 32), fingerprint=fingerprint(b"a" * 32))
OTHER_HOME = _set(identity=b64(bytes(STRANGER.verify_key)), box=b64(b"b" * 32))


def _strangers(message: bytes) -> bytes:
    return STRANGER.sign(message).signature


def _respelled(log: list[Row], place: int) -> list[Row]:
    return [(row[0], row[1].replace(",", ", ", 1), *row[2:]) if row[0] == place else row for row in log]


CHANGES: dict[str, tuple[Callable[[list[Row]], list[Row]], str]] = {
    "an entry changed": (
        lambda log: _respelled(log, 1),
        "the key log was changed: entry 2 does not follow from the one before it",
    ),
    "the last entry changed": (
        lambda log: _respelled(log, 2),
        "entry 2 of the key log was not written by the Home identity",
    ),
    "an entry that is no JSON": (
        lambda log: [log[0], (1, "{", *log[1][2:]), log[2]],
        "the key log was changed: entry 1 is not JSON",
    ),
    "one removed in the middle": (
        lambda log: [log[0], log[2]],
        "the key log was changed: entry 1 says that it has another place",
    ),
    "two exchanged": (
        lambda log: [log[0], (1, *log[2][1:]), (2, *log[1][1:])],
        "the key log was changed: entry 1 says that it has another place",
    ),
    "cut at the end": (
        lambda log: log[:2],
        "the key log has 2 entries, the keyring remembers 3: the database is old or was cut",
    ),
    "emptied": (
        lambda log: [],
        "the key log does not lead to the Home key of this process; after a rotation, restart it",
    ),
    "re-hashed with the old signatures": (
        lambda log: rehashed(log, 2, ANOTHER_KEY, lambda _: log[2][3]),
        "entry 2 of the key log was not written by the Home identity",
    ),
    "re-hashed and signed by a stranger": (
        lambda log: rehashed(log, 1, ANOTHER_KEY, _strangers),
        "entry 1 of the key log was not written by the Home identity",
    ),
    "re-hashed in the text, the stored hash left": (
        lambda log: [*log[:2], (*rehashed(log, 2, ANOTHER_KEY, _strangers)[2][:2], *log[2][2:])],
        "entry 2 of the key log was not written by the Home identity",
    ),
    "a signature of another entry": (
        lambda log: [*log[:2], (*log[2][:3], log[1][3])],
        "entry 2 of the key log was not written by the Home identity",
    ),
    "the stored hash alone changed": (
        lambda log: [*log[:2], (*log[2][:2], b"h" * 32, log[2][3])],
        "entry 2 of the key log was not written by the Home identity",
    ),
    "another Home Org from the beginning": (
        lambda log: rehashed(log, 0, OTHER_HOME, _strangers),
        "the key log does not lead to the Home key of this process; after a rotation, restart it",
    ),
    "one more by a stranger": (
        lambda log: rehashed([*log, (3, json.dumps({**json.loads(log[2][1]), "index": 3}), b"", b"")], 3, ANOTHER_KEY,
                             _strangers),
        "entry 3 of the key log was not written by the Home identity",
    ),
}  # fmt: skip


@ON_SQLITE
@pytest.mark.parametrize(("change", "sentence"), list(CHANGES.values()), ids=list(CHANGES))
def test_a_changed_log_is_not_signed_and_what_is_wrong_is_said(
    kept: World, change: Callable[[list[Row]], list[Row]], sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    before = rows(kept)
    put(kept, change(before))
    assert fault(kept) == sentence
    assert faults(kept) == [sentence]
    for path in ("/keys", "/keys.json", "/keys/log.json"):
        answer = fetch(kept, path)
        assert answer.status_code == 503
        assert "signature" not in answer.text
    assert f"key log: {sentence}" in [record.message for record in caplog.records if record.levelname == "CRITICAL"]
    put(kept, before)
    assert fetch(kept, "/keys.json").json["head"]["size"] == sound(kept) == 3
    assert faults(kept) == []


def test_an_older_copy_of_the_database_is_noticed(kept: World) -> None:
    keys, log = kept.query("SELECT id, status, ended_at FROM public_keys ORDER BY id"), rows(kept)
    kept.rotate("org-one")
    kept.run("keys", "mail")
    kept.execute("DELETE FROM public_keys WHERE id > :last", last=keys[-1][0])
    for id_, status, ended_at in keys:
        kept.execute("UPDATE public_keys SET status = :s, ended_at = :e WHERE id = :id", s=status, e=ended_at, id=id_)
    put(kept, log)
    assert fault(kept) == "the key log has 3 entries, the keyring remembers 5: the database is old or was cut"
    assert fetch(kept, "/keys.json").status_code == 503


def test_an_older_copy_that_has_grown_again_is_noticed(kept: World) -> None:
    log = rows(kept)
    kept.rotate("org-one")
    kept.run("keys", "mail")
    put(kept, log)
    with kept.app.app_context(), writing() as session:
        for event in ("retire", "activate"):
            key_log.append(session, encryption.source.home, event, NOW, org="org-one")
    assert fault(kept) == "entry 3 of the key log is not the one the keyring remembers"


def test_a_keyring_that_remembers_another_event_is_noticed(kept: World) -> None:
    file = kept.app.extensions["proca_keyring"].directory / "guard" / "key-log"
    kept.rotate("org-one")
    kept.run("keys", "mail")
    file.write_text(file.read_text().replace("retire", "expire"))
    assert fault(kept) == "entry 3 of the key log is not the one the keyring remembers"


def test_a_damaged_guard_is_said_by_check_and_nothing_is_signed(kept: World) -> None:
    file = kept.app.extensions["proca_keyring"].directory / "guard" / "key-log"
    file.write_text("damaged\n")
    assert faults(kept) == ["line 1 of the guard's key-log is damaged; restore the keyring"]
    assert fetch(kept, "/keys.json").status_code == 503


# The guard follows


def test_entries_whose_process_died_before_the_guard_had_them_are_caught_up(kept: World) -> None:
    old = Holder("org-one", kept.secrets["org-one"])
    kept.rotate("org-one")  # committed, and nothing after it
    assert len(guard_of(kept).memory().lines) == 3
    assert fetch(kept, "/keys.json").json["head"]["size"] == 5
    kept.run("keys", "mail")
    memory = guard_of(kept).memory()
    assert [(line.position, line.hash) for line in memory.lines] == [(row[0], row[2]) for row in rows(kept)]
    assert memory.ended == {old.fingerprint}


def test_every_act_in_the_console_is_remembered_at_once(kept: World) -> None:
    owner, holder = Owner(kept.signed_in("admin@org-one.example.org"), "org-one"), Holder("org-one")
    kept.rotate("org-two")  # missed, and caught up with
    owner.bring(holder, "recovery")
    assert len(guard_of(kept).memory().lines) == 6
    (number,) = kept.query("SELECT id FROM public_keys WHERE role = 'recovery'")[0]
    assert owner.post(f"/{number}/revoke", {"really": "yes"}).status_code == 200
    assert holder.fingerprint in guard_of(kept).memory().ended


def test_the_guard_says_how_many_entries_were_new_to_it(world: World) -> None:
    with world.app.app_context(), reading() as session:
        found = [key_log.mirror(session, identity_of(world), guard_of(world)) for _ in range(2)]
    assert found == [3, 0]


def test_nothing_of_a_changed_log_is_remembered(kept: World) -> None:
    before = guard_of(kept).memory()
    more = (3, json.dumps({**json.loads(rows(kept)[2][1]), "index": 3}), b"", b"")
    put(kept, rehashed([*rows(kept), more], 3, ANOTHER_KEY, _strangers))
    kept.run("keys", "mail")
    assert guard_of(kept).memory() == before


def test_an_act_between_two_looks_is_no_alarm(kept: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real, acts = guard_of(kept).memory, ["org-one", "org-two"]

    def memory() -> Any:
        if acts:  # somebody else's act is committed and remembered just before the guard is read
            _elsewhere(kept, acts.pop())
        return real()

    monkeypatch.setattr(guard_of(kept), "memory", memory)
    with kept.app.app_context():
        assert key_guard.fault(kept.app) == ""
    assert acts == []


def test_an_act_while_a_page_is_read_is_no_alarm(kept: World) -> None:
    with kept.app.app_context(), reading() as session:
        session.execute(db.select(KeyLogEntry)).all()  # from here on SQLite shows this request no newer state
        _elsewhere(kept, "org-one")
        assert key_guard.published(kept.app, NOW).head.size == 5


def _elsewhere(world: World, org: str) -> None:
    """A rotation in another thread, which the guard knows of at once; twice in one thread would wait for itself."""

    def act() -> None:
        world.rotate(org)
        with world.app.app_context(), reading() as session:
            key_log.mirror(session, identity_of(world), Guard(guard_of(world)._path.parent))

    with ThreadPoolExecutor(1) as pool:
        pool.submit(act).result()


# Published


def test_the_head_is_signed_over_exactly_the_published_entries(kept: World) -> None:
    kept.rotate("org-one")
    directory, log = fetch(kept, "/keys.json").json, fetch(kept, "/keys/log.json").json
    identity = VerifyKey(unb64(directory["home"]["identity"]))
    last = bytes(32)
    for place, text in enumerate(log["entries"]):
        content = json.loads(text)
        assert (content["index"], content["prev"]) == (place, b64(last))
        last = entry_hash(last, text)
        signature = rows(kept)[place][3]
        identity.verify(label("keylog-entry") + place.to_bytes(8, "big") + last, signature)
    for head in (directory["head"], log["head"]):
        assert (head["size"], head["hash"]) == (len(log["entries"]), b64(last)) == (5, b64(last))
        message = head["size"].to_bytes(8, "big") + last + head["time"].to_bytes(8, "big")
        identity.verify(label("keylog-head") + message, unb64(head["signature"]))
        with pytest.raises(BadSignatureError):
            identity.verify(label("keylog-entry") + message, unb64(head["signature"]))


def test_every_published_key_is_endorsed_from_its_place_in_the_log_on(kept: World) -> None:
    kept.rotate("org-one")
    directory = fetch(kept, "/keys.json").json
    identity = VerifyKey(unb64(directory["home"]["identity"]))
    identity.verify(label("keys-json") + directory["signed"].encode(), unb64(directory["signature"]))
    assert json.loads(directory["signed"])["keys"] == directory["keys"]
    assert {key["org"] for key in directory["keys"]} == {"org-one", "org-two"}
    for key in directory["keys"]:
        org, role = key["org"].encode(), key["role"].encode()
        message = len(org).to_bytes(4, "big") + org + len(role).to_bytes(4, "big") + role + unb64(key["public"])
        message += key["log_index"].to_bytes(8, "big")
        identity.verify(label("org-key") + message, unb64(key["endorsement"]))
        entry = entries(kept)[key["log_index"]]
        assert {name: entry[name] for name in ("event", "org", "role", "public", "endorsement")} == {
            "event": "activate",
            **{name: key[name] for name in ("org", "role", "public", "endorsement")},
        }


# Written


def test_two_writers_at_once_leave_no_gap_and_break_no_link(kept: World) -> None:
    start = threading.Barrier(4)

    def write(_: int) -> None:
        start.wait()
        for _ in range(5):
            with kept.app.app_context(), writing() as session:
                key_log.lock(session)
                key_log.append(session, encryption.source.home, "expire", NOW, org="org-one")
                key_log.append(session, encryption.source.home, "expire", NOW, org="org-two")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert [row[0] for row in rows(kept)] == list(range(43))
    assert sound(kept) == 43
    assert [entry["org"] for entry in entries(kept)[3:]] == ["org-one", "org-two"] * 20


def test_an_act_that_is_rolled_back_leaves_no_entry(kept: World) -> None:
    with kept.app.app_context(), reading() as session:  # its end is a rollback
        assert key_log.append(session, encryption.source.home, "expire", NOW, org="org-one") == 3
    assert sound(kept) == 3


def test_an_entry_says_when_in_utc_and_in_whole_seconds(kept: World) -> None:
    with kept.app.app_context(), writing() as session:
        key_log.append(session, encryption.source.home, "expire", NOW.replace(microsecond=999_999))
    assert entries(kept)[-1]["at"] == "2026-03-01T12:00:00Z"
