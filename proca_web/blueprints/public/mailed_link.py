"""What the two mailed links share: their token, "your signature", and taking a signature back. Has no routes."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.alive import late_mail
from proca_web.adapters.database import reading, writing
from proca_web.crypto.boxes.transient_seal import TOKEN_BYTES
from proca_web.crypto.encoding import decode
from proca_web.crypto.errors import EncodingError
from proca_web.domain.errors import Unavailable, UnknownToken
from proca_web.domain.transient import Event
from proca_web.extensions import encryption, queue
from proca_web.services.petitions import views
from proca_web.services.signatures import confirming, withdrawing
from proca_web.services.signatures.addresses import blocks
from proca_web.services.signatures.confirming import Rejection, Signature
from proca_web.web import errors
from proca_web.web.htmx import wants_json

Find = Callable[[Session, bytes], Signature]


def read_token(token: str) -> bytes:
    """The token in a path. Raises UnknownToken."""
    try:
        return decode(token, TOKEN_BYTES)
    except EncodingError:
        raise UnknownToken from None


def your_signature(session: Session, signature: Signature) -> dict[str, Any]:
    """What the page of a signature shows: who holds it, what was agreed to, and others of the same address."""
    view = views.read(session, signature.page, encryption.vouching, clock.now())
    copies = confirming.holders(session, signature.action_id)
    answers = views.answers_of(view.facts, {copy.name: copy.opt_in for copy in copies})
    agreed = views.agreed(session, signature.consent, answers)
    others = withdrawing.others(session, signature.action_id) if signature.is_accepted else []
    return {"view": view, "signature": signature, "copies": copies, "agreed": agreed, "others": others}


def is_blocked(token: str) -> bool:
    """Whether this confirm link said "it wasn't me", and nothing else since."""
    with suppress(UnknownToken), reading() as session:
        return blocks.stands(session, read_token(token))
    return False


def gone(error: UnknownToken) -> ResponseReturnValue:
    """410: nothing is held under this link. What can be signed now, and the way back for who said "it wasn't me"."""
    if wants_json():
        return errors.unknown_token(error)
    token: str = (request.view_args or {})["token"]
    values: dict[str, Any] = {"petitions": [], "is_blocked": False}
    with suppress(Unavailable):  # without the database it is said all the same
        values["is_blocked"] = request.blueprint == "confirm" and is_blocked(token)
        stalled = late_mail.now(current_app).is_stalled
        with reading() as session:
            values["petitions"] = views.live(session, encryption.vouching, clock.now(), mail_is_stalled=stalled)
    return render_template("public/confirm/gone.html", token=token, **values), 410


def is_one_click() -> bool:
    """Whether a mail program's own "unsubscribe" posts here (RFC 8058): about mails, never about a signature."""
    return request.form.get("List-Unsubscribe") == "One-Click"


def take_back(find: Find, token: str, event: Event) -> Rejection:
    """Take the signature of a link back, and those others of its address that are ticked; safe to repeat."""
    outcome = Rejection.NOTHING_HELD
    with suppress(UnknownToken):
        with writing() as session:
            signature = find(session, read_token(token))
            g.locale = views.locale_of(session, signature.page_id)
            if confirming.purge(session, signature, event, clock.now()):
                outcome = Rejection.PURGED
        if outcome is Rejection.NOTHING_HELD:  # a transaction of its own: it locks in another order
            with writing() as session:
                if withdrawing.withdraw(session, signature.action_id, request.form.getlist("also"), clock.now()):
                    outcome = Rejection.WITHDRAWN
    if outcome is Rejection.WITHDRAWN:
        queue.wake("release")
    return outcome
