"""The hook by which a mail provider reports mails that came back. Nothing of a report is logged, stored or answered."""

from collections.abc import Callable, Iterable

from flask import Blueprint, Response, current_app, request

from proca_web.adapters import clock
from proca_web.adapters.bounces import brevo, mailgun, postmark, ses, standard, taking
from proca_web.adapters.bounces.proofs import CannotTell, NotProven, Sent
from proca_web.domain.bounce import Report
from proca_web.extensions import queue
from proca_web.services.signatures.bouncing import Effect
from proca_web.web import access, errors

bp = Blueprint("bounces", __name__, url_prefix="/api/v1/bounces")

_PROVIDERS: dict[str, Callable[[Sent, str], Iterable[Report]]] = {
    "ses": ses.reports,
    "postmark": postmark.reports,
    "brevo": brevo.reports,
    "mailgun": mailgun.reports,
    "standard": standard.reports,
}


@bp.post("/<provider>")
@access.provider
def hear(provider: str) -> Response:
    """Take a report. 200 whatever became of it: who sends it learns nothing of a code, a proof or our settings."""
    proof = current_app.extensions["proca_settings"].bounces.proofs.get(provider)
    if proof is None:
        return _not_believed(provider)
    try:
        sent = Sent(request.headers, request.get_data(cache=False), clock.now())
        reports = list(_PROVIDERS[provider](sent, proof))
    except NotProven:
        return _not_believed(provider)
    except CannotTell:
        return errors.come_back(Response(status=503))
    except ValueError:
        return Response(status=400)
    if taking.take(current_app, reports)[Effect.MARKED]:
        queue.wake("release")
    return Response(status=200)


def _not_believed(provider: str) -> Response:
    """Who set a provider up wrongly must find it out, from the log; whoever else called learns nothing."""
    known = provider if provider in _PROVIDERS else "an unknown provider"
    current_app.logger.warning("bounces: a report of %s was not believed; see docs/bounces.md", known)
    return Response(status=200)
