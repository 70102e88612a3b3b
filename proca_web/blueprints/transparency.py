"""What everybody may check: the wordings that were shown, and the keys signatures are sealed to."""

from flask import Blueprint, Response, abort, current_app, jsonify, render_template

from proca_web.crypto.encoding import encode
from proca_web.crypto.keys import fingerprint
from proca_web.extensions import db, encryption
from proca_web.services import page_views, wordings
from proca_web.web.access import public

bp = Blueprint("transparency", __name__)

_FOR_AN_HOUR = "public, max-age=3600"


@bp.get("/consent/<wording_hash>.txt")
@public
def consent(wording_hash: str) -> Response:
    """A wording as it was shown; its SHA-256 is its name."""
    body = wordings.body_of(db.session(), wording_hash)
    if body is None:
        abort(404)
    return Response(body, mimetype="text/plain", headers={"Cache-Control": _FOR_AN_HOUR})


@bp.get("/keys")
@public
def keys() -> str:
    """The key directory, for people."""
    home = encryption.source.home
    return render_template(
        "transparency/keys.html",
        identity=encode(home.identity),
        identity_fingerprint=fingerprint(home.identity),
        keys=page_views.published_keys(db.session()),
        encode=encode,
    )


@bp.get("/keys.json")
@public
def keys_json() -> Response:
    """The key directory, for tools."""
    home = encryption.source.home
    return jsonify(
        instance=current_app.config["PUBLIC_URL"],
        home={
            "identity": encode(home.identity),
            "fingerprint": fingerprint(home.identity),
            "box": encode(home.box_public),
        },
        keys=[
            {"org": key.org, "public": encode(key.public), "fingerprint": key.fingerprint, "role": key.role}
            for key in page_views.published_keys(db.session())
        ],
    )
