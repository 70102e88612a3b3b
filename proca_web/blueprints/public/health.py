"""Is everything alive: the database answers, and a worker was seen."""

from datetime import timedelta
from importlib.metadata import version

from flask import Blueprint, Response, jsonify

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.services import heartbeats
from proca_web.web.access import public

bp = Blueprint("health", __name__)

WORKER_SEEN_WITHIN = timedelta(minutes=3)


@bp.get("/health")
@public
def health() -> tuple[Response, int]:
    """200 with the version, or 503 when no worker was seen for three minutes."""
    with reading() as session:
        seen = heartbeats.last_beat(session, "worker")
    alive = seen is not None and clock.now() - seen < WORKER_SEEN_WITHIN
    answer = jsonify(
        status="ok" if alive else "no worker",
        version=version("proca-web"),
        worker_seen_at=seen.strftime("%Y-%m-%dT%H:%M:%SZ") if seen else None,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer, 200 if alive else 503
