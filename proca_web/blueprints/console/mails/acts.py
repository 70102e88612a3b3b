"""What is done about a page's mails: save, go back to the suggested text, say that both were read, send a test."""

from collections.abc import Callable
from datetime import datetime

from flask import current_app, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.adapters.mail import examples, routes
from proca_web.blueprints.console.mails import bp, pages
from proca_web.blueprints.console.mails.forms import MailForm, SeenForm
from proca_web.domain.campaign_words import PageMail
from proca_web.domain.errors import FieldsRefused, MailChanged
from proca_web.domain.rights import Right
from proca_web.extensions import queue
from proca_web.models import ActionPage
from proca_web.services.petitions.making import mail_texts
from proca_web.web.access import limited, needs
from proca_web.web.htmx import see_other
from proca_web.web.ratelimit import Limit

TEST_LIMIT = Limit("mail-test", 10)
Act = Callable[[Session, ActionPage, int, datetime], None]


@bp.post("/<org>/campaigns/<campaign>/mails/<page>/<kind>")
@needs(Right.TEXTS)
def save(org: str, campaign: str, page: str, kind: str) -> ResponseReturnValue:
    """The words and the sender, as typed; nothing is written over what somebody else saved meanwhile."""
    form, about = MailForm(request.form), pages.kind_of(kind)

    def act(session: Session, found: ActionPage, me: int, now: datetime) -> None:
        suggested = examples.suggested(about, found.locale)
        typed = pages.typed_of(session, found, about, form)
        mail_texts.save(session, found, about, typed, suggested, form.state.data or "", me, now)

    try:
        return _perform(campaign, page, about, act, "saved")
    except FieldsRefused as refusal:
        return pages.mail_page(campaign, page, kind, form, refusal.faults, status=422)
    except MailChanged:
        return pages.mail_page(campaign, page, kind, form, is_changed=True, status=409)


@bp.post("/<org>/campaigns/<campaign>/mails/<page>/<kind>/suggested")
@needs(Right.TEXTS)
def suggest_again(org: str, campaign: str, page: str, kind: str) -> ResponseReturnValue:
    """Own words are gone; the mail has the house's again."""
    about = pages.kind_of(kind)

    def act(session: Session, found: ActionPage, me: int, now: datetime) -> None:
        mail_texts.suggest_again(session, found, about, examples.suggested(about, found.locale), me, now)

    return _perform(campaign, page, about, act, "suggested")


@bp.post("/<org>/campaigns/<campaign>/mails/<page>/<kind>/seen")
@needs(Right.TEXTS)
def see(org: str, campaign: str, page: str, kind: str) -> ResponseReturnValue:
    """Somebody has read both mails; any change of their words or sender asks again."""
    form = SeenForm(request.form)

    def act(session: Session, found: ActionPage, me: int, now: datetime) -> None:
        mail_texts.see(session, found, form.mark.data or "", me, now)

    try:
        return _perform(campaign, page, pages.kind_of(kind), act, "seen")
    except MailChanged:
        return see_other(_index(campaign, page, pages.kind_of(kind), "unseen"))


@bp.post("/<org>/campaigns/<campaign>/mails/<page>/<kind>/test")
@needs(Right.TEXTS)
@limited(TEST_LIMIT)
def send_test(org: str, campaign: str, page: str, kind: str) -> ResponseReturnValue:
    """The mail as it is saved, to whoever is signed in; the worker sends it, the way the page's mails go."""
    about = pages.kind_of(kind)

    def act(session: Session, found: ActionPage, me: int, now: datetime) -> None:
        transport = routes.of(current_app, g.org.name).org
        mail_texts.ask_test(session, found, about, me, now, transport=transport)

    answer = _perform(campaign, page, about, act, "tested")
    queue.wake("mail")
    return answer


def _perform(campaign: str, page: str, kind: PageMail, act: Act, done: str) -> ResponseReturnValue:
    with writing() as session:
        act(session, pages.chosen_page(session, campaign, page), current_user.user.id, clock.now())
    return see_other(_index(campaign, page, kind, done))


def _index(campaign: str, page: str, kind: PageMail, done: str) -> str:
    about = {"org": g.org.name, "campaign": campaign, "page": page, "kind": str(kind)}
    return url_for("mails.index", **about, done=done)
