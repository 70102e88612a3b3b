"""The mailed link: a page with one button; only its POST acts. Once confirmed it lives on as "your signature"."""

from flask import Blueprint, Response, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from proca_web.adapters import clock
from proca_web.adapters.database import direct_write, reading
from proca_web.adapters.keyring import keyring_of
from proca_web.blueprints.public import mailed_link
from proca_web.domain.errors import UnknownToken
from proca_web.domain.transient import Event
from proca_web.extensions import queue
from proca_web.services.signatures import confirming
from proca_web.services.signatures.confirming import Rejection
from proca_web.web.access import token_holder
from proca_web.web.htmx import see_other

bp = Blueprint("confirm", __name__, url_prefix="/confirm")


@bp.get("/<token>")
@token_holder
def show(token: str) -> str:
    """The button, or "your signature" once confirmed; changes nothing."""
    with reading() as session:
        signature = confirming.find(session, mailed_link.read_token(token))
        values = mailed_link.your_signature(session, signature)
    g.locale = values["view"].facts.locale
    template = "public/confirm/signature.html" if signature.is_accepted else "public/confirm/ask.html"
    return render_template(template, token=token, **values)


@bp.post("/<token>")
@token_holder
def confirm(token: str) -> Response:
    """Accept the signature; a repeated post changes nothing."""
    with direct_write() as connection:
        signature = confirming.confirm(connection, keyring_of(current_app), mailed_link.read_token(token), clock.now())
    queue.wake("release")
    queue.wake("mail")
    return see_other(url_for("action_page.thanks", page=signature.page))


@bp.post("/<token>/reject")
@token_holder
def reject(token: str) -> ResponseReturnValue:
    """ "It wasn't me", or "withdraw my signature": everything held of it goes."""
    if mailed_link.is_one_click():
        return ""
    outcome = mailed_link.take_back(confirming.find, token, Event.REJECT)
    if outcome is Rejection.NOTHING_HELD:
        return render_template("public/confirm/rejected.html", outcome=outcome.name.lower())
    return see_other(url_for("confirm.rejected", token=token, done=outcome.name.lower()))


@bp.get("/<token>/reject")
@token_holder
def rejected(token: str) -> ResponseReturnValue:
    """What became of it, to be looked at again; what is still held leads back to its page."""
    try:
        with reading() as session:
            confirming.find(session, mailed_link.read_token(token))
    except UnknownToken:
        done = request.args.get("done", "").upper()
        outcome = Rejection[done] if done in Rejection.__members__ else Rejection.NOTHING_HELD
        return render_template("public/confirm/rejected.html", outcome=outcome.name.lower())
    return see_other(url_for("confirm.show", token=token))
