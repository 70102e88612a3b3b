"""What is done from the launch list: go live, pause, go on, make a link, sign as a test, type its code, say yes."""

from collections.abc import Callable
from datetime import datetime

from flask import Response, current_app, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext
from flask_login import current_user
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.blueprints.console.launch import bp, pages
from proca_web.blueprints.console.launch.forms import OpenedForm
from proca_web.domain.campaign_words import LaunchTick
from proca_web.domain.errors import BadSetting, NoActiveKey, NotReady, PageNotFound
from proca_web.domain.messages import N_, Message
from proca_web.domain.rights import Right
from proca_web.domain.words import Publication
from proca_web.extensions import encryption
from proca_web.models import ActionPage
from proca_web.services.petitions import wordings
from proca_web.services.petitions.making import places, states
from proca_web.services.petitions.making.launch import draft_links, going_live, opening_codes, ticks
from proca_web.web import page_cache
from proca_web.web.access import limited, needs
from proca_web.web.htmx import see_other
from proca_web.web.ratelimit import Limit

CODE_LIMIT = Limit("opening-code", 10)
Act = Callable[[Session, ActionPage, int, datetime], object]
_NOT_READY = Message(N_("Some of what it needs is missing; the list says what. Nothing was changed."))
_MEANWHILE = Message(N_("This was done meanwhile, or cannot be done now. The list says how the page stands."))
_NO_CODE = Message(N_("This is no code of a test signature of this page. It is the last name in the file you opened."))


@bp.post("/<org>/campaigns/<campaign>/pages/<page>/live")
@needs(Right.CAMPAIGNS)
def go_live(org: str, campaign: str, page: str) -> ResponseReturnValue:
    """People can sign from now on, or from the opening date."""

    def act(session: Session, shown: ActionPage, me: int, now: datetime) -> None:
        with force_locale(shown.locale):
            going_live.go_live(session, shown, pages.look(session), gettext, encryption.vouching, me, now)

    return _perform(campaign, page, act, "live")


@bp.post("/<org>/campaigns/<campaign>/pages/<page>/pause")
@needs(Right.CAMPAIGNS)
def pause(org: str, campaign: str, page: str) -> ResponseReturnValue:
    """It rests; links that were mailed still work."""
    return _perform(campaign, page, states.pause_page, "paused")


@bp.post("/<org>/campaigns/<campaign>/pages/<page>/reopen")
@needs(Right.CAMPAIGNS)
def reopen(org: str, campaign: str, page: str) -> ResponseReturnValue:
    """It goes on."""

    def act(session: Session, shown: ActionPage, me: int, now: datetime) -> None:
        with force_locale(shown.locale):
            states.reopen_page(session, shown, gettext, encryption.vouching, me, now)

    return _perform(campaign, page, act, "reopened")


@bp.post("/<org>/campaigns/<campaign>/pages/<page>/link")
@needs(Right.CAMPAIGNS)
def make_link(org: str, campaign: str, page: str) -> Response:
    """A link to the draft for people without an account, shown once to be copied."""
    link = current_app.config["PUBLIC_URL"] + url_for("draft.show", token=_token(campaign, page))
    return pages.list_page(campaign, page, link=link)


@bp.post("/<org>/campaigns/<campaign>/pages/<page>/test")
@needs(Right.CAMPAIGNS)
def test(org: str, campaign: str, page: str) -> ResponseReturnValue:
    """To the draft, where a test can be signed."""
    return see_other(url_for("draft.show", token=_token(campaign, page)))


@bp.post("/<org>/campaigns/<campaign>/pages/<page>/opened")
@needs(Right.CAMPAIGNS)
@limited(CODE_LIMIT)
def opened(org: str, campaign: str, page: str) -> ResponseReturnValue:
    """Somebody of this org has opened a test signature: they know its code."""
    form, now = OpenedForm(request.form), clock.now()
    keys = current_app.extensions["proca_settings"].secret_keys
    with writing() as session:
        shown = _receiving(session, campaign, page)
        is_right = opening_codes.opens(session, shown, form.code.data or "", keys, now)
        if is_right:
            ticks.tick(session, shown, LaunchTick.TEST_OPENED, g.org.id, current_user.user.id, now)
    if not is_right:
        return pages.list_page(campaign, page, form=form, fault=_NO_CODE, status=422)
    return _back(campaign, page, "opened")


@bp.post("/<org>/campaigns/<campaign>/pages/<page>/yes")
@needs(Right.CAMPAIGNS)
def say_yes(org: str, campaign: str, page: str) -> ResponseReturnValue:
    """This org agrees to receive on the page as it is."""
    with writing() as session:
        shown = _receiving(session, campaign, page)
        ticks.tick(session, shown, LaunchTick.APPROVED, g.org.id, current_user.user.id, clock.now())
    return _back(campaign, page, "agreed")


def _perform(campaign: str, page: str, act: Act, done: str) -> ResponseReturnValue:
    """One act on a page of this org's own."""
    try:
        with writing() as session:
            of = places.campaign_of(session, g.org.id, campaign)
            act(session, places.page_of(session, g.org.id, of, page), current_user.user.id, clock.now())
    except NotReady:
        return pages.list_page(campaign, page, fault=_NOT_READY, status=409)
    except (BadSetting, NoActiveKey):
        return pages.list_page(campaign, page, fault=_MEANWHILE, status=409)
    page_cache.forget(current_app)
    return _back(campaign, page, done)


def _token(campaign: str, page: str) -> str:
    keys, me = current_app.extensions["proca_settings"].secret_keys, current_user.user.id
    with writing() as session:
        shown, now = _taking_part(session, campaign, page), clock.now()
        if shown.status != Publication.LIVE:  # the draft says where its words are kept: they must be there
            with force_locale(shown.locale):
                wordings.refresh(session, shown, gettext, encryption.vouching, now)
        return draft_links.make(session, keys, shown, g.org.id, me, now)


def _taking_part(session: Session, campaign: str, name: str) -> ActionPage:
    """A page that this org leads, owns or receives on. Raises CampaignNotFound, PageNotFound."""
    of = places.campaign_of(session, g.org.id, campaign)
    found = next((page for page in places.pages_of(session, g.org.id, of, pages.MOST_PAGES) if page.name == name), None)
    if found is None:
        raise PageNotFound(name)
    return found


def _receiving(session: Session, campaign: str, name: str) -> ActionPage:
    """A page on which this org may get copies. Raises CampaignNotFound, PageNotFound."""
    found = _taking_part(session, campaign, name)
    if g.org.id not in {org.id for org in wordings.orgs_of(found).values()}:
        raise PageNotFound(name)
    return found


def _back(campaign: str, page: str, done: str) -> ResponseReturnValue:
    return see_other(url_for("launch.index", org=g.org.name, campaign=campaign, page=page, done=done))
