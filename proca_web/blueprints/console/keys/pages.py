"""The pages about an org's keys in its console, and entering a new one. Never a secret: those are refused unread."""

from flask import Response, abort, current_app, g, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from proca_web.adapters import clock, key_guard
from proca_web.adapters.database import reading, writing
from proca_web.blueprints.console.keys import answers as key_refusals
from proca_web.blueprints.console.keys import bp
from proca_web.blueprints.console.keys.forms import KeyForm
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys.keys import fingerprint
from proca_web.domain.rights import Right
from proca_web.domain.words import KeyRole
from proca_web.extensions import encryption
from proca_web.services.keys import holdings, registering
from proca_web.services.keys import views as key_views
from proca_web.web import console
from proca_web.web.access import needs, recently_proven
from proca_web.web.htmx import see_other, wants_json
from proca_web.web.secret_input import typed


@bp.get("/<org>/keys")
@needs(Right.KEYS)
def index(org: str) -> Response:
    """All keys with their state, and what to do."""
    now = clock.now()
    published = key_guard.published(current_app, now)
    with reading() as session:
        roles = key_views.roles(session, g.org, current_user.user.id, now)
    return _page(
        "console/keys/index.html",
        roles=roles,
        log_size=published.head.size,
        log_code=published.code,
    )


@bp.get("/<org>/keys/new")
@needs(Right.KEYS)
def new(org: str) -> Response:
    """The ceremony in the browser, and the way with the command line."""
    role = request.args.get("role", KeyRole.RECIPIENT)
    return _new(role, KeyForm()) if role in list(KeyRole) else abort(404)


@bp.post("/<org>/keys")
@needs(Right.KEYS)
@recently_proven
def register(org: str) -> ResponseReturnValue:
    """Enter a public key; it waits for its proof for an hour."""
    form = KeyForm(data=typed())
    try:
        with writing() as session:
            read, user_id = registering.read(form.data), current_user.user.id
            key = registering.register(session, g.org, read, user_id, clock.now())
    except key_refusals.REFUSALS as refusal:
        if wants_json():
            return key_refusals.as_json(refusal)
        role = form.role.data if form.role.data in list(KeyRole) else KeyRole.RECIPIENT
        return _new(role, form, str(refusal), key_refusals.status_of(refusal))
    url = url_for("keys.show", org=g.org.name, key_id=key.id)
    return (jsonify(id=key.id, state=key.status, url=url), 201) if wants_json() else see_other(url)


@bp.get("/<org>/keys/<int:key_id>")
@needs(Right.KEYS)
def show(org: str, key_id: int) -> Response:
    """One key, and its next step."""
    return key_refusals.show(key_id)


def _new(role: str, form: KeyForm, fault: str | None = None, status: int = 200) -> Response:
    with reading() as session:
        active = key_views.active(session, g.org, role, clock.now())
        has_recovery = key_views.active(session, g.org, KeyRole.RECOVERY, clock.now()) is not None
    about = {"role": role, "active": active, "has_recovery": has_recovery}
    return _page("console/keys/new.html", status, form=form, fault=fault, **about)


def _page(template: str, status: int = 200, **values: object) -> Response:
    home = encryption.source.home
    about_home = {
        "home_identity": encode(home.identity),
        "home_fingerprint": fingerprint(home.identity),
        "home_box": encode(home.box_public),
        "origin": current_app.config["PUBLIC_URL"],
    }
    with reading() as session:
        held = holdings.of(session, g.org.id)
    return console.page(template, {"held": held, "now": clock.now(), **about_home, **values}, status)
