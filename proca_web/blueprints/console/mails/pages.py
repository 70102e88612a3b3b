"""The page about a campaign's mails. It changes nothing."""

from collections.abc import Mapping
from dataclasses import replace

from flask import Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters.database import reading
from proca_web.adapters.mail import examples, routes
from proca_web.blueprints.console.mails import bp
from proca_web.blueprints.console.mails.forms import MailForm, form_of
from proca_web.domain.campaign_words import PageMail
from proca_web.domain.messages import Message
from proca_web.domain.pages import mail_words
from proca_web.domain.rights import Right
from proca_web.models import ActionPage, Campaign
from proca_web.services.petitions.making import mail_texts, places
from proca_web.services.petitions.making.mail_texts import Typed
from proca_web.web.access import needs
from proca_web.web.console import campaign_frame
from proca_web.web.security import CSP

MOST_PAGES = 50


@bp.get("/<org>/campaigns/<campaign>/mails")
@needs(Right.TEXTS)
def index(org: str, campaign: str) -> ResponseReturnValue:
    """One mail of one page: its words, what it looks like, a test."""
    return mail_page(campaign, request.args.get("page", ""), request.args.get("kind", PageMail.CONFIRM))


def mail_page(
    campaign: str,
    page: str,
    kind: str,
    form: MailForm | None = None,
    faults: Mapping[str, Message] | None = None,
    *,
    is_changed: bool = False,
    status: int = 200,
) -> Response:
    """The page, with what was typed and why it does not pass, or what somebody else saved meanwhile."""
    about = kind_of(kind)
    with reading() as session:
        of_campaign = places.campaign_of(session, g.org.id, campaign)
        pages = own_pages(session, of_campaign)
        chosen = page_of(session, of_campaign, page) if page else next(iter(pages), None)
        found = _found(session, chosen, about, form, is_changed=is_changed) if chosen is not None else {}
    values = {"pages": pages, "page": chosen, "kind": about, "kinds": list(PageMail), "faults": faults or {}}
    more = {"is_changed": is_changed, "done": request.args.get("done"), "me": current_user.user}
    answer = campaign_frame.page("console/mails/index.html", of_campaign, {**values, **more, **found}, status)
    answer.headers["Content-Security-Policy"] = f"{CSP}; frame-src 'self'"
    return answer


def kind_of(kind: str) -> PageMail:
    """Which mail; others do not exist."""
    try:
        return PageMail(kind)
    except ValueError:
        abort(404)


def page_of(session: Session, campaign: Campaign, name: str) -> ActionPage:
    """A page of `g.org` in the campaign. Raises PageNotFound."""
    return places.page_of(session, g.org.id, campaign, name)


def chosen_page(session: Session, campaign: str, name: str) -> ActionPage:
    """The same, of a campaign by its name. Raises CampaignNotFound, PageNotFound."""
    return page_of(session, places.campaign_of(session, g.org.id, campaign), name)


def own_pages(session: Session, campaign: Campaign) -> list[ActionPage]:
    """The pages of `g.org` in the campaign."""
    where = (ActionPage.campaign_id == campaign.id, ActionPage.org_id == g.org.id)
    ordered = select(ActionPage).where(*where).order_by(ActionPage.position, ActionPage.id)
    return list(session.scalars(ordered.limit(MOST_PAGES)))


def typed_of(session: Session, page: ActionPage, kind: PageMail, form: MailForm) -> Typed:
    """What was typed; who the mails are from is changed by those who may change an org's settings."""
    if Right.SETTINGS in g.rights:
        return form.typed()
    written = mail_texts.read(session, page, kind)
    return replace(form.typed(), sender_name=written.sender_name, reply_to=written.reply_to)


def _found(
    session: Session, page: ActionPage, kind: PageMail, form: MailForm | None, *, is_changed: bool
) -> dict[str, object]:
    written, suggested = mail_texts.read(session, page, kind), examples.suggested(kind, page.locale)
    now = form_of(written, suggested)
    if form is not None and is_changed:
        form.state.data = written.state  # whoever saves again has seen what the other wrote
    shown = form or now
    length = len((shown.subject.data or "").replace("{first_name}", examples.NAME).replace("{title}", page.title))
    return {
        "form": shown,
        "now": now,
        "written": written,
        "variables": mail_words.VARIABLES[kind],
        "needed": mail_words.NEEDED.get(kind, ""),
        "subject_length": length,
        "subject_shown": mail_words.SHOWN_SUBJECT,
        "sender": routes.of(current_app, g.org.name).address(g.org.mail_from),
        "mark": mail_texts.mark(session, page),
        "seen": mail_texts.seen(session, page),
    }
