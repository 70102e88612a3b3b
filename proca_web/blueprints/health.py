"""Is everything alive: the database answers, and a worker was seen."""

from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from flask import Blueprint, Response, jsonify

from proca_web.extensions import db
from proca_web.services import sweeping
from proca_web.web.access import public

bp = Blueprint("health", __name__)

WORKER_SEEN_WITHIN = timedelta(minutes=3)


@bp.get("/health")
@public
def health() -> tuple[Response, int]:
    """200 with the version, or 503 when no worker was seen for three minutes."""
    seen = sweeping.last_beat(db.session.connection(), "worker")
    alive = seen is not None and datetime.now(UTC) - seen < WORKER_SEEN_WITHIN
    answer = jsonify(
        status="ok" if alive else "no worker",
        version=version("proca-web"),
        worker_seen_at=seen.strftime("%Y-%m-%dT%H:%M:%SZ") if seen else None,
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer, 200 if alive else 503
