"""HTTP in, HTTP out: access, parse, one service call, answer. A blueprint imports no other."""

from proca_web.blueprints.api import bounces
from proca_web.blueprints.console import (
    account,
    auth,
    coalition,
    exports,
    forgot,
    invited,
    keys,
    partnership,
    people,
    record,
    second_factor,
    settings,
    start,
)
from proca_web.blueprints.console.account import mailboxes, places, profile
from proca_web.blueprints.console.coalition import acts as coalition_acts
from proca_web.blueprints.console.coalition import pages as coalition_pages
from proca_web.blueprints.console.instance import accounts, orgs
from proca_web.blueprints.console.keys import acts, pages
from proca_web.blueprints.console.people import acts as people_acts
from proca_web.blueprints.console.people import pages as people_pages
from proca_web.blueprints.console.second_factor import app, codes, lost, overview, passkeys, signing_in, step_up
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
    second_factor.bp,
    start.bp,
    exports.bp,
    keys.bp,
    settings.bp,
    record.bp,
    people.bp,
    invited.bp,
    orgs.bp,
    accounts.bp,
    health.bp,
    mailbox.bp,
    bounces.bp,
    coalition.bp,
    partnership.bp,
)
# They add themselves to account.bp, coalition.bp, keys.bp, people.bp and second_factor.bp.
ROUTES_OF_ACCOUNT = (profile, mailboxes, places)
ROUTES_OF_COALITION = (coalition_pages, coalition_acts)
ROUTES_OF_KEYS = (pages, acts)
ROUTES_OF_PEOPLE = (people_pages, people_acts)
ROUTES_OF_SECOND_FACTOR = (signing_in, overview, app, codes, passkeys, step_up, lost)
