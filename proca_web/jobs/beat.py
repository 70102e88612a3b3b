"""A worker's sign of life, and a look at whether what was confirmed is counted: it waits for no other act."""

from flask import Flask

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.jobs import accept
from proca_web.services import heartbeats
from proca_web.services.instance import health


def beat(app: Flask) -> None:
    """Be seen; an alarm where acceptance stands still. Nothing while this host's clock is wrong."""
    with app.app_context():
        if not clock.is_right(app):
            return
        with writing() as session:
            heartbeats.beat(session, health.WORKER, clock.now())
        accept.watch(app)
