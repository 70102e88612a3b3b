"""The page of settings. No name server and no mail server is asked here: the worker asks, and writes down answers."""

from collections.abc import Mapping

from flask import Response, current_app, g, request
from flask_babel import gettext
from flask_login import current_user

from proca_web.adapters.database import reading
from proca_web.adapters.mail import routes
from proca_web.adapters.senders import own
from proca_web.blueprints.console.settings import bp
from proca_web.blueprints.console.settings.forms import IdentityForm, ServerForm
from proca_web.domain.delivery.click_tracking import provider_of
from proca_web.domain.messages import LANGUAGES, Message
from proca_web.domain.pages import colors, wording, zones
from proca_web.domain.pages.wording import LegalNotice
from proca_web.domain.rights import Right
from proca_web.models import Org
from proca_web.services.instance import mail_domains
from proca_web.services.petitions.settings import identity
from proca_web.services.petitions.showing import pictures
from proca_web.web import console
from proca_web.web.access import needs


@bp.get("/<org>/settings")
@needs(Right.SETTINGS)
def index(org: str) -> Response:
    """What the org says about itself with what people see of it, how its mails leave, and whether they arrive."""
    return settings_page()


def settings_page(
    form: IdentityForm | None = None,
    server_form: ServerForm | None = None,
    faults: Mapping[str, Message] | None = None,
    status: int = 200,
) -> Response:
    """The page, with what was typed and why it does not pass."""
    sender = own.sender_of(current_app, g.org)
    with reading() as session:
        org = session.get_one(Org, g.org.id)
        form = form or IdentityForm(data=identity.shown(org))
        found = {
            "known": mail_domains.known_of(session, sender.domain),
            "mark": pictures.marks(session, [org])[org.id],
            "domains": identity.sending_domains(session, org.id, of_instance()),
        }
    values = {
        "form": form,
        "server_form": server_form or ServerForm(),
        "faults": faults or {},
        "done": request.args.get("done"),
        "notice": _notice(form),
        "said_of_color": colors.in_words(_color(form)),
        "site_color": colors.OF_SITE,
        "languages": LANGUAGES,
        "zones": zones.names(),
        "any_sender": current_user.is_operator,
        "address": own.address_of(current_app, org),
        "relay": sender.relay,
        "has_own_server": bool(routes.of(current_app, org.name).org),
        "provider": provider_of(sender.relay),
        "is_asked": own.is_asked(current_app),
    }
    return console.page("console/settings/index.html", {**values, **found}, status)


def of_instance() -> str:
    """The address this site's mails come from."""
    address: str = current_app.config["MAIL_DEFAULT_SENDER"]
    return address


def _notice(form: IdentityForm) -> str:
    """What stands on every page, from the words that it is made of there."""
    names = ("title", "legal_name", "legal_contact", "privacy_url", "retention")
    return wording.in_words(LegalNotice(*(form[name].data or "…" for name in names)), gettext)


def _color(form: IdentityForm) -> str:
    try:
        return colors.parse(form.color.data or "")
    except ValueError:
        return ""
