"""The pages of a campaign, and those of an org over all its campaigns. They change nothing."""

from collections.abc import Mapping

from flask import Response, current_app, g, request
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.alive import late_mail
from proca_web.adapters.database import reading
from proca_web.adapters.encryption import vouching_if_known
from proca_web.blueprints.console.campaigns import bp, forms
from proca_web.domain.messages import Message
from proca_web.domain.rights import Right
from proca_web.services.petitions.making import copying, elsewhere, places
from proca_web.services.petitions.making.writing import listing
from proca_web.services.petitions.showing import standing
from proca_web.services.petitions.showing.standing import Look
from proca_web.web import console
from proca_web.web.access import needs
from proca_web.web.console import campaign_frame


@bp.get("/<org>/campaigns/<campaign>/pages")
@needs(Right.NUMBERS)
def index(org: str, campaign: str) -> Response:
    """The pages of a campaign in their order, and what can be made of them."""
    return pages_page(campaign)


@bp.get("/<org>/pages")
@needs(Right.NUMBERS)
def every_page(org: str) -> Response:
    """An org's pages over all its campaigns."""
    now = clock.now()
    with reading() as session:
        before = forms.number(request.args.get("before", ""))
        found = listing.pages_of_org(session, g.org.id, look(session), before or None)
    shown = found[: listing.PAGES_A_PAGE]
    older = shown[-1].page.id if len(found) > len(shown) else None
    return console.page("console/campaigns/list/every_page.html", {"pages": shown, "older": older, "now": now})


def pages_page(name: str, fault: Message | None = None, status: int = 200) -> Response:
    """The Pages tab; `fault`: why something could not be done."""
    now, after = clock.now(), forms.number(request.args.get("after", ""))
    with reading() as session:
        campaign = places.campaign_of(session, g.org.id, name)
        found = listing.pages_of(session, campaign, g.org.id, look(session), after)
        values: Mapping[str, object] = {
            "pages": found[: listing.PAGES_A_PAGE],
            "after": after,
            "more": len(found) > listing.PAGES_A_PAGE,
            "leads": campaign.org_id == g.org.id,
            "languages": copying.languages_left(session, campaign, g.org.id),
            "own": [each for each in found if each.is_own],
            "elsewhere": sum(each.number for each in elsewhere.of(session, campaign)),
            "fault": fault,
            "done": request.args.get("done", ""),
            "now": now,
        }
        return campaign_frame.page("console/campaigns/pages/index.html", campaign, values, status)


def look(session: Session) -> Look:
    """By what the state of a page is judged now."""
    vouching, lates = vouching_if_known(current_app), late_mail.now(current_app)
    return standing.look(session, vouching, clock.now(), lates.is_stalled)
