"""What the two mailed links share: their token, "your signature", and taking a signature back. Has no routes."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.crypto.boxes.transient_seal import TOKEN_BYTES
from proca_web.crypto.encoding import decode
from proca_web.crypto.errors import EncodingError
from proca_web.domain.errors import UnknownToken
from proca_web.domain.transient import Event
from proca_web.extensions import encryption, queue
from proca_web.services.petitions import views
from proca_web.services.signatures import confirming, withdrawing
from proca_web.services.signatures.confirming import Rejection, Signature

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
    answers = views.answers_of(view.facts, {copy.org_id: copy.opt_in for copy in copies})
    agreed = views.agreed(session, signature.consent, answers)
    others = withdrawing.others(session, signature.action_id) if signature.is_accepted else []
    return {"view": view, "signature": signature, "copies": copies, "agreed": agreed, "others": others}


def is_one_click() -> bool:
    """Whether a mail program's own "unsubscribe" posts here (RFC 8058): about mails, never about a signature."""
    return request.form.get("List-Unsubscribe") == "One-Click"


def take_back(find: Find, token: str, event: Event) -> Rejection:
    """Take the signature of a link back, and those others of its address that are ticked; safe to repeat."""
    outcome = Rejection.NOTHING_HELD
    with suppress(UnknownToken):
        with writing() as session:
            signature = find(session, read_token(token))
            if confirming.purge(session, signature, event, clock.now()):
                outcome = Rejection.PURGED
        if outcome is Rejection.NOTHING_HELD:  # a transaction of its own: it locks in another order
            with writing() as session:
                if withdrawing.withdraw(session, signature.action_id, request.form.getlist("also"), clock.now()):
                    outcome = Rejection.WITHDRAWN
    if outcome is Rejection.WITHDRAWN:
        queue.wake("release")
    return outcome
