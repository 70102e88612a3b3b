"""The demo's mailbox: every mail that would have gone out. Does not exist outside the demo.

Its mails hold every link to confirm and withdraw: `web/access` asks for a key wherever somebody else may be looking.
"""

import json
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, make_response, render_template

from proca_web.web.access import demo_only
from proca_web.web.security import hide_referrer

bp = Blueprint("mailbox", __name__)

MOST_MAILS = 200


@bp.get("/mailbox")
@demo_only
def show() -> Response:
    """The newest mails, for people."""
    return hide_referrer(make_response(render_template("public/mailbox/index.html", mails=_mails(MOST_MAILS))))


@bp.get("/mailbox.json")
@demo_only
def show_json() -> Response:
    """All mails, the newest first."""
    return jsonify(_mails(None))


def _mails(most: int | None) -> list[dict[str, Any]]:
    folder: Path = current_app.config["MAILBOX_DIR"]
    newest = sorted(folder.glob("*.json"), reverse=True)[:most]
    return [json.loads(file.read_text("utf-8")) for file in newest]
