"""Public comments of an org's own pages: what waits is read here, and shown or hidden."""

from flask import Blueprint, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session
from wtforms import Form, SelectMultipleField, StringField

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.domain.campaign_words import CommentState
from proca_web.domain.rights import Right
from proca_web.models import Campaign
from proca_web.services.petitions.making import places
from proca_web.services.petitions.showing import comments
from proca_web.web.access import needs
from proca_web.web.console import campaign_frame
from proca_web.web.htmx import see_other

bp = Blueprint("comments", __name__, url_prefix="/console")

MOST_PAGES = 100
_ACTS = {"show": CommentState.SHOWN, "hide": CommentState.HIDDEN}


class DecisionForm(Form):
    """Which comments, and what becomes of them."""

    comment = SelectMultipleField(coerce=int, validate_choice=False)
    act = StringField(default="")
    state = StringField(default="")


@bp.get("/<org>/campaigns/<campaign>/comments")
@needs(Right.TEXTS)
def index(org: str, campaign: str) -> ResponseReturnValue:
    """The comments of one state: those that wait, unless another is chosen."""
    state = _state(request.args.get("state", ""))
    with reading() as session:
        of = places.campaign_of(session, g.org.id, campaign)
        kept = comments.kept(session, _own(session, of), state)
        values = {"kept": kept, "state_now": state, "states": list(CommentState), "most": comments.ON_A_SCREEN}
        return campaign_frame.page("console/comments/index.html", of, {**values, "done": request.args.get("done")})


@bp.post("/<org>/campaigns/<campaign>/comments")
@needs(Right.TEXTS)
def decide(org: str, campaign: str) -> ResponseReturnValue:
    """Show or hide what was ticked; what is gone meanwhile stays gone."""
    form = DecisionForm(request.form)
    to = _ACTS.get(form.act.data or "")
    chosen = list(form.comment.data or [])[: comments.ON_A_SCREEN]
    if to is not None and chosen:
        with writing() as session:
            pages = _own(session, places.campaign_of(session, g.org.id, campaign))
            comments.decide(session, pages, chosen, to, current_user.user.id, clock.now())
    done = ("nothing" if not chosen else to) if to is not None else None
    at = {"org": g.org.name, "campaign": campaign, "state": _state(form.state.data or "")}
    return see_other(url_for("comments.index", **at, done=done))


def _own(session: Session, campaign: Campaign) -> list[int]:
    """The pages of the campaign that this org moderates: its own."""
    pages = places.pages_of(session, g.org.id, campaign, MOST_PAGES)
    return [page.id for page in pages if page.org_id == g.org.id]


def _state(word: str) -> CommentState:
    return CommentState(word) if word in set(CommentState) else CommentState.WAITING
