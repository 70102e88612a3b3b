"""The link of the thank-you mail: "your signature" with one button; only its POST acts."""

from contextlib import suppress

from flask import Blueprint, g, render_template, request

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.crypto.boxes.transient_seal import TOKEN_BYTES
from proca_web.crypto.encoding import decode
from proca_web.crypto.errors import EncodingError
from proca_web.domain.errors import UnknownToken
from proca_web.domain.transient import Event
from proca_web.extensions import encryption, queue
from proca_web.services.petitions import views
from proca_web.services.signatures import confirming, withdrawing
from proca_web.services.signatures.confirming import Rejection
from proca_web.web.access import token_holder

bp = Blueprint("withdraw", __name__, url_prefix="/withdraw")


@bp.get("/<token>")
@token_holder
def show(token: str) -> str:
    """ "Your signature" with the button; changes nothing."""
    with reading() as session:
        signature = confirming.find_by_withdraw(session, _read(token))
        view = views.read(session, signature.page, encryption.vouching, clock.now())
        copies = confirming.holders(session, signature.action_id)
        answers = views.answers_of(view.facts, {copy.org_id: copy.opt_in for copy in copies})
        agreed = views.agreed(session, signature.consent, answers)
        others = withdrawing.others(session, signature.action_id) if signature.is_accepted else []
    g.locale = view.facts.locale
    values = {"view": view, "signature": signature, "copies": copies, "agreed": agreed, "others": others}
    return render_template("public/confirm/withdraw.html", token=token, **values)


@bp.post("/<token>")
@token_holder
def withdraw(token: str) -> str:
    """Take this signature back, and those others of the address that are ticked; safe to repeat."""
    outcome = Rejection.NOTHING_HELD
    with suppress(UnknownToken):
        with writing() as session:
            signature = confirming.find_by_withdraw(session, _read(token))
            if confirming.purge(session, signature, Event.WITHDRAW, clock.now()):
                outcome = Rejection.PURGED
        if outcome is Rejection.NOTHING_HELD:  # a transaction of its own: it locks in another order
            with writing() as session:
                if withdrawing.withdraw(session, signature.action_id, request.form.getlist("also"), clock.now()):
                    outcome = Rejection.WITHDRAWN
    if outcome is Rejection.WITHDRAWN:
        queue.wake("release")
    return render_template("public/confirm/rejected.html", outcome=outcome.name.lower())


def _read(token: str) -> bytes:
    try:
        return decode(token, TOKEN_BYTES)
    except EncodingError:
        raise UnknownToken from None
