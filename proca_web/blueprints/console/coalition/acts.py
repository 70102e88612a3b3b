"""What is done about partners: invite, send again, take back, approve, end, change who gets a copy, say yes to it."""

from collections.abc import Callable
from datetime import datetime

from flask import g, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.adapters.wordings import renewing
from proca_web.blueprints.console.coalition import bp, pages
from proca_web.blueprints.console.coalition.forms import ApprovalForm, InvitationForm, ReceiversForm, TermsForm
from proca_web.domain.errors import CampaignRefused, FieldsRefused
from proca_web.domain.rights import Right
from proca_web.extensions import encryption, queue
from proca_web.models import Campaign, Org
from proca_web.services.petitions.making import places
from proca_web.services.petitions.making.coalition import approving, ending, inviting, receivers, terms
from proca_web.services.staff import people
from proca_web.web.access import limited, needs
from proca_web.web.htmx import see_other
from proca_web.web.ratelimit import Limit

INVITE_LIMIT = Limit("partners", 20)
Act = Callable[[Session, Campaign, int, datetime], str]


@bp.post("")
@needs(Right.CAMPAIGNS)
@limited(INVITE_LIMIT)
def invite(org: str, campaign: str) -> ResponseReturnValue:
    """A mail to whoever runs its campaigns, or to the address that was typed."""
    form = InvitationForm(request.form)

    def act(session: Session, found: Campaign, me: int, now: datetime) -> str:
        inviting.invite(session, found, me, form.org.data or "", form.email.data or "", now)
        return "invited"

    return _perform(campaign, act, leads=True, form=form)


@bp.post("/<int:partner_id>/again")
@needs(Right.CAMPAIGNS)
@limited(INVITE_LIMIT)
def send_again(org: str, campaign: str, partner_id: int) -> ResponseReturnValue:
    """The same invitation once more, for another 14 days."""

    def act(session: Session, found: Campaign, me: int, now: datetime) -> str:
        inviting.send_again(session, found, partner_id, me, now)
        return "sent-again"

    return _perform(campaign, act, leads=True)


@bp.post("/<int:partner_id>/withdraw")
@needs(Right.CAMPAIGNS)
def withdraw(org: str, campaign: str, partner_id: int) -> ResponseReturnValue:
    """Nobody can accept it from now on."""

    def act(session: Session, found: Campaign, me: int, now: datetime) -> str:
        inviting.withdraw(session, found, partner_id, me, now)
        return "withdrawn"

    return _perform(campaign, act, leads=True)


@bp.post("/pages/<page>")
@needs(Right.CAMPAIGNS)
def approve(org: str, campaign: str, page: str) -> ResponseReturnValue:
    """The lead says yes to what it saw."""
    seen = ApprovalForm(request.form).seen.data or ""
    try:
        with writing() as session:
            found = places.campaign_of(session, g.org.id, campaign, leads=True)
            chosen = places.page_of(session, g.org.id, found, page, looks=True)
            approving.approve(session, found, chosen, seen, current_user.user.id, clock.now())
    except CampaignRefused as refusal:
        return pages.look_page(campaign, page, refusal.message, 409)
    return _done(campaign, "approved")


@bp.post("/<member>/end")
@needs(Right.CAMPAIGNS)
def end(org: str, campaign: str, member: str) -> ResponseReturnValue:
    """The lead ends a partner's part, or the partner leaves."""

    def act(session: Session, found: Campaign, me: int, now: datetime) -> str:
        gone = people.find_org(session, pages.part_of(session, found, member).name) or g.org
        ending.end(session, found, gone, me, renewing(session), encryption.vouching, now)
        return "left" if gone.id == g.org.id else "ended"

    return _perform(campaign, act)


@bp.post("/terms")
@needs(Right.CAMPAIGNS)
def ask(org: str, campaign: str) -> ResponseReturnValue:
    """Who gets a copy: in force at once, or as soon as every open partner has said yes."""
    copies = TermsForm(request.form).copies.data or ""

    def act(session: Session, found: Campaign, me: int, now: datetime) -> str:
        at_once = terms.ask(session, found, copies, me, renewing(session), encryption.vouching, now)
        return "saved" if at_once else "asked"

    return _perform(campaign, act, leads=True)


@bp.post("/terms/stop")
@needs(Right.CAMPAIGNS)
def take_back(org: str, campaign: str) -> ResponseReturnValue:
    """What was asked is asked no more."""

    def act(session: Session, found: Campaign, me: int, now: datetime) -> str:
        terms.take_back(session, found, me, now)
        return "stopped"

    return _perform(campaign, act, leads=True)


@bp.post("/terms/yes")
@needs(Right.CAMPAIGNS)
def say_yes(org: str, campaign: str) -> ResponseReturnValue:
    """A partner says yes to who shall get a copy."""

    def act(session: Session, found: Campaign, me: int, now: datetime) -> str:
        own: Org = session.get_one(Org, g.org.id)
        terms.say_yes(session, found, own, me, renewing(session), encryption.vouching, now)
        return "agreed"

    return _perform(campaign, act)


@bp.post("/pages/<page>/receivers")
@needs(Right.CAMPAIGNS)
def set_receivers(org: str, campaign: str, page: str) -> ResponseReturnValue:
    """Further orgs of one of our pages."""
    names = ReceiversForm(request.form).further.data or []

    def act(session: Session, found: Campaign, me: int, now: datetime) -> str:
        own = places.page_of(session, g.org.id, found, page)
        receivers.set_receivers(session, own, names, me, renewing(session), now)
        return "further"

    return _perform(campaign, act)


def _perform(
    campaign: str, act: Act, *, leads: bool = False, form: InvitationForm | None = None
) -> ResponseReturnValue:
    """One act about a campaign's partners, in one transaction; mails about it leave at once."""
    shown = form or InvitationForm()
    try:
        with writing() as session:
            found = places.campaign_of(session, g.org.id, campaign, leads=leads)
            done = act(session, found, current_user.user.id, clock.now())
    except FieldsRefused as refusal:
        return pages.partners_page(campaign, shown, refusal.faults, status=422)
    except CampaignRefused as refusal:
        return pages.partners_page(campaign, shown, fault=refusal.message, status=409)
    return _done(campaign, done)


def _done(campaign: str, done: str) -> ResponseReturnValue:
    queue.wake("mail")
    return see_other(url_for("coalition.index", org=g.org.name, campaign=campaign, done=done))
