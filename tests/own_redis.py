"""A Redis database that is this worker's alone: one that was empty, and that no other worker or run has taken."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import redis

from tests.databases import RUN, WORKER
from tests.required import required

REDIS = os.environ.get("PROCA_TEST_REDIS", "redis://127.0.0.1:6379/0")
_DATABASES = range(1, 16)
_KEPT_FOR = 1800  # seconds, should a run be cut off before it gives its database back


@contextmanager
def taken() -> Iterator[redis.Redis]:
    """The database, empty at the beginning and at the end; skips where there is none."""
    asked = redis.Redis.from_url(REDIS, socket_connect_timeout=2)
    try:
        number = next((number for number in _DATABASES if _is_taken(asked, number)), None)
    except redis.RedisError:
        required("redis", f"no Redis at {REDIS} (PROCA_TEST_REDIS)")
    if number is None:
        required("redis", "no empty database left in Redis")
    with _database(number) as own:
        yield own
        own.flushdb()
    asked.delete(_mark(number))
    asked.close()


def url(database: redis.Redis) -> str:
    """Where it is."""
    return f"{REDIS.rpartition('/')[0]}/{database.connection_pool.connection_kwargs['db']}"


def _database(number: int) -> redis.Redis:
    return redis.Redis.from_url(f"{REDIS.rpartition('/')[0]}/{number}")


def _mark(number: int) -> str:
    return f"proca_test_takes_{number}"


def _is_taken(asked: redis.Redis, number: int) -> bool:
    """Mark it as ours first, then see whether anything is in it."""
    if not asked.set(_mark(number), f"{RUN} {WORKER}", nx=True, ex=_KEPT_FOR):
        return False
    with _database(number) as database:
        if database.dbsize() == 0:
            return True
    asked.delete(_mark(number))
    return False
