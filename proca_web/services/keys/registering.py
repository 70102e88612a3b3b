"""A new key of an org is entered: checked, pending, blocking nobody, gone after an hour unless it is proven.

Whatever is wrong with a key is one answer: which keys others have is nobody's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from nacl.bindings import crypto_core_ed25519_is_valid_point
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from proca_web.crypto.encoding import decode
from proca_web.crypto.errors import EncodingError, KeyRefused, StatementRefused
from proca_web.crypto.keys.home import HomeKey
from proca_web.crypto.keys.keys import check_public, fingerprint
from proca_web.crypto.keys.statements import OrgRotation
from proca_web.domain import key_life
from proca_web.domain.errors import BadSetting, HomeCannotReceive, KeyAction
from proca_web.domain.words import ChangeStatus, Continuity, KeyEvent, KeyKind, KeyRole, KeyStatus, Proof
from proca_web.models import KeyChange, Org, PublicKey
from proca_web.services.keys import activating
from proca_web.services.keys import log as key_log
from proca_web.services.staff import audit

KEY_CANNOT_BE_USED = (
    "this public key cannot be used; please give the public key with its fingerprint as `proca-org keygen` prints them"
)
NOT_SIGNED = (
    "the rotation is not signed by the key that is active now; make it anew with that key's file, or leave it out"
)


@dataclass(frozen=True, slots=True)
class Registration:
    """What somebody enters about a new key."""

    public: bytes
    sign_public: bytes | None
    role: KeyRole
    rotation: OrgRotation | None = None


def read(typed: Mapping[str, str]) -> Registration:
    """From a form or JSON object of texts. Raises KeyRefused (always the same words), StatementRefused, BadSetting."""
    try:
        role = KeyRole(typed.get("role", "").strip() or KeyRole.RECIPIENT)
    except ValueError:
        raise BadSetting("the role of a key is recipient or recovery") from None
    public = read_public(typed.get("public", ""))
    if typed.get("fingerprint", "").strip().upper() != fingerprint(public):
        raise KeyRefused(KEY_CANNOT_BE_USED)
    signed = typed.get("rotation", "").strip()
    return Registration(
        public, read_sign_public(typed.get("sign_public", "")), role, OrgRotation.read(signed) if signed else None
    )


def read_public(text: str) -> bytes:
    """A key that can be sealed to. Raises KeyRefused."""
    try:
        return check_public(decode(text.strip(), 32))
    except (EncodingError, KeyRefused) as error:
        raise KeyRefused(KEY_CANNOT_BE_USED) from error


def read_sign_public(text: str) -> bytes:
    """The key that will sign this one's rotation: a point of Ed25519 in the prime-order group. Raises KeyRefused."""
    try:
        sign_public = decode(text.strip(), 32)
    except EncodingError as error:
        raise KeyRefused(KEY_CANNOT_BE_USED) from error
    if not crypto_core_ed25519_is_valid_point(sign_public):
        raise KeyRefused(KEY_CANNOT_BE_USED)
    return sign_public


def register(session: Session, org: Org, registration: Registration, user_id: int | None, now: datetime) -> PublicKey:
    """A pending key; the same one again is the same row. Raises HomeCannotReceive, KeyRefused, StatementRefused."""
    if org.is_home:
        raise HomeCannotReceive("the Home Org sends all personal data and receives none: it takes no key")
    key_log.lock(session)
    known = _known(session, org, registration, now)
    if known is not None:
        return known
    _check_rotation(session, org, registration, now)
    pending = (PublicKey.org_id == org.id, PublicKey.status == KeyStatus.PENDING)
    if (session.scalar(select(func.count()).select_from(PublicKey).where(*pending)) or 0) >= key_life.MOST_PENDING:
        raise KeyAction("too many keys wait already; finish or discard one of them first")
    key = PublicKey(
        org_id=org.id,
        kind=KeyKind.RECIPIENT,
        role=registration.role,
        status=KeyStatus.PENDING,
        public=registration.public,
        sign_public=registration.sign_public,
        fingerprint=fingerprint(registration.public),
        rotation=str(registration.rotation) if registration.rotation else None,
        created_at=now,
    )
    session.add(key)
    session.flush()  # whoever registered it is sent to its page
    audit.record(session, org.id, user_id, KeyEvent.REGISTERED.told, key.fingerprint, now)
    return key


