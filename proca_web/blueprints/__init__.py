"""HTTP in, HTTP out: access, parse, one service call, answer. A blueprint imports no other."""

from proca_web.blueprints.api import bounces
from proca_web.blueprints.console import (
    account,
    auth,
    campaigns,
    coalition,
    comments,
    exports,
    forgot,
    invited,
    keys,
    launch,
    mails,
    news,
    numbers,
    partnership,
    people,
    record,
    second_factor,
    settings,
    start,
)
from proca_web.blueprints.console.account import mailboxes, places, profile
from proca_web.blueprints.console.campaigns import acts as campaign_acts
from proca_web.blueprints.console.campaigns import lists as campaign_lists
from proca_web.blueprints.console.campaigns import showing as campaign_showing
from proca_web.blueprints.console.campaigns import writing as campaign_writing
from proca_web.blueprints.console.coalition import acts as coalition_acts
from proca_web.blueprints.console.coalition import pages as coalition_pages
from proca_web.blueprints.console.instance import accounts, orgs, petitions, site
from proca_web.blueprints.console.keys import acts, pages
from proca_web.blueprints.console.launch import acts as launch_acts
from proca_web.blueprints.console.launch import pages as launch_pages
from proca_web.blueprints.console.mails import acts as mails_acts
from proca_web.blueprints.console.mails import pages as mails_pages
from proca_web.blueprints.console.mails import previews
from proca_web.blueprints.console.people import acts as people_acts
from proca_web.blueprints.console.people import pages as people_pages
from proca_web.blueprints.console.second_factor import app, codes, lost, overview, passkeys, signing_in, step_up
from proca_web.blueprints.console.settings import acts as settings_acts
from proca_web.blueprints.console.settings import pages as settings_pages
from proca_web.blueprints.console.settings import server as settings_server
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
    campaigns.bp,
    exports.bp,
    keys.bp,
    settings.bp,
    launch.bp,
    news.bp,
    comments.bp,
    record.bp,
    people.bp,
    mails.bp,
    numbers.bp,
    invited.bp,
    orgs.bp,
    petitions.bp,
    site.bp,
    accounts.bp,
    health.bp,
    mailbox.bp,
    bounces.bp,
    coalition.bp,
    partnership.bp,
)
# They add themselves to the blueprint of their folder.
ROUTES_OF_ACCOUNT = (profile, mailboxes, places)
ROUTES_OF_COALITION = (coalition_pages, coalition_acts)
ROUTES_OF_CAMPAIGNS = (campaign_writing, campaign_lists, campaign_acts, campaign_showing)
ROUTES_OF_KEYS = (pages, acts)
ROUTES_OF_LAUNCH = (launch_pages, launch_acts)
ROUTES_OF_MAILS = (mails_pages, previews, mails_acts)
ROUTES_OF_PEOPLE = (people_pages, people_acts)
ROUTES_OF_SECOND_FACTOR = (signing_in, overview, app, codes, passkeys, step_up, lost)
ROUTES_OF_SETTINGS = (settings_pages, settings_acts, settings_server)
