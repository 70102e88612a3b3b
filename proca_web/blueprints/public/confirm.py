"""The mailed link: a page with one button; only its POST acts. Once confirmed it lives on as "your signature"."""

from contextlib import suppress

from flask import Blueprint, Response, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from proca_web.adapters import clock
from proca_web.adapters.database import direct_write, reading, writing
from proca_web.adapters.keyring import keyring_of
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
from proca_web.web.htmx import see_other

bp = Blueprint("confirm", __name__, url_prefix="/confirm")


@bp.get("/<token>")
@token_holder
def show(token: str) -> str:
    """The button, or "your signature" once confirmed; changes nothing."""
    with reading() as session:
        signature = confirming.find(session, _read(token))
        view = views.read(session, signature.page, encryption.vouching, clock.now())
        copies = confirming.holders(session, signature.action_id)
        answers = views.answers_of(view.facts, {copy.org_id: copy.opt_in for copy in copies})
        agreed = views.agreed(session, signature.consent, answers)
        others = withdrawing.others(session, signature.action_id) if signature.is_accepted else []
    g.locale = view.facts.locale
    template = "public/confirm/signature.html" if signature.is_accepted else "public/confirm/ask.html"
    values = {"view": view, "signature": signature, "copies": copies, "agreed": agreed, "others": others}
    return render_template(template, token=token, **values)


@bp.post("/<token>")
@token_holder
def confirm(token: str) -> Response:
    """Accept the signature; a repeated post changes nothing."""
    with direct_write() as connection:
        signature = confirming.confirm(connection, keyring_of(current_app), _read(token), clock.now())
    queue.wake("release")
    queue.wake("mail")
    return see_other(url_for("action_page.thanks", page=signature.page))


@bp.post("/<token>/reject")
@token_holder
def reject(token: str) -> ResponseReturnValue:
    """ "It wasn't me", or "withdraw my signature": everything held of it goes."""
    outcome = Rejection.NOTHING_HELD
    with suppress(UnknownToken):
        with writing() as session:
            signature = confirming.find(session, _read(token))
            if confirming.purge(session, signature, Event.REJECT, clock.now()):
                outcome = Rejection.PURGED
        if outcome is Rejection.NOTHING_HELD:  # a transaction of its own: it locks in another order
            with writing() as session:
                if withdrawing.withdraw(session, signature.action_id, request.form.getlist("also"), clock.now()):
                    outcome = Rejection.WITHDRAWN
    if outcome is Rejection.WITHDRAWN:
        queue.wake("release")
    if outcome is Rejection.NOTHING_HELD:
        return render_template("public/confirm/rejected.html", outcome=outcome.name.lower())
    return see_other(url_for("confirm.rejected", token=token, done=outcome.name.lower()))


@bp.get("/<token>/reject")
@token_holder
def rejected(token: str) -> ResponseReturnValue:
    """What became of it, to be looked at again; what is still held leads back to its page."""
    try:
        with reading() as session:
            confirming.find(session, _read(token))
    except UnknownToken:
        done = request.args.get("done", "").upper()
        outcome = Rejection[done] if done in Rejection.__members__ else Rejection.NOTHING_HELD
        return render_template("public/confirm/rejected.html", outcome=outcome.name.lower())
    return see_other(url_for("confirm.show", token=token))


def _read(token: str) -> bytes:
    try:
        return decode(token, TOKEN_BYTES)
    except EncodingError:
        raise UnknownToken from None
