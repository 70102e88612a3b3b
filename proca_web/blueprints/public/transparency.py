"""What everybody may check: the wordings that were shown, and the keys signatures are sealed to."""

import json
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, current_app, g, render_template

from proca_web.adapters import clock, key_guard
from proca_web.adapters.database import reading
from proca_web.crypto.encoding import encode
from proca_web.crypto.keys import statements
from proca_web.crypto.keys.keys import fingerprint
from proca_web.extensions import encryption
from proca_web.services.keys import directory as key_directory
from proca_web.services.keys import log as key_log
from proca_web.services.keys.log import Published
from proca_web.services.petitions import views, wordings
from proca_web.web import page_cache
from proca_web.web.access import public

bp = Blueprint("transparency", __name__)

_FOR_AN_HOUR = "public, max-age=3600"
DIRECTORY_SECONDS = 30


@bp.get("/consent/<wording_hash>.txt")
@public
def consent(wording_hash: str) -> Response:
    """A wording as it was shown; its SHA-256 is its name."""
    with reading() as session:
        body = wordings.body_of(session, wording_hash)
    if body is None:
        abort(404)
    return Response(body, mimetype="text/plain", headers={"Cache-Control": _FOR_AN_HOUR})


@bp.get("/consent/<wording_hash>")
@public
def agreed(wording_hash: str) -> Response:
    """The same words as a page."""
    return page_cache.serve(f"consent/{wording_hash}", lambda: _agreed_page(wording_hash), max_age=DIRECTORY_SECONDS)


@bp.get("/keys")
@public
def keys() -> Response:
    """The key directory, for people."""
    return page_cache.serve("keys", _keys_page, max_age=DIRECTORY_SECONDS)


@bp.get("/keys.json")
@public
def keys_json() -> Response:
    """The key directory, for tools; `signed` is the same as the text that the Home identity signed."""
    return page_cache.serve("keys.json", _keys_json, max_age=DIRECTORY_SECONDS, mimetype="application/json")


@bp.get("/keys/log.json")
@public
def log_json() -> Response:
    """The key log, from its first entry, each as the exact text that was hashed; never older than `/keys.json`."""
    with reading() as session:
        kept_as = f"keys/log.json:{key_log.next_position(session)}"
    return page_cache.serve(kept_as, _log_json, max_age=DIRECTORY_SECONDS, mimetype="application/json")


def _agreed_page(wording_hash: str) -> str:
    with reading() as session:
        found = views.agreed(session, wording_hash, {})
    if found is None:
        abort(404)
    g.locale = found.locale
    return render_template("public/consent/index.html", agreed=found, wording_hash=wording_hash)


def _keys_page() -> str:
    home, published = encryption.source.home, _published()
    with reading() as session:
        keys = key_directory.published(session, encryption.vouching, clock.now())
    return render_template(
        "public/transparency/keys.html",
        identity=encode(home.identity),
        identity_fingerprint=fingerprint(home.identity),
        keys=keys,
        log={
            "size": published.head.size,
            "code": published.code,
            "time": datetime.fromtimestamp(published.head.time, UTC),
        },
        encode=encode,
    )


def _keys_json() -> str:
    home, head = encryption.source.home, _published().head
    with reading() as session:
        entries = key_directory.entries(session, encryption.vouching, clock.now())
    content = {
        "instance": current_app.config["PUBLIC_URL"],
        "home": {
            "identity": encode(home.identity),
            "fingerprint": fingerprint(home.identity),
            "box": encode(home.box_public),
        },
        "keys": entries,
        "head": head.as_json(),
    }
    signed = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    signature = encode(home.sign(statements.DIRECTORY, signed.encode()))
    return json.dumps({**content, "signed": signed, "signature": signature}, ensure_ascii=False)


def _log_json() -> str:
    published = _published()
    return json.dumps({"entries": list(published.entries), "head": published.head.as_json()}, ensure_ascii=False)


def _published() -> Published:
    return key_guard.published(current_app, clock.now())
