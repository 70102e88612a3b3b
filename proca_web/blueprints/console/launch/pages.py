"""The launch list on the screen. It changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, current_app, g, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.alive import late_mail
from proca_web.adapters.database import reading
from proca_web.blueprints.console.launch import bp
from proca_web.blueprints.console.launch.forms import OpenedForm
from proca_web.domain.campaign_words import LaunchTick
from proca_web.domain.errors import PageNotFound
from proca_web.domain.messages import Message
from proca_web.domain.pages import stops
from proca_web.domain.rights import Right
from proca_web.domain.words import Publication
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Campaign
from proca_web.services.petitions import wordings
from proca_web.services.petitions.making import places
from proca_web.services.petitions.making.launch import steps, ticks
from proca_web.services.petitions.making.launch.steps import Step
from proca_web.services.petitions.making.launch.words import Grade, Standing
from proca_web.services.petitions.showing import standing
from proca_web.services.petitions.showing.standing import Look
from proca_web.web import campaign_frame
from proca_web.web.access import enforcing, needs

MOST_PAGES = 100
# Whose screen a button opens, and what else of the path it needs.
_OF_PAGE = frozenset(("campaign_pages.edit",))
_OF_CAMPAIGN = frozenset(("mails.index", "coalition.index"))
_HERE = frozenset(("launch.index", "launch.reopen"))


@dataclass(frozen=True, slots=True)
class Line:
    """A step as this person sees it: with a button, where there is a screen that they may open."""

    step: Step
    link: str


@bp.get("/<org>/campaigns/<campaign>/launch")
@needs(Right.CAMPAIGNS)
def index(org: str, campaign: str) -> Response:
    """The list of one page of the campaign; the others are a choice beside it."""
    return list_page(campaign, request.args.get("page", ""))


def list_page(
    campaign: str,
    page: str,
    *,
    status: int = 200,
    form: OpenedForm | None = None,
    fault: Message | None = None,
    link: str = "",
) -> Response:
    """The list, with why something was refused or a link that was just made. Raises CampaignNotFound, PageNotFound."""
    with reading() as session:
        of = places.campaign_of(session, g.org.id, campaign)
        pages = places.pages_of(session, g.org.id, of, MOST_PAGES)
        shown = _chosen(pages, page)
        values: dict[str, object] = {"pages": pages, "page": shown, "campaign_name": of.name}
        if shown is not None:
            values |= _list_of(session, of, shown)
        values |= {"form": form or OpenedForm(), "fault": fault, "link": link, "done": request.args.get("done")}
        return campaign_frame.page("console/launch/index.html", of, values, status)


def look(session: Session) -> Look:
    """By what pages are judged now."""
    return standing.look(session, encryption.vouching, clock.now(), late_mail.now(current_app).is_stalled)


def _chosen(pages: Sequence[ActionPage], name: str) -> ActionPage | None:
    """The page that was asked for; else this org's own first one that waits for its launch."""
    if name:
        found = next((page for page in pages if page.name == name), None)
        if found is None:
            raise PageNotFound(name)
        return found
    own = [page for page in pages if page.org_id == g.org.id]
    drafts = [page for page in own if page.status == Publication.DRAFT]
    return next(iter([*drafts, *own, *pages]), None)


def _list_of(session: Session, campaign: Campaign, page: ActionPage) -> dict[str, object]:
    seen = look(session)
    found = steps.of_page(session, page, seen, encryption.vouching)
    needed = [step for step in found if step.grade is not Grade.ADVICE]
    mine = page.org_id == g.org.id
    receives = g.org.id in {org.id for org in wordings.orgs_of(page).values()}
    opened = ticks.standing(session, page, LaunchTick.TEST_OPENED, g.org.id)
    return {
        "needed": [_line(campaign, page, step) for step in needed],
        "advice": [_line(campaign, page, step) for step in found if step.grade is Grade.ADVICE],
        "lacking": steps.missing(found),
        "done_number": sum(step.state is not Standing.MISSING for step in needed),
        "stands": stops.state(seen.stops(page)),
        "mine": mine,
        "can_open": receives and g.org.id in seen.receiving,
        "opened": opened,
        "asks_yes": receives and not mine and not _has_its_own_screen(page),
    }


def _has_its_own_screen(page: ActionPage) -> bool:
    """Whether the yes is said elsewhere: the lead says it among its partners."""
    return page.campaign.org_id == g.org.id and "coalition.index" in current_app.view_functions


def _line(campaign: Campaign, page: ActionPage, step: Step) -> Line:
    """A step with its button, if this person can do it elsewhere."""
    if not _can_cure(page, step):
        return Line(step, "")
    values = {"org": g.org.name}
    if step.cure in _OF_PAGE | _OF_CAMPAIGN:
        values["campaign"] = campaign.name
    if step.cure in _OF_PAGE:
        values["page"] = page.name
    return Line(step, url_for(step.cure, **values))


def _can_cure(page: ActionPage, step: Step) -> bool:
    """Whether the step is this org's business, and its screen is there and open to this person."""
    rule = enforcing.rules_of(current_app).get(step.cure)
    if rule is None or step.cure in _HERE or step.org.id != g.org.id:
        return False
    is_its_page = step.cure not in _OF_PAGE or page.org_id == g.org.id  # another org's page is edited there
    return is_its_page and bool(rule.rights <= current_user.rights_in(g.org))
