"""An invitation into another org's campaign: answered in the console of the org that was asked, or by a mailed link.

The link leads to a page with buttons; GET changes nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from flask import (
    Blueprint,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session
from wtforms import Form, IntegerField, PasswordField, StringField

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.domain.campaign_words import Terms
from proca_web.domain.errors import CampaignRefused, FieldsRefused, PartnershipOver, StaffRefused
from proca_web.domain.messages import Message
from proca_web.domain.rights import Right
from proca_web.extensions import queue
from proca_web.models import Org
from proca_web.services.petitions.making.coalition import choices, copying, joining
from proca_web.services.staff import people
from proca_web.services.staff.account import newcomers
from proca_web.web import console, login
from proca_web.web.access import limited, mailed_to_staff, needs
from proca_web.web.htmx import see_other
from proca_web.web.ratelimit import Limit

bp = Blueprint("partnership", __name__)

JOIN_LIMIT = Limit("join-campaign", 10)
Act = Callable[[Session, Org, int, datetime], str]


class AnswerForm(Form):
    """Which page to begin from; for whom; and what somebody without an account or an org chooses."""

    source = IntegerField(default=0)
    org = StringField(default="")
    title = StringField(default="")
    name = StringField(default="")
    password = PasswordField(default="")


@bp.get("/console/<org>/partnerships")
@needs(Right.CAMPAIGNS)
def index(org: str) -> Response:
    """Campaigns that this org is invited into."""
    return _index()


@bp.post("/console/<org>/partnerships/<int:partner_id>/accept")
@needs(Right.CAMPAIGNS)
def accept(org: str, partner_id: int) -> ResponseReturnValue:
    """It takes part, with a copy of the lead's page."""
    form = AnswerForm(request.form)

    def act(written: Session, own: Org, me: int, now: datetime) -> str:
        page = joining.accept(written, own, partner_id, me, now, form.source.data or 0)
        return url_for("coalition.index", org=own.name, campaign=page.campaign.name, done="joined")

    return _answer(act)


@bp.post("/console/<org>/partnerships/<int:partner_id>/decline")
@needs(Right.CAMPAIGNS)
def decline(org: str, partner_id: int) -> ResponseReturnValue:
    """It does not."""

    def act(written: Session, own: Org, me: int, now: datetime) -> str:
        joining.decline(written, own, partner_id, me, now)
        return url_for("partnership.index", org=own.name, done="declined")

    return _answer(act)


@bp.get("/partnership/<token>")
@mailed_to_staff
def show(token: str) -> ResponseReturnValue:
    """Who asks, into which campaign, on which terms; and what to do, for whoever opens it."""
    return _page(token, AnswerForm())


@bp.post("/partnership/<token>")
@mailed_to_staff
@limited(JOIN_LIMIT)
def join(token: str) -> ResponseReturnValue:
    """An org of whoever is signed in takes part, or a new one that they own from now on."""
    form, user_id = AnswerForm(request.form), current_user.user.id if current_user.is_authenticated else None
    try:
        place, joined = _join(token, form, user_id)
    except FieldsRefused as refusal:
        return _page(token, form, refusal.faults, status=422)
    except PartnershipOver as refusal:
        return _over(refusal.message)
    except (CampaignRefused, StaffRefused) as refusal:
        return _page(token, form, fault=refusal.message, status=409)
    if user_id is None:
        login.begin(current_app, joined)
    queue.wake("mail")
    return redirect(place, code=303)


@bp.post("/partnership/<token>/decline")
@mailed_to_staff
@limited(JOIN_LIMIT)
def refuse(token: str) -> ResponseReturnValue:
    """The link opens nothing from now on."""
    try:
        with writing() as written:
            lead = joining.decline_by_link(written, _keys(), token, clock.now()).campaign.lead.title
    except PartnershipOver as refusal:
        return _over(refusal.message)
    queue.wake("mail")
    return make_response(render_template("console/partnership/declined.html", lead=lead))


def _join(token: str, form: AnswerForm, user_id: int | None) -> tuple[str, int]:
    """Where it goes on, and whose account it is."""
    now, source, newcomer = clock.now(), form.source.data or 0, None
    if user_id is None:
        with reading() as reads:  # a password is hashed for nobody's link
            found = joining.find(reads, _keys(), token)
            joining.require_open(found, now)
            known = (found.email, found.title, form.title.data or "")
        newcomer = newcomers.read(form.name.data or "", form.password.data or "", known)
    with writing() as written:
        if user_id is not None and form.org.data:
            page = joining.accept_by_link(written, _keys(), token, form.org.data, user_id, now, source)
            joined = user_id
        else:
            page, user = joining.found_by_link(
                written, _keys(), token, form.title.data or "", now, source=source, user_id=user_id, newcomer=newcomer
            )
            joined = user.id
        return url_for("coalition.index", org=page.org.name, campaign=page.campaign.name, done="joined"), joined


def _answer(act: Act) -> ResponseReturnValue:
    try:
        with writing() as written:
            place = act(written, written.get_one(Org, g.org.id), current_user.user.id, clock.now())
    except (PartnershipOver, CampaignRefused) as refusal:
        return _index(refusal.message, 409)
    queue.wake("mail")
    return see_other(place)


def _index(fault: Message | None = None, status: int = 200) -> Response:
    with reading() as reads:
        found = [
            (
                each,
                copying.offered(reads, each.campaign),
                choices.coming(each.campaign),
            )
            for each in joining.of_org(reads, g.org.id, clock.now())
        ]
        ways = {each: choices.ways(each) for each in Terms}
        values = {"invitations": found, "ways": ways, "fault": fault, "done": request.args.get("done")}
        return console.page("console/partnership/index.html", values, status)


def _page(
    token: str,
    form: AnswerForm,
    faults: Mapping[str, Message] | None = None,
    fault: Message | None = None,
    status: int = 200,
) -> Response:
    me = current_user.user.id if current_user.is_authenticated else None
    try:
        with reading() as reads:
            found = joining.find(reads, _keys(), token)
            joining.require_open(found, clock.now())
            terms = choices.coming(found.campaign)
            values = {
                "invitation": found,
                "campaign": found.campaign,
                "lead": found.campaign.lead.title,
                "offered": copying.offered(reads, found.campaign),
                "chosen": terms,
                "ways": choices.ways(terms),
                "orgs": joining.orgs_to_join_with(reads, me, found) if me is not None else (),
                "has_account": people.find_user(reads, found.email) is not None,
            }
            shown = {"token": token, "form": form, "faults": faults or {}, "fault": fault, **values}
            if values["has_account"] and me is None:
                login.remember_way(session, request.path)
            return make_response(render_template("console/partnership/show.html", **shown), status)
    except PartnershipOver as refusal:
        return _over(refusal.message)


def _over(message: Message) -> Response:
    return make_response(render_template("console/invitation/over.html", message=message), 410)


def _keys() -> tuple[str, ...]:
    keys: tuple[str, ...] = current_app.extensions["proca_settings"].secret_keys
    return keys
