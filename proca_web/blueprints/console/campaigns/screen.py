"""The screen a page is written on, as it is answered: fresh, with what was typed, with faults, or beside a preview."""

import json
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Response, g, request
from flask_babel import gettext
from flask_login import current_user

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.blueprints.console.campaigns import forms
from proca_web.domain.messages import LANGUAGES, Message
from proca_web.domain.pages import markdown
from proca_web.domain.rights import Right
from proca_web.models import ActionPage, FormDraft
from proca_web.services.petitions.making import differences
from proca_web.services.petitions.making.editing import Form, Writer
from proca_web.services.petitions.making.writing import typed as places
from proca_web.services.petitions.showing import pictures
from proca_web.services.petitions.showing.pictures import Sources
from proca_web.web import console
from proca_web.web.console import campaign_frame

MOST_KIND = 5
# What is left out first, where more is asked than is kind.
_LEAST_NEEDED = (
    *("birth_date", "phone", "region", "street_number", "street", "locality"),
    *("country", "last_name", "postcode"),
)


def writer() -> Writer:
    """Whoever is signed in, with their rights in `g.org`, now."""
    return Writer(current_user.user.id, frozenset(g.rights), clock.now())


def hour(moment: datetime) -> str:
    """An hour as the clock of the org's zone shows it."""
    return moment.astimezone(ZoneInfo(g.org.time_zone)).strftime("%H:%M")


def show(
    page: ActionPage | None,
    form: Form,
    typed: Mapping[str, str],
    *,
    faults: Mapping[str, Message] | None = None,
    begun: Mapping[str, str] | None = None,
    draft: FormDraft | None = None,
    offered: FormDraft | None = None,
    number: int = 0,
    status: int = 200,
) -> Response:
    """The form of a page, or of a new campaign, with what is typed and why it does not pass."""
    whole = {**form.held, **typed}
    values = {
        "page": page,
        "form": form,
        "typed": whole,
        "faults": faults or {},
        "begun": json.dumps(differences.marks(form.held) if begun is None else begun),
        "draft": draft,
        "offered": offered,
        "offered_at": hour(offered.saved_at) if offered else "",
        "number": draft.id if draft else number,
        "saved_at": hour(draft.saved_at) if draft else "",
        "may_set": Right.CAMPAIGNS in g.rights,
        "of_campaign": "goal" in form.places,
        "sections": sections(whole, faults or {}, all_of_it=Right.CAMPAIGNS in g.rights),
        "hero": _hero(whole["hero"]),
        "text_preview": markdown.html(whole["body"]),
        "advice": advice(whole),
        "languages": dict.fromkeys((*LANGUAGES, form.held["locale"])),
        "milestones": _milestones(whole),
        "more": request.form.get("do") == "add",
        "now": clock.now(),
    }
    template = "console/campaigns/editor/index.html"
    if page is None:
        return console.page(template, {"frame": "console/campaigns/_alone.html", **values}, status)
    return campaign_frame.page(template, page.campaign, {"frame": "console/campaigns/_base.html", **values}, status)


def sections(
    typed: Mapping[str, str], faults: Mapping[str, Message], *, all_of_it: bool
) -> list[tuple[str, str, str, str]]:
    """The parts of the form and how far each is: anchor, name, look, and the look in a word."""
    words = {"good": gettext("done"), "warn": gettext("advice"), "bad": gettext("something missing")}
    done = {
        "demand": (gettext("The demand"), typed["title"] and typed["demand"], ("title", "addressee", "demand")),
        "text": (gettext("The text"), typed["body"], ("body",)),
        "form": (gettext("The form"), True, ("ask_", "comment", "confirm_days", "default_country")),
        "consents": (gettext("Consents"), True, ("question_", "consent_style")),
        "picture": (gettext("Picture"), typed["hero"] and typed["hero_alt"], ("picture", "hero_alt")),
        "dates": (gettext("Dates and goal"), True, ("opens_at", "closes_at", "goal", "closed_text", "milestone_")),
        "thanks": (gettext("Thank-you"), typed["thanks_text"], ("thanks_text", "next_step", "share_")),
        "address": (gettext("Address"), True, ("slug",)),
    }
    found = []
    for anchor, (name, is_done, begins) in done.items():
        if all_of_it or anchor not in ("form", "consents", "address"):
            look = "good" if is_done else ""
            look = "warn" if anchor == "form" and advice(typed) else look
            look = "bad" if any(place.startswith(begins) for place in faults) else look
            look = "bad" if anchor == "picture" and typed["hero"] and not typed["hero_alt"] else look
            found.append((anchor, name, look, words.get(look, gettext("open"))))
    return found


def _hero(typed: str) -> Sources | None:
    """The picture that is chosen, if it is one of this org."""
    with reading() as session:
        picture = pictures.of_org(session, g.org.id, forms.number(typed))
        return pictures.sources(picture) if picture is not None else None


def advice(typed: Mapping[str, str]) -> tuple[int, str] | None:
    """How many fields are asked and which to leave out first, where they are more than is kind."""
    asked = [each for each in _LEAST_NEEDED if typed.get(f"ask_{each}", places.OFF) != places.OFF]
    number = len(asked) + 2
    return (number, asked[0]) if number > MOST_KIND and asked else None


def _milestones(typed: Mapping[str, str]) -> int:
    """How many lines for milestones are shown: those in use, and one more on request."""
    used = [
        n
        for n in range(1, places.MOST_MILESTONES + 1)
        if any(typed.get(f"milestone_{n}_{what}") for what in ("number", "day", "text"))
    ]
    last = max(used, default=0)
    return min(max(last + (request.form.get("do") == "add"), 1), places.MOST_MILESTONES)
