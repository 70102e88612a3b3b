"""An org's settings: under which name and address its mails leave, and whether the world can tell them from forgeries.

No name server is asked here: the worker asks, and this page shows what it wrote down.
"""

from flask import Response, current_app, g, url_for
from flask.typing import ResponseReturnValue

from proca_web.adapters import clock
from proca_web.adapters.database import reading, writing
from proca_web.adapters.mail import routes
from proca_web.adapters.senders import own
from proca_web.domain.delivery.click_tracking import provider_of
from proca_web.domain.rights import Right
from proca_web.services.instance import mail_domains
from proca_web.web import console
from proca_web.web.access import limited, needs
from proca_web.web.htmx import see_other
from proca_web.web.ratelimit import Limit
from proca_web.web.secret_input import NoSecrets

CHECK_LIMIT = Limit("mail-check", 10)

bp = NoSecrets("settings", __name__, url_prefix="/console")


@bp.get("/<org>/settings")
@needs(Right.SETTINGS)
def index(org: str) -> Response:
    """How the org's mails leave, and what was found about its From domain."""
    sender = own.sender_of(current_app, g.org)
    with reading() as session:
        known = mail_domains.known_of(session, sender.domain)
    found = {
        "name": g.org.mail_name or g.org.title,
        "address": own.address_of(current_app, g.org),
        "relay": sender.relay,
        "has_own_server": bool(routes.of(current_app, g.org.name).org),
        "provider": provider_of(sender.relay),
        "is_asked": own.is_asked(current_app),
        "known": known,
    }
    return console.page("console/settings/index.html", found)


@bp.post("/<org>/settings/mail/check")
@needs(Right.SETTINGS)
@limited(CHECK_LIMIT)
def check_mail(org: str) -> ResponseReturnValue:
    """Have the worker ask the name server again."""
    if own.is_asked(current_app):
        with writing() as session:
            mail_domains.look_again(session, own.sender_of(current_app, g.org).domain, clock.now())
    return see_other(url_for("settings.index", org=g.org.name, _anchor="mail"))
