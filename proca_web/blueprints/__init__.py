"""HTTP in, HTTP out: access, parse, one service call, commit, answer. A blueprint imports no other."""

from proca_web.blueprints import (
    action_page,
    auth,
    confirm,
    console,
    console_export,
    console_key_acts,
    console_keys,
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
    console_keys.bp,
    console_key_acts.bp,
    health.bp,
    mailbox.bp,
)
