"""A campaign and its pages are written: one form for both, kept while typing, compared before it is saved."""

from flask import Response, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from proca_web.adapters.database import reading, writing
from proca_web.adapters.drawing import pictures as drawing
from proca_web.adapters.encryption import vouching_if_known
from proca_web.blueprints.console.campaigns import bp, comparing, forms, screen
from proca_web.blueprints.console.campaigns.forms import PageForm
from proca_web.domain.campaign_words import PictureKind
from proca_web.domain.errors import FieldsRefused, RightGone
from proca_web.domain.pages import markdown
from proca_web.domain.rights import Right
from proca_web.domain.words import Publication
from proca_web.models import ActionPage
from proca_web.services.petitions.making import drafts, editing, places
from proca_web.services.petitions.making.editing import Form, Writer
from proca_web.services.petitions.showing import pictures
from proca_web.web import errors
from proca_web.web.access import needs, takes_pictures
from proca_web.web.access import typed as typed_before
from proca_web.web.htmx import see_other, wants_fragment
from proca_web.web.presentation import translated


@bp.get("/<org>/campaigns/new")
@needs(Right.CAMPAIGNS, Right.TEXTS)
def new(org: str) -> Response:
    """An empty form, or one that was begun."""
    who = screen.writer()
    with reading() as session:
        form = editing.new_form(g.org, who)
        draft = drafts.new_one(session, g.org.id, who.user_id, forms.number(request.args.get("draft", "")))
    return screen.show(None, form, draft.fields if draft else {}, draft=draft)


@bp.post("/<org>/campaigns/new")
@needs(Right.CAMPAIGNS, Right.TEXTS)
@takes_pictures
def create(org: str) -> ResponseReturnValue:
    """A new campaign with its first page, both drafts; or the form again, with all that was typed."""
    who, asked = screen.writer(), PageForm(request.form)
    form = editing.new_form(g.org, who)
    typed, number = forms.typed(request.form, form.places), forms.number(asked.draft.data)
    try:
        typed |= _picture(who)
        if asked.do.data == "draft":
            return see_other(url_for("campaign_pages.new", org=org, draft=_kept(number, typed, who)))
        if asked.do.data != "save":
            return screen.show(None, form, _asked_for(asked.do.data, typed), number=number)
        with writing() as session:
            page = editing.found(session, g.org, typed, who)
            drafts.discard_new(session, g.org.id, who.user_id, number)
            campaign = page.campaign.name
    except FieldsRefused as refusal:
        return screen.show(None, form, typed, faults=refusal.faults, number=number, status=422)
    return see_other(url_for("campaign_pages.index", org=org, campaign=campaign, done="made"))


@bp.post("/<org>/campaigns/new/draft")
@needs(Right.CAMPAIGNS, Right.TEXTS)
@takes_pictures
def keep_new(org: str) -> ResponseReturnValue:
    """What is typed, kept while it is typed."""
    who = screen.writer()
    typed = forms.typed(request.form, editing.new_form(g.org, who).places)
    return _kept_answer(_kept(forms.number(request.form.get("draft", "")), typed, who), who)


@bp.post("/<org>/campaigns/new/discard")
@needs(Right.CAMPAIGNS, Right.TEXTS)
def discard_new(org: str) -> ResponseReturnValue:
    """A campaign that was begun is thrown away."""
    with writing() as session:
        number = forms.number(request.form.get("draft", ""))
        drafts.discard_new(session, g.org.id, screen.writer().user_id, number)
    return see_other(url_for("start.campaigns", org=org))


@bp.get("/<org>/campaigns/<campaign>/pages/<page>")
@needs(Right.TEXTS)
def edit(org: str, campaign: str, page: str) -> Response:
    """A page's form; with what this person typed and did not save, if they ask for that."""
    who = screen.writer()
    with reading() as session:
        found = page_of(session, campaign, page)
        form = editing.form_of(session, found, who)
        draft = drafts.of_page(session, found, who.user_id)
        if draft and request.args.get("draft"):
            begun = forms.begun(str(draft.fields.get("begun", "")))
            return screen.show(found, form, _only(draft.fields, form.places), begun=begun, draft=draft)
        return screen.show(found, form, {}, offered=draft)


@bp.post("/<org>/campaigns/<campaign>/pages/<page>")
@needs(Right.TEXTS)
@takes_pictures
def save(org: str, campaign: str, page: str) -> ResponseReturnValue:
    """A draft is saved at once; what is live is compared first, and what somebody else changed meanwhile always."""
    who, asked = screen.writer(), PageForm(request.form)
    begun, faults, picture = forms.begun(asked.begun.data), {}, {}
    try:
        picture = _picture(who)
        with writing() as session:
            found = page_of(session, campaign, page)
            session.refresh(found, with_for_update=True)
            form = editing.form_of(session, found, who)
            return _perform(session, found, form, _sent(form) | picture, begun, asked, who)
    except RightGone as refusal:
        return errors.answer(
            403, gettext("You may not do this here"), translated(refusal.message), typed=typed_before.texts()
        )
    except FieldsRefused as refusal:
        faults = refusal.faults
    with reading() as session:
        found = page_of(session, campaign, page)
        form = editing.form_of(session, found, who)
        return screen.show(found, form, _sent(form) | picture, begun=begun, faults=faults, status=422)


