"""The demo's mailbox: every mail that would have gone out. Does not exist outside the demo.

Its mails hold every link to confirm and withdraw: `web/access` asks for a key wherever somebody else may be looking.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, make_response, render_template, request

from proca_web.web.access import demo_only
from proca_web.web.security import CSP, hide_referrer

bp = Blueprint("mailbox", __name__)

MOST_MAILS = 200
_TOLD = ("to", "subject", "text", "html", "sent_at")
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; form-action 'none'; "
    "sandbox allow-top-navigation-by-user-activation"
)


@bp.get("/mailbox")
@demo_only
def show() -> Response:
    """The newest mails, for people."""
    mails = [mail | {"sent": datetime.fromisoformat(mail["sent_at"])} for mail in _mails(MOST_MAILS)]
    response = make_response(render_template("public/mailbox/index.html", mails=mails, key=request.args.get("key")))
    response.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return hide_referrer(response)


@bp.get("/mailbox.json")
@demo_only
def show_json() -> Response:
    """All mails, the newest first."""
    return jsonify([{field: mail[field] for field in _TOLD} for mail in _mails(None)])


@bp.get("/mailbox/<name>.html")
@demo_only
def show_html(name: str) -> Response:
    """One mail as a mail program shows it: in a frame of its own that runs nothing and loads nothing."""
    found = next((mail for mail in _mails(None) if mail["name"] == name), None)
    if found is None:
        abort(404)
    response = Response(found["html"].replace("<head>", '<head><base target="_top">', 1))
    response.headers["Content-Security-Policy"] = _MAIL_POLICY
    return response


def _mails(most: int | None) -> list[dict[str, Any]]:
    folder: Path = current_app.config["MAILBOX_DIR"]
    newest = sorted(folder.glob("*.json"), reverse=True)[:most]
    return [json.loads(file.read_text("utf-8")) | {"name": file.stem} for file in newest]
