"""Whether a worker runs: one answer for `/health`, `check` and the operator's page."""

from datetime import timedelta

import pytest

from proca_web.adapters.database import reading, writing
from proca_web.services import heartbeats
from proca_web.services.instance import health
from proca_web.services.instance.health import Worker
from tests.factories import FakeClock, World


def seen(world: World, clock: FakeClock) -> Worker:
    with world.app.app_context(), reading() as session:
        return health.worker(session, clock())


def test_before_any_worker_was_seen_none_runs(world: World, clock: FakeClock) -> None:
    assert seen(world, clock) == Worker(None, is_alive=False)


@pytest.mark.parametrize(("seconds", "alive"), [(0, True), (179, True), (180, False), (3600, False)])
def test_a_worker_counts_as_running_for_three_minutes(
    world: World, clock: FakeClock, seconds: int, alive: bool
) -> None:
    with world.app.app_context(), writing() as session:
        heartbeats.beat(session, health.WORKER, clock())
    clock.forward(seconds=seconds)
    found = seen(world, clock)
    assert found.is_alive is alive
    assert found.seen_at == clock() - timedelta(seconds=seconds)
