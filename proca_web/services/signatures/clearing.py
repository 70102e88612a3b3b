"""The only code that removes clear data: called by confirm, reject, thank-you, refusal, bounce, expiry and withdrawal.

Each act is a compare-and-set on the transient's state and part of the caller's transaction.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from proca_web.domain.transient import TABLE, End, Event, sources
from proca_web.models.base import statement
from proca_web.services import driver
from proca_web.services.petitions import counting

# What a purge leaves behind: one more on this counter of the day.
_COUNTED_AS = {
    Event.REJECT: "rejected",
    Event.REFUSED: "refused",
    Event.BOUNCE: "bounced",
    Event.EXPIRE: "expired",
}

_END_TRANSIENT = statement("DELETE FROM transients WHERE action_id = :id AND state IN :states", lists=("states",))
_PAGE_OF = statement("SELECT action_page_id FROM actions WHERE id = :id")
_DELETE_ACTION = statement("DELETE FROM actions WHERE id = :id AND status = 'pending'")

_SIGNED_BY_SAME = statement("""
SELECT a.id, a.action_page_id, a.counted, p.campaign_id, a.supporter_id
  FROM actions a JOIN action_pages p ON p.id = a.action_page_id
 WHERE a.status = 'accepted'
   AND (a.id = :id OR a.supporter_id = (SELECT supporter_id FROM actions WHERE id = :id))
 ORDER BY a.id
""")
_DROP_TRANSIENT = statement("DELETE FROM transients WHERE action_id = :id")
_DROP_UNRELEASED = statement("DELETE FROM contacts WHERE action_id = :id AND seq IS NULL")
_EMPTY_RELEASED = statement("""
UPDATE contacts SET erased = true, payload = NULL, crypto_nonce = NULL, public_key_id = NULL, sign_key_id = NULL,
       opt_in = NULL
 WHERE action_id = :id
""")
_WITHDRAW_ACTION = statement("""
UPDATE actions SET status = 'withdrawn', released = :nothing_left, counted = false, area = '', custom_fields = '{}',
       utm_source = '', utm_medium = '', utm_campaign = '', utm_content = '', confirm_id = NULL, withdraw_id = NULL
 WHERE id = :id AND status = 'accepted'
""")
_DROP_SUPPORTER = statement("DELETE FROM supporters WHERE id = :id")


def purge(session: Session, action_id: int, event: Event, now: datetime) -> bool:
    """Delete an unaccepted signature whole: transient, copies and action; one more on a counter of the day.

    False: somebody else has decided meanwhile, nothing was done.
    """
    if not _end(session, action_id, event, End.PURGED):
        return False
    page_id = session.execute(_PAGE_OF, {"id": action_id}).scalar_one()
    session.execute(_DELETE_ACTION, {"id": action_id})
    counting.add_to_day(session, page_id, _COUNTED_AS[event], now)
    return True


def clear(session: Session, action_id: int, event: Event) -> bool:
    """Delete the last clear data of an accepted signature, sent or not. False: it was gone already."""
    return _end(session, action_id, event, End.CLEARED)


def withdraw(session: Session, action_id: int, now: datetime) -> bool:
    """Delete every copy of all accepted signatures of this person in the campaign.

    Copies an org may have fetched leave a tombstone with the reference that org knows; the worker releases it.
    """
    signed = session.execute(_SIGNED_BY_SAME, {"id": action_id}).all()
    for action in signed:
        bound = {"id": action.id}
        session.execute(_DROP_TRANSIENT, bound)
        session.execute(_DROP_UNRELEASED, bound)
        left = driver.changed(session, _EMPTY_RELEASED, bound)
        done = driver.changed(session, _WITHDRAW_ACTION, {"id": action.id, "nothing_left": left == 0})
        if done and action.counted:
            counting.uncount(session, action.campaign_id, now)
        if done:
            counting.add_to_day(session, action.action_page_id, "withdrawn", now)
    for supporter_id in {action.supporter_id for action in signed if action.supporter_id is not None}:
        session.execute(_DROP_SUPPORTER, {"id": supporter_id})
    return bool(signed)


def _end(session: Session, action_id: int, event: Event, end: End) -> bool:
    states = [state.value for state in sources(event) if TABLE[state, event] is end]
    return driver.changed(session, _END_TRANSIENT, {"id": action_id, "states": states}) == 1
