"""The form of a page as it is answered: fresh, again with what was typed, or beside the reason why not now."""

from collections.abc import Mapping
from time import monotonic

from flask import Response, current_app, g, make_response, render_template, request
from flask_babel import gettext

from proca_web.adapters import clock
from proca_web.adapters.alive import late_mail
from proca_web.adapters.database import reading
from proca_web.domain.errors import Unavailable
from proca_web.domain.messages import Message
from proca_web.domain.pages import tracking
from proca_web.domain.pages.stops import Stop
from proca_web.extensions import encryption
from proca_web.services.petitions import views
from proca_web.services.petitions.facts import PageFacts
from proca_web.services.petitions.views import PageView
from proca_web.web import errors, page_cache
from proca_web.web.htmx import page_or_fragment, wants_fragment, wants_json
from proca_web.web.showing import petition

values_of = petition.values_of
_LAST = "proca_last_views"
_PAGE, _FORM = "public/action_page/sign.html", "public/action_page/form/_form.html"


def view_now(page: str) -> PageView:
    """What the page shows now. Raises PageNotFound."""
    with reading() as session:
        return _remember(views.read(session, page, encryption.vouching, clock.now()))


def view_of(seen: PageFacts) -> PageView:
    """What the facts that decided show; as it was a moment ago where they are the same, for a rush of signatures."""
    known, since = _last().get(seen.slug, (None, 0.0))
    if known is not None and known.facts == seen and monotonic() < since + page_cache.SECONDS:
        return known
    with reading() as session:
        return _remember(views.of(session, seen, clock.now()))


def mail_of(seen: PageFacts) -> dict[str, object]:
    """Whether the page takes a pause because no link would arrive, and how late mail is otherwise."""
    late = late_mail.now(current_app).of(seen.collector.name)
    return {
        "paused": Stop.LATE_MAIL in seen.stops(lambda _: late.is_stalled),
        "late": late.delay if late.is_told else None,
    }


def fresh(page: str, *, testing: bool) -> Response:
    """The empty form, or why there is none."""
    view = view_now(page)
    g.locale = view.facts.locale
    if view.facts.is_open:
        view.facts.require_keys()
    values = values_of(view, testing=testing, **mail_of(view.facts))
    part = "public/action_page/_closed.html" if values["paused"] else _FORM
    return page_or_fragment(_PAGE, part, values)


def again(seen: PageFacts, typed: Mapping[str, str], faults: Mapping[str, Message], **asked: str) -> Response:
    """422: the form with what was typed, and what is wrong with it or `asked` about it. Stored nowhere."""
    testing = tracking.is_testing(request.args)
    values = values_of(view_of(seen), typed=typed, faults=faults, testing=testing, **asked)
    return page_or_fragment(_PAGE, _FORM, values, 422)


def paused(seen: PageFacts, typed: Mapping[str, str]) -> Response:
    """503: mail is hours late; the form with what was typed, which can be sent when it leaves again."""
    refusal = {
        "title": gettext("Signing is paused"),
        "advice": gettext(
            "Our mails leave hours late at the moment, and without one you could not confirm. Nothing was stored. "
            "Please keep this page open and try again in an hour."
        ),
    }
    if wants_fragment() or wants_json():
        response = errors.answer(503, refusal["title"], refusal["advice"])
    else:
        values = values_of(view_of(seen), typed=typed, testing=tracking.is_testing(request.args), refusal=refusal)
        response = make_response(render_template(_PAGE, **values), 503)
    response.headers["Retry-After"] = str(late_mail.RETRY_AFTER_SECONDS)
    return response


def not_now(page: str, typed: Mapping[str, str], fault: Unavailable) -> Response:
    """503: nothing was stored; the form as this process last showed it, with what was typed."""
    known, _ = _last().get(page, (None, 0.0))
    if known is None or wants_fragment() or wants_json():
        return errors.unavailable(fault)
    errors.tell_unavailable(fault)
    g.locale = known.facts.locale
    values = values_of(known, typed=typed, testing=tracking.is_testing(request.args), refusal=errors.words(503))
    return errors.come_back(make_response(render_template(_PAGE, **values), 503))


def _last() -> dict[str, tuple[PageView, float]]:
    """What this process showed last of each page, and when."""
    last: dict[str, tuple[PageView, float]] = current_app.extensions.setdefault(_LAST, {})
    return last


def _remember(view: PageView) -> PageView:
    last = _last()
    if len(last) >= page_cache.MOST_PAGES:
        last.clear()
    last[view.facts.slug] = (view, monotonic())
    return view
