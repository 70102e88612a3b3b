"""Is everything alive: the database answers, and a worker was seen."""

from importlib.metadata import version

from flask import Blueprint, Response, jsonify

from proca_web.adapters import clock
from proca_web.adapters.database import reading, refused_to_write, writing
from proca_web.domain.errors import Unavailable
from proca_web.services import heartbeats
from proca_web.services.instance import alarms
from proca_web.services.instance import health as instance_health
from proca_web.services.sealing import worker_keys
from proca_web.web import errors
from proca_web.web.access import public

bp = Blueprint("health", __name__)
TRY_AGAIN_SECONDS = 30
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@bp.get("/health")
@public
def health() -> tuple[Response, int]:
    """200 with the version and the alarms that stand, or 503 when no worker was seen for three minutes."""
    now = clock.now()
    try:
        with reading() as session:
            worker = instance_health.worker(session, now)
            standing = alarms.standing(session, now)
            hosts = worker_keys.hosts(session)
        _ask_whether_it_writes()
    except Unavailable as fault:
        errors.tell_unavailable(fault)
        return errors.come_back(jsonify(status="no database", version=version("proca-web"))), 503
    answer = jsonify(
        status="ok" if worker.is_alive else "no worker",
        alarms=[alarm.kind for alarm in standing],
        version=version("proca-web"),
        worker_hosts=[{"host": host.name, "newest_key": f"{host.newest:{_TIME}}"} for host in hosts],
        worker_seen_at=f"{worker.seen_at:{_TIME}}" if worker.seen_at else None,
    )
    return answer, 200 if worker.is_alive else 503


def _ask_whether_it_writes() -> None:
    """Raises Unavailable while writes fail; where none was tried for a while, tries one."""
    refused = refused_to_write()
    if refused is None:
        return
    ago, fault = refused
    if ago < TRY_AGAIN_SECONDS:
        raise fault
    with writing() as session:
        heartbeats.beat(session, "health", clock.now())
