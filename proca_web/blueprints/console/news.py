"""What happened so far: an org tells it on its pages, changes it, takes it off again."""

from collections.abc import Mapping
from typing import cast

from flask import Blueprint, Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session
from wtforms import Form, StringField

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.domain.campaign_words import NewsKind
from proca_web.domain.errors import FieldsRefused, NewsNotFound
from proca_web.domain.messages import Message
from proca_web.domain.pages import markdown
from proca_web.domain.rights import Right
from proca_web.models import ActionPage, Campaign, News
from proca_web.services.petitions.making import places
from proca_web.services.petitions.showing import news
from proca_web.services.petitions.showing.news import Typed
from proca_web.web import errors
from proca_web.web.access import needs
from proca_web.web.console import campaign_frame
from proca_web.web.htmx import see_other

bp = Blueprint("news", __name__, url_prefix="/console")
bp.register_error_handler(NewsNotFound, lambda _: errors.answer(404))

MOST_PAGES = 100
_SCREEN = "console/news/index.html"


class NewsForm(Form):
    """One piece of news as it is typed; `page` is where a new one is told."""

    page = StringField(default="")
    kind = StringField(default=NewsKind.UPDATE.value)
    title = StringField(default="")
    body = StringField(default="")

    def typed(self) -> Typed:
        """As it was typed; another kind than there is, is an update."""
        kind = NewsKind.OUTCOME if self.kind.data == NewsKind.OUTCOME else NewsKind.UPDATE
        return Typed(kind, self.title.data or "", self.body.data or "")


@bp.get("/<org>/campaigns/<campaign>/news")
@needs(Right.TEXTS)
def index(org: str, campaign: str) -> ResponseReturnValue:
    """What was told on this org's pages of the campaign, and a form for more."""
    return _screen(campaign, NewsForm(page=request.args.get("page", "")))


@bp.post("/<org>/campaigns/<campaign>/news")
@needs(Right.TEXTS)
def add(org: str, campaign: str) -> ResponseReturnValue:
    """Tell it on one page."""
    form = NewsForm(request.form)
    try:
        with writing() as session:
            of = places.campaign_of(session, g.org.id, campaign)
            page = places.page_of(session, g.org.id, of, form.page.data or "")
            news.add(session, page, form.typed(), _me(), clock.now())
    except FieldsRefused as refused:
        return _screen(campaign, form, faults=refused.faults, status=422)
    return _done(campaign, "told")


@bp.post("/<org>/campaigns/<campaign>/news/preview")
@needs(Right.TEXTS)
def preview(org: str, campaign: str) -> ResponseReturnValue:
    """What is being typed, as people will read it."""
    form = NewsForm(request.form)
    return render_template("console/news/_preview.html", form=form, text=markdown.html(form.body.data or ""))


@bp.get("/<org>/campaigns/<campaign>/news/<int:news_id>")
@needs(Right.TEXTS)
def show(org: str, campaign: str, news_id: int) -> ResponseReturnValue:
    """One piece of news, to be changed."""
    return _screen(campaign, None, news_id)


@bp.post("/<org>/campaigns/<campaign>/news/<int:news_id>")
@needs(Right.TEXTS)
def edit(org: str, campaign: str, news_id: int) -> ResponseReturnValue:
    """Other words."""
    form = NewsForm(request.form)
    try:
        with writing() as session:
            news.edit(session, _one(session, campaign, news_id), form.typed(), _me(), clock.now())
    except FieldsRefused as refused:
        return _screen(campaign, form, news_id, refused.faults, 422)
    return _done(campaign, "changed")


@bp.get("/<org>/campaigns/<campaign>/news/<int:news_id>/remove")
@needs(Right.TEXTS)
def ask(org: str, campaign: str, news_id: int) -> ResponseReturnValue:
    """Whether it is meant."""
    with reading() as session:
        of = places.campaign_of(session, g.org.id, campaign)
        row = _one(session, campaign, news_id)
        return campaign_frame.page("console/news/remove.html", of, {"row": row})


@bp.post("/<org>/campaigns/<campaign>/news/<int:news_id>/remove")
@needs(Right.TEXTS)
def remove(org: str, campaign: str, news_id: int) -> ResponseReturnValue:
    """Nobody reads it any more."""
    with writing() as session:
        news.remove(session, _one(session, campaign, news_id), _me(), clock.now())
    return _done(campaign, "removed")


def _screen(
    campaign: str,
    form: NewsForm | None,
    news_id: int | None = None,
    faults: Mapping[str, Message] | None = None,
    status: int = 200,
) -> Response:
    with reading() as session:
        of = places.campaign_of(session, g.org.id, campaign)
        pages = _own(session, of)
        row = news.one(session, [page.id for page in pages], news_id) if news_id is not None else None
        shown = form or NewsForm(kind=cast(News, row).kind, title=cast(News, row).title, body=cast(News, row).body)
        values = {
            "pages": {page.id: page for page in pages},
            "rows": news.rows_of(session, [page.id for page in pages]),
            "row": row,
            "form": shown,
            "text": markdown.html(shown.body.data or ""),
            "faults": faults or {},
            "done": request.args.get("done"),
        }
        return campaign_frame.page(_SCREEN, of, values, status)


def _one(session: Session, campaign: str, news_id: int) -> News:
    of = places.campaign_of(session, g.org.id, campaign)
    return news.one(session, [page.id for page in _own(session, of)], news_id)


def _own(session: Session, campaign: Campaign) -> list[ActionPage]:
    pages = places.pages_of(session, g.org.id, campaign, MOST_PAGES)
    return [page for page in pages if page.org_id == g.org.id]


def _me() -> int:
    found: int = current_user.user.id
    return found


def _done(campaign: str, done: str) -> ResponseReturnValue:
    return see_other(url_for("news.index", org=g.org.name, campaign=campaign, done=done))
