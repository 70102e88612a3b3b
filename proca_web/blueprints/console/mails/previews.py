"""A mail as people get it, in a frame of its own that runs nothing and loads nothing: as saved, or as typed so far.

Made by the code that sends. Light and dark are chosen by hand there, whatever this screen is set to.
"""

from dataclasses import replace

from flask import Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue

from proca_web.adapters import clock
from proca_web.adapters.database import reading
from proca_web.adapters.mail import examples
from proca_web.adapters.mail.forms import Forms
from proca_web.adapters.mail.reading import Read, read
from proca_web.blueprints.console.mails import bp, pages
from proca_web.blueprints.console.mails.forms import MailForm
from proca_web.domain.campaign_words import PageMail
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.rights import Right
from proca_web.services.petitions.making import mail_pages, mail_texts
from proca_web.services.petitions.making.mail_pages import PageOfMail
from proca_web.web.access import needs

LOOKS = ("light", "dark", "text")
_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; "
    "sandbox"
)
_DARK = "@media (prefers-color-scheme: dark)"


@bp.get("/<org>/campaigns/<campaign>/mails/<page>/<kind>/preview")
@needs(Right.TEXTS)
def preview(org: str, campaign: str, page: str, kind: str) -> ResponseReturnValue:
    """The mail as it is saved."""
    with reading() as session:
        found = mail_pages.page_of(session, pages.chosen_page(session, campaign, page).id)
    return _show(found, pages.kind_of(kind))


@bp.post("/<org>/campaigns/<campaign>/mails/<page>/<kind>/preview")
@needs(Right.TEXTS)
def preview_typed(org: str, campaign: str, page: str, kind: str) -> ResponseReturnValue:
    """The mail as it would be; saves nothing. What cannot be sent is said."""
    form, about = MailForm(request.form), pages.kind_of(kind)
    with reading() as session:
        chosen = pages.chosen_page(session, campaign, page)
        found = mail_pages.page_of(session, chosen.id)
        try:
            words, (name, reply_to) = mail_texts.checked(chosen, about, pages.typed_of(session, chosen, about, form))
        except FieldsRefused as refusal:
            return _framed(render_template("console/mails/refused.html", faults=refusal.faults))
    name, reply_to = name or found.sender_name, reply_to or found.reply_to
    return _show(replace(found, words={about: words}, sender_name=name, reply_to=reply_to), about)


def _show(page: PageOfMail, kind: PageMail) -> Response:
    mail = read(examples.preview(Forms(current_app, g.org.name), page, kind, clock.now()))
    look = request.args.get("look", LOOKS[0])
    if look == "text":
        return _framed(render_template("console/mails/text.html", mail=mail))
    return _framed(as_seen(mail, is_dark=look == "dark"))


def as_seen(mail: Read, *, is_dark: bool) -> str:
    """The HTML of a mail, light or dark by hand."""
    html = (mail.html or "").replace(_DARK, "@media all" if is_dark else "@media not all")
    return html.replace("color-scheme: light dark", f"color-scheme: {'dark' if is_dark else 'light'}")


def _framed(html: str) -> Response:
    response = Response(html)
    response.headers["Content-Security-Policy"] = _POLICY
    return response
