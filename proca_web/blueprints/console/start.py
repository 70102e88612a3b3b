"""The org's console: where its campaigns stand; for the operator, how the instance is doing."""

from collections.abc import Sequence

from flask import Blueprint, Response, current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from proca_web.adapters import clock
from proca_web.adapters.alive import late_mail
from proca_web.adapters.database import reading
from proca_web.adapters.encryption import vouching_if_known
from proca_web.adapters.mail import routes
from proca_web.domain.rights import Right
from proca_web.domain.staff_words import StaffRole
from proca_web.services.instance import alarms, banner, figures, mail_trial
from proca_web.services.keys import holdings
from proca_web.services.keys import views as key_views
from proca_web.services.petitions import overview
from proca_web.services.petitions.glance import figures as glance
from proca_web.services.petitions.glance import live, waiting
from proca_web.services.petitions.glance.waiting import Waiting
from proca_web.services.petitions.making import drafts
from proca_web.services.petitions.making import places as making_places
from proca_web.services.petitions.making.writing import listing
from proca_web.services.petitions.overview import CampaignStatus
from proca_web.services.petitions.showing import standing
from proca_web.services.staff import members
from proca_web.web import console
from proca_web.web.access import needs, staff

DIGITS = 18
_MAKING = {Right.CAMPAIGNS}
_NEEDED = {
    **dict.fromkeys(("stopped", "invitation", "approval", "draft"), _MAKING),
    **{"key": {Right.KEYS}, "comments": {Right.TEXTS}, "people": {Right.EXPORTS}},
}
_FIRST_TABS = ("numbers.index", "campaign_pages.index")

bp = Blueprint("start", __name__, url_prefix="/console")


@bp.get("/")
@staff
def index() -> ResponseReturnValue:
    """To the org of whoever is signed in; to a choice where there are several. Operators: to the instance."""
    places = current_user.memberships
    home = next((place for place in places if place.role == StaffRole.OPERATOR), None)
    if home is None and len(places) != 1:
        return render_template("console/start/choose.html", places=places)
    return redirect(url_for("start.show", org=(home or places[0]).org.name), code=303)


@bp.get("/<org>/")
@needs(Right.NUMBERS)
def show(org: str) -> Response:
    """An org's campaigns with counts and a chart; for the Home Org, how the instance is doing."""
    return _instance() if g.org.is_home else _org()


@bp.get("/<org>/campaigns")
@needs(Right.NUMBERS)
def campaigns(org: str) -> ResponseReturnValue:
    """All campaigns with their pages, by state; what needs attention first, and what was begun and not saved."""
    if g.org.is_home:
        return redirect(url_for("petitions.campaigns", org=org), code=303)
    lates, now, vouching = late_mail.now(current_app), clock.now(), vouching_if_known(current_app)
    chosen, before = request.args.get("state", ""), _asked("before")
    with reading() as session:
        numbers = listing.by_state(session, g.org.id, now)
        only = numbers[chosen] if chosen in numbers and chosen else None
        found = overview.campaigns_of(
            session, g.org.id, vouching, now, before, only=only, mail_is_stalled=lates.is_stalled
        )
        values = {
            **_paged(found),
            "chosen": chosen if chosen in numbers else "",
            "numbers": {choice: len(each) for choice, each in numbers.items()},
            "made": listing.pages_beside(session, found),
            "by_id": listing.campaigns_beside(session, found),
            "unfinished": drafts.unfinished(session, g.org.id, current_user.user.id),
            "key": key_views.receiving(session, g.org, vouching, now),
            "has_launch": "launch.index" in current_app.view_functions,
        }
    return console.page("console/campaigns/list/index.html", {"late": lates.of(g.org.name), "now": now, **values})


@bp.get("/<org>/campaigns/<campaign>")
@needs(Right.NUMBERS)
def campaign(org: str, campaign: str) -> ResponseReturnValue:
    """To the numbers of a campaign, or to its pages."""
    with reading() as session:
        making_places.campaign_of(session, g.org.id, campaign)
    first = next(each for each in _FIRST_TABS if each in current_app.view_functions)
    return redirect(url_for(first, org=org, campaign=campaign, after=_asked("after")), code=303)


def _asked(name: str) -> int | None:
    """The number in the query where a part of a list begins."""
    asked = request.args.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= DIGITS else None


def _paged(found: list[CampaignStatus]) -> dict[str, object]:
    shown = found[: overview.CAMPAIGNS_A_PAGE]
    return {"campaigns": shown, "older": shown[-1].id if len(found) > len(shown) else None}


def _org() -> Response:
    now, vouching, lates = clock.now(), vouching_if_known(current_app), late_mail.now(current_app)
    with reading() as session:
        look = standing.look(session, vouching, now, lates.is_stalled)
        pages, key = live.of(session, g.org, look), key_views.receiving(session, g.org, vouching, now)
        ends = key.expires_at if key is not None else None
        found = {
            "late": lates.of(g.org.name),
            "figures": glance.of(session, g.org, now),
            "live": pages,
            "waiting": _open_to_me(waiting.of(session, g.org, pages, ends, look, vouching)),
            "team": members.of_org(session, g.org.id),
            "key": key,
            "held": holdings.of(session, g.org.id),
        }
    return console.page("console/start/index.html", {"now": now, **found})


def _open_to_me(found: Sequence[Waiting]) -> list[Waiting]:
    """What this person can do, on screens that are there."""
    rights = current_user.rights_in(g.org)
    return [each for each in found if each.endpoint in current_app.view_functions and _NEEDED[each.kind] <= set(rights)]


def _instance() -> Response:
    now, after = clock.now(), request.args.get("after", "")[:80].replace("\0", "")
    with reading() as session:
        found = {
            "health": overview.instance(session, vouching_if_known(current_app), now, after),
            "changes": key_views.changes(session, current_user.user.id),
            "alarms": alarms.standing(session, now),
            "mails": figures.mails(session, now, routes.own(current_app)),
            "trial": mail_trial.newest(session, current_user.user.id),
            "stands": banner.said(session),
        }
    return console.page("console/start/instance.html", {"now": now, **found})
