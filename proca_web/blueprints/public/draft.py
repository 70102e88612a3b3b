"""A page that is not published, shown to whoever has its link; what is signed there is a test and never counted.

A test signature's last name is a code of ours, whatever was typed: who can type the code has opened a copy.
"""

from dataclasses import replace
from datetime import datetime

from flask import Blueprint, Response, current_app, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.blueprints.public import signing_form, taking
from proca_web.domain.errors import AddressDoubted, FieldsRefused, UnknownToken
from proca_web.domain.pages import tracking
from proca_web.domain.pages.stops import Stop
from proca_web.domain.words import Publication
from proca_web.extensions import encryption
from proca_web.models import ActionPage
from proca_web.services.petitions import facts, views, wordings
from proca_web.services.petitions.making.launch import draft_links, opening_codes
from proca_web.services.petitions.views import PageView
from proca_web.services.signatures import signing
from proca_web.web import errors
from proca_web.web.access import limited, token_holder
from proca_web.web.htmx import see_other
from proca_web.web.ratelimit import Limit

bp = Blueprint("draft", __name__, url_prefix="/draft")

SIGN_LIMIT = Limit("draft", 30)
_TEST = replace(tracking.read_arrival({}, "", ()), testing=True)


@bp.get("/<token>")
@token_holder
def show(token: str) -> Response:
    """The page as it will be, under a banner; changes nothing."""
    return _answer(token, "taken" if request.args.get("taken") else "index")


@bp.post("/<token>")
@token_holder
@limited(SIGN_LIMIT)
def sign(token: str) -> ResponseReturnValue:
    """Take a test signature."""
    now, typed = clock.now(), request.form.to_dict()
    _renew_words(token, now)
    try:
        with reading() as session:
            seen = _view(session, token, now)[0].facts
            submission = signing.read(session, seen, typed, _TEST, now)
    except FieldsRefused as refused:
        return _answer(token, "index", 422, typed=typed, faults=refused.faults)
    except AddressDoubted as doubt:
        return _answer(token, "index", 422, typed=typed, suggested=doubt.meant, kept=doubt.address)
    with writing() as session:
        code = opening_codes.make(session, seen.id, current_app.extensions["proca_settings"].secret_key, now)
    taking.store(seen, replace(submission, contact=replace(submission.contact, last_name=code)), now)
    return see_other(url_for("draft.show", token=token, taken="yes"))


@bp.errorhandler(UnknownToken)
def gone(_: UnknownToken) -> Response:
    """410: not ours, or older than two weeks."""
    return errors.answer(
        410,
        gettext("This link is no longer valid"),
        gettext("Links to a draft are good for 14 days. Ask whoever gave it to you for a new one."),
    )


def _answer(token: str, name: str, status: int = 200, **changes: object) -> Response:
    with reading() as session:
        view, until = _view(session, token, clock.now())
    g.locale = view.facts.locale
    place = url_for("draft.show", token=token)
    values = signing_form.values_of(view, testing=True, draft_url=place, until=until, **changes)
    return make_response(render_template(f"public/draft/{name}.html", **values), status)


def _renew_words(token: str, now: datetime) -> None:
    """What is agreed to is kept; nobody else keeps the words of a page current that is not public."""
    with writing() as session:
        page, _ = _page(session, token, now)
        if page.status != Publication.LIVE:
            with force_locale(page.locale):
                wordings.refresh(session, page, gettext, encryption.vouching, now)


def _view(session: Session, token: str, now: datetime) -> tuple[PageView, datetime]:
    """The page as if it were live, unless it is over, with the words it would have now."""
    page, until = _page(session, token, now)
    vouching = encryption.vouching
    seen = facts.read(session, page.slug, vouching, now)
    with force_locale(page.locale):
        words = wordings.compose(session, page, gettext, vouching, now)
    plan = seen.plan if Stop.CLOSED in seen.plan else ()
    return replace(views.of(session, replace(seen, plan=plan, wording=words.hash), now), wording=words), until


def _page(session: Session, token: str, now: datetime) -> tuple[ActionPage, datetime]:
    return draft_links.page_of(session, current_app.extensions["proca_settings"].secret_keys, token, now)
