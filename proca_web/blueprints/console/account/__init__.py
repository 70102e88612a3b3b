"""One's own account, whichever org one works for: name, address, password, and where one is signed in."""

from flask import Blueprint, Response, current_app, make_response, render_template
from flask_login import current_user

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.domain.messages import STAFF_LANGUAGES, Message
from proca_web.services.staff import sessions
from proca_web.services.staff.account import addresses
from proca_web.web import console

bp = Blueprint("account", __name__, url_prefix="/account")


def page(template: str, status: int = 200, **values: object) -> Response:
    """Render a page of somebody's account in the frame of their console; who belongs to no org has none around it."""
    frame = console.frame() or {"org": None, "places": []}
    return make_response(render_template(template, **frame, **values), status)


def overview(status: int = 200, *, faults: dict[str, Message] | None = None, typed: object = None) -> Response:
    """The account as it stands, with what was refused beside its field."""
    now, user = clock.now(), current_user.user
    with reading() as reads:
        places = sessions.of_user(reads, user.id, now)
        change = addresses.waiting(reads, user, now)
    shown = {"user": user, "sessions": places, "here": current_user.place.id, "change": change, "now": now}
    languages = STAFF_LANGUAGES
    return page(
        "console/account/index.html", status, faults=faults or {}, typed=typed or {}, languages=languages, **shown
    )


def secret_keys() -> tuple[str, ...]:
    """Today's key and the one before."""
    keys: tuple[str, ...] = current_app.extensions["proca_settings"].secret_keys
    return keys
