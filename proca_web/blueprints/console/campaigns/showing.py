"""A page as people will see it, made by the very templates that serve it: narrow, wide, light, dark, and as a card."""

import re

from flask import Response, g, make_response, render_template, request
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.blueprints.console.campaigns import bp
from proca_web.domain.rights import Right
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Picture
from proca_web.services.petitions.making import places
from proca_web.services.petitions.making.writing import shown as shown_pages
from proca_web.services.petitions.showing import pictures
from proca_web.web.access import needs
from proca_web.web.console import campaign_frame
from proca_web.web.security import CSP
from proca_web.web.showing.petition import values_of
from proca_web.web.static_files import SCHEMES

SIZES = ("narrow", "wide")
_FRAMED = CSP.replace("frame-ancestors 'none'", "frame-ancestors 'self'").replace(
    "form-action 'self'", "form-action 'none'"
)
_STYLESHEET = re.compile(r'(href="[^"]+\.css\?v=[^"]+)')
_FRAMES = f"{CSP}; frame-src 'self'"


@bp.get("/<org>/campaigns/<campaign>/pages/<page>/preview")
@needs(Right.NUMBERS)
def preview(org: str, campaign: str, page: str) -> Response:
    """The page in a frame that can do nothing, and the card that shows when its link is shared."""
    size, scheme = request.args.get("size", SIZES[0]), request.args.get("scheme", "")
    with reading() as session:
        found = _page(session, campaign, page)
        hero = session.get(Picture, found.hero_id) if found.hero_id else None
        values = {
            "page": found,
            "size": size if size in SIZES else SIZES[0],
            "scheme": scheme if scheme in SCHEMES else "",
            "card": pictures.sources(hero).card if hero else None,
        }
        response = campaign_frame.page("console/campaigns/pages/preview.html", found.campaign, values)
    response.headers["Content-Security-Policy"] = _FRAMES
    return response


@bp.get("/<org>/campaigns/<campaign>/pages/<page>/shown")
@needs(Right.NUMBERS)
def shown(org: str, campaign: str, page: str) -> Response:
    """The page itself, from the code that serves it; in a frame of ours alone."""
    with reading() as session:
        found = _page(session, campaign, page)
        with force_locale(found.locale):
            view = shown_pages.as_live(session, found, gettext, encryption.vouching, clock.now())
    g.locale = found.locale
    html, scheme = render_template("public/action_page/index.html", **values_of(view)), request.args.get("scheme")
    response = make_response(_STYLESHEET.sub(rf"\1&amp;scheme={scheme}", html) if scheme in SCHEMES else html)
    response.headers["Content-Security-Policy"] = _FRAMED
    return response


def _page(session: Session, campaign: str, page: str) -> ActionPage:
    return places.page_of(session, g.org.id, places.campaign_of(session, g.org.id, campaign), page, looks=True)
