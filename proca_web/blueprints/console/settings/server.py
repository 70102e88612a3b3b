"""An org's own mail server: test it, use it once a test mail went through it, go back to the site's."""

from collections.abc import Callable
from datetime import datetime

from flask import current_app, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy.orm import Session

from proca_web.adapters import clock
from proca_web.adapters.database import writing
from proca_web.adapters.mail import own_servers, routes
from proca_web.blueprints.console.settings import bp
from proca_web.blueprints.console.settings.forms import ServerForm
from proca_web.blueprints.console.settings.pages import settings_page
from proca_web.domain.errors import FieldsRefused, StaffRefused
from proca_web.domain.messages import N_, Message
from proca_web.domain.rights import Right
from proca_web.services.petitions.settings import own_transports
from proca_web.services.petitions.settings.own_transports import Given
from proca_web.web.access import limited, needs, recently_proven
from proca_web.web.htmx import see_other
from proca_web.web.ratelimit import Limit

TEST_LIMIT = Limit("mail-server-test", 10)
_IS_SET = N_("Whoever runs this site has set a mail server for you; please ask them to change it.")


@bp.post("/<org>/settings/server")
@needs(Right.SETTINGS)
@recently_proven
@limited(TEST_LIMIT)
def test_server(org: str) -> ResponseReturnValue:
    """Have the worker send a test mail through it, to whoever asks."""
    form = ServerForm(request.form)
    given = Given(form.server.data, form.way.data, form.username.data, form.password.data, form.server_from.data)
    keys: tuple[str, ...] = current_app.extensions["proca_settings"].secret_keys
    me = current_user.user

    def act(session: Session, now: datetime) -> None:
        own_transports.have_tested(session, g.org.id, given, me.id, me.email, keys, now)

    return _perform(act, form)


@bp.post("/<org>/settings/server/use")
@needs(Right.SETTINGS)
@recently_proven
def use_server(org: str) -> ResponseReturnValue:
    """Mails of the org's pages leave by it from now on."""
    number = request.form.get("number", "")

    def act(session: Session, now: datetime) -> None:
        own_transports.use(session, g.org.id, int(number) if number.isascii() and number.isdigit() else 0, _me(), now)

    return _perform(act)


@bp.post("/<org>/settings/server/remove")
@needs(Right.SETTINGS)
@recently_proven
def remove_server(org: str) -> ResponseReturnValue:
    """Mails leave by the site's server again."""
    return _perform(lambda session, now: own_transports.remove(session, g.org.id, _me(), now))


def _me() -> int:
    number: int = current_user.user.id
    return number


def _perform(act: Callable[[Session, datetime], None], form: ServerForm | None = None) -> ResponseReturnValue:
    if routes.is_set_by_operator(current_app, g.org.name):
        return settings_page(fault=Message(_IS_SET), status=409)
    try:
        with writing() as session:
            act(session, clock.now())
    except FieldsRefused as refusal:
        return settings_page(server_form=form, faults=refusal.faults, status=422)
    except StaffRefused as refusal:
        return settings_page(fault=refusal.message, status=409)
    own_servers.look(current_app)
    return see_other(url_for("settings.index", org=g.org.name, _anchor="mail-server"))
