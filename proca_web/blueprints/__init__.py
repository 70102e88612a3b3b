"""HTTP in, HTTP out: access, parse, one service call, answer. A blueprint imports no other."""

from proca_web.blueprints.api import bounces
from proca_web.blueprints.console import (
    account,
    auth,
    comments,
    exports,
    forgot,
    invited,
    keys,
    launch,
    news,
    people,
    record,
    second_factor,
    settings,
    start,
)
from proca_web.blueprints.console.account import mailboxes, places, profile
from proca_web.blueprints.console.instance import accounts, orgs
from proca_web.blueprints.console.keys import acts, pages
from proca_web.blueprints.console.launch import acts as launch_acts
from proca_web.blueprints.console.launch import pages as launch_pages
from proca_web.blueprints.console.people import acts as people_acts
from proca_web.blueprints.console.people import pages as people_pages
from proca_web.blueprints.console.second_factor import app, codes, lost, overview, passkeys, signing_in, step_up
from proca_web.blueprints.public import (
    action_page,
    confirm,
    draft,
    front,
    health,
    image,
    mailbox,
    transparency,
    withdraw,
)
from proca_web.blueprints.public.beside import comments as page_comments
from proca_web.blueprints.public.beside import feed, sheet

BLUEPRINTS = (
    front.bp,
    action_page.bp,
    draft.bp,
    feed.bp,
    sheet.bp,
    page_comments.bp,
    confirm.bp,
    withdraw.bp,
    transparency.bp,
    image.bp,
    auth.bp,
    forgot.bp,
    account.bp,
    second_factor.bp,
    start.bp,
    exports.bp,
    keys.bp,
    settings.bp,
    launch.bp,
    news.bp,
    comments.bp,
    record.bp,
    people.bp,
    invited.bp,
    orgs.bp,
    accounts.bp,
    health.bp,
    mailbox.bp,
    bounces.bp,
)
# They add themselves to account.bp, keys.bp, launch.bp, people.bp and second_factor.bp.
ROUTES_OF_ACCOUNT = (profile, mailboxes, places)
ROUTES_OF_KEYS = (pages, acts)
ROUTES_OF_LAUNCH = (launch_pages, launch_acts)
ROUTES_OF_PEOPLE = (people_pages, people_acts)
ROUTES_OF_SECOND_FACTOR = (signing_in, overview, app, codes, passkeys, step_up, lost)
