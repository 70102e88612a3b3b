"""Is everything alive: the database answers, and a worker was seen."""

from importlib.metadata import version

from flask import Blueprint, Response, jsonify

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.services.instance import health as instance_health
from proca_web.web.access import public

bp = Blueprint("health", __name__)


@bp.get("/health")
@public
def health() -> tuple[Response, int]:
    """200 with the version, or 503 when no worker was seen for three minutes."""
    with reading() as session:
        worker = instance_health.worker(session, clock.now())
    answer = jsonify(
        status="ok" if worker.is_alive else "no worker",
        version=version("proca-web"),
        worker_seen_at=worker.seen_at.strftime("%Y-%m-%dT%H:%M:%SZ") if worker.seen_at else None,
    )
    return answer, 200 if worker.is_alive else 503
