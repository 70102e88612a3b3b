"""HTTP in, HTTP out: access, parse, one service call, commit, answer. A blueprint imports no other."""

from proca_web.blueprints import (
    action_page,
    auth,
    confirm,
    console,
    console_export,
    health,
    home,
    mailbox,
    transparency,
)

BLUEPRINTS = (
    home.bp,
    action_page.bp,
    confirm.bp,
    transparency.bp,
    auth.bp,
    console.bp,
    console_export.bp,
    health.bp,
    mailbox.bp,
)
