"""The public action page: show, sign, check your inbox, thanks, count. Sets no cookie, asks for no token."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, g, make_response, render_template, request, url_for

from proca_web.adapters import clock
from proca_web.adapters.alive import late_mail
from proca_web.adapters.database import direct_read, reading, writing
from proca_web.blueprints.public import signing_form, taking
from proca_web.domain.errors import AddressDoubted, FieldsRefused, MailStalled, NoActiveKey, PageNotFound, Unavailable
from proca_web.domain.pages import tracking
from proca_web.domain.pages.stops import Stop
from proca_web.domain.pages.tracking import Arrival
from proca_web.domain.people import mail_address
from proca_web.extensions import encryption, queue
from proca_web.services.petitions import facts, refusals, views
from proca_web.services.petitions.facts import PageFacts
from proca_web.services.signatures import signing
from proca_web.services.signatures.signing import Submission
from proca_web.web import page_cache
from proca_web.web.access import limited, public
from proca_web.web.htmx import see_other, wants_fragment
from proca_web.web.ratelimit import Limit

bp = Blueprint("action_page", __name__, url_prefix="/p")

SIGN_LIMIT = Limit("sign", 30)
PAGE_SECONDS = 10
_WITH_FORM = ("public/action_page/index.html", "public/action_page/sign.html")
COUNT_SECONDS = 2


@bp.get("/<page>")
@public
def show(page: str) -> Response:
    """The petition with its form."""
    return _serve(page, "public/action_page/index.html")


@bp.get("/<page>/sign")
@public
def form(page: str) -> Response:
    """The form alone, with the demand above it; as a fragment for htmx."""
    if wants_fragment() or request.args.get("testing"):
        return signing_form.fresh(page, testing=tracking.is_testing(request.args))
    response = _serve(page, "public/action_page/sign.html")
    response.vary.add("HX-Request")
    return response


@bp.post("/<page>/sign")
@public
@limited(SIGN_LIMIT)
def sign(page: str) -> Response:
    """Take a signature: seal, store, and send people to their inbox; 422 with what they typed when it does not pass."""
    now, typed, arrival = clock.now(), request.form.to_dict(), _arrival()
    try:
        with direct_read() as connection:
            seen = facts.read(connection, page, encryption.vouching, now)
            g.locale = seen.locale
            if Stop.LATE_MAIL in seen.stops(lambda org: late_mail.now(current_app).is_stalled(org)):
                raise MailStalled
            submission = signing.read(connection, seen, typed, arrival, now)
    except NoActiveKey as refusal:
        _tell_refused(str(refusal), now)
        raise
    except FieldsRefused as refused:
        return signing_form.again(seen, typed, refused.faults)
    except AddressDoubted as doubt:
        return signing_form.again(seen, typed, {}, suggested=doubt.meant, kept=doubt.address)
    except MailStalled:
        return signing_form.paused(seen, typed)
    except Unavailable as fault:
        return signing_form.not_now(page, typed, fault)
    try:
        taking.store(seen, submission, now)
    except Unavailable as fault:
        return signing_form.not_now(page, typed, fault)
    return _taken(seen, submission, typed)


@bp.get("/<page>/check-inbox")
@public
def check_inbox(page: str) -> Response:
    """What happens next: a mail with a link."""
    return _serve(page, "public/action_page/check_inbox.html")


@bp.get("/<page>/thanks")
@public
def thanks(page: str) -> Response:
    """Thank you, and tell others."""
    return _serve(page, "public/action_page/thanks.html")


@bp.get("/<page>/count.json")
@public
def count(page: str) -> Response:
    """The campaign's counter, for everybody."""
    key = f"{page}/count.json"
    response = page_cache.serve(key, lambda: _count_json(page), max_age=COUNT_SECONDS, mimetype="application/json")
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _serve(page: str, template: str) -> Response:
    def render() -> tuple[str, int]:
        view = signing_form.view_now(page)
        g.locale = view.facts.locale
        refused = template in _WITH_FORM and view.facts.is_open and view.facts.lacking_key
        return render_template(
            template, **signing_form.values_of(view, **signing_form.mail_of(view.facts))
        ), 503 if refused else 200

    return page_cache.serve(f"{page}/{template}", render, max_age=PAGE_SECONDS)


def _tell_refused(org: str, now: datetime) -> None:
    """At the first refusal of a day the org's owners and the operator hear of it."""
    with reading() as session:
        if refusals.is_told(session, org, now):
            return
    with writing() as session:
        refusals.tell(session, [org], now)
    queue.wake("mail")


def _count_json(page: str) -> str:
    with reading() as session:
        counted = views.count(session, page)
    if counted is None:
        raise PageNotFound(page)
    updated = counted.updated_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    numbers = {"count": counted.count, "confirmed": counted.confirmed, "unconfirmed": counted.unconfirmed}
    return json.dumps({**numbers, "elsewhere": counted.elsewhere, "goal": counted.goal, "updated_at": updated})


def _taken(seen: PageFacts, submission: Submission, typed: Mapping[str, str]) -> Response:
    """One answer for every accepted submit: new, known, blocked and capped look the same."""
    name = "check_inbox" if seen.double_opt_in else "thanks"
    place = url_for(f"action_page.{name}", page=seen.slug)
    if not wants_fragment():
        return see_other(place)
    typed = {**typed, "email": mail_address.readable(submission.contact.email)}
    arrival = submission.arrival
    utm = {f"utm_{name}": word for name, word in arrival.utm.items() if word}
    late = late_mail.as_known(current_app).of(seen.collector.name)  # it is stored: nothing may fail any more
    values = signing_form.values_of(
        signing_form.view_of(seen),
        typed=typed,
        testing=arrival.testing,
        utm=utm,
        signed=True,
        late=late.delay if late.is_told else None,
    )
    response = make_response(render_template(f"public/action_page/_{name}.html", **values))
    response.vary.add("HX-Request")
    response.headers["HX-Push-Url"] = place  # who loads the page again is where they were, not at an empty form
    return response


def _arrival() -> Arrival:
    ours = (request.host, urlsplit(current_app.config["PUBLIC_URL"]).netloc)
    return tracking.read_arrival(request.args, request.headers.get("Referer", ""), ours)
