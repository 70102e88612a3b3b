"""The life of worker keys: made in time, chosen, superseded, overwritten; and what a crash between two steps leaves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from proca_web.adapters.database import reading, writing
from proca_web.adapters.keyring import waiting_of
from proca_web.crypto.boxes import worker_key
from proca_web.crypto.boxes.transient_seal import Waiting, key_ids
from proca_web.crypto.boxes.worker_key import LIFE, WorkerKey
from proca_web.domain.errors import KeyringAway, NoWorkerKey
from proca_web.domain.words import Alarm
from proca_web.extensions import encryption
from proca_web.jobs import worker_keys as job
from proca_web.services.instance import alarms, invariants
from proca_web.services.sealing import worker_keys
from proca_web.services.sealing.keyring import Keyring
from tests import worker
from tests.crypto.making import new_home
from tests.factories import FakeClock, World
from tests.services.conftest import confirm_path, waiting_token

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOME = new_home()


def key(id_: int, host: str, minutes: float, home: object = HOME) -> WorkerKey:
    """A key made that many minutes ago."""
    begin = NOW - timedelta(minutes=minutes)
    public = bytes([id_]) * 32
    return WorkerKey(id_, host * 16, public, begin, begin + LIFE, worker_key.issue(home, host * 16, public, begin))


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        ([], []),
        ([key(2, "a", 10), key(1, "a", 70)], [2]),
        ([key(2, "a", 70), key(1, "b", 10)], [1, 2]),
        ([key(4, "a", 1), key(3, "b", 2), key(2, "c", 3), key(1, "d", 4)], [4, 3, 2]),
        ([key(2, "a", 119), key(1, "b", 121)], [2]),
        ([key(2, "a", 200), key(1, "b", 130)], [1]),
        ([key(1, "a", 359)], [1]),
        ([key(1, "a", 361)], []),
        ([key(2, "a", -6), key(1, "a", 30)], [1]),
        ([key(2, "a", 10, new_home()), key(1, "a", 30)], [1]),
    ],
)
def test_the_newest_key_of_each_of_the_three_hosts_seen_last_is_sealed_to(
    keys: list[WorkerKey], chosen: list[int]
) -> None:
    assert [each.id for each in worker_keys.chosen(keys, HOME.identity, NOW)] == chosen


@pytest.fixture
def ring(world: World) -> Keyring:
    """The keyring of a worker host that has begun."""
    begin(world)
    made: Keyring = world.app.extensions["proca_keyring"]
    return made


def begin(world: World) -> str:
    with world.app.app_context():
        return job.begin(world.app)


def rows(world: World) -> list[int]:
    return [id_ for (id_,) in world.query("SELECT id FROM worker_keys ORDER BY id")]


def test_a_worker_has_a_key_when_it_has_begun_and_another_each_hour(
    world: World, ring: Keyring, clock: FakeClock
) -> None:
    assert rows(world) == [1]
    for minutes, there in ((59, [1]), (2, [1, 2]), (30, [1, 2]), (31, [2, 3])):
        clock.forward(minutes=minutes)
        world.run("sweep")
        assert rows(world) == there
    assert len(ring.worker.publics()) == 2
    assert begin(world) == ""
    assert rows(world) == [2, 3]


def test_a_key_from_ahead_of_now_is_superseded_at_once(world: World, ring: Keyring, clock: FakeClock) -> None:
    clock.forward(days=300)
    world.run("sweep")
    clock.forward(days=-300)
    world.run("sweep")
    assert rows(world) == [1, 2, 3]
    assert world.sign(world.app.test_client()).status_code == 303
    assert world.query("SELECT wait_key FROM transients") == [(3,)]


def test_without_any_key_nothing_is_stored_and_an_operator_hears_of_it(
    world: World, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    browser = worker.alone(world.app)
    answer = world.sign(browser)
    assert answer.status_code == 503
    assert "zofia@example.org" in world.sign(browser).text or answer.headers["Retry-After"]
    assert world.query("SELECT count(*) FROM actions") == [(0,)]
    browser.get("/p/trees")
    with world.app.app_context(), reading() as session:
        (alarm,) = alarms.standing(session, clock())
    assert alarm.kind is Alarm.WORKER
    assert "no worker has started" in alarm.sentence
    begin(world)
    assert world.sign(browser).status_code == 303


def test_a_link_stays_good_while_no_worker_has_a_key(
    signed: bytes, world: World, clock: FakeClock, state: Callable[[], str]
) -> None:
    clock.forward(hours=7)
    browser = worker.alone(world.app)
    assert browser.post(confirm_path(signed)).status_code == 503
    assert state() == "to_send"
    begin(world)
    assert browser.post(confirm_path(signed)).status_code == 303
    assert state() == "to_accept"


def test_check_says_when_no_key_is_young_enough(world: World, ring: Keyring, clock: FakeClock) -> None:
    assert faults(world, clock) == []
    clock.forward(hours=7)
    assert any("no worker host has a key" in fault for fault in faults(world, clock))


def faults(world: World, clock: FakeClock) -> list[str]:
    with world.app.app_context(), reading() as session:
        ring = world.app.extensions["proca_keyring"]
        found = invariants.faults(session, encryption.source.home.identity, ring, clock())
    return [fault for fault in found if "worker host" in fault]


def test_what_waits_is_sealed_to_each_host_and_opened_by_any(world: World, ring: Keyring, clock: FakeClock) -> None:
    other = other_host(world, clock())
    with world.app.app_context():
        sealed = waiting_of(world.app).seal(Waiting("zofia@example.org", "Zofia", b"t" * 32))
        assert (sealed.key, sorted(key_ids(sealed.seal))) == (1, [1, 2])
        for keyring in (ring, other):
            with reading() as session, worker_keys.opener(session, keyring) as opener:
                opened = opener.open(sealed.seal)
            assert opened is not None
            assert opened.email == "zofia@example.org"


def other_host(world: World, now: datetime) -> Keyring:
    """Another worker host, with a keyring of its own."""
    made = Keyring(world.app.extensions["proca_keyring"].directory.with_name("other"))
    made.prepare()
    host = made.become_worker()
    with world.app.app_context(), writing() as session:
        worker_keys.add(session, encryption.source.home, host, made.worker.make(), now)
    return made


def test_a_second_worker_host_refuses_to_begin_until_the_first_has_left_or_is_long_gone(
    world: World, clock: FakeClock
) -> None:
    other = other_host(world, clock())
    fault = begin(world)
    assert other.host in fault
    assert f"keys leave {other.host}" in fault
    assert len(rows(world)) == 1
    with world.app.app_context(), writing() as session:
        worker_keys.leave(session, other.host)
    assert begin(world) == ""
    other_host(world, clock() - timedelta(hours=6, minutes=1))
    assert begin(world) == ""


def test_machines_that_share_one_keyring_are_one_worker_host(world: World, ring: Keyring) -> None:
    assert begin(world) == ""
    with world.app.app_context(), reading() as session:
        (host,) = worker_keys.hosts(session)
    assert (host.name, host.keys) == (ring.host, 1)


def test_a_key_whose_file_is_gone_has_no_row_when_the_worker_has_begun(world: World, ring: Keyring) -> None:
    (public,) = ring.worker.publics()
    ring.worker.destroy(public)
    assert begin(world) == ""
    assert rows(world) == [2]


def test_a_worker_folder_that_is_away_is_no_loss_of_keys(world: World, ring: Keyring) -> None:
    away = ring.worker.directory.rename(ring.directory / "away")
    with pytest.raises(KeyringAway):
        begin(world)
    assert rows(world) == [1]
    away.rename(ring.worker.directory)


def test_a_file_whose_row_was_never_committed_goes_when_a_worker_begins(world: World, ring: Keyring) -> None:
    orphan = ring.worker.make()
    begin(world)
    assert orphan not in ring.worker.publics()
    assert len(ring.worker.publics()) == 1


def test_a_crash_between_file_and_row_leaves_a_file_and_the_next_try_a_key(
    world: World, ring: Keyring, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.forward(hours=1, minutes=1)
    with monkeypatch.context() as patch:
        patch.setattr(worker_keys, "add", lambda *_: 1 / 0)
        with world.app.app_context(), pytest.raises(ZeroDivisionError):
            job.renew(world.app)
    assert rows(world) == [1]
    with world.app.app_context():
        job.renew(world.app)
    assert rows(world) == [1, 2]


def test_a_crash_between_overwriting_a_key_and_its_row_is_made_up(
    world: World, ring: Keyring, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.forward(hours=3)
    world.run("sweep")
    clock.forward(minutes=11)
    with monkeypatch.context() as patch:
        patch.setattr(worker_keys, "remove", lambda *_: 1 / 0)
        with world.app.app_context(), pytest.raises(ZeroDivisionError):
            job.tidy(world.app, clock())
    assert rows(world) == [1, 2]
    assert len(ring.worker.publics()) == 1
    world.run("sweep")
    assert rows(world) == [2]


def test_a_key_that_something_names_is_not_overwritten(
    signed: bytes, world: World, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "_reseal", lambda *_: None)
    clock.forward(hours=3)
    for _ in range(3):
        with world.app.app_context():
            job.renew(world.app)
            job.tidy(world.app, clock())
        clock.forward(minutes=30)
    assert rows(world) == [1, 2, 3]
    assert waiting_token(world) == signed


def test_the_pair_of_a_process_ends_with_its_time_and_after_a_throwaway(
    world: World, ring: Keyring, client: FlaskClient
) -> None:
    source = waiting_of(world.app)
    with world.app.app_context():
        source.seal(Waiting("zofia@example.org", "Zofia"))
        first = source._pair
        assert first is not None
        assert source._timer is not None
        assert 890 < source._timer.interval <= 900
        source.seal(Waiting("zofia@example.org", "Zofia"), throwaway=True)
        assert source._pair is first
        source._timer.function()
        assert first._secret.is_wiped
        assert not first._shared
        source.seal(Waiting("zofia@example.org", "Zofia"))
        assert source._pair is not first
        source.end()


def test_no_key_is_taken_that_sql_alone_has_put_there(world: World, ring: Keyring, clock: FakeClock) -> None:
    world.execute("UPDATE worker_keys SET certificate = :c", c=bytes(64))
    with world.app.app_context(), pytest.raises(NoWorkerKey):
        waiting_of(world.app).seal(Waiting("zofia@example.org", "Zofia"))
