"""Give every accepted copy its place in the exports."""

from flask import Flask, current_app

from proca_web.adapters import clock, logs
from proca_web.adapters.database import reading, writing
from proca_web.domain.errors import Unavailable
from proca_web.services.signatures import releasing

MOST_ROUNDS = 10_000


def release(app: Flask) -> None:
    """Give every accepted copy its place in the exports."""
    with app.app_context():
        _release_due(app)


def _release_due(app: Flask) -> None:
    """Batch by batch; where one cannot be released, each of its actions alone: what is bad is set aside until later."""
    aside: set[int] = set()
    for _ in range(MOST_ROUNDS):
        with reading() as session:
            due = releasing.due(session, aside=aside)
        if not due:
            return
        if not _is_released(due):
            aside |= {action for action in due if not _is_released([action])}
            app.logger.critical("release: %s signatures cannot be released and are set aside", len(aside))


def _is_released(actions: list[int]) -> bool:
    """Whether these could be released, or need not be any more. Raises Unavailable."""
    try:
        with writing() as session:
            releasing.release_these(session, actions, clock.now())
    except Unavailable:
        raise
    except Exception as error:
        logs.unexpected(current_app.logger, error, "release")
        return False
    return True
