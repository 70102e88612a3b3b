"""A link of both mails: "your signature" with one button that takes it back; only its POST acts."""

from flask import Blueprint, g, render_template

from proca_web.adapters.database import reading
from proca_web.blueprints.public import mailed_link
from proca_web.domain.errors import UnknownToken
from proca_web.domain.transient import Event
from proca_web.services.signatures import confirming
from proca_web.web.access import token_holder

bp = Blueprint("withdraw", __name__, url_prefix="/withdraw")
bp.register_error_handler(UnknownToken, mailed_link.gone)


@bp.get("/<token>")
@token_holder
def show(token: str) -> str:
    """ "Your signature" with the button; changes nothing."""
    with reading() as session:
        signature = confirming.find_by_withdraw(session, mailed_link.read_token(token))
        values = mailed_link.your_signature(session, signature)
    g.locale = values["view"].facts.locale
    return render_template("public/confirm/withdraw.html", token=token, **values)


@bp.post("/<token>")
@token_holder
def withdraw(token: str) -> str:
    """Take this signature back, and those others of the address that are ticked; safe to repeat."""
    if mailed_link.is_one_click():
        return ""
    outcome = mailed_link.take_back(confirming.find_by_withdraw, token, Event.WITHDRAW)
    return render_template("public/confirm/rejected.html", outcome=outcome.name.lower(), is_blocked=False)
