"""Release: per-org `seq` without gaps, the counter in the same transaction, nothing missed or doubled."""

import threading

from flask.testing import FlaskClient

from proca_web.adapters.database import writing
from proca_web.services.petitions import counting
from proca_web.services.signatures import releasing
from tests.factories import FakeClock, World
from tests.services.conftest import confirm_path, waiting_token


def sign(world: World, client: FlaskClient, number: int, page: str = "trees-partner", **fields: str) -> str:
    world.sign(client, page, email=f"person{number}@example.org", **fields)
    path = confirm_path(waiting_token(world))
    world.run("mail")
    return path


def seqs(world: World, org: str) -> list[int]:
    return [int(row["seq"]) for row in world.export(org)]


def test_nothing_is_exported_before_its_release(world: World, client: FlaskClient) -> None:
    path = sign(world, client, 1)
    assert world.export("org-two") == []
    client.post(path)
    assert world.export("org-two") == []
    world.run("release")
    assert seqs(world, "org-two") == [1]


def test_each_org_counts_its_own_rows(world: World, client: FlaskClient) -> None:
    for number in range(4):
        fields = {"lead_opt_in": "yes"} if number % 2 else {}
        client.post(sign(world, client, number, **fields))
    world.run("release")
    assert seqs(world, "org-one") == [1, 2]
    assert seqs(world, "org-two") == [1, 2, 3, 4]


def test_a_confirmation_that_arrives_late_is_still_exported_to_who_pulled_past_it(
    world: World, client: FlaskClient
) -> None:
    late = sign(world, client, 1)
    client.post(sign(world, client, 2))
    world.run("release")
    (pulled,) = world.export("org-two")
    client.post(late)
    world.run("release")
    (missed,) = world.export("org-two", f"?since={pulled['seq']}")
    assert int(missed["action_id"]) < int(pulled["action_id"])
    assert world.open("org-two", missed)["email"] == "person1@example.org"


def test_released_rows_keep_their_number(world: World, client: FlaskClient) -> None:
    client.post(sign(world, client, 1))
    world.run("release")
    before = world.export("org-two")
    world.run("release", "sweep", "release")
    assert world.export("org-two") == before


def test_a_batch_is_limited_and_the_next_one_goes_on(world: World, client: FlaskClient, clock: FakeClock) -> None:
    for number in range(5):
        client.post(sign(world, client, number))
    released = []
    for _ in range(4):
        with world.app.app_context(), writing() as session:
            released.append(releasing.release(session, clock(), limit=2))
    assert released == [2, 2, 1, 0]
    assert seqs(world, "org-two") == [1, 2, 3, 4, 5]


def test_workers_releasing_at_the_same_time_leave_no_gap_and_no_double(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    for number in range(12):
        client.post(sign(world, client, number))
    ready = threading.Barrier(4)

    def work() -> None:
        ready.wait()
        for _ in range(4):
            with world.app.app_context(), writing() as session:
                releasing.release(session, clock(), limit=3)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seqs(world, "org-two") == list(range(1, 13))
    assert world.query("SELECT supporter_count FROM campaigns") == [(12,)]


def test_a_crash_in_the_middle_of_a_release_leaves_everything_as_it_was(
    world: World, client: FlaskClient, clock: FakeClock
) -> None:
    client.post(sign(world, client, 1))

    class Crash(Exception):
        pass

    try:
        with world.app.app_context(), writing() as session:
            releasing.release(session, clock())
            raise Crash
    except Crash:
        pass
    assert world.export("org-two") == []
    assert world.query("SELECT supporter_count FROM campaigns") == [(0,)]
    world.run("release")
    assert seqs(world, "org-two") == [1]


def test_the_nightly_recount_mends_a_wrong_counter(world: World, client: FlaskClient, clock: FakeClock) -> None:
    for number in range(3):
        client.post(sign(world, client, number))
    client.post(sign(world, client, 9, query="?testing=true"))
    world.run("release")
    world.execute("UPDATE campaigns SET supporter_count = 77")
    world.run("sweep")
    clock.forward(hours=25)
    world.run("sweep")
    assert world.query("SELECT supporter_count FROM campaigns") == [(3,)]


def test_confirmed_supporters_appear_on_their_day(world: World, client: FlaskClient, clock: FakeClock) -> None:
    client.post(sign(world, client, 1))
    world.run("release")
    clock.forward(days=1)
    client.post(sign(world, client, 2))
    client.post(sign(world, client, 2))
    world.run("release")
    with world.app.app_context(), writing() as session:
        days = counting.per_day(session, [1], clock().date(), 3)[1]
    assert [day.confirmed for day in days] == [0, 1, 1]
