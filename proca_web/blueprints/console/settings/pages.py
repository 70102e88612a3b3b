"""The page of settings. No name server and no mail server is asked here: the worker asks, and writes down answers."""

from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, g, request
from flask_babel import gettext
from flask_login import current_user

from proca_web.adapters.database import reading
from proca_web.adapters.mail import own_servers, routes
from proca_web.adapters.senders import own
from proca_web.blueprints.console.settings import bp
from proca_web.blueprints.console.settings.forms import IdentityForm, ServerForm
from proca_web.domain.delivery import own_server
from proca_web.domain.delivery.click_tracking import provider_of
from proca_web.domain.messages import LANGUAGES, Message
from proca_web.domain.pages import colors, wording, zones
from proca_web.domain.pages.wording import LegalNotice
from proca_web.domain.rights import Right
from proca_web.models import Org
from proca_web.services.instance import mail_domains
from proca_web.services.petitions.settings import identity, own_transports
from proca_web.services.petitions.showing import pictures
from proca_web.web import console
from proca_web.web.access import needs


@bp.get("/<org>/settings")
@needs(Right.SETTINGS)
def index(org: str) -> Response:
    """What the org says about itself with what people see of it, how its mails leave, and whether they arrive."""
    return settings_page()


@bp.get("/<org>/settings/server")
@needs(Right.SETTINGS)
def server(org: str) -> Response:
    """What became of the test of a mail server; asked for again and again while it runs."""
    return console.page("console/settings/_test.html", _of_server())


def settings_page(
    form: IdentityForm | None = None,
    server_form: ServerForm | None = None,
    faults: Mapping[str, Message] | None = None,
    status: int = 200,
    fault: Message | None = None,
) -> Response:
    """The page, with what was typed and why it does not pass; `fault` is of the mail server."""
    own_servers.look_again(current_app)
    of_server = _of_server()
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
        "server_form": server_form or ServerForm(data=_typed_before(of_server)),
        "fault": fault,
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
    return console.page("console/settings/index.html", {**values, **found, **of_server}, status)


def of_instance() -> str:
    """The address this site's mails come from."""
    address: str = current_app.config["MAIL_DEFAULT_SENDER"]
    return address


def _of_server() -> dict[str, Any]:
    """The mail servers of the org: that of the operator, that in use, that which is tried."""
    with reading() as session:
        have = own_transports.known(session, g.org.id)
    return {
        "of_operator": routes.is_set_by_operator(current_app, g.org.name),
        "used": have.used,
        "tried": have.tried,
        "ways": own_server.WAYS,
        "meaning": own_server.meaning,
        "words": own_server.words,
    }


def _typed_before(of_server: Mapping[str, Any]) -> dict[str, str]:
    row = of_server["tried"] or of_server["used"]
    if row is None:
        return {}
    texts = {"server": row.server, "username": row.username, "server_from": row.mail_from}
    return {**texts, "way": f"{row.port}-{row.tls}"}


def _notice(form: IdentityForm) -> str:
    """What stands on every page, from the words that it is made of there."""
    names = ("title", "legal_name", "legal_contact", "privacy_url", "retention")
    return wording.in_words(LegalNotice(*(form[name].data or "…" for name in names)), gettext)


def _color(form: IdentityForm) -> str:
    try:
        return colors.parse(form.color.data or "")
    except ValueError:
        return ""
