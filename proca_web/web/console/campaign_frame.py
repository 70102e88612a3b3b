"""A page of the console about one campaign: its path and state above, and the tabs this person may open."""

from collections.abc import Mapping

from flask import Response, current_app, g
from flask_login import current_user

from proca_web.domain.messages import N_
from proca_web.domain.rights import Right
from proca_web.models import Campaign
from proca_web.web import console

TABS = (
    (N_("Numbers"), "numbers.index", Right.NUMBERS),
    (N_("Pages"), "campaign_pages.index", Right.NUMBERS),
    (N_("Mails"), "mails.index", Right.TEXTS),
    (N_("News"), "news.index", Right.TEXTS),
    (N_("Comments"), "comments.index", Right.TEXTS),
    (N_("Partners"), "coalition.index", Right.CAMPAIGNS),
    (N_("Launch"), "launch.index", Right.CAMPAIGNS),
)


def page(template: str, campaign: Campaign, values: Mapping[str, object], status: int = 200) -> Response:
    """Render a page about a campaign of `g.org`; its template extends `console/campaigns/_base.html`."""
    may = current_user.rights_in(g.org)
    tabs = [(text, endpoint) for text, endpoint, right in TABS if right in may and _is_there(endpoint)]
    return console.page(template, {"campaign": campaign, "tabs": tabs, **values}, status)


def _is_there(endpoint: str) -> bool:
    return endpoint in current_app.view_functions
