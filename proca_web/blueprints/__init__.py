"""HTTP in, HTTP out: access, parse, one service call, answer. A blueprint imports no other."""

from proca_web.blueprints.api import bounces
from proca_web.blueprints.console import auth, exports, keys, second_factor, start
from proca_web.blueprints.console.keys import acts, pages
from proca_web.blueprints.console.second_factor import app, codes, lost, overview, passkeys, signing_in, step_up
from proca_web.blueprints.public import action_page, confirm, front, health, mailbox, transparency, withdraw

BLUEPRINTS = (
    front.bp,
    action_page.bp,
    confirm.bp,
    withdraw.bp,
    transparency.bp,
    auth.bp,
    second_factor.bp,
    start.bp,
    exports.bp,
    keys.bp,
    health.bp,
    mailbox.bp,
    bounces.bp,
)
ROUTES_OF_KEYS = (pages, acts)  # they add themselves to keys.bp
ROUTES_OF_SECOND_FACTOR = (signing_in, overview, app, codes, passkeys, step_up, lost)  # and these to second_factor.bp
