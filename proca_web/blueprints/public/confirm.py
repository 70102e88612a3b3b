"""The mailed link: a page with one button; only its POST acts. Once confirmed it lives on as "your signature"."""

from flask import Blueprint, Response, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from proca_web.adapters import clock
from proca_web.adapters.database import direct_read, direct_write, reading, writing
from proca_web.adapters.keyring import waiting_of
from proca_web.blueprints.public import mailed_link
from proca_web.domain.errors import UnknownToken
from proca_web.domain.messages import LANGUAGES
from proca_web.domain.transient import Event
from proca_web.services.signatures import confirming
from proca_web.services.signatures.addresses import blocks
from proca_web.services.signatures.addresses.blocks import Petition
from proca_web.services.signatures.confirming import Rejection
from proca_web.web.access import token_holder
from proca_web.web.htmx import see_other

bp = Blueprint("confirm", __name__, url_prefix="/confirm")
bp.register_error_handler(UnknownToken, mailed_link.gone)


@bp.get("/<token>")
@token_holder
def show(token: str) -> str:
    """The button, or "your signature" once confirmed; changes nothing."""
    with reading() as session:
        signature = confirming.find(session, mailed_link.read_token(token))
        values = mailed_link.your_signature(session, signature)
    g.locale = values["view"].facts.locale
    template = "public/confirm/signature.html" if signature.is_confirmed else "public/confirm/ask.html"
    return render_template(template, token=token, **values)


@bp.post("/<token>")
@token_holder
def confirm(token: str) -> Response:
    """Write down that it is confirmed, for the worker to accept it; a repeated post changes nothing."""
    page = _confirm(mailed_link.read_token(token))
    return see_other(url_for("action_page.thanks", page=page))


@bp.post("/<token>/reject")
@token_holder
def reject(token: str) -> ResponseReturnValue:
    """ "It wasn't me", or "withdraw my signature": everything held of it goes."""
    if mailed_link.is_one_click():
        return ""
    outcome = mailed_link.take_back(confirming.find, token, Event.REJECT)
    if outcome is Rejection.NOTHING_HELD:
        return _rejected(token, outcome)
    return see_other(url_for("confirm.rejected", token=token, done=outcome.name.lower(), lang=g.locale))


@bp.get("/<token>/reject")
@token_holder
def rejected(token: str) -> ResponseReturnValue:
    """What became of it, to be looked at again; what is still held leads back to its page."""
    try:
        with reading() as session:
            confirming.find(session, mailed_link.read_token(token))
    except UnknownToken:
        if request.args.get("lang") in LANGUAGES:  # what said so is gone
            g.locale = request.args["lang"]
        done = request.args.get("done", "").upper()
        return _rejected(token, Rejection[done] if done in Rejection.__members__ else Rejection.NOTHING_HELD)
    return see_other(url_for("confirm.show", token=token))


@bp.post("/<token>/unblock")
@token_holder
def unblock(token: str) -> str:
    """ "It was me after all": mails may go to that address again; safe to repeat."""
    petitions: list[Petition] = []
    if mailed_link.is_blocked(token):
        with writing() as session:
            petitions = blocks.remove(session, mailed_link.read_token(token), clock.now())
    if petitions:
        g.locale = petitions[0].locale
    return render_template("public/confirm/unblocked.html", petitions=petitions)


@bp.get("/<token>/unblock")
@token_holder
def unblocked(token: str) -> Response:
    """To be looked at again: what the link itself says now."""
    return see_other(url_for("confirm.show", token=token))


def _rejected(token: str, outcome: Rejection) -> str:
    is_blocked = mailed_link.is_blocked(token)
    return render_template(
        "public/confirm/rejected.html", outcome=outcome.name.lower(), token=token, is_blocked=is_blocked
    )


def _confirm(token: bytes) -> str:
    """The page it was signed on. Raises UnknownToken (never held, purged or withdrawn), NoWorkerKey."""
    with direct_read() as connection:
        signature = confirming.find(connection, token)
    if signature.is_accepted:
        return signature.page
    sealed = confirming.seal(waiting_of(current_app), token)
    with direct_write(one_statement=True) as connection:
        is_written = confirming.confirm(connection, signature, sealed, clock.now())
    if not is_written:
        with direct_read() as connection:  # accepted, purged or withdrawn meanwhile
            if not confirming.find(connection, token).is_confirmed:
                raise UnknownToken
    return signature.page
