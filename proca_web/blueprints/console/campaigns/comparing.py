"""Before and after, shown before it is saved; and what two people changed at once, for one of them to choose."""

import json
from collections.abc import Mapping

from flask import Response, current_app, request
from flask_babel import force_locale, gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.adapters.encryption import vouching_if_known
from proca_web.blueprints.console.campaigns import screen
from proca_web.models import ActionPage, ConsentText, User
from proca_web.services.petitions.making import differences, editing
from proca_web.services.petitions.making.differences import Change, Merged
from proca_web.services.petitions.making.editing import Form, Writer
from proca_web.services.petitions.making.writing import labels
from proca_web.services.petitions.making.writing import typed as places
from proca_web.web.console import campaign_frame
from proca_web.web.presentation import translated

SAVES = ("save", "confirmed", "only", "chosen", "theirs", "mine")


def settled(form: Form, typed: Mapping[str, str], begun: Mapping[str, str], do: str) -> tuple[Merged, dict[str, str]]:
    """What is typed, merged with what was saved since the form was opened, and with what was chosen of both."""
    saved = {place: form.held[place] for place in typed}
    merged = differences.merge(begun or differences.marks(saved), saved, typed)
    chosen = {each.place: _choice(each, do) for each in merged.both}
    if do in ("theirs", "mine", "chosen") and None not in chosen.values():
        typed = merged.typed | {place: text for place, text in chosen.items() if text is not None}
        return Merged(typed), typed
    if do.startswith("keep:"):
        kept = do.removeprefix("keep:").split(",")
        merged = Merged(merged.typed | {place: saved[place] for place in kept if place in saved}, merged.both)
    return merged, merged.typed


def conflict(session: Session, page: ActionPage, form: Form, merged: Merged) -> Response:
    """Who changed what meanwhile, beside what is typed: nothing is overwritten unseen."""
    other = session.get(User, page.edited_by) if page.edited_by else None
    values = {
        "page": page,
        "who": (other.name or other.email) if other else gettext("somebody"),
        "at": screen.hour(page.edited_at) if page.edited_at else "",
        "both": [(each, _seen(form, each)) for each in merged.both],
        "theirs": [(_label(form, each.place), _said(each.place, each.after)) for each in merged.theirs],
        "mine": [(_label(form, each.place), _said(each.place, each.after)) for each in merged.mine],
        "typed": merged.typed,
        "begun": request.form.get("begun", ""),
        "is_live": page.status != "draft",
    }
    return campaign_frame.page("console/campaigns/comparing/conflict.html", page.campaign, values, 409)


def before_saving(
    session: Session, page: ActionPage, form: Form, typed: dict[str, str], who: Writer, do: str
) -> Response | None:
    """What changes for people who see the page now; None where nothing more is to be asked."""
    saved = {place: form.held[place] for place in typed}
    changed = differences.changes(saved, typed)
    renewing = {each.place for each in changed if _renews(session, page, {each.place: each.after}, who)}
    if do == "only":
        for place in renewing:
            typed[place] = saved[place]
        return None
    if not changed:
        return None
    number = len(session.scalars(select(ConsentText.id).where(ConsentText.action_page_id == page.id).limit(1000)).all())
    values = {
        "page": page,
        "changes": [(each, _seen(form, each), each.place in renewing) for each in changed],
        "renews": bool(renewing),
        "all_renew": len(renewing) == len(changed),
        "begins": number + 1,
        "typed": typed,
        "begun": json.dumps(differences.marks(saved)),
    }
    return campaign_frame.page("console/campaigns/comparing/changes.html", page.campaign, values)


def _renews(session: Session, page: ActionPage, change: dict[str, str], who: Writer) -> bool:
    with force_locale(change.get("locale", page.locale)):
        return editing.renews(session, page, change, who, gettext, vouching_if_known(current_app))


def _choice(change: Change, do: str) -> str | None:
    if do in ("theirs", "mine"):
        return change.before if do == "theirs" else change.after
    asked = request.form.get(f"choice_{change.place}")
    return {"theirs": change.before, "mine": change.after, "third": _third(change.place)}.get(asked or "")


def _third(place: str) -> str:
    return places.without_ends({place: request.form.get(f"third_{place}", "")})[place]


def _seen(form: Form, change: Change) -> dict[str, object]:
    before, after = _said(change.place, change.before), _said(change.place, change.after)
    words = (*places.TEXTS, *(f"question_{field}" for field in form.questions))
    return {"label": _label(form, change.place), "pieces": differences.pieces(before, after), "written": words}


def _label(form: Form, place: str) -> str:
    said: str
    asking = form.questions.get(place.removeprefix("question_"))
    if place.startswith("question_") and asking:
        said = gettext("%(org)s asks", org=asking)
        return said
    return translated(labels.of(place))


def _said(place: str, text: str) -> str:
    words = labels.said(place, text)
    if words is not None:
        return translated(words)
    if place == "hero" and text:
        said: str = gettext("picture no. %(number)s", number=text)
        return said
    if place in ("opens_at", "closes_at"):
        return text.replace("T", " ")
    return text
