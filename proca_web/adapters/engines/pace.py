"""How long anything may wait for the database: a person seconds, a worker a minute, a migration as long as it takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flask import has_request_context

REQUEST_SECONDS = 3.0
WORKER_SECONDS = 60.0
MIGRATION_SECONDS = 24 * 3600.0
_asked: ContextVar[float | None] = ContextVar("seconds", default=None)


def seconds() -> float:
    """The time a single statement has here and now."""
    asked = _asked.get()
    if asked is not None:
        return asked
    return REQUEST_SECONDS if has_request_context() else WORKER_SECONDS


@contextmanager
def at_most(limit: float) -> Iterator[None]:
    """Another time than the place would give: for migrations, and for downloads that read much."""
    before = _asked.set(limit)
    try:
        yield
    finally:
        _asked.reset(before)
