"""HTTP in, HTTP out: access, parse, one service call, answer. A blueprint imports no other."""

from proca_web.blueprints.console import auth, exports, start
from proca_web.blueprints.console.keys import acts, pages
from proca_web.blueprints.public import action_page, confirm, front, health, mailbox, transparency

BLUEPRINTS = (
    front.bp,
    action_page.bp,
    confirm.bp,
    transparency.bp,
    auth.bp,
    start.bp,
    exports.bp,
    pages.bp,
    acts.bp,
    health.bp,
    mailbox.bp,
)
