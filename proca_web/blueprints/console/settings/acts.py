"""What is changed in the settings."""

from collections.abc import Sequence

from flask import current_app, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from proca_web.adapters import clock, wordings
from proca_web.adapters.database import writing
from proca_web.adapters.drawing import pictures
from proca_web.adapters.senders import own
from proca_web.blueprints.console.settings import bp
from proca_web.blueprints.console.settings.forms import IdentityForm
from proca_web.blueprints.console.settings.pages import of_instance, settings_page
from proca_web.domain.campaign_words import PictureKind
from proca_web.domain.errors import FieldsRefused
from proca_web.domain.pages.pictures import MOST_BYTES, Drawn
from proca_web.domain.rights import Right
from proca_web.services.instance import mail_domains
from proca_web.services.petitions.settings import identity
from proca_web.web import page_cache
from proca_web.web.access import limited, needs, takes_pictures
from proca_web.web.htmx import see_other
from proca_web.web.ratelimit import Limit

CHECK_LIMIT = Limit("mail-check", 10)
PICTURE_LIMIT = Limit("settings", 20)


@bp.post("/<org>/settings")
@needs(Right.SETTINGS)
@limited(PICTURE_LIMIT)
@takes_pictures
def save(org: str) -> ResponseReturnValue:
    """What the org says about itself: on all its pages at once."""
    form = IdentityForm(request.form)
    try:
        logo = _logo()
        with writing() as session:
            identity.save(
                session,
                g.org.id,
                {name: form[name].data for name in identity.FIELDS if form[name].data is not None},
                current_user.user.id,
                clock.now(),
                of_instance=of_instance(),
                may_send_from_any=current_user.is_operator,
                logo=logo,
                without_logo=form.no_logo.data,
            )
            wordings.renew_wordings(session, g.org.id)
    except FieldsRefused as refusal:
        return settings_page(form, faults=refusal.faults, status=422)
    page_cache.forget(current_app)
    return see_other(url_for("settings.index", org=org, done="saved"))


@bp.post("/<org>/settings/mail/check")
@needs(Right.SETTINGS)
@limited(CHECK_LIMIT)
def check_mail(org: str) -> ResponseReturnValue:
    """Have the worker ask the name server again."""
    if own.is_asked(current_app):
        with writing() as session:
            mail_domains.look_again(session, own.sender_of(current_app, g.org).domain, clock.now())
    return see_other(url_for("settings.index", org=g.org.name, _anchor="mail"))


def _logo() -> Sequence[Drawn] | None:
    """The picture that was chosen, drawn; before any transaction begins. Raises FieldsRefused."""
    file = request.files.get("picture")
    if file is None or not file.filename:
        return None
    return pictures.draw(PictureKind.LOGO, file.read(MOST_BYTES + 1))
