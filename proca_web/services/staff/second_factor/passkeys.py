"""Passkeys (WebAuthn): a device makes a key pair for this site, asks its owner for finger, face or code, and signs.

The library is loaded where it is used: it brings half of OpenSSL, which nobody else needs. A challenge works once: it
must be younger than the passkey's last use.
"""

from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from proca_web.crypto.encoding import be64
from proca_web.domain.errors import PasskeyRefused
from proca_web.models import Passkey, User

LONGEST_NAME = 60
MOST = 20


def site_of(public_url: str) -> str | None:
    """The name that passkeys of this site are bound to; None: browsers make none for an address without a name."""
    host = urlsplit(public_url).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return host
    return None


def creation_options(user: User, site: str, title: str, challenge: bytes, known: Sequence[bytes]) -> str:
    """What a browser needs to make one, as JSON; `known`: what this person has already."""
    import webauthn  # noqa: PLC0415 -- see above
    from webauthn.helpers import structs  # noqa: PLC0415

    return webauthn.options_to_json(
        webauthn.generate_registration_options(
            rp_id=site,
            rp_name=title,
            user_id=be64(user.id),
            user_name=user.email,
            user_display_name=user.name or user.email,
            challenge=challenge,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[structs.PublicKeyCredentialDescriptor(id=each) for each in known],
        )
    )


def request_options(site: str, challenge: bytes, allowed: Sequence[bytes]) -> str:
    """What a browser needs to use one, as JSON; `allowed`: one of these, if any are named."""
    import webauthn  # noqa: PLC0415 -- see above
    from webauthn.helpers import structs  # noqa: PLC0415

    return webauthn.options_to_json(
        webauthn.generate_authentication_options(
            rp_id=site,
            challenge=challenge,
            allow_credentials=[structs.PublicKeyCredentialDescriptor(id=each) for each in allowed],
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
    )


def add(session: Session, user_id: int, made: Passkey) -> None:
    """One more passkey of this person. Raises PasskeyRefused for one that is known, or too many."""
    mine = session.scalars(select(Passkey.id).where(Passkey.user_id == user_id)).all()
    is_known = session.scalars(select(Passkey.id).where(Passkey.credential_id == made.credential_id)).first()
    if len(mine) >= MOST or is_known is not None:
        raise PasskeyRefused
    made.user_id = user_id
    session.add(made)


def read(answer: str, site: str, origin: str, challenge: bytes, name: str, now: datetime) -> Passkey:
    """The passkey that a browser made for this challenge. Raises PasskeyRefused."""
    import webauthn  # noqa: PLC0415 -- see above
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site,
            expected_origin=origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as refusal:
        raise PasskeyRefused from refusal
    return Passkey(
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=" ".join(name.split())[:LONGEST_NAME],
        created_at=now,
    )


def named(session: Session, answer: str) -> Passkey:
    """The passkey that an answer says it is of; nothing is proven yet. Raises PasskeyRefused."""
    from webauthn.helpers import parse_authentication_credential_json  # noqa: PLC0415 -- see above
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    try:
        id_ = parse_authentication_credential_json(answer).raw_id
    except (WebAuthnException, ValueError) as refusal:
        raise PasskeyRefused from refusal
    found = session.scalars(select(Passkey).where(Passkey.credential_id == id_)).first()
    if found is None:
        raise PasskeyRefused
    return found


def counted(key: Passkey, answer: str, site: str, origin: str, challenge: bytes) -> int:
    """How often the key has signed, when its answer to this challenge is right. Raises PasskeyRefused."""
    import webauthn  # noqa: PLC0415 -- see above
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    try:
        proven = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site,
            expected_origin=origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as refusal:
        raise PasskeyRefused from refusal
    return proven.new_sign_count


def use(session: Session, key_id: int, count: int, asked_at: datetime, now: datetime) -> bool:
    """Whether this answer was not used before: its challenge is younger than the passkey's last use."""
    unused = or_(Passkey.used_at.is_(None), Passkey.used_at < asked_at)
    used = update(Passkey).where(Passkey.id == key_id, unused).values(used_at=now, sign_count=count)
    return session.execute(used.returning(Passkey.id)).first() is not None


def remove(session: Session, user_id: int, key_id: int) -> bool:
    """No such passkey any more. False: it is gone already, or somebody else's."""
    mine = (Passkey.id == key_id, Passkey.user_id == user_id)
    return session.execute(delete(Passkey).where(*mine).returning(Passkey.id)).first() is not None
