"""HTTP in, HTTP out: access, parse, one service call, answer. A blueprint imports no other."""

from proca_web.blueprints.api import bounces
from proca_web.blueprints.console import account, auth, exports, forgot, keys, start
from proca_web.blueprints.console.account import mailboxes, places, profile
from proca_web.blueprints.console.keys import acts, pages
from proca_web.blueprints.public import action_page, confirm, front, health, mailbox, transparency, withdraw

BLUEPRINTS = (
    front.bp,
    action_page.bp,
    confirm.bp,
    withdraw.bp,
    transparency.bp,
    auth.bp,
    forgot.bp,
    account.bp,
    start.bp,
    exports.bp,
    keys.bp,
    health.bp,
    mailbox.bp,
    bounces.bp,
)
ROUTES_OF_ACCOUNT = (profile, mailboxes, places)  # they add themselves to account.bp
ROUTES_OF_KEYS = (pages, acts)  # they add themselves to keys.bp
