"""What everybody may check: the wordings that were shown, and the keys signatures are sealed to."""

import json
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, current_app, render_template

from proca_web.crypto import statements
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys import fingerprint
from proca_web.extensions import db, encryption
from proca_web.services import key_directory, key_log, wordings
from proca_web.services.key_log import Published
from proca_web.web import key_guard, page_cache
from proca_web.web.access import public

bp = Blueprint("transparency", __name__)

_FOR_AN_HOUR = "public, max-age=3600"
DIRECTORY_SECONDS = 30


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
def keys() -> Response:
    """The key directory, for people."""
    return page_cache.serve(id(current_app.extensions), "keys", _keys_page, max_age=DIRECTORY_SECONDS)


@bp.get("/keys.json")
@public
def keys_json() -> Response:
    """The key directory, for tools; `signed` is the same as the text that the Home identity signed."""
    return page_cache.serve(
        id(current_app.extensions), "keys.json", _keys_json, max_age=DIRECTORY_SECONDS, mimetype="application/json"
    )


@bp.get("/keys/log.json")
@public
def log_json() -> Response:
    """The key log, from its first entry, each as the exact text that was hashed; never older than `/keys.json`."""
    kept_as = f"keys/log.json:{key_log.next_position(db.session())}"
    return page_cache.serve(
        id(current_app.extensions), kept_as, _log_json, max_age=DIRECTORY_SECONDS, mimetype="application/json"
    )


def _keys_page() -> str:
    home, published = encryption.source.home, _published()
    return render_template(
        "transparency/keys.html",
        identity=encode(home.identity),
        identity_fingerprint=fingerprint(home.identity),
        keys=key_directory.published(db.session(), encryption.vouching, datetime.now(UTC)),
        log={
            "size": published.head.size,
            "code": published.code,
            "time": datetime.fromtimestamp(published.head.time, UTC),
        },
        encode=encode,
    )


def _keys_json() -> str:
    home, head = encryption.source.home, _published().head
    content = {
        "instance": current_app.config["PUBLIC_URL"],
        "home": {
            "identity": encode(home.identity),
            "fingerprint": fingerprint(home.identity),
            "box": encode(home.box_public),
        },
        "keys": key_directory.entries(db.session(), encryption.vouching, datetime.now(UTC)),
        "head": head.as_json(),
    }
    signed = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    signature = encode(home.sign(statements.DIRECTORY, signed.encode()))
    return json.dumps({**content, "signed": signed, "signature": signature}, ensure_ascii=False)


def _log_json() -> str:
    published = _published()
    return json.dumps({"entries": list(published.entries), "head": published.head.as_json()}, ensure_ascii=False)


def _published() -> Published:
    return key_guard.published(current_app, datetime.now(UTC))
