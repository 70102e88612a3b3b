"""Is everything alive: the database answers, and a worker was seen. In numbers for machines that watch."""

from collections.abc import Mapping
from importlib.metadata import version

from flask import Blueprint, Response, abort, current_app, jsonify, request

from proca_web.adapters import clock
from proca_web.adapters.database import reading, refused_to_write, writing
from proca_web.adapters.mail import routes
from proca_web.domain.errors import Unavailable
from proca_web.domain.words import Alarm
from proca_web.services import heartbeats
from proca_web.services.instance import alarms, figures
from proca_web.services.instance import health as instance_health
from proca_web.services.instance.figures import Waiting
from proca_web.services.petitions import transports
from proca_web.services.sealing import worker_keys
from proca_web.web import errors
from proca_web.web.access import public
from proca_web.web.arriving import client

bp = Blueprint("health", __name__)
TRY_AGAIN_SECONDS = 30
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@bp.get("/health")
@public
def health() -> tuple[Response, int]:
    """200 with the version and the alarms that stand, or 503 when no worker was seen for three minutes."""
    now, own = clock.now(), routes.own(current_app)
    try:
        with reading() as session:
            worker = instance_health.worker(session, now)
            standing = alarms.standing(session, now)
            mails = figures.mails(session, now, own)
            fallen_back = transports.fallen_back(session, own)
            hosts = worker_keys.hosts(session)
        _ask_whether_it_writes()
    except Unavailable as fault:
        errors.tell_unavailable(fault)
        return errors.come_back(jsonify(status="no database", version=version("proca-web"))), 503
    answer = jsonify(
        status="ok" if worker.is_alive else "no worker",
        alarms=[alarm.kind for alarm in standing],
        mail=_in_numbers(mails.pop("")),
        transports={org: _in_numbers(kinds) for org, kinds in mails.items()},
        transports_missing=fallen_back,
        version=version("proca-web"),
        worker_hosts=[{"host": host.name, "newest_key": f"{host.newest:{_TIME}}"} for host in hosts],
        worker_seen_at=f"{worker.seen_at:{_TIME}}" if worker.seen_at else None,
    )
    return answer, 200 if worker.is_alive else 503


@bp.get("/metrics")
@public
def metrics() -> Response:
    """The figures as Prometheus reads them, for the networks of PROCA_METRICS_ALLOW; for others it is not there."""
    settings = current_app.extensions["proca_settings"]
    caller = client.address(request, settings.trusted_proxies)
    if caller is None or not any(caller in network for network in settings.metrics_allow):
        abort(404)
    # Most instances are never asked, and need not load the library.
    from proca_web.adapters.alive import metrics as prometheus  # noqa: PLC0415 -- see above

    now = clock.now()
    with reading() as session:
        worker, numbers = (
            instance_health.worker(session, now),
            figures.of_instance(session, now, routes.own(current_app)),
        )
        standing = {alarm.kind for alarm in alarms.standing(session, now)}
    text = prometheus.rendered(numbers, worker, {kind: kind in standing for kind in Alarm})
    return Response(text, content_type=prometheus.MIMETYPE, headers={"Cache-Control": "no-store"})


def _in_numbers(kinds: Mapping[str, Waiting]) -> dict[str, dict[str, int]]:
    return {kind: {"waiting": waits.number, "delay_seconds": waits.seconds} for kind, waits in kinds.items()}


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
