"""What is over age goes, and what still waits is sealed anew, so that keys nobody needs can be destroyed."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from proca_web.crypto.boxes import transient_seal
from proca_web.crypto.boxes.transient_seal import Waiting
from proca_web.domain.transient import READABLE_AT_MOST, Event, State
from proca_web.models.base import statement
from proca_web.services import driver
from proca_web.services.sealing.keyring import Keyring
from proca_web.services.signatures import clearing
from proca_web.services.signatures.confirming import Signature

BATCH = 500
CAMPAIGN_KEY_KEPT = timedelta(days=30)
# The states in which something is readable; few rows, found by the index on state. Waiting rows, by the million, are
# found by their moment of expiry, which stands in next_try from when the mail was sent.
_READABLE = "('to_send', 'sending', 'to_accept', 'thanks_to_send', 'thanks_sending')"
_OVER_AGE = statement(
    """
SELECT action_id, state FROM transients
 WHERE (state IN ('to_send', 'sending', 'to_accept') AND created_at < :unsent)
    OR (state = 'waiting' AND next_try < :now)
    OR (state IN ('thanks_to_send', 'thanks_sending') AND sealed_at < :unsent)
 LIMIT :limit
""",
    times=("unsent", "now"),
)
_TO_ACCEPT = statement(
    """
SELECT a.id, a.status, p.name AS page, p.id AS page_id, p.campaign_id, a.testing, a.consent, a.created_at,
       t.wait_key, t.wait_seal
  FROM transients t JOIN actions a ON a.id = t.action_id JOIN action_pages p ON p.id = a.action_page_id
 WHERE t.state = 'to_accept' ORDER BY t.action_id LIMIT :limit
""",
    returns=("created_at",),
)
_SEALED_WITH = statement(f"""
SELECT action_id, state, wait_seal FROM transients WHERE state IN {_READABLE} AND wait_key = :name LIMIT :limit
""")
_RESEAL = statement("""
UPDATE transients SET wait_key = :new_name, wait_seal = :wait_seal
 WHERE action_id = :id AND state = :state AND wait_key = :name
""")
_NAMED = statement(f"SELECT 1 FROM transients WHERE state IN {_READABLE} AND wait_key = :name LIMIT 1")
_FORGETTABLE = statement(
    "SELECT id FROM campaigns WHERE closed_at < :before AND forgotten_at IS NULL", times=("before",)
)
_NULL_FINGERPRINTS = statement("UPDATE supporters SET fingerprint = NULL WHERE campaign_id = :id")
_FORGOTTEN = statement("UPDATE campaigns SET forgotten_at = :now WHERE id = :id", times=("now",))


def expire(session: Session, now: datetime) -> int:
    """Purge what was not sent within 72 hours or not confirmed within the campaign's days; clear late thank-yous."""
    done = 0
    bound = {"unsent": now - READABLE_AT_MOST, "now": now, "limit": BATCH}
    for row in session.execute(_OVER_AGE, bound).all():
        if row.state in (State.THANKS_TO_SEND, State.THANKS_SENDING):
            done += clearing.clear(session, row.action_id, Event.EXPIRE)
        else:
            done += clearing.purge(session, row.action_id, Event.EXPIRE, now)
    return done


def unasked(session: Session, keyring: Keyring, limit: int = 50) -> list[tuple[Signature, Waiting]]:
    """Signatures of pages without double opt-in that wait to be accepted, with their address."""
    found = []
    for row in session.execute(_TO_ACCEPT, {"limit": limit}).mappings().all():
        key = keyring.transient(row["wait_key"])
        if key is not None:
            fields = {name: row[name] for name in ("status", "page", "page_id", "campaign_id", "consent", "created_at")}
            signature = Signature(action_id=row["id"], testing=bool(row["testing"]), link_seal=None, **fields)
            found.append((signature, transient_seal.open_waiting(key, bytes(row["wait_seal"]))))
    return found


def reseal(session: Session, keyring: Keyring, name: str, now: datetime) -> int:
    """Seal what still waits under an old key with this hour's; the age of what is readable stays as it was."""
    old_key = keyring.transient(name)
    new_name, new_key = keyring.current_transient(now)
    if old_key is None or new_name == name:
        return 0
    done = 0
    for row in session.execute(_SEALED_WITH, {"name": name, "limit": BATCH}).all():
        waiting = transient_seal.open_waiting(old_key, bytes(row.wait_seal))
        bound = {"id": row.action_id, "state": row.state, "name": name, "new_name": new_name}
        bound["wait_seal"] = transient_seal.seal_waiting(new_key, waiting)
        done += driver.changed(session, _RESEAL, bound)
    return done


def is_named(session: Session, name: str) -> bool:
    """Whether any row is still sealed with that key."""
    return session.execute(_NAMED, {"name": name}).first() is not None


def forget_campaigns(session: Session, now: datetime) -> list[int]:
    """Null the fingerprints of campaigns closed for 30 days; the caller destroys their keys after the commit."""
    due = [row.id for row in session.execute(_FORGETTABLE, {"before": now - CAMPAIGN_KEY_KEPT}).all()]
    for campaign_id in due:
        session.execute(_NULL_FINGERPRINTS, {"id": campaign_id})
        session.execute(_FORGOTTEN, {"id": campaign_id, "now": now})
    return due
