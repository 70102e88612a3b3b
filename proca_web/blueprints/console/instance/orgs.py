"""Organisations, as whoever runs the site makes and locks them."""

from collections.abc import Callable, Mapping
from datetime import datetime

from flask import Blueprint, Response, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import Form, StringField

from proca_web.adapters import clock, wordings
from proca_web.adapters.database import reading, writing
from proca_web.domain.errors import FieldsRefused, StaffRefused
from proca_web.domain.messages import Message
from proca_web.domain.rights import Right
from proca_web.extensions import queue
from proca_web.models import Org
from proca_web.services.petitions import founding
from proca_web.services.staff import members, people
from proca_web.web import console, errors, page_cache
from proca_web.web.access import limited, needs, recently_proven
from proca_web.web.htmx import see_other
from proca_web.web.presentation import translated
from proca_web.web.ratelimit import Limit

bp = Blueprint("orgs", __name__, url_prefix="/console")
FOUND_LIMIT = Limit("found", 20)
A_PAGE = 50


class OrgForm(Form):
    """A new org, and who is invited to be its first owner."""

    name = StringField(default="")
    title = StringField(default="")
    email = StringField(default="")
    meant = StringField(default="")


@bp.get("/<org>/organisations")
@needs(Right.INSTANCE, Right.ACCOUNTS)
def index(org: str) -> Response:
    """All organisations, and the form for a new one."""
    return _page(OrgForm())


@bp.post("/<org>/organisations")
@needs(Right.INSTANCE, Right.ACCOUNTS)
@recently_proven
@limited(FOUND_LIMIT)
def found(org: str) -> ResponseReturnValue:
    """A new organisation; its first owner gets an invitation by mail."""
    form = OrgForm(request.form)
    try:
        with writing() as session:
            given = form.name.data.strip(), form.title.data, form.email.data
            founding.found(session, *given, current_user.user.id, clock.now(), meant=form.meant.data)
    except FieldsRefused as refusal:
        return _page(form, refusal.faults, 422)
    queue.wake("mail")
    return see_other(url_for("orgs.index", org=org, done="made"))


@bp.get("/<org>/organisations/<int:org_id>")
@needs(Right.INSTANCE, Right.ACCOUNTS)
def show(org: str, org_id: int) -> Response:
    """One organisation: its people, and the lock."""
    with reading() as session:
        shown = session.get(Org, org_id)
        staff = members.of_org(session, org_id)
    if shown is None or shown.is_home:
        return errors.answer(404)
    return console.page("console/instance/org.html", {"shown": shown, "members": staff})


@bp.post("/<org>/organisations/<int:org_id>/lock")
@needs(Right.INSTANCE, Right.ACCOUNTS)
@recently_proven
def lock(org: str, org_id: int) -> ResponseReturnValue:
    """Nothing is encrypted for it, and its people can only look."""
    return _turn(org_id, founding.lock)


@bp.post("/<org>/organisations/<int:org_id>/unlock")
@needs(Right.INSTANCE, Right.ACCOUNTS)
@recently_proven
def unlock(org: str, org_id: int) -> ResponseReturnValue:
    """As it was before."""
    return _turn(org_id, founding.unlock)


def _turn(org_id: int, act: Callable[[Session, int, int, datetime], None]) -> ResponseReturnValue:
    """What is felt on pages is felt at once, as with a key."""
    try:
        with writing() as session:
            act(session, org_id, current_user.user.id, clock.now())
    except StaffRefused as refusal:
        return errors.answer(409, gettext("This cannot be done now"), translated(refusal.message))
    wordings.refresh_wordings()
    page_cache.forget(current_app)
    queue.wake("mail")
    return see_other(url_for("orgs.show", org=(request.view_args or {})["org"], org_id=org_id))


def _page(form: OrgForm, faults: Mapping[str, Message] | None = None, status: int = 200) -> Response:
    after = request.args.get("after", "")[:80].replace("\0", "")
    with reading() as session:
        query = select(Org).where(Org.is_home.is_(False), Org.name > after).order_by(Org.name).limit(A_PAGE + 1)
        found = session.scalars(query).all()
    values = {"orgs": found[:A_PAGE], "more_after": found[A_PAGE - 1].name if len(found) > A_PAGE else None}
    meant = people.address(form.email.data) if "meant" in (faults or {}) else ""
    more = {"form": form, "faults": faults or {}, "meant": meant, "done": request.args.get("done")}
    return console.page("console/instance/orgs.html", {**values, **more}, status)
