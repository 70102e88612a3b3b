"""Campaigns and pages of all organisations, as whoever runs the site finds them; each leads to its own forms."""

from collections.abc import Sequence

from flask import Blueprint, Response, current_app, request

from proca_web.adapters import clock
from proca_web.adapters.alive import late_mail
from proca_web.adapters.database import reading
from proca_web.adapters.encryption import vouching_if_known
from proca_web.domain.rights import Right
from proca_web.models import ActionPage, Campaign
from proca_web.services.petitions.showing import everywhere, standing
from proca_web.web import console
from proca_web.web.access import needs

bp = Blueprint("petitions", __name__, url_prefix="/console")
_DIGITS = 18
_LONGEST_PART = 100


@bp.get("/<org>/all-campaigns")
@needs(Right.INSTANCE)
def campaigns(org: str) -> Response:
    """All campaigns of all organisations, by state and title."""
    choice, part, before = _asked()
    now = clock.now()
    with reading() as session:
        found = everywhere.campaigns(session, now, choice, part, before)
    return _page("campaigns", found, choice, part)


@bp.get("/<org>/all-pages")
@needs(Right.INSTANCE)
def pages(org: str) -> Response:
    """All pages of all organisations, by state and title."""
    choice, part, before = _asked()
    lates, now = late_mail.now(current_app), clock.now()
    with reading() as session:
        look = standing.look(session, vouching_if_known(current_app), now, lates.is_stalled)
        found = everywhere.pages(session, look, choice, part, before)
    return _page("pages", found, choice, part)


def _asked() -> tuple[str, str, int | None]:
    choice, part, before = (request.args.get(name, "") for name in ("state", "part", "before"))
    is_number = before.isascii() and before.isdigit() and len(before) <= _DIGITS
    chosen = choice if choice in everywhere.CHOICES else ""
    return chosen, part[:_LONGEST_PART].replace("\0", "").strip(), int(before) if is_number else None


def _page(what: str, found: Sequence[tuple[Campaign | ActionPage, str]], choice: str, part: str) -> Response:
    shown = found[: everywhere.A_PAGE]
    older = shown[-1][0].id if len(found) > len(shown) else None
    values = {"what": what, "found": shown, "older": older, "chosen": choice, "part": part}
    return console.page("console/instance/petitions.html", {**values, "choices": everywhere.CHOICES})