@bp.post("/<org>/campaigns/<campaign>/pages/<page>/draft")
@needs(Right.TEXTS)
@takes_pictures
def keep(org: str, campaign: str, page: str) -> ResponseReturnValue:
    """What is typed about a page, kept while it is typed."""
    who = screen.writer()
    with writing() as session:
        found = page_of(session, campaign, page)
        form = editing.form_of(session, found, who)
        typed = forms.typed(request.form, form.places) | {"begun": request.form.get("begun", "")}
        drafts.keep(session, g.org.id, who.user_id, found, 0, typed, who.now)
    return _kept_answer(0, who)


@bp.post("/<org>/campaigns/<campaign>/pages/<page>/discard")
@needs(Right.TEXTS)
def discard(org: str, campaign: str, page: str) -> ResponseReturnValue:
    """What is typed about a page is thrown away; the page stays as it was saved."""
    with writing() as session:
        drafts.discard(session, page_of(session, campaign, page), screen.writer().user_id)
    return see_other(url_for("campaign_pages.edit", org=org, campaign=campaign, page=page))


@bp.post("/<org>/campaigns/text")
@needs(Right.TEXTS)
@takes_pictures
def preview_text(org: str) -> str:
    """How the text will look."""
    return render_template(
        "console/campaigns/editor/_text.html", text_preview=markdown.html(request.form.get("body", ""))
    )


def page_of(session: Session, campaign: str, page: str) -> ActionPage:
    """A page of `g.org` in a campaign. Raises CampaignNotFound, PageNotFound."""
    return places.page_of(session, g.org.id, places.campaign_of(session, g.org.id, campaign), page)


def _sent(form: Form) -> dict[str, str]:
    """What was sent of a page's places: those this person sees, and any other that they name all the same."""
    return forms.typed(request.form, [each for each in form.held if each in form.places or each in request.form])


def _perform(
    session: Session, page: ActionPage, form: Form, typed: dict[str, str], begun: dict[str, str], asked: PageForm,
    who: Writer,
) -> ResponseReturnValue:  # fmt: skip
    do, where = asked.do.data, {"org": g.org.name, "campaign": page.campaign.name}
    if do == "draft":
        drafts.keep(session, g.org.id, who.user_id, page, 0, typed | {"begun": asked.begun.data}, who.now)
        return see_other(url_for("campaign_pages.edit", page=page.name, draft=1, **where))
    if do not in comparing.SAVES and not do.startswith("keep:"):
        return screen.show(page, form, _asked_for(do, typed), begun=begun)
    merged, typed = comparing.settled(form, typed, begun, do)
    if merged.both:
        return comparing.conflict(session, page, form, merged)
    editing.check(session, page, typed, who)
    if page.status != Publication.DRAFT and do != "confirmed":
        shown = comparing.before_saving(session, page, form, typed, who, do)
        if shown is not None:
            return shown
    with force_locale(page.locale):
        editing.save(session, page, typed, who, gettext, vouching_if_known(current_app))
    drafts.discard(session, page, who.user_id)
    return see_other(url_for("campaign_pages.index", done="saved", **where))


def _picture(who: Writer) -> dict[str, str]:
    """The number of the picture that came with the form, kept first: what else is wrong with the form loses none."""
    upload = request.files.get("picture")
    if upload is None or not upload.filename or Right.CAMPAIGNS not in who.rights:
        return {}
    drawn = drawing.draw(PictureKind.HERO, upload.read())
    with writing() as session:
        return {"hero": str(pictures.store(session, g.org.id, PictureKind.HERO, drawn, who.now).id)}


def _asked_for(do: str, typed: dict[str, str]) -> dict[str, str]:
    """The form once more, after one of its small buttons: a field left out, the picture taken off."""
    what, _, about = do.partition(":")
    if what == "drop" and f"ask_{about}" in typed:
        typed[f"ask_{about}"] = "off"
    if what == "no-picture":
        typed["hero"] = ""
    return typed


def _only(fields: dict[str, str], wanted: tuple[str, ...]) -> dict[str, str]:
    return {place: text for place, text in fields.items() if place in wanted}


def _kept(number: int, typed: dict[str, str], who: Writer) -> int:
    with writing() as session:
        return drafts.keep(session, g.org.id, who.user_id, None, number, typed, who.now).id


def _kept_answer(number: int, who: Writer) -> ResponseReturnValue:
    if not wants_fragment():
        return see_other(request.referrer or url_for("start.campaigns", org=g.org.name))
    saved = {"saved_at": screen.hour(who.now), "number": number}
    return render_template("console/campaigns/editor/_saved.html", **saved)
