"""The Home Org gets a new key: its rows, the log, and every endorsement change in one transaction (protocol 5).

The old identity signs for the new one, unless it was stolen: then nothing vouches for the new one but people.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from proca_web.crypto.encoding import encode
from proca_web.crypto.keys import statements
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.keys.keys import fingerprint
from proca_web.domain.errors import KeyAction
from proca_web.domain.words import KeyEvent, KeyKind, KeyStatus
from proca_web.models import PublicKey
from proca_web.services.keys import log as key_log
from proca_web.services.keys import recipients
from proca_web.services.sealing import sender_rows
from proca_web.services.sealing.vouching import Vouching


def row_of(home: HomeKey, org_id: int, now: datetime) -> PublicKey:
    """The public halves of a Home key, as the Home Org's row in force."""
    return PublicKey(
        org_id=org_id,
        kind=KeyKind.HOME,
        public=home.box_public,
        sign_public=home.identity,
        fingerprint=fingerprint(home.identity),
        created_at=now,
    )


def current(session: Session) -> PublicKey:
    """The Home Org's row that is in force."""
    return session.scalars(select(PublicKey).where(*sender_rows.IN_FORCE)).one()


def is_current(session: Session, home: HomeKey) -> bool:
    """Whether the database belongs to this Home key."""
    row = current(session)
    return (row.public, row.sign_public) == (home.box_public, home.identity)


def rotate(
    session: Session,
    old: HomeKey,
    new: HomeKey,
    now: datetime,
    *,
    stolen: bool = False,
    ended: frozenset[str] = frozenset(),
) -> int:
    """Put a new Home key into force; returns how many org keys it now vouches for. Raises KeyAction.

    `stolen`: the old one is not asked to sign for the new one, because a thief could sign as well. `ended`: the
    fingerprints of keys that were retired or revoked; one that is active again was brought back by a stranger.
    """
    key_log.lock(session)
    if not is_current(session, old):
        raise KeyAction("the Home key is not the one this database knows")
    row, keys = current(session), _endorsed(session, Vouching(old.identity, ended))
    row.status, row.ended_at = KeyStatus.RETIRED, now
    session.add(row_of(new, row.org_id, now))
    _log(session, old, new, now, stolen=stolen)
    for key in keys:  # the same keys at the same places of the log
        data = statements.org_key(key.org.name, key.role, key.public, key.log_index or 0)
        key.endorsement = new.sign(statements.ORG_KEY, data)
    return len(keys)


def _log(session: Session, old: HomeKey, new: HomeKey, now: datetime, *, stolen: bool) -> None:
    """Written by the new identity, about whom the old one says that it follows."""
    time, facts = int(now.timestamp()), key_log.home_facts(new)
    if stolen:
        key_log.append(session, new, KeyEvent.HOME_ANEW, now, **facts, time=time)
        return
    said = old.sign(statements.HOME_ROTATE, statements.home_rotation(new.identity, new.box_public, time))
    key_log.append(session, new, KeyEvent.HOME_ROTATED, now, **facts, time=time, statement=encode(said))


def _endorsed(session: Session, vouching: Vouching) -> Sequence[PublicKey]:
    """The active keys, all of which the old identity must vouch for: a slipped-in one is not made good here."""
    for key in recipients.unvouched(session, vouching):
        raise KeyAction(f"key {key.id} of {key.org.name} is active, but not signed by the Home key; mend that first")
    return recipients.active_rows(session)
