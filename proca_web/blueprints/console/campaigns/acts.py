"""What is done about campaigns and pages: ordered, copied, paused, closed, deleted; people from elsewhere."""

from collections.abc import Callable, Mapping

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from proca_web.adapters.database import reading, writing
from proca_web.blueprints.console.campaigns import bp, lists, screen
from proca_web.blueprints.console.campaigns.forms import CopyForm, ElsewhereForm, EndForm
from proca_web.domain.errors import CampaignRefused, FieldsRefused
from proca_web.domain.messages import Message
from proca_web.domain.rights import Right
from proca_web.extensions import encryption
from proca_web.models import ActionPage, Campaign
from proca_web.services.petitions.making import copying, elsewhere, ending, places
from proca_web.services.petitions.making.writing import listing
from proca_web.web.access import needs
from proca_web.web.console import campaign_frame
from proca_web.web.htmx import see_other


@bp.post("/<org>/campaigns/<campaign>/pages/<page>/move")
@needs(Right.CAMPAIGNS)
def move(org: str, campaign: str, page: str) -> ResponseReturnValue:
    """One place up or down in the order of the campaign, which is its lead's."""
    with writing() as session:
        led = places.campaign_of(session, g.org.id, campaign, leads=True)
        found = places.page_of(session, g.org.id, led, page, looks=True)
        listing.move(session, led, found, -1 if request.form.get("to") == "up" else 1)
    return see_other(url_for("campaign_pages.index", org=org, campaign=campaign))


@bp.post("/<org>/campaigns/<campaign>/copies")
@needs(Right.CAMPAIGNS)
def copy_page(org: str, campaign: str) -> ResponseReturnValue:
    """A page once more, here or as the first of a new campaign."""
    asked, who = CopyForm(request.form), screen.writer()

    def act(session: Session, page: ActionPage) -> ActionPage:
        make = copying.copy_into_new if asked.to.data == "new" else copying.copy_page
        return make(session, page, who)

    return _make(campaign, asked.page.data, act)


@bp.post("/<org>/campaigns/<campaign>/languages")
@needs(Right.CAMPAIGNS)
def add_language(org: str, campaign: str) -> ResponseReturnValue:
    """The same page in another language, to be written over."""
    asked, who = CopyForm(request.form), screen.writer()
    return _make(
        campaign, asked.page.data, lambda session, page: copying.add_language(session, page, asked.locale.data, who)
    )


@bp.post("/<org>/campaigns/<campaign>/copy")
@needs(Right.CAMPAIGNS)
def copy_campaign(org: str, campaign: str) -> ResponseReturnValue:
    """The whole campaign once more, as drafts."""
    try:
        with writing() as session:
            led = places.campaign_of(session, g.org.id, campaign, leads=True)
            made = copying.copy_campaign(session, led, screen.writer()).name
    except CampaignRefused as refusal:
        return lists.pages_page(campaign, refusal.message, 409)
    return see_other(url_for("campaign_pages.index", org=org, campaign=made, done="made"))


@bp.get("/<org>/campaigns/<campaign>/pages/<page>/end")
@needs(Right.CAMPAIGNS)
def ending_of_page(org: str, campaign: str, page: str) -> Response:
    """What becomes of a page that pauses, closes or goes, each with its button."""
    return _end_screen(campaign, page)


@bp.post("/<org>/campaigns/<campaign>/pages/<page>/end")
@needs(Right.CAMPAIGNS)
def end_page(org: str, campaign: str, page: str) -> ResponseReturnValue:
    """Pause, reopen, close or delete a page."""

    def act(session: Session, led: Campaign) -> None:
        found, who = places.page_of(session, g.org.id, led, page), screen.writer()
        deeds: Mapping[str, Callable[[], None]] = {
            "pause": lambda: ending.pause_page(session, found, who),
            "close": lambda: ending.close_page(session, found, EndForm(request.form).closed_text.data, who),
            "delete": lambda: ending.delete_page(session, found, who),
        }
        if request.form.get("do") == "reopen":
            with force_locale(found.locale):
                ending.reopen_page(session, found, who, gettext, encryption.vouching)
        else:
            deeds.get(request.form.get("do", ""), lambda: None)()

    return _end(campaign, page, act)


@bp.get("/<org>/campaigns/<campaign>/end")
@needs(Right.CAMPAIGNS)
def ending_of_campaign(org: str, campaign: str) -> Response:
    """The same of a whole campaign."""
    return _end_screen(campaign, None)


