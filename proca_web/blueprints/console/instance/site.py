"""The site as a whole, for whoever runs it: a line on every page, and a mail that shows whether mails leave."""

from collections.abc import Mapping

from flask import Blueprint, Response, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import Form, StringField

from proca_web.adapters import clock
from proca_web.adapters.alive import banner as shown_banner
from proca_web.adapters.database import reading, writing
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.messages import Message
from proca_web.domain.rights import Right
from proca_web.extensions import queue
from proca_web.services.instance import banner, mail_trial
from proca_web.web import console, page_cache
from proca_web.web.access import limited, needs, recently_proven
from proca_web.web.htmx import see_other
from proca_web.web.ratelimit import Limit

bp = Blueprint("site", __name__, url_prefix="/console")
TRIAL_LIMIT = Limit("mail-try", 10)


class BannerForm(Form):
    """One line for everybody; `act` is to remove what stands there."""

    banner = StringField(default="")
    act = StringField(default="")


@bp.get("/<org>/banner")
@needs(Right.INSTANCE)
def show_banner(org: str) -> Response:
    """What stands on every page now, and the form to change it."""
    with reading() as session:
        now_said = banner.said(session)
    return _page(BannerForm(data={"banner": now_said}), done=request.args.get("done", ""))


@bp.post("/<org>/banner")
@needs(Right.INSTANCE)
@recently_proven
def put_banner(org: str) -> ResponseReturnValue:
    """Show it on every page, or take it off."""
    form = BannerForm(request.form)
    typed = "" if form.act.data == "remove" else form.banner.data
    try:
        with writing() as session:
            banner.put(session, typed, current_user.user.id, clock.now())
    except FieldsRefused as refusal:
        return _page(form, refusal.faults, 422)
    shown_banner.forget()
    page_cache.forget(current_app)
    return see_other(url_for("site.show_banner", org=org, done="shown" if typed.strip() else "removed"))


@bp.post("/<org>/banner/look")
@needs(Right.INSTANCE)
def look_at_banner(org: str) -> Response:
    """As it would stand above a page; nothing is kept."""
    form = BannerForm(request.form)
    try:
        return _page(form, look=banner.checked(form.banner.data))
    except FieldsRefused as refusal:
        return _page(form, refusal.faults, 422)


@bp.post("/<org>/test-mail")
@needs(Right.INSTANCE)
@limited(TRIAL_LIMIT)
def try_mail(org: str) -> ResponseReturnValue:
    """A mail to who asks, by the site's own mail server; the worker sends it."""
    with writing() as session:
        mail_trial.ask(session, current_user.user.id, clock.now())
    queue.wake("mail")
    return see_other(url_for("start.show", org=org, _anchor="mail"))


@bp.get("/<org>/test-mail")
@needs(Right.INSTANCE)
def tried_mail(org: str) -> Response:
    """What became of it; asked for again and again while it is on its way."""
    with reading() as session:
        trial = mail_trial.newest(session, current_user.user.id)
    return console.page("console/instance/_trial.html", {"trial": trial})


def _page(
    form: BannerForm,
    faults: Mapping[str, Message] | None = None,
    status: int = 200,
    *,
    look: str = "",
    done: str = "",
) -> Response:
    with reading() as session:
        stands = banner.said(session)
    values = {"form": form, "faults": faults or {}, "look": look, "done": done, "stands": stands}
    return console.page("console/instance/banner.html", {**values, "longest": banner.LONGEST}, status)
