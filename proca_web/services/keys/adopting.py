"""Once, at the upgrade that brings the key log: the keys that receive already are endorsed and written into it.

Never again afterwards: a key without endorsement would be somebody's who can only write to the database.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from proca_web.crypto.keys.home import HomeKey
from proca_web.domain.words import Continuity, Proof
from proca_web.services.keys import activating, recipients
from proca_web.services.keys import log as key_log


def adopt(session: Session, home: HomeKey, now: datetime) -> int:
    """Begin the key log and endorse the active keys; returns how many, 0 when the log has begun before."""
    key_log.lock(session)
    if key_log.next_position(session):
        return 0
    key_log.begin(session, home, now)
    keys = recipients.active_rows(session)
    for key in keys:
        facts = {"proof": Proof.OPERATOR, "continuity": Continuity.FIRST, "replaces": "", "rotation": ""}
        activating.endorse(session, home, key.org, key, now, facts)
    return len(keys)