def discard(session: Session, org: Org, key_id: int, user_id: int | None, now: datetime) -> None:
    """A pending key goes. Raises KeyNotFound, KeyAction when it waits for a second person."""
    key = activating.key_of(session, org, key_id)
    if key.status != KeyStatus.PENDING:
        raise KeyAction("only a key that was never active can be discarded")
    waits = select(KeyChange.id).where(KeyChange.key_id == key.id, KeyChange.status == ChangeStatus.OPEN)
    if session.scalars(waits).first() is not None:
        raise KeyAction("this key waits for a second person; cancel that change instead")
    audit.record(session, org.id, user_id, KeyEvent.DISCARDED.told, key.fingerprint, now)
    session.delete(key)


def drop_stale(session: Session, now: datetime) -> int:
    """Pending keys die after an hour, unless they wait for a second person. Returns how many."""
    waits = select(KeyChange.key_id).where(KeyChange.status == ChangeStatus.OPEN, KeyChange.key_id.is_not(None))
    where = (PublicKey.kind == KeyKind.RECIPIENT, PublicKey.status == KeyStatus.PENDING)
    ids = session.scalars(
        select(PublicKey.id).where(
            *where, PublicKey.created_at < now - key_life.PENDING_LIVES, PublicKey.id.not_in(waits)
        )
    ).all()
    session.execute(delete(PublicKey).where(PublicKey.id.in_(ids), PublicKey.status == KeyStatus.PENDING))
    return len(ids)


def enter(
    session: Session, home: HomeKey, org: Org, public: bytes, now: datetime, *, sign_public: bytes | None = None
) -> PublicKey:
    """The operator enters an org's first key and vouches for it, without the holder's proof.

    Raises HomeCannotReceive, KeyRefused; KeyAction when the org had a key before: then its owners decide.
    """
    try:
        check_public(public)
    except KeyRefused as refusal:
        raise KeyRefused(KEY_CANNOT_BE_USED) from refusal
    key = register(session, org, Registration(public, sign_public, KeyRole.RECIPIENT), None, now)
    if activating.had_one(session, org, key.role):
        raise KeyAction(
            f"{org.name} has or had a key already, and `org key` enters the first one only."
            " Its owners replace it: they sign in and open Keys in the console"
        )
    activating.make_active(session, home, org, key, now, proof=Proof.OPERATOR, continuity=Continuity.FIRST)
    return key


def is_signed_over(session: Session, org: Org, key: PublicKey) -> bool:
    """Whether the key that is active now has signed for this pending one."""
    before = activating.active_of(session, org, key.role)
    if before is None or before.sign_public is None or not key.rotation or key.sign_public is None:
        return False
    rotation = OrgRotation.read(key.rotation)
    return rotation.is_by(before.sign_public, org.name, before.public, key.public, key.sign_public)


def _known(session: Session, org: Org, registration: Registration, now: datetime) -> PublicKey | None:
    """The same registration from before. Raises KeyRefused when somebody has or had this key."""
    found = None
    for key in session.scalars(select(PublicKey).where(PublicKey.public == registration.public)):
        own = key.kind == KeyKind.RECIPIENT and key.status == KeyStatus.PENDING and key.org_id == org.id
        if own and key.role == registration.role and key.sign_public == registration.sign_public:
            found = key
        elif own or key.kind != KeyKind.RECIPIENT or key.status != KeyStatus.PENDING or key.proven_at is not None:
            raise KeyRefused(KEY_CANNOT_BE_USED)
    if found is not None and registration.rotation is not None:
        _check_rotation(session, org, registration, now)
        found.rotation = str(registration.rotation)
    return found


def _check_rotation(session: Session, org: Org, registration: Registration, now: datetime) -> None:
    rotation = registration.rotation
    if rotation is None:
        return
    before = activating.active_of(session, org, registration.role)
    if before is None or before.sign_public is None or registration.sign_public is None:
        raise StatementRefused(NOT_SIGNED)
    if not rotation.is_by(before.sign_public, org.name, before.public, registration.public, registration.sign_public):
        raise StatementRefused(NOT_SIGNED)
    if not key_life.is_fresh(datetime.fromtimestamp(rotation.time, UTC), now):
        raise StatementRefused("the rotation was signed more than a week ago, or the clocks differ; make it anew")
