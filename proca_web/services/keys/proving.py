"""Possession is proven: a challenge is posed to a key, and one answer to it counts, once (protocol 5).

Stored is a hash of the right answer; what was sealed in the challenge is kept nowhere.
"""

from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from proca_web.crypto.encoding import decode
from proca_web.crypto.errors import EncodingError, KeyRefused
from proca_web.crypto.keys import possession
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.keys.possession import Challenge
from proca_web.crypto.labels import digest
from proca_web.domain import key_life
from proca_web.domain.errors import KeyAction, ProofRefused
from proca_web.domain.words import KeyEvent, KeyStatus
from proca_web.models import KeyChallenge, Org, PublicKey
from proca_web.services import driver
from proca_web.services.keys import activating
from proca_web.services.staff import audit

WRONG = "this answer does not fit; please take a new challenge and answer that one"
_CHALLENGES = driver.table(KeyChallenge)
_OPEN = (
    update(_CHALLENGES)
    .where(_CHALLENGES.c.id == bindparam("challenge"), _CHALLENGES.c.key_id == bindparam("key"))
    .where(_CHALLENGES.c.user_id == bindparam("user"), _CHALLENGES.c.session == bindparam("mark"))
    .where(_CHALLENGES.c.used_at.is_(None), _CHALLENGES.c.expires_at > bindparam("now"))
    .where(_CHALLENGES.c.tries < key_life.CHALLENGE_TRIES)
)
_USE = _OPEN.where(_CHALLENGES.c.expected == bindparam("given")).values(used_at=bindparam("now"))
_MISS = _OPEN.values(tries=_CHALLENGES.c.tries + 1)


def pose(
    session: Session, home: HomeKey, org: Org, key_id: int, *, user_id: int, mark: str, now: datetime
) -> Challenge:
    """A challenge for this user in this session (`mark`), good for ten minutes. Raises KeyNotFound, KeyAction."""
    key = activating.key_of(session, org, key_id)
    if key.status not in (KeyStatus.PENDING, KeyStatus.ACTIVE):
        raise KeyAction("this key has ended; there is nothing to prove any more")
    expires_at = (now + key_life.CHALLENGE_LIVES).replace(microsecond=0)
    try:
        challenge, answer = possession.pose(home.identity, org.name, key.public, expires_at)
    except KeyRefused as refusal:
        raise KeyAction("this key cannot be used; please discard it") from refusal
    session.add(
        KeyChallenge(
            id=challenge.id,
            key_id=key.id,
            user_id=user_id,
            session=mark,
            expected=_expected(answer),
            expires_at=expires_at,
        )
    )
    return challenge


def take(
    session: Session, org: Org, key_id: int, challenge_id: str, answer: str, *, user_id: int, mark: str, now: datetime
) -> PublicKey | None:
    """Settle an answer: the key when it is right, None when not (the try is counted either way: commit).

    The first right answer proves a pending key and renews an active one's drill. Raises KeyNotFound, KeyAction.
    """
    key = activating.key_of(session, org, key_id)
    if key.status not in (KeyStatus.PENDING, KeyStatus.ACTIVE):
        raise KeyAction("this key has ended; there is nothing to prove any more")
    try:
        bound = {"challenge": decode(challenge_id.strip(), possession.ID_BYTES), "key": key.id, "user": user_id}
        given = _expected(decode(answer.strip(), 32))
    except EncodingError as error:
        raise ProofRefused(WRONG) from error
    bound |= {"mark": mark, "now": now}
    if driver.changed(session, _USE, {**bound, "given": given}) != 1:
        session.execute(_MISS, bound)
        return None
    if key.status == KeyStatus.PENDING:
        _refuse_proven_elsewhere(session, org, key)
        key.proven_at = now
    else:
        key.drilled_at = now
    audit.record(session, org.id, user_id, KeyEvent.PROVEN.told, key.fingerprint, now)
    return key


def drop_old(session: Session, now: datetime) -> None:
    """Challenges nobody can answer any more."""
    session.execute(delete(KeyChallenge).where(KeyChallenge.expires_at < now))


def _refuse_proven_elsewhere(session: Session, org: Org, key: PublicKey) -> None:
    """The same key proven by two orgs is nobody's: two that share a secret read each other's rows."""
    same = select(PublicKey.id).where(PublicKey.public == key.public, PublicKey.id != key.id)
    if session.scalars(same.where(PublicKey.proven_at.is_not(None) | (PublicKey.status != KeyStatus.PENDING))).first():
        raise KeyAction("this key cannot be used; please discard it and make another one")


def _expected(answer: bytes) -> bytes:
    return digest(32, "pop-expected", answer)