@bp.post("/<org>/campaigns/<campaign>/end")
@needs(Right.CAMPAIGNS)
def end_campaign(org: str, campaign: str) -> ResponseReturnValue:
    """Pause, reopen, close or delete a campaign."""

    def act(session: Session, led: Campaign) -> None:
        who = screen.writer()
        deeds: Mapping[str, Callable[[], None]] = {
            "pause": lambda: ending.pause(session, led, who),
            "reopen": lambda: ending.reopen(session, led, who),
            "close": lambda: ending.close(session, led, EndForm(request.form).closed_text.data, who),
            "delete": lambda: ending.delete_campaign(session, led, who),
        }
        deeds.get(request.form.get("do", ""), lambda: None)()

    return _end(campaign, None, act)


@bp.get("/<org>/campaigns/<campaign>/elsewhere")
@needs(Right.CAMPAIGNS)
def collected_elsewhere(org: str, campaign: str) -> Response:
    """Who signed on paper or on another site."""
    return _elsewhere_screen(campaign, ElsewhereForm())


@bp.post("/<org>/campaigns/<campaign>/elsewhere")
@needs(Right.CAMPAIGNS)
def add_elsewhere(org: str, campaign: str) -> ResponseReturnValue:
    """So many more of them."""
    form = ElsewhereForm(request.form)
    try:
        with writing() as session:
            led = places.campaign_of(session, g.org.id, campaign, leads=True)
            elsewhere.add(session, led, form.label.data, form.number.data, form.day.data, screen.writer())
    except FieldsRefused as refusal:
        return _elsewhere_screen(campaign, form, refusal.faults, status=422)
    except CampaignRefused as refusal:
        return _elsewhere_screen(campaign, form, fault=refusal.message, status=409)
    return see_other(url_for("campaign_pages.collected_elsewhere", org=org, campaign=campaign))


@bp.post("/<org>/campaigns/<campaign>/elsewhere/<int:number>/remove")
@needs(Right.CAMPAIGNS)
def remove_elsewhere(org: str, campaign: str, number: int) -> ResponseReturnValue:
    """One of these entries is taken off."""
    with writing() as session:
        led = places.campaign_of(session, g.org.id, campaign, leads=True)
        elsewhere.remove(session, led, number, screen.writer())
    return see_other(url_for("campaign_pages.collected_elsewhere", org=org, campaign=campaign))


def _make(campaign: str, page: str, act: Callable[[Session, ActionPage], ActionPage]) -> ResponseReturnValue:
    try:
        with writing() as session:
            found = places.campaign_of(session, g.org.id, campaign)
            made = act(session, places.page_of(session, g.org.id, found, page))
            into, name = made.campaign.name, made.name
    except CampaignRefused as refusal:
        return lists.pages_page(campaign, refusal.message, 409)
    return see_other(url_for("campaign_pages.edit", org=g.org.name, campaign=into, page=name))


def _end(campaign: str, page: str | None, act: Callable[[Session, Campaign], None]) -> ResponseReturnValue:
    try:
        with writing() as session:
            act(session, places.campaign_of(session, g.org.id, campaign, leads=page is None))
    except FieldsRefused as refusal:
        return _end_screen(campaign, page, refusal.faults, status=422)
    except CampaignRefused as refusal:
        return _end_screen(campaign, page, fault=refusal.message, status=409)
    if page is None and request.form.get("do") == "delete":
        return see_other(url_for("start.campaigns", org=g.org.name))
    return see_other(url_for("campaign_pages.index", org=g.org.name, campaign=campaign, done="ended"))


def _end_screen(
    campaign: str, page: str | None, faults: Mapping[str, Message] | None = None, fault: Message | None = None,
    status: int = 200,
) -> Response:  # fmt: skip
    with reading() as session:
        found = places.campaign_of(session, g.org.id, campaign, leads=page is None)
        about = places.page_of(session, g.org.id, found, page) if page is not None else None
        words = about.closed_text if about is not None else ""
        values = {
            "about": about or found,
            "page": about,
            "depends": ending.depends(session, [about.id]) if about is not None else found.supporter_count > 0,
            "typed": {"closed_text": request.form.get("closed_text", words)},
            "faults": faults or {},
            "fault": fault,
        }
        return campaign_frame.page("console/campaigns/pages/end.html", found, values, status)


def _elsewhere_screen(
    campaign: str, form: ElsewhereForm, faults: Mapping[str, Message] | None = None, fault: Message | None = None,
    status: int = 200,
) -> Response:  # fmt: skip
    with reading() as session:
        led = places.campaign_of(session, g.org.id, campaign, leads=True)
        entries = elsewhere.of(session, led)
    values = {"entries": entries, "typed": form.data, "faults": faults or {}, "fault": fault}
    return campaign_frame.page("console/campaigns/pages/elsewhere.html", led, values, status)
