"""The housekeeping of every minute: what is over age goes, keys nobody needs are destroyed, leases end.

Each function is one short act for a transaction of its own; the worker calls them in turn.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from proca_web.crypto import transient_seal
from proca_web.crypto.transient_seal import Waiting
from proca_web.domain.transient import READABLE_AT_MOST, Event, State
from proca_web.models.base import statement
from proca_web.services import clearing
from proca_web.services.confirming import Signature
from proca_web.services.keyring import Keyring

BATCH = 500
CAMPAIGN_KEY_KEPT = timedelta(days=30)
SENDER_ROW_KEPT = timedelta(hours=1)
_RECOUNTED = "recount"

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
_OLD_SENDERS = statement(
    """
DELETE FROM public_keys WHERE kind = 'sender' AND not_after < :before
   AND NOT EXISTS (SELECT 1 FROM contacts WHERE contacts.sign_key_id = public_keys.id)
""",
    times=("before",),
)
_FORGETTABLE = statement(
    "SELECT id FROM campaigns WHERE closed_at < :before AND forgotten_at IS NULL", times=("before",)
)
_NULL_FINGERPRINTS = statement("UPDATE supporters SET fingerprint = NULL WHERE campaign_id = :id")
_FORGOTTEN = statement("UPDATE campaigns SET forgotten_at = :now WHERE id = :id", times=("now",))
_BEAT = statement(
    """
INSERT INTO heartbeats (name, seen_at) VALUES (:name, :now)
ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at
""",
    times=("now",),
)
_LAST_BEAT = statement("SELECT seen_at FROM heartbeats WHERE name = :name", returns=("seen_at",))


def expire(connection: Connection, now: datetime) -> int:
    """Purge what was not sent within 72 hours or not confirmed within the campaign's days; clear late thank-yous."""
    done = 0
    bound = {"unsent": now - READABLE_AT_MOST, "now": now, "limit": BATCH}
    for row in connection.execute(_OVER_AGE, bound).all():
        if row.state in (State.THANKS_TO_SEND, State.THANKS_SENDING):
            done += clearing.clear(connection, row.action_id, Event.EXPIRE)
        else:
            done += clearing.purge(connection, row.action_id, Event.EXPIRE, now)
    return done


def unasked(connection: Connection, keyring: Keyring, limit: int = 50) -> list[tuple[Signature, Waiting]]:
    """Signatures of pages without double opt-in that wait to be accepted, with their address."""
    found = []
    for row in connection.execute(_TO_ACCEPT, {"limit": limit}).mappings().all():
        key = keyring.transient(row["wait_key"])
        if key is not None:
            fields = {name: row[name] for name in ("status", "page", "page_id", "campaign_id", "consent", "created_at")}
            signature = Signature(action_id=row["id"], testing=bool(row["testing"]), link_seal=None, **fields)
            found.append((signature, transient_seal.open_waiting(key, bytes(row["wait_seal"]))))
    return found


def reseal(connection: Connection, keyring: Keyring, name: str, now: datetime) -> int:
    """Seal what still waits under an old key with this hour's; the age of what is readable stays as it was."""
    old_key = keyring.transient(name)
    new_name, new_key = keyring.current_transient(now)
    if old_key is None or new_name == name:
        return 0
    done = 0
    for row in connection.execute(_SEALED_WITH, {"name": name, "limit": BATCH}).all():
        waiting = transient_seal.open_waiting(old_key, bytes(row.wait_seal))
        bound = {"id": row.action_id, "state": row.state, "name": name, "new_name": new_name}
        bound["wait_seal"] = transient_seal.seal_waiting(new_key, waiting)
        done += connection.execute(_RESEAL, bound).rowcount
    return done


def is_named(connection: Connection, name: str) -> bool:
    """Whether any row is still sealed with that key."""
    return connection.execute(_NAMED, {"name": name}).first() is not None


def drop_old_senders(connection: Connection, now: datetime) -> int:
    """Remove sender rows an hour after their end when no copy refers to them."""
    return connection.execute(_OLD_SENDERS, {"before": now - SENDER_ROW_KEPT}).rowcount


def forget_campaigns(connection: Connection, now: datetime) -> list[int]:
    """Null the fingerprints of campaigns closed for 30 days; the caller destroys their keys after the commit."""
    due = [row.id for row in connection.execute(_FORGETTABLE, {"before": now - CAMPAIGN_KEY_KEPT}).all()]
    for campaign_id in due:
        connection.execute(_NULL_FINGERPRINTS, {"id": campaign_id})
        connection.execute(_FORGOTTEN, {"id": campaign_id, "now": now})
    return due


def beat(connection: Connection, name: str, now: datetime) -> None:
    """A sign of life."""
    connection.execute(_BEAT, {"name": name, "now": now})


def last_beat(connection: Connection, name: str) -> datetime | None:
    """When that kind of process was last seen."""
    row = connection.execute(_LAST_BEAT, {"name": name}).first()
    return row.seen_at if row else None


def is_recount_due(connection: Connection, now: datetime) -> bool:
    """Whether the nightly recount was more than a day ago; marks it as done now."""
    last = last_beat(connection, _RECOUNTED)
    if last is not None and now - last < timedelta(hours=24):
        return False
    beat(connection, _RECOUNTED, now)
    return last is not None
